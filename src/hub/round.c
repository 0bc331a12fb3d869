/* Limits and memory of confirmation rounds.
 *
 * The bucket is kept in time: a probe costs T/n of credit and time is the refill, so n probes are
 * earned per T. A seat whose word a round refuted is "outvoted": it starts no other round until
 * another seat changes its mind, so a constant liar costs one round and then nothing. Liars that
 * change their minds wake each other: who was refuted since it was last right is "doubtful", and
 * its rounds leave two in the bucket, so that who sees an outage, and then its end, finds one. */
#include <errno.h>

#include "hub/round.h"
#include "hub/verdict.h"

struct Round {
        usec_t slice;   /* T/n: price of a probe, least distance of rounds */
        usec_t burst;   /* most credit there can be */
        usec_t full_at; /* when the credit reaches the burst: the whole bucket in one number */
        usec_t last_start;
        uint8_t quorum;      /* so many answers refute another */
        bool single;         /* n = 1 */
        bool stands;         /* there is a verdict that others could want to differ from */
        uint64_t waiting;    /* votes that want a round */
        uint64_t suspecting; /* hints that want one */
        uint64_t outvoted;   /* may not trigger by votes */
        uint64_t unfounded;  /* may not trigger by hints */
        uint64_t doubtful;   /* trigger after all others, and not with the last two rounds */
        uint64_t agreed[2];  /* of both: said what the verdict says since then; twice in a row */
        bool open, extended;
        bool doubted; /* the round before left doubt */
        bool by_hint; /* the open round follows a hint, not a vote */
        usec_t opened, deadline;
        VoteOutcome doubted_verdict; /* when it was opened */
        uint64_t trigger, asked, answered;
        uint64_t said_up, said_down; /* by trigger and answers */
};

int round_new(Round **ret) {
        Round *r = calloc(1, sizeof(*r));

        if (!r)
                return -ENOMEM;
        *ret = r;
        return 0;
}

Round *round_free(Round *r) {
        free(r);
        return NULL;
}

void round_configure(Round *r, uint8_t n, usec_t interval) {
        if (r->slice != interval / MAX(n, 1))
                r->full_at = r->last_start = 0; /* what was spent was spent at another price */
        r->quorum = verdict_quorum(n);
        r->single = n <= 1;
        r->slice = interval / MAX(n, 1);
        r->burst = 3 * MAX(n - 1, 1) * r->slice;
}

static void forget_mask(Round *r, uint64_t keep) {
        r->waiting &= keep;
        r->suspecting &= keep;
        r->outvoted &= keep;
        r->unfounded &= keep;
        r->doubtful &= keep;
        r->agreed[0] &= keep;
        r->agreed[1] &= keep;
        r->trigger &= keep;
        r->asked &= keep;
        r->answered &= keep;
        r->said_up &= keep;
        r->said_down &= keep;
}

void round_forget(Round *r, uint8_t seat) {
        forget_mask(r, ~SEAT_BIT(seat));
}

static void move_bit(uint64_t *mask, uint8_t from, uint8_t to) {
        bool set = *mask & SEAT_BIT(from);

        *mask &= ~(SEAT_BIT(from) | SEAT_BIT(to));
        if (set)
                *mask |= SEAT_BIT(to);
}

void round_move(Round *r, uint8_t from, uint8_t to) {
        move_bit(&r->waiting, from, to);
        move_bit(&r->suspecting, from, to);
        move_bit(&r->outvoted, from, to);
        move_bit(&r->unfounded, from, to);
        move_bit(&r->doubtful, from, to);
        move_bit(&r->agreed[0], from, to);
        move_bit(&r->agreed[1], from, to);
        round_forget(r, from);
}

static bool is_answer(const Round *r, uint64_t bit, const Vote *vote) {
        if (!r->open || !(r->asked & ~r->answered & bit) || vote->kind == VOTE_SCHEDULED)
                return false;
        return vote->started + ROUND_CLOCK_ERROR >=
               r->opened; /* else it answers an earlier round */
}

/* A scheduled check begun while the round is open is newer than the answer to come, which will not
 * count: nobody waits for that. But it may be newer than a change the other answers have not seen,
 * so it can still start the next round. */
static bool forestalls(const Round *r, uint64_t bit, const Vote *vote) {
        return r->open && (r->asked & bit) && vote->kind == VOTE_SCHEDULED &&
               vote->started >= r->opened;
}

static void note_said(Round *r, uint64_t bit, VoteOutcome outcome) {
        r->said_up &= ~bit;
        r->said_down &= ~bit;
        if (outcome == VOTE_UP)
                r->said_up |= bit;
        if (outcome == VOTE_DOWN)
                r->said_down |= bit;
}

