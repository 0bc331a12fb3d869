/* Verdicts to incidents. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macro.h"
#include "hub/incident.h"

#define SEC   USEC_PER_SEC
#define BEGIN (UINT64_C(1750000000) * SEC)

static const IncidentView up = { .severity = SEVERITY_NONE, .counts = true };
static const IncidentView down = { .severity = SEVERITY_DOWN, .counts = true };
static const IncidentView partial = { .severity = SEVERITY_PARTIAL, .counts = true };
static const IncidentView unknown = { .doubt = true, .counts = true };
static const IncidentView still_up = { .severity = SEVERITY_NONE };
static const IncidentView still_down = { .severity = SEVERITY_DOWN };

static IncidentStep see(Incident *i, IncidentView view) {
        return incident_observe(i, &view, BEGIN);
}

static IncidentStep see_flapping(Incident *i, IncidentView view) {
        view.flapping = true;
        return incident_observe(i, &view, BEGIN);
}

static void down_opens_and_up_closes(void **state _unused_) {
        Incident i = { 0 };

        assert_int_equal(see(&i, up), INCIDENT_SAME);
        assert_int_equal(see(&i, down), INCIDENT_OPENED);
        assert_int_equal(see(&i, down), INCIDENT_SAME);
        assert_int_equal(see(&i, unknown), INCIDENT_SAME);
        assert_int_equal(i.severity, SEVERITY_DOWN);
        assert_int_equal(see(&i, up), INCIDENT_CLOSED);
        assert_int_equal(see(&i, up), INCIDENT_SAME);
}

static void doubt_opens_and_closes_nothing(void **state _unused_) {
        Incident i = { 0 };

        assert_int_equal(see(&i, unknown), INCIDENT_SAME);
        assert_int_equal(i.severity, SEVERITY_NONE);
        see(&i, partial);
        assert_int_equal(see(&i, unknown), INCIDENT_SAME);
        assert_int_equal(i.severity, SEVERITY_PARTIAL);
}

static void it_gets_worse_and_better(void **state _unused_) {
        Incident i = { 0 };

        assert_int_equal(see(&i, partial), INCIDENT_OPENED);
        assert_int_equal(see(&i, down), INCIDENT_ESCALATED);
        assert_int_equal(see(&i, partial), INCIDENT_EASED);
        assert_int_equal(see(&i, partial), INCIDENT_SAME);
        assert_int_equal(see(&i, up), INCIDENT_CLOSED);
        assert_int_equal(see(&i, down), INCIDENT_OPENED);
}

static void hysteresis_counts_in_a_row(void **state _unused_) {
        Incident i = { .rule = { .confirm_down = 3, .confirm_up = 2 } };

        see(&i, down);
        see(&i, down);
        see(&i, up);
        see(&i, down);
        assert_int_equal(see(&i, down), INCIDENT_SAME);
        assert_int_equal(see(&i, still_down), INCIDENT_SAME); /* nobody said so again */
        assert_false(incident_rests(&i));
        assert_int_equal(see(&i, down), INCIDENT_OPENED);
        assert_int_equal(see(&i, up), INCIDENT_SAME);
        assert_int_equal(see(&i, unknown), INCIDENT_SAME);
        assert_int_equal(see(&i, up), INCIDENT_SAME);
        assert_int_equal(see(&i, up), INCIDENT_CLOSED);
}

static void worse_is_worse_whatever_it_is(void **state _unused_) {
        Incident i = { .rule = { .confirm_down = 3 } };

        see(&i, partial);
        see(&i, down);
        assert_int_equal(see(&i, down), INCIDENT_OPENED);
        assert_int_equal(i.severity, SEVERITY_DOWN);
}

static void hysteresis_waits_for_time_as_well(void **state _unused_) {
        Incident i = { .rule = { .confirm_down = 2, .confirm_down_time = 30 * SEC } };

        incident_observe(&i, &down, BEGIN);
        assert_true(incident_due(&i) == USEC_INFINITY); /* time alone will not do */
        assert_int_equal(incident_observe(&i, &still_down, BEGIN + 40 * SEC), INCIDENT_SAME);
        assert_int_equal(incident_observe(&i, &down, BEGIN + 41 * SEC), INCIDENT_OPENED);
        incident_observe(&i, &up, BEGIN + 50 * SEC);

        incident_observe(&i, &down, BEGIN + 60 * SEC);
        assert_int_equal(incident_observe(&i, &down, BEGIN + 70 * SEC), INCIDENT_SAME);
        assert_true(incident_rests(&i));
        assert_true(incident_due(&i) == BEGIN + 90 * SEC);
        assert_int_equal(incident_observe(&i, &still_down, BEGIN + 90 * SEC - 1), INCIDENT_SAME);
        assert_int_equal(incident_observe(&i, &still_down, BEGIN + 90 * SEC), INCIDENT_OPENED);
        assert_true(incident_due(&i) == USEC_INFINITY);
}

