/* Which reads a replica may answer, by how far it is known to be: nobody shall miss what he wrote,
 * or what a stream of events has told already, and nothing is older than the lag that is allowed.
 * Pure. */
#pragma once

#include <stdbool.h>

#include "base/macro.h"
#include "base/time.h"
#include "store/positions.h"

#define FRESHNESS_WRITERS_MAX 256 /* organisations remembered by name; more are taken for all */

typedef struct Freshness Freshness;

typedef enum FreshnessVerdict {
        FRESHNESS_GOOD,
        FRESHNESS_UNKNOWN, /* nothing was heard of the replica yet */
        FRESHNESS_BEHIND,  /* by more than is allowed */
        FRESHNESS_TOLD,    /* behind what streams have told */
        FRESHNESS_WROTE,   /* behind what this organisation wrote */
        _FRESHNESS_MAX,
} FreshnessVerdict;

int freshness_new(Freshness **ret, usec_t lag_max);
Freshness *freshness_free(Freshness *f);
DEFINE_FREEP(Freshness, freshness_free);

/* The primary was there when it was asked at this time: the replica is awaited there. */
void freshness_sampled(Freshness *f, const Position *primary, usec_t asked);
/* Nothing is awaited: the next place may be asked for. */
bool freshness_settled(const Freshness *f);
/* The replica is there. */
void freshness_reached(Freshness *f, const Position *replica);
/* Another connection may be another replica. */
void freshness_lost(Freshness *f);

/* The organisation changed something, which has been answered or is just about to be. */
void freshness_wrote(Freshness *f, uint32_t organisation, usec_t now);

typedef struct FreshnessWish {
        uint32_t organisation;
        uint64_t told; /* commits up to this one are known to whoever asks */
        usec_t now;
} FreshnessWish;

FreshnessVerdict freshness_judge(const Freshness *f, const FreshnessWish *wish);
