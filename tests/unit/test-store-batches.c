/* Evidence is kept as it came and found again by its place in the stream. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/batches.h"

static void on_batches(int r, const BatchRow *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++)
                fixture_note(f, "%lu %u/%lu/%lu hash %u codes %zu:%u commit %lu\n", rows[i].id,
                             rows[i].validator, rows[i].incarnation, rows[i].sequence,
                             rows[i].hash[0], rows[i].n_codes, rows[i].codes[2], rows[i].commit_no);
}

static void put_batch(StoreFixture *f, uint64_t sequence, usec_t arrived) {
        PqTransaction *t = pq_transaction_new();
        BatchRow row = { .id = 40 + sequence,
                         .validator = 2,
                         .incarnation = 9,
                         .sequence = sequence,
                         .frame = (const uint8_t *)"\0frame",
                         .n_frame = 6,
                         .codes = (const uint8_t *)"\0\1\2",
                         .n_codes = 3,
                         .created = arrived,
                         .arrived = arrived,
                         .commit_no = 5 };

        memcpy(row.hash, fixture_key((uint8_t)sequence), 32);
        batches_put(t, &row, 1);
        assert_int_equal(fixture_commit(f, t), 0);
}

static void expect_batch(StoreFixture *f, uint64_t sequence, const char *text) {
        const BatchQuery query = { .validator = 2, .incarnation = 9, .sequence = sequence };

        assert_int_equal(batch_find(f->store, &query, on_batches, f, NULL), 0);
        fixture_expect_text(f, text);
}

static void found_within_two_days(void **state) {
        StoreFixture *f = *state;

        put_batch(f, 1, now_realtime());
        put_batch(f, 2, now_realtime() - 24 * USEC_PER_HOUR);
        expect_batch(f, 1, "41 2/9/1 hash 1 codes 3:2 commit 5\n");
        expect_batch(f, 2, "42 2/9/2 hash 2 codes 3:2 commit 5\n");
        expect_batch(f, 3, "");
        fixture_sql(f, "SELECT partition_ensure('tick_batch', current_date - 5,"
                       " current_date - 3)");
        put_batch(f, 4, now_realtime() - 73 * USEC_PER_HOUR);
        expect_batch(f, 4, "");
        fixture_expect(f, "SELECT encode(frame, 'hex') || count FROM tick_batch LIMIT 1",
                       "006672616d653");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(found_within_two_days),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
