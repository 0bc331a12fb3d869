/* So many at once, then one each interval. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macro.h"
#include "base/pace.h"

#define START (1000 * USEC_PER_SEC)

static const PaceRule rule = { .burst = 3, .interval = USEC_PER_SEC };

static unsigned taken(Pace *p, unsigned tries, usec_t now) {
        unsigned n = 0;

        for (unsigned i = 0; i < tries; i++)
                n += pace_take(p, &rule, 1, now);
        return n;
}

static void so_many_at_once(void **state _unused_) {
        Pace p = { 0 };

        assert_int_equal(taken(&p, 100, START), 3);
        assert_int_equal(taken(&p, 100, START + USEC_PER_SEC - 1), 0);
}

static void then_one_each_interval(void **state _unused_) {
        Pace p = { 0 };

        assert_int_equal(taken(&p, 3, START), 3);
        for (usec_t i = 1; i < 50; i++)
                assert_int_equal(taken(&p, 7, START + i * USEC_PER_SEC), 1);
}

static void rest_is_saved_up_to_the_burst(void **state _unused_) {
        Pace p = { 0 };

        assert_int_equal(taken(&p, 3, START), 3);
        assert_int_equal(taken(&p, 9, START + 2 * USEC_PER_SEC), 2);
        assert_int_equal(taken(&p, 9, START + 3600 * USEC_PER_SEC), 3);
}

static void refused_tries_cost_nothing(void **state _unused_) {
        Pace p = { 0 };

        assert_int_equal(taken(&p, 1000000, START), 3);
        assert_int_equal(taken(&p, 1, START + USEC_PER_SEC), 1);
}

static void ready_when_there_is_room(void **state _unused_) {
        Pace p = { 0 };

        assert_true(pace_ready(&p, &rule, 1) <= START);
        assert_int_equal(taken(&p, 3, START), 3);
        for (unsigned n = 1; n <= 3; n++) {
                usec_t at = pace_ready(&p, &rule, n);
                Pace early = p, late = p;

                assert_true(at == START + n * USEC_PER_SEC);
                assert_false(pace_take(&early, &rule, n, at - 1));
                assert_true(pace_take(&late, &rule, n, at));
        }
}

static void fresh_when_all_is_paid_for(void **state _unused_) {
        Pace p = { 0 };

        assert_true(pace_is_fresh(&p, START));
        assert_int_equal(taken(&p, 2, START), 2);
        assert_false(pace_is_fresh(&p, START + 2 * USEC_PER_SEC - 1));
        assert_true(pace_is_fresh(&p, START + 2 * USEC_PER_SEC));
}

static void what_costs_more_than_is_there_takes_nothing(void **state _unused_) {
        Pace p = { 0 };

        assert_false(pace_take(&p, &rule, 4, START));
        assert_true(pace_take(&p, &rule, 2, START));
        assert_false(pace_take(&p, &rule, 2, START));
        assert_true(pace_take(&p, &rule, 1, START));
        assert_false(pace_take(&p, &rule, 2, START + USEC_PER_SEC));
        assert_true(pace_take(&p, &rule, 2, START + 2 * USEC_PER_SEC));
        assert_true(pace_take(&p, &rule, 0, START + 2 * USEC_PER_SEC));
}

static void time_that_runs_back_gives_nothing(void **state _unused_) {
        Pace p = { 0 };

        assert_int_equal(taken(&p, 9, START), 3);
        assert_int_equal(taken(&p, 9, START - USEC_PER_MIN), 0);
        assert_int_equal(taken(&p, 9, START + USEC_PER_SEC), 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(so_many_at_once),
                cmocka_unit_test(then_one_each_interval),
                cmocka_unit_test(rest_is_saved_up_to_the_burst),
                cmocka_unit_test(refused_tries_cost_nothing),
                cmocka_unit_test(ready_when_there_is_room),
                cmocka_unit_test(fresh_when_all_is_paid_for),
                cmocka_unit_test(what_costs_more_than_is_there_takes_nothing),
                cmocka_unit_test(time_that_runs_back_gives_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
