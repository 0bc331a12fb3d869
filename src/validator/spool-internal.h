/* Inside of the spool: its statements by name, and what runs them. */
#pragma once

#include <sqlite3.h>

#include "validator/spool.h"

typedef enum {
        SPOOL_BEGIN,
        SPOOL_COMMIT,
        SPOOL_ROLLBACK,
        SPOOL_PIN,
        SPOOL_PINNED,
        SPOOL_PROGRESS,
        SPOOL_PROGRESS_PUT,
        SPOOL_PROGRESS_PRUNE,
        SPOOL_PUT,
        SPOOL_STREAM_PUT,
        SPOOL_NEXT,
        SPOOL_HASH,
        SPOOL_SIZE,
        SPOOL_DROP,
        SPOOL_RECEIPT_PUT,
        SPOOL_STREAMS,
        SPOOL_OTHERS,
        SPOOL_STREAM_DROP,
        SPOOL_STREAM_OLDEST,
        SPOOL_OLDEST,
        SPOOL_TOTALS,
        _SPOOL_STATEMENT_MAX,
} SpoolStatement;

typedef struct SpoolJob SpoolJob;

struct Spool {
        uv_mutex_t lock; /* recursive: who visits a batch may store another */
        SpoolJob *job;   /* what is being stored on another thread; NULL: nothing */
        sqlite3 *db;
        sqlite3_stmt *statements[_SPOOL_STATEMENT_MAX];
        uint64_t max_bytes;
        usec_t pruned; /* hub time, of progress */
        bool relaxed;  /* a commit does not wait for the disk */
        SpoolStats stats;
};

/* Every public function holds the lock for as long as it lasts. */
static inline Spool *spool_lock(const Spool *s) {
        Spool *locked = (Spool *)s;

        uv_mutex_lock(&locked->lock);
        return locked;
}

static inline void spool_unlock(Spool **s) {
        uv_mutex_unlock(&(*s)->lock);
}

#define SPOOL_LOCKED(s) _cleanup_(spool_unlock) _unused_ Spool *locked = spool_lock(s)

/* Reset, and without values. */
sqlite3_stmt *spool_use(Spool *s, SpoolStatement which);
void spool_bind_int(sqlite3_stmt *q, int i, uint64_t v);
/* Borrowed until the statement is reset. */
void spool_bind_blob(sqlite3_stmt *q, int i, const void *p, size_t n);
/* 1: a row; 0: no more. */
int spool_step(sqlite3_stmt *q);
/* A statement without rows. */
int spool_run(sqlite3_stmt *q);
int spool_begin(Spool *s);
/* One that may be lost with the power, as if it had not been: its commit does not wait for the
 * disk. What is committed later does, and is never there without it. */
int spool_begin_relaxed(Spool *s);
/* Commits what went well, takes back what did not; r or why not. */
int spool_end(Spool *s, int r);
/* Number and bytes of batches, by SIZE or TOTALS. */
int spool_count(sqlite3_stmt *q, SpoolStats *ret);
