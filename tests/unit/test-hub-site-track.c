/* What follows from verdicts: incidents that open, get worse and close, flapping, certificates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macro.h"
#include "hub/flap.h"
#include "site-fixture.h"

#define TODAY ((uint16_t)(BEGIN / USEC_PER_DAY))

static void open_ready(Bench *b) {
        bench_prepare(b, 4, 4);
        b->conf.certificate_days = 14;
        b->conf.flap_begins = FLAP_BEGINS;
        make_site(b);
        site_start(b->site, b->now);
        run(b, 60 * SEC);
        assert_int_equal(site_state(b->site), VERDICT_UP);
}

static void say(Bench *b, Manner first, Manner second) {
        b->people[0].manner = first;
        b->people[1].manner = second;
}

/* Incidents ------------------------------------------------------------------------------------ */

static void half_an_outage_is_an_incident_that_gets_worse_and_better(void **state _unused_) {
        Bench b;

        open_ready(&b);
        say(&b, MANNER_SAYS_DOWN, MANNER_SAYS_DOWN);
        time_until(&b, VERDICT_PARTIAL, 20 * SEC);
        assert_int_equal(b.incidents, 1);
        assert_int_equal(b.incident.severity, SEVERITY_PARTIAL);
        b.up = false;
        time_until(&b, VERDICT_DOWN, 20 * SEC);
        assert_int_equal(b.escalated, 1);
        assert_int_equal(b.incident.severity, SEVERITY_DOWN);
        assert_true(b.incident.last_evidence > b.incident.first_evidence);
        b.up = true;
        time_until(&b, VERDICT_PARTIAL, 20 * SEC);
        assert_int_equal(b.eased, 1);
        say(&b, MANNER_HONEST, MANNER_HONEST);
        time_until(&b, VERDICT_UP, 20 * SEC);
        assert_int_equal(b.incidents, 1);
        assert_int_equal(b.closed, 1);
        bench_close(&b);
}

/* With three no fault is tolerated: one bad validator alone makes PARTIAL. */
static void half_an_outage_is_none_where_nobody_vouches_for_it(void **state _unused_) {
        Bench b;

        bench_open(&b, 3, 3);
        run(&b, 60 * SEC);
        assert_true(b.verdict.assurance != ASSURANCE_FULL);
        say(&b, MANNER_SAYS_DOWN, MANNER_HONEST);
        time_until(&b, VERDICT_PARTIAL, 20 * SEC);
        run(&b, 10 * USEC_PER_MIN);
        assert_int_equal(b.incidents, 0);
        b.up = false;
        time_until(&b, VERDICT_DOWN, 20 * SEC);
        assert_int_equal(b.incidents, 1);
        b.up = true;
        time_until(&b, VERDICT_PARTIAL, 20 * SEC);
        assert_int_equal(b.eased + b.closed, 0);
        say(&b, MANNER_HONEST, MANNER_HONEST);
        time_until(&b, VERDICT_UP, 20 * SEC);
        assert_int_equal(b.closed, 1);
        bench_close(&b);
}

static void silence_leaves_an_incident_as_it_is(void **state _unused_) {
        Bench b;

        open_ready(&b);
        b.up = false;
        time_until(&b, VERDICT_DOWN, 20 * SEC);
        for (uint32_t i = 1; i <= 3; i++)
                connect(&b, i, false);
        time_until(&b, VERDICT_UNKNOWN, 60 * SEC);
        run(&b, USEC_PER_MIN);
        assert_int_equal(b.incidents, 1);
        assert_int_equal(b.closed + b.eased, 0);
        bench_close(&b);
}

static void the_last_evidence_is_the_newest_vote_against_it(void **state _unused_) {
        usec_t recovered;
        Bench b;

        open_ready(&b);
        b.up = false;
        time_until(&b, VERDICT_DOWN, 20 * SEC);
        run(&b, 5 * USEC_PER_MIN);
        recovered = b.now;
        b.up = true;
        time_until(&b, VERDICT_UP, 20 * SEC);
        assert_int_equal(b.closed, 1);
        assert_true(b.incident.last_evidence <= recovered);
        assert_true(b.incident.last_evidence > recovered - 3 * SEC); /* a vote each 2.5 s */
        bench_close(&b);
}

/* Hysteresis ----------------------------------------------------------------------------------- */

