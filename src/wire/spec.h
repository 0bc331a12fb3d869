/* The specification of a check: what to do, shared by every order of a website. Its exact bytes are
 * JSON text and are named by their SHA-256 (Order.spec); they are stored and sent as they are and
 * never written again from the struct. Version 1:
 *
 *      {"type":"http","url":"https://example.org/","method":"GET","redirects":5,"status":"200-399"}
 *
 * Every member is there, written in this order, read in any. An unknown member or type is refused:
 * a validator never runs a check it half understands. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/sign.h"
#include "wire/url.h"

#define SPEC_SIZE_MAX      4096
#define SPEC_REDIRECTS_MAX 10
#define SPEC_STATUS_SIZE   64

typedef struct Spec {
        char type[8]; /* "http" */
        char url[URL_MAX + 1];
        char method[8];                /* "GET" or "HEAD" */
        int64_t redirects;             /* followed at most, 0..SPEC_REDIRECTS_MAX */
        char status[SPEC_STATUS_SIZE]; /* accepted: codes and ranges in 100..599, e.g. "200-299,301"
                                        */
} Spec;

/* Everything but the URL as by default. */
void spec_default(Spec *ret);
/* The exact bytes, NUL-terminated; *ret is freed by the caller. -EINVAL: a value is refused,
 * *reason says why. */
int spec_encode(const Spec *s, char **ret, const char **reason);
/* 0; -EBADMSG: no JSON object; -EINVAL: refused, *reason says why; -EMSGSIZE: over SPEC_SIZE_MAX.
 * reason may be NULL. */
int spec_parse(const void *bytes, size_t n, Spec *ret, const char **reason);
bool spec_accepts_status(const Spec *s, unsigned status);
