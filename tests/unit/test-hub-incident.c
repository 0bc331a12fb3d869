/* Verdicts to incidents. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hub/incident.h"

static void down_opens_and_up_closes(void **state) {
        Incident i = { 0 };

        (void)state;
        assert_int_equal(incident_observe(&i, VERDICT_UP), INCIDENT_SAME);
        assert_int_equal(incident_observe(&i, VERDICT_DOWN), INCIDENT_OPENED);
        assert_int_equal(incident_observe(&i, VERDICT_DOWN), INCIDENT_SAME);
        assert_int_equal(incident_observe(&i, VERDICT_PARTIAL), INCIDENT_SAME);
        assert_int_equal(incident_observe(&i, VERDICT_UNKNOWN), INCIDENT_SAME);
        assert_int_equal(incident_observe(&i, VERDICT_UP), INCIDENT_CLOSED);
        assert_int_equal(incident_observe(&i, VERDICT_UP), INCIDENT_SAME);
}

static void doubt_opens_nothing(void **state) {
        Incident i = { 0 };

        (void)state;
        assert_int_equal(incident_observe(&i, VERDICT_PARTIAL), INCIDENT_SAME);
        assert_int_equal(incident_observe(&i, VERDICT_UNKNOWN), INCIDENT_SAME);
        assert_false(i.open);
}

static void hysteresis_counts_in_a_row(void **state) {
        Incident i = { .confirm_down = 3, .confirm_up = 2 };

        (void)state;
        incident_observe(&i, VERDICT_DOWN);
        incident_observe(&i, VERDICT_DOWN);
        incident_observe(&i, VERDICT_UP);
        incident_observe(&i, VERDICT_DOWN);
        assert_int_equal(incident_observe(&i, VERDICT_DOWN), INCIDENT_SAME);
        assert_int_equal(incident_observe(&i, VERDICT_DOWN), INCIDENT_OPENED);
        assert_int_equal(incident_observe(&i, VERDICT_UP), INCIDENT_SAME);
        assert_int_equal(incident_observe(&i, VERDICT_PARTIAL), INCIDENT_SAME);
        assert_int_equal(incident_observe(&i, VERDICT_UP), INCIDENT_SAME);
        assert_int_equal(incident_observe(&i, VERDICT_UP), INCIDENT_CLOSED);
}

static void kinds_have_names(void **state) {
        (void)state;
        assert_string_equal(incident_kind_name(INCIDENT_DOWN), "down");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(down_opens_and_up_closes),
                cmocka_unit_test(doubt_opens_nothing),
                cmocka_unit_test(hysteresis_counts_in_a_row),
                cmocka_unit_test(kinds_have_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
