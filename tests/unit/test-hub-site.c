/* One website's machine as a whole: four validators on fast lines, a virtual clock, every effect
 * recorded. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/site.h"

#define SEC     USEC_PER_SEC
#define MSEC    USEC_PER_MSEC
#define BEGIN   (UINT64_C(1750000000) * SEC)
#define PEOPLE  8
#define RTT     (50 * MSEC)
#define PENDING 64

typedef enum Manner {
        MANNER_HONEST,
        MANNER_SAYS_UP,
        MANNER_SAYS_DOWN,
        MANNER_SILENT,
} Manner;

typedef struct Person {
        Manner manner;
        uint8_t seat;
        bool seated;
        usec_t next_slot;
        Vote last;
} Person;

typedef struct Bench {
        Candidate items[PEOPLE];
        Roster roster;
        Person people[PEOPLE];
        uint8_t secret[32];
        SiteConf conf;
        Site *site;
        usec_t now;
        bool up;
        struct {
                usec_t at;
                uint32_t validator;
                VoteKind kind;
        } pending[PENDING];
        size_t n_pending;
        Epoch epoch;
        uint32_t eligible[PEOPLE];
        size_t n_eligible;
        SiteVerdict verdict;
        usec_t verdict_at;
        unsigned verdicts, partials, unknowns, incidents, closed, confirms, refreshes, joins,
                        epochs;
        unsigned spares, assigned;
} Bench;

static void on_epoch(const Epoch *e, const uint32_t *eligible, size_t n, void *userdata) {
        Bench *b = userdata;

        b->epoch = *e;
        b->n_eligible = n;
        memcpy(b->eligible, eligible, n * sizeof(*eligible));
        b->epochs++;
}

static void on_assigned(const SiteSeat *s, void *userdata) {
        Bench *b = userdata;
        Person *p = &b->people[s->validator - 1];

        b->spares += s->type == SEAT_SPARE;
        if (s->type == SEAT_SPARE)
                return;
        assert_true(s->start > b->now && s->start <= b->now + b->conf.interval);
        assert_int_equal(s->n, b->epoch.n);
        b->assigned++;
        p->seated = true;
        p->seat = s->seat;
        p->next_slot = s->start;
}

static void on_removed(const SiteSeat *s, void *userdata) {
        Bench *b = userdata;

        if (s->type == SEAT_MEMBER)
                b->people[s->validator - 1].seated = false;
}

static void on_probe(const SiteProbe *p, void *userdata) {
        Bench *b = userdata;

        b->confirms += p->reason == PROBE_CONFIRM;
        b->refreshes += p->reason == PROBE_REFRESH;
        b->joins += p->reason == PROBE_JOIN;
        assert_true(p->deadline > b->now);
        assert_true(b->n_pending < PENDING);
        b->pending[b->n_pending].at = b->now + RTT;
        b->pending[b->n_pending].validator = p->validator;
        b->pending[b->n_pending++].kind = p->reason == PROBE_REFRESH ? VOTE_REFRESH : VOTE_CONFIRM;
}

static void on_verdict(const SiteVerdict *v, void *userdata) {
        Bench *b = userdata;

        b->verdict = *v;
        b->verdict.seats = NULL;
        b->verdict_at = b->now;
        b->verdicts++;
        b->partials += v->state == VERDICT_PARTIAL;
        b->unknowns += v->state == VERDICT_UNKNOWN;
}

static void on_incident(const SiteIncident *i, void *userdata) {
        Bench *b = userdata;

        b->incidents += i->open;
        b->closed += !i->open;
}

static const SiteEffects effects = { .epoch_opened = on_epoch,
                                     .seat_assigned = on_assigned,
                                     .seat_removed = on_removed,
                                     .probe = on_probe,
                                     .verdict_changed = on_verdict,
                                     .incident_changed = on_incident };

static void make_site(Bench *b) {
        assert_int_equal(site_new(&b->site, &b->conf, b->secret, &b->roster), 0);
        site_set_effects(b->site, &effects, b);
}

/* T = 10 s, timeout 5 s, n validators connected for long, an epoch of which half an hour is left. */
static void bench_open(Bench *b, size_t n, uint8_t seats) {
        *b = (Bench){ .now = BEGIN, .up = true };
        b->conf = (SiteConf){
                .id = { { 9, 9 } }, .interval = 10 * SEC, .timeout = 5 * SEC, .seats = seats
        };
        while (epoch_boundary(&b->conf.id, b->conf.interval, BEGIN) < BEGIN + 30 * USEC_PER_MIN)
                b->conf.id.bytes[2]++;
        for (uint32_t i = 0; i < n; i++) {
                b->items[i] = (Candidate){ .validator = i + 1,
                                           .operator_id = i + 1,
                                           .prefix = i + 1,
                                           .block = i + 1,
                                           .asn = i + 1,
                                           .region = 1,
                                           .connected_since = BEGIN - 60 * SEC };
                b->items[i].key[0] = i + 1;
        }
        b->roster = (Roster){ b->items, n };
        make_site(b);
        site_start(b->site, b->now);
}

