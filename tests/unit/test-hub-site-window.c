/* Maintenance: what is told, what is kept silent, and what is there at once when it is over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "site-fixture.h"

static void maintain(Bench *b, usec_t in, usec_t span) {
        site_maintain(b->site, (SiteWindow){ b->now + in, b->now + in + span }, b->now);
}

static void it_is_told_when_it_begins_and_when_it_has_ended(void **state _unused_) {
        usec_t begun;
        Bench b;

        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        begun = b.now;
        maintain(&b, 5 * SEC, 60 * SEC);
        assert_int_equal(site_state(b.site), VERDICT_UP);
        time_until(&b, VERDICT_MAINTENANCE, 6 * SEC);
        assert_int_equal(b.verdict.previous, VERDICT_UP);
        assert_int_equal(b.verdict.cause, CAUSE_MAINTENANCE);
        assert_int_equal(b.verdict.since, begun + 5 * SEC);
        time_until(&b, VERDICT_UP, 61 * SEC);
        assert_int_equal(b.verdict.previous, VERDICT_MAINTENANCE);
        assert_int_equal(b.verdict.since, begun + 65 * SEC);
        assert_int_equal(b.verdicts, 3);
        bench_close(&b);
}

static void an_outage_within_it_is_nobodys_news(void **state _unused_) {
        unsigned checks;
        Bench b;

        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        maintain(&b, 0, 120 * SEC);
        assert_int_equal(site_state(b.site), VERDICT_MAINTENANCE);
        checks = b.confirms;
        b.up = false;
        run(&b, 60 * SEC);
        assert_true(b.confirms > checks);
        b.up = true;
        run(&b, 61 * SEC);
        assert_int_equal(site_state(b.site), VERDICT_UP);
        assert_int_equal(b.incidents, 0);
        assert_int_equal(b.verdicts, 3);
        bench_close(&b);
}

static void what_is_down_when_it_ends_is_so_at_once(void **state _unused_) {
        usec_t end;
        Bench b;

        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        maintain(&b, 0, 60 * SEC);
        end = b.now + 60 * SEC;
        b.up = false;
        run(&b, 59 * SEC);
        assert_int_equal(b.incidents, 0);
        time_until(&b, VERDICT_DOWN, 2 * SEC);
        assert_int_equal(b.verdict.since, end);
        assert_int_equal(b.incidents, 1);
        bench_close(&b);
}

static void an_open_incident_stays_and_is_resolved(void **state _unused_) {
        Bench b;

        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        b.up = false;
        time_until(&b, VERDICT_DOWN, 20 * SEC);
        assert_int_equal(b.incidents, 1);
        maintain(&b, 0, 120 * SEC);
        assert_int_equal(b.verdict.previous, VERDICT_DOWN);
        run(&b, 60 * SEC);
        assert_int_equal(b.closed, 0);
        b.up = true;
        run(&b, 30 * SEC);
        assert_int_equal(site_state(b.site), VERDICT_MAINTENANCE);
        assert_int_equal(b.closed, 1);
        assert_int_equal(b.incidents, 1);
        bench_close(&b);
}

static void an_open_incident_gets_no_worse(void **state _unused_) {
        Bench b;

        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        b.people[0].manner = b.people[1].manner = MANNER_SAYS_DOWN;
        time_until(&b, VERDICT_PARTIAL, 20 * SEC);
        assert_int_equal(b.incidents, 1);
        assert_int_equal(b.incident.severity, SEVERITY_PARTIAL);
        maintain(&b, 0, 60 * SEC);
        b.up = false;
        run(&b, 59 * SEC);
        assert_int_equal(b.incident.severity, SEVERITY_PARTIAL);
        time_until(&b, VERDICT_DOWN, 2 * SEC);
        assert_int_equal(b.incident.severity, SEVERITY_DOWN);
        assert_int_equal(b.incidents, 1);
        bench_close(&b);
}

static void one_that_is_called_off_is_over(void **state _unused_) {
        Bench b;

        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        maintain(&b, 0, USEC_PER_HOUR);
        assert_int_equal(site_state(b.site), VERDICT_MAINTENANCE);
        site_maintain(b.site, (SiteWindow){ 0, 0 }, b.now);
        assert_int_equal(site_state(b.site), VERDICT_UP);
        run(&b, 2 * USEC_PER_HOUR);
        assert_int_equal(b.verdicts, 3);
        bench_close(&b);
}

static void one_that_calls_itself_is_maintained_too(void **state _unused_) {
        Bench b;

        bench_prepare(&b, 1, 1);
        b.conf.push = true;
        make_site(&b);
        site_start(b.site, b.now);
        site_heartbeat(b.site, &(SiteCall){ 1, b.now, true }, b.now);
        assert_int_equal(site_state(b.site), VERDICT_UP);
        maintain(&b, SEC, 60 * SEC);
        time_until(&b, VERDICT_MAINTENANCE, 2 * SEC);
        run(&b, 40 * SEC); /* no call is missed loudly */
        assert_int_equal(b.incidents, 0);
        assert_int_equal(b.verdicts, 2);
        time_until(&b, VERDICT_DOWN, 21 * SEC);
        assert_int_equal(b.incidents, 1);
        bench_close(&b);
}

static void restore(Bench *b, SiteWindow window, bool open) {
        SiteRestore r = { .state = VERDICT_MAINTENANCE,
                          .since = b->now - 60 * SEC,
                          .first_evidence = b->now - 60 * SEC,
                          .heartbeat = b->now - SEC,
                          .incident_open = open };

        assert_int_equal(site_restore(b->site, &r, b->now), 0);
        site_maintain(b->site, window, b->now);
        site_start(b->site, b->now);
}

static void a_restart_within_it_changes_nothing(void **state _unused_) {
        Bench b;

        bench_prepare(&b, 4, 4);
        make_site(&b);
        restore(&b, (SiteWindow){ b.now - 60 * SEC, b.now + 60 * SEC }, false);
        assert_int_equal(site_state(b.site), VERDICT_MAINTENANCE);
        assert_int_equal(b.verdicts, 0);
        b.up = false;
        run(&b, 59 * SEC);
        assert_int_equal(b.incidents + b.verdicts, 0);
        time_until(&b, VERDICT_DOWN, 2 * SEC);
        assert_int_equal(b.verdicts, 1);
        assert_int_equal(b.incidents, 1);
        bench_close(&b);
}

static void one_that_ended_while_nobody_judged_is_over(void **state _unused_) {
        Bench b;

        bench_prepare(&b, 4, 4);
        make_site(&b);
        restore(&b, (SiteWindow){ 0, 0 }, true);
        assert_int_not_equal(site_state(b.site), VERDICT_MAINTENANCE);
        time_until(&b, VERDICT_UP, 40 * SEC);
        assert_int_equal(b.incidents, 0);
        assert_int_equal(b.closed, 1);
        bench_close(&b);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(it_is_told_when_it_begins_and_when_it_has_ended),
                cmocka_unit_test(an_outage_within_it_is_nobodys_news),
                cmocka_unit_test(what_is_down_when_it_ends_is_so_at_once),
                cmocka_unit_test(an_open_incident_stays_and_is_resolved),
                cmocka_unit_test(an_open_incident_gets_no_worse),
                cmocka_unit_test(one_that_is_called_off_is_over),
                cmocka_unit_test(one_that_calls_itself_is_maintained_too),
                cmocka_unit_test(a_restart_within_it_changes_nothing),
                cmocka_unit_test(one_that_ended_while_nobody_judged_is_over),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
