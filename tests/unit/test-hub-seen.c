/* New once, seen for ever after; a jump forward forgets only what is out of the window. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
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
        assert_null(s.older);
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
        assert_int_equal(seen_mark(&s, 5), 1);
        assert_int_equal(seen_mark(&s, UINT32_MAX), 1);
        assert_int_equal(seen_mark(&s, UINT32_MAX), 0);
        assert_null(s.older);
        assert_int_equal(seen_mark(&s, UINT32_MAX - 1), 1);
        assert_int_equal(seen_mark(&s, UINT32_MAX - 3), 1);
        assert_int_equal(seen_mark(&s, 4), 0);
        seen_done(&s);
}

static void without_a_gap_it_takes_no_memory(void **state _unused_) {
        Seen s = { 0 };

        for (uint32_t i = 100; i < 3 * SEEN_WINDOW; i++)
                assert_int_equal(seen_mark(&s, i), 1);
        assert_null(s.older);
        assert_int_equal(seen_mark(&s, 100), 0);
        assert_int_equal(seen_mark(&s, 99), 0); /* too old to know */
        seen_done(&s);
}

static void a_gap_is_forgotten_when_it_is_out_of_the_window(void **state _unused_) {
        Seen s = { 0 };

        assert_int_equal(seen_mark(&s, 7), 1);
        for (uint32_t i = 9; i < 9 + SEEN_WINDOW; i++) {
                assert_int_equal(seen_mark(&s, i), 1);
                assert_int_equal(s.older == NULL, i == 8 + SEEN_WINDOW);
        }
        seen_done(&s);
}

static void what_fills_a_gap_joins_the_run(void **state _unused_) {
        Seen s = { 0 };

        for (uint32_t i = 1000; i < 1200; i++)
                assert_int_equal(seen_mark(&s, i), 1);
        assert_int_equal(seen_mark(&s, 1300), 1);
        for (uint32_t i = 1200; i < 1299; i++)
                assert_int_equal(seen_mark(&s, i), 1);
        assert_int_equal(s.from, 1300);
        assert_int_equal(seen_mark(&s, 1299), 1);
        assert_int_equal(s.from, 1000);
        for (uint32_t i = 1000; i <= 1300; i++)
                assert_int_equal(seen_mark(&s, i), 0);
        assert_int_equal(seen_mark(&s, 0), 1);
        assert_int_equal(seen_mark(&s, 1), 1);
        seen_done(&s);
}

/* Whatever comes, in whatever order: as a table of all numbers says. */
static void as_a_table_of_all_says(void **state _unused_) {
        enum {
                NUMBERS = 4 * SEEN_WINDOW
        };
        static bool table[NUMBERS];
        uint32_t x = 1, newest = 0;
        Seen s = { 0 };

        for (uint32_t i = 0; i < 400000; i++) {
                uint32_t at = i / 7, back, number;

                x = x * 1664525u + 1013904223u;
                back = x >> 8 & 1 ? (x >> 9) % 40 : (x >> 9) % (SEEN_WINDOW + 100);
                number = MIN(at > back ? at - back : 0, NUMBERS - 1u);
                newest = MAX(newest, number);
                assert_int_equal(seen_mark(&s, number),
                                 !table[number] && number + SEEN_WINDOW > newest);
                table[number] = true;
        }
        assert_true(newest > 3 * SEEN_WINDOW);
        seen_done(&s);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_number_is_new_once),
                cmocka_unit_test(order_does_not_matter_within_the_window),
                cmocka_unit_test(a_backlog_may_come_after_the_newest),
                cmocka_unit_test(sliding_keeps_what_is_in_the_window),
                cmocka_unit_test(a_jump_forgets_everything_before),
                cmocka_unit_test(without_a_gap_it_takes_no_memory),
                cmocka_unit_test(a_gap_is_forgotten_when_it_is_out_of_the_window),
                cmocka_unit_test(what_fills_a_gap_joins_the_run),
                cmocka_unit_test(as_a_table_of_all_says),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
