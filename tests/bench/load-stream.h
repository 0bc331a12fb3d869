/* One incarnation of one validator: batches that are signed, from the oldest that is not
 * acknowledged to the newest that is not even due. Knows bytes and hashes; when to send is the
 * peer's business. */
#pragma once

#include <stdbool.h>

#include "base/macro.h"
#include "base/time.h"
#include "wire/batch.h"
#include "wire/receipt.h"

typedef struct LoadBatch LoadBatch;
typedef struct LoadStream LoadStream;

struct LoadBatch {
        LoadBatch *next;
        uint64_t sequence;
        Hash hash;
        usec_t due;        /* hub time */
        usec_t first_sent; /* boot time; 0: not yet */
        uint16_t count;
        uint32_t n;
        uint8_t frame[];
};

/* Plain data; changed by the functions below only. */
struct LoadStream {
        const SignKey *key;     /* borrowed */
        const SignScope *scope; /* borrowed */
        uint64_t incarnation, sequence;
        Hash previous;
        LoadBatch *first, *last, *unsent; /* unsent: the next one to go out on this connection */
        size_t flying, bytes;
        uint64_t acked; /* sequence, and its hash: what a gap starts from */
        Hash acked_hash;
        uint8_t receipt[RECEIPT_SIZE_MAX]; /* the newest; n 0: none */
        size_t n_receipt;
        uint64_t wanted; /* by the last notice sequence of this connection */
        LoadStream *next;
};

/* scope->network may be filled in later, before the first batch. */
LoadStream *load_stream_new(const SignKey *key, const SignScope *scope);
LoadStream *load_stream_free(LoadStream *s);
DEFINE_FREEP(LoadStream, load_stream_free);

typedef struct LoadDraft {
        const Tick *ticks;
        uint16_t count, flags;
        usec_t due;     /* when it goes out, and when it says to be created */
        usec_t hub_now; /* what time it is at the hub */
} LoadDraft;

/* Signs the next batch and appends it. 0 or negative errno. */
int load_stream_seal(LoadStream *s, const LoadDraft *d);
/* Forgets what was never sent and is due after `from`. The number of ticks. */
size_t load_stream_truncate(LoadStream *s, usec_t from);
/* A new incarnation with the same ticks, flagged resealed; everything is to be sent again. */
int load_stream_reseal(LoadStream *s, usec_t hub_now);

/* A new connection: nothing is under way. */
void load_stream_rewind(LoadStream *s);
/* The hub wants this sequence next. 1: *frame holds a gap of *n bytes that has to go first. 0: it
 * is here. -EALREADY: it said so before. */
int load_stream_expect(LoadStream *s, uint64_t sequence, usec_t hub_now,
                       uint8_t frame[static BATCH_FRAME_MAX]);
/* The next one that may go out; NULL: none. */
LoadBatch *load_stream_next(const LoadStream *s, usec_t hub_now);
void load_stream_sent(LoadStream *s, LoadBatch *b, usec_t now);

/* The batch of that sequence; NULL: not here any more, or not yet. */
const LoadBatch *load_stream_find(const LoadStream *s, uint64_t sequence);
/* 1: the receipt is for batches that are here. 0: for older ones. -EBADMSG: for what was never
 * sent, or of another hash. */
int load_stream_check(const LoadStream *s, const Receipt *r);
/* Frees what it covers, after load_stream_check() said 1. */
void load_stream_trim(LoadStream *s, const Receipt *r, const void *bytes, size_t n);
/* Whether anything that was sent, or is due by now, waits for its receipt. */
bool load_stream_waits(const LoadStream *s, usec_t hub_now);
