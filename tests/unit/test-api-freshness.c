/* A replica that is followed, left behind, lost; and who may read from it meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "api/freshness.h"

#define LAG_MAX (5 * USEC_PER_SEC)

enum {
        ONE = 1,
        TWO = 2
};

/* A replica that has all up to this second, at commit 7. */
static Freshness *freshness_at(usec_t second) {
        Freshness *f = NULL;

        assert_int_equal(freshness_new(&f, LAG_MAX), 0);
        freshness_sampled(f, &(Position){ 100, 7 }, second * USEC_PER_SEC);
        freshness_reached(f, &(Position){ 100, 7 });
        return f;
}

static FreshnessVerdict judge(const Freshness *f, uint32_t organisation, uint64_t told,
                              usec_t second) {
        return freshness_judge(f, &(FreshnessWish){ organisation, told, second * USEC_PER_SEC });
}

static void nothing_is_known_at_the_start(void **state _unused_) {
        _cleanup_(freshness_freep) Freshness *f = NULL;

        assert_int_equal(freshness_new(&f, LAG_MAX), 0);
        assert_int_equal(judge(f, ONE, 0, 1), FRESHNESS_UNKNOWN);
        freshness_reached(f, &(Position){ 100, 7 }); /* which is where? */
        assert_int_equal(judge(f, ONE, 0, 1), FRESHNESS_UNKNOWN);
}

static void it_is_good_as_of_the_last_place_it_reached(void **state _unused_) {
        _cleanup_(freshness_freep) Freshness *f = freshness_at(10);

        assert_int_equal(judge(f, ONE, 0, 15), FRESHNESS_GOOD);
        assert_int_equal(judge(f, ONE, 0, 16), FRESHNESS_BEHIND);

        freshness_sampled(f, &(Position){ 200, 9 }, 16 * USEC_PER_SEC);
        assert_false(freshness_settled(f));
        freshness_reached(f, &(Position){ 199, 9 });
        assert_int_equal(judge(f, ONE, 0, 16), FRESHNESS_BEHIND);
        freshness_reached(f, &(Position){ 300, 8 }); /* a log of its own: promoted apart */
        assert_int_equal(judge(f, ONE, 0, 16), FRESHNESS_BEHIND);
        freshness_reached(f, &(Position){ 200, 9 });
        assert_true(freshness_settled(f));
        assert_int_equal(judge(f, ONE, 0, 21), FRESHNESS_GOOD);
}

static void what_streams_told_is_not_taken_back(void **state _unused_) {
        _cleanup_(freshness_freep) Freshness *f = freshness_at(10);

        assert_int_equal(judge(f, ONE, 7, 11), FRESHNESS_GOOD);
        assert_int_equal(judge(f, ONE, 8, 11), FRESHNESS_TOLD);
        freshness_reached(f, &(Position){ 120, 8 }); /* looked at between two places */
        assert_int_equal(judge(f, ONE, 8, 11), FRESHNESS_GOOD);
}

static void who_wrote_waits_until_it_is_there(void **state _unused_) {
        _cleanup_(freshness_freep) Freshness *f = freshness_at(10);

        freshness_wrote(f, ONE, 11 * USEC_PER_SEC);
        assert_int_equal(judge(f, ONE, 0, 11), FRESHNESS_WROTE);
        assert_int_equal(judge(f, TWO, 0, 11), FRESHNESS_GOOD);

        /* asked for in the same instant: perhaps without it */
        freshness_sampled(f, &(Position){ 150, 7 }, 11 * USEC_PER_SEC);
        freshness_reached(f, &(Position){ 150, 7 });
        assert_int_equal(judge(f, ONE, 0, 12), FRESHNESS_WROTE);

        freshness_sampled(f, &(Position){ 150, 7 }, 12 * USEC_PER_SEC);
        freshness_reached(f, &(Position){ 150, 7 });
        assert_int_equal(judge(f, ONE, 0, 12), FRESHNESS_GOOD);
}

static void too_many_writers_are_taken_for_all(void **state _unused_) {
        _cleanup_(freshness_freep) Freshness *f = freshness_at(10);

        for (uint32_t i = 1; i <= FRESHNESS_WRITERS_MAX; i++)
                freshness_wrote(f, i, 11 * USEC_PER_SEC);
        assert_int_equal(judge(f, FRESHNESS_WRITERS_MAX + 1, 0, 11), FRESHNESS_GOOD);
        freshness_wrote(f, ONE, 11 * USEC_PER_SEC); /* has its place */
        assert_int_equal(judge(f, FRESHNESS_WRITERS_MAX + 1, 0, 11), FRESHNESS_GOOD);
        freshness_wrote(f, FRESHNESS_WRITERS_MAX + 1, 11 * USEC_PER_SEC);
        assert_int_equal(judge(f, FRESHNESS_WRITERS_MAX + 1, 0, 11), FRESHNESS_WROTE);
        assert_int_equal(judge(f, FRESHNESS_WRITERS_MAX + 2, 0, 11), FRESHNESS_WROTE);

        freshness_sampled(f, &(Position){ 150, 7 }, 12 * USEC_PER_SEC);
        freshness_reached(f, &(Position){ 150, 7 });
        for (uint32_t i = 1; i <= FRESHNESS_WRITERS_MAX + 2; i++)
                assert_int_equal(judge(f, i, 0, 12), FRESHNESS_GOOD);
        freshness_wrote(f, TWO, 12 * USEC_PER_SEC); /* places are free again */
        assert_int_equal(judge(f, ONE, 0, 12), FRESHNESS_GOOD);
}

static void another_connection_has_to_show_itself(void **state _unused_) {
        _cleanup_(freshness_freep) Freshness *f = freshness_at(10);

        freshness_wrote(f, ONE, 11 * USEC_PER_SEC);
        freshness_sampled(f, &(Position){ 150, 7 }, 12 * USEC_PER_SEC);
        freshness_lost(f);
        assert_int_equal(judge(f, TWO, 0, 12), FRESHNESS_UNKNOWN);
        assert_true(freshness_settled(f));

        freshness_sampled(f, &(Position){ 160, 7 }, 10 * USEC_PER_SEC);
        freshness_reached(f, &(Position){ 160, 7 });
        assert_int_equal(judge(f, TWO, 0, 12), FRESHNESS_GOOD);
        assert_int_equal(judge(f, ONE, 0, 12), FRESHNESS_WROTE); /* that is not forgotten */
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(nothing_is_known_at_the_start),
                cmocka_unit_test(it_is_good_as_of_the_last_place_it_reached),
                cmocka_unit_test(what_streams_told_is_not_taken_back),
                cmocka_unit_test(who_wrote_waits_until_it_is_there),
                cmocka_unit_test(too_many_writers_are_taken_for_all),
                cmocka_unit_test(another_connection_has_to_show_itself),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
