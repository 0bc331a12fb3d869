/* Pauses grow, differ, obey the receiver within reason, and end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macro.h"
#include "hub/alert-pace.h"

static usec_t next(unsigned tries, uint32_t random) {
        return alert_pace_next(&(const AlertTry){ .tries = tries, .random = random });
}

static void pauses_double_up_to_an_hour(void **state _unused_) {
        assert_int_equal(next(1, 0), 750 * USEC_PER_MSEC);
        assert_int_equal(next(2, 0), 1500 * USEC_PER_MSEC);
        assert_int_equal(next(5, 0), 12 * USEC_PER_SEC);
        assert_int_equal(next(13, 0), 45 * USEC_PER_MIN);
        assert_int_equal(next(39, 0), 45 * USEC_PER_MIN);
}

static void no_two_come_together_again(void **state _unused_) {
        assert_int_equal(next(4, UINT32_MAX), 10 * USEC_PER_SEC);
        assert_true(next(4, 0) < next(4, UINT32_MAX / 2));
        assert_true(next(4, UINT32_MAX / 2) < next(4, UINT32_MAX));
}

static void the_receiver_may_ask_for_longer_within_limits(void **state _unused_) {
        AlertTry t = { .tries = 1, .asked = 90 * USEC_PER_SEC };

        assert_int_equal(alert_pace_next(&t), 90 * USEC_PER_SEC);
        t.asked = 30 * USEC_PER_HOUR;
        assert_int_equal(alert_pace_next(&t), ALERT_ASKED_MAX);
        t.asked = USEC_PER_MSEC;
        assert_int_equal(alert_pace_next(&t), 750 * USEC_PER_MSEC);
}

static void it_ends(void **state _unused_) {
        usec_t all = 0;
        AlertTry t = { .tries = 1 };

        assert_int_equal(next(ALERT_TRIES_MAX, 7), 0);
        assert_int_equal(next(ALERT_TRIES_MAX + 1, 7), 0);
        t.age = ALERT_AGE_MAX;
        assert_int_equal(alert_pace_next(&t), 0);
        t.age--;
        assert_int_equal(alert_pace_next(&t), 750 * USEC_PER_MSEC);
        for (unsigned i = 1; i < ALERT_TRIES_MAX; i++)
                all += next(i, UINT32_MAX / 2);
        assert_true(all >= ALERT_AGE_MAX); /* age ends it before the number does */
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(pauses_double_up_to_an_hour),
                cmocka_unit_test(no_two_come_together_again),
                cmocka_unit_test(the_receiver_may_ask_for_longer_within_limits),
                cmocka_unit_test(it_ends),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
