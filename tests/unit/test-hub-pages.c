/* Ticks wait for their page as long as they may, each is written once, and what is written can be
 * told from what is not. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/pages.h"
#include "store-fixture.h"
#include "store/hub-state.h"

typedef struct Bench {
        StoreFixture *fixture;
        Pages *pages;
        usec_t now; /* in the middle of a span */
        uint64_t commit_no, done;
        uint32_t number;
} Bench;

static Bench bench_open(StoreFixture *f) {
        Bench b = { .fixture = f,
                    .now = now_realtime() / PAGE_SPAN * PAGE_SPAN + PAGE_SPAN / 2,
                    .commit_no = 1 };

        fixture_sql(f, "TRUNCATE tick_page, tick_paged");
        assert_int_equal(pages_new(&b.pages), 0);
        assert_true(pages_is_empty(b.pages));
        assert_true(pages_since(b.pages) == USEC_INFINITY);
        return b;
}

static void add(Bench *b, uint32_t website, usec_t start) {
        const TickRow row = {
                .website = website,
                .validator = 1,
                .order = 1,
                .batch = b->commit_no,
                .tick = { .outcome = TICK_UP, .number = ++b->number, .start = (int64_t)start }
        };

        assert_int_equal(pages_add(b->pages, &row, b->commit_no, b->now), 0);
}

static void add_each(Bench *b, uint32_t first, uint32_t n) {
        for (uint32_t i = 0; i < n; i++)
                add(b, first + i, b->now);
}

static void send_commit(Bench *b, bool all) {
        const PagesCommit commit = { .commit_no = b->commit_no++, .now = b->now, .all = all };
        PqTransaction *t = pq_transaction_new();

        assert_int_equal(pages_send(b->pages, t, &commit, &b->done), 0);
        hub_heartbeat_put(t, &(const HubHeartbeat){ .now = b->now,
                                                    .paged_no = b->done }); /* of no statement a
                                                                               commit is not made */
        assert_int_equal(fixture_commit(b->fixture, t), 0);
}

static void expect_pages(const Bench *b, const char *pages) {
        fixture_expect(b->fixture,
                       "SELECT count(*) || ' of ' || coalesce(sum(length(ticks) / 416), 0)"
                       " FROM tick_page",
                       pages);
}

static void few_are_written_at_once(void **state) {
        Bench b = bench_open(*state);

        add(&b, 1, b.now);
        add(&b, 2, b.now);
        add(&b, 1, b.now + 1);
        add(&b, 1, b.now - PAGE_SPAN);
        assert_false(pages_is_empty(b.pages));
        send_commit(&b, false);
        expect_pages(&b, "3 of 4");
        assert_int_equal(b.done, 1);
        assert_true(pages_is_empty(b.pages));
        fixture_expect(b.fixture,
                       "SELECT string_agg(number::text, ' ') FROM website_tick"
                       " WHERE website_id = 1 AND started_at >= now() - interval '1 minute'"
                       "   OR website_id = 1 AND span = (SELECT max(span) FROM tick_page)",
                       "1 3");
        send_commit(&b, false);
        assert_int_equal(b.done, 2);
        expect_pages(&b, "3 of 4");
        fixture_expect(b.fixture, "SELECT count(*) FROM tick_paged", "0");
        pages_free(b.pages);
}

/* The oldest first; what came with others that wait is noted. */
static void of_many_the_oldest_are_written(void **state) {
        Bench b = bench_open(*state);
        usec_t begun = b.now;

        add_each(&b, 1, PAGES_A_COMMIT + 50);
        send_commit(&b, false);
        expect_pages(&b, "200 of 200");
        assert_int_equal(b.done, 0);
        fixture_expect(b.fixture,
                       "SELECT commit_no || ' ' || cardinality(websites) || ' ' || websites[200]"
                       "   FROM tick_paged",
                       "1 200 200");
        b.now += USEC_PER_SEC;
        add_each(&b, 1, PAGES_A_COMMIT + 50); /* 51 wait with two, behind 50 of before */
        assert_true(pages_since(b.pages) == begun);
        send_commit(&b, false);
        expect_pages(&b, "400 of 450");
        assert_int_equal(b.done, 1);
        fixture_expect(b.fixture, "SELECT string_agg(commit_no::text, ' ') FROM tick_paged", "2");
        assert_true(pages_since(b.pages) == b.now);
        send_commit(&b, false);
        expect_pages(&b, "450 of 500");
        assert_int_equal(b.done, 3);
        fixture_expect(b.fixture, "SELECT count(*) FROM tick_paged", "0");
        fixture_expect(b.fixture, "SELECT count(DISTINCT number) FROM website_tick", "500");
        pages_free(b.pages);
}

/* And what came behind it, else it could not be said which are written. */
static void a_full_page_is_written(void **state) {
        Bench b = bench_open(*state);

        add_each(&b, 1000, PAGES_A_COMMIT + 1);
        for (unsigned i = 0; i < PAGE_TICKS_MAX + 2; i++)
                add(&b, 1, b.now);
        send_commit(&b, false);
        expect_pages(&b, "202 of 238");
        assert_int_equal(b.done, 0);
        send_commit(&b, false);
        expect_pages(&b, "203 of 239");
        pages_free(b.pages);
}

