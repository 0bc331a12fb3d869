/* Every disposition, who votes, and identities that are stored already. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/dispose.h"

#define NOW   (20000 * USEC_PER_DAY)
#define SLOT  5000u
#define START (NOW - SLOT * 60 * USEC_PER_SEC) /* slot SLOT is now */
#define LATE  (15 * USEC_PER_SEC)              /* L of a minute */

static const OrderTerms terms = { .epoch = 1 };

static WorkOrder order(void) {
        return (WorkOrder){
                .row = 9,
                .id.bytes = { 9 },
                .validator = 4,
                .order = { .interval_ms = 60000,
                           .timeout_ms = 10000,
                           .start = (int64_t)START,
                           .terms = &terms },
                .probe_last = 5,
        };
}

static Tick tick_at(usec_t start, uint32_t total) {
        uint32_t slot = (uint32_t)((start - START + 30 * USEC_PER_SEC) / (60 * USEC_PER_SEC));

        return (Tick){ .order.bytes = { 9 },
                       .outcome = TICK_UP,
                       .number = slot,
                       .start = (int64_t)start,
                       .phases.wait = total };
}

static void expect_at(WorkOrder *o, const Tick *t, usec_t now, Disposition d, bool votes) {
        DisposeTime when = { .now = now };
        bool found = !votes;

        assert_int_equal(dispose_tick(o, 4, t, &when, &found), d);
        assert_int_equal(found, votes);
}

static void accepted_once(void **state _unused_) {
        WorkOrder o = order();
        Tick t = tick_at(NOW, 100000), probe = t;

        expect_at(&o, &t, NOW + USEC_PER_SEC, DISPOSITION_ACCEPTED, true);
        expect_at(&o, &t, NOW + USEC_PER_SEC, DISPOSITION_DUPLICATE, false);
        probe.kind = TICK_CONFIRM;
        probe.number = 5;
        expect_at(&o, &probe, NOW + USEC_PER_SEC, DISPOSITION_ACCEPTED, true);
        probe.kind = TICK_REFRESH; /* all probes are of one class */
        expect_at(&o, &probe, NOW + USEC_PER_SEC, DISPOSITION_DUPLICATE, false);
        seen_done(&o.slots);
        seen_done(&o.probes);
}

static void what_is_not_ours_is_unassigned(void **state _unused_) {
        WorkOrder o = order();
        Tick t = tick_at(NOW, 0);
        DisposeTime when = { .now = NOW };
        bool votes = true;

        expect_at(NULL, &t, NOW, DISPOSITION_UNASSIGNED, false);
        assert_int_equal(dispose_tick(&o, 5, &t, &when, &votes), DISPOSITION_UNASSIGNED);
        assert_false(votes);
        t.number++;
        expect_at(&o, &t, NOW, DISPOSITION_UNASSIGNED, false);
        assert_int_equal(o.slots.n, 0);
}

static void two_seconds_ahead_are_allowed(void **state _unused_) {
        WorkOrder o = order();
        Tick t = tick_at(NOW, 0);

        expect_at(&o, &t, NOW - 2 * USEC_PER_SEC - 1, DISPOSITION_FUTURE, false);
        expect_at(&o, &t, NOW - 2 * USEC_PER_SEC, DISPOSITION_ACCEPTED, true); /* not marked */
        seen_done(&o.slots);
}

static void after_a_day_it_is_expired(void **state _unused_) {
        WorkOrder o = order();
        Tick t = tick_at(NOW, 0);

        expect_at(&o, &t, NOW + USEC_PER_DAY + 1, DISPOSITION_EXPIRED, false);
        assert_int_equal(o.slots.n, 0);
        expect_at(&o, &t, NOW + USEC_PER_DAY, DISPOSITION_LATE, false);
        expect_at(&o, &t, NOW + USEC_PER_DAY, DISPOSITION_DUPLICATE, false);
        seen_done(&o.slots);
}

static void late_counts_from_its_end(void **state _unused_) {
        WorkOrder o = order();
        Tick t = tick_at(NOW, 3000000);

        expect_at(&o, &t, NOW + 3 * USEC_PER_SEC + LATE, DISPOSITION_ACCEPTED, true);
        seen_done(&o.slots);
        expect_at(&o, &t, NOW + 3 * USEC_PER_SEC + LATE + 1, DISPOSITION_LATE, false);
        seen_done(&o.slots);
}

static void who_cannot_be_believed_does_not_vote(void **state _unused_) {
        WorkOrder o = order();
        Tick slow = tick_at(NOW, 11000000), slower = tick_at(NOW, 11000001), t = tick_at(NOW, 0);
        DisposeTime unsynced = { .now = NOW, .unsynced = true };
        bool votes = true;

        expect_at(&o, &slow, NOW + 11 * USEC_PER_SEC, DISPOSITION_ACCEPTED, true);
        seen_done(&o.slots);
        expect_at(&o, &slower, NOW + 11 * USEC_PER_SEC, DISPOSITION_ACCEPTED, false);
        seen_done(&o.slots);
        assert_int_equal(dispose_tick(&o, 4, &t, &unsynced, &votes), DISPOSITION_ACCEPTED);
        assert_false(votes);
        seen_done(&o.slots);
}

static void a_vote_is_the_tick_in_short(void **state _unused_) {
        Tick t = tick_at(NOW, 0);
        Vote v;

        t.outcome = TICK_DOWN;
        t.error = TICK_ERROR_REFUSED;
        t.family = 6;
        t.kind = TICK_CONFIRM;
        t.phases = (TickPhases){ UINT32_MAX, 1, 1, 1, 1 };
        v = dispose_vote(&t, NOW + 5);
        assert_int_equal(v.outcome, VOTE_DOWN);
        assert_int_equal(v.kind, VOTE_CONFIRM);
        assert_int_equal(v.error_class, TICK_ERROR_REFUSED);
        assert_int_equal(v.family, 6);
        assert_int_equal(v.latency, UINT32_MAX);
        assert_int_equal(v.started, NOW);
        assert_int_equal(v.arrived, NOW + 5);
}

static void stored_identities_become_duplicates(void **state _unused_) {
        _cleanup_(order_book_freep) OrderBook *book = NULL;
        WorkOrder made = order(), *o;
        Tick t = tick_at(NOW, 0);
        TickIdentity rows[] = { { .order = 9, .number = SLOT, .scheduled = true },
                                { .order = 9, .number = 2 },
                                { .order = 77, .number = SLOT, .scheduled = true } };

        assert_int_equal(order_book_new(&book, 9), 0);
        o = order_book_add(book, &made);
        assert_int_equal(dispose_mark_stored(book, rows, 3), 0);
        expect_at(o, &t, NOW, DISPOSITION_DUPLICATE, false);
        t.kind = TICK_CONFIRM;
        t.number = 2;
        expect_at(o, &t, NOW, DISPOSITION_DUPLICATE, false);
        t.number = 3;
        expect_at(o, &t, NOW, DISPOSITION_ACCEPTED, true);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(accepted_once),
                cmocka_unit_test(what_is_not_ours_is_unassigned),
                cmocka_unit_test(two_seconds_ahead_are_allowed),
                cmocka_unit_test(after_a_day_it_is_expired),
                cmocka_unit_test(late_counts_from_its_end),
                cmocka_unit_test(who_cannot_be_believed_does_not_vote),
                cmocka_unit_test(a_vote_is_the_tick_in_short),
                cmocka_unit_test(stored_identities_become_duplicates),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