static void bench_close(Bench *b) {
        site_free(b->site);
}

static void cast_vote(Bench *b, uint32_t validator, VoteKind kind) {
        Person *p = &b->people[validator - 1];
        VoteOutcome says = b->up ? VOTE_UP : VOTE_DOWN;
        Vote v = {
                .kind = kind, .latency = 20 * MSEC, .started = b->now - RTT / 2, .arrived = b->now
        };

        if (p->manner == MANNER_SILENT || b->items[validator - 1].connected_since == 0)
                return;
        if (p->manner != MANNER_HONEST)
                says = p->manner == MANNER_SAYS_UP ? VOTE_UP : VOTE_DOWN;
        v.outcome = says;
        v.error_class = says == VOTE_DOWN ? 3 : 0;
        if (site_vote(b->site, validator, &v, b->now) > 0)
                p->last = v;
}

static void run_due(Bench *b) {
        for (size_t i = 0; i < b->n_pending;) {
                uint32_t validator = b->pending[i].validator;
                VoteKind kind = b->pending[i].kind;

                if (b->pending[i].at > b->now) {
                        i++;
                        continue;
                }
                b->pending[i] = b->pending[--b->n_pending];
                cast_vote(b, validator, kind);
        }
        for (uint32_t i = 0; i < b->roster.n; i++) {
                Person *p = &b->people[i];

                if (!p->seated || p->next_slot + RTT > b->now)
                        continue;
                p->next_slot += b->conf.interval;
                cast_vote(b, i + 1, VOTE_SCHEDULED);
        }
        if (site_next(b->site) <= b->now)
                site_tick(b->site, b->now);
}

/* In steps of 10 ms: time is cheap here, and everything is on a grid of it. */
static void run(Bench *b, usec_t span) {
        for (usec_t end = b->now + span; b->now < end; b->now += 10 * MSEC)
                run_due(b);
}

static void connect(Bench *b, uint32_t validator, bool connected) {
        b->items[validator - 1].connected_since = connected ? b->now : 0;
        if (!connected)
                b->items[validator - 1].steady_until = b->now;
        if (connected)
                site_connected(b->site, validator, b->now);
        else
                site_disconnected(b->site, validator, b->now);
}

/* From now until the verdict is `state`. */
static usec_t time_until(Bench *b, VerdictState state, usec_t limit) {
        usec_t begun = b->now;

        while (site_state(b->site) != state && b->now < begun + limit)
                run(b, 10 * MSEC);
        assert_int_equal(site_state(b->site), state);
        return b->now - begun;
}

static void four_members_find_it_up(void **state) {
        Bench b;

        (void)state;
        bench_open(&b, 4, 4);
        assert_int_equal(b.joins, 4);
        assert_true(time_until(&b, VERDICT_UP, SEC) <= 200 * MSEC);
        assert_int_equal(b.verdict.n, 4);
        assert_int_equal(b.verdict.q, 3);
        assert_int_equal(b.verdict.assurance, ASSURANCE_FULL);
        run(&b, USEC_PER_HOUR * 3);
        assert_int_equal(b.verdicts, 1);
        assert_int_equal(b.confirms, 0);
        assert_int_equal(b.refreshes, 0);
        assert_in_range(b.epochs, 3, 5);
        assert_int_equal(b.assigned, 4); /* epochs come and go, orders stay */
        bench_close(&b);
}

