/* One asynchronous connection to PostgreSQL: prepared statements in pipeline mode, rows by COPY,
 * transactions as values. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/id.h"
#include "base/macro.h"
#include "base/time.h"

typedef struct Pq Pq;                       /* reconnects by itself, with backoff 100 ms to 5 s */
typedef struct PqTransaction PqTransaction; /* statements that take effect together or not at all */
typedef struct PqResult PqResult;           /* rows of a statement, borrowed during the callback */
typedef struct PqCall PqCall;               /* a submitted transaction */

/* Prepared at every (re)connect. sql has n_params parameters $1..$n, at most 64. */
typedef struct PqStatement {
        const char *name;
        const char *sql;
        int n_params;
        bool binary; /* its rows are read by pq_raw_*(), for what would be long as text */
} PqStatement;

typedef struct PqOptions {
        const char *dsn;                      /* conninfo or URI; borrowed during pq_new() */
        const PqStatement *const *statements; /* ended by NULL; borrowed for ever */
        const char *const *listen;            /* channels, ended by NULL; or NULL */
        unsigned queue_max;                   /* transactions in flight; default 1024 */
        unsigned turn; /* which of its servers is tried first, see pq_turn() */
        /* connected: every statement is prepared, channels are listened to. Not connected: the
         * connection was lost, or an attempt failed (told each time); error is libpq's text. */
        void (*on_state)(Pq *pq, bool connected, const char *error, void *userdata);
        void (*on_notify)(const char *channel, const char *payload, void *userdata);
        void *userdata;
} PqOptions;

/* Connects from the loop. A host name in the dsn is looked up by the C library, which may block. */
int pq_new(Pq **ret, uv_loop_t *loop, const PqOptions *options);
/* Callbacks of open calls are not called any more, and their handles are gone. */
Pq *pq_free(Pq *pq);
DEFINE_FREEP(Pq, pq_free);
bool pq_connected(const Pq *pq);
/* With which turn of its list of servers it connected, or will: after each failure the next one. */
unsigned pq_turn(const Pq *pq);

/* A transaction is built first. Parameters are appended in order to the statement added last;
 * values are copied. Errors (-ENOMEM; -ERANGE: does not fit the array's elements) are remembered
 * and reported by pq_submit(). */
PqTransaction *pq_transaction_new(void); /* NULL: out of memory */
PqTransaction *pq_transaction_free(PqTransaction *t);
DEFINE_FREEP(PqTransaction, pq_transaction_free);
void pq_add(PqTransaction *t, const PqStatement *s);
size_t pq_transaction_count(const PqTransaction *t); /* statements added so far */
void pq_null(PqTransaction *t);
void pq_bool(PqTransaction *t, bool v);
void pq_int(PqTransaction *t, int64_t v); /* sent as text: smallint, integer, bigint, numeric */
void pq_real(PqTransaction *t, double v);
void pq_text(PqTransaction *t, const char *v);            /* NULL is SQL NULL */
void pq_bytes(PqTransaction *t, const void *v, size_t n); /* bytea, sent binary */
void pq_uuid(PqTransaction *t, const Uuid *v);            /* uuid, sent binary */
void pq_time(PqTransaction *t, usec_t v); /* timestamptz, sent binary; USEC_INFINITY is NULL */

/* Arrays for unnest: opened, filled with elements by the calls above (one kind per array), closed.
 * One-dimensional. The statement must name the array's type: $1::bigint[]. */
typedef enum PqArray {
        PQ_INT2,
        PQ_INT4,
        PQ_INT8,
        PQ_TEXT,
        PQ_BYTEA,
        PQ_UUID,
        PQ_TIMESTAMPTZ,
        PQ_BOOL,
} PqArray;
void pq_array_open(PqTransaction *t, PqArray type);
void pq_array_close(PqTransaction *t);

/* r: 0 committed; -ESTALE: SQLSTATE DP001, raised by dpin's own SQL functions when an expectation
 * fails; -EEXIST: unique violation; -ENOENT: foreign key violation; -EINVAL: other constraint or
 * data error; -EPERM: privilege; -EAGAIN: serialization or deadlock, may be tried again; -ENOTCONN:
 * the connection was lost (whether what was sent committed is unknown); -EIO: any other. results
 * has one entry per statement (none for COPY) when r is 0, else NULL; error is the server's text.
 */
typedef void (*PqDone)(int r, PqResult *const *results, size_t n, const char *error,
                       void *userdata);
/* Takes the transaction also on failure. 0; -ENOTCONN: not connected; -ENOBUFS: queue full;
 * -ENOMEM. The callback never runs inside. ret may be NULL. */
int pq_submit(Pq *pq, PqTransaction *t, PqDone done, void *userdata, PqCall **ret);
/* The callback will not come; what was sent still takes effect. Returns NULL. A handle is valid
 * until its callback is called or its Pq freed. */
PqCall *pq_call_cancel(PqCall *c);
DEFINE_FREEP(PqCall, pq_call_cancel);

/* Row access; results are text, so values are parsed by these. Indexes are asserted. */
size_t pq_rows(const PqResult *r);
int64_t pq_changed(const PqResult *r); /* rows affected by INSERT, UPDATE, DELETE */
bool pq_is_null(const PqResult *r, size_t row, int column);
const char *pq_get_text(const PqResult *r, size_t row, int column); /* "" for NULL, as 0 below */
int64_t pq_get_int(const PqResult *r, size_t row, int column);
double pq_get_real(const PqResult *r, size_t row, int column);
bool pq_get_bool(const PqResult *r, size_t row, int column);
/* NULL is USEC_INFINITY; the column must be cast: (extract(epoch FROM x) * 1e6)::bigint */
usec_t pq_get_time(const PqResult *r, size_t row, int column);
/* 0; -EINVAL: no uuid, or NULL. */
int pq_get_uuid(const PqResult *r, size_t row, int column, Uuid *ret);
/* Decoded bytea: at most size bytes; the number (0 for NULL), or -ENOBUFS. */
int pq_get_bytes(const PqResult *r, size_t row, int column, void *ret, size_t size);
/* Decoded bytea of any size, freed by the caller. */
int pq_get_blob(const PqResult *r, size_t row, int column, uint8_t **ret, size_t *ret_n);

/* The same of rows that are binary, as PostgreSQL's *send() functions write them; NULL reads as 0
 * or none. */
int64_t pq_raw_int(const PqResult *r, size_t row, int column); /* smallint, integer, bigint */
usec_t pq_raw_time(const PqResult *r, size_t row, int column); /* timestamptz, of 1970 or later */
/* Any type; borrowed. */
const uint8_t *pq_raw_bytes(const PqResult *r, size_t row, int column, size_t *ret_n);
