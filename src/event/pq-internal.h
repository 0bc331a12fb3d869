/* What the files of pq share: a connection, and a transaction as buffers libpq can send. */
#pragma once

#include <libpq-fe.h>

#include "event/pq.h"

/* Where PostgreSQL's binary time begins, the year 2000, in µs since 1970. */
#define PQ_EPOCH ((int64_t)946684800 * (int64_t)USEC_PER_SEC)

enum {
        PQ_PARAMS_MAX = 64
};

typedef enum PqState {
        PQ_WAITING,    /* the timer says when to connect (again) */
        PQ_CONNECTING, /* the timer says when to give up, here and below */
        PQ_PREPARING,
        PQ_READY,
        PQ_BROKEN, /* found while sending; the timer comes at once and lets go */
} PqState;

typedef enum PqStep {
        PQ_STEP_WAITING, /* for its turn; the transaction is kept until then */
        PQ_STEP_COPYING, /* outside of pipeline mode */
        PQ_STEP_SENDING, /* its statements, as fast as the socket takes them */
        PQ_STEP_SENT,    /* all of it: results come, then a sync */
        PQ_STEP_UNDOING, /* it failed in a transaction of its own, which has to be ended */
} PqStep;

struct PqCall {
        PqCall *next;
        PqStep step;
        bool alone;                 /* with COPY: nothing else is under way beside it */
        PqTransaction *transaction; /* NULL once it is sent */
        PqDone done;                /* NULL: cancelled */
        void *userdata;
        int r;
        char *error;
        size_t n, sent, received; /* statements */
        PqResult *results[];      /* PGresults; PqResult has no other body */
};

typedef struct PqWatch PqWatch; /* uv_poll of one socket; a connection may go through several */

struct Pq {
        uv_loop_t *loop;
        PqOptions options;
        char *dsn;
        PqState state;
        PGconn *conn;
        PqWatch *watch;
        uv_timer_t timer;
        unsigned attempts; /* failed in a row */
        PqCall *first, *last;
        PqCall *sending; /* the one that is; NULL: none */
        PqCall *waiting; /* the first of those that are */
        unsigned n_calls;
};

/* Values lie in one growing buffer, so offsets and not pointers are kept. */
typedef struct PqParameter {
        size_t offset;
        int size, format;
        bool null;
} PqParameter;

typedef struct PqCommand {
        const PqStatement *statement;
        size_t first; /* parameter */
        int n;
} PqCommand;

struct PqTransaction {
        int error;
        PqCommand *commands;
        size_t n_commands, commands_max;
        PqParameter *parameters;
        size_t n_parameters, parameters_max;
        char *bytes;
        size_t n_bytes, bytes_max;
        const struct PqCopy *copy; /* NULL: none */
        char *rows;
        size_t n_rows_bytes, rows_max;
        const struct PqElement *array; /* open one, or NULL */
        int32_t n_elements;
        bool has_null;
};

/* pq-transaction.c: room for `needed` items at *p, or an error that stays. */
bool pq_transaction_grow(PqTransaction *t, void *p, size_t *max, size_t needed, size_t item);
/* From command *sent on. 1: all is sent; 0: the socket takes no more now; -EIO: libpq refused. */
int pq_transaction_send(const PqTransaction *t, size_t *sent, PGconn *conn);

/* pq-copying.c: rows on their way. 0, or -EIO: libpq refused. After the end come statements. */
int pq_copying_begin(Pq *pq, PqCall *c);
int pq_copying_rows(const Pq *pq, const PqCall *c); /* the server is ready for them */
int pq_copying_end(Pq *pq, PqCall *c);              /* it has them, or failed: what follows */
int pq_copying_undo(Pq *pq, PqCall *c);

/* pq-result.c */
int pq_error_of(const char *sqlstate);

/* pq-call.c: the queue of what is in flight. */
PqCall *pq_call_new(size_t n, PqDone done, void *userdata);
void pq_call_append(Pq *pq, PqCall *c);
void pq_call_send_statements(Pq *pq, PqCall *c); /* next */
/* Sends those whose turn it is, as far as the connection goes on and the socket takes it. */
void pq_call_send(Pq *pq);
/* Every open call ends with -ENOTCONN; with `silent` nobody is told. */
void pq_call_drop_all(Pq *pq, bool silent);
/* Takes what libpq has received. May end with pq->conn == NULL, by a callback. */
void pq_call_receive(Pq *pq);

/* pq-connection.c: flush sends what libpq has buffered, now or when the socket takes it. */
void pq_connection_init(Pq *pq);
void pq_connection_flush(Pq *pq);
/* The connection cannot go on; told to everybody from the loop. */
void pq_connection_break(Pq *pq);
void pq_connection_close(Pq *pq);