static void refused_target_is_down_within_a_slice(void **state) {
        Bench b;

        (void)state;
        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        for (int i = 0; i < 20; i++) {
                usec_t begun = b.now;

                b.up = false;
                assert_true(time_until(&b, VERDICT_DOWN, 20 * SEC) <= 2500 * MSEC + 300 * MSEC);
                assert_true(b.verdict.first_evidence >= begun - RTT);
                assert_true(b.verdict.first_evidence <= b.verdict.since);
                assert_int_equal(b.verdict.error_class, 3);
                run(&b, 60 * SEC + i * 370 * MSEC);
                b.up = true;
                assert_true(time_until(&b, VERDICT_UP, 20 * SEC) <= 2500 * MSEC + 300 * MSEC);
                run(&b, 60 * SEC + i * 510 * MSEC);
        }
        assert_int_equal(b.partials + b.unknowns, 0);
        assert_int_equal(b.incidents, 20);
        assert_int_equal(b.closed, 20);
        bench_close(&b);
}

static void a_liar_changes_nothing_and_costs_little(void **state) {
        Bench b;

        (void)state;
        bench_open(&b, 4, 4);
        b.people[2].manner = MANNER_SAYS_DOWN;
        run(&b, USEC_PER_HOUR);
        assert_int_equal(b.verdicts, 1);
        assert_int_equal(site_state(b.site), VERDICT_UP);
        assert_true(b.confirms <= 12);
        b.up = false;
        assert_true(time_until(&b, VERDICT_DOWN, 20 * SEC) <= 5300 * MSEC);
        assert_true(b.verdict.first_evidence >= b.now - 6 * SEC); /* not the liar's, an hour ago */
        b.people[2].manner = MANNER_SAYS_UP;
        run(&b, USEC_PER_HOUR);
        assert_int_equal(site_state(b.site), VERDICT_DOWN);
        assert_int_equal(b.partials + b.unknowns, 0);
        bench_close(&b);
}

static void half_against_half_is_partial_at_the_end_of_the_round(void **state) {
        Bench b;

        (void)state;
        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        b.people[0].manner = b.people[1].manner = MANNER_SAYS_DOWN;
        time_until(&b, VERDICT_PARTIAL, 20 * SEC);
        assert_int_equal(b.verdict.cause, CAUSE_SPLIT);
        run(&b, USEC_PER_HOUR);
        assert_int_equal(b.verdicts, 2);
        assert_int_equal(b.incidents, 0);
        assert_true(b.confirms <= 12);
        bench_close(&b);
}

static void a_missing_member_is_missing_then_replaced(void **state) {
        Bench b;
        uint32_t gone = 0;

        (void)state;
        bench_open(&b, 5, 4);
        run(&b, 60 * SEC);
        while (!b.people[gone].seated)
                gone++;
        connect(&b, gone + 1, false);
        run(&b, 29 * SEC);
        assert_true(b.people[gone].seated);
        run(&b, 2 * SEC);
        assert_false(b.people[gone].seated);
        assert_int_equal(b.assigned, 5);
        run(&b, 60 * SEC);
        connect(&b, gone + 1, true);
        run(&b, 60 * SEC);
        assert_int_equal(b.assigned, 5); /* the seat is not given back */
        assert_int_equal(b.verdicts, 1);
        bench_close(&b);
}

static void with_one_member_away_an_outage_is_still_seen(void **state) {
        Bench b;

        (void)state;
        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        connect(&b, 2, false);
        run(&b, 120 * SEC);
        assert_int_equal(site_state(b.site), VERDICT_UP);
        b.up = false;
        assert_true(time_until(&b, VERDICT_DOWN, 30 * SEC) <= 5300 * MSEC);
        assert_int_equal(b.partials + b.unknowns, 0);
        bench_close(&b);
}

