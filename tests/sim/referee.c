/* Claims, each with the circumstances in which it holds. With at most f faulty ones what is said
 * UP or DOWN is never wrong, in any trouble; that it is said soon, and that nothing else is said,
 * holds where nobody else is missing. */
#include <inttypes.h>

#include "base/macro.h"
#include "referee.h"

#define SETTLING    (90 * USEC_PER_SEC) /* committees form, first votes come */
#define RETURNING   (10 * USEC_PER_SEC) /* connections are made after a restart, or a cut */
#define ANSWER      (1500 * USEC_PER_MSEC)
#define PATIENCE    (2 * USEC_PER_SEC) /* a round waits so much longer than the timeout */
#define CLOCKS      (2 * USEC_PER_SEC) /* that of who may vote differs by less from the hub's */
#define SLOW_ANSWER USEC_PER_SEC
#define SLOW_LINES  (3 * USEC_PER_SEC)

typedef struct Referee {
        World *world;
        const Scenario *scenario;
        bool verbose;
        Ruling ruling;
        usec_t begun;
        usec_t turned, due; /* the website's last change, and when the verdict must have followed */
        usec_t slowed, slow_due;
        usec_t regional, region_due; /* since when nothing else may have happened */
        usec_t calm;   /* from then on nobody is missing for reasons that are not the members' */
        bool met;      /* the verdict has followed the last change */
        bool incident; /* one is open */
        bool flaps;
        VerdictState state;
        usec_t since;
} Referee;

static double seconds(usec_t t) {
        return (double)(int64_t)t / 1e6;
}

static double at(const Referee *r, usec_t t) {
        return seconds(t - r->begun);
}

static void fail(Referee *r, usec_t now, const char *what) {
        if (r->ruling.failures++ == 0 || r->verbose) {
                printf("FAIL at %.3f s: %s; ", at(r, now), what);
                scenario_tell(r->scenario, stdout);
        }
}

static void expect(Referee *r, bool so, usec_t now, const char *what) {
        if (!so)
                fail(r, now, what);
}

/* Circumstances -------------------------------------------------------------------------------- */

static VerdictState class_of(VerdictState s) {
        return s == VERDICT_DEGRADED ? VERDICT_UP : s;
}

static uint8_t members(const Scenario *s) {
        return MIN(s->seats, s->validators);
}

/* Honest members are missing, one at a time or their votes. */
static bool is_short_handed(const Scenario *s) {
        return s->trouble == TROUBLE_LOSS || s->trouble == TROUBLE_CHURN ||
               s->trouble == TROUBLE_GROWTH;
}

static bool is_calm(const Referee *r, usec_t now) {
        return now >= r->calm && now >= r->begun + SETTLING;
}

/* They empty the bucket by changing their minds, or by hints, or answer rounds too late. */
static bool wastes_rounds(Role role) {
        return role == ROLE_FLIPPING || role == ROLE_PATIENT || role == ROLE_EQUIVOCATE ||
               role == ROLE_COPYCAT || role == ROLE_DATING || role == ROLE_CONTRARY;
}

/* An honest one that was outvoted because it was cut off starts no round until another one changes,
 * or it is believed again: it counts as absent. */
static unsigned was_mistaken(const Scenario *s) {
        return s->trouble == TROUBLE_PARTITION || s->trouble == TROUBLE_BLACKOUT;
}

/* There may be one at any time, also when the website changes. */
static bool opens_rounds(const Scenario *s) {
        return wastes_rounds(s->role) || s->role == ROLE_CRYING || s->trouble == TROUBLE_BLIPS ||
               s->trouble == TROUBLE_CHANGES;
}

static usec_t line_time(const Scenario *s) {
        if (s->trouble == TROUBLE_LINES)
                return SLOW_LINES;
        return s->trouble == TROUBLE_SKEW ? 2 * CLOCKS : 0;
}

/* A hub that starts believes everybody: a round may be open that waits for what hangs. */
static bool forgets_liars(const Scenario *s) {
        return s->trouble == TROUBLE_RESTART || s->trouble == TROUBLE_CRASH;
}

/* From the website's change to the verdict. Constant liars and silent members cost T/n each;
 * whoever empties the bucket, loses votes or goes away, and short outages, which leave honest seats
 * refuted that saw them, can at worst put it off until every honest seat has had its slot. */
