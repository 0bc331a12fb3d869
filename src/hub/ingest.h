/* From a binary frame to rows and votes: structure, signature, position in its stream, a
 * disposition for every tick. Each batch gets exactly one answer: an ack after its commit, or a
 * notice. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"
#include "hub/acks.h"
#include "hub/board.h"
#include "hub/writer.h"
#include "wire/frame.h"

typedef struct Ingest Ingest;

typedef struct IngestOptions {
        Store *store; /* borrowed, as all here */
        const PublicKey *network;
        const HubClock *clock;
        Writer *writer;
        OrderBook *book;
        const Board *board;
        Acks *acks;
        Registry *registry;
        uint64_t batch_max; /* highest batch id in the database */
        /* frame is borrowed for the call; the validator is connected. */
        void (*send)(Validator *v, const Frame *frame, void *userdata);
        void *userdata;
} IngestOptions;

typedef struct IngestCounters {
        uint64_t batches, ticks, repeated, refused;
} IngestCounters;

int ingest_new(Ingest **ret, const IngestOptions *options);
Ingest *ingest_free(Ingest *i);
DEFINE_FREEP(Ingest, ingest_free);
const IngestCounters *ingest_counters(const Ingest *i);

/* 0: answered now or later. -EBADMSG: malformed or badly signed; the notice was sent, the session
 * decides how often it forgives. While there is no room, signatures are not looked at: what would
 * be taken in is sent back (too_fast, and sequence for what comes behind it). v->streams is loaded.
 */
int ingest_frame(Ingest *i, Validator *v, const void *data, size_t n);
