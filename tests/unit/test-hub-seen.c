/* New once, seen for ever after; a jump forward forgets only what is out of the window. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hub/seen.h"

static void a_number_is_new_once(void **state _unused_) {
        Seen s = { 0 };

        for (uint32_t i = 0; i < 3 * SEEN_WINDOW; i += 7)
                assert_int_equal(seen_mark(&s, i), 1);
        assert_int_equal(seen_mark(&s, 3 * SEEN_WINDOW - 1 - (3 * SEEN_WINDOW - 1) % 7), 0);
        assert_int_equal(seen_mark(&s, 3 * SEEN_WINDOW - 7), 1);
        assert_int_equal(seen_mark(&s, 3 * SEEN_WINDOW - 7), 0);
        seen_done(&s);
        assert_null(s.bits);
}

static void order_does_not_matter_within_the_window(void **state _unused_) {
        Seen s = { 0 };

        for (uint32_t i = 200; i > 0; i--)
                assert_int_equal(seen_mark(&s, i - 1), 1);
        for (uint32_t i = 0; i < 200; i++)
                assert_int_equal(seen_mark(&s, i), 0);
        seen_done(&s);
}

/* The first one after a restart is the newest; a day of backlog at the shortest interval follows.
 */
static void a_backlog_may_come_after_the_newest(void **state _unused_) {
        const uint32_t newest = 1000003;
        Seen s = { 0 };

        assert_int_equal(seen_mark(&s, newest), 1);
        for (uint32_t i = newest - 8640; i < newest; i++)
                assert_int_equal(seen_mark(&s, i), 1);
        for (uint32_t i = newest - 8640; i <= newest; i++)
                assert_int_equal(seen_mark(&s, i), 0);
        seen_done(&s);
}

static void sliding_keeps_what_is_in_the_window(void **state _unused_) {
        const uint32_t begin = 500, end = begin + SEEN_WINDOW + 5000;
        Seen s = { 0 };

        for (uint32_t i = begin; i < end; i += 2)
                assert_int_equal(seen_mark(&s, i), 1);
        for (uint32_t i = end - SEEN_WINDOW + 128; i < end; i++)
                assert_int_equal(seen_mark(&s, i), i % 2);
        assert_int_equal(seen_mark(&s, begin + 1), 0); /* too old to know */
        seen_done(&s);
}

static void a_jump_forgets_everything_before(void **state _unused_) {
        Seen s = { 0 };

        assert_int_equal(seen_mark(&s, 3), 1);
        assert_int_equal(seen_mark(&s, UINT32_MAX), 1);
        assert_int_equal(seen_mark(&s, UINT32_MAX), 0);
        assert_int_equal(seen_mark(&s, UINT32_MAX - 1), 1);
        assert_int_equal(seen_mark(&s, 4), 0);
        assert_true(s.size <= SEEN_WINDOW);
        seen_done(&s);
}

static void memory_follows_use(void **state _unused_) {
        Seen s = { 0 };

        assert_int_equal(seen_mark(&s, 5), 1);
        assert_int_equal(s.size, 64);
        assert_int_equal(seen_mark(&s, 64), 1);
        assert_int_equal(s.size, 128);
        assert_int_equal(seen_mark(&s, 5), 0);
        assert_int_equal(seen_mark(&s, SEEN_WINDOW - 1), 1);
        assert_int_equal(s.size, SEEN_WINDOW);
        assert_int_equal(s.base, 0);
        seen_done(&s);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_number_is_new_once),
                cmocka_unit_test(order_does_not_matter_within_the_window),
                cmocka_unit_test(a_backlog_may_come_after_the_newest),
                cmocka_unit_test(sliding_keeps_what_is_in_the_window),
                cmocka_unit_test(a_jump_forgets_everything_before),
                cmocka_unit_test(memory_follows_use),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
