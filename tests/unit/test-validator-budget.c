/* So many checks a second and so many bytes, on average and at once; debts are paid back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "validator/budget.h"

#define NOW      (1000 * USEC_PER_SEC)
#define PLENTY   (UINT64_C(1) << 40)
#define MEBIBYTE (UINT64_C(1) << 20)

static unsigned take_all(Budget *b, usec_t now) {
        unsigned n = 0;

        while (n < 100000 && budget_take(b, now))
                n++;
        return n;
}

static void checks_begin_at_their_rate(void **state _unused_) {
        Budget b;

        budget_init(&b, 300, PLENTY);
        assert_int_equal(take_all(&b, NOW), 600); /* after a rest: two seconds' worth */
        assert_int_equal(take_all(&b, NOW), 0);
        assert_in_range(take_all(&b, NOW + USEC_PER_SEC), 299, 301);
        assert_in_range(take_all(&b, NOW + 2 * USEC_PER_SEC), 299, 301);
        assert_int_equal(take_all(&b, NOW + USEC_PER_HOUR), 600); /* rest is not saved up */
}

/* Asked for 1,000 a second during a minute. */
static void what_is_too_much_is_refused_evenly(void **state _unused_) {
        unsigned taken = 0, row = 0, row_most = 0;
        Budget b;

        budget_init(&b, 300, PLENTY);
        take_all(&b, NOW);
        for (usec_t t = NOW; t < NOW + USEC_PER_MIN; t += USEC_PER_MSEC) {
                bool may = budget_take(&b, t);

                taken += may;
                row = may ? 0 : row + 1;
                row_most = MAX(row_most, row);
        }
        assert_in_range(taken, 60 * 300 - 300, 60 * 300 + 1);
        assert_in_range(row_most, 3, 4);
}

static void bytes_are_read_at_their_rate(void **state _unused_) {
        uint64_t read = 0;
        Budget b;

        budget_init(&b, 1000000, MEBIBYTE);
        for (usec_t t = NOW; t < NOW + USEC_PER_MIN; t += USEC_PER_MSEC)
                if (budget_take(&b, t)) {
                        budget_spend(&b, 60 * 1024, t);
                        read += 60 * 1024 + BUDGET_CHECK_BYTES;
                }
        assert_in_range(read, 60 * MEBIBYTE, 63 * MEBIBYTE);
}

static void a_check_without_an_answer_costs_too(void **state _unused_) {
        unsigned n = 0;
        Budget b;

        budget_init(&b, 1000000, 10 * BUDGET_CHECK_BYTES);
        while (budget_take(&b, NOW)) {
                budget_spend(&b, 0, NOW);
                n++;
        }
        assert_in_range(n, 10 * BUDGET_BURST_SECONDS, 10 * BUDGET_BURST_SECONDS + 1);
}

/* Nobody knows before how long an answer is: those under way may read more than there is. */
static void debts_are_paid_back(void **state _unused_) {
        Budget b;

        budget_init(&b, 1000000, MEBIBYTE);
        for (int i = 0; i < 100; i++)
                assert_true(budget_take(&b, NOW));
        for (int i = 0; i < 100; i++)
                budget_spend(&b, MEBIBYTE - BUDGET_CHECK_BYTES, NOW);
        assert_false(budget_take(&b, NOW));
        assert_false(budget_take(&b, NOW + 98 * USEC_PER_SEC - 1));
        assert_true(budget_take(&b, NOW + 98 * USEC_PER_SEC));
}

static void large_numbers_are_no_trouble(void **state _unused_) {
        Budget b;

        budget_init(&b, 1, 1);
        assert_true(budget_take(&b, NOW));
        assert_true(budget_take(&b, NOW));
        assert_false(budget_take(&b, NOW));
        budget_spend(&b, UINT32_MAX, NOW);
        assert_false(budget_take(&b, NOW + UINT32_MAX * USEC_PER_SEC));
        assert_true(budget_take(&b, NOW + (UINT32_MAX + UINT64_C(4096)) * USEC_PER_SEC));

        budget_init(&b, 1000000, UINT64_C(1) << 40);
        for (int i = 0; i < 1000; i++)
                budget_spend(&b, 64 * MEBIBYTE, NOW); /* 64 GB of a terabyte a second */
        assert_true(budget_take(&b, NOW));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(checks_begin_at_their_rate),
                cmocka_unit_test(what_is_too_much_is_refused_evenly),
                cmocka_unit_test(bytes_are_read_at_their_rate),
                cmocka_unit_test(a_check_without_an_answer_costs_too),
                cmocka_unit_test(debts_are_paid_back),
                cmocka_unit_test(large_numbers_are_no_trouble),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
