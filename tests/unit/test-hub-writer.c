/* Groups of rows become commits, one at a time and in order; after a failed one there is none. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/pages.h"
#include "hub/writer.h"
#include "loop-turn.h"
#include "store-fixture.h"
#include "store/hub-state.h"
#include "store/streams.h"

typedef struct Bench {
        StoreFixture *fixture;
        HubClock clock;
        Writer *writer;
        uint64_t began;
        unsigned commits, failures;
        uint64_t last;
        int r;
        bool collects; /* a commit leads to the next */
} Bench;

static void on_committed(uint64_t commit_no, usec_t time, void *userdata) {
        Bench *b = userdata;

        assert_int_equal(commit_no, b->last + 1);
        assert_int_equal(writer_committed(b->writer), commit_no);
        assert_true(time > 0);
        b->last = commit_no;
        b->commits++;
        b->fixture->done = true;
        if (b->collects)
                (void)writer_group(b->writer);
        b->collects = false;
}

static void on_failed(int r, const char *error _unused_, void *userdata) {
        Bench *b = userdata;

        b->failures++;
        b->r = r;
        b->fixture->done = true;
}

static void on_state(int r, const HubStateRow *rows, size_t n, void *userdata) {
        Bench *b = userdata;

        assert_int_equal(r, 0);
        assert_int_equal(n, 1);
        b->began = b->last = rows->commit_no;
        b->fixture->done = true;
}

static Bench bench_open(StoreFixture *f) {
        return (Bench){ .fixture = f, .clock = hub_clock_new() };
}

static void bench_start(Bench *b) {
        assert_int_equal(hub_state_load(b->fixture->store, on_state, b, NULL), 0);
        fixture_wait(b->fixture);
        assert_int_equal(writer_new(&b->writer, &b->fixture->loop,
                                    &(WriterOptions){ .store = b->fixture->store,
                                                      .clock = &b->clock,
                                                      .commit_no = b->began,
                                                      .ops = { on_committed, on_failed, b } }),
                         0);
}

static void advance(Bench *b, uint64_t incarnation, uint64_t from, uint64_t to) {
        StreamMove move = { .from = from,
                            .to = { .validator = 1, .incarnation = incarnation, .last_seq = to } };

        writer_add_move(b->writer, &move);
}

static void on_later(uv_timer_t *timer) {
        bool *over = timer->data;

        *over = true;
        uv_close((uv_handle_t *)timer, NULL);
}

/* Far longer than a group waits for company. */
static void run_some(StoreFixture *f) {
        uv_timer_t timer;
        bool over = false;

        uv_timer_init(&f->loop, &timer);
        timer.data = &over;
        uv_timer_start(&timer, on_later, 2 * WRITER_PATIENCE_MANY / USEC_PER_MSEC, 0);
        TURN_UNTIL(f, over);
        uv_run(&f->loop, UV_RUN_NOWAIT); /* the handle is closed */
}

static void wait_for(Bench *b, unsigned commits) {
        while (b->commits < commits && b->failures == 0)
                fixture_wait(b->fixture);
        b->fixture->done = false;
        assert_int_equal(b->commits, commits);
}

static void rows_of_many_become_one_commit(void **state) {
        Bench b = bench_open(*state);

        bench_start(&b);
        assert_true(writer_is_idle(b.writer));
        assert_int_equal(writer_commit_no(b.writer), b.began + 1);
        advance(&b, 11, 0, 1);
        assert_int_equal(writer_take_ordinal(b.writer), 0);
        assert_int_equal(writer_take_ordinal(b.writer), 1);
        advance(&b, 12, 0, 1);
        assert_false(writer_is_idle(b.writer));
        assert_int_equal(writer_committed(b.writer), b.began);
        wait_for(&b, 1);
        assert_true(writer_is_idle(b.writer));
        assert_int_equal(writer_take_ordinal(b.writer), 0);
        fixture_expect(b.fixture, "SELECT count(*) FROM validator_stream WHERE incarnation < 20",
                       "2");
        writer_free(b.writer);
}

