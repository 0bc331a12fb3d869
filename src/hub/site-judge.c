/* From the votes of one website to its verdict, told only when it changes. */
#include "hub/site-internal.h"

Tally site_tally(const Site *s, usec_t now) {
        Tally t = { .n = seat_table_n(s->seats) };

        for (uint8_t i = 0; i < t.n; i++) {
                VoteOutcome o = vote_table_outcome(s->votes, i, now);

                t.up += o == VOTE_UP;
                t.down += o == VOTE_DOWN;
        }
        return t;
}

static VoteOutcome class_of(VerdictState s) {
        if (s == VERDICT_UP)
                return VOTE_UP;
        return s == VERDICT_DOWN ? VOTE_DOWN : VOTE_MISSING;
}

RoundView site_view_round(const Site *s, usec_t now) {
        RoundView view = { .verdict = class_of(s->standing.state) };

        for (uint8_t i = 0; i < seat_table_n(s->seats); i++) {
                VoteOutcome o = vote_table_outcome(s->votes, i, now);

                if (o == VOTE_UP)
                        view.up |= SEAT_BIT(i);
                if (o == VOTE_DOWN)
                        view.down |= SEAT_BIT(i);
        }
        return view;
}

/* The earliest beginning of what the seats say now, refuted ones left out. A change is never
 * dated before the evidence of the verdict it replaces. */
static usec_t find_evidence(const Site *s, VerdictState state, usec_t now) {
        VoteOutcome wanted = state == VERDICT_UP ? VOTE_UP : VOTE_DOWN;
        usec_t first = now;

        if (state == VERDICT_UNKNOWN)
                return now;
        for (uint8_t i = 0; i < seat_table_n(s->seats); i++) {
                usec_t since = vote_table_said_since(s->votes, i);

                if (vote_table_outcome(s->votes, i, now) == wanted &&
                    since >= s->standing.first_evidence)
                        first = MIN(first, since);
        }
        return first;
}

/* Of several the lowest. It is asked for at every vote that is looked at: what nobody says costs
 * nothing. */
uint8_t site_commonest_error(const Site *s, usec_t now) {
        uint8_t classes[SEATS_MAX], n = 0, best = 0, most = 0;

        for (uint8_t i = 0; i < seat_table_n(s->seats); i++)
                if (vote_table_outcome(s->votes, i, now) == VOTE_DOWN)
                        classes[n++] = vote_table_last(s->votes, i)->error_class;
        for (uint8_t i = 0; i < n; i++) {
                uint8_t count = 0;

                for (uint8_t k = 0; k < n; k++)
                        count += classes[k] == classes[i];
                if (classes[i] == 0 || count < most || (count == most && classes[i] > best))
                        continue;
                best = classes[i];
                most = count;
        }
        return best;
}

/* A vote of which it is not known is of none, and says that it is not only one of them. */
static uint8_t down_over(const Site *s, usec_t now) {
        uint8_t n = seat_table_n(s->seats);
        Tally of[3] = { { 0 }, { 0 }, { 0 } };

        for (uint8_t i = 0; i < n; i++) {
                VoteOutcome o = vote_table_outcome(s->votes, i, now);
                uint8_t family = o == VOTE_MISSING ? 0 : vote_table_last(s->votes, i)->family;
                Tally *t = &of[family == 4 ? 1 : family == 6 ? 2 : 0];

                t->n += o != VOTE_MISSING;
                t->up += o == VOTE_UP;
                t->down += o == VOTE_DOWN;
        }
        return of[0].down > 0 ? 0 : verdict_family(n, of[1], of[2]);
}

size_t site_view(const Site *s, usec_t now, SiteSeatView *ret) {
        uint8_t n = seat_table_n(s->seats);

        for (uint8_t i = 0; i < n; i++) {
                const Vote *last = vote_table_last(s->votes, i);
                const Seat *seat = seat_table_at(s->seats, i);

                ret[i] = (SiteSeatView){
                        .seat = i,
                        .validator = seat->validator,
                        .away_since = seat->validator != 0 ? seat->away_since : 0,
                        .outcome = vote_table_outcome(s->votes, i, now),
                        .vote = last ? *last : (Vote){ 0 },
                };
        }
        return n;
}

/* As it is judged, whoever works at it. */
static VerdictState seen(const Site *s) {
        if (s->standing.regional)
                return VERDICT_PARTIAL;
        return s->standing.slow ? VERDICT_DEGRADED : s->standing.state;
}

