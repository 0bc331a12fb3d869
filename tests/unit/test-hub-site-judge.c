/* Verdicts a machine comes to, and what they say of themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "site-fixture.h"

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
        assert_int_equal(b.incidents, 1);
        assert_int_equal(b.incident.severity, SEVERITY_PARTIAL);
        assert_true(b.confirms <= 12);
        bench_close(&b);
}

static void what_is_down_over_one_family_says_so(void **state _unused_) {
        for (unsigned unsure = 0; unsure < 2; unsure++) {
                Bench b;

                bench_open(&b, 4, 4);
                for (uint32_t i = 0; i < 4; i++)
                        b.people[i].family = i < 2 ? 6 : 4;
                b.people[1].family = unsure ? 0 : 6; /* it is not known over which */
                run(&b, 60 * SEC);
                b.people[0].manner = b.people[1].manner = MANNER_SAYS_DOWN;
                time_until(&b, VERDICT_PARTIAL, 20 * SEC);
                assert_int_equal(b.verdict.family, unsure ? 0 : 6);
                b.people[0].manner = b.people[1].manner = MANNER_HONEST;
                time_until(&b, VERDICT_UP, 20 * SEC);
                assert_int_equal(b.verdict.family, 0);
                b.up = false;
                time_until(&b, VERDICT_DOWN, 20 * SEC);
                assert_int_equal(b.verdict.family, 0);
                bench_close(&b);
        }
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

