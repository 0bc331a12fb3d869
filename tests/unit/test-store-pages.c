/* Ticks are on pages as rows are read from them; what a hub needs to write those of the one before
 * it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/batches.h"
#include "store/hub-state.h"

static void fill_extremes(TickRow rows[2], usec_t start) {
        rows[0] = fixture_tick(1, 7, start);
        rows[1] = fixture_tick(2, UINT32_MAX, start);
        rows[1].order = UINT64_C(1) << 40 | 3;
        rows[1].batch = (UINT64_C(1) << 62) + 5;
        rows[1].tick.phases.wait = UINT32_MAX; /* saturates, as the number does */
        rows[1].tick.status = 65535;
        rows[1].tick.outcome = TICK_ABSTAIN;
        rows[1].tick.error = 255;
        rows[1].tick.kind = TICK_REFRESH;
        rows[1].late = true;
}

static void every_column_is_kept(void **state) {
        const usec_t start = now_realtime() / PAGE_SPAN * PAGE_SPAN - 1; /* the last of its span */
        StoreFixture *f = *state;
        TickRow rows[2];
        char expected[64];

        fill_extremes(rows, start);
        fixture_store_ticks(f, rows, 2);
        fixture_expect(f,
                       "SELECT concat_ws(' ', website_id, validator_id, order_id, batch_id, number,"
                       " dns_us, connect_us, tls_us, wait_us, transfer_us, status, outcome,"
                       " error_class, kind, late) FROM website_tick WHERE validator_id = 1",
                       "1 1 1 1 7 1000 2000 3000 4000 5500 200 1 0 s f");
        fixture_expect(f,
                       "SELECT concat_ws(' ', order_id, batch_id, number, wait_us, status, outcome,"
                       " error_class, kind, late) FROM website_tick WHERE validator_id = 2",
                       "1099511627779 4611686018427387909 2147483647 2147483647 32767 3 255 r t");
        (void)snprintf(expected, sizeof(expected), "%lu %lu", start, start + 1 - PAGE_SPAN);
        fixture_expect(f,
                       "SELECT usec(started_at) || ' ' || usec(span) FROM website_tick"
                       " WHERE validator_id = 2",
                       expected);
        fixture_sql(f, "TRUNCATE tick_page");
}

/* What SQL makes of a tick is what C makes of it. */
static void a_page_has_many_ticks(void **state) {
        uint8_t bytes[PAGE_TICKS_MAX * PAGE_TICK_SIZE];
        const usec_t span = now_realtime() / PAGE_SPAN * PAGE_SPAN;
        PqTransaction *t = pq_transaction_new();
        StoreFixture *f = *state;

        for (uint32_t i = 0; i < PAGE_TICKS_MAX; i++) {
                TickRow row = fixture_tick(1 + i % 4, i, span + i * USEC_PER_SEC);

                row.tick.outcome = TICK_UP + i % 3;
                row.tick.kind = i % 4;
                row.late = i % 5 == 0;
                page_encode(&row, bytes + i * PAGE_TICK_SIZE);
        }
        page_put(t, &(const TickPage){ 2, PAGE_TICKS_MAX, span, bytes });
        page_put(t, &(const TickPage){ 3, 2, span, bytes });
        assert_int_equal(fixture_commit(f, t), 0);
        fixture_expect(f,
                       "SELECT count(*) || ' ' || count(DISTINCT number) || ' ' || sum(number)"
                       " FROM website_tick WHERE website_id = 2",
                       "36 36 630");
        fixture_expect(f,
                       "SELECT string_agg(started_at - span || ' ' || outcome || kind::text || "
                       "late, ', '"
                       "   ORDER BY number) FROM website_tick WHERE website_id = 3",
                       "00:00:00 1strue, 00:00:01 2cfalse");
        fixture_sql(f, "TRUNCATE tick_page");
}

static void on_notes(int r, const PageNote *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);
        uint64_t sum = 0;

        for (size_t i = 0; i < n; i++)
                sum += rows[i].website * 1000 + rows[i].commit_no * 10 + rows[i].span / PAGE_SPAN;
        fixture_note(f, "%zu notes, %lu", n, sum);
}

static void expect_notes(StoreFixture *f, const char *text) {
        assert_int_equal(page_notes_load(f->store, on_notes, f, NULL), 0);
        fixture_expect_text(f, text);
}

static void note(StoreFixture *f, uint64_t commit_no, const TickPage *pages, size_t n) {
        PqTransaction *t = pq_transaction_new();

        pages_note(t, commit_no, pages, n);
        assert_int_equal(fixture_commit(f, t), 0);
}

