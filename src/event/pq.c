/* The outer face of pq: what owners call. The rest is in pq-connection.c (state), pq-call.c
 * (answers), pq-transaction.c (parameters) and pq-result.c (rows). */
#include "event/pq.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "event/pq-internal.h"

enum {
        QUEUE_MAX_DEFAULT = 1024
};

int pq_new(Pq **ret, uv_loop_t *loop, const PqOptions *options) {
        Pq *pq;

        pq = calloc(1, sizeof(Pq));
        if (!pq)
                return -ENOMEM;
        pq->loop = loop;
        pq->options = *options;
        pq->dsn = strdup(options->dsn);
        if (!pq->dsn) {
                free(pq);
                return -ENOMEM;
        }
        pq->options.dsn = pq->dsn;
        if (pq->options.queue_max == 0)
                pq->options.queue_max = QUEUE_MAX_DEFAULT;
        pq_connection_init(pq);
        *ret = pq;
        return 0;
}

static void on_closed(uv_handle_t *handle) {
        Pq *pq = handle->data;

        free(pq->dsn);
        free(pq);
}

Pq *pq_free(Pq *pq) {
        if (!pq)
                return NULL;
        pq_connection_close(pq);
        pq->state = PQ_WAITING;
        pq_call_drop_all(pq, true);
        uv_close((uv_handle_t *)&pq->timer, on_closed);
        return NULL;
}

unsigned pq_turn(const Pq *pq) {
        return pq->options.turn;
}

bool pq_connected(const Pq *pq) {
        return pq->state == PQ_READY;
}

static int may_submit(const Pq *pq, const PqTransaction *t) {
        if (!t)
                return -ENOMEM;
        if (t->error < 0)
                return t->error;
        assert(t->n_commands > 0 || t->copy);
        if (pq->state != PQ_READY)
                return -ENOTCONN;
        return pq->n_calls < pq->options.queue_max ? 0 : -ENOBUFS;
}

int pq_submit(Pq *pq, PqTransaction *transaction, PqDone done, void *userdata, PqCall **ret) {
        _cleanup_(pq_transaction_freep) PqTransaction *t = transaction;
        PqCall *c;
        int r;

        r = may_submit(pq, t);
        if (r < 0)
                return r;
        c = pq_call_new(t->n_commands, done, userdata);
        if (!c)
                return -ENOMEM;
        c->transaction = TAKE_PTR(t);
        pq_call_append(pq, c);
        pq_call_send(pq);
        if (ret)
                *ret = c;
        return 0;
}
