/* Regular expressions written by strangers, on bytes sent by strangers: PCRE2, with every kind of
 * effort bounded. The only user of that library.
 *
 * Text is UTF-8; bytes that are none match nothing. There is no just-in-time compiler: units forbid
 * memory that is both written and executed, and it would not count its effort. How far a match may
 * go is counted in steps, so that every machine gives the same answer; a clock ends what steps do
 * not tell. */
#pragma once

#include <stddef.h>

#include "base/macro.h"
#include "base/time.h"

#define PATTERN_SIZE_MAX 512 /* bytes of an expression */

typedef struct Pattern Pattern;

/* Why an expression is none. */
typedef struct PatternFault {
        char reason[128];
        size_t offset; /* bytes into the expression */
} PatternFault;

/* 0; -EINVAL: fault (may be NULL) says why; -ENOMEM. */
int pattern_new(Pattern **ret, const char *text, PatternFault *fault);
Pattern *pattern_free(Pattern *p);
DEFINE_FREEP(Pattern, pattern_free);

/* What matches took; begins as zeros. The limits are for all that share one: about 40 ms in all. */
typedef struct PatternEffort {
        size_t steps, read;
        usec_t taken;
} PatternEffort;

/* 1: it matches somewhere in the bytes. 0: it does not. -E2BIG: not found out within the limits.
 * -ENOMEM. */
int pattern_match(const Pattern *p, const void *bytes, size_t n, PatternEffort *effort);
