/* Which window is on or comes next, of a website's own and its organisation's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hub/calendar.h"

static const MaintenanceSpan spans[] = {
        { 1, 0, 100, 200 }, { 1, 0, 400, 500 }, { 1, 7, 150, 250 }, { 1, 7, 250, 260 },
        { 1, 7, 300, 350 }, { 1, 7, 500, 600 }, { 2, 0, 10, 20 },   { 2, 9, 30, 40 },
};

static void expect(uint32_t organisation, uint32_t website, usec_t now, usec_t from, usec_t until) {
        _cleanup_(calendar_freep) Calendar *c = NULL;
        SiteWindow w;

        assert_int_equal(calendar_new(&c, spans, ELEMENTSOF(spans)), 0);
        w = calendar_next(c, organisation, website, now);
        assert_int_equal(w.from, from);
        assert_int_equal(w.until, until);
}

static void what_overlaps_or_touches_is_one(void **state _unused_) {
        expect(1, 7, 0, 100, 260);
        expect(1, 7, 100, 100, 260);
        expect(1, 7, 199, 100, 260);
        expect(1, 7, 200, 150, 260);
        expect(1, 7, 355, 400, 600);
}

static void what_is_over_is_none(void **state _unused_) {
        expect(1, 7, 259, 250, 260);
        expect(1, 7, 260, 300, 350);
        expect(1, 7, 600, 0, 0);
        expect(1, 8, 200, 400, 500);
        expect(1, 8, 500, 0, 0);
}

static void others_are_not_meant(void **state _unused_) {
        expect(2, 7, 0, 10, 20);
        expect(2, 9, 20, 30, 40);
        expect(3, 7, 0, 0, 0);
        expect(1, 9, 0, 100, 200);
}

static void without_windows_there_is_none(void **state _unused_) {
        _cleanup_(calendar_freep) Calendar *c = NULL;

        assert_int_equal(calendar_next(NULL, 1, 7, 0).until, 0);
        assert_int_equal(calendar_new(&c, NULL, 0), 0);
        assert_int_equal(calendar_next(c, 1, 7, 0).until, 0);
}

static void who_changes_much_shares_the_later_readings(void **state _unused_) {
        usec_t now = USEC_PER_DAY;
        CalendarDue due = { 0 };
        unsigned at_once = 0;

        calendar_was_read(&due, now);
        assert_int_equal(due.at, now + USEC_PER_HOUR);
        for (int i = 0; i < 100; i++)
                if (calendar_changed(&due, now)) {
                        assert_int_equal(due.at, 0);
                        at_once++;
                        calendar_was_read(&due, now);
                }
        assert_int_equal(at_once, 30);
        assert_in_range(due.at, now + 1, now + 5 * USEC_PER_SEC); /* the last change counts, too */
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_overlaps_or_touches_is_one),
                cmocka_unit_test(what_is_over_is_none),
                cmocka_unit_test(others_are_not_meant),
                cmocka_unit_test(without_windows_there_is_none),
                cmocka_unit_test(who_changes_much_shares_the_later_readings),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
