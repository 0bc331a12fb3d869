/* Batches that find no room: their signatures are not looked at. The rest of taking in is what
 * tests/integration/test_hub_stream.py is about. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/ingest.h"
#include "hub/orderbook.h"
#include "store-fixture.h"

typedef struct Bench {
        HubClock clock;
        SignKey *hub, *validator;
        Registry *registry;
        Acks *acks;
        OrderBook *book;
        Writer *writer;
        Ingest *ingest;
        Validator *v;
} Bench;

static void on_committed(uint64_t commit_no _unused_, usec_t time _unused_,
                         void *userdata _unused_) {
}

static void on_failed(int r, const char *error _unused_, void *userdata _unused_) {
        assert_int_equal(r, 0);
}

static void on_frame(Validator *v _unused_, const Frame *frame _unused_, void *userdata _unused_) {
        fail(); /* nobody is connected */
}

static SignKey *key_of(uint8_t seed) {
        uint8_t bytes[SIGN_SEED_SIZE] = { seed };
        SignKey *key = NULL;

        assert_int_equal(sign_key_from_seed(bytes, &key), 0);
        return key;
}

static void put_validator(Bench *b) {
        b->v = registry_put(b->registry,
                            &(RegistryEntry){ .id = 1,
                                              .key = sign_key_public(b->validator)->bytes,
                                              .standing = STANDING_APPROVED });
        assert_non_null(b->v);
        assert_int_equal(stream_table_new(&b->v->streams), 0);
}

static void open_writer(Bench *b, StoreFixture *f) {
        const WriterOptions options = { .store = f->store,
                                        .clock = &b->clock,
                                        .ops = { on_committed, on_failed, b } };

        assert_int_equal(writer_new(&b->writer, &f->loop, &options), 0);
}

static Bench *bench_open(StoreFixture *f) {
        Bench *b = calloc(1, sizeof(*b));
        IngestOptions options;

        assert_non_null(b);
        *b = (Bench){ .clock = hub_clock_new(), .hub = key_of(1), .validator = key_of(2) };
        assert_int_equal(registry_new(&b->registry), 0);
        assert_int_equal(order_book_new(&b->book, 0), 0);
        assert_int_equal(acks_new(&b->acks, &(AckOptions){ .key = b->hub,
                                                           .network = sign_key_public(b->hub),
                                                           .registry = b->registry,
                                                           .send = on_frame }),
                         0);
        open_writer(b, f);
        put_validator(b);
        options = (IngestOptions){ .store = f->store,
                                   .network = sign_key_public(b->hub),
                                   .clock = &b->clock,
                                   .writer = b->writer,
                                   .book = b->book,
                                   .acks = b->acks,
                                   .registry = b->registry,
                                   .send = on_frame };
        assert_int_equal(ingest_new(&b->ingest, &options), 0);
        return b;
}

static void bench_close(Bench *b) {
        ingest_free(b->ingest);
        writer_free(b->writer);
        acks_free(b->acks);
        order_book_free(b->book);
        registry_free(b->registry);
        sign_key_free(b->hub);
        sign_key_free(b->validator);
        free(b);
}

/* By another key it is badly signed. */
static int say(Bench *b, uint64_t sequence, const SignKey *key) {
        const Tick tick = { .outcome = TICK_UP, .number = 1, .start = 1 };
        BatchDraft draft = { .header = { .type = BATCH_TICKS,
                                         .incarnation = 9,
                                         .sequence = sequence,
                                         .created = (int64_t)hub_clock_now(&b->clock),
                                         .count = 1 },
                             .ticks = &tick };
        uint8_t frame[BATCH_FRAME_MAX];
        Hash hash;
        int n = batch_seal(&draft, key, sign_key_public(b->hub), frame, &hash);

        assert_true(n > 0);
        return ingest_frame(b->ingest, b->v, frame, (size_t)n);
}

static void fill(Bench *b) {
        const TickRow row = {
                .website = 1, .validator = 1, .order = 1, .tick = { .outcome = TICK_UP, .start = 1 }
        };

        writer_expect_ticks(b->writer, hub_clock_now(&b->clock));
        for (unsigned i = 0; i < WRITER_TICKS_MAX; i++)
                writer_add_tick(b->writer, &row);
        assert_true(writer_is_full(b->writer));
}

static void with_room_a_signature_has_to_hold(void **state) {
        Bench *b = bench_open(*state);
        const IngestCounters *counted = ingest_counters(b->ingest);

        assert_int_equal(say(b, 1, b->hub), -EBADMSG);
        assert_int_equal(counted->refused, 1);
        assert_int_equal(say(b, 1, b->validator), 0);
        assert_int_equal(counted->batches, 1);
        assert_int_equal(counted->refused, 1);
        assert_int_equal(stream_table_expected(b->v->streams, 9), 2);
        bench_close(b);
}

static void without_room_it_is_not_looked_at(void **state) {
        Bench *b = bench_open(*state);
        const IngestCounters *counted = ingest_counters(b->ingest);

        fill(b);
        assert_int_equal(say(b, 1, b->hub), 0);
        assert_int_equal(say(b, 1, b->validator), 0);
        assert_int_equal(say(b, 2, b->hub), 0); /* behind the one that is sent back */
        assert_int_equal(counted->refused, 3);
        assert_int_equal(counted->batches, 0);
        assert_int_equal(stream_table_expected(b->v->streams, 9), 1);
        bench_close(b);
}

/* Nothing is taken in by answering it. */
static void what_was_taken_in_is_answered_without_room_too(void **state) {
        Bench *b = bench_open(*state);
        const IngestCounters *counted = ingest_counters(b->ingest);

        assert_int_equal(say(b, 1, b->validator), 0);
        fill(b);
        assert_int_equal(say(b, 1, b->validator), 0); /* its ack is on its way */
        assert_int_equal(counted->refused, 0);
        assert_int_equal(say(b, 1, b->hub), -EBADMSG);
        assert_int_equal(counted->refused, 1);
        bench_close(b);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(with_room_a_signature_has_to_hold),
                cmocka_unit_test(without_room_it_is_not_looked_at),
                cmocka_unit_test(what_was_taken_in_is_answered_without_room_too),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