static void one_is_under_way_the_next_collects(void **state) {
        Bench b = bench_open(*state);

        bench_start(&b);
        advance(&b, 21, 0, 1);
        writer_flush(b.writer);
        assert_int_equal(writer_commit_no(b.writer), b.began + 2);
        assert_int_equal(writer_committed(b.writer), b.began);
        advance(&b, 21, 1, 2);
        writer_flush(b.writer); /* it has to wait */
        assert_int_equal(writer_commit_no(b.writer), b.began + 2);
        wait_for(&b, 1);
        b.collects = true;
        wait_for(&b, 3);
        fixture_expect(b.fixture, "SELECT last_seq FROM validator_stream WHERE incarnation = 21",
                       "2");
        assert_int_equal(writer_committed(b.writer), b.began + 3);
        writer_free(b.writer);
}

static void after_a_failed_commit_nothing_is_sent(void **state) {
        Bench b = bench_open(*state);

        bench_start(&b);
        advance(&b, 31, 5, 6); /* no such stream: the whole group is refused */
        advance(&b, 32, 0, 1);
        writer_flush(b.writer);
        advance(&b, 33, 0, 1); /* decided before the failure is known */
        fixture_wait(b.fixture);
        assert_int_equal(b.failures, 1);
        assert_int_equal(b.r, -ESTALE);
        assert_int_equal(writer_committed(b.writer), b.began);
        advance(&b, 34, 0, 1);
        writer_flush(b.writer);
        assert_true(writer_is_full(b.writer));
        assert_true(writer_is_idle(b.writer)); /* nothing to wait for */
        run_some(b.fixture);
        assert_int_equal(b.commits, 0);
        assert_int_equal(b.failures, 1);
        fixture_expect(b.fixture, "SELECT count(*) FROM validator_stream WHERE incarnation > 30",
                       "0");
        writer_free(b.writer);
}

static void a_number_taken_by_another_hub_fails(void **state) {
        Bench b = bench_open(*state);
        PqTransaction *t = pq_transaction_new();

        bench_start(&b);
        hub_commit(t, b.began + 1);
        assert_int_equal(fixture_commit(b.fixture, t), 0);
        (void)writer_group(b.writer);
        fixture_wait(b.fixture);
        assert_int_equal(b.failures, 1);
        assert_int_equal(b.r, -ESTALE);
        writer_free(b.writer);
}

static void make_partitions(StoreFixture *f) {
        fixture_sql(f, "SELECT partition_ensure('tick_page', current_date, current_date + 1)");
}

/* As on a machine that was suspended: hub time has gone on, and no beat came. */
static void what_comes_after_a_standstill_is_not_written(void **state) {
        Bench b = bench_open(*state);

        bench_start(&b);
        writer_beat(b.writer);
        fixture_wait(b.fixture);
        b.clock.offset += WRITER_STANDSTILL - USEC_PER_SEC;
        writer_beat(b.writer);
        fixture_wait(b.fixture);
        assert_int_equal(b.commits, 2);

        advance(&b, 8, 0, 1);
        b.clock.offset += WRITER_STANDSTILL + USEC_PER_SEC;
        fixture_wait(b.fixture);
        assert_int_equal(b.failures, 1);
        assert_int_equal(b.r, -ETIME);
        advance(&b, 9, 0, 1);
        run_some(b.fixture);
        assert_int_equal(b.commits, 2);
        assert_true(writer_is_idle(b.writer));
        fixture_expect(b.fixture,
                       "SELECT count(*) FROM validator_stream WHERE incarnation IN (8, 9);", "0");
        writer_free(b.writer);
}

static void ticks_go_with_their_group_and_are_limited(void **state) {
        Bench b = bench_open(*state);
        TickRow row = { .website = 1,
                        .validator = 1,
                        .order = 1,
                        .batch = 1,
                        .tick = { .outcome = TICK_UP, .start = (int64_t)now_realtime() } };

        bench_start(&b);
        make_partitions(b.fixture);
        writer_expect_ticks(b.writer, hub_clock_now(&b.clock));
        for (unsigned i = 0; i < 3; i++) {
                row.tick.number = i;
                writer_add_tick(b.writer, &row);
        }
        wait_for(&b, 1);
        fixture_expect(b.fixture, "SELECT count(*) FROM website_tick", "3");
        writer_expect_ticks(b.writer, hub_clock_now(&b.clock));
        for (unsigned i = 0; i < WRITER_TICKS_MAX; i++) {
                assert_false(writer_is_full(b.writer));
                writer_add_tick(b.writer, &row);
        }
        assert_true(writer_is_full(b.writer));
        writer_free(b.writer); /* what was collected is forgotten, and nothing comes */
        run_some(b.fixture);
        assert_int_equal(b.commits, 1);
        assert_int_equal(b.failures, 0);
}

