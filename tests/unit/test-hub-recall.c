/* What a hub that began anew asks of the past: only what it does not know, each order's time once,
 * never too much at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/dispose.h"
#include "hub/recall.h"
#include "hub/website.h"
#include "store/pages.h"

#define NOW       (20000 * USEC_PER_DAY)
#define INTERVAL  (60 * USEC_PER_SEC)
#define HALF      (INTERVAL / 2)
#define LIFE      (100 * USEC_PER_DAY)
#define START     (NOW - LIFE)
#define RECALLED  (NOW - 2 * USEC_PER_MIN)
#define VALIDATOR 4

typedef struct Bench {
        OrderBook *book;
        Batch *batch;
        TickQuestion asked[RECALL_ORDERS_MAX];
        size_t n;
} Bench;

static OrderId id_of(uint64_t row) {
        OrderId id = { 0 };

        memcpy(id.bytes, &row, sizeof(row));
        return id;
}

static const OrderTerms terms = { .epoch = 1 };

static WorkOrder *add_order(Bench *b, uint64_t row, usec_t start) {
        static Website website;
        const WorkOrder made = {
                .row = row,
                .id = id_of(row),
                .validator = VALIDATOR,
                .website = &website,
                .order = { .interval_ms = 60000,
                           .timeout_ms = 10000,
                           .start = (int64_t)start,
                           .terms = &terms },
                .probe_last = 10,
                .probe_restored = 9,
                .restored = NOW - USEC_PER_MIN,
                .recalled = RECALLED,
        };
        WorkOrder *o = order_book_add(b->book, &made);

        assert_non_null(o);
        return o;
}

static void bench_open(Bench *b) {
        memset(b, 0, sizeof(*b));
        assert_int_equal(order_book_new(&b->book, 1000), 0);
        b->batch = calloc(1, sizeof(*b->batch) + BATCH_TICKS_MAX * sizeof(Tick));
        assert_non_null(b->batch);
        b->batch->header.type = BATCH_TICKS;
}

static void bench_close(Bench *b) {
        order_book_free(b->book);
        free(b->batch);
}

static Tick *add_tick(Bench *b, uint64_t row, TickKind kind, uint32_t number, usec_t start) {
        Tick *tick = &b->batch->ticks[b->batch->header.count++];

        *tick = (Tick){ .order = id_of(row),
                        .outcome = TICK_UP,
                        .kind = kind,
                        .number = number,
                        .start = (int64_t)start };
        return tick;
}

/* So many minutes ago. */
static Tick *add_slot(Bench *b, uint64_t row, unsigned ago) {
        usec_t start = NOW - ago * INTERVAL;
        const WorkOrder *o = order_book_find_row(b->book, row);
        uint32_t number = (uint32_t)((start - (usec_t)o->order.start) / INTERVAL);

        return add_tick(b, row, TICK_SCHEDULED, number, start + 5);
}

static size_t ask(Bench *b) {
        b->n = recall_ask(b->book, VALIDATOR, b->batch, NOW, b->asked);
        return b->n;
}

/* Nothing of it was stored. */
static void learn(Bench *b) {
        const LookupTicks found = { .questions = b->asked, .n_questions = b->n };

        assert_int_equal(recall_learn(b->book, &found), 0);
}

static void expect(const TickQuestion *q, uint64_t order, usec_t from, usec_t to) {
        assert_int_equal(q->order, order);
        assert_int_equal(q->from, from);
        assert_int_equal(q->to, to);
}

/* However often and in whatever order ticks name them. */
static void each_order_is_asked_for_once(void **state _unused_) {
        Bench b;

        bench_open(&b);
        add_order(&b, 1, START);
        add_order(&b, 2, START);
        assert_int_equal(ask(&b), 0);
        for (unsigned i = 0; i < 3; i++) {
                add_slot(&b, 1, 10 + i);
                add_slot(&b, 2, 20 - i);
        }
        assert_int_equal(ask(&b), 2);
        expect(&b.asked[0], 1, NOW - 12 * INTERVAL - HALF, RECALLED);
        expect(&b.asked[1], 2, NOW - 20 * INTERVAL - HALF, RECALLED);
        learn(&b);
        assert_int_equal(ask(&b), 0);
        add_slot(&b, 1, 13);
        assert_int_equal(ask(&b), 1);
        expect(&b.asked[0], 1, NOW - 13 * INTERVAL - HALF, NOW - 12 * INTERVAL - HALF);
        bench_close(&b);
}

