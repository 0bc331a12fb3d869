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

/* Some go on, some open, some take two steps; of a fault nothing stays, and its stream is named. */
static void many_move_at_once(void **state) {
        StoreFixture *f = *state;
        StreamMove moves[] = {
                { .from = 0, .to = { .validator = 1, .incarnation = 81, .last_seq = 1 } },
                { .from = 0, .to = { .validator = 2, .incarnation = 81, .last_seq = 4 } },
                { .from = 1, .to = { .validator = 1, .incarnation = 81, .last_seq = 2 } },
                { .from = 0, .to = { .validator = 3, .incarnation = 81, .last_seq = 1 } },
        };
        static const char at[] = "SELECT string_agg(validator_id || ' at ' || last_seq || ' hash '"
                                 " || get_byte(last_hash, 0), ', ' ORDER BY validator_id)"
                                 " FROM validator_stream WHERE incarnation = 81";
        PqTransaction *t = pq_transaction_new();

        streams_advance(t, moves, 3);
        assert_int_equal(fixture_commit(f, t), 0);
        fixture_expect(f, at, "1 at 2 hash 0, 2 at 4 hash 0");

        moves[0].from = 2;
        moves[0].to.last_seq = 3;
        moves[1].from = 4;
        moves[1].to.last_seq = 9;
        memset(moves[1].to.last_hash, 7, sizeof(moves[1].to.last_hash));
        moves[2].from = 3;
        moves[2].to.last_seq = 5;
        t = pq_transaction_new();
        streams_advance(t, moves, 4);
        assert_int_equal(fixture_commit(f, t), 0);
        fixture_expect(f, at, "1 at 5 hash 0, 2 at 9 hash 7, 3 at 1 hash 0");

        moves[1].from = 9;
        moves[0].from = 5;
        moves[2].from = 5; /* which is past by then */
        t = pq_transaction_new();
        streams_advance(t, moves, 3);
        assert_int_equal(fixture_commit(f, t), -ESTALE);
        assert_non_null(strstr(f->text, "stream 1/81 is not at 5"));
        fixture_expect(f, at, "1 at 5 hash 0, 2 at 9 hash 7, 3 at 1 hash 0");
        t = pq_transaction_new();
        streams_advance(t, moves + 1, 3); /* the last one is open */
        assert_int_equal(fixture_commit(f, t), -ESTALE);
        assert_non_null(strstr(f->text, "stream 3/81 is not at 0"));
        fixture_expect(f, at, "1 at 5 hash 0, 2 at 9 hash 7, 3 at 1 hash 0");
        fixture_sql(f, "DELETE FROM validator_stream WHERE incarnation = 81");
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
                cmocka_unit_test(many_move_at_once),
                cmocka_unit_test(loaded_by_validator_and_forgotten_when_idle),
                cmocka_unit_test(one_is_forgotten_and_may_begin_again),
                cmocka_unit_test(a_loss_is_recorded_once),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
