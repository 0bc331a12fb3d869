/* Confirmation rounds: what triggers them, what they cost, what they remember. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hub/round.h"

#define SEC USEC_PER_SEC
#define NOW (UINT64_C(1750000000) * SEC)

/* Four seats, T = 60 s: a probe is earned in 15 s, three rounds are nine probes. */
static Round *fresh(uint8_t n) {
        Round *r = NULL;

        assert_int_equal(round_new(&r), 0);
        round_configure(r, n, 60 * SEC);
        return r;
}

static void says(Round *r, uint8_t seat, VoteOutcome before, VoteOutcome now, VoteOutcome verdict) {
        Vote v = { .outcome = now, .kind = VOTE_SCHEDULED, .started = NOW };
        RoundView view = { .verdict = verdict };

        round_hear(r, seat, &v, before, &view);
}

static void answers(Round *r, uint8_t seat, VoteOutcome now, usec_t started) {
        Vote v = { .outcome = now, .kind = VOTE_CONFIRM, .started = started };
        RoundView view = { .verdict = VOTE_UP };

        round_hear(r, seat, &v, VOTE_UP, &view);
}

static void start(Round *r, uint64_t asked, uint64_t down, usec_t now) {
        RoundPlan plan = { asked, __builtin_popcountll(asked), now + 12 * SEC };
        RoundView view = { VOTE_UP, ~down, down };

        round_start(r, &plan, &view, now);
}

static void only_difference_triggers(void **state) {
        _cleanup_(round_freep) Round *r = fresh(4);

        (void)state;
        says(r, 0, VOTE_MISSING, VOTE_UP, VOTE_UP);
        says(r, 1, VOTE_UP, VOTE_ABSTAIN, VOTE_UP);
        assert_int_equal(round_trigger(r), -ENOENT);
        says(r, 2, VOTE_DOWN, VOTE_DOWN, VOTE_UP);
        assert_int_equal(round_trigger(r), 2);
        assert_true(round_waits(r));
        says(r, 2, VOTE_DOWN, VOTE_UP, VOTE_UP);
        assert_false(round_waits(r));
        says(r, 3, VOTE_UP, VOTE_UP, VOTE_DOWN);
        assert_int_equal(round_trigger(r), 3);
}

static void without_verdict_only_news_triggers(void **state) {
        _cleanup_(round_freep) Round *r = fresh(4);

        (void)state;
        says(r, 0, VOTE_DOWN, VOTE_DOWN, VOTE_MISSING);
        assert_false(round_waits(r));
        says(r, 0, VOTE_DOWN, VOTE_UP, VOTE_MISSING);
        assert_true(round_waits(r));
        says(r, 0, VOTE_UP, VOTE_UP, VOTE_MISSING); /* repeated before its round came */
        assert_true(round_waits(r));
        says(r, 1, VOTE_MISSING, VOTE_DOWN, VOTE_MISSING);
        assert_int_equal(round_trigger(r), 0);
}

static void deferred_triggers_are_dropped_when_settled(void **state) {
        _cleanup_(round_freep) Round *r = fresh(4);
        RoundView now_down = { VOTE_DOWN, 0, 1 };

        (void)state;
        says(r, 0, VOTE_UP, VOTE_DOWN, VOTE_UP);
        round_review(r, &now_down);
        assert_false(round_waits(r));
}

static void rounds_keep_their_distance_and_budget(void **state) {
        _cleanup_(round_freep) Round *r = fresh(4);
        RoundView partial = { VOTE_MISSING, 14, 1 };
        usec_t now = NOW;

        (void)state;
        for (int i = 0; i < 3; i++, now += 15 * SEC) {
                says(r, 0, VOTE_UP, VOTE_DOWN, VOTE_UP);
                assert_int_equal(round_allowed(r, 3, now), now);
                start(r, 14, 1, now);
                round_end(r, &partial);
                says(r, 0, VOTE_UP, VOTE_DOWN, VOTE_UP);
                assert_int_equal(round_allowed(r, 3, now + SEC), now + 15 * SEC);
        }
        /* 9 probes in the burst, 3 earned in 45 s, 9 spent: 3 are left, then one per 15 s. */
        says(r, 0, VOTE_UP, VOTE_DOWN, VOTE_UP);
        assert_int_equal(round_allowed(r, 3, now), now);
        start(r, 14, 1, now);
        round_end(r, &partial);
        assert_int_equal(round_allowed(r, 3, now + 15 * SEC), now + 45 * SEC);
}