static void an_outage_that_is_too_short_opens_nothing(void **state _unused_) {
        usec_t begun;
        Bench b;

        bench_prepare(&b, 4, 4);
        b.conf.confirm_down_time = 30 * SEC;
        make_site(&b);
        site_start(b.site, b.now);
        run(&b, 60 * SEC);
        b.up = false;
        time_until(&b, VERDICT_DOWN, 20 * SEC);
        run(&b, 20 * SEC);
        b.up = true;
        time_until(&b, VERDICT_UP, 20 * SEC);
        run(&b, USEC_PER_MIN);
        assert_int_equal(b.incidents, 0);
        assert_int_equal(b.verdicts, 3); /* the spans do not wait */

        b.up = false;
        time_until(&b, VERDICT_DOWN, 20 * SEC);
        begun = b.verdict.since;
        while (b.incidents == 0 && b.now < begun + USEC_PER_MIN)
                run(&b, 10 * MSEC);
        assert_true(b.incident.at >= begun + 30 * SEC);
        assert_true(b.incident.at <= begun + 30 * SEC + 10 * MSEC); /* by a timer of its own */
        bench_close(&b);
}

static void judgements_are_counted_even_if_they_repeat(void **state _unused_) {
        Bench b;

        bench_prepare(&b, 4, 4);
        b.conf.confirm_down = 8;
        make_site(&b);
        site_start(b.site, b.now);
        run(&b, 60 * SEC);
        b.up = false;
        time_until(&b, VERDICT_DOWN, 20 * SEC);
        run(&b, 10 * SEC); /* four scheduled votes more, and what was probed */
        assert_int_equal(b.incidents, 0);
        run(&b, 20 * SEC);
        assert_int_equal(b.incidents, 1);
        bench_close(&b);
}

static void what_has_lasted_goes_on_after_a_restart(void **state _unused_) {
        const SiteRestore r = { .state = VERDICT_DOWN,
                                .assurance = ASSURANCE_FULL,
                                .since = BEGIN - 50 * SEC,
                                .first_evidence = BEGIN - 52 * SEC,
                                .heartbeat = BEGIN - 2 * SEC };
        Bench b;

        bench_prepare(&b, 4, 4);
        b.conf.confirm_down_time = 60 * SEC;
        b.up = false;
        make_site(&b);
        assert_int_equal(site_restore(b.site, &r, b.now), 0);
        site_start(b.site, b.now);
        run(&b, 9900 * MSEC);
        assert_int_equal(b.incidents, 0);
        run(&b, 200 * MSEC);
        assert_int_equal(b.incidents, 1);
        bench_close(&b);
}

/* Flapping ------------------------------------------------------------------------------------- */

static void flip(Bench *b) {
        b->up = !b->up;
        time_until(b, b->up ? VERDICT_UP : VERDICT_DOWN, 20 * SEC);
}

static void one_incident_stays_open_while_it_flaps(void **state _unused_) {
        usec_t until;
        Bench b;

        open_ready(&b);
        for (int i = 0; i < 5; i++)
                flip(&b);
        assert_int_equal(b.flaps, 0);
        assert_int_equal(b.incidents, 3);
        flip(&b);
        assert_int_equal(b.flaps, 1);
        assert_int_equal(b.closed, 2); /* it was to be the third */
        for (int i = 0; i < 20; i++)
                flip(&b);
        assert_int_equal(b.incidents, 3);
        assert_int_equal(b.closed, 2);
        assert_int_equal(site_state(b.site), VERDICT_UP); /* it says so all the same */
        assert_true(b.verdict.flap_score > 5);
        until = b.verdict.flapping_until;
        while (b.calms == 0 && b.now < until + USEC_PER_MIN)
                run(&b, 10 * MSEC);
        assert_true(b.flapping.at >= until && b.flapping.at <= until + 10 * MSEC);
        assert_int_equal(b.flaps, 1);
        assert_int_equal(b.closed, 3);
        bench_close(&b);
}

static void it_ends_while_down_and_the_incident_stays(void **state _unused_) {
        Bench b;

        open_ready(&b);
        for (int i = 0; i < 7; i++)
                flip(&b);
        assert_int_equal(site_state(b.site), VERDICT_DOWN);
        assert_int_equal(b.flaps, 1);
        run(&b, USEC_PER_HOUR);
        assert_int_equal(b.calms, 1);
        assert_int_equal(b.incidents - b.closed, 1);
        flip(&b);
        assert_int_equal(b.incidents, b.closed);
        bench_close(&b);
}

static void restart(Bench *b, SiteRestore r) {
        const Bench before = *b;

        r.state = before.verdict.state;
        r.assurance = before.verdict.assurance;
        r.since = before.verdict.since;
        r.first_evidence = before.verdict.first_evidence;
        r.incident_open = before.incidents > before.closed;
        r.severity = before.incident.severity;
        bench_close(b);
        bench_prepare(b, 4, 4);
        b->conf.flap_begins = FLAP_BEGINS;
        b->now = before.now;
        b->up = before.up;
        make_site(b);
        assert_int_equal(site_restore(b->site, &r, b->now), 0);
        site_start(b->site, b->now);
}

