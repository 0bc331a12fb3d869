/* Ticks as they are read: what was seen, for history, and for votes after a restart. How they are
 * written: store/pages.h. */
#pragma once

#include "base/id.h"
#include "store/store.h"
#include "wire/tick.h"

typedef struct TickRow {
        uint32_t website, validator;
        uint64_t order; /* database id; tick.order is not stored here */
        uint64_t batch;
        bool late; /* arrived too late to vote */
        Tick tick;
} TickRow;

typedef struct TickCount {
        uint32_t validator, n;
} TickCount;

/* That these came now. A validator may be there more than once; n may be 0. */
void ticks_count(PqTransaction *t, const TickCount *counts, size_t n);

typedef struct TickVote {
        uint32_t website, validator;
        uint64_t order;
        usec_t started, arrived;
        uint32_t latency_us;
        uint8_t kind, outcome, error_class;
        bool panel; /* for a regional panel: those are apart */
} TickVote;

typedef void (*TickVotes)(int r, const TickVote *rows, size_t n, void *userdata);

/* The newest voting tick of each current order's (website, validator), as far as it may be fresh;
 * in their order. */
int tick_votes_load(Store *s, TickVotes callback, void *userdata, StoreCall **ret);

typedef struct TickIdentity {
        uint64_t order;
        uint32_t number;
        bool scheduled;
} TickIdentity;

typedef void (*TickIdentities)(int r, const TickIdentity *rows, size_t n, void *userdata);

typedef struct TickRange {
        uint32_t validator;
        const uint64_t *orders; /* n of them */
        size_t n;
        usec_t from, to; /* by start */
} TickRange;

/* Which ticks of these orders are stored already. */
int tick_identities_load(Store *s, const TickRange *range, TickIdentities callback, void *userdata,
                         StoreCall **ret);

/* Of all orders those that started later. */
int tick_identities_load_since(Store *s, usec_t since, TickIdentities callback, void *userdata,
                               StoreCall **ret);

extern const PqStatement *const ticks_statements[];
