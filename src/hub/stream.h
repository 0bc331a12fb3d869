/* Where each stream of a validator stands, and what an arriving batch or gap is to it. Pure.
 *
 * A stream is (validator, incarnation); its position is the last sequence taken in and that batch's
 * hash. Positions here run ahead of the database by what is not committed yet; after a failed
 * commit the table is loaded anew. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/macro.h"
#include "base/time.h"
#include "wire/batch.h"

#define STREAMS_LIVE_MAX  64 /* that moved within STREAMS_LIVE_TIME */
#define STREAMS_LIVE_TIME USEC_PER_HOUR
#define STREAMS_DAY_MAX   500                /* new ones */
#define STREAMS_IDLE_MAX  (2 * USEC_PER_DAY) /* forgotten then, and its row with it */

typedef struct Stream {
        uint64_t incarnation;
        uint64_t last;      /* 0: not opened yet */
        uint64_t committed; /* last sequence that is in the database */
        Hash hash;          /* of batch `last` */
} Stream;

typedef struct StreamTable StreamTable;

typedef enum StreamStep {
        STREAM_TAKE, /* the next batch, or a gap that fits: take it in, then stream_table_move() */
        STREAM_SEEN, /* at or below the position: compare with what is stored */
        STREAM_WAITING,  /* taken in, its commit is under way: the ack will come by itself */
        STREAM_AHEAD,    /* something before it is missing: say which is expected */
        STREAM_FORK,     /* its previous hash is not ours */
        STREAM_TOO_MANY, /* a new stream beyond the limits */
} StreamStep;

int stream_table_new(StreamTable **ret);
StreamTable *stream_table_free(StreamTable *t);
DEFINE_FREEP(StreamTable, stream_table_free);

/* A stream as the database has it, opened and moved then; one that is known already stays as it is.
 * 0, -ENOMEM. */
int stream_table_load(StreamTable *t, const Stream *s, usec_t opened, usec_t moved);
/* NULL: unknown. Borrowed until the next load or move. */
const Stream *stream_table_find(const StreamTable *t, uint64_t incarnation);
size_t stream_table_count(const StreamTable *t);

StreamStep stream_table_step(const StreamTable *t, const Batch *b, usec_t now);
/* The sequence expected next in this incarnation. */
uint64_t stream_table_expected(const StreamTable *t, uint64_t incarnation);
/* Within the limits one more may be opened. */
bool stream_table_may_open(const StreamTable *t, usec_t now);
/* Moves a stream, opening it when it is new. 0; -ENOMEM; -EINVAL: not forwards. */
int stream_table_move(StreamTable *t, uint64_t incarnation, uint64_t last, const Hash *hash,
                      usec_t now);
/* In the database up to here; never beyond the position. */
void stream_table_committed(StreamTable *t, uint64_t incarnation, uint64_t last);

/* Drops those that did not move since `before`. Their rows must go in the same breath: what the
 * database has and the table has not would not be new to it. */
typedef void (*StreamForgotten)(uint64_t incarnation, void *userdata);
void stream_table_forget(StreamTable *t, usec_t before, StreamForgotten forgotten, void *userdata);