static void the_outvoted_keep_quiet_until_another_changes(void **state) {
        _cleanup_(round_freep) Round *r = fresh(4);
        RoundView up = { VOTE_UP, 14, 1 };

        (void)state;
        says(r, 0, VOTE_UP, VOTE_DOWN, VOTE_UP);
        start(r, 14, 1, NOW);
        for (uint8_t i = 1; i < 4; i++)
                answers(r, i, VOTE_UP, NOW);
        assert_int_equal(round_silent(r), 0);
        assert_int_equal(round_end(r, &up), 1);
        says(r, 0, VOTE_DOWN, VOTE_DOWN, VOTE_UP);
        assert_false(round_waits(r));
        says(r, 0, VOTE_DOWN, VOTE_UP, VOTE_UP);
        says(r, 0, VOTE_UP, VOTE_DOWN, VOTE_UP);
        assert_false(round_waits(r)); /* its own change is nobody else's */
        says(r, 2, VOTE_UP, VOTE_DOWN, VOTE_UP);
        assert_true(round_waits(r));
        assert_int_equal(round_trigger(r), 2); /* which no round has refuted */
        says(r, 2, VOTE_DOWN, VOTE_UP, VOTE_UP);
        assert_int_equal(round_trigger(r), 0);
}

/* Two that wake each other have what is earned, and never the last two rounds. */
static void the_refuted_leave_rounds_for_others(void **state) {
        _cleanup_(round_freep) Round *r = fresh(4);
        RoundView up = { VOTE_UP, 14, 1 }, down = { VOTE_DOWN, 1, 14 };
        usec_t now = NOW;

        (void)state;
        says(r, 0, VOTE_UP, VOTE_DOWN, VOTE_UP);
        start(r, 14, 1, now);
        for (uint8_t i = 1; i < 4; i++)
                answers(r, i, VOTE_UP, now);
        assert_int_equal(round_end(r, &up), 1);
        says(r, 0, VOTE_DOWN, VOTE_UP, VOTE_UP);
        says(r, 1, VOTE_UP, VOTE_DOWN, VOTE_UP);
        now += 45 * SEC;
        start(r, 13, 2, now);
        for (uint8_t i = 0; i < 4; i += i == 0 ? 2 : 1)
                answers(r, i, VOTE_UP, now);
        up = (RoundView){ VOTE_UP, 13, 2 };
        assert_int_equal(round_end(r, &up), 2); /* 6 of 9 probes are left, 9 again in 45 s */
        says(r, 0, VOTE_UP, VOTE_DOWN, VOTE_UP);
        says(r, 1, VOTE_DOWN, VOTE_DOWN, VOTE_UP);
        says(r, 0, VOTE_DOWN, VOTE_UP, VOTE_UP);
        assert_int_equal(round_trigger(r), 1);
        round_review(r, &up);
        assert_int_equal(round_allowed(r, 3, now + 15 * SEC), now + 45 * SEC);
        says(r, 3, VOTE_UP, VOTE_DOWN, VOTE_UP);
        assert_int_equal(round_trigger(r), 3);
        assert_int_equal(round_allowed(r, 3, now + 15 * SEC), now + 15 * SEC);

        /* It was an outage: seat 1 says so, too, but only when asked. */
        now += 15 * SEC;
        round_start(r, &(RoundPlan){ 7, 3, now + 12 * SEC }, &(RoundView){ VOTE_UP, 5, 10 }, now);
        answers(r, 1, VOTE_DOWN, now);
        answers(r, 2, VOTE_DOWN, now);
        round_end(r, &down);
        says(r, 1, VOTE_DOWN, VOTE_UP, VOTE_DOWN);
        assert_int_equal(round_trigger(r), 1);
        round_review(r, &(RoundView){ VOTE_DOWN, 2, 13 });
        assert_int_equal(round_allowed(r, 3, now + 15 * SEC), now + 75 * SEC);
}