static usec_t bound(const Referee *r, bool up) {
        const Scenario *s = r->scenario;
        const SiteConf *c = world_conf(r->world);
        usec_t slice = c->interval / members(s), answer = ANSWER + line_time(s);

        if (s->slow > 0)
                answer += 2 * SLOW_ANSWER;
        if (!up && s->hanging)
                answer += USEC_PER_SEC + c->timeout;
        if (s->trouble == TROUBLE_BLIPS && s->faulty > 0)
                answer += 2 *
                          (c->timeout + PATIENCE); /* a round waits for the silent, and spares */
        if (up && s->hanging && s->faulty > 0 && forgets_liars(s))
                answer += c->timeout + PATIENCE;
        if (members(s) == 1)
                answer += s->hanging && !up ? c->timeout : 0;
        if (s->trouble == TROUBLE_LOSS)
                return 2 * c->interval + c->timeout + PATIENCE + answer;
        if (is_short_handed(s) || wastes_rounds(s->role) || s->trouble == TROUBLE_REGION ||
            s->trouble == TROUBLE_BLIPS)
                return c->interval + slice + c->timeout + PATIENCE + answer;
        return (s->faulty + was_mistaken(s) + 1) * slice + answer;
}

/* Moments -------------------------------------------------------------------------------------- */

static void watch_turn(Referee *r, bool up, usec_t now) {
        r->met = class_of(r->state) == (up ? VERDICT_UP : VERDICT_DOWN);
        r->due = MAX(now, r->calm == USEC_INFINITY ? 0 : r->calm) + bound(r, up);
        world_alarm(r->world, r->due);
}

static void on_turned(Referee *r, usec_t now) {
        r->turned = now;
        watch_turn(r, world_is_up(r->world), now);
}

static void on_slowed(Referee *r, usec_t now) {
        const SiteConf *c = world_conf(r->world);

        r->slowed = now;
        r->slow_due = now + c->interval + c->interval / members(r->scenario) + PATIENCE + ANSWER;
        world_alarm(r->world, r->slow_due);
}

/* What had begun before begins anew: a bound is from when all are there again. */
static void settle(Referee *r, usec_t now, usec_t time) {
        r->calm = MAX(r->calm == USEC_INFINITY ? 0 : r->calm, now + time);
        r->due = MAX(r->due, r->calm + bound(r, world_is_up(r->world)));
        world_alarm(r->world, r->due);
}

static void on_restarted(Referee *r, usec_t now) {
        r->state = world_stored_state(r->world);
        r->since = world_stored_since(r->world);
        r->incident = world_stored_incident(r->world);
        r->met = class_of(r->state) == (world_is_up(r->world) ? VERDICT_UP : VERDICT_DOWN);
        settle(r, now, RETURNING);
}

/* In one region, where more seats are than may be wrong, or its panel can be asked: that is said.
 */
static void check_region(Referee *r, usec_t now) {
        bool down = world_is_down_somewhere(r->world);

        if (r->region_due == 0 || now < r->region_due || !is_calm(r, now))
                return;
        r->region_due = 0;
        if (down && world_region_seats(r->world) < 2)
                return;
        if (r->scenario->faulty > 0 || world_was_up(r->world, false, r->regional, now))
                return; /* another's word decides between UP and PARTIAL, or it was down anyway */
        expect(r, (class_of(r->state) != VERDICT_UP) == down, now,
               down ? "an outage of a region not seen" : "still down in a region");
}

static void on_region(Referee *r, usec_t now) {
        const SiteConf *c = world_conf(r->world);

        r->regional = now - 3 * c->interval;
        r->region_due = now + 6 * c->interval + 2 * (c->timeout + PATIENCE) + ANSWER;
        watch_turn(r, world_is_up(r->world), now);
        world_alarm(r->world, r->region_due);
}

static void check_slowness(Referee *r, usec_t now) {
        bool slow = world_is_slow(r->world);

        if (now < r->slow_due || r->slow_due == 0 || !is_calm(r, now))
                return;
        r->slow_due = 0;
        if (world_was_up(r->world, false, r->slowed - 2 * MIN(r->scenario->interval, r->slowed),
                         now))
                return; /* it was down for a part of the time */
        expect(r, r->state == (slow ? VERDICT_DEGRADED : VERDICT_UP), now,
               slow ? "slowness not seen in time" : "still called slow");
}

static void on_alarm(Referee *r, usec_t now) {
        check_slowness(r, now);
        check_region(r, now);
        if (now < r->due || r->met || !is_calm(r, now))
                return;
        if (r->scenario->trouble == TROUBLE_REGION && world_is_up(r->world))
                return; /* it may be down for some */
        if (verdict_faults(members(r->scenario)) == 0 && is_short_handed(r->scenario))
                return; /* nobody may be missing, and somebody is */
        fail(r, now,
             world_is_up(r->world) ? "recovery not seen in time" : "outage not seen in time");
        r->met = true; /* said once */
}

