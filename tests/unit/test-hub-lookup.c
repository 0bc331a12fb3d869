/* Questions to a real database, one a validator; what comes meanwhile waits, in order and bounded.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/lookup.h"
#include "loop-turn.h"
#include "store-fixture.h"

typedef struct Bench {
        StoreFixture *fixture;
        Lookups *lookups;
        usec_t now; /* of the order's tick */
        char heard[512];
        unsigned answers;
        bool ask_again;   /* the next one whose turn it is asks a question itself */
        unsigned to_ask;  /* the next so many that were answered ask again, from within */
        unsigned at_done; /* answers there were when the database had done something else */
} Bench;

static PublicKey key_of(uint8_t i) {
        PublicKey key;

        memcpy(key.bytes, fixture_key(i), sizeof(key.bytes));
        return key;
}

/* A batch of one tick; nobody checks its signature here. */
static Batch *batch_of(uint64_t sequence) {
        _cleanup_(sign_key_freep) SignKey *key = NULL;
        static uint8_t frame[BATCH_FRAME_MAX];
        const Tick tick = { .outcome = TICK_UP, .number = 1, .start = 1 };
        BatchDraft draft = { .header = { .type = BATCH_TICKS,
                                         .incarnation = 9,
                                         .sequence = sequence,
                                         .count = 1 },
                             .ticks = &tick };
        uint8_t seed[SIGN_SEED_SIZE] = { 1 };
        Batch *b = NULL;
        Hash hash;
        int n;

        assert_int_equal(sign_key_from_seed(seed, &key), 0);
        n = batch_seal(&draft, key, sign_key_public(key), frame, &hash);
        assert_true(n > 0);
        assert_int_equal(batch_parse(frame, (size_t)n, &b), 0);
        return b;
}

static void hear(Bench *b, const char *what, const PublicKey *validator, const Batch *batch) {
        size_t n = strlen(b->heard);

        (void)snprintf(b->heard + n, sizeof(b->heard) - n, "%s v%u %llu\n", what,
                       validator->bytes[0], (unsigned long long)batch->header.sequence);
        b->answers++;
}

static void on_batch_found(const PublicKey *validator, const Batch *batch, const BatchRow *stored,
                           void *userdata) {
        hear(userdata, stored ? "stored" : "new", validator, batch);
}

/* With what was asked, whoever asks. */
static int ask_of_order(Bench *b, const PublicKey *validator, uint32_t id, Batch **batch) {
        const TickQuestion question = { 1, b->now, b->now };
        const TickQuestions questions = { .validator = id, .questions = &question, .n = 1 };

        return lookups_ticks(b->lookups, validator, &questions, batch);
}

static void on_ticks_found(const PublicKey *validator, Batch **batch, const LookupTicks *found,
                           void *userdata) {
        Bench *b = userdata;

        assert_int_equal(found->n_questions, 1);
        assert_int_equal(found->questions[0].order, 1);
        hear(b, found->n > 0 ? "seen" : "unseen", validator, *batch);
        if (b->to_ask == 0)
                return;
        b->to_ask--;
        assert_int_equal(ask_of_order(b, validator, 1, batch), 0);
        assert_null(*batch);
}

static void on_orders_found(const PublicKey *validator, Batch **batch, const LookupOrders *found,
                            void *userdata) {
        Bench *b = userdata;

        hear(b, found->n > 0 ? "orders" : "no orders", validator, *batch);
        if (found->n > 0)
                assert_int_equal(found->rows[0].id, 1);
}

static void on_failed(const PublicKey *validator, const Batch *batch, void *userdata) {
        hear(userdata, "failed", validator, batch);
}

static void on_turn(const PublicKey *validator, Batch **batch, void *userdata) {
        Bench *b = userdata;

        hear(b, "turn", validator, *batch);
        if (b->ask_again)
                assert_int_equal(lookups_batch(b->lookups, validator, 1, batch), 0);
        b->ask_again = false;
}

static Bench *bench_open(void **state) {
        Bench *b = calloc(1, sizeof(*b));
        LookupOps ops = { on_batch_found, on_ticks_found, on_orders_found, on_failed, on_turn, b };

        assert_non_null(b);
        b->fixture = *state;
        b->now = now_realtime();
        assert_int_equal(lookups_new(&b->lookups, b->fixture->store, &ops), 0);
        return b;
}

static void bench_close(Bench *b) {
        lookups_free(b->lookups);
        free(b);
}

static void hear_until(Bench *b, unsigned answers) {
        TURN_UNTIL(b->fixture, b->answers >= answers);
}

