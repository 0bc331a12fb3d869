/* Seats: slots on a grid, who is free to sit, who leaves. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/seats.h"

#define SEC USEC_PER_SEC
#define NOW (UINT64_C(1750000000) * SEC)

static Candidate items[6];
static const Roster roster = { .items = items, .n = 6 };
static uint32_t order[] = { 3, 1, 6, 2, 5, 4 };
static const Committee committee = {
        .roster = &roster, .order = order, .n_order = 6, .n = 4, .caps = CAPS_OPERATOR
};

static SeatTable *table(void) {
        SeatTable *t = NULL;

        for (uint32_t i = 0; i < 6; i++)
                items[i] = (Candidate){ .validator = i + 1, .connected_since = NOW - 60 * SEC };
        assert_int_equal(seat_table_new(&t, 4), 0);
        seat_table_set_n(t, 4);
        return t;
}

static void sit(SeatTable *t, uint8_t seat, uint32_t validator) {
        *seat_table_at(t, seat) = (Seat){ .validator = validator };
}

static void slots_are_staggered_evenly(void **state) {
        SeatGrid grid = { { { 1, 2 } }, 60 * SEC, 4 };
        usec_t first = seat_slot(&grid, 0, NOW);

        (void)state;
        for (uint8_t i = 1; i < 4; i++)
                assert_int_equal((seat_slot(&grid, i, first - 1) - first) % (60 * SEC),
                                 i * 15 * SEC);
        assert_true(first > NOW && first <= NOW + 60 * SEC);
}

static void the_grid_does_not_depend_on_when_it_is_asked(void **state) {
        SeatGrid grid = { { { 1, 2 } }, 60 * SEC, 4 }, other = { { { 1, 3 } }, 60 * SEC, 4 };
        usec_t slot = seat_slot(&grid, 2, NOW);

        (void)state;
        assert_int_equal(seat_slot(&grid, 2, slot - 1), slot);
        assert_int_equal(seat_slot(&grid, 2, slot), slot + 60 * SEC);
        assert_int_equal(seat_slot(&grid, 2, slot + USEC_PER_HOUR),
                         slot + USEC_PER_HOUR + 60 * SEC);
        assert_int_not_equal(seat_slot(&other, 2, NOW), slot);
}

#define WEBSITES 10000u
#define WINDOW   (USEC_PER_SEC / 100)
#define WINDOWS  (60 * SEC / WINDOW)

typedef struct Spread {
        unsigned counts[WINDOWS]; /* starts in each hundredth of a second of a minute */
        unsigned second_least, second_most, window_most;
        double chi_square; /* of seconds: about 59 when they are independent */
} Spread;

static void spread_sum(Spread *s) {
        const double mean = WEBSITES / 60.0;

        s->second_least = WEBSITES;
        for (unsigned second = 0; second < 60; second++) {
                unsigned sum = 0;

                for (unsigned i = 0; i < 100; i++) {
                        sum += s->counts[second * 100 + i];
                        s->window_most = MAX(s->window_most, s->counts[second * 100 + i]);
                }
                s->second_least = MIN(s->second_least, sum);
                s->second_most = MAX(s->second_most, sum);
                s->chi_square += (sum - mean) * (sum - mean) / mean;
        }
}

/* Of one validator, which has any of the seats of each. */
static void ten_thousand_websites_of_a_minute_never_start_together(void **state) {
        Spread s = { 0 };

        (void)state;
        for (uint32_t i = 0; i < WEBSITES; i++) {
                SeatGrid grid = { .interval = 60 * SEC, .n = (uint8_t)(1 + i % 7) };

                memcpy(grid.website.bytes, &i, sizeof(i));
                s.counts[seat_slot(&grid, (uint8_t)(i / 7 % grid.n), NOW) / WINDOW % WINDOWS]++;
        }
        spread_sum(&s);
        print_message("10,000 websites a minute: %u to %u a second, at most %u in 10 ms, chi "
                      "square %.0f of 59\n",
                      s.second_least, s.second_most, s.window_most, s.chi_square);
        assert_true(s.second_least > 110 && s.second_most < 230); /* 167 on average */
        assert_true(s.window_most <= 12);                         /* 1.7 on average */
        assert_true(s.chi_square < 110);
}