static void recovery_is_not_dated_before_the_outage(void **state) {
        usec_t begun;
        Bench b;

        (void)state;
        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        connect(&b, 2, false); /* its last word, up, stays fresh for a while */
        begun = b.now;
        b.up = false;
        time_until(&b, VERDICT_DOWN, 20 * SEC);
        b.up = true;
        time_until(&b, VERDICT_UP, 20 * SEC);
        assert_true(b.now < begun + 15 * SEC);
        assert_true(b.verdict.first_evidence >= begun - RTT);
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

static void who_is_slow_in_the_middle_is_degraded(void **state _unused_) {
        Bench b;

        bench_prepare(&b, 4, 4);
        b.conf.slow = 100 * MSEC;
        make_site(&b);
        site_start(b.site, b.now);
        time_until(&b, VERDICT_UP, SEC);
        b.people[0].latency = 900 * MSEC; /* one alone, and two of four, say nothing */
        b.people[1].latency = 900 * MSEC;
        run(&b, USEC_PER_MIN);
        assert_int_equal(site_state(b.site), VERDICT_UP);
        b.people[2].latency = 101 * MSEC;
        time_until(&b, VERDICT_DEGRADED, 11 * SEC);
        assert_int_equal(b.verdict.cause, CAUSE_SLOW);
        assert_true(b.verdict.first_evidence == b.verdict.since);
        b.people[2].latency = 95 * MSEC; /* not fast enough to be fast again */
        run(&b, USEC_PER_MIN);
        assert_int_equal(site_state(b.site), VERDICT_DEGRADED);
        b.people[2].latency = 89 * MSEC;
        time_until(&b, VERDICT_UP, 11 * SEC);
        assert_int_equal(b.incidents + b.unknowns + b.partials, 0);
        bench_close(&b);
}

/* After a restart nobody has said anything yet. */
static void who_was_slow_is_so_until_votes_say_otherwise(void **state _unused_) {
        const SiteRestore r = { .state = VERDICT_DEGRADED,
                                .heartbeat = BEGIN - SEC,
                                .assurance = ASSURANCE_FULL };
        Bench b;

        bench_prepare(&b, 4, 4);
        b.conf.slow = 10 * MSEC;
        make_site(&b);
        assert_int_equal(site_restore(b.site, &r, b.now), 0);
        site_start(b.site, b.now);
        run(&b, USEC_PER_MIN);
        assert_int_equal(site_state(b.site), VERDICT_DEGRADED);
        assert_int_equal(b.verdicts, 0);
        bench_close(&b);
}

static void who_was_slow_and_calls_from_now_on_is_up(void **state _unused_) {
        Bench b;

        bench_prepare(&b, 4, 4);
        b.conf.slow = 10 * MSEC;
        make_site(&b);
        site_start(b.site, b.now);
        time_until(&b, VERDICT_DEGRADED, SEC);
        b.conf.push = true;
        site_heartbeat(b.site, &(const SiteCall){ 1, b.now, true }, b.now); /* too early */
        assert_int_equal(site_reconfigure(b.site, &b.conf, b.now), 0);
        assert_int_equal(site_state(b.site), VERDICT_UNKNOWN);
        assert_int_equal(b.verdict.previous, VERDICT_DEGRADED);
        site_heartbeat(b.site, &(const SiteCall){ 1, b.now, true }, b.now);
        assert_int_equal(site_state(b.site), VERDICT_UP);
        bench_close(&b);
}

static void who_is_slow_is_down_as_soon_as_others(void **state _unused_) {
        Bench b;

        bench_prepare(&b, 4, 4);
        b.conf.slow = 10 * MSEC;
        make_site(&b);
        site_start(b.site, b.now);
        time_until(&b, VERDICT_DEGRADED, SEC);
        run(&b, USEC_PER_MIN);
        b.up = false;
        assert_true(time_until(&b, VERDICT_DOWN, 20 * SEC) <= 2500 * MSEC + 300 * MSEC);
        assert_int_equal(b.verdict.previous, VERDICT_DEGRADED);
        assert_int_equal(b.incidents, 1);
        b.up = true;
        time_until(&b, VERDICT_DEGRADED, 20 * SEC);
        assert_int_equal(b.closed, 1);
        assert_int_equal(b.verdicts, 3);
        bench_close(&b);
}

/* The next one: those of a site are numbered by when they were seen. */
static void call(Bench *b, usec_t seen, bool ok) {
        site_heartbeat(b->site, &(const SiteCall){ seen, seen, ok }, b->now);
}

/* Called every 10 s, with 5 s of patience. seen: what the database knows; 0: nothing. */
static void make_calling(Bench *b, usec_t seen) {
        bench_prepare(b, 4, 4);
        b->conf.push = true;
        make_site(b);
        if (seen > 0)
                call(b, seen, true);
}

static void open_calling(Bench *b, usec_t seen) {
        make_calling(b, seen);
        site_start(b->site, b->now);
}

/* A hub was judging until `heartbeat`. */
static void continue_calling(Bench *b, usec_t seen, VerdictState state, usec_t heartbeat) {
        const SiteRestore r = {
                .state = state, .since = seen, .first_evidence = seen, .heartbeat = heartbeat
        };

        make_calling(b, seen);
        assert_int_equal(site_restore(b->site, &r, b->now), 0);
        site_start(b->site, b->now);
}

static Person *next_to_look(Bench *b) {
        Person *next = NULL;

        for (size_t i = 0; i < b->roster.n; i++)
                if (b->people[i].seated && (!next || b->people[i].next_slot < next->next_slot))
                        next = &b->people[i];
        return next;
}

/* The fast ones are the first to say that it is down: those left are slow. */
static void who_goes_down_is_not_slow_on_the_way(void **state _unused_) {
        uint8_t first;
        Bench b;

        bench_prepare(&b, 7, 7);
        b.conf.slow = 100 * MSEC;
        make_site(&b);
        site_start(b.site, b.now);
        run(&b, 30 * SEC);
        first = next_to_look(&b)->seat;
        for (size_t i = 0; i < 7; i++)
                if (b.people[i].seat != first && b.people[i].seat > (first < 3 ? 3 : 2))
                        b.people[i].latency = 200 * MSEC;
        run(&b, 30 * SEC);
        assert_int_equal(b.verdicts, 1);
        while (next_to_look(&b)->seat != first)
                run(&b, 10 * MSEC);
        b.up = false;
        (void)time_until(&b, VERDICT_DOWN, 10 * SEC);
        assert_int_equal(b.verdicts, 2);
        bench_close(&b);
}

static void who_has_never_called_is_unknown(void **state _unused_) {
        Bench b;

        open_calling(&b, 0);
        run(&b, USEC_PER_HOUR);
        assert_int_equal(site_state(b.site), VERDICT_UNKNOWN);
        assert_int_equal(b.verdicts + b.incidents + b.epochs + b.assigned, 0);
        bench_close(&b);
}

static void who_calls_is_up_until_it_does_not(void **state _unused_) {
        usec_t last = 0;
        Bench b;

        open_calling(&b, 0);
        for (int i = 0; i < 20; i++) {
                call(&b, b.now, true);
                last = b.now;
                run(&b, 14 * SEC);
                assert_int_equal(site_state(b.site), VERDICT_UP);
        }
        assert_int_equal(b.verdict.cause, CAUSE_CALL);
        assert_int_equal(b.verdict.assurance, ASSURANCE_SINGLE);
        assert_int_equal(b.verdicts, 1);
        run(&b, 2 * SEC);
        assert_int_equal(site_state(b.site), VERDICT_DOWN);
        assert_int_equal(b.verdict.cause, CAUSE_NO_CALL);
        assert_true(b.verdict.since == last + 15 * SEC);
        assert_true(b.verdict.first_evidence == last + 10 * SEC);
        assert_int_equal(b.incidents, 1);
        call(&b, b.now, true);
        assert_int_equal(site_state(b.site), VERDICT_UP);
        assert_int_equal(b.closed, 1);
        assert_int_equal(b.epochs + b.assigned + b.joins, 0);
        bench_close(&b);
}

static void who_says_that_it_failed_is_down_at_once(void **state _unused_) {
        Bench b;

        open_calling(&b, 0);
        call(&b, b.now, false);
        assert_int_equal(site_state(b.site), VERDICT_DOWN);
        assert_int_equal(b.verdict.cause, CAUSE_FAILED_CALL);
        assert_true(site_next(b.site) == USEC_INFINITY);
        run(&b, USEC_PER_MIN);
        site_heartbeat(b.site, &(const SiteCall){ 1, b.now, true }, b.now); /* that is known */
        assert_int_equal(site_state(b.site), VERDICT_DOWN);
        assert_int_equal(b.incidents, 1);
        bench_close(&b);
}

static void calls_are_remembered_beyond_a_restart(void **state _unused_) {
        Bench b;

        open_calling(&b, BEGIN - 8 * SEC);
        assert_int_equal(site_state(b.site), VERDICT_UP);
        assert_true(site_next(b.site) == BEGIN + 7 * SEC);
        bench_close(&b);
        continue_calling(&b, BEGIN - 18 * SEC, VERDICT_UP, BEGIN - 2 * SEC);
        assert_int_equal(site_state(b.site), VERDICT_DOWN);
        assert_true(b.verdict.first_evidence == BEGIN - 8 * SEC);
        bench_close(&b);
}

/* Where no hub was there was perhaps nobody to take the call either. The next is waited for. */
static void a_call_that_may_have_been_lost_is_no_outage(void **state _unused_) {
        Bench b;

        continue_calling(&b, BEGIN - 16 * SEC, VERDICT_UP, BEGIN - 8 * SEC);
        run(&b, 10 * SEC);
        assert_int_equal(site_state(b.site), VERDICT_UP);
        call(&b, b.now, true);
        assert_int_equal(b.verdicts + b.incidents, 0);
        bench_close(&b);

        continue_calling(&b, BEGIN - USEC_PER_HOUR, VERDICT_UP, BEGIN - USEC_PER_HOUR + 5 * SEC);
        run(&b, 14 * SEC);
        assert_int_equal(site_state(b.site), VERDICT_UNKNOWN);
        run(&b, 2 * SEC);
        assert_int_equal(site_state(b.site), VERDICT_DOWN);
        assert_int_equal(b.verdict.cause, CAUSE_NO_CALL);
        assert_true(b.verdict.first_evidence == BEGIN + 10 * SEC);
        bench_close(&b);
}

static void who_was_down_stays_down(void **state _unused_) {
        Bench b;

        continue_calling(&b, BEGIN - USEC_PER_HOUR, VERDICT_DOWN, BEGIN - 5 * SEC);
        run(&b, USEC_PER_MIN);
        assert_int_equal(site_state(b.site), VERDICT_DOWN);
        assert_int_equal(b.verdicts, 0);
        bench_close(&b);
}

/* Nobody was asked to call while it was paused. */
static void who_goes_on_is_waited_for(void **state _unused_) {
        Bench b;

        open_calling(&b, 0);
        run(&b, SEC);
        call(&b, BEGIN - USEC_PER_HOUR, true);
        assert_int_equal(site_state(b.site), VERDICT_UNKNOWN);
        run(&b, 13 * SEC);
        assert_int_equal(b.verdicts, 0);
        run(&b, 2 * SEC);
        assert_int_equal(site_state(b.site), VERDICT_DOWN);
        bench_close(&b);
}

static void a_shorter_interval_is_of_the_next_call(void **state _unused_) {
        Bench b;

        open_calling(&b, 0);
        b.conf.interval = USEC_PER_HOUR;
        assert_int_equal(site_reconfigure(b.site, &b.conf, b.now), 0);
        call(&b, b.now, true);
        run(&b, USEC_PER_MIN);
        b.conf.interval = 10 * SEC;
        assert_int_equal(site_reconfigure(b.site, &b.conf, b.now), 0);
        run(&b, 14 * SEC);
        assert_int_equal(site_state(b.site), VERDICT_UP);
        run(&b, 2 * SEC);
        assert_int_equal(site_state(b.site), VERDICT_DOWN);
        bench_close(&b);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(half_against_half_is_partial_at_the_end_of_the_round),
                cmocka_unit_test(what_is_down_over_one_family_says_so),
                cmocka_unit_test(silence_of_too_many_is_unknown),
                cmocka_unit_test(recovery_is_not_dated_before_the_outage),
                cmocka_unit_test(one_seat_is_asked_twice),
                cmocka_unit_test(who_is_slow_in_the_middle_is_degraded),
                cmocka_unit_test(who_was_slow_is_so_until_votes_say_otherwise),
                cmocka_unit_test(who_was_slow_and_calls_from_now_on_is_up),
                cmocka_unit_test(who_is_slow_is_down_as_soon_as_others),
                cmocka_unit_test(who_goes_down_is_not_slow_on_the_way),
                cmocka_unit_test(who_has_never_called_is_unknown),
                cmocka_unit_test(who_calls_is_up_until_it_does_not),
                cmocka_unit_test(who_says_that_it_failed_is_down_at_once),
                cmocka_unit_test(calls_are_remembered_beyond_a_restart),
                cmocka_unit_test(a_call_that_may_have_been_lost_is_no_outage),
                cmocka_unit_test(who_was_down_stays_down),
                cmocka_unit_test(who_goes_on_is_waited_for),
                cmocka_unit_test(a_shorter_interval_is_of_the_next_call),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
