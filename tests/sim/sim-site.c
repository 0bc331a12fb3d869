/* Seeded simulation of one website's machine: sim-site [--seeds N] [--seed S] [--verbose]
 *
 * Each seed is a world with at most f faulty members. A wrong verdict, a late one or a machine that
 * spins is a failure: the seed is printed and `--seed S --verbose` plays it again. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

#define SETTLING (90 * USEC_PER_SEC) /* committees form, first votes come */

#define ROUND (3 * USEC_PER_SEC) /* a round lasts a check and this */

typedef struct Referee {
        World *world;
        const Scenario *scenario;
        bool verbose;
        uint64_t failures;
        usec_t begun, flipped; /* flipped: the website's last change */
        bool up;               /* the website */
        bool incident;
        VerdictState state;
        bool met; /* the verdict has followed the last change */
        usec_t worst;
} Referee;

static double seconds(usec_t t) {
        return t / 1e6;
}

static void fail(Referee *r, usec_t now, const char *what) {
        const Scenario *s = r->scenario;

        r->failures++;
        printf("FAIL seed %" PRIu64
               " at %.3f s: %s (validators %u, seats %u, faulty %u, role %d, disturbance %d, "
               "T %.0f s, %s)\n",
               s->seed, seconds(now - r->begun), what, s->validators, s->seats, s->faulty, s->role,
               s->disturbance, seconds(s->interval), s->hanging ? "hanging" : "refusing");
}

static uint8_t members(const Scenario *s) {
        return MIN(s->seats, s->validators);
}

static bool is_disturbed(const Scenario *s) {
        return s->disturbance == DISTURB_LOSS || s->disturbance == DISTURB_CHURN;
}

/* From the website's change to the verdict. Constant liars and silent members cost T/n each;
 * whoever empties the bucket, loses votes or goes away can at worst put it off until every honest
 * seat has had its slot. */
static usec_t bound(const Scenario *s, bool up) {
        usec_t slice = s->interval / members(s), answer = 1500 * USEC_PER_MSEC;
        bool steady = s->disturbance == DISTURB_NOTHING && s->role != ROLE_FLIPPING;

        if (!up && s->hanging)
                answer += USEC_PER_SEC + s->timeout;
        if (members(s) == 1)
                answer += s->hanging && !up ? s->timeout : 0;
        if (steady)
                return (s->faulty + 1) * slice + answer;
        if (s->disturbance == DISTURB_LOSS)
                return 2 * s->interval + s->timeout + 2 * USEC_PER_SEC + answer;
        return s->interval + slice + s->timeout + 2 * USEC_PER_SEC + answer;
}

static void on_truth(bool up, usec_t now, void *userdata) {
        Referee *r = userdata;

        r->up = up;
        r->flipped = now;
        r->met = r->state == (up ? VERDICT_UP : VERDICT_DOWN);
        if (r->verbose)
                printf("%10.3f website %s\n", seconds(now - r->begun), up ? "up" : "down");
        world_alarm(r->world, now + bound(r->scenario, up));
}

static void on_alarm(usec_t now, void *userdata) {
        Referee *r = userdata;
        usec_t restarted = world_restarted(r->world);

        if (verdict_faults(members(r->scenario)) == 0 && is_disturbed(r->scenario))
                return; /* nobody may be missing, and somebody is */
        if (r->met || (restarted != 0 && now < restarted + SETTLING))
                return;
        fail(r, now,
             r->up ? "recovery not seen within the bound" : "outage not seen within the bound");
}

static void check_decision(Referee *r, const SiteVerdict *v, usec_t now) {
        const Scenario *s = r->scenario;
        usec_t window = vote_freshness(s->interval, s->timeout);

        if (v->state == VERDICT_DOWN && !world_was_down(r->world, now - window, now))
                fail(r, now, "false DOWN");
        if (v->state == VERDICT_UP && !world_was_up(r->world, now - window, now))
                fail(r, now, "false UP");
        if (v->first_evidence > now)
                fail(r, now, "evidence from the future");
}

/* PARTIAL and UNKNOWN say that it is not known: with at most f faulty and nothing else wrong they
 * never happen. */
static void check_indecision(Referee *r, const SiteVerdict *v, usec_t now) {
        usec_t restarted = world_restarted(r->world);

        if (is_disturbed(r->scenario))
                return;
        if (restarted != 0 && now < restarted + SETTLING)
                return;
        if (r->scenario->role == ROLE_FLIPPING && now < r->flipped + r->scenario->timeout + ROUND)
                return; /* the website changed between the answers of one round */
        if (now > r->begun + SETTLING && v->state != VERDICT_UP && v->state != VERDICT_DOWN)
                fail(r, now,
                     v->state == VERDICT_PARTIAL ? "false PARTIAL" : "UNKNOWN without cause");
}

static void on_verdict(const SiteVerdict *v, usec_t now, void *userdata) {
        Referee *r = userdata;

        if (r->verbose) {
                printf("%10.3f verdict %s %s, evidence %.3f:", seconds(now - r->begun),
                       verdict_state_name(v->state), assurance_name(v->assurance),
                       seconds(v->first_evidence - r->begun));
                for (uint8_t i = 0; i < v->n; i++)
                        printf(" %u=%c", v->seats[i].validator, "-ud?"[v->seats[i].outcome]);
                printf("\n");
        }
        check_decision(r, v, now);
        check_indecision(r, v, now);
        r->state = v->state;
        if (!r->met && r->flipped != 0 && v->state == (r->up ? VERDICT_UP : VERDICT_DOWN)) {
                r->met = true;
                r->worst = MAX(r->worst, now - r->flipped);
        }
}

