/* Votes of before are found again: of each voter the newest that may vote, part by part. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/past-votes.h"
#include "hub/website.h"
#include "loop-turn.h"
#include "store-fixture.h"

#define INTERVAL   USEC_PER_MIN
#define FULL       (64 * PAGE_SPAN / (PAST_TICKS_MAX + 1)) /* so often a part has no more of it */
#define TIMEOUT_MS 10000
#define FRESH      (95 * USEC_PER_SEC) /* of these: 60 + 2 * 10 + 15 s */
#define PANEL      50u
#define ENDED      51u
#define UNSYNCED   99u

typedef struct Bench {
        StoreFixture *fixture;
        Website websites[4]; /* by number */
        OrderBook *book;
        PastVotes *votes;
        usec_t now;
        FILE *out;
        char *heard;
        size_t size;
        unsigned taken;
        bool done;
        int r;
} Bench;

/* In the order of the voters: websites come in any. */
static void on_vote(const PastVote *v, void *userdata) {
        Bench *b = userdata;

        fprintf(b->out, "%u v%u%s outcome %u class %u kind %u %u us, %lu s ago, came %lu\n",
                v->website, v->validator, v->panel ? " panel" : "", v->vote.outcome,
                v->vote.error_class, v->vote.kind, v->vote.latency,
                (b->now - v->vote.started) / USEC_PER_SEC,
                (b->now - v->vote.arrived) / USEC_PER_SEC);
        b->taken++;
}

static void on_done(int r, void *userdata) {
        Bench *b = userdata;

        b->r = r;
        b->done = true;
        b->votes = past_votes_free(b->votes);
}

static const OrderTerms terms = { .epoch = 1 };

static void add_order(Bench *b, uint64_t row, uint32_t website, uint32_t validator) {
        const WorkOrder made = {
                .row = row,
                .id.bytes = { (uint8_t)row },
                .website = website < ELEMENTSOF(b->websites) ? &b->websites[website] : NULL,
                .validator = validator,
                .order = { .type = row == PANEL ? ORDER_PANEL : ORDER_SEAT,
                           .interval_ms = INTERVAL / USEC_PER_MSEC,
                           .timeout_ms = TIMEOUT_MS,
                           .terms = &terms },
                .removed = row == ENDED ? b->now : 0,
        };

        assert_non_null(order_book_add(b->book, &made));
}

/* It came at the time of its number, in seconds ago. */
static void put_batch(Bench *b, uint64_t id) {
        fixture_store_batch(b->fixture, (BatchRow){ .id = id,
                                                    .incarnation = 1,
                                                    .sequence = id,
                                                    .unsynced = id == UNSYNCED,
                                                    .arrived = b->now - id * USEC_PER_SEC,
                                                    .commit_no = id });
}

static Bench *bench_open(void **state) {
        Bench *b = calloc(1, sizeof(*b));

        assert_non_null(b);
        b->fixture = *state;
        fixture_sql(b->fixture, "TRUNCATE tick_page, tick_batch");
        b->now = now_realtime();
        b->out = open_memstream(&b->heard, &b->size);
        assert_non_null(b->out);
        assert_int_equal(order_book_new(&b->book, 1000), 0);
        for (uint32_t i = 0; i < ELEMENTSOF(b->websites); i++)
                b->websites[i].id = i;
        for (uint64_t row = 1; row <= 4; row++)
                add_order(b, row, 1, (uint32_t)row);
        return b;
}

static void bench_close(Bench *b) {
        past_votes_free(b->votes);
        order_book_free(b->book);
        fclose(b->out);
        free(b->heard);
        free(b);
}

static void begin(Bench *b) {
        const PastVotesOptions options = { .store = b->fixture->store,
                                           .book = b->book,
                                           .now = b->now,
                                           .take = on_vote,
                                           .done = on_done,
                                           .userdata = b };

        assert_int_equal(past_votes_new(&b->votes, &options), 0);
}

static void add_website(Bench *b, uint32_t website, usec_t interval) {
        assert_int_equal(past_votes_add(b->votes, &(PastWebsite){ website, 64, interval, FRESH }),
                         0);
}

static void expect(Bench *b, const char *text) {
        assert_int_equal(past_votes_begin(b->votes), 0);
        TURN_UNTIL(b->fixture, b->done);
        assert_int_equal(b->r, 0);
        assert_int_equal(fflush(b->out), 0);
        assert_string_equal(b->heard, text);
}

static TickRow tick_ago(const Bench *b, uint32_t validator, unsigned seconds) {
        TickRow row = fixture_tick(validator, 1000 - seconds, b->now - seconds * USEC_PER_SEC);

        row.batch = 1;
        return row;
}

