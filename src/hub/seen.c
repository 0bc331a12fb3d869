/* The bitmap grows to the window's size, then slides. */
#include "hub/seen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int grow(Seen *s, uint32_t bit) {
        uint32_t size = MAX(s->size, 64u);
        uint64_t *bits;

        while (size <= bit)
                size *= 2;
        if (size == s->size)
                return 0;

        bits = realloc(s->bits, size / 8);
        if (!bits)
                return -ENOMEM;
        memset(bits + s->size / 64, 0, (size - s->size) / 8);
        s->bits = bits;
        s->size = size;
        return 0;
}

/* Moves the window's start up by whole words, so that `number` is within it. */
static void slide(Seen *s, uint32_t number) {
        uint32_t words = (number - s->base - SEEN_WINDOW) / 64 + 1;
        uint32_t held = s->size / 64;

        if (words >= held)
                memset(s->bits, 0, s->size / 8);
        else {
                memmove(s->bits, s->bits + words, (held - words) * 8);
                memset(s->bits + held - words, 0, words * 8);
        }
        s->base += words * 64;
}

int seen_mark(Seen *s, uint32_t number) {
        uint32_t bit;
        int r;

        if (!s->bits && number >= SEEN_WINDOW) /* a backlog of before may come after it */
                s->base = number - number % 64 - SEEN_WINDOW + 64;
        if (number < s->base)
                return 0;
        if (number - s->base >= SEEN_WINDOW && s->bits)
                slide(s, number);

        bit = number - s->base;
        r = grow(s, bit);
        if (r < 0)
                return r;
        if (s->bits[bit / 64] & (UINT64_C(1) << bit % 64))
                return 0;
        s->bits[bit / 64] |= UINT64_C(1) << bit % 64;
        return 1;
}

void seen_done(Seen *s) {
        free(s->bits);
        *s = (Seen){ 0 };
}
