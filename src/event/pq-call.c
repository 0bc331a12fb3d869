/* Calls are answered in the order they were submitted: results come in order, a sync ends each
 * call. */
#include <errno.h>
#include <string.h>

#include "event/pq-internal.h"

PqCall *pq_call_new(size_t n, PqDone done, void *userdata) {
        PqCall *c;

        c = calloc(1, sizeof(PqCall) + n * sizeof(PqResult *));
        if (!c)
                return NULL;
        c->step = PQ_STEP_SENT;
        c->n = n;
        c->done = done;
        c->userdata = userdata;
        return c;
}

static void call_free(PqCall *c) {
        for (size_t i = 0; i < c->received; i++)
                PQclear((PGresult *)c->results[i]);
        pq_transaction_free(c->transaction);
        free(c->error);
        free(c);
}

PqCall *pq_call_cancel(PqCall *c) {
        if (c)
                c->done = NULL;
        return NULL;
}

void pq_call_append(Pq *pq, PqCall *c) {
        if (pq->last)
                pq->last->next = c;
        else
                pq->first = c;
        pq->last = c;
        pq->n_calls++;
        if (!c->transaction)
                return;
        c->step = PQ_STEP_WAITING;
        c->alone = c->transaction->copy;
        if (!pq->waiting)
                pq->waiting = c;
}

static bool may_send(const Pq *pq, const PqCall *c) {
        return pq->first == c || (!pq->first->alone && !c->alone);
}

void pq_call_send_statements(Pq *pq, PqCall *c) {
        c->step = PQ_STEP_SENDING;
        pq->sending = c;
}

/* 1: it has begun; 0: it is nobody's turn. */
static int begin_next(Pq *pq) {
        PqCall *c = pq->waiting;

        if (!c || !may_send(pq, c))
                return 0;
        pq->waiting = c->next;
        if (c->alone)
                return pq_copying_begin(pq, c) < 0 ? -EIO : 1;
        pq_call_send_statements(pq, c);
        return 1;
}

/* 1: all of it is sent; 0: not yet. */
static int go_on(Pq *pq, PqCall *c) {
        int r;

        r = pq_transaction_send(c->transaction, &c->sent, pq->conn);
        if (r <= 0)
                return r;
        c->transaction = pq_transaction_free(c->transaction);
        c->step = PQ_STEP_SENT;
        pq->sending = NULL;
        return 1;
}

void pq_call_send(Pq *pq) {
        int r = 1;

        while (r > 0 && pq->state != PQ_BROKEN)
                r = pq->sending ? go_on(pq, pq->sending) : begin_next(pq);
        if (r < 0)
                pq_connection_break(pq); /* half a transaction is sent: only the end undoes it */
        else
                pq_connection_flush(pq);
}

static PqCall *take_first(Pq *pq) {
        PqCall *c = pq->first;

        pq->first = c->next;
        if (!pq->first)
                pq->last = NULL;
        pq->n_calls--;
        return c;
}

static void call_finish(PqCall *c) {
        if (c->r >= 0 && c->received < c->n)
                c->r = -EIO; /* a statement without a result, which libpq does not let happen */
        if (c->done)
                c->done(c->r, c->r >= 0 ? c->results : NULL, c->r >= 0 ? c->n : 0, c->error,
                        c->userdata);
        call_free(c);
}

void pq_call_drop_all(Pq *pq, bool silent) {
        pq->sending = pq->waiting = NULL;
        /* What callbacks submit meanwhile is refused, so the queue ends. */
        while (pq->first) {
                PqCall *c = take_first(pq);

                if (silent)
                        c->done = NULL;
                c->r = -ENOTCONN;
                call_finish(c);
        }
}

static void call_fail(PqCall *c, const PGresult *result) {
        const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

        if (c->r < 0)
                return;
        c->r = pq_error_of(PQresultErrorField(result, PG_DIAG_SQLSTATE));
        c->error = strdup(message ? message : PQresultErrorMessage(result));
}

static void call_take(PqCall *c, PGresult *result) {
        switch (PQresultStatus(result)) {
        case PGRES_COMMAND_OK:
        case PGRES_TUPLES_OK:
        case PGRES_EMPTY_QUERY:
                if (c->received == c->n) /* libpq does not let it happen */
                        break;
                c->results[c->received++] = (PqResult *)result;
                return;
        case PGRES_PIPELINE_ABORTED: /* follows the statement that failed */
                break;
        default: /* also without a statement: a deferred constraint fails at the commit */
                call_fail(c, result);
                break;
        }
        PQclear(result);
}

static void receive_notifications(Pq *pq) {
        PGnotify *n;

        while (pq->conn && (n = PQnotifies(pq->conn))) {
                if (pq->options.on_notify)
                        pq->options.on_notify(n->relname, n->extra, pq->options.userdata);
                PQfreemem(n);
        }
}

/* The answers to BEGIN and COPY are for no caller. */
static int copy_take(const Pq *pq, PqCall *c, PGresult *result) {
        int r = 0;

        if (PQresultStatus(result) == PGRES_COPY_IN)
                r = pq_copying_rows(pq, c);
        else if (PQresultStatus(result) != PGRES_COMMAND_OK)
                call_fail(c, result);
        PQclear(result);
        return r;
}

/* Nobody is told before the transaction is out of the way. */
static int call_end(Pq *pq, PqCall *c) {
        if (c->alone && c->step == PQ_STEP_SENT && PQtransactionStatus(pq->conn) == PQTRANS_INERROR)
                return pq_copying_undo(pq, c);
        call_finish(take_first(pq));
        if (pq->conn)
                pq_call_send(pq);
        return 0;
}

static int take(Pq *pq, PqCall *c, PGresult *result) {
        if (c->step == PQ_STEP_COPYING)
                return copy_take(pq, c, result);
        if (PQresultStatus(result) != PGRES_PIPELINE_SYNC) {
                call_take(c, result);
                return 0;
        }
        PQclear(result);
        return call_end(pq, c);
}

void pq_call_receive(Pq *pq) {
        bool ended = false; /* NULL ends the results of one statement, twice NULL all of them */
        int r = 0;

        while (r >= 0 && pq->conn && pq->first && !PQisBusy(pq->conn)) {
                PGresult *result = PQgetResult(pq->conn);
                PqCall *c = pq->first;

                if (result)
                        r = take(pq, c, result);
                else if (c->step == PQ_STEP_COPYING)
                        r = pq_copying_end(pq, c);
                else if (ended)
                        break;
                ended = !result;
        }
        if (r < 0)
                pq_connection_break(pq);
        receive_notifications(pq);
}
