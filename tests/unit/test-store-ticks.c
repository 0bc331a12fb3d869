/* Ticks are counted, and read for votes and identities. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/batches.h"
#include "store/ticks.h"

static void put_ticks(StoreFixture *f, const TickRow *rows, size_t n) {
        PqTransaction *t = pq_transaction_new();

        fixture_put_ticks(t, rows, n);
        assert_int_equal(fixture_commit(f, t), 0);
}

/* Of a commit with its own number. */
static void put_batch(StoreFixture *f, uint64_t id, bool unsynced) {
        PqTransaction *t = pq_transaction_new();
        usec_t now = now_realtime();

        batches_put(t,
                    &(const BatchRow){ .id = id,
                                       .validator = 1,
                                       .incarnation = 1,
                                       .sequence = id,
                                       .unsynced = unsynced,
                                       .codes = (const uint8_t *)"",
                                       .frame = (const uint8_t *)"",
                                       .created = now,
                                       .arrived = now,
                                       .commit_no = id },
                    1);
        assert_int_equal(fixture_commit(f, t), 0);
}

static void what_came_is_counted_by_validator(void **state) {
        const TickCount counts[] = { { 1, 3 }, { 2, 1 }, { 1, 4 } };
        PqTransaction *t = pq_transaction_new();
        StoreFixture *f = *state;

        ticks_count(t, counts, ELEMENTSOF(counts));
        ticks_count(t, NULL, 0);
        ticks_count(t, counts, 1);
        assert_int_equal(fixture_commit(f, t), 0);
        fixture_expect(f,
                       "SELECT string_agg(concat_ws(' ', validator_id, ticks), ', '"
                       "   ORDER BY validator_id) FROM validator_hour",
                       "1 10, 2 1");
}

static void on_votes(int r, const TickVote *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++)
                fixture_note(f, "%u v%u order %lu outcome %u class %u kind %u %u us%s\n",
                             rows[i].website, rows[i].validator, rows[i].order, rows[i].outcome,
                             rows[i].error_class, rows[i].kind, rows[i].latency_us,
                             rows[i].panel ? " panel" : "");
}

static void votes_are_the_newest_that_count(void **state) {
        StoreFixture *f = *state;
        usec_t now = now_realtime();
        TickRow rows[8] = {
                fixture_tick(1, 10, now - 50 * USEC_PER_SEC),
                fixture_tick(1, 11, now - 20 * USEC_PER_SEC),
                fixture_tick(2, 12, now - 30 * USEC_PER_SEC),
                fixture_tick(3, 13, now - 96 * USEC_PER_SEC), /* fresh for 60 + 20 + 15 s */
                fixture_tick(4, 14, now - 84 * USEC_PER_SEC),
                fixture_tick(4, 15, now - 10 * USEC_PER_SEC),
                fixture_tick(1, 16, now - 10 * USEC_PER_SEC),
                fixture_tick(1, 17, now - 5 * USEC_PER_SEC), /* for a panel, on which it also is */
        };

        rows[1].tick.outcome = TICK_DOWN;
        rows[1].tick.error = TICK_ERROR_REFUSED;
        rows[2].late = true;
        rows[5].batch = 2;                            /* its validator did not know the time */
        rows[6].tick.phases.wait = 11 * USEC_PER_SEC; /* longer than its timeout may last */
        rows[7].order = 50;
        fixture_sql(f, "INSERT INTO work_order (id, public_id, website_id, validator_id, epoch,"
                       " type, seat, n, interval_ms, timeout_ms, starts_at, bytes, spec_hash)"
                       " SELECT 50, substr(sha256('50'), 1, 16), 1, 1, 1, 3, 0, 4, interval_ms, "
                       "timeout_ms,"
                       " starts_at, bytes, spec_hash FROM work_order WHERE id = 1");
        put_batch(f, 1, false);
        put_batch(f, 2, true);
        put_ticks(f, rows, 8);
        assert_int_equal(tick_votes_load(f->store, on_votes, f, NULL), 0);
        fixture_expect_text(f, "1 v1 order 1 outcome 2 class 2 kind 0 15500 us\n"
                               "1 v1 order 50 outcome 1 class 0 kind 0 15500 us panel\n"
                               "1 v4 order 4 outcome 1 class 0 kind 0 15500 us\n");
        fixture_sql(f, "DELETE FROM website_tick WHERE order_id = 50;");
        fixture_sql(f, "DELETE FROM work_order WHERE id = 50;");
}

static void on_identities(int r, const TickIdentity *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++)
                fixture_note(f, "%lu %s %u\n", rows[i].order, rows[i].scheduled ? "slot" : "probe",
                             rows[i].number);
}

static void identities_of_a_range(void **state) {
        StoreFixture *f = *state;
        usec_t now = now_realtime();
        const TickRange range = { .validator = 2,
                                  .orders = (const uint64_t[]){ 1, 2, 77 },
                                  .n = 3,
                                  .from = now - 91 * USEC_PER_MIN,
                                  .to = now - 90 * USEC_PER_MIN };

        TickRow rows[2] = { fixture_tick(2, 8, range.from + USEC_PER_SEC),
                            fixture_tick(2, 9, range.from - USEC_PER_SEC) };

        rows[0].tick.kind = TICK_CONFIRM;
        put_ticks(f, rows, 2);
        assert_int_equal(tick_identities_load(f->store, &range, on_identities, f, NULL), 0);
        fixture_expect_text(f, "2 probe 8\n");
}

static void identities_of_the_last_minutes(void **state) {
        StoreFixture *f = *state;
        usec_t now = now_realtime();
        TickRow rows[3] = { fixture_tick(4, 21, now - 5 * USEC_PER_SEC),
                            fixture_tick(3, 22, now - 4 * USEC_PER_SEC),
                            fixture_tick(3, 23, now - 3 * USEC_PER_SEC) };

        rows[2].tick.kind = TICK_REFRESH;
        put_ticks(f, rows, 3);
        assert_int_equal(tick_identities_load_since(f->store, now - 5 * USEC_PER_SEC, on_identities,
                                                    f, NULL),
                         0);
        fixture_expect_text(f, "3 slot 22\n3 probe 23\n");
        assert_int_equal(tick_identities_load_since(f->store, now - 6 * USEC_PER_SEC, on_identities,
                                                    f, NULL),
                         0);
        fixture_expect_text(f, "3 slot 22\n3 probe 23\n4 slot 21\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_came_is_counted_by_validator),
                cmocka_unit_test(votes_are_the_newest_that_count),
                cmocka_unit_test(identities_of_a_range),
                cmocka_unit_test(identities_of_the_last_minutes),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