static void who_was_right_is_believed_again(void **state) {
        _cleanup_(round_freep) Round *r = fresh(4);
        RoundView up = { VOTE_UP, 14, 1 }, down = { VOTE_DOWN, 0, 15 };

        (void)state;
        says(r, 0, VOTE_UP, VOTE_DOWN, VOTE_UP);
        start(r, 14, 1, NOW);
        for (uint8_t i = 1; i < 4; i++)
                answers(r, i, VOTE_UP, NOW);
        assert_int_equal(round_end(r, &up), 1);
        says(r, 0, VOTE_DOWN, VOTE_UP, VOTE_UP);
        says(r, 1, VOTE_UP, VOTE_DOWN, VOTE_UP);
        says(r, 1, VOTE_DOWN, VOTE_UP, VOTE_UP);
        says(r, 0, VOTE_UP, VOTE_DOWN, VOTE_UP);
        round_review(r, &up);
        assert_int_equal(round_allowed(r, 3, NOW + 15 * SEC), NOW + 45 * SEC);
        start(r, 14, 1, NOW + 45 * SEC);
        round_end(r, &down);
        says(r, 0, VOTE_DOWN, VOTE_UP, VOTE_DOWN);
        assert_int_equal(round_trigger(r), 0);
        round_review(r, &(RoundView){ VOTE_DOWN, 1, 14 });
        assert_int_equal(round_allowed(r, 3, NOW + 60 * SEC), NOW + 60 * SEC);
}

static void hints_of_the_refuted_come_last(void **state) {
        _cleanup_(round_freep) Round *r = fresh(4);
        RoundView up = { VOTE_UP, 15, 0 };

        (void)state;
        round_suspect(r, 0, &up);
        start(r, 14, 0, NOW);
        round_end(r, &up);
        says(r, 2, VOTE_DOWN, VOTE_UP, VOTE_UP); /* hints are listened to again */
        round_suspect(r, 0, &up);
        assert_int_equal(round_trigger(r), 0);
        round_review(r, &up);
        assert_int_equal(round_allowed(r, 3, NOW + 15 * SEC), NOW + 45 * SEC);
        round_suspect(r, 1, &up);
        assert_int_equal(round_trigger(r), 1);
        assert_int_equal(round_allowed(r, 3, NOW + 15 * SEC), NOW + 15 * SEC);
}

static void a_change_after_the_answer_is_not_lost(void **state) {
        _cleanup_(round_freep) Round *r = fresh(4);
        RoundView up = { VOTE_UP, 12, 3 };

        (void)state;
        says(r, 0, VOTE_UP, VOTE_DOWN, VOTE_UP);
        start(r, 14, 1, NOW);
        for (uint8_t i = 1; i < 4; i++)
                answers(r, i, VOTE_UP, NOW);
        says(r, 1, VOTE_UP, VOTE_DOWN, VOTE_UP);
        assert_int_equal(round_trigger(r), -ENOENT); /* a round is open */
        assert_int_equal(round_end(r, &up), 1);
        assert_int_equal(round_trigger(r), 1);
}

static void old_answers_do_not_count(void **state) {
        _cleanup_(round_freep) Round *r = fresh(4);

        (void)state;
        says(r, 0, VOTE_UP, VOTE_DOWN, VOTE_UP);
        start(r, 14, 1, NOW);
        answers(r, 1, VOTE_UP, NOW - ROUND_CLOCK_ERROR - 1);
        assert_int_equal(round_silent(r), 14);
        answers(r, 1, VOTE_UP, NOW - ROUND_CLOCK_ERROR); /* by a clock that is behind */
        assert_int_equal(round_silent(r), 12);
        assert_int_equal(round_heard(r), 3);
        round_forget(r, 2);
        assert_int_equal(round_silent(r), 8);
}

