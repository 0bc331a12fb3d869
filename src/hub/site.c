/* The machine of one website: events come in here, in this order they take effect: the open round
 * ends or waits, the verdict follows, the next round starts, seats and epochs move. */
#include "hub/site-internal.h"

#define ROUND_PATIENCE (2 * USEC_PER_SEC)
#define RESTART_GRACE  (30 * USEC_PER_SEC) /* to return in; the first check lasts a timeout more */
#define SLOW_CHECK     USEC_PER_SEC        /* a check this long is hinted at by its validator */

static const char *const reason_names[_PROBE_MAX] = {
        [PROBE_CONFIRM] = "confirm",
        [PROBE_REFRESH] = "refresh",
        [PROBE_JOIN] = "join",
};

const char *probe_reason_name(ProbeReason r) {
        return reason_names[r];
}

/* Spares for the seats that have said nothing in this round. 0: there are none. */
static int ask_spares(Site *s, usec_t now) {
        RoundPlan plan = { .deadline = site_deadline(s, now) };
        uint64_t heard = round_heard(s->round);

        for (uint8_t i = 0; i < seat_table_n(s->seats); i++) {
                uint32_t spare = 0;

                if (!(heard & SEAT_BIT(i)))
                        spare = seat_table_successor(s->seats, &s->committee, i);
                if (spare == 0)
                        continue;
                site_seat_spare(s, i, spare, now);
                site_ask(s, (SiteProbe){ i, SEAT_SPARE, spare, PROBE_CONFIRM, plan.deadline });
                plan.asked |= SEAT_BIT(i);
                plan.probes++;
        }
        if (plan.probes > 0)
                round_extend(s->round, &plan, now);
        return plan.probes;
}

/* Does the verdict of now hold whatever the seats still silent will say? */
static bool is_settled(const Site *s, uint64_t silent, usec_t now) {
        RoundView view = site_view_round(s, now);
        uint8_t n = seat_table_n(s->seats), open = __builtin_popcountll(silent);
        Tally worst = { .n = n,
                        .up = __builtin_popcountll(view.up & ~silent),
                        .down = __builtin_popcountll(view.down & ~silent) };

        if (n == 1)
                return silent == 0;
        if (verdict_judge(worst) == VERDICT_DOWN)
                return true;
        worst.down += open;
        return verdict_judge(worst) == VERDICT_UP;
}

static void close_round(Site *s, usec_t now) {
        RoundView view;
        uint64_t refuted;

        site_judge(s, JUDGE_ROUND, now);
        view = site_view_round(s, now);
        refuted = round_end(s->round, &view);
        for (uint8_t i = 0; i < seat_table_n(s->seats); i++)
                if (refuted & SEAT_BIT(i))
                        vote_table_discredit(s->votes, i);
        site_release_spares(s);
}

static void settle_round(Site *s, usec_t now) {
        uint64_t silent;

        if (!round_is_open(s->round))
                return;
        silent = round_silent(s->round);
        if (silent != 0 && is_settled(s, silent, now))
                round_hasten(s->round, now + ROUND_PATIENCE);
        if (silent != 0 && now < round_deadline(s->round))
                return;
        if (!is_settled(s, silent, now) && !round_was_extended(s->round) && ask_spares(s, now) > 0)
                return;
        close_round(s, now);
}

/* New holders that have just been probed: their answers will count as answers of this round. */
static uint64_t probed_already(const Site *s, usec_t now) {
        uint64_t joining = site_joining(s, now);

        for (uint8_t i = 0; i < seat_table_n(s->seats); i++)
                if (now > seat_table_at(s->seats, i)->joined + ROUND_CLOCK_ERROR)
                        joining &= ~SEAT_BIT(i);
        return joining;
}

/* Whom a round started by this seat asks: all the others; a single seat is asked itself. Who has
 * been probed already is only waited for, and so is, after a restart, who has not returned yet. */
static RoundPlan plan_round(const Site *s, int trigger, usec_t now) {
        uint64_t present = now < s->timers.grace ? seat_table_held(s->seats)
                                                 : seat_table_present(s->seats);
        RoundPlan plan = { .deadline = site_deadline(s, now) };

        plan.asked = s->epoch.n == 1 ? present : present & ~SEAT_BIT(trigger);
        plan.probes = __builtin_popcountll(plan.asked & ~probed_already(s, now));
        return plan;
}

