/* A burst is let through, then a rate, and time that runs backwards gives nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "validator/bucket.h"

#define NOW (1000 * USEC_PER_SEC)

static Bucket full(void) {
        BucketRate rate = { 10, 2 };
        Bucket b;

        bucket_init(&b, &rate, NOW);
        return b;
}

static unsigned take_all(Bucket *b, usec_t now) {
        unsigned n = 0;

        while (n < 1000 && bucket_take(b, 1, now))
                n++;
        return n;
}

static void a_burst_then_a_rate(void **state) {
        Bucket b = full();

        (void)state;
        assert_int_equal(take_all(&b, NOW), 10);
        assert_int_equal(take_all(&b, NOW), 0);
        assert_int_equal(take_all(&b, NOW + USEC_PER_SEC / 2), 1);
        assert_int_equal(take_all(&b, NOW + 3 * USEC_PER_SEC), 5);
}

static void it_never_holds_more_than_the_burst(void **state) {
        Bucket b = full();

        (void)state;
        assert_int_equal(take_all(&b, NOW + USEC_PER_DAY), 10);
}

static void what_costs_more_than_is_there_takes_nothing(void **state) {
        Bucket b = full();

        (void)state;
        assert_false(bucket_take(&b, 11, NOW));
        assert_true(bucket_take(&b, 9, NOW));
        assert_false(bucket_take(&b, 2, NOW));
        assert_true(bucket_take(&b, 1, NOW));
}

static void time_that_runs_back_gives_nothing(void **state) {
        Bucket b = full();

        (void)state;
        assert_int_equal(take_all(&b, NOW), 10);
        assert_int_equal(take_all(&b, NOW - USEC_PER_MIN), 0);
        assert_int_equal(take_all(&b, NOW + USEC_PER_SEC), 2);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_burst_then_a_rate),
                cmocka_unit_test(it_never_holds_more_than_the_burst),
                cmocka_unit_test(what_costs_more_than_is_there_takes_nothing),
                cmocka_unit_test(time_that_runs_back_gives_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
