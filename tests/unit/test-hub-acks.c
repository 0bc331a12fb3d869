/* Receipts after commits: runs of one stream, signed, and computable again by the validator. */
#include <errno.h>

#include "hub/acks.h"
#include "wire-fixture.h"

#define NOW ((usec_t)FIXTURE_TIME)

typedef struct Bench {
        SignKey *key;
        PublicKey network;
        Registry *registry;
        Validator *first, *second;
        Acks *acks;
        unsigned sent, to_first;
        Receipt receipts[8];
        size_t batches[8];
} Bench;

static void on_send(Validator *v, const Frame *frame, void *userdata) {
        Bench *b = userdata;
        const FrameAck *ack = &frame->ack;
        SignScope scope = { .network = b->network, .subject = v->key };
        _cleanup_free_ char *text = NULL;
        Receipt r;
        Hash hash;

        assert_int_equal(frame->kind, FRAME_ACK);
        assert_int_equal(receipt_verify(ack->receipt.data, ack->receipt.n, &b->network, &scope), 0);
        assert_int_equal(receipt_parse(ack->receipt.data, ack->receipt.n, &r), 0);
        assert_int_equal(frame_ack_dispositions(ack, &hash), 0);
        assert_true(hash_equal(&hash, &r.dispositions));
        assert_int_equal(ack->window.live, 32);
        assert_int_equal(frame_encode(frame, &text), 0);
        b->to_first += v == b->first;
        r.extension = (Extension){ 0 };
        b->receipts[b->sent % 8] = r;
        b->batches[b->sent++ % 8] = ack->batches.n;
}

static Validator *join(Bench *b, uint32_t id) {
        PublicKey key = fixture_public((uint8_t)(SEED_VALIDATOR + id));
        Validator *v = registry_put(b->registry, &(RegistryEntry){ .id = id,
                                                                   .abilities = 1,
                                                                   .key = key.bytes,
                                                                   .standing = STANDING_APPROVED,
                                                                   .name = "",
                                                                   .operator_name = "",
                                                                   .region = "" });

        assert_non_null(v);
        v->session = (Session *)b; /* never looked into */
        assert_int_equal(stream_table_new(&v->streams), 0);
        return v;
}

static int setup(void **state) {
        Bench *b = calloc(1, sizeof(*b));

        *state = b;
        b->key = fixture_key(SEED_NETWORK);
        b->network = *sign_key_public(b->key);
        assert_int_equal(registry_new(&b->registry), 0);
        b->first = join(b, 1);
        b->second = join(b, 2);
        return acks_new(&b->acks, &(AckOptions){ .key = b->key,
                                                 .network = &b->network,
                                                 .registry = b->registry,
                                                 .window = { .live = 32, .history = 8 },
                                                 .send = on_send,
                                                 .userdata = b });
}

static int teardown(void **state) {
        Bench *b = *state;

        acks_free(b->acks);
        registry_free(b->registry);
        sign_key_free(b->key);
        free(b);
        return 0;
}

static AckBatch batch(Validator *v, uint64_t sequence, const uint8_t *codes, uint16_t n) {
        return (AckBatch){ .validator = v->id,
                           .incarnation = 77,
                           .from = sequence,
                           .to = sequence,
                           .hash.bytes = { (uint8_t)sequence },
                           .commit_no = 10,
                           .arrival = NOW + sequence,
                           .codes = codes,
                           .n_codes = n };
}

/* As ingest does: the stream moves, then the ack is owed. */
static void owe(Bench *b, Validator *v, const AckBatch *a) {
        assert_int_equal(stream_table_move(v->streams, a->incarnation, a->to, &a->hash, NOW), 0);
        assert_int_equal(acks_add(b->acks, a), 0);
}

static const uint8_t all_kinds[] = { DISPOSITION_ACCEPTED,   DISPOSITION_LATE,
                                     DISPOSITION_UNASSIGNED, DISPOSITION_DUPLICATE,
                                     DISPOSITION_FUTURE,     DISPOSITION_EXPIRED,
                                     DISPOSITION_LATE };

static void nothing_before_the_commit(void **state) {
        Bench *b = *state;
        AckBatch a = batch(b->first, 1, all_kinds, sizeof(all_kinds));

        owe(b, b->first, &a);
        acks_committed(b->acks, 9, NOW);
        assert_int_equal(b->sent, 0);
        assert_int_equal(stream_table_find(b->first->streams, 77)->committed, 0);
        acks_committed(b->acks, 10, NOW);
        assert_int_equal(b->sent, 1);
        assert_int_equal(stream_table_find(b->first->streams, 77)->committed, 1);
        acks_committed(b->acks, 11, NOW);
        assert_int_equal(b->sent, 1);
}

static void every_code_is_counted(void **state) {
        static const uint32_t counts[] = { 1, 2, 1, 1, 1, 1 };
        Bench *b = *state;
        AckBatch a = batch(b->first, 1, all_kinds, sizeof(all_kinds));
        const Receipt *r = &b->receipts[0];

        owe(b, b->first, &a);
        acks_committed(b->acks, 10, NOW);
        assert_memory_equal(r->counts, counts, sizeof(counts));
        assert_int_equal(r->from, 1);
        assert_int_equal(r->to, 1);
        assert_int_equal(r->commit_no, 10);
        assert_int_equal(r->commit_time, NOW);
        assert_true(hash_equal(&r->hash, &a.hash));
}