/* Of each page the newest. */
static void notes_are_of_a_website_and_a_span(void **state) {
        const TickPage pages[] = { { .website = 1, .span = PAGE_SPAN },
                                   { .website = 2, .span = PAGE_SPAN },
                                   { .website = 1, .span = 2 * PAGE_SPAN } };
        PqTransaction *t = pq_transaction_new();
        StoreFixture *f = *state;

        note(f, 5, pages, 2);
        note(f, 7, pages + 1, 2);
        expect_notes(f, "3 notes, 4194"); /* 1000 + 50 + 1, 2000 + 70 + 1, 1000 + 70 + 2 */
        pages_forget(t, 6);
        assert_int_equal(fixture_commit(f, t), 0);
        expect_notes(f, "2 notes, 3143");
}

static void pages_are_settled_for_the_last_commit_only(void **state) {
        PqTransaction *t = pq_transaction_new();
        StoreFixture *f = *state;

        fixture_sql(f, "UPDATE hub_state SET (commit_no, paged_no) = (9, 4)");
        pages_settle(t, 4, 8);
        assert_int_equal(fixture_commit(f, t), -ESTALE);
        t = pq_transaction_new();
        pages_settle(t, 3, 9);
        assert_int_equal(fixture_commit(f, t), -ESTALE);
        expect_notes(f, "2 notes, 3143");
        t = pq_transaction_new();
        pages_settle(t, 4, 9);
        assert_int_equal(fixture_commit(f, t), 0);
        expect_notes(f, "0 notes, 0");
        fixture_expect(f, "SELECT paged_no FROM hub_state", "9");
}

static void on_batches(int r, const PageBatch *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++)
                fixture_note(f, "%lu of %lu by %u, %zu, %.*s\n", rows[i].id, rows[i].commit_no,
                             rows[i].validator, rows[i].n_codes, (int)rows[i].n_frame,
                             rows[i].frame);
}

static void expect_batches(StoreFixture *f, const PageCommits *commits, const char *text) {
        assert_int_equal(page_batches_load(f->store, commits, on_batches, f, NULL), 0);
        fixture_expect_text(f, text);
}

static void batches_come_in_whole_commits(void **state) {
        PqTransaction *t = pq_transaction_new();
        StoreFixture *f = *state;

        fixture_put_batch(t, 1, 3, 4);
        fixture_put_batch(t, 2, 4, 1);
        fixture_put_batch(t, 3, 4, 2);
        fixture_put_batch(t, 4, 5, 0); /* a gap */
        fixture_put_batch(t, 5, 6, 3);
        assert_int_equal(fixture_commit(f, t), 0);
        expect_batches(f, &(const PageCommits){ 3, 6, 1 },
                       "2 of 4 by 1, 1, frame\n3 of 4 by 2, 2, frame\n");
        expect_batches(f, &(const PageCommits){ 3, 6, 2 },
                       "2 of 4 by 1, 1, frame\n3 of 4 by 2, 2, frame\n5 of 6 by 2, 3, frame\n");
        expect_batches(f, &(const PageCommits){ 2, 3, 9 }, "1 of 3 by 2, 4, frame\n");
        expect_batches(f, &(const PageCommits){ 6, 9, 9 }, "");
}

static void on_orders(int r, const PageOrder *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++)
                fixture_note(f, "%lu is %u, of %u\n", rows[i].row, rows[i].id.bytes[15],
                             rows[i].website);
}

static void orders_are_found_by_their_id(void **state) {
        StoreFixture *f = *state;
        OrderId ids[2];
        OrderIds two = { ids, 2 }, none = { ids, 0 };

        memset(&ids[0], 3, sizeof(ids[0]));
        memset(&ids[1], 9, sizeof(ids[1]));
        assert_int_equal(page_orders_load(f->store, &two, on_orders, f, NULL), 0);
        fixture_expect_text(f, "3 is 3, of 1\n");
        assert_int_equal(page_orders_load(f->store, &none, on_orders, f, NULL), 0);
        fixture_expect_text(f, "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_column_is_kept),
                cmocka_unit_test(a_page_has_many_ticks),
                cmocka_unit_test(notes_are_of_a_website_and_a_span),
                cmocka_unit_test(pages_are_settled_for_the_last_commit_only),
                cmocka_unit_test(batches_come_in_whole_commits),
                cmocka_unit_test(orders_are_found_by_their_id),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
