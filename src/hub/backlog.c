/* A queue per validator that has something waiting; few have. */
#include "hub/backlog.h"

#include <errno.h>
#include <string.h>
#include <uthash.h>

typedef struct Queue {
        uint32_t validator;
        OutboxChange *changes;
        size_t n, capacity;
        bool reset;   /* by the next frame */
        usec_t moved; /* when a frame was taken last, or it began to wait */
        UT_hash_handle hh;
} Queue;

struct Backlog {
        Queue *queues;
};

int backlog_new(Backlog **ret) {
        Backlog *b = calloc(1, sizeof(*b));

        if (!b)
                return -ENOMEM;
        *ret = b;
        return 0;
}

static void queue_free(Backlog *b, Queue *q) {
        HASH_DEL(b->queues, q);
        free(q->changes);
        free(q);
}

Backlog *backlog_free(Backlog *b) {
        Queue *q, *next;

        if (!b)
                return NULL;
        HASH_ITER(hh, b->queues, q, next)
        queue_free(b, q);
        free(b);
        return NULL;
}

static Queue *find(const Backlog *b, uint32_t validator) {
        Queue *q;

        HASH_FIND(hh, b->queues, &validator, sizeof(validator), q);
        return q;
}

static Queue *find_or_make(Backlog *b, uint32_t validator, usec_t now) {
        Queue *q = find(b, validator);

        if (q)
                return q;
        q = calloc(1, sizeof(*q));
        if (!q)
                return NULL;
        q->validator = validator;
        q->moved = now;
        HASH_ADD(hh, b->queues, validator, sizeof(validator), q);
        return q;
}

int backlog_begin(Backlog *b, uint32_t validator, usec_t now) {
        Queue *q;

        backlog_forget(b, validator);
        q = find_or_make(b, validator, now);
        if (!q)
                return -ENOMEM;
        q->reset = true;
        return 0;
}

static int reserve(Queue *q, size_t n) {
        size_t capacity = MAX(q->capacity, (size_t)16);
        OutboxChange *changes;

        while (capacity < n)
                capacity *= 2;
        if (capacity == q->capacity)
                return 0;
        changes = realloc(q->changes, capacity * sizeof(*changes));
        if (!changes)
                return -ENOMEM;
        q->changes = changes;
        q->capacity = capacity;
        return 0;
}

int backlog_add(Backlog *b, uint32_t validator, const OutboxChange *changes, size_t n, usec_t now) {
        Queue *q = find_or_make(b, validator, now);

        if (!q || reserve(q, q->n + n) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                if (changes[i].order->order.type != ORDER_SPARE)
                        q->changes[q->n++] = changes[i];
        if (q->n == 0 && !q->reset)
                queue_free(b, q);
        return 0;
}

static void drop_front(Queue *q, size_t n) {
        q->n -= n;
        memmove(q->changes, q->changes + n, q->n * sizeof(*q->changes));
}

static void drop_moot(Queue *q) {
        size_t kept = 0;

        for (size_t i = 0; i < q->n; i++)
                if (!outbox_is_moot(&q->changes[i]))
                        q->changes[kept++] = q->changes[i];
        q->n = kept;
}

int backlog_take(Backlog *b, uint32_t validator, OutboxFrame *ret, usec_t now) {
        Queue *q = find(b, validator);
        int r;

        if (!q)
                return 0;
        drop_moot(q);
        r = q->n > 0 || q->reset;
        if (r > 0)
                drop_front(q, outbox_frame(ret, q->changes, q->n, q->reset));
        q->reset = false;
        q->moved = now;
        if (q->n == 0)
                queue_free(b, q);
        return r;
}

bool backlog_has(const Backlog *b, uint32_t validator) {
        return find(b, validator) != NULL;
}

void backlog_forget(Backlog *b, uint32_t validator) {
        Queue *q = find(b, validator);

        if (q)
                queue_free(b, q);
}

uint32_t backlog_stuck(const Backlog *b, usec_t before) {
        for (const Queue *q = b->queues; q; q = q->hh.next)
                if (q->moved < before)
                        return q->validator;
        return 0;
}