static void what_is_known_is_not_asked_for(void **state _unused_) {
        Bench b;

        bench_open(&b);
        add_order(&b, 1, START);
        add_slot(&b, 1, 1);
        add_tick(&b, 1, TICK_CONFIRM, 10, NOW); /* not issued before it was restored */
        add_tick(&b, 3, TICK_SCHEDULED, 10, START + 10 * INTERVAL);
        assert_int_equal(ask(&b), 0);
        bench_close(&b);
}

/* Another's order, a number that never was, a slot at another's time, one that is too old. */
static void what_is_refused_asks_for_nothing(void **state _unused_) {
        Bench b;

        bench_open(&b);
        add_order(&b, 1, START);
        add_tick(&b, 1, TICK_CONFIRM, 0, NOW - INTERVAL);
        add_slot(&b, 1, 10)->number = 0;
        add_slot(&b, 1, 10)->start = 0;
        add_slot(&b, 1, 24 * 60 + 1);
        assert_int_equal(ask(&b), 0);
        add_slot(&b, 1, 10);
        assert_int_equal(recall_ask(b.book, VALIDATOR + 1, b.batch, NOW, b.asked), 0);
        add_order(&b, 2, START)->website = NULL;
        add_slot(&b, 2, 10);
        assert_int_equal(ask(&b), 1);
        bench_close(&b);
}

/* A probe may have been stored whenever its order was there: from new to old. */
static void a_long_life_is_asked_for_in_parts(void **state _unused_) {
        usec_t to = RECALLED;
        unsigned parts = 0, spans = RECALL_TICKS_MAX / PAGE_SPAN_LEAST;
        Bench b;

        bench_open(&b);
        add_order(&b, 1, START);
        add_tick(&b, 1, TICK_CONFIRM, 9, NOW - INTERVAL);
        for (; ask(&b) > 0; parts++) {
                assert_int_equal(b.n, 1);
                assert_int_equal(b.asked[0].to, to);
                assert_true(b.asked[0].from < to);
                assert_true((to - b.asked[0].from) / PAGE_SPAN < spans);
                to = b.asked[0].from;
                learn(&b);
        }
        assert_int_equal(to, work_order_earliest(order_book_find_row(b.book, 1)));
        assert_int_equal(parts, LIFE / PAGE_SPAN / spans + 1);
        bench_close(&b);
}

/* 64 seats each second: a page's time has 19,200 ticks. */
static void many_ticks_are_asked_for_in_parts(void **state _unused_) {
        Website website = { .seats = 64 };
        unsigned parts = 0;
        WorkOrder *o;
        Bench b;

        bench_open(&b);
        o = add_order(&b, 1, START);
        o->website = &website;
        o->order.n = 4; /* of a panel */
        o->order.interval_ms = 1000;
        add_tick(&b, 1, TICK_CONFIRM, 9, NOW - INTERVAL);
        o->order.start += (int64_t)(LIFE - USEC_PER_HOUR);
        for (; ask(&b) > 0; parts++) {
                assert_true(b.asked[0].to / PAGE_SPAN - b.asked[0].from / PAGE_SPAN < 2);
                learn(&b);
        }
        assert_in_range(parts, 12, 13);
        bench_close(&b);
}

static void many_orders_are_asked_for_in_turn(void **state _unused_) {
        unsigned asked = 0, times = 0;
        Bench b;

        bench_open(&b);
        for (uint64_t row = 1; row <= 300; row++) {
                add_order(&b, row, NOW - USEC_PER_DAY);
                add_slot(&b, row, 12 * 60);
        }
        for (; ask(&b) > 0; times++) {
                usec_t spans = 0;

                for (size_t i = 0; i < b.n; i++) {
                        spans += b.asked[i].to / PAGE_SPAN - b.asked[i].from / PAGE_SPAN + 1;
                        asked += b.asked[i].from == NOW - 12 * USEC_PER_HOUR - HALF;
                }
                assert_true(spans <= RECALL_TICKS_MAX / PAGE_SPAN_LEAST);
                assert_true(times < 100);
                learn(&b);
        }
        assert_int_equal(asked, 300);
        bench_close(&b);
}

