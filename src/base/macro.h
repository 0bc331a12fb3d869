/* Small tools of ownership and arithmetic, shared by every file. Nothing clever lives here. */
#pragma once

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
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

/* For sorting: below, at or above zero. */
#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

#define ELEMENTSOF(a)    (sizeof(a) / sizeof((a)[0]))
#define CLAMP(x, lo, hi) ((x) < (lo) ? (lo) : (x) > (hi) ? (hi) : (x))

static inline void freep(void *p) {
        free(*(void **)p);
}

/* What is looked at together should be together in these many bytes. */
#define CACHE_LINE ((size_t)64)

/* Memory that will be looked at soon begins to come; what is known to be near costs nothing. */
static inline void fetch_lines(const void *p, size_t n) {
        for (size_t at = 0; at < n; at += CACHE_LINE)
                __builtin_prefetch((const char *)p + at);
}

/* Zeros, from the beginning of a line on; to be freed. NULL: out of memory. The last line is not
 * filled up: on to its end it is others'. */
static inline void *line_alloc(size_t size) {
        void *p;

        return posix_memalign(&p, CACHE_LINE, size) == 0 ? memset(p, 0, size) : NULL;
}