static bool decides(VoteOutcome o) {
        return o == VOTE_UP || o == VOTE_DOWN;
}

/* With one seat every word against the verdict is checked again; what is no verdict yet is left by
 * UP without, by DOWN with another look. */
static bool wants_round(const Round *r, VoteOutcome now, VoteOutcome before, VoteOutcome verdict) {
        if (!decides(now))
                return false;
        if (decides(verdict))
                return now != verdict;
        return r->single ? now == VOTE_DOWN : now != before;
}

/* Without a verdict a vote that changed waits on when it is repeated. */
static bool may_still_wait(const Round *r, VoteOutcome now, VoteOutcome verdict) {
        return !r->single && !decides(verdict) && decides(now);
}

static void forgive(Round *r, uint64_t bit) {
        r->outvoted &= ~bit;
        r->unfounded &= ~bit;
        r->agreed[0] &= ~bit;
        r->agreed[1] &= ~bit;
}

/* Who was wrong once, and then says what the verdict says for two checks of its own more, is
 * believed again. That often somebody may lie, and the budget bears it; while one that was cut off,
 * or looked when the website was changing, is not unheard for as long as nothing changes. */
static void note_agreement(Round *r, uint64_t bit, const Vote *vote, VoteOutcome verdict) {
        uint64_t twice = r->agreed[0] & bit, thrice = r->agreed[1] & bit;

        if (vote->outcome != verdict) {
                r->agreed[0] &= ~bit;
                r->agreed[1] &= ~bit;
                return;
        }
        r->agreed[0] |= bit;
        if (vote->kind != VOTE_SCHEDULED)
                return;
        r->agreed[1] |= twice;
        if (thrice)
                forgive(r, bit);
}

static void note_verdict(Round *r, const RoundView *view) {
        r->stands = decides(view->verdict) && !r->single;
}

void round_hear(Round *r, uint8_t seat, const Vote *vote, VoteOutcome before,
                const RoundView *view) {
        uint64_t bit = SEAT_BIT(seat);

        note_verdict(r, view);
        if (decides(before) && decides(vote->outcome) && before != vote->outcome) {
                r->outvoted &= bit;
                r->unfounded &= bit;
        }
        if ((r->outvoted | r->unfounded) & bit)
                note_agreement(r, bit, vote, view->verdict);
        r->suspecting &= ~bit;
        if (forestalls(r, bit, vote))
                r->answered |= bit;
        if (is_answer(r, bit, vote)) {
                r->waiting &= ~bit;
                r->answered |= bit;
                note_said(r, bit, vote->outcome);
        } else if (wants_round(r, vote->outcome, before, view->verdict)) {
                r->waiting |= bit;
        } else if (!may_still_wait(r, vote->outcome, view->verdict)) {
                r->waiting &= ~bit;
        }
        if (r->open && (r->trigger & bit) && !((r->said_up | r->said_down) & bit))
                note_said(r, bit, vote->outcome); /* the check that hung has come to its end */
}

void round_suspect(Round *r, uint8_t seat, const RoundView *view) {
        uint64_t bit = SEAT_BIT(seat);

        note_verdict(r, view);
        if (view->verdict == VOTE_UP && !r->single && !((r->outvoted | r->unfounded) & bit))
                r->suspecting |= bit;
}

void round_review(Round *r, const RoundView *view) {
        note_verdict(r, view);
        if (view->verdict == VOTE_UP)
                r->waiting &= view->down;
        else if (view->verdict == VOTE_DOWN)
                r->waiting &= view->up;
        else
                r->waiting &= view->up | view->down;
        if (view->verdict != VOTE_UP)
                r->suspecting = 0;
}

bool round_waits(const Round *r) {
        return (r->waiting & ~r->outvoted) != 0;
}

bool round_rests(const Round *r) {
        return !r->open && !round_waits(r) && r->suspecting == 0 && r->agreed[0] == 0;
}

/* Votes before hints, and both before what the doubtful say. */
int round_trigger(const Round *r) {
        uint64_t votes = r->waiting & ~r->outvoted;
        const uint64_t wanting[] = { votes & ~r->doubtful, r->suspecting & ~r->doubtful, votes,
                                     r->suspecting };

        for (size_t i = 0; !r->open && i < ELEMENTSOF(wanting); i++)
                if (wanting[i] != 0)
                        return __builtin_ctzll(wanting[i]);
        return -ENOENT;
}

static usec_t price_kept(const Round *r) {
        int seat = round_trigger(r);

        return seat >= 0 && r->stands && (r->doubtful & SEAT_BIT(seat)) ? r->burst / 3 * 2 : 0;
}

