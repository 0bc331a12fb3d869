/* A queue for each validator that has a question open; it goes when all of it was answered. */
#include "hub/lookup.h"

#include <errno.h>
#include <uthash.h>

typedef struct Queue {
        Lookups *lookups;
        PublicKey validator;
        StoreCall *call;
        Batch *asked; /* NULL: answered, the ones behind it have their turn */
        Batch *waiting[LOOKUP_WAITING_MAX];
        size_t first, n;
        bool turning; /* it is being worked through, and freed at the end of that */
        UT_hash_handle hh;
} Queue;

struct Lookups {
        Store *store;
        LookupOps ops;
        Queue *queues;
        uint64_t bytes;
};

int lookups_new(Lookups **ret, Store *store, const LookupOps *ops) {
        Lookups *l = calloc(1, sizeof(*l));

        if (!l)
                return -ENOMEM;
        l->store = store;
        l->ops = *ops;
        *ret = l;
        return 0;
}

static Batch *drop(Lookups *l, Batch *b) {
        if (b)
                l->bytes -= b->frame_size;
        return batch_free(b);
}

static void queue_free(Queue *q) {
        Lookups *l = q->lookups;

        store_call_cancel(q->call);
        drop(l, q->asked);
        for (size_t i = 0; i < q->n; i++)
                drop(l, q->waiting[(q->first + i) % LOOKUP_WAITING_MAX]);
        HASH_DEL(l->queues, q);
        free(q);
}

Lookups *lookups_free(Lookups *l) {
        Queue *q, *next;

        if (!l)
                return NULL;
        HASH_ITER(hh, l->queues, q, next) {
                queue_free(q);
        }
        free(l);
        return NULL;
}

static Queue *queue_find(const Lookups *l, const PublicKey *validator) {
        Queue *q;

        HASH_FIND(hh, l->queues, validator, sizeof(*validator), q);
        return q;
}

static Queue *queue_get(Lookups *l, const PublicKey *validator) {
        Queue *q = queue_find(l, validator);

        if (q)
                return q;
        q = calloc(1, sizeof(*q));
        if (!q)
                return NULL;
        q->lookups = l;
        q->validator = *validator;
        HASH_ADD(hh, l->queues, validator, sizeof(*validator), q);
        return q;
}

/* Answers -------------------------------------------------------------------------------------- */

static void next_turns(Queue *q) {
        Lookups *l = q->lookups;

        while (!q->asked && q->n > 0) {
                _cleanup_(batch_freep) Batch *b = q->waiting[q->first];

                q->first = (q->first + 1) % LOOKUP_WAITING_MAX;
                q->n--;
                l->bytes -= b->frame_size;
                l->ops.turn(&q->validator, &b, l->ops.userdata);
        }
        q->turning = false;
        if (!q->asked)
                queue_free(q);
}

/* The question is answered; the batch it was about is the caller's until it has acted. */
static Batch *take_asked(Queue *q) {
        Batch *b = TAKE_PTR(q->asked);

        q->call = NULL;
        q->turning = true;
        q->lookups->bytes -= b->frame_size;
        return b;
}

static void on_batch(int r, const BatchRow *rows, size_t n, void *userdata) {
        Queue *q = userdata;
        _cleanup_(batch_freep) Batch *b = take_asked(q);

        if (r < 0)
                queue_free(q);
        else {
                q->lookups->ops.batch_found(&q->validator, b, n > 0 ? rows : NULL,
                                            q->lookups->ops.userdata);
                next_turns(q);
        }
}

static void on_ticks(int r, const TickIdentity *rows, size_t n, void *userdata) {
        Queue *q = userdata;
        _cleanup_(batch_freep) Batch *b = take_asked(q);

        if (r < 0)
                queue_free(q);
        else {
                q->lookups->ops.ticks_found(&q->validator, &b, rows, n, q->lookups->ops.userdata);
                next_turns(q);
        }
}

/* Questions ------------------------------------------------------------------------------------ */

/* NULL: there is no room. Undone by unask() when the question cannot be put. */
static Queue *ask(Lookups *l, const PublicKey *validator, Batch **b) {
        Queue *q;

        if (l->bytes + (*b)->frame_size > LOOKUP_BYTES_MAX)
                return NULL;
        q = queue_get(l, validator);
        if (!q)
                return NULL;
        l->bytes += (*b)->frame_size;
        q->asked = TAKE_PTR(*b);
        return q;
}

static int unask(Queue *q, Batch **b, int r) {
        q->lookups->bytes -= q->asked->frame_size;
        *b = TAKE_PTR(q->asked);
        if (!q->turning && q->n == 0)
                queue_free(q);
        return r;
}

int lookups_wait(Lookups *l, const PublicKey *validator, Batch **b) {
        Queue *q = l->queues ? queue_find(l, validator) : NULL;

        if (!q)
                return 0;
        if (q->n == LOOKUP_WAITING_MAX || l->bytes + (*b)->frame_size > LOOKUP_BYTES_MAX)
                return -ENOBUFS;
        l->bytes += (*b)->frame_size;
        q->waiting[(q->first + q->n++) % LOOKUP_WAITING_MAX] = TAKE_PTR(*b);
        return 1;
}

int lookups_batch(Lookups *l, const PublicKey *validator, uint32_t id, Batch **b) {
        Queue *q = ask(l, validator, b);
        BatchQuery query;
        int r;

        if (!q)
                return -ENOBUFS;
        query = (BatchQuery){ id, q->asked->header.incarnation, q->asked->header.sequence };
        r = batch_find(l->store, &query, on_batch, q, &q->call);
        return r < 0 ? unask(q, b, r) : 0;
}

int lookups_ticks(Lookups *l, const PublicKey *validator, const TickRange *range, Batch **b) {
        Queue *q = ask(l, validator, b);
        int r;

        if (!q)
                return -ENOBUFS;
        r = tick_identities_load(l->store, range, on_ticks, q, &q->call);
        return r < 0 ? unask(q, b, r) : 0;
}
