/* Reads at a replica of the database: whether one may go there, what was passed over, and a line in
 * the journal when it cannot be used. Whoever gets no store here asks the primary. */
#pragma once

#include <stdbool.h>
#include <uv.h>

#include "base/macro.h"
#include "base/refusals.h"
#include "base/time.h"
#include "store/store.h"

typedef struct Replica Replica;

typedef struct ReplicaOptions {
        const char *dsn;
        Store *primary; /* borrowed */
        usec_t lag_max;
} ReplicaOptions;

int replica_new(Replica **ret, uv_loop_t *loop, const ReplicaOptions *options);
Replica *replica_free(Replica *r);
DEFINE_FREEP(Replica, replica_free);

/* For one read of an organisation that may have been told of commits up to this one; NULL: at the
 * primary. Counted. Takes a NULL replica. */
Store *replica_pick(Replica *r, uint32_t organisation, uint64_t told);
/* A read that was there has to be made again at the primary. Counted. */
void replica_failed(Replica *r, int error);
/* The organisation changed something: before that is answered. Takes NULL. */
void replica_wrote(Replica *r, uint32_t organisation);
/* Streams have told of commits up to this one. Takes NULL. */
void replica_told(Replica *r, uint64_t commit_no);

/* "none" (of NULL), "away", "behind", "ready" */
const char *replica_state(const Replica *r);
/* Reads that it was given, and those it was not, by reason. Both take NULL. */
uint64_t replica_reads(const Replica *r);
void replica_passed(const Replica *r, RefusalsTotal total, void *userdata);
/* Once a minute, for the journal. Takes NULL. */
void replica_summarise(Replica *r);