static void a_run_of_one_stream_is_one_receipt(void **state) {
        static const uint8_t codes[4];
        Bench *b = *state;
        AckBatch a;

        for (uint64_t s = 1; s <= 5; s++) {
                a = batch(b->first, s, codes, sizeof(codes));
                a.commit_no = 9 + s / 3;
                owe(b, b->first, &a);
        }
        acks_committed(b->acks, 10, NOW);
        assert_int_equal(b->sent, 1);
        assert_int_equal(b->receipts[0].from, 1);
        assert_int_equal(b->receipts[0].to, 5);
        assert_int_equal(b->receipts[0].hash.bytes[0], 5);
        assert_int_equal(b->receipts[0].counts[DISPOSITION_ACCEPTED], 20);
        assert_int_equal(b->batches[0], 5);
}

static void another_stream_or_validator_ends_it(void **state) {
        static const uint8_t codes[1];
        Bench *b = *state;
        AckBatch one = batch(b->first, 1, codes, 1), foreign = batch(b->second, 1, codes, 1);
        AckBatch two = batch(b->first, 2, codes, 1), other = two;

        other.incarnation = 78;
        owe(b, b->first, &one);
        owe(b, b->second, &foreign);
        owe(b, b->first, &two);
        owe(b, b->first, &other);
        acks_committed(b->acks, 10, NOW);
        assert_int_equal(b->sent, 4);
        assert_int_equal(b->to_first, 3);
}

static void a_gap_stands_alone(void **state) {
        static const uint8_t codes[1];
        Bench *b = *state;
        AckBatch one = batch(b->first, 1, codes, 1), gap = batch(b->first, 9, NULL, 0);
        AckBatch ten = batch(b->first, 10, codes, 1);
        Hash nothing;

        gap.from = 2;
        owe(b, b->first, &one);
        owe(b, b->first, &gap);
        owe(b, b->first, &ten);
        acks_committed(b->acks, 10, NOW);
        assert_int_equal(b->sent, 3);
        assert_int_equal(b->receipts[1].from, 2);
        assert_int_equal(b->receipts[1].to, 9);
        assert_int_equal(b->batches[1], 0);
        hash_bytes("", 0, &nothing);
        assert_true(hash_equal(&b->receipts[1].dispositions, &nothing));
}

/* Full batches in which no two ticks agree: exceptions are limited, and so is the number of
 * batches. */
static void long_runs_are_cut(void **state) {
        uint8_t codes[BATCH_TICKS_MAX];
        Bench *b = *state;
        AckBatch a;
        uint64_t s = 0;

        for (size_t i = 0; i < sizeof(codes); i++)
                codes[i] = (uint8_t)(i % _DISPOSITION_MAX);
        for (; s < 3; s++) {
                a = batch(b->first, s + 1, codes, sizeof(codes));
                owe(b, b->first, &a);
        }
        acks_committed(b->acks, 10, NOW);
        assert_int_equal(b->sent, 3);

        for (; s < 3 + 2 * FRAME_BATCHES_MAX; s++) {
                a = batch(b->first, s + 1, codes, 1);
                owe(b, b->first, &a);
        }
        acks_committed(b->acks, 10, NOW);
        assert_int_equal(b->sent, 5);
        assert_int_equal(b->batches[4], FRAME_BATCHES_MAX);
}

static void who_is_away_gets_none_but_his_stream_knows(void **state) {
        static const uint8_t codes[1];
        Bench *b = *state;
        AckBatch a = batch(b->first, 1, codes, 1);

        b->first->session = NULL;
        owe(b, b->first, &a);
        acks_committed(b->acks, 10, NOW);
        assert_int_equal(b->sent, 0);
        assert_int_equal(stream_table_find(b->first->streams, 77)->committed, 1);
}

static void a_repeated_ack_says_the_same(void **state) {
        Bench *b = *state;
        AckBatch a = batch(b->first, 1, all_kinds, sizeof(all_kinds));
        Receipt once;

        owe(b, b->first, &a);
        acks_committed(b->acks, 10, NOW);
        once = b->receipts[0];
        assert_int_equal(acks_repeat(b->acks, &a, NOW), 0);
        assert_int_equal(b->sent, 2);
        assert_memory_equal(&b->receipts[1], &once, sizeof(once));

        a = batch(b->first, 1000, all_kinds, 1); /* expired: receipted, and moves nothing */
        assert_int_equal(acks_repeat(b->acks, &a, NOW), 0);
        assert_int_equal(stream_table_find(b->first->streams, 77)->committed, 1);
}

static void a_position_is_a_receipt_of_nothing(void **state) {
        Bench *b = *state;
        SignScope scope = { .network = b->network, .subject = b->first->key };
        Stream s = { .incarnation = 77, .last = 5, .hash.bytes = { 5 } },
               none = { .incarnation = 77 };
        uint8_t bytes[RECEIPT_SIZE_MAX];
        Receipt r;
        int n;

        n = acks_position(b->acks, b->first, &s, NOW, bytes);
        assert_int_equal(n, RECEIPT_FIXED_SIZE);
        assert_int_equal(receipt_verify(bytes, (size_t)n, &b->network, &scope), 0);
        assert_int_equal(receipt_parse(bytes, (size_t)n, &r), 0);
        assert_int_equal(r.to, 5);
        assert_true(hash_equal(&r.hash, &s.hash));
        assert_true(acks_position(b->acks, b->first, &none, NOW, bytes) < 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(nothing_before_the_commit, setup, teardown),
                cmocka_unit_test_setup_teardown(every_code_is_counted, setup, teardown),
                cmocka_unit_test_setup_teardown(a_run_of_one_stream_is_one_receipt, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(another_stream_or_validator_ends_it, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(a_gap_stands_alone, setup, teardown),
                cmocka_unit_test_setup_teardown(long_runs_are_cut, setup, teardown),
                cmocka_unit_test_setup_teardown(who_is_away_gets_none_but_his_stream_knows, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(a_repeated_ack_says_the_same, setup, teardown),
                cmocka_unit_test_setup_teardown(a_position_is_a_receipt_of_nothing, setup,
                                                teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
