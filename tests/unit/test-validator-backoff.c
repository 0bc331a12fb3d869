/* Pauses between attempts: bounded at both ends, spread, and not to be had shorter by a welcome. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macro.h"
#include "validator/backoff.h"

#define LONGEST (30 * USEC_PER_SEC)
#define NOW     (1000 * USEC_PER_SEC)
#define MIDDLE  (UINT32_MAX / 2)

static void pauses_double_up_to_the_longest(void **state) {
        static const usec_t expected[] = { 250, 500, 1000, 2000, 4000, 8000, 16000, 30000, 30000 };
        Backoff b;

        (void)state;
        backoff_init(&b, LONGEST);
        for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++)
                assert_in_range(backoff_next(&b, NOW, MIDDLE) + 1, expected[i] * USEC_PER_MSEC,
                                expected[i] * USEC_PER_MSEC + 1);
}

static void they_are_spread_around_their_middle(void **state) {
        Backoff b;

        (void)state;
        backoff_init(&b, LONGEST);
        assert_int_equal(backoff_next(&b, NOW, 0), BACKOFF_FIRST / 2);
        backoff_init(&b, LONGEST);
        assert_int_equal(backoff_next(&b, NOW, UINT32_MAX), BACKOFF_FIRST / 2 + BACKOFF_FIRST);
}

static void a_longest_below_the_first_holds_from_the_start(void **state) {
        Backoff b;

        (void)state;
        backoff_init(&b, 20 * USEC_PER_MSEC);
        for (int i = 0; i < 5; i++)
                assert_in_range(backoff_next(&b, NOW, UINT32_MAX), 10000, 30000);
}

static usec_t after_a_connection_of(Backoff *b, usec_t *now, usec_t time) {
        backoff_ready(b, *now);
        *now += time;
        return backoff_next(b, *now, MIDDLE) + 1;
}

static void only_a_connection_that_lasted_begins_anew(void **state) {
        usec_t now = NOW, wait = 0;
        Backoff b;

        (void)state;
        backoff_init(&b, LONGEST);
        for (int i = 0; i < 10; i++) { /* welcomed, and hung up on */
                wait = after_a_connection_of(&b, &now, BACKOFF_LASTED - 1);
                assert_in_range(wait, MIN(BACKOFF_FIRST << i, LONGEST), LONGEST + 1);
                (void)backoff_next(&b, now, MIDDLE); /* a refusal in between */
        }
        assert_in_range(wait, LONGEST, LONGEST + 1);
        wait = after_a_connection_of(&b, &now, BACKOFF_LASTED);
        assert_in_range(wait, BACKOFF_FIRST, BACKOFF_FIRST + 1);
        /* that was of the last connection, not of this attempt */
        wait = backoff_next(&b, now + LONGEST, MIDDLE) + 1;
        assert_in_range(wait, 2 * BACKOFF_FIRST, 2 * BACKOFF_FIRST + 1);
}

static void a_welcome_after_a_long_absence_is_worth_a_quick_try(void **state) {
        usec_t now = NOW;
        Backoff b;

        (void)state;
        backoff_init(&b, LONGEST);
        for (int i = 0; i < 10; i++)
                (void)backoff_next(&b, now, MIDDLE);
        assert_in_range(after_a_connection_of(&b, &now, USEC_PER_SEC), BACKOFF_FIRST,
                        BACKOFF_FIRST + 1);
}

static void what_is_asked_for_is_kept_once_and_bounded(void **state) {
        Backoff b;

        (void)state;
        backoff_init(&b, LONGEST);
        backoff_ask(&b, 60 * USEC_PER_SEC);
        assert_int_equal(backoff_next(&b, NOW, 0), 60 * USEC_PER_SEC);
        assert_in_range(backoff_next(&b, NOW, MIDDLE), 2 * BACKOFF_FIRST - 1, 2 * BACKOFF_FIRST);
        backoff_ask(&b, 86400 * USEC_PER_SEC);
        assert_in_range(backoff_next(&b, NOW, UINT32_MAX), BACKOFF_ASKED_MAX,
                        BACKOFF_ASKED_MAX / 5 * 6);
        backoff_ask(&b, USEC_INFINITY);
        assert_in_range(backoff_next(&b, NOW, 1023), BACKOFF_ASKED_MAX, BACKOFF_ASKED_MAX / 5 * 6);
        backoff_ask(&b, 0);
        assert_in_range(backoff_next(&b, NOW, 0), LONGEST, LONGEST);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(pauses_double_up_to_the_longest),
                cmocka_unit_test(they_are_spread_around_their_middle),
                cmocka_unit_test(a_longest_below_the_first_holds_from_the_start),
                cmocka_unit_test(only_a_connection_that_lasted_begins_anew),
                cmocka_unit_test(a_welcome_after_a_long_absence_is_worth_a_quick_try),
                cmocka_unit_test(what_is_asked_for_is_kept_once_and_bounded),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
