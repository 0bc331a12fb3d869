/* A crash-safe queue on disk (SQLite, WAL, synchronous FULL): signed batches wait here until the
 * hub's receipt. Also what must survive with them: the newest receipt of each stream, the highest
 * slot and probe number signed per order, the pinned network key. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "base/macro.h"
#include "base/time.h"
#include "wire/batch.h"
#include "wire/receipt.h"

typedef struct Spool Spool;

typedef struct SpoolBatch {
        uint64_t incarnation, sequence;
        Hash hash;
        usec_t created;       /* hub time */
        uint16_t count;       /* ticks; 0: a gap */
        const uint8_t *frame; /* borrowed for the callback */
        size_t n;
} SpoolBatch;

/* The file gets mode 0600. max_bytes bounds the frames kept. -EBUSY: another process has it;
 * -EPROTONOSUPPORT: of a later version. */
int spool_new(Spool **ret, const char *path, uint64_t max_bytes);
Spool *spool_free(Spool *s);
DEFINE_FREEP(Spool, spool_free);

/* 1: pinned now, or the same; 0: another network key is pinned. */
int spool_pin(Spool *s, const PublicKey *network);

/* Which slot or probe number may be signed next is remembered per order; at or below it nothing is
 * signed again. */
typedef struct SpoolProgress {
        OrderId order;
        bool probe;
        uint32_t number;
} SpoolProgress;
typedef struct SpoolPut {
        SpoolBatch batch;
        const SpoolProgress *progress;
        size_t n; /* of progress */
} SpoolPut;

/* The highest number stored; -ENOENT: none. */
int64_t spool_progress(Spool *s, const OrderId *order, bool probe);

/* Stores a sealed batch and the progress of its ticks in one transaction. 0; -ENOSPC: disk full,
 * nothing is stored. */
int spool_put(Spool *s, const SpoolBatch *batch, const SpoolProgress *progress, size_t n);
/* The same on another thread, as a commit waits for the disk: frame and progress must live until
 * `stored`, which comes from the loop, or from spool_settle(). One at a time: -EBUSY. Whoever reads
 * or writes meanwhile waits for it. The loop must run on until it is done. */
typedef void (*SpoolStored)(int r, void *userdata);
int spool_put_later(Spool *s, uv_loop_t *loop, const SpoolPut *put, SpoolStored stored,
                    void *userdata);
/* Waits for what is being stored, if anything is. */
void spool_settle(Spool *s);
/* Drops the oldest batches of the oldest stream until the bound holds: what was dropped becomes a
 * gap, to be sealed by the caller. */
typedef struct SpoolDropped {
        uint64_t incarnation, from, to;
        Hash hash;      /* of batch `to` */
        usec_t created; /* of it */
        uint32_t ticks; /* lost from..to */
        uint32_t fresh; /* of these: not told of by an earlier gap */
} SpoolDropped;
/* 1: this has to go, which spool_put_gap() does when the gap is sealed; 0: within bounds, or
 * nothing is left but gaps. */
int spool_shrink(Spool *s, SpoolDropped *ret);
int spool_put_gap(Spool *s, const SpoolDropped *dropped, const void *frame, size_t n);

/* The first batch of this stream after a sequence: 1 and the callback, 0 none. */
typedef void (*SpoolVisit)(const SpoolBatch *batch, void *userdata);
int spool_next(Spool *s, uint64_t incarnation, uint64_t after, SpoolVisit visit, void *userdata);
/* 1: *ret is the hash of that batch. 0: not here. */
int spool_hash(Spool *s, uint64_t incarnation, uint64_t sequence, Hash *ret);

/* Keeps the receipt and drops what it covers. The caller has verified it against the batch's own
 * hash. */
int spool_trim(Spool *s, const Receipt *receipt, const void *bytes, size_t n);

/* Drops a stream's batches up to this one without a receipt: their ticks were sealed elsewhere. */
int spool_drop(Spool *s, uint64_t incarnation, uint64_t to);

typedef struct SpoolStream {
        uint64_t incarnation;
        bool waiting;  /* it has batches */
        usec_t oldest; /* created, hub time, of the oldest waiting; 0 none */
        uint8_t receipt[RECEIPT_SIZE_MAX];
        size_t n_receipt; /* 0: none yet */
} SpoolStream;
/* Streams with waiting batches or a receipt that may be needed, oldest first; at most n. Their
 * number. */
int spool_streams(Spool *s, SpoolStream *ret, size_t n);
/* 1: another stream than this one has waiting batches. 0: none. */
int spool_has_others(Spool *s, uint64_t incarnation);
typedef struct SpoolStats {
        uint64_t batches, bytes, dropped_ticks;
} SpoolStats;
void spool_stats(const Spool *s, SpoolStats *ret);