VerdictState site_told(const Site *s) {
        return s->maintained ? VERDICT_MAINTENANCE : seen(s);
}

void site_tell(Site *s, VerdictState previous, const Telling *t, usec_t now) {
        SiteRegion regions[SITE_PANELS_MAX];
        SiteSeatView seats[SEATS_MAX];
        uint8_t n = site_view(s, now, seats);
        SiteVerdict v = {
                .state = site_told(s),
                .previous = previous,
                .assurance = s->standing.assurance,
                .cause = s->maintained ? CAUSE_MAINTENANCE : s->standing.cause,
                .n = n,
                .f = verdict_faults(n),
                .q = verdict_quorum(n),
                .error_class = site_commonest_error(s, now),
                .family = down_over(s, now),
                .since = t->since,
                .first_evidence = t->evidence,
                .flap_score = site_flap_score(s, t->since),
                .flapping_until = site_flapping_until(s),
                .seats = seats,
                .regions = regions,
                .n_regions = site_panels_tell(s, regions),
        };

        if (s->effects->verdict_changed)
                s->effects->verdict_changed(&v, s->userdata);
}

/* Nobody is told of what is seen during maintenance before it is over. */
static void tell_verdict(Site *s, VerdictState previous, usec_t now) {
        if (!s->maintained)
                site_tell(s, previous, &(const Telling){ s->standing.since, s->standing.evidence },
                          now);
}

bool site_is_held(const Site *s, JudgeMoment moment, usec_t now) {
        if (now < s->timers.grace || site_joining(s, now) != 0)
                return true;
        if (moment == JUDGE_ROUND) {
                RoundView view = site_view_round(s, now);

                view.verdict = VOTE_MISSING;
                return round_leaves_doubt(s->round, &view);
        }
        return round_is_open(s->round) || round_waits(s->round);
}

/* What the votes come to. */
typedef struct Judged {
        VerdictState state;
        bool slow, regional;
} Judged;

/* A new state is dated by its evidence; that it is slow now, or no longer, or whole again, is seen
 * only now, and does not make what was seen before it old. */
static void date(Site *s, const Judged *j, usec_t now) {
        const Standing *before = &s->standing;

        s->standing.evidence = now;
        if (j->slow == before->slow && j->regional == before->regional)
                s->standing.evidence = before->first_evidence;
        if (j->state != before->state)
                s->standing.evidence = s->standing.first_evidence = find_evidence(s, j->state, now);
        if (j->regional)
                s->standing.evidence = site_panels_evidence(s, now);
}

static void adopt(Site *s, const Judged *j, usec_t now) {
        VerdictState previous = site_told(s);

        date(s, j, now);
        s->standing.state = j->state;
        s->standing.slow = j->slow;
        s->standing.regional = j->regional;
        s->standing.cause = j->slow ? CAUSE_SLOW : verdict_cause(j->state);
        if (j->regional)
                s->standing.cause = CAUSE_REGION;
        s->standing.assurance = s->committee.assurance;
        s->standing.since = now;
        site_note_change(s, now);
        tell_verdict(s, previous, now);
}

/* The middle of those that say up; of an even number the faster of the two. 0: nobody does. */
static usec_t median_latency(const Site *s, usec_t now) {
        uint32_t sorted[SEATS_MAX];
        size_t n = 0;

        for (uint8_t i = 0; i < seat_table_n(s->seats); i++) {
                size_t at = n;

                if (vote_table_outcome(s->votes, i, now) != VOTE_UP)
                        continue;
                for (; at > 0 && sorted[at - 1] > vote_table_last(s->votes, i)->latency; at--)
                        sorted[at] = sorted[at - 1];
                sorted[at] = vote_table_last(s->votes, i)->latency;
                n++;
        }
        return n > 0 ? sorted[(n - 1) / 2] : 0;
}

/* Who is slow has to be a tenth faster than its threshold to be no longer. While something is under
 * way, it is perhaps going down, and who has not said so yet may be the slower ones. */
static bool is_slow(const Site *s, VerdictState state, bool held, usec_t now) {
        usec_t threshold = s->standing.slow ? s->conf.slow - s->conf.slow / 10 : s->conf.slow;
        usec_t latency;

        if (s->conf.slow == 0 || state != VERDICT_UP)
                return false;
        if (held && s->standing.state == VERDICT_UP)
                return s->standing.slow;
        latency = median_latency(s, now);
        return latency == 0 ? s->standing.slow : latency > threshold;
}

/* Websites that call themselves ------------------------------------------------------------------
 */