static void flapping_outlives_a_restart(void **state _unused_) {
        usec_t until;
        Bench b;

        open_ready(&b);
        for (int i = 0; i < 6; i++)
                flip(&b);
        until = b.verdict.flapping_until;
        restart(&b, (SiteRestore){ .heartbeat = b.now - SEC,
                                   .flap_score = b.verdict.flap_score,
                                   .flapping_until = until });
        run(&b, 5 * USEC_PER_MIN);
        assert_int_equal(b.flaps + b.calms + b.closed, 0);
        while (b.calms == 0 && b.now < until + USEC_PER_MIN)
                run(&b, 10 * MSEC);
        assert_true(b.now >= until && b.now <= until + SEC);
        assert_int_equal(b.closed, 1);
        bench_close(&b);
}

/* It was told by the hub before this one. */
static void an_end_before_the_restart_is_not_told_again(void **state _unused_) {
        Bench b;

        open_ready(&b);
        for (int i = 0; i < 6; i++)
                flip(&b);
        run(&b, USEC_PER_HOUR);
        assert_int_equal(b.calms, 1);
        restart(&b, (SiteRestore){ .heartbeat = b.now - SEC,
                                   .flap_score = b.verdict.flap_score,
                                   .flapping_until = b.verdict.flapping_until });
        run(&b, 5 * USEC_PER_MIN);
        assert_int_equal(b.flaps + b.calms, 0);
        bench_close(&b);
}

/* 10,000 times a minute, for an hour: it calls now to say that all is well, now that it failed. */
static void what_changes_faster_than_people_can_follow_is_followed_slowly(void **state _unused_) {
        unsigned first = 0;
        Bench b;

        bench_prepare(&b, 4, 4);
        b.conf.flap_begins = FLAP_BEGINS;
        b.conf.push = true;
        make_site(&b);
        site_start(b.site, b.now);
        for (unsigned i = 1; i <= 600000; i++) {
                site_heartbeat(b.site, &(const SiteCall){ i, b.now, i % 2 }, b.now);
                if (i == 10000)
                        first = b.verdicts;
                if (site_next(b.site) <= b.now)
                        site_tick(b.site, b.now);
                b.now += 6 * MSEC;
        }
        print_message("10,000 flips a minute: %u spans in the first, %u in an hour; %u incidents"
                      " opened, %u timeline rows; begun to flap %u times\n",
                      first, b.verdicts, b.incidents,
                      b.incidents + b.escalated + b.eased + b.closed, b.flaps);
        assert_in_range(first, 30, 61);
        assert_in_range(b.verdicts, 1000, 30 + 1800);
        assert_in_range(b.incidents, 1, 3);
        assert_int_equal(b.flaps, 1);
        site_heartbeat(b.site, &(const SiteCall){ 700000, b.now, false }, b.now);
        run(&b, 3 * SEC);
        assert_int_equal(site_state(b.site), VERDICT_DOWN); /* the last word is not lost */
        site_heartbeat(b.site, &(const SiteCall){ 700001, b.now, true }, b.now);
        run(&b, 3 * SEC);
        assert_int_equal(site_state(b.site), VERDICT_UP);
        bench_close(&b);
}

static void votes_that_flip_are_followed_slowly_as_well(void **state _unused_) {
        Bench b;

        open_ready(&b);
        for (int i = 0; i < 6000; i++) {
                b.up = !b.up;
                for (uint32_t v = 1; v <= 4; v++)
                        cast_vote(&b, v, VOTE_CONFIRM, false);
                run(&b, 10 * MSEC);
        }
        print_message("6,000 flips of all seats in a minute: %u spans, %u incidents\n", b.verdicts,
                      b.incidents);
        assert_in_range(b.verdicts, 30, 1 + 30 + 32);
        assert_in_range(b.incidents, 1, 4);
        b.up = false;
        time_until(&b, VERDICT_DOWN, 14 * SEC);
        bench_close(&b);
}

/* Certificates --------------------------------------------------------------------------------- */

static void a_certificate_about_to_end_is_an_incident_and_no_outage(void **state _unused_) {
        Bench b;

        open_ready(&b);
        b.ends = TODAY + 15;
        run(&b, 30 * SEC);
        assert_int_equal(b.incidents, 0);
        b.ends = TODAY + 9;
        run(&b, 11 * SEC);
        assert_int_equal(b.incidents, 1);
        assert_int_equal(b.incident.kind, INCIDENT_CERTIFICATE);
        assert_int_equal(b.incident.severity, SEVERITY_WARNING);
        assert_int_equal(b.incident.expiry_days, TODAY + 9);
        run(&b, USEC_PER_HOUR);
        b.ends = TODAY + 90;
        run(&b, 11 * SEC);
        assert_int_equal(b.closed, 1);
        assert_int_equal(b.verdicts, 1);
        bench_close(&b);
}

