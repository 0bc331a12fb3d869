/* Blocking libpq: every statement is sent, then waited for. */
#include "event/pq-script.h"

#include <errno.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PARAMETERS_MAX 16

struct PqScript {
        PGconn *conn;
        char *error; /* of the last failed statement, or NULL */
};

static void quiet(void *arg _unused_, const PGresult *result _unused_) {
}

int pq_script_open(PqScript **ret, const char *dsn) {
        _cleanup_(pq_script_closep) PqScript *s = NULL;
        bool connected;

        s = calloc(1, sizeof(PqScript));
        if (!s)
                return -ENOMEM;

        s->conn = PQconnectdb(dsn);
        if (!s->conn)
                return -ENOMEM;

        PQsetNoticeReceiver(s->conn, quiet, NULL);
        connected = PQstatus(s->conn) == CONNECTION_OK;
        *ret = TAKE_PTR(s);
        return connected ? 0 : -ENOTCONN;
}

PqScript *pq_script_close(PqScript *s) {
        if (!s)
                return NULL;

        PQfinish(s->conn);
        free(s->error);
        free(s);
        return NULL;
}

const char *pq_script_error(const PqScript *s) {
        return s->error ? s->error : PQerrorMessage(s->conn);
}

static void remember_error(PqScript *s, const PGresult *result) {
        free(s->error);
        s->error = strdup(PQresultErrorMessage(result));
}

static void each_row(const PGresult *result, PqScriptRow row, void *userdata) {
        const char *values[PARAMETERS_MAX] = { 0 };
        int n = MIN(PQnfields(result), PARAMETERS_MAX);

        for (int i = 0; i < PQntuples(result); i++) {
                for (int c = 0; c < n; c++)
                        values[c] = PQgetisnull(result, i, c) ? NULL : PQgetvalue(result, i, c);
                row(values, (size_t)n, userdata);
        }
}

/* Takes every result, so that the connection is ready for the next statement; the first error
 * counts. */
static int collect(PqScript *s, PqScriptRow row, void *userdata) {
        PGresult *result;
        int r = 0;

        while ((result = PQgetResult(s->conn))) {
                ExecStatusType status = PQresultStatus(result);

                if (status == PGRES_TUPLES_OK && row)
                        each_row(result, row, userdata);
                else if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK &&
                         status != PGRES_EMPTY_QUERY && r == 0) {
                        remember_error(s, result);
                        r = -EIO;
                }
                PQclear(result);
        }
        return PQstatus(s->conn) == CONNECTION_OK ? r : -ENOTCONN;
}

static void forget_error(PqScript *s) {
        free(s->error);
        s->error = NULL;
}

int pq_script_run(PqScript *s, const char *sql) {
        forget_error(s);
        if (!PQsendQuery(s->conn, sql))
                return -ENOTCONN;
        return collect(s, NULL, NULL);
}

int pq_script_query(PqScript *s, const char *sql, const char *const *parameters, PqScriptRow row,
                    void *userdata) {
        int n = 0;

        while (parameters && parameters[n])
                n++;

        forget_error(s);
        if (!PQsendQueryParams(s->conn, sql, n, NULL, parameters, NULL, NULL, 0))
                return -ENOTCONN;
        return collect(s, row, userdata);
}
