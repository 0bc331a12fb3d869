/* Batches are read commit by commit, as many as have enough ticks, and orders by their ids. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/batches.h"
#include "store/feed.h"

static void put_batch(StoreFixture *f, uint64_t id, uint64_t commit_no, size_t ticks) {
        PqTransaction *t = pq_transaction_new();

        fixture_put_batch(t, id, commit_no, ticks);
        assert_int_equal(fixture_commit(f, t), 0);
}

static void on_batches(int r, const FeedBatch *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++) {
                fixture_note(f, "%lu of %lu: %u by %.3s in %s, %.*s, ", rows[i].id,
                             rows[i].commit_no, rows[i].count, rows[i].validator, rows[i].region,
                             (int)rows[i].n_frame, (const char *)rows[i].frame);
                for (size_t k = 0; k < rows[i].n_codes; k++)
                        fixture_note(f, "%u", rows[i].codes[k]);
                fixture_note(f, ", revision %lu\n", rows[i].revision);
        }
}

static void expect_batches(StoreFixture *f, BatchFeed feed, const char *text) {
        assert_int_equal(feed_batches_load(f->store, &feed, on_batches, f, NULL), 0);
        fixture_expect_text(f, text);
}

#define ONE   "11 of 5: 3 by AgI in eu, frame, 012, revision 3\n"
#define TWO   "12 of 5: 1 by AQE in eu, frame, 0, revision 3\n"
#define THREE "14 of 7: 8 by AQE in eu, frame, 01234500, revision 3\n"
#define FOUR  "15 of 8: 1 by AgI in eu, frame, 0, revision 3\n"

static void batches_come_by_commit(void **state) {
        StoreFixture *f = *state;

        put_batch(f, 14, 7, 8);
        put_batch(f, 12, 5, 1);
        put_batch(f, 11, 5, 3);
        put_batch(f, 13, 6, 0); /* a gap */
        put_batch(f, 15, 8, 1);
        expect_batches(f, (BatchFeed){ 4, 8, 100 }, ONE TWO THREE FOUR);
        expect_batches(f, (BatchFeed){ 5, 7, 100 }, THREE);
        expect_batches(f, (BatchFeed){ 8, 100, 100 }, "");
}

static void as_many_are_read_as_have_enough_ticks(void **state) {
        StoreFixture *f = *state;

        expect_batches(f, (BatchFeed){ 4, 8, 3 }, ONE);
        expect_batches(f, (BatchFeed){ 4, 8, 4 }, ONE TWO);
        expect_batches(f, (BatchFeed){ 4, 8, 5 }, ONE TWO THREE);
        expect_batches(f, (BatchFeed){ 4, 8, 12 }, ONE TWO THREE);
        expect_batches(f, (BatchFeed){ 4, 8, 13 }, ONE TWO THREE FOUR);
}

static void a_frame_is_whole(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "UPDATE tick_batch SET rest = ' and rest' WHERE id = 15");
        expect_batches(f, (BatchFeed){ 7, 8, 1 },
                       "15 of 8: 1 by AgI in eu, frame and rest, 0, revision 3\n");
        fixture_sql(f, "UPDATE tick_batch SET rest = ''");
}

static void what_arrived_days_ago_is_not_news(void **state) {
        StoreFixture *f = *state;

        put_batch(f, 16, 20, 1);
        fixture_sql(f, "SELECT partition_ensure('tick_batch', current_date - 3, current_date - 3);"
                       " UPDATE tick_batch SET arrived_at = now() - interval '49 hours'"
                       " WHERE id = 16");
        expect_batches(f, (BatchFeed){ 19, 20, 1 }, "");
}

static void on_orders(int r, const FeedOrder *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);
        char website[UUID_TEXT_SIZE];

        for (size_t i = 0; i < n; i++)
                fixture_note(f, "%u: %u of %u\n", rows[i].id.bytes[15],
                             uuid_format(&rows[i].website, website)[35] - '0',
                             rows[i].organisation);
}

/* A website's ticks are told whether it is there still or not, to those whose it is now. */
static void orders_name_their_website(void **state) {
        StoreFixture *f = *state;
        OrderId ids[2];
        const OrderIds both = { ids, 2 };

        memset(ids[0].bytes, 2, sizeof(ids[0].bytes));
        memset(ids[1].bytes, 99, sizeof(ids[1].bytes));
        assert_int_equal(feed_orders_load(f->store, &both, on_orders, f, NULL), 0);
        fixture_expect_text(f, "2: 1 of 1\n");
        fixture_sql(f, "UPDATE website SET removed_at = now(), organisation_id = 2 WHERE id = 1");
        assert_int_equal(feed_orders_load(f->store, &both, on_orders, f, NULL), 0);
        fixture_expect_text(f, "2: 1 of 2\n");
}

/* Who remembers what orders are for sees by it that something changed. */
static void a_change_of_a_website_is_a_revision(void **state) {
        expect_batches(*state, (BatchFeed){ 7, 8, 1 },
                       "15 of 8: 1 by AgI in eu, frame, 0, revision 4\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(batches_come_by_commit),
                cmocka_unit_test(as_many_are_read_as_have_enough_ticks),
                cmocka_unit_test(a_frame_is_whole),
                cmocka_unit_test(what_arrived_days_ago_is_not_news),
                cmocka_unit_test(orders_name_their_website),
                cmocka_unit_test(a_change_of_a_website_is_a_revision),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