/* Nothing else happens at midnight. */
static void days_go_by(void **state _unused_) {
        usec_t due = (TODAY + 1) * USEC_PER_DAY;
        Bench b;

        open_ready(&b);
        b.ends = TODAY + 15;
        while (b.now < due - SEC)
                run(&b, MIN(due - SEC - b.now, 10 * USEC_PER_MIN));
        assert_int_equal(b.incidents, 0);
        run(&b, 1100 * MSEC);
        assert_int_equal(b.incidents, 1);
        bench_close(&b);
}

static void a_liar_neither_opens_nor_closes_it(void **state _unused_) {
        Bench b;

        open_ready(&b);
        b.ends = TODAY + 90;
        b.people[0].ends = TODAY + 1;
        run(&b, 10 * USEC_PER_MIN);
        assert_int_equal(b.incidents, 0);
        b.ends = TODAY + 9;
        b.people[0].ends = TODAY + 90;
        run(&b, 11 * SEC);
        assert_int_equal(b.incidents, 1);
        run(&b, 10 * USEC_PER_MIN);
        assert_int_equal(b.closed, 0);
        connect(&b, 2, false); /* nor who is away */
        run(&b, 10 * USEC_PER_MIN);
        assert_int_equal(b.closed, 0);
        bench_close(&b);
}

static void it_is_over_when_nobody_wants_to_know_or_looks(void **state _unused_) {
        Bench b;

        open_ready(&b);
        b.ends = TODAY + 9;
        run(&b, 11 * SEC);
        b.conf.certificate_days = 0;
        assert_int_equal(site_reconfigure(b.site, &b.conf, b.now), 0);
        assert_int_equal(b.closed, 1);
        b.conf.certificate_days = 14;
        assert_int_equal(site_reconfigure(b.site, &b.conf, b.now), 0);
        run(&b, 11 * SEC);
        assert_int_equal(b.incidents, 2);
        b.conf.target++;
        b.ends = 0;
        assert_int_equal(site_reconfigure(b.site, &b.conf, b.now), 0);
        assert_int_equal(b.closed, 2);
        bench_close(&b);
}

static void it_stays_open_over_a_restart_until_seats_say_otherwise(void **state _unused_) {
        Bench b;

        bench_prepare(&b, 4, 4);
        b.conf.certificate_days = 14;
        make_site(&b);
        assert_int_equal(site_restore(b.site,
                                      &(const SiteRestore){ .state = VERDICT_UP,
                                                            .assurance = ASSURANCE_FULL,
                                                            .heartbeat = BEGIN - SEC,
                                                            .certificate_open = true },
                                      b.now),
                         0);
        site_start(b.site, b.now);
        run(&b, USEC_PER_MIN); /* they see none at all */
        assert_int_equal(b.closed, 0);
        b.ends = TODAY + 30;
        run(&b, 11 * SEC);
        assert_int_equal(b.closed, 1);
        assert_int_equal(b.incidents, 0);
        bench_close(&b);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(half_an_outage_is_an_incident_that_gets_worse_and_better),
                cmocka_unit_test(half_an_outage_is_none_where_nobody_vouches_for_it),
                cmocka_unit_test(silence_leaves_an_incident_as_it_is),
                cmocka_unit_test(the_last_evidence_is_the_newest_vote_against_it),
                cmocka_unit_test(an_outage_that_is_too_short_opens_nothing),
                cmocka_unit_test(judgements_are_counted_even_if_they_repeat),
                cmocka_unit_test(what_has_lasted_goes_on_after_a_restart),
                cmocka_unit_test(one_incident_stays_open_while_it_flaps),
                cmocka_unit_test(it_ends_while_down_and_the_incident_stays),
                cmocka_unit_test(flapping_outlives_a_restart),
                cmocka_unit_test(an_end_before_the_restart_is_not_told_again),
                cmocka_unit_test(what_changes_faster_than_people_can_follow_is_followed_slowly),
                cmocka_unit_test(votes_that_flip_are_followed_slowly_as_well),
                cmocka_unit_test(a_certificate_about_to_end_is_an_incident_and_no_outage),
                cmocka_unit_test(days_go_by),
                cmocka_unit_test(a_liar_neither_opens_nor_closes_it),
                cmocka_unit_test(it_is_over_when_nobody_wants_to_know_or_looks),
                cmocka_unit_test(it_stays_open_over_a_restart_until_seats_say_otherwise),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
