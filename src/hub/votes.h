/* The freshest vote of each seat of one website. Pure: no clock, no I/O. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"
#include "base/time.h"

#define SEATS_MAX 64

/* The first three values are those of a tick's outcome on the wire; MISSING never travels. */
typedef enum VoteOutcome {
        VOTE_MISSING = 0,
        VOTE_UP = 1,
        VOTE_DOWN = 2,
        VOTE_ABSTAIN = 3,
} VoteOutcome;

/* As the high nibble of a tick's kind. */
typedef enum VoteKind {
        VOTE_SCHEDULED = 0,
        VOTE_CONFIRM = 1,
        VOTE_MANUAL = 2,
        VOTE_REFRESH = 3,
} VoteKind;

typedef struct Vote {
        VoteOutcome outcome;
        VoteKind kind;
        uint8_t error_class;  /* 0: none */
        uint8_t family;       /* of addresses it was looked at over: 4, 6; 0: not known */
        uint16_t expiry_days; /* the certificate's end, days since 1970; 0: not seen */
        uint32_t latency;     /* total of the phases, us */
        usec_t started;       /* hub time */
        usec_t arrived;
} Vote;

/* Time within which a result must arrive to vote: L = max(5 s, min(T/4, 60 s)). */
usec_t vote_lateness(usec_t interval);
/* Time a vote counts, from its start: F = T + 2 timeout + L. */
usec_t vote_freshness(usec_t interval, usec_t timeout);

typedef struct VoteTable VoteTable;

int vote_table_new(VoteTable **ret, uint8_t n_seats, usec_t freshness);
VoteTable *vote_table_free(VoteTable *t);
DEFINE_FREEP(VoteTable, vote_table_free);

/* Room for more seats; the table may move. -ENOMEM: as before. */
int vote_table_reserve(VoteTable **t, uint8_t n_seats);
/* Begins to fetch what a vote of this seat looks at, for when there are many. */
void vote_table_fetch(const VoteTable *t, uint8_t seat);
void vote_table_set_freshness(VoteTable *t, usec_t freshness);
/* 1: counted. 0: not newer than the seat's vote, ignored. */
int vote_table_put(VoteTable *t, uint8_t seat, const Vote *vote);
void vote_table_clear(VoteTable *t, uint8_t seat);
/* The member moved: its vote goes with it, `from` becomes missing. */
void vote_table_move(VoteTable *t, uint8_t from, uint8_t to);
/* The seat's last vote however old, NULL if it has none. Borrowed until the next change. */
const Vote *vote_table_last(const VoteTable *t, uint8_t seat);
/* As it counts now: MISSING when absent or stale. */
VoteOutcome vote_table_outcome(const VoteTable *t, uint8_t seat, usec_t now);
/* When the next vote of the first n seats becomes stale; USEC_INFINITY: none. Votes stale already
 * do not count. */
usec_t vote_table_next(const VoteTable *t, uint8_t n, usec_t now);

/* Since when the seat has said what it says now; 0: that claim was outvoted, or there is no vote.
 * */
usec_t vote_table_said_since(const VoteTable *t, uint8_t seat);
/* The seat's present claim was refuted by a round: it is no first evidence of anything later. */
void vote_table_discredit(VoteTable *t, uint8_t seat);