static void on_moment(WorldMoment m, const char *what, usec_t now, void *userdata) {
        Referee *r = userdata;

        if (r->verbose && *what)
                printf("%10.3f %s\n", at(r, now), what);
        if (m == WORLD_TURNED)
                on_turned(r, now);
        if (m == WORLD_REGION)
                on_region(r, now);
        if (m == WORLD_SLOWED)
                on_slowed(r, now);
        if (m == WORLD_TROUBLED || m == WORLD_DIED)
                r->calm = USEC_INFINITY;
        if (m == WORLD_HEALED)
                settle(r, now, RETURNING + world_conf(r->world)->interval);
        if (m == WORLD_FLAPS || m == WORLD_FLAPS_NOT)
                r->flaps = m == WORLD_FLAPS;
        if (m == WORLD_CHANGED && !r->met)
                watch_turn(r, world_is_up(r->world), now);
        if (m == WORLD_RESTARTED)
                on_restarted(r, now);
        if (m == WORLD_ALARM)
                on_alarm(r, now);
}

/* Verdicts ------------------------------------------------------------------------------------- */

typedef struct Seen {
        uint8_t up, down, dishonest;
        bool stale, untrue, twice;
        uint32_t authors; /* a bit for each */
} Seen;

/* One vote has one voice, wherever it sits. */
static void note_author(Seen *seen, uint32_t author) {
        seen->twice |= author != 0 && (seen->authors & UINT32_C(1) << author) != 0;
        seen->authors |= UINT32_C(1) << author;
}

/* Of a restored vote nobody knows who said it any more, but that it was the seat's holder. */
static uint32_t author_of(const Referee *r, const SiteSeatView *s) {
        uint32_t author = world_author(r->world, &s->vote);

        return author != 0 ? author : s->validator;
}

static Seen look(const Referee *r, const SiteVerdict *v, usec_t now) {
        const SiteConf *c = world_conf(r->world);
        usec_t fresh = vote_freshness(c->interval, c->timeout);
        Seen seen = { 0 };

        for (uint8_t i = 0; i < v->n; i++) {
                const SiteSeatView *s = &v->seats[i];
                uint32_t author;
                bool honest;

                seen.up += s->outcome == VOTE_UP;
                seen.down += s->outcome == VOTE_DOWN;
                if (s->outcome != VOTE_UP && s->outcome != VOTE_DOWN)
                        continue;
                author = author_of(r, s);
                honest = world_is_honest(r->world, author);
                note_author(&seen, author);
                seen.dishonest += !honest;
                seen.stale |= s->vote.started + fresh <= now;
                seen.untrue |= honest &&
                               !world_saw(r->world, author, s->outcome == VOTE_UP,
                                          s->vote.started - CLOCKS, s->vote.started + CLOCKS);
        }
        return seen;
}

/* Nothing is said without its quorum, of votes that count. */
static void check_quorum(Referee *r, const SiteVerdict *v, const Seen *seen, usec_t now) {
        VerdictState told = class_of(v->state);
        uint8_t q = verdict_quorum(v->n), f = verdict_faults(v->n);

        expect(r, v->q == q && v->f == f, now, "another quorum than that of its seats");
        expect(r, !seen->stale, now, "a stale vote counts");
        expect(r, !seen->twice, now, "a validator has two votes");
        expect(r, !seen->untrue, now, "an honest vote says what was not so");
        if (v->cause == CAUSE_HUB_AWAY)
                return;
        if (told == VERDICT_DOWN)
                expect(r, seen->down >= q, now, "DOWN without a quorum");
        if (told == VERDICT_UP)
                expect(r, seen->up >= q && seen->down <= f, now, "UP without a quorum");
        if (told == VERDICT_PARTIAL && v->cause != CAUSE_REGION)
                expect(r, seen->down > f, now, "PARTIAL, and no more than f say down");
}

/* How far back the website may have been what is said now: as far as a vote counts. */
static void check_truth(Referee *r, const SiteVerdict *v, usec_t now) {
        const SiteConf *c = world_conf(r->world);
        usec_t from = now - vote_freshness(c->interval, c->timeout) - CLOCKS;

        if (v->state == VERDICT_DOWN)
                expect(r, world_was_down_somewhere(r->world, from, now), now, "false DOWN");
        if (v->cause == CAUSE_REGION)
                expect(r, world_was_down_somewhere(r->world, from, now), now, "false PARTIAL");
        if (class_of(v->state) == VERDICT_UP)
                expect(r, world_was_up(r->world, true, from, now), now, "false UP");
        if (v->state == VERDICT_DEGRADED)
                expect(r, world_was_slow(r->world, true, from, now), now, "false DEGRADED");
        if (v->state == VERDICT_UP && v->previous == VERDICT_DEGRADED)
                expect(r, world_was_slow(r->world, false, from, now), now, "not slow any more?");
}

