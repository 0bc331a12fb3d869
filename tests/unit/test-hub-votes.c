/* The freshest vote of each seat. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hub/votes.h"

#define SEC       USEC_PER_SEC
#define FRESHNESS (60 * SEC)

static Vote vote(VoteOutcome outcome, usec_t started) {
        return (Vote){ .outcome = outcome, .started = started, .arrived = started + SEC };
}

static VoteTable *table(void) {
        VoteTable *t = NULL;

        assert_int_equal(vote_table_new(&t, 4, FRESHNESS), 0);
        return t;
}

static void freshness_follows_the_interval(void **state) {
        (void)state;
        assert_int_equal(vote_lateness(10 * SEC), 5 * SEC);
        assert_int_equal(vote_lateness(60 * SEC), 15 * SEC);
        assert_int_equal(vote_lateness(USEC_PER_DAY), 60 * SEC);
        assert_int_equal(vote_freshness(10 * SEC, 5 * SEC), 25 * SEC);
        assert_int_equal(vote_freshness(60 * SEC, 10 * SEC), 95 * SEC);
}

static void newest_start_wins(void **state) {
        _cleanup_(vote_table_freep) VoteTable *t = table();
        Vote first = vote(VOTE_UP, 10 * SEC), older = vote(VOTE_DOWN, 9 * SEC);
        Vote newer = vote(VOTE_DOWN, 11 * SEC);

        (void)state;
        assert_int_equal(vote_table_put(t, 1, &first), 1);
        assert_int_equal(vote_table_put(t, 1, &older), 0);
        assert_int_equal(vote_table_put(t, 1, &first), 0);
        assert_int_equal(vote_table_outcome(t, 1, 12 * SEC), VOTE_UP);
        assert_int_equal(vote_table_put(t, 1, &newer), 1);
        assert_int_equal(vote_table_outcome(t, 1, 12 * SEC), VOTE_DOWN);
        assert_int_equal(vote_table_outcome(t, 0, 12 * SEC), VOTE_MISSING);
}

static void votes_go_stale_from_their_start(void **state) {
        _cleanup_(vote_table_freep) VoteTable *t = table();
        Vote a = vote(VOTE_UP, 10 * SEC), b = vote(VOTE_UP, 20 * SEC);

        (void)state;
        vote_table_put(t, 0, &a);
        vote_table_put(t, 3, &b);
        assert_int_equal(vote_table_next(t, 4, 30 * SEC), 70 * SEC);
        assert_int_equal(vote_table_outcome(t, 0, 70 * SEC - 1), VOTE_UP);
        assert_int_equal(vote_table_outcome(t, 0, 70 * SEC), VOTE_MISSING);
        assert_int_equal(vote_table_next(t, 4, 70 * SEC), 80 * SEC);
        assert_true(vote_table_next(t, 4, 80 * SEC) == USEC_INFINITY);
        assert_non_null(vote_table_last(t, 0));
}

static void a_vote_moves_with_its_member(void **state) {
        _cleanup_(vote_table_freep) VoteTable *t = table();
        Vote a = vote(VOTE_DOWN, 10 * SEC);

        (void)state;
        vote_table_put(t, 3, &a);
        vote_table_move(t, 3, 1);
        assert_int_equal(vote_table_outcome(t, 1, 11 * SEC), VOTE_DOWN);
        assert_null(vote_table_last(t, 3));
        vote_table_clear(t, 1);
        assert_null(vote_table_last(t, 1));
}

static void claims_are_dated_from_their_first_vote(void **state) {
        _cleanup_(vote_table_freep) VoteTable *t = table();
        Vote a = vote(VOTE_DOWN, 10 * SEC), b = vote(VOTE_DOWN, 20 * SEC),
             c = vote(VOTE_UP, 30 * SEC);
        Vote late = vote(VOTE_UP, 100 * SEC);

        (void)state;
        vote_table_put(t, 0, &a);
        vote_table_put(t, 0, &b);
        assert_int_equal(vote_table_said_since(t, 0), 10 * SEC);
        vote_table_discredit(t, 0);
        assert_int_equal(vote_table_said_since(t, 0), 0);
        vote_table_put(t, 0, &c);
        assert_int_equal(vote_table_said_since(t, 0), 30 * SEC);
        vote_table_put(t, 0, &late);
        assert_int_equal(vote_table_said_since(t, 0), 100 * SEC);
}

static void room_grows_and_keeps(void **state) {
        _cleanup_(vote_table_freep) VoteTable *t = table();
        Vote a = vote(VOTE_UP, 10 * SEC);

        (void)state;
        vote_table_put(t, 3, &a);
        assert_int_equal(vote_table_reserve(&t, SEATS_MAX), 0);
        assert_int_equal(vote_table_outcome(t, 3, 11 * SEC), VOTE_UP);
        assert_null(vote_table_last(t, SEATS_MAX - 1));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(freshness_follows_the_interval),
                cmocka_unit_test(newest_start_wins),
                cmocka_unit_test(votes_go_stale_from_their_start),
                cmocka_unit_test(a_vote_moves_with_its_member),
                cmocka_unit_test(claims_are_dated_from_their_first_vote),
                cmocka_unit_test(room_grows_and_keeps),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
