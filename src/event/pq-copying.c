/* A transaction with COPY: BEGIN and COPY by the simple protocol, the rows, then its statements and
 * COMMIT in pipeline mode. What fails in it leaves the session in a failed transaction, so the call
 * is over only when that is rolled back. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "event/pq-copy.h"
#include "event/pq-internal.h"

enum {
        SQL_MAX = 1024,
        CHUNK = 64 * 1024, /* bytes handed to libpq at once: it sends before it takes more */
};

static const char begin[] = "BEGIN; ";

/* Signature, no flags, no extension; and the number of columns that is none. */
static const char head[] = "PGCOPY\n\377\r\n\0"
                           "\0\0\0\0"
                           "\0\0\0\0";
static const char tail[] = "\377\377";

int pq_copying_begin(Pq *pq, PqCall *c) {
        char sql[SQL_MAX];
        int n = snprintf(sql, sizeof(sql), "%s%s", begin, c->transaction->copy->sql);

        assert((size_t)n < sizeof(sql));
        c->step = PQ_STEP_COPYING;
        if (PQexitPipelineMode(pq->conn) != 1 || PQsendQuery(pq->conn, sql) != 1)
                return -EIO;
        return 0;
}

static int put(const Pq *pq, const char *bytes, size_t n) {
        for (size_t i = 0; i < n; i += CHUNK)
                if (PQputCopyData(pq->conn, bytes + i, (int)MIN(n - i, (size_t)CHUNK)) != 1)
                        return -EIO;
        return 0;
}

int pq_copying_rows(const Pq *pq, const PqCall *c) {
        int r;

        r = put(pq, head, sizeof(head) - 1);
        if (r < 0)
                return r;
        r = put(pq, c->transaction->rows, c->transaction->n_rows_bytes);
        if (r < 0)
                return r;
        r = put(pq, tail, sizeof(tail) - 1);
        if (r < 0)
                return r;
        return PQputCopyEnd(pq->conn, NULL) == 1 ? 0 : -EIO;
}

static int send_plain(const Pq *pq, const char *sql) {
        return PQsendQueryParams(pq->conn, sql, 0, NULL, NULL, NULL, NULL, 0) == 1 ? 0 : -EIO;
}

int pq_copying_undo(Pq *pq, PqCall *c) {
        c->step = PQ_STEP_UNDOING;
        if (send_plain(pq, "ROLLBACK") < 0 || PQpipelineSync(pq->conn) != 1)
                return -EIO;
        pq_connection_flush(pq);
        return 0;
}

int pq_copying_end(Pq *pq, PqCall *c) {
        if (PQenterPipelineMode(pq->conn) != 1)
                return -EIO;
        if (c->r < 0)
                return pq_copying_undo(pq, c);
        pq_call_send_statements(pq, c);
        pq_call_send(pq);
        return 0;
}