static void ask_member(const Site *s, uint8_t seat, usec_t deadline) {
        const Seat *x = seat_table_at(s->seats, seat);

        if (x->away_since == 0)
                site_ask(s,
                         (SiteProbe){ seat, SEAT_MEMBER, x->validator, PROBE_CONFIRM, deadline });
}

static void begin_round(Site *s, usec_t now) {
        RoundView view = site_view_round(s, now);
        uint64_t probed = probed_already(s, now);
        RoundPlan plan;
        int trigger;

        s->timers.round = USEC_INFINITY;
        round_review(s->round, &view);
        trigger = round_trigger(s->round);
        if (trigger < 0)
                return;
        plan = plan_round(s, trigger, now);
        if (s->epoch.n == 1 && plan.asked == 0)
                return;
        s->timers.round = round_allowed(s->round, plan.probes, now);
        if (s->timers.round > now)
                return;
        round_start(s->round, &plan, &view, now);
        for (uint8_t i = 0; i < s->epoch.n; i++)
                if (plan.asked & ~probed & SEAT_BIT(i))
                        ask_member(s, i, plan.deadline);
}

static usec_t refresh_due(const Site *s, uint8_t seat) {
        const Seat *x = seat_table_at(s->seats, seat);
        const Vote *last = vote_table_last(s->votes, seat);

        if (x->validator == 0 || x->away_since != 0 || !last || x->refreshed == last->started)
                return USEC_INFINITY;
        return site_deadline(s, last->started + s->conf.interval);
}

static void refresh(Site *s, usec_t now) {
        for (uint8_t i = 0; i < seat_table_n(s->seats); i++) {
                Seat *x = seat_table_at(s->seats, i);

                if (now < refresh_due(s, i))
                        continue;
                x->refreshed = vote_table_last(s->votes, i)->started;
                site_ask(s, (SiteProbe){ i, SEAT_MEMBER, x->validator, PROBE_REFRESH,
                                         site_deadline(s, now) });
        }
}

/* What votes put off: the end of one that is fresh, or a seat that has to be asked for the next. */
static usec_t find_next_of_votes(const Site *s, usec_t now) {
        usec_t next = vote_table_next(s->votes, seat_table_n(s->seats), now);

        for (uint8_t i = 0; i < seat_table_n(s->seats); i++)
                next = MIN(next, refresh_due(s, i));
        return next;
}

static usec_t find_rest(const Site *s, usec_t now) {
        const SiteTimers *t = &s->timers;
        usec_t next = MIN(site_window_edge(s, now), site_track_next(s, now));

        if (t->grace > now)
                next = MIN(next, t->grace);
        if (site_joining(s, now) != 0)
                next = MIN(next, t->joins);
        if (s->panels)
                next = MIN(next, site_panels_next(s, now));
        if (round_is_open(s->round))
                return MIN(next, round_deadline(s->round));
        next = MIN(next, MIN(t->epoch, t->fill));
        return MIN(next, MIN(t->grow, t->round));
}

static bool has_joiner(const Site *s) {
        for (uint8_t i = 0; i < seat_table_n(s->seats); i++)
                if (seat_table_at(s->seats, i)->joined != 0)
                        return true;
        return false;
}

/* Most sites, most of the time: the seats say what the verdict says, and nothing is under way. */
static VoteOutcome find_settled(const Site *s) {
        if (s->conf.slow > 0 || !round_rests(s->round) || !incident_rests(&s->track.incident) ||
            s->newcomers || has_joiner(s))
                return VOTE_MISSING;
        if (s->standing.state == VERDICT_UP)
                return VOTE_UP;
        return s->standing.state == VERDICT_DOWN ? VOTE_DOWN : VOTE_MISSING;
}

static void step(Site *s, JudgeMoment moment, usec_t now) {
        if (!s->started)
                return;
        site_enter_window(s, now);
        if (s->conf.push) {
                site_judge(s, moment, now);
                site_leave_window(s, now);
                site_track_certificate(s, now);
                s->timers.next = site_call_due(s) > now ? site_call_due(s) : USEC_INFINITY;
                s->timers.next = MIN(s->timers.next, site_window_edge(s, now));
                s->timers.next = MIN(s->timers.next, site_track_next(s, now));
                return;
        }
        settle_round(s, now);
        site_judge(s, moment, now);
        begin_round(s, now);
        settle_round(s, now);
        site_staff(s, now);
        site_panels(s, now);
        site_judge(s, JUDGE_TIME, now);
        site_leave_window(s, now);
        site_track_certificate(s, now);
        refresh(s, now);
        s->timers.rest = find_rest(s, now);
        s->timers.next = MIN(s->timers.rest, find_next_of_votes(s, now));
        s->settled = find_settled(s);
}

