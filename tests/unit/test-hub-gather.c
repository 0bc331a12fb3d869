/* Many rows, a statement for each kind. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hub/gather.h"
#include "store-fixture.h"
#include "store/hub-state.h"

#define BATCHES 200u
#define TICKS   5u

static void add_batch(Gather *g, uint32_t number) {
        usec_t now = now_realtime();
        char frame[32], codes[TICKS];
        BatchRow batch = { .id = number,
                           .validator = 1,
                           .incarnation = 5,
                           .sequence = number,
                           .frame = (const uint8_t *)frame,
                           .codes = (const uint8_t *)codes,
                           .n_codes = TICKS,
                           .created = now,
                           .arrived = now };
        StreamMove move = { .from = number - 1,
                            .to = { .validator = 1, .incarnation = 5, .last_seq = number } };

        memset(codes, (int)(number % 6), sizeof(codes));
        batch.n_frame = (size_t)snprintf(frame, sizeof(frame), "frame %u", number);
        assert_int_equal(gather_batch(g, &batch), 0);
        memset(frame, 0, sizeof(frame)); /* they were copied */
        memset(codes, 0, sizeof(codes));
        assert_int_equal(gather_move(g, &move), 0);
        for (uint16_t i = 0; i < TICKS; i++)
                assert_int_equal(gather_tick(g, 1 + (number + i) % 2), 0);
}

static void every_row_arrives_once(void **state) {
        _cleanup_(gather_freep) Gather *g = NULL;
        StoreFixture *f = *state;
        PqTransaction *t;

        fixture_sql(f, "SELECT partition_ensure('tick_batch', current_date, current_date + 1)");
        assert_int_equal(gather_new(&g), 0);
        for (uint32_t round = 0; round < 2; round++) {
                for (uint32_t i = 1; i <= BATCHES; i++)
                        add_batch(g, round * BATCHES + i);
                assert_int_equal(gather_ticks(g), BATCHES * TICKS);
                t = pq_transaction_new();
                gather_put(g, t);
                assert_int_equal(gather_ticks(g), 0);
                assert_int_equal(fixture_commit(f, t), 0);
        }
        fixture_expect(f, "SELECT last_seq FROM validator_stream WHERE incarnation = 5", "400");
        fixture_expect(f,
                       "SELECT count(*) FROM tick_batch WHERE convert_from(frame, 'utf8') = 'frame "
                       "'"
                       " || sequence AND codes = decode(repeat('0' || sequence % 6, 5), 'hex')",
                       "400");
        fixture_expect(f, "SELECT string_agg(ticks::text, ' ') FROM validator_hour", "1000 1000");
}

static void add_step(Gather *g, uint32_t validator, uint64_t from, uint64_t to) {
        StreamMove move = { .from = from,
                            .to = { .validator = validator,
                                    .incarnation = 9,
                                    .last_seq = to,
                                    .resealed = from == 0 && validator == 2 } };

        memset(move.to.last_hash, (int)to, sizeof(move.to.last_hash));
        assert_int_equal(gather_move(g, &move), 0);
}

/* Each row is written once: it is where the first were put. */
static void steps_of_a_stream_are_one(void **state) {
        _cleanup_(gather_freep) Gather *g = NULL;
        StoreFixture *f = *state;
        PqTransaction *t = pq_transaction_new();

        fixture_sql(f, "TRUNCATE validator_stream");
        assert_int_equal(gather_new(&g), 0);
        add_step(g, 2, 0, 1);
        add_step(g, 1, 0, 3);
        add_step(g, 2, 1, 2);
        add_step(g, 1, 3, 4);
        add_step(g, 2, 2, 7);
        gather_put(g, t);
        assert_int_equal(fixture_commit(f, t), 0);
        fixture_expect(f,
                       "SELECT string_agg(concat_ws(' ', validator_id, last_seq,"
                       " get_byte(last_hash, 31), resealed, ctid), ', ' ORDER BY validator_id)"
                       " FROM validator_stream",
                       "1 4 4 f (0,1), 2 7 7 t (0,2)");

        add_step(g, 2, 7, 8);
        add_step(g, 2, 9, 10); /* from where it is not */
        t = pq_transaction_new();
        gather_put(g, t);
        assert_int_equal(fixture_commit(f, t), -ESTALE);
}