static void on_incident(const SiteIncident *i, usec_t now, void *userdata) {
        Referee *r = userdata;

        if (i->step == INCIDENT_ESCALATED || i->step == INCIDENT_EASED)
                return;
        if (i->open == r->incident)
                fail(r, now, "incident opened twice or closed twice");
        r->incident = i->open;
}

static Role pick_role(uint64_t n) {
        static const Role roles[] = { ROLE_ALWAYS_UP, ROLE_ALWAYS_DOWN, ROLE_FLIPPING,
                                      ROLE_SILENT };

        return roles[n % ELEMENTSOF(roles)];
}

/* All that a seed decides before the world begins. The world's own numbers come from the same seed.
 */
static Scenario make_scenario(uint64_t seed) {
        static const uint8_t seats[] = { 4, 7, 1, 4, 5, 3, 7, 10, 2, 4 };
        static const unsigned intervals[] = { 10, 20, 60 };
        uint64_t mix = seed * UINT64_C(0x9e3779b97f4a7c15) >> 16;
        Scenario s = { .seed = seed, .length = 3 * USEC_PER_HOUR };
        uint8_t tolerated;

        s.seats = seats[seed % ELEMENTSOF(seats)];
        s.validators = MIN(s.seats + (mix % 3) * 2, WORLD_VALIDATORS);
        s.interval = intervals[mix / 3 % 3] * USEC_PER_SEC;
        s.timeout = s.interval / 4;
        s.hanging = mix / 9 % 2;
        s.disturbance = mix / 18 % _DISTURB_MAX;
        s.role = pick_role(mix / 72);
        tolerated = verdict_faults(s.seats);
        s.faulty = tolerated > 0 ? mix / 288 % (tolerated + 1) : 0;
        if (s.disturbance == DISTURB_CHURN && s.faulty == tolerated)
                s.faulty = tolerated > 0 ? tolerated - 1 : 0; /* who is away counts as faulty */
        if (s.faulty == 0)
                s.role = ROLE_HONEST;
        return s;
}

typedef struct Totals {
        uint64_t failures, liar_scheduled, liar_confirms, scheduled, confirms, refreshes;
        usec_t worst;
} Totals;

static void add_counts(Totals *t, const Referee *r) {
        const WorldCounts *c = world_counts(r->world);
        Role role = r->scenario->role;

        t->failures += r->failures;
        t->scheduled += c->scheduled;
        t->confirms += c->confirms;
        t->refreshes += c->refreshes;
        t->worst = MAX(t->worst, r->worst);
        if (role == ROLE_ALWAYS_UP || role == ROLE_ALWAYS_DOWN) {
                t->liar_scheduled += c->scheduled;
                t->liar_confirms += c->confirms;
        }
}

static void play(uint64_t seed, bool verbose, Totals *totals) {
        Scenario scenario = make_scenario(seed);
        Referee referee = { .scenario = &scenario, .verbose = verbose, .up = true };
        WorldWatch watch = { .verdict = on_verdict,
                             .incident = on_incident,
                             .truth = on_truth,
                             .alarm = on_alarm,
                             .userdata = &referee };
        _cleanup_(world_freep) World *world = NULL;

        if (world_new(&world, &scenario, &watch) < 0) {
                fail(&referee, 0, "no world");
                totals->failures++;
                return;
        }
        referee.world = world;
        referee.begun = world_now(world);
        if (world_run(world) < 0)
                fail(&referee, referee.begun, "the machine spins");
        add_counts(totals, &referee);
        if (verbose)
                printf("seed %" PRIu64 ": slowest verdict %.3f s\n", seed, seconds(referee.worst));
}

static double percent(uint64_t part, uint64_t whole) {
        return whole ? 100.0 * part / whole : 0;
}

int main(int argc, char **argv) {
        uint64_t first = 1, count = 200;
        bool verbose = false;
        Totals totals = { 0 };

        for (int i = 1; i < argc; i++) {
                if (strcmp(argv[i], "--verbose") == 0)
                        verbose = true;
                else if (strcmp(argv[i], "--seeds") == 0 && i + 1 < argc)
                        count = strtoull(argv[++i], NULL, 10);
                else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
                        first = strtoull(argv[++i], NULL, 10);
                        count = 1;
                } else {
                        fprintf(stderr, "usage: sim-site [--seeds N] [--seed S] [--verbose]\n");
                        return 2;
                }
        }
        for (uint64_t i = 0; i < count; i++)
                play(first + i, verbose, &totals);
        printf("%" PRIu64 " seeds, %" PRIu64
               " failures, slowest verdict %.3f s; confirmations %.1f %% of scheduled "
               "checks (constant liars %.1f %%), refreshes %.1f %%\n",
               count, totals.failures, seconds(totals.worst),
               percent(totals.confirms, totals.scheduled),
               percent(totals.liar_confirms, totals.liar_scheduled),
               percent(totals.refreshes, totals.scheduled));
        return totals.failures != 0;
}