/* Whether the group had been sent when the loop came to a moment of its own time. */
typedef struct Moment {
        Bench *bench;
        bool over, sent;
} Moment;

static void on_moment(uv_timer_t *timer) {
        Moment *m = timer->data;

        m->over = true;
        m->sent = writer_commit_no(m->bench->writer) > m->bench->began + 1;
        uv_close((uv_handle_t *)timer, NULL);
}

static bool sent_within(Bench *b, usec_t delay) {
        Moment m = { .bench = b };
        uv_timer_t timer;

        uv_timer_init(&b->fixture->loop, &timer);
        timer.data = &m;
        uv_timer_start(&timer, on_moment, delay / USEC_PER_MSEC, 0);
        TURN_UNTIL(b->fixture, m.over);
        uv_run(&b->fixture->loop, UV_RUN_NOWAIT); /* the handle is closed */
        return m.sent;
}

/* Timers of the loop fire in the order in which they are due, however late. */
static void ticks_wait_for_company_and_many_of_them_longer(void **state) {
        static const struct {
                unsigned ticks;
                bool urgent, soon, later, at_last;
        } cases[] = {
                { 1, false, false, true, true },
                { 1, true, true, true, true },
                { WRITER_MANY, false, false, false, true },
                { WRITER_MANY, true, true, true, true },
                { WRITER_ENOUGH, false, true, true, true },
        };
        TickRow row = { .website = 1,
                        .validator = 1,
                        .order = 1,
                        .tick = { .outcome = TICK_UP, .start = (int64_t)now_realtime() } };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Bench b = bench_open(*state);

                make_partitions(b.fixture);
                bench_start(&b);
                writer_expect_ticks(b.writer, hub_clock_now(&b.clock));
                for (unsigned t = 0; t < cases[i].ticks; t++) {
                        row.batch = t / 700;
                        writer_add_tick(b.writer, &row);
                }
                if (cases[i].urgent)
                        (void)writer_group(b.writer);
                assert_int_equal(sent_within(&b, WRITER_PATIENCE / 2), cases[i].soon);
                assert_int_equal(sent_within(&b, WRITER_PATIENCE), cases[i].later);
                assert_int_equal(sent_within(&b, WRITER_PATIENCE_MANY), cases[i].at_last);
                wait_for(&b, 1);
                writer_free(b.writer);
        }
}

static void add_orders(Bench *b, uint64_t first, unsigned n) {
        uint8_t bytes[1] = { 0 };
        OrderRow row = { .website = 1,
                         .validator = 1,
                         .type = 1,
                         .n = 4,
                         .interval_ms = 60000,
                         .timeout_ms = 10000,
                         .starts = now_realtime(),
                         .bytes = bytes,
                         .n_bytes = sizeof(bytes) };

        for (row.id = first; row.id < first + n; row.id++) {
                memcpy(row.public_id, &row.id, sizeof(row.id));
                writer_add_order(b->writer, &row);
        }
}

static void orders_wait_until_there_are_many_or_a_probe_is_wanted(void **state) {
        const struct {
                unsigned orders;
                bool probes, soon;
        } cases[] = {
                { WRITER_ORDERS_ENOUGH - 1, false, false },
                { WRITER_ORDERS_ENOUGH, false, true },
                { 1, true, true },
        };

        fixture_sql(*state, "INSERT INTO specification (hash, bytes) VALUES"
                            " (decode(repeat('00', 32), 'hex'), '')");
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Bench b = bench_open(*state);
                uint64_t first = 10000 * (i + 1);

                bench_start(&b);
                add_orders(&b, first, cases[i].orders);
                if (cases[i].probes)
                        writer_reserve_probes(b.writer, &(OrderProbes){ first, 9 });
                assert_int_equal(sent_within(&b, WRITER_PATIENCE / 2), cases[i].soon);
                wait_for(&b, 1);
                writer_free(b.writer);
        }
        fixture_expect(*state,
                       "SELECT count(*) || ' ' || max(probes) FROM work_order WHERE id >= 10000",
                       "2000 9");
}

static void orders_that_wait_for_their_commit_are_bounded(void **state) {
        Bench b = bench_open(*state);

        bench_start(&b);
        add_orders(&b, 100000, WRITER_ORDERS_MAX - 1);
        assert_true(writer_takes_orders(b.writer));
        writer_flush(b.writer); /* they are under way, and count */
        add_orders(&b, 200000, 1);
        assert_false(writer_takes_orders(b.writer));
        wait_for(&b, 2);
        assert_true(writer_takes_orders(b.writer));
        writer_free(b.writer);
}