usec_t round_allowed(const Round *r, uint8_t probes, usec_t now) {
        usec_t at = r->last_start == 0 ? now : MAX(now, r->last_start + r->slice);
        usec_t price = MIN(probes * r->slice + price_kept(r), r->burst);

        /* Credit at time t is burst - (full_at - t). */
        return MAX(at, r->full_at + price > r->burst ? r->full_at + price - r->burst : 0);
}

static void pay(Round *r, uint8_t probes, usec_t now) {
        r->full_at = MAX(r->full_at, now) + probes * r->slice;
}

void round_start(Round *r, const RoundPlan *plan, const RoundView *view, usec_t now) {
        int seat = round_trigger(r);

        if (seat < 0)
                return;
        r->by_hint = !(r->waiting & SEAT_BIT(seat));
        r->open = true;
        r->extended = false;
        r->opened = r->last_start = now;
        r->deadline = plan->deadline;
        r->doubted_verdict = view->verdict;
        r->trigger = SEAT_BIT(seat);
        r->asked = plan->asked;
        r->answered = 0;
        r->said_up = r->by_hint ? 0 : view->up & r->trigger;
        r->said_down = r->by_hint ? 0 : view->down & r->trigger;
        r->waiting &= ~r->trigger;
        r->suspecting &= ~r->trigger;
        pay(r, plan->probes, now);
}

void round_extend(Round *r, const RoundPlan *plan, usec_t now) {
        r->extended = true;
        r->asked |= plan->asked;
        r->answered &= ~plan->asked;
        r->deadline = plan->deadline;
        pay(r, plan->probes, now);
}

bool round_is_open(const Round *r) {
        return r->open;
}

bool round_was_extended(const Round *r) {
        return r->extended;
}

usec_t round_deadline(const Round *r) {
        return r->open ? r->deadline : USEC_INFINITY;
}

uint64_t round_silent(const Round *r) {
        return r->open ? r->asked & ~r->answered : 0;
}

uint64_t round_heard(const Round *r) {
        return r->open ? r->trigger | r->answered : 0;
}

bool round_confirms(const Round *r) {
        return r->single && r->open && (r->answered & SEAT_BIT(0));
}

void round_hasten(Round *r, usec_t at) {
        r->deadline = MIN(r->deadline, at);
}

/* Who changed its mind after it was heard starts the next round; so does who was not heard. */
static uint64_t still_waiting(const Round *r, const RoundView *view) {
        uint64_t changed = (r->said_up & view->down) | (r->said_down & view->up);
        uint64_t unheard = ~(r->said_up | r->said_down);

        if (view->verdict == VOTE_UP)
                return view->down & (changed | unheard);
        if (view->verdict == VOTE_DOWN)
                return view->up & (changed | unheard);
        return changed | (unheard & (view->up | view->down));
}

bool round_leaves_doubt(const Round *r, const RoundView *view) {
        return !r->doubted && (r->waiting & ~r->outvoted & still_waiting(r, view)) != 0;
}

/* Right is who began the round in which the verdict became what it had said; not who answered so,
 * as every second answer of one that changes its mind is right. */
static void note_doubtful(Round *r, uint64_t refuted, const RoundView *view) {
        r->doubtful |= refuted;
        if (!decides(view->verdict) || view->verdict == r->doubted_verdict)
                return;
        r->doubtful &= ~(r->trigger & (view->verdict == VOTE_UP ? r->said_up : r->said_down));
}

/* Who still says what a quorum of this round's answers denies. If they were silent, and the verdict
 * stands by what they said before, nobody is wrong by that. */
static uint64_t find_refuted(const Round *r, const RoundView *view) {
        uint64_t agreed = view->verdict == VOTE_UP ? r->said_up : r->said_down;

        if (!decides(view->verdict) || r->single || __builtin_popcountll(agreed) < r->quorum)
                return 0;
        return view->verdict == VOTE_UP ? r->said_down & view->down : r->said_up & view->up;
}

uint64_t round_end(Round *r, const RoundView *view) {
        uint64_t refuted = find_refuted(r, view), unfounded = 0;

        if (decides(view->verdict))
                r->outvoted &= ~(r->said_up | r->said_down);
        r->outvoted |= refuted;
        if (r->by_hint && view->verdict == VOTE_UP)
                unfounded = r->trigger & ~r->said_down;
        r->unfounded |= unfounded;
        r->agreed[0] |= unfounded & view->up;
        note_doubtful(r, refuted | unfounded, view);
        r->doubted = round_leaves_doubt(r, view);
        r->waiting &= still_waiting(r, view);
        r->open = false;
        return refuted;
}
