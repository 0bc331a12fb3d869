/* Calls are taken in pages, in order, each once, and no page before the writer has room. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/pulse.h"
#include "store-fixture.h"
#include "store/hub-state.h"
#include "store/streams.h"

#define CALLS (2 * HEARTBEATS_PAGE + 10)

typedef struct Bench {
        StoreFixture *fixture;
        HubClock clock;
        Writer *writer;
        Pulse *pulse;
        uint64_t commit_no;
        unsigned commits, failures, taken, again; /* again: also once before */
        uint64_t first, last;                     /* revisions */
        uint64_t highest;
        unsigned asks_at; /* when so many are taken, all are asked for once more */
        int r;
} Bench;

static void on_committed(uint64_t commit_no _unused_, usec_t time _unused_, void *userdata) {
        Bench *b = userdata;

        b->commits++;
        b->fixture->done = true;
}

static void on_writer_failed(int r _unused_, const char *error _unused_, void *userdata _unused_) {
        fail();
}

static void on_failed(int r, void *userdata) {
        Bench *b = userdata;

        b->r = r;
        b->failures++;
        b->fixture->done = true;
}

static void on_call(const HeartbeatRow *row, void *userdata) {
        Bench *b = userdata;

        b->taken++;
        b->again += row->revision <= b->highest;
        b->first = b->taken == 1 ? row->revision : b->first;
        b->last = row->revision;
        b->highest = MAX(b->highest, row->revision);
        b->fixture->done = true;
        if (b->taken == b->asks_at)
                pulse_read_all(b->pulse);
}

static void on_state(int r, const HubStateRow *rows, size_t n, void *userdata) {
        Bench *b = userdata;

        assert_int_equal(r, 0);
        assert_int_equal(n, 1);
        b->commit_no = rows->commit_no;
        b->fixture->done = true;
}

static void bench_start(Bench *b, StoreFixture *f, uint64_t taken) {
        *b = (Bench){ .fixture = f, .clock = hub_clock_new() };
        assert_int_equal(hub_state_load(f->store, on_state, b, NULL), 0);
        fixture_wait(f);
        assert_int_equal(writer_new(&b->writer, &f->loop,
                                    &(WriterOptions){
                                                    .store = f->store,
                                                    .clock = &b->clock,
                                                    .commit_no = b->commit_no,
                                                    .ops = { on_committed, on_writer_failed, b } }),
                         0);
        assert_int_equal(pulse_new(&b->pulse, &(PulseOptions){ .store = f->store,
                                                               .writer = b->writer,
                                                               .taken = taken,
                                                               .take = on_call,
                                                               .failed = on_failed,
                                                               .userdata = b }),
                         0);
}

static void bench_end(Bench *b) {
        pulse_free(b->pulse);
        writer_free(b->writer);
}

static void wait_taken(Bench *b, unsigned n) {
        while (b->taken < n && b->failures == 0)
                fixture_wait(b->fixture);
        b->fixture->done = false;
        assert_int_equal(b->taken, n);
}

static void wait_commit(Bench *b, unsigned n) {
        while (b->commits < n)
                fixture_wait(b->fixture);
        b->fixture->done = false;
}

/* So that what is under way has come, and what would follow it. */
static void turn_a_while(StoreFixture *f) {
        fixture_expect(f, "SELECT 1", "1");
        for (unsigned i = 0; i < 50; i++) {
                uv_run(&f->loop, UV_RUN_NOWAIT);
                fixture_expect(f, "SELECT 1", "1");
        }
}

static int setup(void **state) {
        char sql[512];
        int r = store_fixture_setup(state);

        if (r < 0)
                return r;
        snprintf(sql, sizeof(sql),
                 "WITH made AS (INSERT INTO website (public_id, organisation_id, url, interval_ms,"
                 "     timeout_ms)"
                 "   SELECT gen_random_uuid(), 1, 'push:' || i, 60000, 1000"
                 "    FROM generate_series(1, %u) i RETURNING id)"
                 " INSERT INTO heartbeat (website_id, token_sha256, seen_at, revision)"
                 " SELECT id, sha256(id::text::bytea), now(), row_number() OVER () FROM made",
                 CALLS);
        fixture_sql(*state, sql);
        return 0;
}

static void page_by_page_in_order(void **state) {
        Bench b;

        bench_start(&b, *state, 5);
        pulse_read(b.pulse);
        pulse_read(b.pulse); /* one more page at the end, which is empty */
        wait_taken(&b, CALLS - 5);
        assert_int_equal(b.first, 6);
        assert_int_equal(b.last, CALLS);
        assert_int_equal(b.again, 0);
        turn_a_while(*state);
        assert_int_equal(b.taken, CALLS - 5);
        fixture_sql(*state, "UPDATE heartbeat SET revision = 5000 WHERE revision = 7");
        pulse_read(b.pulse);
        wait_taken(&b, CALLS - 4);
        assert_int_equal(b.last, 5000);
        fixture_sql(*state, "UPDATE heartbeat SET revision = 7 WHERE revision = 5000");
        bench_end(&b);
}

/* Those that are read already come to their end first. */
static void once_more_all_of_them(void **state) {
        Bench b;

        bench_start(&b, *state, 0);
        b.asks_at = 10;
        pulse_read(b.pulse);
        wait_taken(&b, 2 * CALLS);
        assert_int_equal(b.again, CALLS);
        assert_int_equal(b.last, CALLS);
        turn_a_while(*state);
        assert_int_equal(b.taken, 2 * CALLS);
        bench_end(&b);
}

static void no_page_before_there_is_room(void **state) {
        Bench b;

        bench_start(&b, *state, 0);
        for (unsigned i = 0; i < WRITER_STATEMENTS_ENOUGH; i++)
                streams_prune(writer_group(b.writer));
        pulse_read(b.pulse);
        wait_commit(&b, 1);
        turn_a_while(*state);
        assert_int_equal(b.taken, 0);
        pulse_go_on(b.pulse);
        wait_taken(&b, CALLS);
        assert_int_equal(b.again, 0);
        pulse_go_on(b.pulse); /* nobody asked */
        turn_a_while(*state);
        assert_int_equal(b.taken, CALLS);
        bench_end(&b);
}

static void a_failure_is_for_others_to_mend(void **state) {
        Bench b;

        bench_start(&b, *state, 0);
        fixture_sql(*state, "ALTER TABLE heartbeat RENAME TO away");
        pulse_read(b.pulse);
        fixture_wait(*state);
        assert_int_equal(b.failures, 1);
        assert_true(b.r < 0);
        fixture_sql(*state, "ALTER TABLE away RENAME TO heartbeat");
        bench_end(&b);
}

static void who_goes_while_it_reads_hears_nothing(void **state) {
        Bench b;

        bench_start(&b, *state, 0);
        pulse_read(b.pulse);
        b.pulse = pulse_free(b.pulse);
        turn_a_while(*state);
        assert_int_equal(b.taken, 0);
        bench_end(&b);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(page_by_page_in_order),
                cmocka_unit_test(once_more_all_of_them),
                cmocka_unit_test(no_page_before_there_is_room),
                cmocka_unit_test(a_failure_is_for_others_to_mend),
                cmocka_unit_test(who_goes_while_it_reads_hears_nothing),
        };

        return cmocka_run_group_tests(tests, setup, store_fixture_teardown);
}
