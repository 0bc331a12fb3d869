/* Votes to state: f = (n-1)/3 tolerated faults, q = (n+f)/2 + 1 votes decide. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

typedef enum VerdictState {
        VERDICT_UNKNOWN,
        VERDICT_UP,
        VERDICT_DOWN,
        VERDICT_PARTIAL,
        VERDICT_DEGRADED,    /* UP, and slow in the middle of the votes */
        VERDICT_PAUSED,      /* set by people, never by votes */
        VERDICT_MAINTENANCE, /* likewise */
        _VERDICT_MAX,
} VerdictState;

typedef enum VerdictCause {
        CAUSE_QUORUM,   /* q seats agree */
        CAUSE_SPLIT,    /* more than f say down, fewer than q */
        CAUSE_SILENCE,  /* too few votes */
        CAUSE_HUB_AWAY, /* nobody was judging */
        CAUSE_SLOW,     /* of UP, slower than its threshold */
        CAUSE_REGION,   /* it is down in a region */
        /* of websites that call themselves */
        CAUSE_CALL,        /* it called */
        CAUSE_NO_CALL,     /* it did not call in time */
        CAUSE_FAILED_CALL, /* it called to say that it failed */
        CAUSE_MAINTENANCE, /* people work at it, whatever the votes say */
        _CAUSE_MAX,
} VerdictCause;

typedef struct Tally {
        uint8_t n, up, down; /* the rest is missing */
} Tally;

const char *verdict_state_name(VerdictState s);         /* "UP" */
VerdictState verdict_state_from_name(const char *name); /* unknown names are UNKNOWN */
const char *verdict_cause_name(VerdictCause c);         /* "quorum" */
VerdictCause verdict_cause_from_name(const char *name); /* unknown names are silence */

uint8_t verdict_faults(uint8_t n);
uint8_t verdict_quorum(uint8_t n);
/* Of n, what those say that looked over each family of addresses: v4.n of them over IPv4, v6.n
 * over IPv6. 4 or 6: all that say down, more than may be faulty, looked over this one, where they
 * are right by the same rule, and others over the other one do not find it down. 0: not so. */
uint8_t verdict_family(uint8_t n, Tally v4, Tally v6);
/* UP, DOWN, PARTIAL or UNKNOWN; n = 0 is UNKNOWN. */
VerdictState verdict_judge(Tally tally);
VerdictCause verdict_cause(VerdictState judged);
/* The rule of change: DOWN and UP come at once, PARTIAL and UNKNOWN only when nothing is held (no
 * round open, no trigger waiting). With one seat, DOWN and the way back from it need `confirmed`:
 * the seat was probed once more and said the same. */
VerdictState verdict_decide(VerdictState current, Tally tally, bool held, bool confirmed);