static void a_newer_scheduled_check_replaces_the_answer(void **state) {
        _cleanup_(round_freep) Round *r = fresh(4);
        RoundView up = { VOTE_UP, 12, 3 };

        (void)state;
        says(r, 0, VOTE_UP, VOTE_DOWN, VOTE_UP);
        start(r, 14, 1, NOW);
        says(r, 1, VOTE_UP, VOTE_DOWN, VOTE_UP); /* begun as the round was opened */
        assert_int_equal(round_silent(r), 12);
        assert_true(round_leaves_doubt(r, &up));
        assert_int_equal(round_end(r, &up), 0);
        assert_int_equal(round_trigger(r), 1);
}

static void silence_refutes_nobody(void **state) {
        _cleanup_(round_freep) Round *r = fresh(4);
        RoundView up = { VOTE_UP, 14, 1 }; /* by what they said before */

        (void)state;
        says(r, 0, VOTE_UP, VOTE_DOWN, VOTE_UP);
        start(r, 14, 1, NOW);
        answers(r, 1, VOTE_UP, NOW);
        answers(r, 2, VOTE_UP, NOW);
        assert_int_equal(round_end(r, &up), 0);
        says(r, 0, VOTE_DOWN, VOTE_DOWN, VOTE_UP);
        assert_int_equal(round_trigger(r), 0);
}

static void a_single_seat_is_refuted_by_nobody(void **state) {
        _cleanup_(round_freep) Round *r = fresh(1);
        RoundView up = { VOTE_UP, 0, 1 };

        (void)state;
        says(r, 0, VOTE_UP, VOTE_DOWN, VOTE_UP);
        start(r, 1, 1, NOW);
        assert_int_equal(round_end(r, &up), 0); /* the answer was lost */
        says(r, 0, VOTE_DOWN, VOTE_DOWN, VOTE_UP);
        assert_int_equal(round_trigger(r), 0);
}

static void who_agrees_for_three_checks_is_believed_again(void **state) {
        _cleanup_(round_freep) Round *r = fresh(4);
        RoundView up = { VOTE_UP, 14, 1 };

        (void)state;
        says(r, 0, VOTE_UP, VOTE_DOWN, VOTE_UP);
        start(r, 14, 1, NOW);
        for (uint8_t i = 1; i < 4; i++)
                answers(r, i, VOTE_UP, NOW);
        round_end(r, &up);
        assert_true(round_rests(r)); /* as long as it keeps to it */
        says(r, 0, VOTE_DOWN, VOTE_UP, VOTE_UP);
        assert_false(round_rests(r));
        says(r, 0, VOTE_UP, VOTE_UP, VOTE_UP);
        says(r, 0, VOTE_UP, VOTE_DOWN, VOTE_UP);
        assert_false(round_waits(r)); /* twice, but not three times in a row */
        for (int i = 0; i < 3; i++)
                says(r, 0, i == 0 ? VOTE_DOWN : VOTE_UP, VOTE_UP, VOTE_UP);
        assert_true(round_rests(r));
        says(r, 0, VOTE_UP, VOTE_DOWN, VOTE_UP);
        assert_int_equal(round_trigger(r), 0);
}

static void hints_hold_nothing_and_are_believed_once(void **state) {
        _cleanup_(round_freep) Round *r = fresh(4);
        RoundView up = { VOTE_UP, 15, 0 }, down = { VOTE_DOWN, 0, 15 };

        (void)state;
        round_suspect(r, 1, &down);
        assert_int_equal(round_trigger(r), -ENOENT);
        round_suspect(r, 1, &up);
        assert_false(round_waits(r));
        assert_int_equal(round_trigger(r), 1);
        start(r, 13, 0, NOW);
        round_end(r, &up);
        round_suspect(r, 1, &up);
        assert_int_equal(round_trigger(r), -ENOENT);
        round_suspect(r, 2, &up);
        assert_int_equal(round_trigger(r), 2);
}

