/* A queue for each validator that has a question open; it goes when all of it was answered. */
#include "hub/lookup.h"

#include <errno.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

typedef enum QuestionKind {
        QUESTION_BATCH, /* about the batch itself */
        QUESTION_TICKS,
        QUESTION_ORDERS, /* of its ticks */
} QuestionKind;

typedef struct Question {
        QuestionKind kind;
        uint32_t validator;
        const void *items; /* n of TickQuestion or OrderId; of a queue its own */
        size_t n;
        usec_t since; /* of orders */
} Question;

typedef struct Queue {
        Lookups *lookups;
        PublicKey validator;
        Batch *asked; /* NULL: answered, the ones behind it have their turn */
        Question question;
        StoreCall *call; /* NULL: its question waits among those that are not open */
        struct Queue *prev, *next;
        Batch *waiting[LOOKUP_WAITING_MAX];
        size_t first, n;
        bool turning; /* it is being worked through, and freed at the end of that */
        UT_hash_handle hh;
} Queue;

struct Lookups {
        Store *store;
        LookupOps ops;
        Queue *queues;
        Queue *unopened; /* the first is next */
        unsigned n_open;
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

/* Its question is no more: open, or waiting to be. */
static void close_question(Queue *q) {
        Lookups *l = q->lookups;

        if (q->call)
                l->n_open--;
        else if (q->asked)
                DL_DELETE(l->unopened, q);
        q->call = NULL;
}

static void forget_question(Queue *q) {
        free((void *)q->question.items);
        q->question.items = NULL;
}

static void queue_free(Queue *q) {
        Lookups *l = q->lookups;

        store_call_cancel(q->call);
        close_question(q);
        drop(l, q->asked);
        forget_question(q);
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
        Batch *b;

        close_question(q);
        b = TAKE_PTR(q->asked);
        q->turning = true;
        q->lookups->bytes -= b->frame_size;
        return b;
}

static void open_next(Lookups *l);

/* Its database is lost, or only this question. */
static void fail(Queue *q, const Batch *b, int r) {
        if (r == -ENOTCONN) {
                queue_free(q);
                return;
        }
        q->lookups->ops.failed(&q->validator, b, q->lookups->ops.userdata);
        next_turns(q);
}

static void on_batch(int r, const BatchRow *rows, size_t n, void *userdata) {
        Queue *q = userdata;
        Lookups *l = q->lookups;
        _cleanup_(batch_freep) Batch *b = take_asked(q);

        if (r < 0)
                fail(q, b, r);
        else {
                l->ops.batch_found(&q->validator, b, n > 0 ? rows : NULL, l->ops.userdata);
                next_turns(q);
        }
        open_next(l);
}

static void on_ticks(int r, const TickIdentity *rows, size_t n, void *userdata) {
        Queue *q = userdata;
        Lookups *l = q->lookups;
        _cleanup_(batch_freep) Batch *b = take_asked(q);
        _cleanup_free_ void *questions = (void *)TAKE_PTR(q->question.items);
        const LookupTicks found = { questions, q->question.n, rows, n };

        if (r < 0)
                fail(q, b, r);
        else {
                l->ops.ticks_found(&q->validator, &b, &found, l->ops.userdata);
                next_turns(q);
        }
        open_next(l);
}

static void on_orders(int r, const OrderRow *rows, size_t n, void *userdata) {
        Queue *q = userdata;
        Lookups *l = q->lookups;
        _cleanup_(batch_freep) Batch *b = take_asked(q);
        const LookupOrders found = { rows, n };

        forget_question(q);
        if (r < 0)
                fail(q, b, r);
        else {
                l->ops.orders_found(&q->validator, &b, &found, l->ops.userdata);
                next_turns(q);
        }
        open_next(l);
}

/* Questions ------------------------------------------------------------------------------------ */

static int send_question(Queue *q) {
        Store *s = q->lookups->store;
        const Question *a = &q->question;
        const TickQuestions ticks = { a->validator, a->items, a->n };
        const OrdersNamed orders = { a->validator, a->items, a->n, a->since };
        const BatchQuery batch = { a->validator, q->asked->header.incarnation,
                                   q->asked->header.sequence };

        switch (a->kind) {
        case QUESTION_TICKS:
                return tick_identities_load(s, &ticks, on_ticks, q, &q->call);
        case QUESTION_ORDERS:
                return orders_find(s, &orders, on_orders, q, &q->call);
        case QUESTION_BATCH:
                break;
        }
        return batch_find(s, &batch, on_batch, q, &q->call);
}

static int open_question(Queue *q) {
        Lookups *l = q->lookups;
        int r = send_question(q);

        if (r < 0)
                return r;
        DL_DELETE(l->unopened, q);
        l->n_open++;
        return 0;
}

static void open_next(Lookups *l) {
        while (l->unopened && l->n_open < LOOKUP_OPEN_MAX) {
                Queue *q = l->unopened;
                _cleanup_(batch_freep) Batch *b = NULL;
                int r = open_question(q);

                if (r >= 0)
                        continue;
                b = take_asked(q);
                forget_question(q);
                fail(q, b, r);
        }
}

static int unask(Queue *q, Batch **b, int r) {
        close_question(q);
        q->lookups->bytes -= q->asked->frame_size;
        *b = TAKE_PTR(q->asked);
        forget_question(q);
        if (!q->turning && q->n == 0)
                queue_free(q);
        return r;
}

/* Now, when it has no other before it. */
static int open_or_wait(Queue *q, Batch **b) {
        Lookups *l = q->lookups;
        int r;

        if (l->unopened != q || l->n_open == LOOKUP_OPEN_MAX)
                return 0;
        r = open_question(q);
        return r < 0 ? unask(q, b, r) : 0;
}

/* The queue takes the batch and a copy of the items, of that size. */
static int ask(Lookups *l, const PublicKey *validator, const Question *question, size_t size,
               Batch **b) {
        _cleanup_free_ void *items = size > 0 ? malloc(size) : NULL;
        Queue *q;

        if (size > 0 && !items)
                return -ENOMEM;
        if (l->bytes + (*b)->frame_size > LOOKUP_BYTES_MAX)
                return -ENOBUFS;
        q = queue_get(l, validator);
        if (!q)
                return -ENOBUFS;
        if (size > 0)
                memcpy(items, question->items, size);
        q->question = *question;
        q->question.items = TAKE_PTR(items);
        l->bytes += (*b)->frame_size;
        q->asked = TAKE_PTR(*b);
        DL_APPEND(l->unopened, q);
        return open_or_wait(q, b);
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
        return ask(l, validator, &(const Question){ QUESTION_BATCH, .validator = id }, 0, b);
}

int lookups_ticks(Lookups *l, const PublicKey *validator, const TickQuestions *questions,
                  Batch **b) {
        const Question q = { QUESTION_TICKS, questions->validator, questions->questions,
                             questions->n, 0 };

        return ask(l, validator, &q, q.n * sizeof(*questions->questions), b);
}

int lookups_orders(Lookups *l, const PublicKey *validator, const OrdersNamed *named, Batch **b) {
        const Question q = { QUESTION_ORDERS, named->validator, named->ids, named->n,
                             named->since };

        return ask(l, validator, &q, q.n * sizeof(*named->ids), b);
}
