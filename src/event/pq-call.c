/* Calls are answered in the order they were sent: results come in order, a sync ends each call. */
#include <errno.h>
#include <string.h>

#include "event/pq-internal.h"

PqCall *pq_call_new(size_t n, PqDone done, void *userdata) {
        PqCall *c;

        c = calloc(1, sizeof(PqCall) + n * sizeof(PqResult *));
        if (!c)
                return NULL;
        c->n = n;
        c->done = done;
        c->userdata = userdata;
        return c;
}

static void call_free(PqCall *c) {
        for (size_t i = 0; i < c->received; i++)
                PQclear((PGresult *)c->results[i]);
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

void pq_call_receive(Pq *pq) {
        bool ended = false; /* NULL ends the results of one statement, twice NULL all of them */

        while (pq->conn && pq->first && !PQisBusy(pq->conn)) {
                PGresult *result = PQgetResult(pq->conn);

                if (!result && ended)
                        break;
                ended = !result;
                if (!result)
                        continue;
                if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
                        PQclear(result);
                        call_finish(take_first(pq));
                } else {
                        call_take(pq->first, result);
                }
        }
        receive_notifications(pq);
}
