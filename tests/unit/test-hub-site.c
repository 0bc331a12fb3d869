/* One website's machine as a whole: outages, liars, hints, rounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "site-fixture.h"

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
        b.people[0].manner = MANNER_SILENT;
        b.up = true;
        time_until(&b, VERDICT_UP, 20 * SEC);
        v.started = b.verdict.first_evidence - 1; /* began in the outage, hung until now */
        assert_int_equal(site_vote(b.site, 1, &v, b.now), 0);
        v.started = b.verdict.first_evidence + 1;
        assert_int_equal(site_vote(b.site, 1, &v, b.now), 1);
        bench_close(&b);
}

static void a_silent_member_does_not_keep_the_round_open(void **state) {
        Bench b;

        (void)state;
        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        b.people[3].manner = MANNER_SILENT;
        b.up = false;
        time_until(&b, VERDICT_DOWN, 20 * SEC);
        b.up = true;
        assert_true(time_until(&b, VERDICT_UP, 20 * SEC) <= 2800 * MSEC); /* the next is honest */
        bench_close(&b);
}

static void always_slow_is_no_hint(void **state) {
        Vote v = { .outcome = VOTE_UP, .latency = 1500 * MSEC };
        Bench b;

        (void)state;
        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        v.started = b.now;
        assert_int_equal(site_vote(b.site, 1, &v, b.now), 1);
        site_suspect(b.site, 1, b.now);
        assert_int_equal(b.confirms, 0);
        site_suspect(b.site, 2, b.now);
        assert_int_equal(b.confirms, 3);
        bench_close(&b);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(four_members_find_it_up),
                cmocka_unit_test(refused_target_is_down_within_a_slice),
                cmocka_unit_test(a_liar_changes_nothing_and_costs_little),
                cmocka_unit_test(with_one_member_away_an_outage_is_still_seen),
                cmocka_unit_test(spares_stand_in_for_the_silent),
                cmocka_unit_test(a_hint_starts_the_round_early_and_decides_nothing),
                cmocka_unit_test(an_overdue_member_is_probed_once),
                cmocka_unit_test(strangers_and_late_hangers_do_not_vote),
                cmocka_unit_test(a_silent_member_does_not_keep_the_round_open),
                cmocka_unit_test(always_slow_is_no_hint),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