static void ask(Bench *b, uint8_t validator, uint64_t sequence) {
        PublicKey key = key_of(validator);
        Batch *batch = batch_of(sequence);

        assert_int_equal(lookups_batch(b->lookups, &key, validator, &batch), 0);
        assert_null(batch);
}

static int wait_behind(Bench *b, uint8_t validator, uint64_t sequence) {
        PublicKey key = key_of(validator);
        _cleanup_(batch_freep) Batch *batch = batch_of(sequence);
        int r;

        r = lookups_wait(b->lookups, &key, &batch);
        assert_int_equal(r == 1, batch == NULL);
        return r;
}

static void put_batch(StoreFixture *f, uint64_t sequence) {
        fixture_store_batch(f, (BatchRow){ .id = 60 + sequence,
                                           .incarnation = 9,
                                           .sequence = sequence,
                                           .arrived = now_realtime() });
}

static void answers_say_what_is_stored(void **state) {
        Bench *b = bench_open(state);

        put_batch(b->fixture, 1);
        ask(b, 1, 1);
        ask(b, 2, 1);
        hear_until(b, 2);
        assert_string_equal(b->heard, "stored v1 1\nnew v2 1\n");
        bench_close(b);
}

static void stored_ticks_are_found(void **state) {
        Bench *b = bench_open(state);
        TickRow row = { .website = 1,
                        .validator = 1,
                        .order = 1,
                        .batch = 1,
                        .tick = { .outcome = TICK_UP, .number = 5, .start = (int64_t)b->now } };
        PqTransaction *t = pq_transaction_new();
        PublicKey key = key_of(1);

        fixture_put_ticks(t, &row, 1);
        assert_int_equal(fixture_commit(b->fixture, t), 0);
        for (unsigned i = 0; i < 2; i++) {
                Batch *batch = batch_of(2);

                assert_int_equal(ask_of_order(b, &key, 1 + i, &batch), 0);
                hear_until(b, i + 1);
        }
        assert_string_equal(b->heard, "seen v1 2\nunseen v1 2\n");
        bench_close(b);
}

static void ask_order(Bench *b, uint32_t validator, const OrderId *id) {
        PublicKey key = key_of((uint8_t)validator);
        Batch *batch = batch_of(1);

        assert_int_equal(lookups_orders(b->lookups, &key,
                                        &(const OrdersNamed){ validator, id, 1, 0 }, &batch),
                         0);
        assert_null(batch);
}

static void orders_are_found(void **state) {
        Bench *b = bench_open(state);
        OrderId id = { { 9 } };

        fixture_sql(b->fixture, "UPDATE work_order SET removed_at = now(),"
                                " public_id = '\\x09000000000000000000000000000000' WHERE id = 1");
        ask_order(b, 1, &id);
        assert_int_equal(wait_behind(b, 1, 2), 1);
        ask_order(b, 2, &id);
        hear_until(b, 3);
        assert_string_equal(b->heard, "orders v1 1\nturn v1 2\nno orders v2 1\n");
        fixture_sql(b->fixture, "UPDATE work_order SET removed_at = NULL WHERE id = 1");
        bench_close(b);
}

static void what_comes_meanwhile_waits_in_order(void **state) {
        Bench *b = bench_open(state);

        assert_int_equal(wait_behind(b, 1, 2), 0); /* behind nothing */
        ask(b, 1, 2);
        assert_int_equal(wait_behind(b, 1, 3), 1);
        assert_int_equal(wait_behind(b, 1, 4), 1);
        assert_int_equal(wait_behind(b, 2, 3), 0); /* another validator's */
        b->ask_again = true;
        hear_until(b, 4);
        assert_string_equal(b->heard, "new v1 2\nturn v1 3\nnew v1 3\nturn v1 4\n");
        assert_int_equal(wait_behind(b, 1, 5), 0);
        bench_close(b);
}

static void ask_ticks(Bench *b, uint8_t validator) {
        PublicKey key = key_of(validator);
        Batch *batch = batch_of(1);

        assert_int_equal(ask_of_order(b, &key, 1, &batch), 0);
        assert_null(batch);
}

/* What waits behind it waits on. */
static void an_answer_may_be_followed_by_a_question(void **state) {
        Bench *b = bench_open(state);

        ask_ticks(b, 1);
        assert_int_equal(wait_behind(b, 1, 2), 1);
        b->to_ask = 2;
        hear_until(b, 4);
        assert_string_equal(b->heard, "unseen v1 1\nunseen v1 1\nunseen v1 1\nturn v1 2\n");
        assert_int_equal(wait_behind(b, 1, 5), 0);
        bench_close(b);
}

