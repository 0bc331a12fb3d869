/* Which slots or probe numbers of one order were stored already, within a sliding window. What was
 * seen without a gap is two numbers; only what came before a gap takes a bitmap. Pure. */
#pragma once

#include <stdint.h>

#include "base/macro.h"

#define SEEN_WINDOW 16384u /* slots: more than a day at the shortest interval */

typedef struct SeenBits SeenBits;

/* Zeros are an empty set; ended by seen_done(). */
typedef struct Seen {
        uint32_t from, n; /* the newest run: n numbers, the first is `from` */
        SeenBits *older;  /* those below; NULL: none */
} Seen;

/* 1: new, and now marked. 0: seen before, or older than the window. -ENOMEM. */
int seen_mark(Seen *s, uint32_t number);
void seen_done(Seen *s);