static void none_waits_for_longer_than_it_may(void **state) {
        Bench b = bench_open(*state);

        add_each(&b, 1, 3 * PAGES_A_COMMIT);
        b.now += USEC_PER_SEC;
        add_each(&b, 10000, PAGES_A_COMMIT);
        b.now += PAGES_PATIENCE - USEC_PER_SEC;
        send_commit(&b, false);
        expect_pages(&b, "600 of 600");
        pages_free(b.pages);
}

static void the_last_commit_has_all(void **state) {
        Bench b = bench_open(*state);

        add_each(&b, 1, 3 * PAGES_A_COMMIT);
        send_commit(&b, true);
        expect_pages(&b, "600 of 600");
        assert_int_equal(b.done, 1);
        assert_true(pages_is_empty(b.pages));
        pages_free(b.pages);
}

static void what_was_decided_on_is_written(void **state) {
        Bench b = bench_open(*state);

        add_each(&b, 1, 2 * PAGES_A_COMMIT);
        add(&b, 2 * PAGES_A_COMMIT, b.now - PAGE_SPAN);
        add(&b, 2 * PAGES_A_COMMIT, b.now - 2 * PAGE_SPAN);
        pages_hurry(b.pages, 2 * PAGES_A_COMMIT, b.now);
        pages_hurry(b.pages, 3 * PAGES_A_COMMIT, b.now); /* has none */
        send_commit(&b, false);
        expect_pages(&b, "202 of 202");
        fixture_expect(b.fixture, "SELECT count(*) FROM tick_page WHERE website_id = 400", "2");
        pages_free(b.pages); /* with what waits */
}

/* Of ticks there are not more in memory, however many websites have few of them. */
static void what_waits_is_bounded(void **state) {
        Bench b = bench_open(*state);

        for (uint32_t i = 0; i < PAGES_TICKS_MAX + 1000; i++)
                add(&b, 1 + i % (PAGES_TICKS_MAX / 2), b.now);
        send_commit(&b, false);
        expect_pages(&b, "334 of 1002");
        pages_free(b.pages);
}

static uint32_t some(uint32_t *seed, uint32_t n) {
        *seed = *seed * 1664525u + 1013904223u;
        return (uint32_t)((uint64_t)*seed * n >> 32);
}

/* Bursts and quiet times, with websites that something is decided of and that have much to say.
 * Returns SQL that makes table `sent` of what was sent so far: (number, commit, website, span). */
static char *live(Bench *b, uint32_t seed) {
        char *sql = NULL;
        size_t n;
        FILE *f = open_memstream(&sql, &n);

        (void)fprintf(f, "DROP TABLE IF EXISTS sent; CREATE TABLE sent AS SELECT number::integer,"
                         " c::bigint, website::integer, 'epoch'::timestamptz + s * interval '5 min'"
                         " AS span FROM (VALUES (0, 0, 0, 0)");
        for (uint32_t commit = 0; commit < 30; commit++) {
                bool last = commit == 29; /* after which some wait */
                uint32_t ticks = last ? 900 : some(&seed, 3) ? some(&seed, 700) : 0;
                uint32_t websites = last ? 900 : 1 + some(&seed, 900);

                for (uint32_t i = 0; i < ticks; i++) {
                        uint32_t website = some(&seed, 9) ? 1 + some(&seed, websites) : 5;
                        usec_t start = b->now - some(&seed, 2) * PAGE_SPAN;

                        add(b, website, start);
                        (void)fprintf(f, ", (%u, %lu, %u, %lu)", b->number, b->commit_no, website,
                                      start / PAGE_SPAN);
                        if (some(&seed, 20) == 0)
                                pages_hurry(b->pages, website, b->now);
                }
                send_commit(b, false);
        }
        (void)fprintf(f, ") AS v (number, c, website, s) WHERE number > 0");
        assert_int_equal(fclose(f), 0);
        return sql;
}

/* The next hub can tell, whenever this one dies. */
static void what_is_not_written_can_be_told(void **state) {
        for (uint32_t seed = 1; seed <= 12; seed++) {
                Bench b = bench_open(*state);
                _cleanup_free_ char *sql = live(&b, seed);

                assert_false(pages_is_empty(b.pages));
                fixture_sql(b.fixture, sql);
                fixture_expect(b.fixture,
                               "WITH told AS (SELECT number FROM sent, hub_state"
                               "   WHERE c > paged_no AND NOT EXISTS (SELECT FROM tick_paged p,"
                               "     unnest(websites, spans) AS n (website, span)"
                               "     WHERE n.website = sent.website AND n.span = sent.span"
                               "     AND p.commit_no >= c)),"
                               " missing AS (SELECT number FROM sent EXCEPT ALL"
                               "   SELECT number FROM website_tick)"
                               " SELECT count(*) > 0 AND count(*) = (SELECT count(*) FROM told)"
                               "   AND NOT EXISTS (TABLE told EXCEPT TABLE missing) FROM missing",
                               "t");
                fixture_expect(b.fixture,
                               "SELECT count(*) = count(DISTINCT number) FROM website_tick", "t");
                pages_free(b.pages);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(few_are_written_at_once),
                cmocka_unit_test(of_many_the_oldest_are_written),
                cmocka_unit_test(a_full_page_is_written),
                cmocka_unit_test(none_waits_for_longer_than_it_may),
                cmocka_unit_test(the_last_commit_has_all),
                cmocka_unit_test(what_was_decided_on_is_written),
                cmocka_unit_test(what_waits_is_bounded),
                cmocka_unit_test(what_is_not_written_can_be_told),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