static void they_are_the_newest_that_count(void **state) {
        Bench *b = bench_open(state);
        TickRow rows[] = {
                tick_ago(b, 1, 50), tick_ago(b, 1, 20), tick_ago(b, 2, 30), tick_ago(b, 3, 95),
                tick_ago(b, 4, 84), tick_ago(b, 4, 10), tick_ago(b, 1, 10), tick_ago(b, 1, 5),
                tick_ago(b, 1, 4),  tick_ago(b, 1, 3),
        };

        rows[1].tick.outcome = TICK_DOWN;
        rows[1].tick.error = TICK_ERROR_REFUSED;
        rows[1].tick.kind = TICK_CONFIRM;
        rows[1].order = ENDED; /* whichever of its orders it was for */
        rows[2].late = true;
        rows[5].batch = UNSYNCED;                     /* its validator did not know the time */
        rows[6].tick.phases.wait = 11 * USEC_PER_SEC; /* longer than its timeout may last */
        rows[7].order = PANEL;
        rows[8].order = 77; /* nobody knows it any more */
        rows[9].batch = 98; /* nor this batch */
        rows[1].batch = 7;
        add_order(b, PANEL, 1, 1);
        add_order(b, ENDED, 1, 1);
        put_batch(b, 1);
        put_batch(b, 7);
        put_batch(b, UNSYNCED);
        fixture_store_ticks(b->fixture, rows, ELEMENTSOF(rows));
        begin(b);
        add_website(b, 1, INTERVAL);
        expect(b, "1 v1 outcome 2 class 2 kind 1 15500 us, 20 s ago, came 7\n"
                  "1 v1 panel outcome 1 class 0 kind 0 15500 us, 5 s ago, came 1\n"
                  "1 v4 outcome 1 class 0 kind 0 15500 us, 84 s ago, came 1\n");
        bench_close(b);
}

/* As long as its website has it now, whichever order it was for. */
static void it_is_the_website_that_says_how_long_they_count(void **state) {
        Bench *b = bench_open(state);
        TickRow rows[] = { tick_ago(b, 1, 200), tick_ago(b, 1, 20) };

        rows[1].website = 2;
        rows[1].order = 61;
        add_order(b, 61, 2, 1);
        put_batch(b, 1);
        fixture_store_ticks(b->fixture, rows, ELEMENTSOF(rows));
        begin(b);
        assert_int_equal(past_votes_add(b->votes,
                                        &(PastWebsite){ 2, 4, INTERVAL, 15 * USEC_PER_SEC }),
                         0);
        assert_int_equal(past_votes_add(b->votes, &(PastWebsite){ 1, 4, INTERVAL, USEC_PER_HOUR }),
                         0);
        expect(b, "1 v1 outcome 1 class 0 kind 0 15500 us, 200 s ago, came 1\n");
        bench_close(b);
}

/* Those of one website after the other. */
static void parts_come_one_after_the_other(void **state) {
        Bench *b = bench_open(state);
        TickRow rows[] = { tick_ago(b, 1, 10), tick_ago(b, 1, 9), tick_ago(b, 1, 8) };

        for (uint32_t i = 1; i < ELEMENTSOF(rows); i++) {
                rows[i].website = i + 1;
                rows[i].order = 60 + i;
                add_order(b, 60 + i, i + 1, 2);
        }
        put_batch(b, 1);
        fixture_store_ticks(b->fixture, rows, ELEMENTSOF(rows));
        begin(b);
        add_website(b, 2, FULL);
        add_website(b, 1, FULL);
        add_website(b, 3, FULL);
        expect(b, "1 v1 outcome 1 class 0 kind 0 15500 us, 10 s ago, came 1\n"
                  "2 v2 outcome 1 class 0 kind 0 15500 us, 9 s ago, came 1\n"
                  "3 v2 outcome 1 class 0 kind 0 15500 us, 8 s ago, came 1\n");
        bench_close(b);
}

/* The oldest of one's is the last that is looked at, that of another would be the next. */
static void few_of_many_ticks_are_looked_at(void **state) {
        Bench *b = bench_open(state);
        TickRow rows[2 * PAST_NEWEST_MAX + 1];

        for (unsigned i = 0; i < ELEMENTSOF(rows); i++) {
                rows[i] = tick_ago(b, 1 + i / PAST_NEWEST_MAX % 2, 10 + i);
                rows[i].batch = UNSYNCED;
        }
        rows[PAST_NEWEST_MAX - 1].batch = 1;
        rows[2 * PAST_NEWEST_MAX].validator = rows[2 * PAST_NEWEST_MAX].order = 2;
        rows[2 * PAST_NEWEST_MAX].batch = 1;
        put_batch(b, 1);
        put_batch(b, UNSYNCED);
        fixture_store_ticks(b->fixture, rows, ELEMENTSOF(rows));
        begin(b);
        add_website(b, 3, INTERVAL);
        add_website(b, 1, INTERVAL);
        expect(b, "1 v1 outcome 1 class 0 kind 0 15500 us, 13 s ago, came 1\n");
        bench_close(b);
}

static void without_ticks_there_are_none(void **state) {
        Bench *b = bench_open(state);

        begin(b);
        assert_int_equal(past_votes_begin(b->votes), -ENODATA);
        add_website(b, 1, INTERVAL);
        expect(b, "");
        begin(b);
        add_website(b, 1, INTERVAL);
        assert_int_equal(past_votes_begin(b->votes), 0);
        bench_close(b); /* with a question open */
}

static void a_question_that_fails_is_said(void **state) {
        Bench *b = bench_open(state);

        fixture_sql(b->fixture, "ALTER TABLE tick_page RENAME TO tick_page_away");
        begin(b);
        add_website(b, 1, INTERVAL);
        assert_int_equal(past_votes_begin(b->votes), 0);
        TURN_UNTIL(b->fixture, b->done);
        assert_true(b->r < 0);
        fixture_sql(b->fixture, "ALTER TABLE tick_page_away RENAME TO tick_page");
        bench_close(b);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(they_are_the_newest_that_count),
                cmocka_unit_test(it_is_the_website_that_says_how_long_they_count),
                cmocka_unit_test(parts_come_one_after_the_other),
                cmocka_unit_test(few_of_many_ticks_are_looked_at),
                cmocka_unit_test(without_ticks_there_are_none),
                cmocka_unit_test(a_question_that_fails_is_said),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