static void add_statements(Bench *b, unsigned n) {
        for (unsigned i = 0; i < n; i++)
                streams_prune(writer_group(b->writer));
}

static void statements_that_wait_for_their_commit_are_bounded(void **state) {
        Bench b = bench_open(*state);

        bench_start(&b);
        assert_true(writer_has_room(b.writer));
        add_statements(&b, WRITER_STATEMENTS_ENOUGH - 2); /* one says that there is a commit */
        assert_true(writer_has_room(b.writer));
        writer_flush(b.writer); /* they are under way, and count */
        add_statements(&b, 1);
        assert_false(writer_has_room(b.writer));
        assert_false(writer_is_full(b.writer));
        add_statements(&b, WRITER_STATEMENTS_MAX - WRITER_STATEMENTS_ENOUGH);
        assert_true(writer_is_full(b.writer));
        wait_for(&b, 1);
        assert_false(writer_is_full(b.writer));
        assert_false(writer_has_room(b.writer));
        writer_free(b.writer);
}

/* More of them, and what nobody waits for, do not shorten the time that was given. */
static void ticks_that_keep_coming_share_one_commit(void **state) {
        Bench b = bench_open(*state);
        TickRow row = { .website = 1,
                        .validator = 1,
                        .order = 1,
                        .tick = { .outcome = TICK_UP, .start = (int64_t)now_realtime() } };

        make_partitions(b.fixture);
        bench_start(&b);
        for (unsigned t = 0; t < WRITER_MANY + 2; t++) {
                if (t >= WRITER_MANY)
                        assert_false(sent_within(&b, WRITER_PATIENCE + USEC_PER_MSEC));
                writer_expect_ticks(b.writer, hub_clock_now(&b.clock));
                writer_add_tick(b.writer, &row);
                (void)writer_group_unhurried(b.writer);
        }
        assert_true(sent_within(&b, WRITER_PATIENCE_MANY - 2 * WRITER_PATIENCE));
        wait_for(&b, 1);
        writer_free(b.writer);
}

static void put_on_many_websites(Bench *b, uint32_t n) {
        TickRow row = { .validator = 1,
                        .order = 1,
                        .batch = 1,
                        .tick = { .outcome = TICK_UP, .start = (int64_t)now_realtime() } };

        for (row.website = 1; row.website <= n; row.website++)
                writer_add_tick(b->writer, &row);
}

/* 1: while some wait, the moment at which they came; 0: none waits any more. */
static void it_is_written_since_when_ticks_wait(void **state) {
        Bench b = bench_open(*state);
        usec_t came = hub_clock_now(&b.clock) - 3 * USEC_PER_SEC;
        char expected[64];

        make_partitions(b.fixture);
        bench_start(&b);
        writer_expect_ticks(b.writer, came);
        put_on_many_websites(&b, PAGES_A_COMMIT + 1);
        (void)snprintf(expected, sizeof(expected), "%llu t t", (unsigned long long)came);
        wait_for(&b, 1);
        fixture_expect(b.fixture,
                       "SELECT concat_ws(' ', usec(paged_at), paged_at < heartbeat_at,"
                       " paged_no < commit_no) FROM hub_state",
                       expected);
        wait_for(&b, 2);
        fixture_expect(b.fixture,
                       "SELECT paged_at = heartbeat_at AND paged_no = commit_no FROM hub_state",
                       "t");
        writer_free(b.writer);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(rows_of_many_become_one_commit),
                cmocka_unit_test(one_is_under_way_the_next_collects),
                cmocka_unit_test(after_a_failed_commit_nothing_is_sent),
                cmocka_unit_test(a_number_taken_by_another_hub_fails),
                cmocka_unit_test(what_comes_after_a_standstill_is_not_written),
                cmocka_unit_test(ticks_go_with_their_group_and_are_limited),
                cmocka_unit_test(ticks_wait_for_company_and_many_of_them_longer),
                cmocka_unit_test(orders_wait_until_there_are_many_or_a_probe_is_wanted),
                cmocka_unit_test(orders_that_wait_for_their_commit_are_bounded),
                cmocka_unit_test(statements_that_wait_for_their_commit_are_bounded),
                cmocka_unit_test(ticks_that_keep_coming_share_one_commit),
                cmocka_unit_test(it_is_written_since_when_ticks_wait),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