/* One that should have come where it may have been lost is not missing: the next one is. */
static usec_t next_call(const Site *s) {
        usec_t next = s->call.seen + s->conf.interval;

        if (next <= s->deaf.until && next + s->conf.timeout >= s->deaf.from)
                next = s->deaf.until + s->conf.interval;
        return next;
}

usec_t site_call_due(const Site *s) {
        if (s->call.seen == 0 || !s->call.ok)
                return USEC_INFINITY;
        return next_call(s) + s->conf.timeout;
}

static VerdictState judge_call(const Site *s, usec_t now) {
        if (s->call.seen == 0)
                return VERDICT_UNKNOWN;
        if (!s->call.ok || now >= site_call_due(s))
                return VERDICT_DOWN;
        if (now < s->call.seen + s->conf.interval + s->conf.timeout)
                return VERDICT_UP;
        return s->standing.state; /* as long as it is waited for */
}

/* That it did not call is seen from when it should have. */
static usec_t evidence_of_call(const Site *s, VerdictState state, usec_t now) {
        if (state == VERDICT_UNKNOWN)
                return now;
        if (state == VERDICT_DOWN && s->call.ok)
                return next_call(s);
        return s->call.seen;
}

static VerdictCause cause_of_call(const Site *s, VerdictState state) {
        if (state == VERDICT_UNKNOWN)
                return CAUSE_SILENCE;
        if (state == VERDICT_UP)
                return CAUSE_CALL;
        return s->call.ok ? CAUSE_NO_CALL : CAUSE_FAILED_CALL;
}

static void judge_calls(Site *s, JudgeMoment moment, usec_t now) {
        VerdictState previous = seen(s), state = judge_call(s, now);
        bool changes = state != previous && site_may_change(s, now);

        if (changes) {
                s->standing = (Standing){
                        .state = state,
                        .assurance = ASSURANCE_SINGLE,
                        .cause = cause_of_call(s, state),
                        .since = now,
                        .first_evidence = evidence_of_call(s, state, now),
                        .evidence = evidence_of_call(s, state, now),
                };
                site_note_change(s, now);
                tell_verdict(s, previous, now);
        }
        site_track(s, changes || moment == JUDGE_VOTE, now);
}

/* While something is under way a region's word adds nothing, and takes nothing away but from what
 * is found up. */
static bool is_regional(const Site *s, VerdictState state, bool held) {
        if (state == VERDICT_DOWN)
                return false;
        if (held)
                return s->standing.regional && (state != VERDICT_UP || site_panels_stand(s));
        return site_panels_count(s);
}

/* Others would be told of it. As long as a region makes it PARTIAL, what else the seats say is
 * not told. */
static bool differs(const Site *s, const Judged *j, bool held) {
        const Standing *now = &s->standing;

        if (!held && j->state != VERDICT_UNKNOWN && now->assurance != s->committee.assurance)
                return true;
        return j->regional != now->regional ||
               (!j->regional && (j->state != now->state || j->slow != now->slow));
}

static void judge_votes(Site *s, JudgeMoment moment, usec_t now) {
        const Standing before = s->standing;
        bool held = site_is_held(s, moment, now), changes;
        Judged j = { 0 };

        j.state = verdict_decide(before.state, site_tally(s, now), held, round_confirms(s->round));
        j.slow = is_slow(s, j.state, held, now);
        j.regional = is_regional(s, j.state, held);
        changes = differs(s, &j, held);
        if (changes && !site_may_change(s, now)) {
                site_track(s, false, now);
                return;
        }
        if (j.state == VERDICT_DOWN)
                site_panels_end(s, now);
        if (changes || (!held && site_panels_news(s)))
                adopt(s, &j, now);
        s->standing.state = j.state;
        s->standing.slow = j.slow;
        site_track(s,
                   j.state != before.state || j.regional != before.regional || moment == JUDGE_VOTE,
                   now);
}

void site_judge(Site *s, JudgeMoment moment, usec_t now) {
        if (s->conf.push)
                judge_calls(s, moment, now);
        else
                judge_votes(s, moment, now);
}

void site_tell_away(Site *s, usec_t heartbeat, usec_t now) {
        VerdictState previous = site_told(s);

        s->maintained = false;
        s->standing.state = VERDICT_UNKNOWN;
        site_panels_end(s, now);
        s->standing.slow = s->standing.regional = false;
        s->standing.cause = CAUSE_HUB_AWAY;
        s->standing.since = s->standing.first_evidence = s->standing.evidence = heartbeat;
        tell_verdict(s, previous, now);
}