/* Votes that changed nothing moved the next moment a little further: is it only that? Everything
 * else is as it was when all was looked at, and is not looked at again: that would be memory far
 * away, of each website every few seconds. */
static bool is_put_off(Site *s, usec_t now) {
        usec_t next;

        if (s->settled == VOTE_MISSING || s->timers.next == 0)
                return false;
        next = MIN(s->timers.rest, find_next_of_votes(s, s->timers.next - 1));
        if (next <= now)
                return false;
        s->timers.next = next;
        return true;
}

void site_start(Site *s, usec_t now) {
        s->started = true;
        s->deaf.from = s->heartbeat;
        s->deaf.until = now;
        if (s->conf.push)
                site_dismiss(s);
        if (s->reissue)
                site_drop_certificate(s, now);
        if (s->heartbeat == 0)
                s->standing.since = s->standing.first_evidence = s->standing.evidence = now;
        else
                s->timers.grace = now + MIN(RESTART_GRACE + s->conf.timeout, site_freshness(s));
        if (s->heartbeat != 0 && now >= s->heartbeat + site_freshness(s))
                site_tell_away(s, s->heartbeat, now);
        s->newcomers = true;
        s->timers.fill = now;
        step(s, JUDGE_TIME, now);
}

void site_tick(Site *s, usec_t now) {
        if (!is_put_off(s, now))
                step(s, JUDGE_TIME, now);
}

static void set_presence(Site *s, uint8_t seat, bool present, usec_t now) {
        Seat *x = seat_table_at(s->seats, seat);

        if (present && x->away_since != 0) {
                x->away_since = 0;
                x->refreshed = 0;
                if (round_silent(s->round) & SEAT_BIT(seat))
                        ask_member(s, seat, round_deadline(s->round));
                else if (!vote_table_last(s->votes, seat))
                        site_ask(s, (SiteProbe){ seat, SEAT_MEMBER, x->validator, PROBE_JOIN,
                                                 site_deadline(s, now) });
        } else if (!present && x->away_since == 0) {
                x->away_since = now;
        }
}

void site_roster_changed(Site *s, usec_t now) {
        for (uint8_t i = 0; i < seat_table_n(s->seats); i++) {
                uint32_t validator = seat_table_at(s->seats, i)->validator;
                const Candidate *c = roster_find(s->roster, validator);

                if (c)
                        set_presence(s, i, c->connected_since != 0, now);
                else if (validator != 0)
                        site_release(s, i);
        }
        site_review_all(s, now);
        site_panels_roster(s);
        s->newcomers = true;
        s->timers.fill = now;
        step(s, JUDGE_TIME, now);
}

static int presence_changed(Site *s, uint32_t validator, bool present, usec_t now) {
        int seat = seat_table_find(s->seats, validator);

        if (seat < 0 && !site_has_room(s, now))
                return 0;
        if (seat >= 0 && seat_table_at(s->seats, seat)->validator == validator) {
                site_review(s);
                set_presence(s, seat, present, now);
        }
        s->newcomers = true;
        s->timers.fill = now;
        step(s, JUDGE_TIME, now);
        return 1;
}

int site_others_changed(Site *s, usec_t now) {
        if (!site_has_room(s, now))
                return 0;
        s->newcomers = true;
        s->timers.fill = now;
        s->timers.rest = s->timers.next = now;
        return 1;
}

int site_connected(Site *s, uint32_t validator, usec_t now) {
        return presence_changed(s, validator, true, now);
}

int site_disconnected(Site *s, uint32_t validator, usec_t now) {
        return presence_changed(s, validator, false, now);
}

/* A check that hung from before the change of which the verdict tells: no news, and no evidence. */
static bool is_overtaken(const Site *s, const Vote *vote) {
        bool contradicts = (s->standing.state == VERDICT_UP && vote->outcome == VOTE_DOWN) ||
                           (s->standing.state == VERDICT_DOWN && vote->outcome == VOTE_UP);

        return contradicts && vote->started < s->standing.first_evidence;
}

