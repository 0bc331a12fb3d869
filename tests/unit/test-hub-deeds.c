/* Deeds become events of commits: in order, each once. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/deeds.h"
#include "store-fixture.h"
#include "store/hub-state.h"

typedef struct Bench {
        StoreFixture *fixture;
        HubClock clock;
        Writer *writer;
        News *news;
        Deeds *deeds;
        HubStateRow state;
        unsigned commits, failures;
        char told[128]; /* kinds of news, one letter each */
} Bench;

static void on_committed(uint64_t commit_no, usec_t time, void *userdata) {
        Bench *b = userdata;

        b->commits++;
        news_committed(b->news, commit_no, time);
        b->fixture->done = true;
}

static void on_failed(int r _unused_, const char *error _unused_, void *userdata) {
        Bench *b = userdata;

        b->failures++;
        b->fixture->done = true;
}

static void on_deeds_failed(int r _unused_, void *userdata) {
        Bench *b = userdata;

        b->failures++;
        b->fixture->done = true;
}

static void on_news(const NewsItem *item, void *userdata) {
        Bench *b = userdata;
        size_t n = strlen(b->told);

        assert_true(n + 1 < sizeof(b->told));
        assert_string_equal(item->texts[3], "manual");
        b->told[n] = item->kind == NEWS_INCIDENT_OPENED ? 'o' : 'c';
}

static void on_state(int r, const HubStateRow *rows, size_t n, void *userdata) {
        Bench *b = userdata;

        assert_int_equal(r, 0);
        assert_int_equal(n, 1);
        b->state = *rows;
        b->fixture->done = true;
}

/* As a hub does that begins. */
static void bench_start(Bench *b, StoreFixture *f) {
        *b = (Bench){ .fixture = f, .clock = hub_clock_new() };
        assert_int_equal(hub_state_load(f->store, on_state, b, NULL), 0);
        fixture_wait(f);
        assert_int_equal(news_new(&b->news, on_news, b), 0);
        assert_int_equal(writer_new(&b->writer, &f->loop,
                                    &(WriterOptions){ .store = f->store,
                                                      .clock = &b->clock,
                                                      .commit_no = b->state.commit_no,
                                                      .ops = { on_committed, on_failed, b } }),
                         0);
        assert_int_equal(deeds_new(&b->deeds, &(DeedsOptions){ .store = f->store,
                                                               .writer = b->writer,
                                                               .news = b->news,
                                                               .told = b->state.deeds,
                                                               .failed = on_deeds_failed,
                                                               .userdata = b }),
                         0);
}

static void bench_end(Bench *b) {
        deeds_free(b->deeds);
        writer_free(b->writer);
        news_free(b->news);
}

static void report(const StoreFixture *f, unsigned i) {
        char sql[256];

        snprintf(sql, sizeof(sql),
                 "SELECT outcome FROM incident_report(1, '00000000-0000-7000-8000-0000000001%02u',"
                 " '00000000-0000-7000-8000-00000000000%u', 'Title', 'Text', 'uid 0')",
                 i, i);
        fixture_expect(f, sql, "done");
}

static void expect_events(const StoreFixture *f, const char *text) {
        fixture_expect(f,
                       "SELECT string_agg(organisation_id || kind || (payload ->> 'actor')"
                       " || coalesce(payload ->> 'text', ''), ' ' ORDER BY commit_no, ordinal)"
                       " FROM event",
                       text);
}

static void told_in_order_with_the_next_commit(void **state) {
        StoreFixture *f = *state;
        Bench b;

        bench_start(&b, f);
        report(f, 1);
        fixture_expect(f,
                       "SELECT * FROM incident_acknowledge(1, "
                       "'00000000-0000-7000-8000-000000000101',"
                       " 'token a')",
                       "done");
        deeds_read(b.deeds);
        fixture_wait(f);
        assert_int_equal(b.commits, 1);
        expect_events(f, "1incident.openeduid 0Text 1incident.acknowledgedtoken a");
        assert_string_equal(b.told, "o");
        fixture_expect(f, "SELECT deed_revision FROM hub_state", "2");
        bench_end(&b);
}

/* What came while no hub ran is told by the next one, what was told is not told again. */
static void each_once_over_a_restart(void **state) {
        StoreFixture *f = *state;
        Bench b;

        fixture_expect(f,
                       "SELECT * FROM incident_resolve(1, '00000000-0000-7000-8000-000000000101',"
                       " 'token b')",
                       "done");
        bench_start(&b, f);
        assert_int_equal(b.state.deeds, 2);
        deeds_read(b.deeds);
        deeds_read(b.deeds); /* and once more, after the first */
        fixture_wait(f);
        expect_events(f, "1incident.openeduid 0Text 1incident.acknowledgedtoken a"
                         " 1incident.closedtoken b");
        assert_string_equal(b.told, "c");
        report(f, 2);
        deeds_read(b.deeds);
        fixture_wait(f);
        assert_string_equal(b.told, "co");
        fixture_expect(f, "SELECT count(*) FROM event", "4");
        bench_end(&b);
}

/* Both page by page and into one group, or several. */
static void more_than_a_page_is_told(void **state) {
        StoreFixture *f = *state;
        Bench b;

        bench_start(&b, f);
        fixture_sql(f, "SELECT incident_note(1, '00000000-0000-7000-8000-000000000102', 'n' || i,"
                       " 'uid 0') FROM generate_series(1, 500) i");
        deeds_read(b.deeds);
        for (unsigned i = 0; i < 10 && b.state.deeds < 504; i++) {
                fixture_wait(f);
                assert_int_equal(b.failures, 0);
                assert_int_equal(hub_state_load(f->store, on_state, &b, NULL), 0);
                fixture_wait(f);
        }
        assert_int_equal(b.state.deeds, 504);
        fixture_expect(f,
                       "SELECT count(DISTINCT payload ->> 'text') || ' ' || count(*) FROM event"
                       " WHERE kind = 'incident.noted'",
                       "500 500");
        bench_end(&b);
}

static void a_failure_is_for_others_to_mend(void **state) {
        StoreFixture *f = *state;
        Bench b;

        bench_start(&b, f);
        fixture_sql(f, "ALTER TABLE incident_event RENAME TO away");
        deeds_read(b.deeds);
        fixture_wait(f);
        assert_int_equal(b.failures, 1);
        fixture_sql(f, "ALTER TABLE away RENAME TO incident_event");
        bench_end(&b);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(told_in_order_with_the_next_commit),
                cmocka_unit_test(each_once_over_a_restart),
                cmocka_unit_test(more_than_a_page_is_told),
                cmocka_unit_test(a_failure_is_for_others_to_mend),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
