/* The run grows at its end, and at its beginning by what comes late. A gap makes it history: then
 * the bitmap takes it, and is given up when a run has become as long as the window. */
#include "hub/seen.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define WORD_BITS 64u

struct SeenBits {
        uint32_t first, n; /* words: the first has the numbers from first * WORD_BITS on */
        uint64_t words[];
};

static uint64_t end_of(const Seen *s) {
        return (uint64_t)s->from + s->n;
}

/* The window's first number when it ends there. */
static uint32_t floor_of(uint64_t end) {
        return end > SEEN_WINDOW ? (uint32_t)(end - SEEN_WINDOW) : 0;
}

static uint64_t *word_of(SeenBits *b, uint32_t number) {
        uint32_t word = number / WORD_BITS;

        return b && word >= b->first && word - b->first < b->n ? &b->words[word - b->first] : NULL;
}

static uint64_t bit_of(uint32_t number) {
        return UINT64_C(1) << number % WORD_BITS;
}

static bool has_older(const Seen *s, uint32_t number) {
        const uint64_t *word = word_of(s->older, number);

        return word && (*word & bit_of(number));
}

/* The bitmap reaches over these as well; what is below the floor it loses. */
static int reach(Seen *s, uint32_t from, uint64_t end, uint32_t floor) {
        SeenBits *old = s->older, *b;
        uint32_t first = from / WORD_BITS, last = (uint32_t)((end - 1) / WORD_BITS);

        if (word_of(old, from) && word_of(old, (uint32_t)(end - 1)))
                return 0;
        if (old) {
                first = MAX(MIN(first, old->first), floor / WORD_BITS);
                last = MAX(last, old->first + old->n - 1);
        }
        b = calloc(1, sizeof(*b) + (last - first + 1) * sizeof(b->words[0]));
        if (!b)
                return -ENOMEM;
        *b = (SeenBits){ .first = first, .n = last - first + 1 };
        for (uint32_t i = 0; old && i < old->n; i++)
                if (old->first + i >= first)
                        b->words[old->first + i - first] = old->words[i];
        free(old);
        s->older = b;
        return 0;
}

static void set_range(SeenBits *b, uint32_t from, uint64_t end) {
        for (uint64_t k = from; k < end;) {
                uint64_t *word = word_of(b, (uint32_t)k);
                bool whole = k % WORD_BITS == 0 && end - k >= WORD_BITS;

                *word |= whole ? UINT64_MAX : bit_of((uint32_t)k);
                k += whole ? WORD_BITS : 1;
        }
}

static void give_up_older(Seen *s) {
        free(s->older);
        s->older = NULL;
}

/* A gap: the run is history, as far as it is within the window, and another begins. */
static int leap(Seen *s, uint32_t number) {
        uint32_t floor = floor_of((uint64_t)number + 1), from = MAX(s->from, floor);
        uint64_t end = end_of(s);
        int r;

        if (end > floor) {
                r = reach(s, from, end, floor);
                if (r < 0)
                        return r;
                set_range(s->older, from, end);
        } else
                give_up_older(s);
        s->from = number;
        s->n = 1;
        return 1;
}

/* At its beginning; what is older may reach up to there then. */
static void lengthen(Seen *s) {
        do {
                s->from--;
                s->n++;
        } while (s->from > 0 && has_older(s, s->from - 1));
}

static int mark_older(Seen *s, uint32_t number) {
        int r;

        if (has_older(s, number))
                return 0;
        if (number == s->from - 1) {
                lengthen(s);
                return 1;
        }
        r = reach(s, number, (uint64_t)number + 1, floor_of(end_of(s)));
        if (r < 0)
                return r;
        *word_of(s->older, number) |= bit_of(number);
        return 1;
}

int seen_mark(Seen *s, uint32_t number) {
        if (s->n == 0) {
                *s = (Seen){ .from = number, .n = 1 };
                return 1;
        }
        if (number > end_of(s))
                return leap(s, number);
        if (number < end_of(s)) {
                if (number >= s->from || number < floor_of(end_of(s)))
                        return 0;
                return mark_older(s, number);
        }
        s->n++;
        if (s->n >= SEEN_WINDOW)
                give_up_older(s);
        return 1;
}

void seen_done(Seen *s) {
        free(s->older);
        *s = (Seen){ 0 };
}
