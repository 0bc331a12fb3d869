/* A stream moves only from where it is. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/streams.h"

static void on_streams(int r, const StreamRow *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++)
                fixture_note(f, "%u/%lu at %lu hash %u resealed %d\n", rows[i].validator,
                             rows[i].incarnation, rows[i].last_seq, rows[i].last_hash[0],
                             rows[i].resealed);
}

static void on_times(int r, const StreamRow *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++)
                fixture_note(f, "opened on day %lu, moved %lu h ago\n",
                             rows[i].opened / USEC_PER_DAY,
                             (now_realtime() - rows[i].updated) / USEC_PER_HOUR);
}

static int advance(StoreFixture *f, uint64_t from, uint64_t to) {
        PqTransaction *t = pq_transaction_new();
        StreamMove move = {
                .from = from,
                .to = { .validator = 1, .incarnation = INT64_MAX, .last_seq = to, .resealed = true }
        };

        memcpy(move.to.last_hash, fixture_key((uint8_t)(to % 10)), 32);
        streams_advance(t, &move, 1);
        return fixture_commit(f, t);
}

static void positions_are_guarded(void **state) {
        StoreFixture *f = *state;

        assert_int_equal(advance(f, 0, 1), 0);
        assert_int_equal(advance(f, 0, 1), -ESTALE); /* open already */
        assert_int_equal(advance(f, 1, 2), 0);
        assert_int_equal(advance(f, 1, 2), -ESTALE); /* the same batch twice */
        assert_int_equal(advance(f, 4, 5), -ESTALE); /* a hole */
        assert_int_equal(advance(f, 2, 7), 0);       /* a gap */
}

/* One after the other, within one transaction: each sees the one before. */
static void a_stream_may_take_several_steps_at_once(void **state) {
        StoreFixture *f = *state;
        StreamMove moves[3] = { 0 };
        PqTransaction *t = pq_transaction_new();

        for (unsigned i = 0; i < ELEMENTSOF(moves); i++)
                moves[i] = (StreamMove){
                        .from = i, .to = { .validator = 1, .incarnation = 77, .last_seq = i + 1 }
                };
        streams_advance(t, moves, 3);
        streams_advance(t, moves, 0);
        assert_int_equal(fixture_commit(f, t), 0);
        fixture_expect(f, "SELECT last_seq FROM validator_stream WHERE incarnation = 77", "3");
        t = pq_transaction_new();
        streams_advance(t, moves + 1, 2); /* the second would hold */
        assert_int_equal(fixture_commit(f, t), -ESTALE);
        fixture_sql(f, "DELETE FROM validator_stream WHERE incarnation = 77");
}

static void loaded_by_validator_and_forgotten_when_idle(void **state) {
        StoreFixture *f = *state;
        PqTransaction *t = pq_transaction_new();

        assert_int_equal(streams_load(f->store, 1, on_streams, f, NULL), 0);
        fixture_expect_text(f, "1/9223372036854775807 at 7 hash 7 resealed 1\n");
        assert_int_equal(streams_load(f->store, 2, on_streams, f, NULL), 0);
        fixture_expect_text(f, "");

        fixture_sql(f, "UPDATE validator_stream SET opened_at = '1970-01-02', "
                       "updated_at = now() - interval '47 h';");
        streams_prune(t);
        assert_int_equal(fixture_commit(f, t), 0);
        assert_int_equal(streams_load(f->store, 1, on_times, f, NULL), 0);
        fixture_expect_text(f, "opened on day 1, moved 47 h ago\n");

        fixture_sql(f, "UPDATE validator_stream SET updated_at = now() - interval '49 h';");
        t = pq_transaction_new();
        streams_prune(t);
        assert_int_equal(fixture_commit(f, t), 0);
        assert_int_equal(streams_load(f->store, 1, on_streams, f, NULL), 0);
        fixture_expect_text(f, "");
}

static void one_is_forgotten_and_may_begin_again(void **state) {
        StoreFixture *f = *state;
        PqTransaction *t = pq_transaction_new();

        assert_int_equal(advance(f, 0, 3), 0);
        stream_forget(t, 2, INT64_MAX);
        stream_forget(t, 1, 77);
        assert_int_equal(fixture_commit(f, t), 0);
        assert_int_equal(advance(f, 0, 1), -ESTALE); /* it was another one */
        t = pq_transaction_new();
        stream_forget(t, 1, INT64_MAX);
        assert_int_equal(fixture_commit(f, t), 0);
        assert_int_equal(advance(f, 0, 1), 0);
}

static void a_loss_is_recorded_once(void **state) {
        StoreFixture *f = *state;
        StreamLoss loss = { 1, INT64_MAX, 8, 12, "receipt", 7 };
        PqTransaction *t = pq_transaction_new();

        stream_loss_put(t, &loss);
        assert_int_equal(fixture_commit(f, t), 0);
        fixture_expect(f,
                       "SELECT concat_ws(' ', validator_id, from_seq, to_seq, "
                       "encode(receipt, 'escape')) FROM stream_loss;",
                       "1 8 12 receipt");

        t = pq_transaction_new();
        loss.to = 13;
        stream_loss_put(t, &loss);
        assert_int_equal(fixture_commit(f, t), 0);
        fixture_expect(f, "SELECT to_seq FROM stream_loss;", "12");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(positions_are_guarded),
                cmocka_unit_test(a_stream_may_take_several_steps_at_once),
                cmocka_unit_test(loaded_by_validator_and_forgotten_when_idle),
                cmocka_unit_test(one_is_forgotten_and_may_begin_again),
                cmocka_unit_test(a_loss_is_recorded_once),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
