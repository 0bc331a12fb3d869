/* Small tools of ownership and arithmetic, shared by every file. Nothing clever lives here. */
#pragma once

#include <stddef.h>
#include <stdlib.h>
#include <sys/param.h> /* MIN and MAX; libuv brings it too, so there can be no others */

/* Runs f(&variable) when the variable leaves its scope. */
#define _cleanup_(f)      __attribute__((cleanup(f)))
#define _cleanup_free_    _cleanup_(freep)
#define _printf_(fmt, va) __attribute__((format(printf, fmt, va)))
#define _unused_          __attribute__((unused))
#define _packed_          __attribute__((packed))

/* Hands the pointer over: yields its value and leaves NULL behind. */
#define TAKE_PTR(p)                                                                                \
        ({                                                                                         \
                __typeof__(p) *_pp = &(p);                                                         \
                __typeof__(p) _p = *_pp;                                                           \
                *_pp = NULL;                                                                       \
                _p;                                                                                \
        })

/* Defines f##p(), which _cleanup_ wants, for a f() that frees a T, takes NULL and returns NULL. */
#define DEFINE_FREEP(T, f)                                                                         \
        static inline void f##p(T **p) {                                                           \
                *p = f(*p);                                                                        \
        }                                                                                          \
        struct _freep_semicolon_

#define ELEMENTSOF(a)    (sizeof(a) / sizeof((a)[0]))
#define CLAMP(x, lo, hi) ((x) < (lo) ? (lo) : (x) > (hi) ? (hi) : (x))

static inline void freep(void *p) {
        free(*(void **)p);
}
