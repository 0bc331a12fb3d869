/* Ticks become signed batches in the spool: within a second, urgent ones within 10 ms, and the disk
 * is waited for on another thread. Owns the live stream: its incarnation, sequence and the hash the
 * next batch goes on from. */
#pragma once

#include <uv.h>

#include "base/macro.h"
#include "validator/hubtime.h"
#include "validator/spool.h"
#include "wire/batch.h"

typedef struct Sealer Sealer;

typedef struct SealerOptions {
        const SignKey *key; /* borrowed, as all here */
        const HubTime *hub_time;
        Spool *spool;
        void (*sealed)(void *userdata); /* something new is in the spool */
        void *userdata;
} SealerOptions;

/* What is news to nobody waits for company: the hub checks one signature a batch, whatever is in
 * it. A validator that is killed loses as much. */
#define SEALER_DELAY USEC_PER_SEC
#define SEALER_URGENT                                                                              \
        (10 * USEC_PER_MSEC) /* an outage of many targets is not a commit for each                 \
                              */

int sealer_new(Sealer **ret, uv_loop_t *loop, const SealerOptions *options);
/* What is not sealed is lost. The loop must run on until what is being stored is. */
Sealer *sealer_free(Sealer *s);
DEFINE_FREEP(Sealer, sealer_free);

/* The network all statements are for; nothing is sealed before it is known. */
void sealer_set_network(Sealer *s, const PublicKey *network);
/* urgent: it waits for a moment only; one of TICK_REFRESH that is up, when others wait already, as
 * long as they. 0: it will be sealed, unless it is found then that this number of the order, or a
 * higher one, was signed before. -EINVAL: out of a tick's limits; -EALREADY: that is known now;
 * -ENOBUFS: neither disk nor memory has room. */
int sealer_add(Sealer *s, const Tick *tick, bool urgent);
/* Seals what is there now, and waits for it: 0, or why it could not be stored (it is kept and tried
 * again). */
int sealer_flush(Sealer *s);

uint64_t sealer_incarnation(const Sealer *s);
/* Later ticks go into a stream of their own. */
void sealer_renew(Sealer *s);
/* The stream has forked: what waits of it is sealed again in the live one, which is a new one if it
 * was that. At most so many batches, each a commit. Their number; fewer than that: it is done. */
int sealer_reseal(Sealer *s, uint64_t incarnation, unsigned most);
/* A gap that tells of batches which are not here any more: from..the one before batch, which is the
 * first of its stream in the spool; when that is a gap, it is told anew. Length of the frame. */
int sealer_gap_before(Sealer *s, const SpoolBatch *batch, uint64_t from,
                      uint8_t ret[static BATCH_FRAME_MAX]);
uint64_t sealer_ticks(const Sealer *s);   /* sealed since the start */
uint64_t sealer_refused(const Sealer *s); /* lost, because neither disk nor memory had room */
