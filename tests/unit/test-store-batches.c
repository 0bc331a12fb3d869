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

/* Beside its row is what fills pages, and nothing is lost. */
static void frames_are_kept_in_whole_pieces(void **state) {
        static const size_t sizes[] = { 1, 1995, 1996, 1997, 2 * 1996 - 1, 2 * 1996, 65536 };
        _cleanup_free_ uint8_t *bytes = malloc(65536);
        BatchRow rows[ELEMENTSOF(sizes)] = { 0 };
        PqTransaction *t = pq_transaction_new();
        StoreFixture *f = *state;

        for (size_t i = 0; i < 65536; i++)
                bytes[i] = (uint8_t)(i % 251);
        for (size_t i = 0; i < ELEMENTSOF(sizes); i++)
                rows[i] = (BatchRow){ .id = 100 + i,
                                      .validator = 3,
                                      .incarnation = 1,
                                      .sequence = i + 1,
                                      .frame = bytes,
                                      .n_frame = sizes[i],
                                      .codes = bytes,
                                      .n_codes = 700,
                                      .created = now_realtime(),
                                      .arrived = now_realtime() };
        batches_put(t, rows, ELEMENTSOF(rows));
        assert_int_equal(fixture_commit(f, t), 0);
        fixture_expect(f,
                       "SELECT string_agg(length(frame) || '+' || length(rest), ' ' ORDER BY id)"
                       " FROM tick_batch WHERE validator_id = 3",
                       "1+0 1995+0 1996+0 1996+1 1996+1995 3992+0 63872+1664");
        fixture_expect(f,
                       "SELECT count(*) FROM tick_batch b WHERE validator_id = 3 AND frame || rest"
                       " = (SELECT decode(string_agg(lpad(to_hex(i % 251), 2, '0'), '' ORDER BY i),"
                       " 'hex') FROM generate_series(0, length(frame) + length(rest) - 1) i)",
                       "7");
        fixture_expect(f, /* with a header, so they are in the row as they came */
                       "SELECT string_agg(DISTINCT pg_column_size(codes)::text, ' ')"
                       " FROM tick_batch WHERE validator_id = 3",
                       "704");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(found_within_two_days),
                cmocka_unit_test(frames_are_kept_in_whole_pieces),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