static void on_commit(int r, const char *error _unused_, void *userdata) {
        Bench *b = userdata;

        assert_int_equal(r, 0);
        b->at_done = b->answers;
}

/* Who asks again comes after those that have not asked yet, and what else the database is to do
 * waits for the few that it has. */
static void all_have_their_turn(void **state) {
        Bench *b = bench_open(state);
        PqTransaction *t = pq_transaction_new();
        _cleanup_free_ char *want = NULL;
        size_t size;
        FILE *out = open_memstream(&want, &size);

        assert_non_null(out);
        for (uint8_t i = 1; i <= LOOKUP_OPEN_MAX + 1; i++)
                ask_ticks(b, i);
        fixture_put_batch(t, 90, 90, 1);
        assert_int_equal(store_submit(b->fixture->store, t, on_commit, b, NULL), 0);
        b->to_ask = 2;
        hear_until(b, LOOKUP_OPEN_MAX + 3);
        for (unsigned i = 1; i <= LOOKUP_OPEN_MAX + 3; i++)
                fprintf(out, "unseen v%u 1\n",
                        i <= LOOKUP_OPEN_MAX + 1 ? i : i - LOOKUP_OPEN_MAX - 1);
        assert_int_equal(fclose(out), 0);
        assert_string_equal(b->heard, want);
        assert_int_equal(b->at_done, LOOKUP_OPEN_MAX);
        bench_close(b);
}

/* What waits behind it has its turn all the same. */
static void a_question_that_fails_is_said(void **state) {
        Bench *b = bench_open(state);

        ask_ticks(b, 1);
        hear_until(b, 1);
        fixture_sql(b->fixture, "ALTER TABLE tick_page RENAME TO tick_page_away");
        for (uint8_t i = 1; i <= LOOKUP_OPEN_MAX + 1; i++)
                ask_ticks(b, i);
        assert_int_equal(wait_behind(b, 1, 2), 1);
        hear_until(b, LOOKUP_OPEN_MAX + 3);
        assert_ptr_equal(strstr(b->heard, "unseen v1 1\nfailed v1 1\nturn v1 2\nfailed v2 1\n"),
                         b->heard);
        assert_non_null(strstr(b->heard, "failed v9 1\n"));
        for (uint8_t i = 1; i <= LOOKUP_OPEN_MAX + 1; i++)
                assert_int_equal(wait_behind(b, i, 3), 0);
        fixture_sql(b->fixture, "ALTER TABLE tick_page_away RENAME TO tick_page");
        bench_close(b);
}

/* With questions that the database has, and with those that wait; what it had answered is heard. */
static void without_a_database_nothing_is_answered(void **state) {
        Bench *b = bench_open(state);

        for (uint8_t i = 1; i <= LOOKUP_OPEN_MAX + 1; i++)
                ask_ticks(b, i);
        assert_int_equal(wait_behind(b, 1, 2), 1);
        fixture_sql(b->fixture, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                                " WHERE datname = current_database() AND pid <> pg_backend_pid()");
        TURN_UNTIL(b->fixture, store_state(b->fixture->store) != STORE_READY);
        for (uint8_t i = 1; i <= LOOKUP_OPEN_MAX + 1; i++)
                assert_int_equal(wait_behind(b, i, 3), 0);
        assert_null(strstr(b->heard, "failed"));
        TURN_UNTIL(b->fixture, store_state(b->fixture->store) == STORE_READY);
        memset(b->heard, 0, sizeof(b->heard));
        b->answers = 0;
        ask_ticks(b, 1);
        hear_until(b, 1);
        assert_string_equal(b->heard, "unseen v1 1\n");
        bench_close(b);
}

static void the_queue_is_bounded(void **state) {
        Bench *b = bench_open(state);

        ask(b, 1, 2);
        for (unsigned i = 0; i < LOOKUP_WAITING_MAX; i++)
                assert_int_equal(wait_behind(b, 1, 3 + i), 1);
        assert_int_equal(wait_behind(b, 1, 99), -ENOBUFS);
        bench_close(b); /* with all of that open */
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(answers_say_what_is_stored),
                cmocka_unit_test(stored_ticks_are_found),
                cmocka_unit_test(orders_are_found),
                cmocka_unit_test(what_comes_meanwhile_waits_in_order),
                cmocka_unit_test(an_answer_may_be_followed_by_a_question),
                cmocka_unit_test(all_have_their_turn),
                cmocka_unit_test(a_question_that_fails_is_said),
                cmocka_unit_test(without_a_database_nothing_is_answered),
                cmocka_unit_test(the_queue_is_bounded),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
