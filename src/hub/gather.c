/* Growing arrays; their room is used again by the next group. */
#include "hub/gather.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

typedef struct Rows {
        void *rows;
        size_t n, max, size; /* size of a row */
} Rows;

struct Gather {
        Rows counts, batches, moves, orders, ends, proofs, probes;
        size_t ticks; /* that were counted */
};

int gather_new(Gather **ret) {
        Gather *g = calloc(1, sizeof(*g));

        if (!g)
                return -ENOMEM;
        g->counts.size = sizeof(TickCount);
        g->batches.size = sizeof(BatchRow);
        g->moves.size = sizeof(StreamMove);
        g->orders.size = sizeof(OrderRow);
        g->ends.size = sizeof(OrderEnd);
        g->proofs.size = sizeof(OrderProof);
        g->probes.size = sizeof(OrderProbes);
        *ret = g;
        return 0;
}

/* What a row points to is one block, which its first pointer owns. */
static void drop_blocks(Gather *g) {
        const BatchRow *batches = g->batches.rows;
        const OrderRow *orders = g->orders.rows;
        const OrderProof *proofs = g->proofs.rows;

        for (size_t i = 0; i < g->batches.n; i++)
                free((void *)batches[i].frame);
        for (size_t i = 0; i < g->orders.n; i++)
                free((void *)orders[i].bytes);
        for (size_t i = 0; i < g->proofs.n; i++)
                free((void *)proofs[i].root);
        g->batches.n = g->orders.n = g->proofs.n = 0;
}

Gather *gather_free(Gather *g) {
        if (!g)
                return NULL;
        drop_blocks(g);
        free(g->counts.rows);
        free(g->batches.rows);
        free(g->moves.rows);
        free(g->orders.rows);
        free(g->ends.rows);
        free(g->proofs.rows);
        free(g->probes.rows);
        free(g);
        return NULL;
}

/* A copy at the end; NULL: out of memory. */
static void *append(Rows *r, const void *row) {
        void *place;

        if (array_reserve(&r->rows, &r->max, r->n + 1, r->size) < 0)
                return NULL;
        place = (char *)r->rows + r->n++ * r->size;
        memcpy(place, row, r->size);
        return place;
}

/* Behind what is at `to`; where the next goes. */
static uint8_t *copy(uint8_t *to, const void *bytes, size_t n) {
        if (n > 0)
                memcpy(to, bytes, n);
        return to + n;
}

int gather_tick(Gather *g, uint32_t validator) {
        TickCount *last = g->counts.n > 0 ? (TickCount *)g->counts.rows + g->counts.n - 1 : NULL;

        g->ticks++;
        if (last && last->validator == validator) {
                last->n++;
                return 0;
        }
        return append(&g->counts, &(TickCount){ validator, 1 }) ? 0 : -ENOMEM;
}

int gather_batch(Gather *g, const BatchRow *row) {
        uint8_t *block = malloc(row->n_frame + row->n_codes + 1);
        BatchRow *kept = block ? append(&g->batches, row) : NULL;

        if (!kept) {
                free(block);
                return -ENOMEM;
        }
        kept->frame = block;
        kept->codes = copy(block, row->frame, row->n_frame);
        copy(block + row->n_frame, row->codes, row->n_codes);
        return 0;
}

int gather_move(Gather *g, const StreamMove *move) {
        return append(&g->moves, move) ? 0 : -ENOMEM;
}

int gather_order(Gather *g, const OrderRow *row) {
        uint8_t *block = malloc(row->n_bytes + 1);
        OrderRow *kept = block ? append(&g->orders, row) : NULL;

        if (!kept) {
                free(block);
                return -ENOMEM;
        }
        kept->bytes = block;
        copy(block, row->bytes, row->n_bytes);
        return 0;
}

int gather_order_end(Gather *g, const OrderEnd *row) {
        return append(&g->ends, row) ? 0 : -ENOMEM;
}

int gather_order_proof(Gather *g, const OrderProof *row) {
        uint8_t *block = malloc(SIGN_HASH_SIZE + SIGN_SIGNATURE_SIZE + row->n_path);
        OrderProof *kept = block ? append(&g->proofs, row) : NULL;

        if (!kept) {
                free(block);
                return -ENOMEM;
        }
        kept->root = block;
        kept->signature = copy(block, row->root, SIGN_HASH_SIZE);
        kept->path = copy(block + SIGN_HASH_SIZE, row->signature, SIGN_SIGNATURE_SIZE);
        copy(block + SIGN_HASH_SIZE + SIGN_SIGNATURE_SIZE, row->path, row->n_path);
        return 0;
}

int gather_order_probes(Gather *g, const OrderProbes *row) {
        return append(&g->probes, row) ? 0 : -ENOMEM;
}

size_t gather_ticks(const Gather *g) {
        return g->ticks;
}

size_t gather_orders(const Gather *g) {
        return g->orders.n;
}

static int compare_moves(const void *a, const void *b) {
        const StreamMove *x = a, *y = b;

        if (x->to.validator != y->to.validator)
                return x->to.validator < y->to.validator ? -1 : 1;
        if (x->to.incarnation != y->to.incarnation)
                return x->to.incarnation < y->to.incarnation ? -1 : 1;
        return (x->from > y->from) - (x->from < y->from);
}

static bool follows(const StreamMove *move, const StreamMove *before) {
        return move->to.validator == before->to.validator &&
               move->to.incarnation == before->to.incarnation && move->from == before->to.last_seq;
}

/* Steps of a stream become one, which is resealed if the first is: only that may open it. How many
 * are left. */
static size_t join_moves(StreamMove *moves, size_t n) {
        size_t last = 0;

        if (n == 0)
                return 0;
        qsort(moves, n, sizeof(*moves), compare_moves);
        for (size_t i = 1; i < n; i++) {
                if (follows(&moves[i], &moves[last])) {
                        moves[last].to.last_seq = moves[i].to.last_seq;
                        memcpy(moves[last].to.last_hash, moves[i].to.last_hash,
                               sizeof(moves->to.last_hash));
                } else {
                        moves[++last] = moves[i];
                }
        }
        return last + 1;
}

void gather_put(Gather *g, PqTransaction *t) {
        orders_put(t, g->orders.rows, g->orders.n);
        orders_end(t, g->ends.rows, g->ends.n);
        orders_prove(t, g->proofs.rows, g->proofs.n);
        orders_reserve_probes(t, g->probes.rows, g->probes.n);
        streams_advance(t, g->moves.rows, join_moves(g->moves.rows, g->moves.n));
        batches_put(t, g->batches.rows, g->batches.n);
        ticks_count(t, g->counts.rows, g->counts.n);
        drop_blocks(g);
        g->counts.n = g->moves.n = g->ends.n = g->probes.n = 0;
        g->ticks = 0;
}
