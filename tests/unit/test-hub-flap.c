/* When a verdict counts as flapping, and when no longer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macro.h"
#include "hub/flap.h"

#define BEGIN     (UINT64_C(1750000000) * USEC_PER_SEC)
#define HALF_LIFE (10 * USEC_PER_MIN)

static const FlapRule rule = { .begins = FLAP_BEGINS, .half_life = HALF_LIFE };

static void half_is_left_after_a_half_life(void **state _unused_) {
        Flap f = { 0 };

        assert_int_equal(flap_change(&f, &rule, BEGIN), FLAP_SAME);
        assert_float_equal(flap_score(&f, &rule, BEGIN), 1, 1e-9);
        assert_float_equal(flap_score(&f, &rule, BEGIN + HALF_LIFE), 0.5, 1e-9);
        assert_float_equal(flap_score(&f, &rule, BEGIN + 10 * HALF_LIFE), 1 / 1024.0, 1e-9);
        assert_int_equal(flap_change(&f, &rule, BEGIN + HALF_LIFE), FLAP_SAME);
        assert_float_equal(f.score, 1.5, 1e-9);
        assert_float_equal(flap_score(&f, &rule, BEGIN), 1.5, 1e-9); /* a clock stepped back */
}

static void two_outages_are_not_flapping_but_three_are(void **state _unused_) {
        Flap f = { 0 };
        usec_t now = BEGIN;

        for (int i = 0; i < 5; i++, now += USEC_PER_SEC)
                assert_int_equal(flap_change(&f, &rule, now), FLAP_SAME);
        assert_true(flap_until(&f, &rule) == USEC_INFINITY);
        assert_int_equal(flap_change(&f, &rule, now), FLAP_BEGUN);
        assert_int_equal(flap_change(&f, &rule, now), FLAP_SAME);
        assert_true(f.on);
}

/* Twice a half-life it settles at 1 / (1 - 2^-0.5) = 3.4. */
static void a_change_now_and_then_never_is(void **state _unused_) {
        Flap f = { 0 };

        for (unsigned i = 0; i < 1000; i++)
                assert_int_equal(flap_change(&f, &rule, BEGIN + i * HALF_LIFE / 2), FLAP_SAME);
        assert_in_range((uint64_t)(f.score * 1000), 3400, 3430);
}

static void it_ends_below_the_lower_threshold_only(void **state _unused_) {
        usec_t until, now = BEGIN;
        Flap f = { 0 };

        while (flap_change(&f, &rule, now) != FLAP_BEGUN)
                ;
        until = flap_until(&f, &rule);
        assert_in_range(until - now, 950 * USEC_PER_SEC, 952 * USEC_PER_SEC); /* log2(6 / 2) */
        assert_int_equal(flap_wait(&f, &rule, now + HALF_LIFE), FLAP_SAME);   /* at 3 */
        assert_true(f.on);
        assert_int_equal(flap_wait(&f, &rule, until - 1), FLAP_SAME);
        assert_int_equal(flap_wait(&f, &rule, until), FLAP_ENDED);
        assert_int_equal(flap_wait(&f, &rule, until), FLAP_SAME);
        assert_true(flap_until(&f, &rule) == USEC_INFINITY);
}

static void ten_thousand_changes_a_minute_are_over_in_three_half_lives(void **state _unused_) {
        unsigned begun = 0;
        usec_t now = BEGIN;
        Flap f = { 0 };

        for (int i = 0; i < 10000; i++, now += USEC_PER_MIN / 10000)
                begun += flap_change(&f, &rule, now) == FLAP_BEGUN;
        assert_int_equal(begun, 1);
        assert_true(flap_until(&f, &rule) <= now + 3 * HALF_LIFE);
}

static void of_who_does_not_want_to_know_it_nobody_does(void **state _unused_) {
        const FlapRule never = { .half_life = HALF_LIFE };
        Flap f = { 0 };

        for (int i = 0; i < 100; i++)
                assert_int_equal(flap_change(&f, &never, BEGIN), FLAP_SAME);
        assert_int_equal((int)f.score, FLAP_MOST);
        f.on = true; /* until it was set */
        assert_int_equal(flap_wait(&f, &never, BEGIN), FLAP_ENDED);
}

static void half_lives_follow_the_interval_within_limits(void **state _unused_) {
        assert_true(flap_half_life(10 * USEC_PER_SEC) == 10 * USEC_PER_MIN);
        assert_true(flap_half_life(5 * USEC_PER_MIN) == 50 * USEC_PER_MIN);
        assert_true(flap_half_life(USEC_PER_DAY) == USEC_PER_DAY);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(half_is_left_after_a_half_life),
                cmocka_unit_test(two_outages_are_not_flapping_but_three_are),
                cmocka_unit_test(a_change_now_and_then_never_is),
                cmocka_unit_test(it_ends_below_the_lower_threshold_only),
                cmocka_unit_test(ten_thousand_changes_a_minute_are_over_in_three_half_lives),
                cmocka_unit_test(of_who_does_not_want_to_know_it_nobody_does),
                cmocka_unit_test(half_lives_follow_the_interval_within_limits),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