static void members_and_spares_are_found(void **state) {
        _cleanup_(seat_table_freep) SeatTable *t = table();

        (void)state;
        sit(t, 2, 5);
        seat_table_at(t, 1)->spare = 6;
        assert_int_equal(seat_table_find(t, 5), 2);
        assert_int_equal(seat_table_find(t, 6), 1);
        assert_int_equal(seat_table_find(t, 1), -ENOENT);
        assert_int_equal(seat_table_find(t, 0), -ENOENT);
        assert_int_equal(seat_table_present(t), 4);
        seat_table_at(t, 2)->away_since = NOW;
        assert_int_equal(seat_table_present(t), 0);
}

static void a_seat_changes_after_its_grace(void **state) {
        Seat s = { .validator = 1, .away_since = NOW };

        (void)state;
        assert_false(seat_wants_change(&s, 20 * SEC, NOW + 30 * SEC - 1));
        assert_true(seat_wants_change(&s, 20 * SEC, NOW + 30 * SEC));
        assert_false(seat_wants_change(&s, 120 * SEC, NOW + 59 * SEC));
        assert_true(seat_wants_change(&s, 120 * SEC, NOW + 60 * SEC));
        s = (Seat){ .validator = 1, .leaving = true };
        assert_true(seat_wants_change(&s, 20 * SEC, NOW));
        s = (Seat){ 0 };
        assert_true(seat_wants_change(&s, 20 * SEC, NOW));
        assert_int_equal(seat_changes_allowed(3), 1);
        assert_int_equal(seat_changes_allowed(7), 2);
}

static void the_successor_is_next_in_order(void **state) {
        _cleanup_(seat_table_freep) SeatTable *t = table();

        (void)state;
        assert_int_equal(seat_table_successor(t, &committee, 0), 3);
        sit(t, 0, 3);
        sit(t, 1, 1);
        items[5].connected_since = 0;
        assert_int_equal(seat_table_successor(t, &committee, 2), 2);
        items[1].operator_id = items[0].operator_id = 8;
        assert_int_equal(seat_table_successor(t, &committee, 2), 5);
        assert_int_equal(seat_table_successor(t, &committee, 1), 2);
}

static void who_leaves_blocks_nobody(void **state) {
        _cleanup_(seat_table_freep) SeatTable *t = table();

        (void)state;
        sit(t, 0, 4);
        items[3].operator_id = items[2].operator_id = 8;
        assert_int_equal(seat_table_successor(t, &committee, 1), 1);
        seat_table_at(t, 0)->leaving = true;
        assert_int_equal(seat_table_successor(t, &committee, 1), 3);
}

static void only_who_is_not_chosen_leaves(void **state) {
        _cleanup_(seat_table_freep) SeatTable *t = table();

        (void)state;
        sit(t, 0, 4);
        sit(t, 1, 2);
        sit(t, 2, 3);
        sit(t, 3, 5);
        seat_table_mark_leaving(t, &committee, 20 * SEC, NOW);
        assert_true(seat_table_at(t, 0)->leaving);
        assert_false(seat_table_at(t, 1)->leaving);
        assert_false(seat_table_at(t, 2)->leaving);
        assert_true(seat_table_at(t, 3)->leaving);
}

static void a_short_absence_is_no_reason_to_leave(void **state) {
        _cleanup_(seat_table_freep) SeatTable *t = table();

        (void)state;
        sit(t, 0, 3);
        seat_table_at(t, 0)->away_since = NOW;
        items[2].connected_since = 0;
        seat_table_mark_leaving(t, &committee, 20 * SEC, NOW + 29 * SEC);
        assert_false(seat_table_at(t, 0)->leaving);
        seat_table_mark_leaving(t, &committee, 20 * SEC, NOW + 30 * SEC);
        assert_true(seat_table_at(t, 0)->leaving);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(slots_are_staggered_evenly),
                cmocka_unit_test(the_grid_does_not_depend_on_when_it_is_asked),
                cmocka_unit_test(ten_thousand_websites_of_a_minute_never_start_together),
                cmocka_unit_test(members_and_spares_are_found),
                cmocka_unit_test(a_seat_changes_after_its_grace),
                cmocka_unit_test(the_successor_is_next_in_order),
                cmocka_unit_test(who_leaves_blocks_nobody),
                cmocka_unit_test(only_who_is_not_chosen_leaves),
                cmocka_unit_test(a_short_absence_is_no_reason_to_leave),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
