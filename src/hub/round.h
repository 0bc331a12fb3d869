/* Confirmation rounds of one website: who makes one necessary, when the limits allow it, who was
 * asked and what they said. Seats are bits. Pure; it does not judge. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/macro.h"
#include "base/time.h"
#include "hub/votes.h"

#define SEAT_BIT(seat) (UINT64_C(1) << (seat))

/* A validator's idea of hub time is off by no more, ahead or behind. */
#define ROUND_CLOCK_ERROR (2 * USEC_PER_SEC)

/* What the seats say now, and what the verdict says. */
typedef struct RoundView {
        VoteOutcome verdict; /* UP or DOWN; MISSING: neither */
        uint64_t up, down;
} RoundView;

typedef struct Round Round;

int round_new(Round **ret);
Round *round_free(Round *r);
DEFINE_FREEP(Round, round_free);

/* Limits follow n and T: n probes refill per T, three rounds are the burst. Starts full. */
void round_configure(Round *r, uint8_t n, usec_t interval);
/* The seat has a new holder, or none. */
void round_forget(Round *r, uint8_t seat);
/* The holder of `from` moves to the seat `to`. */
void round_move(Round *r, uint8_t from, uint8_t to);

/* A counted vote; `before` is what the seat said until now. Answers to an open round trigger
 * nothing; other votes that differ from the verdict wait for a round. */
void round_hear(Round *r, uint8_t seat, const Vote *vote, VoteOutcome before,
                const RoundView *view);
/* The seat's check hangs. Ignored while the verdict is not UP, or if its last hint came to nothing.
 */
void round_suspect(Round *r, uint8_t seat, const RoundView *view);
/* Drops waiting triggers that no longer differ. */
void round_review(Round *r, const RoundView *view);

/* Some seat's vote waits for a round: PARTIAL and UNKNOWN wait with it. Hints do not count. */
bool round_waits(const Round *r);
/* None is open, and none is wanted, nor is anybody about to be believed again: what the seats said
 * will not change that by being said again. */
bool round_rests(const Round *r);
/* The seat whose vote (or hint) starts the next round; -ENOENT: none, or a round is open. */
int round_trigger(const Round *r);
/* When the limits allow that seat a round of that many probes. */
usec_t round_allowed(const Round *r, uint8_t probes, usec_t now);

typedef struct RoundPlan {
        uint64_t asked; /* answers are awaited from these */
        uint8_t probes; /* of which so many cost a new probe */
        usec_t deadline;
} RoundPlan;

/* Does nothing unless there is a trigger. */
void round_start(Round *r, const RoundPlan *plan, const RoundView *view, usec_t now);
/* Once per round: spares are asked in place of the silent. */
void round_extend(Round *r, const RoundPlan *plan, usec_t now);
bool round_is_open(const Round *r);
bool round_was_extended(const Round *r);
usec_t round_deadline(const Round *r); /* USEC_INFINITY: not open */
/* Asked and without an answer yet. */
uint64_t round_silent(const Round *r);
/* The trigger and those who answered. */
uint64_t round_heard(const Round *r);
/* The only seat was probed once more and has answered. */
bool round_confirms(const Round *r);
/* Somebody has changed its mind since it was heard, so another round follows: undecided is then too
 * early to say. Never true twice in a row, so that nobody can put it off for ever. */
bool round_leaves_doubt(const Round *r, const RoundView *view);
/* Waits no longer than until `at`: nothing outstanding can change the outcome. */
void round_hasten(Round *r, usec_t at);
/* Closes; view->verdict is what it came to. Returns the seats found outvoted. */
uint64_t round_end(Round *r, const RoundView *view);
