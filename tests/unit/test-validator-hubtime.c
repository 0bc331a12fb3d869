/* The offset follows the best recent sample, in both directions, and never leaves its range. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macro.h"
#include "validator/hubtime.h"

#define BOOT (1000 * USEC_PER_SEC)
#define HUB  (UINT64_C(1700000000) * USEC_PER_SEC)

static HubTime heard(void) {
        HubTime t;

        hub_time_reset(&t, BOOT, HUB);
        return t;
}

static void a_guess_is_not_synced(void **state _unused_) {
        HubTime t;

        hub_time_guess(&t, BOOT, HUB + 7);
        assert_false(t.synced);
        assert_int_equal(hub_time_at(&t, BOOT), HUB + 7);
        assert_int_equal(hub_time_at(&t, BOOT + 5), HUB + 12);
}

static void a_first_frame_replaces_the_guess(void **state _unused_) {
        HubTime t;

        hub_time_guess(&t, BOOT, HUB + USEC_PER_DAY);
        hub_time_reset(&t, BOOT, HUB);
        assert_true(t.synced);
        assert_int_equal(hub_time_at(&t, BOOT), HUB);
}

static void the_own_clock_is_compared(void **state _unused_) {
        HubTime t = heard();

        assert_int_equal(hub_time_clock_offset(&t, BOOT + 5, HUB + 5), 0);
        assert_int_equal(hub_time_clock_offset(&t, BOOT + 5, HUB + 5 + 3 * USEC_PER_SEC),
                         3 * USEC_PER_SEC);
        assert_int_equal(hub_time_clock_offset(&t, BOOT + 5, HUB + 5 - 3 * USEC_PER_SEC),
                         -3 * (int64_t)USEC_PER_SEC);
}

static void a_less_delayed_frame_lifts_the_estimate(void **state _unused_) {
        HubTime t = heard();

        assert_int_equal(hub_time_learn(&t, BOOT + USEC_PER_SEC, HUB + USEC_PER_SEC + 300), 0);
        assert_int_equal(hub_time_at(&t, BOOT + USEC_PER_SEC), HUB + USEC_PER_SEC + 300);
}

static void a_delayed_frame_changes_it_by_drift_only(void **state _unused_) {
        HubTime t = heard();

        hub_time_learn(&t, BOOT + USEC_PER_SEC, HUB + USEC_PER_SEC - 90000);
        assert_int_equal(hub_time_at(&t, BOOT + USEC_PER_SEC), HUB + USEC_PER_SEC - 200);
        hub_time_learn(&t, BOOT + 2 * USEC_PER_SEC, HUB + 2 * USEC_PER_SEC - 250);
        assert_int_equal(hub_time_at(&t, BOOT + 2 * USEC_PER_SEC), HUB + 2 * USEC_PER_SEC - 250);
}

static void a_slower_hub_is_followed_in_time(void **state _unused_) {
        HubTime t = heard();
        usec_t error;

        for (usec_t s = 1; s <= 3600; s++) /* 100 ppm slower */
                hub_time_learn(&t, BOOT + s * USEC_PER_SEC, HUB + s * (USEC_PER_SEC - 100));
        error = hub_time_at(&t, BOOT + 3600 * USEC_PER_SEC) - (HUB + 3600 * (USEC_PER_SEC - 100));
        assert_in_range(error, 0, 200);
}

static void the_way_back_is_the_same(void **state _unused_) {
        HubTime t = heard();

        assert_int_equal(hub_time_to_boottime(&t, hub_time_at(&t, BOOT + 12345)), BOOT + 12345);
        assert_int_equal(hub_time_to_boottime(&t, HUB - BOOT - 1), 0);
}

static void no_hub_makes_a_time_below_zero_or_out_of_range(void **state _unused_) {
        HubTime t;

        hub_time_reset(&t, BOOT, INT64_MAX);
        assert_int_equal(hub_time_at(&t, BOOT + USEC_PER_DAY), INT64_MAX);
        hub_time_reset(&t, BOOT, 0);
        assert_int_equal(hub_time_at(&t, BOOT - 1), 0);
}

static void a_clock_that_jumps_ahead_is_not_followed(void **state _unused_) {
        HubTime t = heard(), before = t;

        assert_int_equal(hub_time_learn(&t, BOOT + 5, HUB + 5 + HUB_TIME_JUMP_MAX + 1), -ERANGE);
        assert_int_equal(hub_time_learn(&t, BOOT + 5, INT64_MAX), -ERANGE);
        assert_memory_equal(&t, &before, sizeof(t));
        assert_int_equal(hub_time_learn(&t, BOOT + 5, 0), 0);
        assert_int_equal(hub_time_learn(&t, BOOT + 5, HUB + HUB_TIME_JUMP_MAX), 0);
        assert_int_equal(hub_time_at(&t, BOOT + 5), HUB + HUB_TIME_JUMP_MAX);
}

static void two_clocks_agree_within_a_day(void **state _unused_) {
        assert_true(hub_time_is_sane(HUB, HUB));
        assert_true(hub_time_is_sane(HUB + USEC_PER_DAY, HUB));
        assert_true(hub_time_is_sane(HUB, HUB + USEC_PER_DAY));
        assert_false(hub_time_is_sane(HUB + USEC_PER_DAY + 1, HUB));
        assert_false(hub_time_is_sane(0, HUB));
        assert_false(hub_time_is_sane(INT64_MAX, HUB));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_guess_is_not_synced),
                cmocka_unit_test(a_first_frame_replaces_the_guess),
                cmocka_unit_test(the_own_clock_is_compared),
                cmocka_unit_test(a_less_delayed_frame_lifts_the_estimate),
                cmocka_unit_test(a_delayed_frame_changes_it_by_drift_only),
                cmocka_unit_test(a_slower_hub_is_followed_in_time),
                cmocka_unit_test(the_way_back_is_the_same),
                cmocka_unit_test(a_clock_that_jumps_ahead_is_not_followed),
                cmocka_unit_test(two_clocks_agree_within_a_day),
                cmocka_unit_test(no_hub_makes_a_time_below_zero_or_out_of_range),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