static void a_single_seat_confirms_itself(void **state) {
        _cleanup_(round_freep) Round *r = fresh(1);

        (void)state;
        says(r, 0, VOTE_MISSING, VOTE_UP, VOTE_MISSING);
        assert_false(round_waits(r));
        says(r, 0, VOTE_UP, VOTE_DOWN, VOTE_UP);
        start(r, 1, 1, NOW);
        assert_false(round_confirms(r));
        answers(r, 0, VOTE_DOWN, NOW);
        assert_true(round_confirms(r));
}

static void spares_extend_a_round_once(void **state) {
        _cleanup_(round_freep) Round *r = fresh(4);
        RoundPlan spare = { 8, 1, NOW + 24 * SEC };

        (void)state;
        says(r, 0, VOTE_UP, VOTE_DOWN, VOTE_UP);
        start(r, 14, 1, NOW);
        answers(r, 1, VOTE_UP, NOW);
        answers(r, 2, VOTE_UP, NOW);
        assert_int_equal(round_deadline(r), NOW + 12 * SEC);
        round_hasten(r, NOW + 2 * SEC);
        assert_int_equal(round_deadline(r), NOW + 2 * SEC);
        assert_false(round_was_extended(r));
        round_extend(r, &spare, NOW + 2 * SEC);
        assert_true(round_was_extended(r));
        assert_int_equal(round_deadline(r), NOW + 24 * SEC);
        assert_int_equal(round_silent(r), 8);
}

static void doubt_is_left_once_in_a_row(void **state) {
        _cleanup_(round_freep) Round *r = fresh(4);
        RoundView partial = { VOTE_MISSING, 12, 3 };

        (void)state;
        for (int i = 0; i < 2; i++) {
                says(r, 0, VOTE_UP, VOTE_DOWN, VOTE_UP);
                start(r, 14, 1, NOW + i * 15 * SEC);
                answers(r, 1, VOTE_UP, NOW + i * 15 * SEC);
                says(r, 1, VOTE_UP, VOTE_DOWN, VOTE_UP);
                assert_int_equal(round_leaves_doubt(r, &partial), i == 0);
                round_end(r, &partial);
        }
}

static void memory_moves_with_the_member(void **state) {
        _cleanup_(round_freep) Round *r = fresh(4);

        (void)state;
        says(r, 3, VOTE_UP, VOTE_DOWN, VOTE_UP);
        round_move(r, 3, 1);
        assert_int_equal(round_trigger(r), 1);
        round_forget(r, 1);
        assert_int_equal(round_trigger(r), -ENOENT);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(only_difference_triggers),
                cmocka_unit_test(without_verdict_only_news_triggers),
                cmocka_unit_test(deferred_triggers_are_dropped_when_settled),
                cmocka_unit_test(rounds_keep_their_distance_and_budget),
                cmocka_unit_test(the_outvoted_keep_quiet_until_another_changes),
                cmocka_unit_test(the_refuted_leave_rounds_for_others),
                cmocka_unit_test(who_was_right_is_believed_again),
                cmocka_unit_test(hints_of_the_refuted_come_last),
                cmocka_unit_test(a_change_after_the_answer_is_not_lost),
                cmocka_unit_test(old_answers_do_not_count),
                cmocka_unit_test(a_newer_scheduled_check_replaces_the_answer),
                cmocka_unit_test(silence_refutes_nobody),
                cmocka_unit_test(a_single_seat_is_refuted_by_nobody),
                cmocka_unit_test(who_agrees_for_three_checks_is_believed_again),
                cmocka_unit_test(hints_hold_nothing_and_are_believed_once),
                cmocka_unit_test(a_single_seat_confirms_itself),
                cmocka_unit_test(spares_extend_a_round_once),
                cmocka_unit_test(doubt_is_left_once_in_a_row),
                cmocka_unit_test(memory_moves_with_the_member),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
