/* Everything that decides, between a database that is ready and one that is lost: read from it at
 * the start, thrown away and read again when a commit fails. */
#pragma once

#include <uv.h>

#include "base/macro.h"
#include "hub/admission.h"
#include "hub/board.h"
#include "hub/ingest.h"
#include "hub/news.h"
#include "store/validators.h"

typedef struct Core Core;

typedef struct CoreOptions {
        Store *store; /* borrowed, as all here */
        const SignKey *key;
        const PublicKey *network;
        HubClock *clock; /* goes on from what the database has, if it is behind */
        const uint8_t *hub_secret;
        unsigned flap_begins; /* flap.h */
        News *news;
        bool open_admission;
        void (*ready)(void *userdata);
        /* Of no more use: free it, but not inside this call. reason is borrowed for the call. */
        void (*failed)(const char *reason, void *userdata);
        void *userdata;
} CoreOptions;

/* Starts to load; ready() or failed() come later. */
int core_new(Core **ret, uv_loop_t *loop, const CoreOptions *options);
/* Sessions must be gone. */
Core *core_free(Core *c);
DEFINE_FREEP(Core, core_free);

bool core_is_ready(const Core *c);
/* Ready, and what it found is committed: that no hub was there is in the spans of verdicts. */
bool core_is_settled(const Core *c);
/* As session callbacks; a core that is not ready rejects. */
void core_join(Core *c, Session *s, const FrameJoin *join);
int core_batch(Core *c, Session *s, const void *data, size_t n);
void core_suspect(Core *c, Session *s, const FrameSuspect *suspect);
void core_notice(Core *c, Session *s, const FrameNotice *notice);
void core_drained(Core *c, Session *s);
void core_closed(Core *c, Session *s);

/* Reads websites that changed since the last one seen, and which of them called. */
void core_read_changes(Core *c);
/* Maintenance windows, too. */
void core_read_calendar(Core *c);
/* Reads what people did with incidents since it was read last. */
void core_read_deeds(Core *c);
/* The administrator changed it (row of validator_set()): takes effect at once; a connected one
 * joins anew. */
void core_validator_changed(Core *c, const ValidatorRow *row);
/* Every few seconds: a heartbeat when nothing else was written; expired orders go. */
void core_beat(Core *c);
/* true when everything is durable and nothing is under way. */
bool core_is_idle(const Core *c);
/* At a graceful stop, again and again: websites are called no more, that validators leave says
 * nothing of them, and what was decided and taken in is written without waiting for more. */
void core_stop(Core *c);

const Registry *core_registry(const Core *c);
const Board *core_board(const Core *c);
const IngestCounters *core_counters(const Core *c);
const Writer *core_writer(const Core *c); /* what it commits by */