static void spares_stand_in_for_the_silent(void **state) {
        Bench b;
        unsigned silenced = 0;

        (void)state;
        bench_open(&b, 6, 4);
        run(&b, 60 * SEC);
        for (uint32_t i = 0; i < 6 && silenced < 2; i++)
                if (b.people[i].seated && ++silenced)
                        b.people[i].manner = MANNER_SILENT;
        b.up = false;
        time_until(&b, VERDICT_DOWN, 40 * SEC);
        assert_int_equal(b.spares, 2);
        assert_int_equal(b.partials, 0);
        bench_close(&b);
}

static void silence_of_too_many_is_unknown(void **state) {
        Bench b;

        (void)state;
        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        connect(&b, 1, false);
        connect(&b, 2, false);
        assert_true(time_until(&b, VERDICT_UNKNOWN, 40 * SEC) >= 15 * SEC);
        assert_int_equal(b.verdict.cause, CAUSE_SILENCE);
        connect(&b, 1, true);
        assert_true(time_until(&b, VERDICT_UP, SEC) <= 200 * MSEC); /* probed as it returns */
        bench_close(&b);
}

static void cutting_off_the_honest_makes_no_quorum_of_a_liar(void **state) {
        Bench b;

        (void)state;
        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        b.people[3].manner = MANNER_SAYS_DOWN;
        for (uint32_t i = 1; i <= 3; i++)
                connect(&b, i, false);
        run(&b, 3 * USEC_PER_HOUR);
        assert_int_equal(b.epoch.n, 4);
        assert_int_equal(b.incidents, 0);
        assert_int_not_equal(site_state(b.site), VERDICT_DOWN);
        bench_close(&b);
}

static void one_seat_is_asked_twice(void **state) {
        Bench b;

        (void)state;
        bench_open(&b, 1, 1);
        run(&b, 60 * SEC);
        assert_int_equal(b.verdict.assurance, ASSURANCE_SINGLE);
        b.people[0].manner = MANNER_SAYS_DOWN;
        while (b.confirms == 0)
                run(&b, 10 * MSEC);
        b.people[0].manner = MANNER_HONEST; /* it was a blink */
        run(&b, 60 * SEC);
        assert_int_equal(b.verdicts, 1);
        b.up = false;
        assert_true(time_until(&b, VERDICT_DOWN, 20 * SEC) <= 10200 * MSEC);
        b.up = true;
        assert_true(time_until(&b, VERDICT_UP, 20 * SEC) <= 10200 * MSEC);
        assert_int_equal(b.incidents, 1);
        bench_close(&b);
}

static void the_committee_grows_and_the_verdict_stands(void **state) {
        Bench b;

        (void)state;
        bench_open(&b, 4, 4);
        site_free(b.site);
        memset(b.people, 0, sizeof(b.people));
        for (int i = 1; i < 4; i++)
                b.items[i].connected_since = 0;
        b.epochs = b.n_pending = b.joins = 0;
        make_site(&b);
        site_start(b.site, b.now);
        time_until(&b, VERDICT_UP, 30 * SEC);
        assert_int_equal(b.epoch.n, 1);
        for (uint32_t i = 2; i <= 4; i++, run(&b, 2 * SEC))
                connect(&b, i, true);
        run(&b, 7900 * MSEC); /* 9.9 s after the last */
        assert_int_equal(b.epochs, 1);
        run(&b, 300 * MSEC);
        assert_int_equal(b.epochs, 2);
        assert_int_equal(b.epoch.n, 4);
        assert_int_equal(b.joins, 4);
        run(&b, 60 * SEC);
        assert_int_equal(site_state(b.site), VERDICT_UP);
        assert_int_equal(b.unknowns + b.partials, 0);
        assert_int_equal(site_assurance(b.site), ASSURANCE_FULL);
        bench_close(&b);
}

