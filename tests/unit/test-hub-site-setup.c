/* Restarted and reconfigured machines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "site-fixture.h"

static SiteRestore remember(Bench *b, SiteHeld *held) {
        SiteRestore r = {
                .epoch = b->epoch.number,
                .starts = b->epoch.starts,
                .ends = b->epoch.ends,
                .committee = { .order = b->eligible, .n_order = b->n_eligible, .n = b->epoch.n },
                .eligible_root = b->epoch.eligible_root,
                .seats = held,
                .state = b->verdict.state,
                .assurance = b->verdict.assurance,
                .since = b->verdict.since,
                .first_evidence = b->verdict.first_evidence,
                .heartbeat = b->now,
                .incident_open = b->incidents > b->closed
        };

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
        restart(&b, 20 * SEC);
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

static void an_epoch_that_is_overdue_goes_on_for_a_while(void **state) {
        usec_t end;
        Bench b;

        (void)state;
        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        restart(&b, 2 * USEC_PER_HOUR);
        end = epoch_overdue_end(&b.conf.id, b.now - 3 * SEC);
        assert_int_equal(b.epochs, 1);
        run(&b, end - b.now - SEC);
        assert_int_equal(b.epochs, 1);
        run(&b, 20 * SEC);
        assert_int_equal(b.epochs, 2);
        assert_int_equal(b.epoch.n, 4);
        bench_close(&b);
}

static void what_cannot_be_continued_gets_seats_anew(void **state) {
        SiteHeld twice[] = { { .seat = 1, .validator = 1 }, { .seat = 1, .validator = 2 } };
        SiteHeld outside[] = { { .seat = 4, .validator = 1 } };
        SiteRestore bad[] = {
                { .epoch = 7, .committee.n = 4, .seats = twice, .n_seats = 2 },
                { .epoch = 7, .committee.n = 4, .seats = outside, .n_seats = 1 },
                { .committee.n = 2 },
                { .epoch = 7, .committee.n = SEATS_MAX + 1 },
        };
        Bench b;

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                bad[i].state = VERDICT_DOWN;
                bad[i].incident_open = true;
        }
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                bench_open(&b, 4, 4);
                run(&b, 60 * SEC);
                site_free(b.site);
                make_site(&b);
                assert_int_equal(site_restore(b.site, &bad[i], b.now), 1);
                assert_int_equal(site_state(b.site), VERDICT_DOWN);
                site_start(b.site, b.now);
                run(&b, SEC);
                assert_int_equal(b.epoch.number, bad[i].epoch + 1);
                time_until(&b, VERDICT_UP, 30 * SEC);
                assert_int_equal(b.closed, 1); /* the incident of before */
                bench_close(&b);
        }
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

static void a_shorter_interval_is_no_silence(void **state _unused_) {
        SiteConf conf;
        Bench b;

        bench_prepare(&b, 4, 4);
        b.conf.interval = USEC_PER_MIN;
        make_site(&b);
        site_start(b.site, b.now);
        run(&b, 3 * USEC_PER_MIN);
        conf = b.conf;
        conf.interval = b.conf.interval =
                        10 * SEC; /* what was said may be older than it counts now */
        assert_int_equal(site_reconfigure(b.site, &conf, b.now), 0);
        assert_int_equal(b.joins, 8);
        run(&b, USEC_PER_MIN);
        assert_int_equal(b.verdicts, 1);
        bench_close(&b);
}

static void a_round_about_something_else_is_not_waited_for(void **state _unused_) {
        SiteConf conf;
        Bench b;

        bench_open(&b, 4, 4);
        run(&b, USEC_PER_MIN);
        b.people[0].manner = MANNER_SAYS_DOWN;
        while (b.confirms == 0)
                run(&b, 10 * MSEC);
        conf = b.conf;
        conf.target = 2;
        assert_int_equal(site_reconfigure(b.site, &conf, b.now), 0);
        assert_int_equal(b.epochs, 2); /* at once, so that the probes are of the new orders */
        assert_int_equal(b.assigned, 8);
        assert_int_equal(b.joins, 8);
        bench_close(&b);
}

static void change_push(Bench *b, bool push) {
        b->conf.push = push;
        b->conf.target++;
        assert_int_equal(site_reconfigure(b->site, &b->conf, b->now), 0);
}

static void who_calls_from_now_on_is_looked_at_by_nobody(void **state _unused_) {
        Bench b;

        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        b.joins = 0;
        change_push(&b, true);
        assert_int_equal(b.emptied, 0xf);
        run(&b, 60 * SEC);
        assert_int_equal(site_state(b.site), VERDICT_UNKNOWN);
        site_heartbeat(b.site, &(const SiteCall){ 1, b.now, true }, b.now);
        assert_int_equal(site_state(b.site), VERDICT_UP);
        run(&b, 20 * SEC);
        assert_int_equal(site_state(b.site), VERDICT_DOWN);
        assert_int_equal(b.joins + b.confirms, 0);
        assert_int_equal(b.assigned, 4);
        change_push(&b, false);
        assert_int_equal(b.assigned, 8);
        assert_true(time_until(&b, VERDICT_UP, SEC) <= 200 * MSEC);
        bench_close(&b);
}

/* An outage as the seats see it opens a round; that ends with the seats. */
static void a_round_ends_with_its_seats(void **state _unused_) {
        Bench b;

        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        for (size_t i = 1; i < 4; i++)
                b.people[i].manner = MANNER_SILENT;
        b.people[0].manner = MANNER_SAYS_DOWN;
        while (b.confirms == 0)
                run(&b, 10 * MSEC);
        change_push(&b, true);
        change_push(&b, false);
        assert_int_equal(b.assigned, 8);
        for (size_t i = 0; i < 4; i++)
                b.people[i].manner = MANNER_HONEST;
        run(&b, 60 * SEC);
        assert_int_equal(site_state(b.site), VERDICT_UP);
        assert_int_equal(b.partials + b.unknowns, 1);
        bench_close(&b);
}

static void seats_of_before_are_given_up_by_who_calls(void **state _unused_) {
        const SiteHeld held[] = { { .seat = 0, .validator = 1 }, { .seat = 1, .validator = 2 } };
        Bench b;
        SiteRestore r = { .state = VERDICT_UP,
                          .heartbeat = BEGIN - SEC,
                          .epoch = 1,
                          .committee.n = 2,
                          .seats = held,
                          .n_seats = 2,
                          .outdated = true };

        bench_prepare(&b, 2, 2);
        b.conf.push = true;
        make_site(&b);
        assert_int_equal(site_restore(b.site, &r, b.now), 0);
        site_start(b.site, b.now);
        assert_int_equal(b.emptied, 3);
        run(&b, 60 * SEC);
        assert_int_equal(b.assigned + b.joins + b.refreshes, 0);
        bench_close(&b);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_verdict_stands_over_a_short_restart),
                cmocka_unit_test(a_long_absence_of_the_hub_is_said),
                cmocka_unit_test(an_epoch_that_is_overdue_goes_on_for_a_while),
                cmocka_unit_test(what_cannot_be_continued_gets_seats_anew),
                cmocka_unit_test(a_new_interval_means_new_orders),
                cmocka_unit_test(another_target_starts_from_nothing),
                cmocka_unit_test(a_shorter_interval_is_no_silence),
                cmocka_unit_test(a_round_about_something_else_is_not_waited_for),
                cmocka_unit_test(who_calls_from_now_on_is_looked_at_by_nobody),
                cmocka_unit_test(a_round_ends_with_its_seats),
                cmocka_unit_test(seats_of_before_are_given_up_by_who_calls),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
