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
        assert_int_equal(b.incidents, 0);
        assert_true(b.confirms <= 12);
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

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(half_against_half_is_partial_at_the_end_of_the_round),
                cmocka_unit_test(silence_of_too_many_is_unknown),
                cmocka_unit_test(recovery_is_not_dated_before_the_outage),
                cmocka_unit_test(one_seat_is_asked_twice),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