static SiteRestore remember(Bench *b, SiteHeld *held) {
        SiteRestore r = { .epoch = b->epoch.number,
                          .starts = b->epoch.starts,
                          .ends = b->epoch.ends,
                          .n = b->epoch.n,
                          .eligible = b->eligible,
                          .n_eligible = b->n_eligible,
                          .eligible_root = b->epoch.eligible_root,
                          .seats = held,
                          .state = b->verdict.state,
                          .assurance = b->verdict.assurance,
                          .since = b->verdict.since,
                          .first_evidence = b->verdict.first_evidence,
                          .heartbeat = b->now,
                          .incident_open = b->incidents > b->closed };

        for (uint32_t i = 0; i < b->roster.n; i++)
                if (b->people[i].seated)
                        held[r.n_seats++] =
                                        (SiteHeld){ b->people[i].seat, i + 1, b->people[i].last };
        return r;
}

static void restart(Bench *b, usec_t away) {
        SiteHeld held[PEOPLE];
        SiteRestore r = remember(b, held);

        site_free(b->site);
        b->n_pending = 0;
        for (uint32_t i = 0; i < b->roster.n; i++) {
                b->items[i].connected_since = 0;
                b->items[i].steady_until = b->now;
                while (b->people[i].next_slot < b->now + away)
                        b->people[i].next_slot += b->conf.interval;
        }
        b->now += away;
        make_site(b);
        assert_int_equal(site_restore(b->site, &r, b->now), 0);
        site_start(b->site, b->now);
        run(b, 3 * SEC);
        for (uint32_t i = 1; i <= b->roster.n; i++)
                connect(b, i, true);
}

static void a_verdict_stands_over_a_short_restart(void **state) {
        Bench b;

        (void)state;
        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        b.up = false;
        time_until(&b, VERDICT_DOWN, 20 * SEC);
        run(&b, 30 * SEC);
        restart(&b, 12 * SEC);
        run(&b, 120 * SEC);
        assert_int_equal(site_state(b.site), VERDICT_DOWN);
        assert_int_equal(b.verdicts, 2);
        assert_int_equal(b.assigned, 4);
        assert_int_equal(b.incidents, 1);
        b.up = true;
        assert_true(time_until(&b, VERDICT_UP, 20 * SEC) <= 2800 * MSEC);
        assert_int_equal(b.closed, 1);
        bench_close(&b);
}

static void a_long_absence_of_the_hub_is_said(void **state) {
        usec_t left;
        Bench b;

        (void)state;
        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        left = b.now;
        restart(&b, 600 * SEC);
        assert_int_equal(b.unknowns, 1);
        assert_int_equal(b.verdict.cause, CAUSE_HUB_AWAY);
        assert_int_equal(b.verdict.since, left);
        time_until(&b, VERDICT_UP, 30 * SEC);
        bench_close(&b);
}

static void impossible_states_are_not_restored(void **state) {
        SiteHeld twice[] = { { .seat = 1, .validator = 1 }, { .seat = 1, .validator = 2 } };
        SiteHeld outside[] = { { .seat = 4, .validator = 1 } };
        SiteRestore r = { .epoch = 1, .n = 4, .seats = twice, .n_seats = 2 };
        Bench b;

        (void)state;
        bench_open(&b, 4, 4);
        assert_int_equal(site_restore(b.site, &r, b.now), -EINVAL);
        r.seats = outside;
        r.n_seats = 1;
        assert_int_equal(site_restore(b.site, &r, b.now), -EINVAL);
        r = (SiteRestore){ .n = 2 };
        assert_int_equal(site_restore(b.site, &r, b.now), -EINVAL);
        bench_close(&b);
}

static void a_new_interval_means_new_orders(void **state) {
        SiteConf conf;
        Bench b;

        (void)state;
        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        conf = b.conf;
        conf.interval = b.conf.interval = 20 * SEC;
        assert_int_equal(site_reconfigure(b.site, &conf, b.now), 0);
        assert_int_equal(b.assigned, 8);
        assert_int_equal(b.epochs, 2);
        run(&b, 300 * SEC);
        assert_int_equal(b.verdicts, 1);
        conf.timeout = 11 * SEC;
        assert_int_equal(site_reconfigure(b.site, &conf, b.now), -EINVAL);
        bench_close(&b);
}

