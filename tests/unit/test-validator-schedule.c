/* Slots stay on their grid, are never repeated, and end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macro.h"
#include "validator/schedule.h"

#define START (INT64_C(1700000000) * 1000000)
#define T     (60 * USEC_PER_SEC)

static const Order order = { .interval_ms = 60000, .start = START };

static void expect(int64_t highest, usec_t now, uint32_t slot, usec_t at) {
        ScheduleSlot next = schedule_next(&order, highest, now);

        assert_int_equal(next.slot, slot);
        assert_int_equal(next.at, at);
}

static void the_first_slot_waits_for_the_start(void **state _unused_) {
        expect(-1, 0, 0, START);
        expect(-1, START - 1, 0, START);
        expect(-1, START, 0, START);
}

static void a_slot_that_passed_is_not_made_up_for(void **state _unused_) {
        expect(-1, START + 1, 1, START + T);
        expect(-1, START + T, 1, START + T);
        expect(4, START + 100 * T + 1, 101, START + 101 * T);
}

static void a_slot_is_never_repeated(void **state _unused_) {
        expect(0, START, 1, START + T);
        expect(0, START - T, 1, START + T);
        expect(7, START + 2 * T, 8, START + 8 * T); /* the clock went back */
}

/* Whenever a validator starts, gets its orders or learns another time, what is due first is spread
 * as all is: nothing is caught up with. */
static void ten_thousand_orders_are_due_as_spread_as_they_are(void **state _unused_) {
        const usec_t nows[] = { 0, START - 1, START + 7 * T + 12345, START + 1000 * T };
        const unsigned orders = 10000, windows = 600; /* of 100 ms */

        for (size_t n = 0; n < ELEMENTSOF(nows); n++) {
                usec_t now = MAX(nows[n], (usec_t)START);
                unsigned counts[600] = { 0 }, most = 0;
                Order o = order;

                for (unsigned i = 0; i < orders; i++) {
                        o.start = START + (int64_t)(i * 7919 % orders * (T / orders));
                        counts[(schedule_next(&o, -1, nows[n]).at - now) / (T / windows)]++;
                }
                for (unsigned i = 0; i < windows; i++)
                        most = MAX(most, counts[i]);
                assert_in_range(most, orders / windows, orders / windows + 1);
        }
}

static void numbers_end(void **state _unused_) {
        assert_int_equal(schedule_next(&order, UINT32_MAX, 0).at, USEC_INFINITY);
        assert_int_equal(schedule_next(&order, -1, INT64_MAX).at, USEC_INFINITY);
        expect(UINT32_MAX - 1, 0, UINT32_MAX, START + UINT32_MAX * T);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_first_slot_waits_for_the_start),
                cmocka_unit_test(a_slot_that_passed_is_not_made_up_for),
                cmocka_unit_test(a_slot_is_never_repeated),
                cmocka_unit_test(ten_thousand_orders_are_due_as_spread_as_they_are),
                cmocka_unit_test(numbers_end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
