/* Three growing arrays; their room is used again by the next group. */
#include "hub/gather.h"

#include <errno.h>
#include <string.h>

#define ROWS_FIRST 64u

struct Gather {
        TickRow *ticks;
        BatchRow *batches; /* frame, and codes behind it, in a block of its own */
        StreamMove *moves;
        size_t n_ticks, n_batches, n_moves;
        size_t ticks_max, batches_max, moves_max;
};

int gather_new(Gather **ret) {
        Gather *g = calloc(1, sizeof(*g));

        if (!g)
                return -ENOMEM;
        *ret = g;
        return 0;
}

static void drop_batches(Gather *g) {
        for (size_t i = 0; i < g->n_batches; i++)
                free((void *)g->batches[i].frame);
        g->n_batches = 0;
}

Gather *gather_free(Gather *g) {
        if (!g)
                return NULL;
        drop_batches(g);
        free(g->ticks);
        free(g->batches);
        free(g->moves);
        free(g);
        return NULL;
}

/* Room for one more at *rows. */
static int reserve(void *rows, size_t *max, size_t n, size_t size) {
        size_t more = *max ? 2 * *max : ROWS_FIRST;
        void *larger;

        if (n < *max)
                return 0;
        larger = reallocarray(*(void **)rows, more, size);
        if (!larger)
                return -ENOMEM;
        *(void **)rows = larger;
        *max = more;
        return 0;
}

int gather_tick(Gather *g, const TickRow *row) {
        if (reserve(&g->ticks, &g->ticks_max, g->n_ticks, sizeof(*row)) < 0)
                return -ENOMEM;
        g->ticks[g->n_ticks++] = *row;
        return 0;
}

int gather_batch(Gather *g, const BatchRow *row) {
        uint8_t *block;

        if (reserve(&g->batches, &g->batches_max, g->n_batches, sizeof(*row)) < 0)
                return -ENOMEM;
        block = malloc(row->n_frame + row->n_codes + 1);
        if (!block)
                return -ENOMEM;
        memcpy(block, row->frame, row->n_frame);
        if (row->n_codes > 0)
                memcpy(block + row->n_frame, row->codes, row->n_codes);
        g->batches[g->n_batches] = *row;
        g->batches[g->n_batches].frame = block;
        g->batches[g->n_batches++].codes = block + row->n_frame;
        return 0;
}

int gather_move(Gather *g, const StreamMove *move) {
        if (reserve(&g->moves, &g->moves_max, g->n_moves, sizeof(*move)) < 0)
                return -ENOMEM;
        g->moves[g->n_moves++] = *move;
        return 0;
}

size_t gather_ticks(const Gather *g) {
        return g->n_ticks;
}

void gather_put(Gather *g, PqTransaction *t) {
        streams_advance(t, g->moves, g->n_moves);
        batches_put(t, g->batches, g->n_batches);
        ticks_put(t, g->ticks, g->n_ticks);
        drop_batches(g);
        g->n_ticks = g->n_moves = 0;
}