static void another_target_starts_from_nothing(void **state) {
        SiteConf conf;
        Bench b;

        (void)state;
        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        conf = b.conf;
        conf.target = 2;
        b.up = false;
        assert_int_equal(site_reconfigure(b.site, &conf, b.now), 0);
        assert_int_equal(b.joins, 8);
        assert_true(time_until(&b, VERDICT_DOWN, SEC) <= 200 * MSEC);
        assert_int_equal(b.partials + b.unknowns, 0);
        bench_close(&b);
}

static void the_suspended_lose_seat_and_vote(void **state) {
        SiteSeatView view[SEATS_MAX];
        Bench b;

        (void)state;
        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        b.roster.n = 3;
        site_roster_changed(b.site, b.now);
        assert_false(b.people[3].seated);
        assert_int_equal(site_view(b.site, b.now, view), 4);
        for (size_t i = 0; i < 4; i++)
                assert_int_not_equal(view[i].validator, 4);
        assert_int_equal(site_state(b.site), VERDICT_UP);
        bench_close(&b);
}

static void a_hint_starts_the_round_early_and_decides_nothing(void **state) {
        Bench b;

        (void)state;
        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        site_suspect(b.site, 1, b.now);
        assert_int_equal(b.confirms, 3);
        run(&b, 5 * SEC);
        assert_int_equal(b.verdicts, 1);
        site_suspect(b.site, 1, b.now);
        run(&b, 5 * SEC);
        assert_int_equal(b.confirms, 3); /* it came to nothing before */
        b.up = false;
        site_suspect(b.site, 2, b.now);
        assert_true(time_until(&b, VERDICT_DOWN, SEC) <= 200 * MSEC);
        bench_close(&b);
}

static void an_overdue_member_is_probed_once(void **state) {
        uint32_t quiet = 0;
        Bench b;

        (void)state;
        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        b.people[quiet].manner = MANNER_SILENT;
        run(&b, 120 * SEC);
        assert_int_equal(b.refreshes, 1);
        assert_int_equal(b.verdicts, 1);
        bench_close(&b);
}

static void strangers_and_late_hangers_do_not_vote(void **state) {
        Vote v = { .outcome = VOTE_DOWN, .kind = VOTE_SCHEDULED };
        Bench b;

        (void)state;
        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        v.started = b.now;
        assert_int_equal(site_vote(b.site, 77, &v, b.now), 0);
        b.up = false;
        time_until(&b, VERDICT_DOWN, 20 * SEC);
        b.up = true;
        run(&b, 500 * MSEC);
        time_until(&b, VERDICT_UP, 20 * SEC);
        v.started = b.verdict.first_evidence - 1; /* began in the outage, hung until now */
        assert_int_equal(site_vote(b.site, 1, &v, b.now), 0);
        bench_close(&b);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(four_members_find_it_up),
                cmocka_unit_test(refused_target_is_down_within_a_slice),
                cmocka_unit_test(a_liar_changes_nothing_and_costs_little),
                cmocka_unit_test(half_against_half_is_partial_at_the_end_of_the_round),
                cmocka_unit_test(a_missing_member_is_missing_then_replaced),
                cmocka_unit_test(with_one_member_away_an_outage_is_still_seen),
                cmocka_unit_test(spares_stand_in_for_the_silent),
                cmocka_unit_test(silence_of_too_many_is_unknown),
                cmocka_unit_test(cutting_off_the_honest_makes_no_quorum_of_a_liar),
                cmocka_unit_test(one_seat_is_asked_twice),
                cmocka_unit_test(the_committee_grows_and_the_verdict_stands),
                cmocka_unit_test(a_verdict_stands_over_a_short_restart),
                cmocka_unit_test(a_long_absence_of_the_hub_is_said),
                cmocka_unit_test(impossible_states_are_not_restored),
                cmocka_unit_test(a_new_interval_means_new_orders),
                cmocka_unit_test(another_target_starts_from_nothing),
                cmocka_unit_test(the_suspended_lose_seat_and_vote),
                cmocka_unit_test(a_hint_starts_the_round_early_and_decides_nothing),
                cmocka_unit_test(an_overdue_member_is_probed_once),
                cmocka_unit_test(strangers_and_late_hangers_do_not_vote),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