static void recovery_waits_by_its_own_measure(void **state _unused_) {
        Incident i = { .rule = { .confirm_up_time = 5 * USEC_PER_MIN } };

        assert_int_equal(see(&i, down), INCIDENT_OPENED);
        assert_int_equal(see(&i, up), INCIDENT_SAME);
        assert_int_equal(see(&i, down), INCIDENT_SAME); /* begins anew */
        incident_observe(&i, &up, BEGIN + 60 * SEC);
        assert_true(incident_due(&i) == BEGIN + 60 * SEC + 5 * USEC_PER_MIN);
        assert_int_equal(incident_observe(&i, &still_up, incident_due(&i)), INCIDENT_CLOSED);
}

static void while_flapping_it_only_gets_worse(void **state _unused_) {
        Incident i = { 0 };

        assert_int_equal(see_flapping(&i, partial), INCIDENT_OPENED);
        assert_int_equal(see_flapping(&i, up), INCIDENT_SAME);
        assert_true(incident_due(&i) == USEC_INFINITY);
        assert_int_equal(see_flapping(&i, down), INCIDENT_ESCALATED);
        for (int n = 0; n < 1000; n++)
                assert_int_equal(see_flapping(&i, n % 2   ? down
                                                  : n % 3 ? up
                                                          : partial),
                                 INCIDENT_SAME);
        assert_int_equal(see_flapping(&i, up), INCIDENT_SAME);
        assert_int_equal(see(&i, still_up), INCIDENT_CLOSED); /* calm again */
}

static void a_restart_keeps_the_time_and_counts_anew(void **state _unused_) {
        Incident i = { .rule = { .confirm_down = 2, .confirm_down_time = 60 * SEC } };

        incident_resume(&i, SEVERITY_NONE, &still_down, BEGIN);
        assert_int_equal(incident_observe(&i, &down, BEGIN + 50 * SEC), INCIDENT_SAME);
        assert_int_equal(incident_observe(&i, &down, BEGIN + 51 * SEC), INCIDENT_SAME);
        assert_true(incident_due(&i) == BEGIN + 60 * SEC);
        assert_int_equal(incident_observe(&i, &still_down, BEGIN + 60 * SEC), INCIDENT_OPENED);

        incident_resume(&i, SEVERITY_DOWN, &still_down, BEGIN);
        assert_true(incident_rests(&i));
        assert_int_equal(see(&i, up), INCIDENT_CLOSED);
}

static void names_are_their_own_way_back(void **state _unused_) {
        for (int k = 0; k < _INCIDENT_KIND_MAX; k++)
                assert_int_equal(incident_kind_from_name(incident_kind_name(k)), k);
        assert_int_equal(incident_kind_from_name("manual"), _INCIDENT_KIND_MAX);
        for (int s = SEVERITY_WARNING; s < _SEVERITY_MAX; s++)
                assert_int_equal(incident_severity_from_name(incident_severity_name(s)), s);
        assert_int_equal(incident_severity_from_name("info"), SEVERITY_DOWN);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(down_opens_and_up_closes),
                cmocka_unit_test(doubt_opens_and_closes_nothing),
                cmocka_unit_test(it_gets_worse_and_better),
                cmocka_unit_test(hysteresis_counts_in_a_row),
                cmocka_unit_test(worse_is_worse_whatever_it_is),
                cmocka_unit_test(hysteresis_waits_for_time_as_well),
                cmocka_unit_test(recovery_waits_by_its_own_measure),
                cmocka_unit_test(while_flapping_it_only_gets_worse),
                cmocka_unit_test(a_restart_keeps_the_time_and_counts_anew),
                cmocka_unit_test(names_are_their_own_way_back),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