/* One span ends where the next begins. */
static void check_span(Referee *r, const SiteVerdict *v, usec_t now) {
        expect(r, v->previous == r->state, now, "a span is missing");
        expect(r, v->since >= r->since, now, "a span begins before the one before it");
        expect(r, v->since == now || v->cause == CAUSE_HUB_AWAY, now, "not of now");
        expect(r, v->first_evidence <= now + CLOCKS, now, "evidence from the future");
        if (r->state == VERDICT_DOWN)
                expect(r, r->incident, now, "DOWN without an incident");
        if (class_of(r->state) == VERDICT_UP && !r->flaps)
                expect(r, !r->incident, now, "UP with an incident");
}

/* PARTIAL and UNKNOWN say that it is not known: with at most f faulty and nothing else wrong they
 * never happen, unless the website changed while a round was open: then an honest seat may be left
 * with what is not so any more, until its next slot. */
static void check_indecision(Referee *r, const SiteVerdict *v, usec_t now) {
        const Scenario *s = r->scenario;
        const SiteConf *c = world_conf(r->world);
        usec_t round = c->timeout + PATIENCE + ANSWER + c->interval;

        if (is_short_handed(s) || !is_calm(r, now) || v->cause == CAUSE_REGION)
                return;
        if (s->trouble == TROUBLE_REGION && world_was_down_somewhere(r->world, now - round, now))
                return;
        if (opens_rounds(s) && now < r->turned + round + CLOCKS)
                return;
        expect(r, v->state != VERDICT_PARTIAL, now, "PARTIAL without cause");
        expect(r, v->state != VERDICT_UNKNOWN, now, "UNKNOWN without cause");
}

static void print_verdict(const Referee *r, const SiteVerdict *v, usec_t now) {
        printf("%10.3f verdict %s (%s, %s), evidence of %.3f:", at(r, now),
               verdict_state_name(v->state), verdict_cause_name(v->cause),
               assurance_name(v->assurance), at(r, v->first_evidence));
        for (uint8_t i = 0; i < v->n; i++) {
                const SiteSeatView *s = &v->seats[i];
                bool honest = s->outcome == VOTE_MISSING ||
                              world_is_honest(r->world, author_of(r, s));

                printf(" %u=%c%s", s->validator, "-uda"[s->outcome], honest ? "" : "!");
        }
        printf("\n");
}

static void note_met(Referee *r, const SiteVerdict *v, usec_t now) {
        VerdictState wanted = world_is_up(r->world) ? VERDICT_UP : VERDICT_DOWN;

        if (r->met || r->turned == 0 || class_of(v->state) != wanted)
                return;
        r->met = true;
        if (r->calm < r->turned)
                r->ruling.worst = MAX(r->ruling.worst, now - r->turned);
}

static void on_verdict(const SiteVerdict *v, usec_t now, void *userdata) {
        Referee *r = userdata;
        Seen seen = look(r, v, now);

        if (r->verbose)
                print_verdict(r, v, now);
        check_span(r, v, now);
        check_quorum(r, v, &seen, now);
        if (seen.dishonest <= verdict_faults(v->n))
                check_truth(r, v, now);
        check_indecision(r, v, now);
        note_met(r, v, now);
        r->state = v->state;
        r->since = v->since;
        r->ruling.verdicts += now > r->begun + SETTLING;
}

static void on_incident(const SiteIncident *i, usec_t now, void *userdata) {
        Referee *r = userdata;

        if (i->step != INCIDENT_OPENED && i->step != INCIDENT_CLOSED)
                return; /* better or worse */
        expect(r, i->open != r->incident, now, "incident opened twice or closed twice");
        expect(r, i->open || class_of(r->state) == VERDICT_UP, now, "closed, and it is not up");
        r->incident = i->open;
        if (r->verbose)
                printf("%10.3f incident %s\n", at(r, now), i->open ? "opened" : "closed");
}

/* One world ------------------------------------------------------------------------------------ */

Ruling referee_play(const Scenario *s, bool verbose) {
        Referee r = { .scenario = s, .verbose = verbose, .met = true };
        WorldWatch watch = { on_verdict, on_incident, on_moment, &r };
        _cleanup_(world_freep) World *w = NULL;

        if (verbose)
                scenario_tell(s, stdout);
        if (world_new(&w, s, &watch) < 0) {
                fail(&r, 0, "no world");
                return r.ruling;
        }
        r.world = w;
        r.begun = world_now(w);
        if (world_run(w) < 0)
                fail(&r, world_now(w), "the machine spins");
        r.ruling.counts = *world_counts(w);
        return r.ruling;
}