/* Also where each asks for little. */
static void so_many_orders_at_once(void **state _unused_) {
        Bench b;

        bench_open(&b);
        for (uint64_t row = 1; row <= RECALL_ORDERS_MAX + 2; row++) {
                add_order(&b, row, NOW - USEC_PER_DAY);
                add_slot(&b, row, 5);
        }
        assert_int_equal(ask(&b), RECALL_ORDERS_MAX);
        learn(&b);
        assert_int_equal(ask(&b), 2);
        learn(&b);
        assert_int_equal(ask(&b), 0);
        bench_close(&b);
}

static void what_is_found_becomes_a_duplicate(void **state _unused_) {
        const TickIdentity row = { .order = 1, .number = 9 };
        bool votes;
        Bench b;

        bench_open(&b);
        add_order(&b, 1, NOW - USEC_PER_DAY);
        add_tick(&b, 1, TICK_CONFIRM, 9, NOW - INTERVAL);
        assert_int_equal(ask(&b), 1);
        assert_int_equal(recall_learn(b.book, &(LookupTicks){ b.asked, 1, &row, 1 }), 0);
        assert_int_equal(ask(&b), 0);
        assert_int_equal(dispose_tick(order_book_find_row(b.book, 1), VALIDATOR, b.batch->ticks,
                                      &(DisposeTime){ .now = NOW }, &votes),
                         DISPOSITION_DUPLICATE);
        bench_close(&b);
}

/* Once each, and not what is known, too young or expired. */
static void orders_that_are_not_here_are_missing(void **state _unused_) {
        OrderId ids[BATCH_TICKS_MAX];
        Bench b;

        bench_open(&b);
        add_order(&b, 1, START);
        add_slot(&b, 1, 10);
        for (uint64_t row = 2; row <= 5; row++)
                add_tick(&b, row % 2 + 2, TICK_SCHEDULED, 10, NOW - 10 * USEC_PER_MIN);
        add_tick(&b, 4, TICK_SCHEDULED, 10, NOW - USEC_PER_MIN);
        add_tick(&b, 5, TICK_SCHEDULED, 10, NOW - USEC_PER_DAY - 1);
        assert_int_equal(recall_missing(b.book, b.batch, NOW, ids), 2);
        assert_memory_equal(&ids[0], &(OrderId[]){ id_of(2) }, sizeof(OrderId));
        assert_memory_equal(&ids[1], &(OrderId[]){ id_of(3) }, sizeof(OrderId));
        bench_close(&b);
}

static void what_waits_for_an_answer_is_held(void **state _unused_) {
        WorkOrder *current, *removed;
        Bench b;

        bench_open(&b);
        current = add_order(&b, 1, START);
        removed = add_order(&b, 2, START);
        removed->removed = NOW - 1;
        add_slot(&b, 1, 10);
        add_slot(&b, 2, 10);
        add_tick(&b, 3, TICK_SCHEDULED, 10, NOW);
        recall_hold(b.book, b.batch, NOW);
        assert_int_equal(current->used, 0);
        assert_int_equal(removed->used, NOW);
        bench_close(&b);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_order_is_asked_for_once),
                cmocka_unit_test(orders_that_are_not_here_are_missing),
                cmocka_unit_test(what_waits_for_an_answer_is_held),
                cmocka_unit_test(what_is_known_is_not_asked_for),
                cmocka_unit_test(what_is_refused_asks_for_nothing),
                cmocka_unit_test(a_long_life_is_asked_for_in_parts),
                cmocka_unit_test(many_ticks_are_asked_for_in_parts),
                cmocka_unit_test(many_orders_are_asked_for_in_turn),
                cmocka_unit_test(so_many_orders_at_once),
                cmocka_unit_test(what_is_found_becomes_a_duplicate),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
