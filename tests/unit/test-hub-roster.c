/* Who can be chosen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hub/roster.h"

#define NOW (UINT64_C(1750000000) * USEC_PER_SEC)

static void they_are_found_by_id(void **state) {
        const Candidate items[] = {
                { .validator = 2 }, { .validator = 3 }, { .validator = 70 }, { .validator = 71 }
        };

        (void)state;
        for (size_t n = 0; n <= 4; n++) {
                const Roster roster = { .items = items, .n = n };

                for (size_t i = 0; i < 4; i++)
                        assert_ptr_equal(roster_find(&roster, items[i].validator),
                                         i < n ? &items[i] : NULL);
                assert_null(roster_find(&roster, 1));
                assert_null(roster_find(&roster, 69));
                assert_null(roster_find(&roster, 72));
        }
}

static bool eligible(usec_t connected_since, usec_t steady_until) {
        const Candidate c = { .connected_since = connected_since, .steady_until = steady_until };

        return candidate_is_eligible(&c, NOW);
}

static void who_was_steady_within_a_day_is_eligible(void **state) {
        (void)state;
        assert_false(eligible(0, 0));
        assert_true(eligible(NOW - CANDIDATE_STEADY, 0));
        assert_false(eligible(NOW - CANDIDATE_STEADY + 1, 0));
        assert_true(eligible(0, NOW - CANDIDATE_MEMORY));
        assert_false(eligible(0, NOW - CANDIDATE_MEMORY - 1));
        assert_true(eligible(NOW, NOW - USEC_PER_HOUR)); /* it has just come back */
}

static void where_one_is_from_is_what_the_choice_looks_at(void **state) {
        const Candidate c = { .operator_id = 1, .prefix = 2, .block = 3, .asn = 4, .region = 5 };
        Origin o = candidate_origin(&c);

        (void)state;
        assert_int_equal(o.operator_id, 1);
        assert_int_equal(o.prefix, 2);
        assert_int_equal(o.block, 3);
        assert_int_equal(o.asn, 4);
        assert_int_equal(o.region, 5);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(they_are_found_by_id),
                cmocka_unit_test(who_was_steady_within_a_day_is_eligible),
                cmocka_unit_test(where_one_is_from_is_what_the_choice_looks_at),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
