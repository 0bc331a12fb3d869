/* Which slots or probe numbers of one order were stored already: a bitmap over a sliding window.
 * Pure. */
#pragma once

#include <stdint.h>

#include "base/macro.h"

#define SEEN_WINDOW 16384u /* slots: more than a day at the shortest interval */

/* Zeros are an empty set; ended by seen_done(). */
typedef struct Seen {
        uint64_t *bits;
        uint32_t base; /* number of bit 0, a multiple of 64 */
        uint32_t size; /* bits allocated */
} Seen;

/* 1: new, and now marked. 0: seen before, or older than the window. -ENOMEM. */
int seen_mark(Seen *s, uint32_t number);
void seen_done(Seen *s);