static void add_order(Gather *g, uint64_t id) {
        uint8_t bytes[8], proof[SIGN_HASH_SIZE + SIGN_SIGNATURE_SIZE + 32];
        OrderRow row = { .id = id,
                         .website = 1,
                         .validator = 1,
                         .type = 1,
                         .n = 4,
                         .interval_ms = 60000,
                         .timeout_ms = 10000,
                         .starts = now_realtime(),
                         .bytes = bytes,
                         .n_bytes = sizeof(bytes),
                         .probes = 8 };

        memset(bytes, (int)(id % 9), sizeof(bytes));
        memset(proof, (int)(id % 9), sizeof(proof));
        memcpy(row.public_id, &id, sizeof(id));
        assert_int_equal(gather_order(g, &row), 0);
        assert_int_equal(gather_order_proof(g, &(OrderProof){ .id = id,
                                                              .root = proof,
                                                              .signature = proof + SIGN_HASH_SIZE,
                                                              .path = proof + sizeof(proof) - 32,
                                                              .n_path = id % 2 ? 32 : 0 }),
                         0);
        memset(bytes, 0xff, sizeof(bytes));
        memset(proof, 0xff, sizeof(proof));
        assert_int_equal(gather_order_probes(g, &(OrderProbes){ id, 8 + id % 5 }), 0);
        if (id % 10 == 0)
                assert_int_equal(gather_order_end(g, &(OrderEnd){ id, row.starts }), 0);
}

/* Put, sent, reserved for and ended in one commit. */
static void orders_arrive_with_what_is_said_of_them(void **state) {
        _cleanup_(gather_freep) Gather *g = NULL;
        StoreFixture *f = *state;
        PqTransaction *t;

        fixture_sql(f, "INSERT INTO specification (hash, bytes) VALUES"
                       " (decode(repeat('00', 32), 'hex'), '')");
        assert_int_equal(gather_new(&g), 0);
        for (uint64_t round = 0; round < 2; round++) {
                for (uint64_t i = 0; i < 500; i++)
                        add_order(g, 1000 * (round + 1) + i);
                assert_int_equal(gather_orders(g), 500);
                t = pq_transaction_new();
                gather_put(g, t);
                assert_int_equal(gather_orders(g), 0);
                assert_int_equal(fixture_commit(f, t), 0);
        }
        fixture_expect(f,
                       "SELECT count(*) || ' ' || count(*) FILTER (WHERE removed_at IS NOT NULL)"
                       " FROM work_order WHERE id >= 1000"
                       " AND bytes = decode(repeat('0' || id % 9, 8), 'hex')"
                       " AND root = decode(repeat('0' || id % 9, 32), 'hex')"
                       " AND signature = decode(repeat('0' || id % 9, 64), 'hex')"
                       " AND path = decode(repeat('0' || id % 9, 32 * (id % 2)::integer), 'hex')"
                       " AND sent_at IS NOT NULL AND probes = 8 + id % 5",
                       "1000 100");
}

static void nothing_disturbs_nothing(void **state) {
        _cleanup_(gather_freep) Gather *g = NULL;
        PqTransaction *t = pq_transaction_new();

        assert_int_equal(gather_new(&g), 0);
        gather_put(g, t);
        hub_heartbeat_put(
                        t,
                        &(const HubHeartbeat){
                                        .now = now_realtime(),
                                        .paged_no = 0 }); /* of no statement a commit is not made */
        assert_int_equal(fixture_commit(*state, t), 0);
        add_batch(g, 1000); /* and what was not sent is freed */
        add_order(g, 5000);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_row_arrives_once),
                cmocka_unit_test(steps_of_a_stream_are_one),
                cmocka_unit_test(orders_arrive_with_what_is_said_of_them),
                cmocka_unit_test(nothing_disturbs_nothing),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