static void fetch_seat(const Site *s, uint8_t seat) {
        seat_table_fetch(s->seats, seat);
        vote_table_fetch(s->votes, seat);
}

void site_fetch(const Site *s, unsigned step, uint8_t seat) {
        if (step == 0 && seat == SITE_EVERY_SEAT)
                __builtin_prefetch(&s->window);
        if (step == 0)
                fetch_lines(s, SITE_HOT);
        else if (seat != SITE_EVERY_SEAT)
                fetch_seat(s, seat);
        else
                for (uint8_t i = 0; i < s->conf.seats; i++)
                        fetch_seat(s, i);
}

/* The seat said so before, the verdict says so, and the time has come for nothing. */
static bool is_repetition(const Site *s, VoteOutcome before, VoteOutcome outcome, usec_t now) {
        return outcome == s->settled && before == outcome && now < s->timers.next;
}

static int vote_on_panel(Site *s, SiteVoter voter, const Vote *vote, usec_t now) {
        int r = site_panels_vote(s, voter.validator, vote);

        if (r > 0)
                step(s, JUDGE_TIME, now);
        return r;
}

/* Of the seat's vote that this one replaces, what is asked for later. */
static bool replace_vote(Site *s, uint8_t seat, const Vote *vote, bool *ret_same_end) {
        const Vote *last = vote_table_last(s->votes, seat);
        usec_t down = last && last->outcome == VOTE_DOWN ? last->started : 0;

        *ret_same_end = vote->expiry_days == (last ? last->expiry_days : 0);
        if (vote_table_put(s->votes, seat, vote) == 0)
                return false;
        if (down > 0 && vote->outcome != VOTE_DOWN)
                s->track.last_down = MAX(s->track.last_down, down);
        return true;
}

int site_vote(Site *s, SiteVoter voter, const Vote *vote, usec_t now) {
        VoteOutcome before;
        bool same_end;
        RoundView view;
        int seat;
        Seat *x;

        if (voter.panel)
                return vote_on_panel(s, voter, vote, now);
        seat = seat_table_find_near(s->seats, voter.validator, voter.seat);
        if (seat < 0 || vote->outcome == VOTE_MISSING || is_overtaken(s, vote))
                return 0;
        before = vote_table_outcome(s->votes, seat, now);
        if (!replace_vote(s, (uint8_t)seat, vote, &same_end))
                return 0;
        x = seat_table_at(s->seats, seat);
        x->voter = voter.validator;
        if (same_end && is_repetition(s, before, vote->outcome, now)) {
                s->timers.next = MIN(s->timers.next, refresh_due(s, seat));
                return 1;
        }
        if (x->validator == voter.validator && x->joined != 0) {
                x->joined = 0;
                s->timers.fill = now;
        }
        view = site_view_round(s, now);
        round_hear(s->round, seat, vote, before, &view);
        step(s, JUDGE_VOTE, now);
        return 1;
}

void site_suspect(Site *s, uint32_t validator, usec_t now) {
        int seat = seat_table_find(s->seats, validator);
        RoundView view = site_view_round(s, now);
        const Vote *last;

        if (seat < 0 || seat_table_at(s->seats, seat)->validator != validator)
                return;
        last = vote_table_last(s->votes, seat);
        if (last && last->latency >= SLOW_CHECK)
                return; /* it is always slow: no news */
        round_suspect(s->round, seat, &view);
        step(s, JUDGE_TIME, now);
}

void site_heartbeat(Site *s, const SiteCall *call, usec_t now) {
        if (!s->conf.push || call->number <= s->call.number)
                return;
        s->call = *call;
        step(s, JUDGE_VOTE, now);
}

void site_maintain(Site *s, SiteWindow window, usec_t now) {
        if (window.from == s->window.from && window.until == s->window.until)
                return;
        s->window = window;
        step(s, JUDGE_TIME, now);
}

SiteWindow site_window(const Site *s) {
        return s->window;
}

usec_t site_next(const Site *s) {
        return s->timers.next;
}

VerdictState site_state(const Site *s) {
        return site_told(s);
}

Assurance site_assurance(const Site *s) {
        return s->standing.assurance;
}
