/* What the API shows of websites: shapes, values, isolation, and a cost that does not grow. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "event/pq-script.h"
#include "store-fixture.h"
#include "store/statements.h"
#include "store/verdicts.h"
#include "store/website-views.h"

static void show_status(StoreFixture *f, uint8_t website) {
        const WebsiteView view = { .organisation = 1, .id = fixture_website(website) };

        assert_int_equal(website_status_json(f->store, &view, fixture_json, f, NULL), 0);
        fixture_wait(f);
}

static void show_page(StoreFixture *f, uint32_t organisation, const Uuid *after, unsigned limit) {
        const WebsitePage page = { .organisation = organisation, .after = after, .limit = limit };

        assert_int_equal(websites_page_json(f->store, &page, fixture_json, f, NULL), 0);
        fixture_wait(f);
}

static void new_websites_are_unknown(void **state) {
        StoreFixture *f = *state;

        show_page(f, 1, NULL, 10);
        fixture_expect_json(f, "j #- '{websites,1}'",
                            "{\"websites\": [{\"id\": \"00000000-0000-7000-8000-000000000001\", "
                            "\"url\":"
                            " \"https://site1.example/\", \"name\": \"Site 1\", \"tags\": [], "
                            "\"beats\":"
                            " [], \"since\": null, \"state\": \"UNKNOWN\", \"assurance\": null,"
                            " \"latencyMs\": null, \"uptime24h\": null, \"lastChecked\": null,"
                            " \"flappingUntil\": null}], \"nextCursor\": null}");
        show_status(f, 1);
        fixture_expect_json(f, "j->'ticks' || (j->'uptime')",
                            "[{\"7d\": null, \"24h\": null, \"30d\": null}]");
}

static void pages_follow_their_cursor(void **state) {
        StoreFixture *f = *state;
        const Uuid first = fixture_website(1);

        show_page(f, 1, NULL, 1);
        fixture_expect_json(f, "j->>'nextCursor'", "00000000-0000-7000-8000-000000000001");
        show_page(f, 1, &first, 1);
        fixture_expect_json(f, "concat(j#>>'{websites,0,url}', j->>'nextCursor')",
                            "https://site2.example/");
        show_page(f, 99, NULL, 1);
        fixture_expect_json(f, "j", "{\"websites\": [], \"nextCursor\": null}");
}

static const char history[] = FIXTURE_EIGHT_DAYS
                "INSERT INTO tick_batch SELECT 100000 - i, 1, 1, 100000 - i, '', '', 1, '\\x00',"
                "  now(), now(), 100000 - i FROM generate_series(1, 99999) AS i;"
                "ANALYZE";

static void put_history(StoreFixture *f) {
        PqTransaction *t = pq_transaction_new();
        usec_t now = now_realtime();

        verdict_put(t, &(const VerdictRow){ .website = 1,
                                            .state = "DOWN",
                                            .assurance = "full",
                                            .cause = "quorum",
                                            .n = 4,
                                            .started = now - 4 * USEC_PER_HOUR,
                                            .first_evidence = now - 4 * USEC_PER_HOUR });
        verdict_put(t, &(const VerdictRow){ .website = 1,
                                            .state = "UP",
                                            .assurance = "reduced",
                                            .cause = "quorum",
                                            .n = 4,
                                            .regions = "[{\"region\":\"eu\"}]",
                                            .family = 6,
                                            .flap_score = 6,
                                            .flapping_until = now + USEC_PER_HOUR,
                                            .started = now - 3 * USEC_PER_HOUR,
                                            .first_evidence = now - 3 * USEC_PER_HOUR });
        assert_int_equal(fixture_commit(f, t), 0);
        fixture_sql(f, history);
}

static void the_list_shows_state_uptime_and_beats(void **state) {
        StoreFixture *f = *state;

        put_history(f);
        show_page(f, 1, NULL, 1);
        fixture_expect_json(f,
                            "concat_ws(' ', j#>>'{websites,0,state}', j#>>'{websites,0,assurance}',"
                            " round((j#>>'{websites,0,uptime24h}')::numeric, 3),"
                            " j#>>'{websites,0,latencyMs}',"
                            " jsonb_array_length(j#>'{websites,0,beats}'))",
                            "UP reduced 0.750 15 40");
        fixture_expect_json(f,
                            "j#>>'{websites,0,lastChecked}' >= "
                            "j#>>'{websites,0,beats,39,createdAt}' AND"
                            " j#>>'{websites,0,beats,39,createdAt}' > "
                            "j#>>'{websites,0,beats,0,createdAt}'",
                            "t");
        fixture_expect_json(f,
                            "(SELECT string_agg(DISTINCT concat(b->>'status', b->>'latency'), ' ')"
                            " FROM jsonb_array_elements(j#>'{websites,0,beats}') AS b)",
                            "Bad Good15");
}

static void the_status_has_the_last_hundred(void **state) {
        StoreFixture *f = *state;

        show_status(f, 1);
        fixture_expect_json(f,
                            "concat_ws(' ', jsonb_array_length(j->'ticks'), j->>'state',"
                            " j->>'uptimeMethod', round((j#>>'{uptime,24h}')::numeric, 3),"
                            " round((j#>>'{uptime,30d}')::numeric, 3), j#>>'{ticks,99,region}',"
                            " j#>>'{ticks,0,createdAt}' < j#>>'{ticks,99,createdAt}')",
                            "100 UP verdict-time 0.750 0.750 eu t");
        fixture_expect_json(f, "j->'regions'", "[{\"region\": \"eu\"}]");
        fixture_expect_json(f, "j->'families'", "[6]");
        fixture_expect_json(f, "(j->>'flappingUntil')::timestamptz > now()", "t");
        fixture_sql(f, "UPDATE verdict_span SET flapping_until = now() WHERE ended_at IS NULL");
        show_status(f, 1);
        fixture_expect_json(f, "j->'flappingUntil'", "null");
}

static void of_others_nothing_is_seen(void **state) {
        show_status(*state, 3); /* of organisation 2 */
        assert_int_equal(((StoreFixture *)*state)->r, -ENOENT);
        show_status(*state, 99);
        assert_int_equal(((StoreFixture *)*state)->r, -ENOENT);
}

/* Cost ------------------------------------------------------------------------------------------
 */

static void take_count(const char *const *values, size_t n _unused_, void *userdata) {
        *(unsigned *)userdata = (unsigned)strtoul(values[0], NULL, 10);
}

/* Tables, partitions, indexes: the size of each takes a dozen pages of catalogs. */
#define CATALOG_PAGES 14
static unsigned count_relations(const StoreFixture *f) {
        _cleanup_(pq_script_closep) PqScript *s = NULL;
        unsigned n = 0;

        assert_int_equal(pq_script_open(&s, f->dsn), 0);
        assert_int_equal(pq_script_query(s,
                                         "SELECT count(*) FROM pg_class"
                                         " WHERE relnamespace = 'public'::regnamespace",
                                         NULL, take_count, &n),
                         0);
        return n;
}

/* All ticks are on some 1,700 pages, the last ones of a website on few. */
static void no_answer_reads_all_ticks(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "DO $$ BEGIN FOR i IN 1..25 LOOP"
                       " PERFORM rollup_hour_close(date_trunc('hour', now()) -"
                       "   i * interval '1 hour'); END LOOP; END $$;"
                       "INSERT INTO closed_hour SELECT date_trunc('hour', now()) -"
                       " interval '1 hour';");
#define SITE "(1, '00000000-0000-7000-8000-000000000001'"
        fixture_expect_pages(f, "website_page", "(1, '00000000-0000-0000-0000-000000000000', 500)",
                             400);
        fixture_expect_pages(f, "website_status", SITE ")", 400);
        fixture_expect_pages(f, "website_day", SITE ")", 120);
        fixture_expect_pages(f, "website_latency", SITE ", 60, 1)", 400);
        fixture_expect_pages(f, "verdict_now", SITE ", '{none}')", 400);
        fixture_expect_pages(f, "verdict_then", SITE ", now())", 100);
        fixture_expect_pages(f, "verdict_page", SITE ", 100, NULL, 0)", 100);
        fixture_expect_pages(f, "feed_batches", "(99990, 9999999999, 100)", 400);
        fixture_expect_pages(f, "feed_batches", "(0, 9999999999, 100)", 400);
        fixture_expect_pages(f, "feed_orders", "(ARRAY[decode(repeat('01', 16), 'hex')])", 400);
        fixture_expect_pages(f, "tick_page_recent",
                             "(ARRAY[1], ARRAY[now() - interval '2 minutes'],"
                             " now() - interval '2 minutes', now() + interval '2 minutes')",
                             100);
        fixture_expect_pages(f, "tick_batch_arrivals",
                             "(ARRAY[99990, 99991], now() - interval '1 hour')", 100);
        fixture_expect_pages(f, "database_tables", "", CATALOG_PAGES * count_relations(f));
}

/* Of each website whose ticks lie so: now and two hours ahead, as the hub may be; hours ago and
 * days ago with silence between, in closed hours and in those that are not; longer ago than is
 * shown; nowhere. */
static void the_newest_are_those_that_a_whole_scan_finds(void **state) {
        fixture_sql(*state,
                    "BEGIN; SET LOCAL jit = off; TRUNCATE tick_page, closed_hour, rollup_hour;"
                    "SELECT partition_ensure('tick_page', current_date - 10, current_date + 1);"
                    "UPDATE website SET interval_ms = 60000, seats = 1 + id % 4;"
                    "INSERT INTO website_tick SELECT at, i, 1, website, 1, i, 1, 1, 1, 1, 1, 200, "
                    "1, 0,"
                    "  's', false FROM (SELECT i, 1 + i % 2 AS website, CASE WHEN i <= 90"
                    "    THEN now() + interval '137 minutes' - i * interval '13 minutes'"
                    "    WHEN i % 2 = 0 THEN now() - i * interval '2 hours'"
                    "    ELSE now() - interval '4 days' - i * interval '1 second' END AS at"
                    "  FROM generate_series(1, 250) AS i) AS x"
                    "  WHERE at >= date_trunc('day', now(), 'UTC') - interval '10 days';"
                    "DO $$ DECLARE h timestamptz; n integer; BEGIN"
                    "  FOR h IN SELECT date_trunc('hour', now(), 'UTC') - i * interval '1 hour'"
                    "    FROM generate_series(240, 2, -1) AS i LOOP"
                    "    PERFORM rollup_hour_close(h); INSERT INTO closed_hour VALUES (h);"
                    "    IF extract(hour FROM h) % 7 = 0 OR h > now() - interval '3 hours' THEN"
                    "      SELECT count(*) FROM (SELECT w, k, array(SELECT started_at"
                    "        FROM website_newest(w, k)) AS got, array(SELECT started_at"
                    "        FROM website_tick WHERE website_id = w AND started_at"
                    "          >= date_trunc('hour', now(), 'UTC') - interval '8 days'"
                    "        ORDER BY started_at DESC LIMIT k) AS whole FROM generate_series(1, 3) "
                    "AS w,"
                    "        unnest('{1,7,80,200}'::int[]) AS k) AS x WHERE got <> whole INTO n;"
                    "      ASSERT n = 0, format('closed until %s: %s differ', h, n);"
                    "    END IF;"
                    "  END LOOP;"
                    "  ASSERT (SELECT count(*) FROM website_newest(2, 200)) > 100;"
                    "  ASSERT (SELECT count(*) FROM website_newest(1, 200)) > 45;"
                    "END $$; ROLLBACK");
}

/* Website 2, of which something is known in each hour, has its last tick of a week ago. */
static void one_that_was_silent_for_long_costs_no_more(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "INSERT INTO website_tick SELECT now() - interval '7 days', 1, 1, 2, 1, 1, "
                       "1, 1,"
                       "  1, 1, 1, 200, 1, 0, 's', false;"
                       "INSERT INTO verdict_span (website_id, state, assurance, cause, n,"
                       "  started_at, first_evidence_at, commit_no) VALUES (2, 'UNKNOWN', 'single',"
                       "  'start', 4, now() - interval '9 days', now(), 1);"
                       "DO $$ BEGIN FOR i IN REVERSE 190..1 LOOP"
                       " PERFORM rollup_hour_close(date_trunc('hour', now(), 'UTC')"
                       "   - i * interval '1 hour'); END LOOP; END $$");
        fixture_expect(f, "SELECT count(*) FROM website_newest(2, 200)", "1");
        fixture_expect_pages(f, "website_status", "(1, '00000000-0000-7000-8000-000000000002')",
                             400);
}

/* Fifty days of hours and of spans of 31 hours, looked at from now and from as far as thirty-five
 * days later, with hours closed until now and with none closed for days. */
static void three_uptimes_are_what_each_alone_is(void **state) {
        fixture_sql(*state,
                    "BEGIN; TRUNCATE closed_hour; DELETE FROM verdict_span WHERE website_id = 2;"
                    "INSERT INTO closed_hour SELECT date_trunc('hour', now(), 'UTC')"
                    "  - interval '2 hours';"
                    "INSERT INTO rollup_hour SELECT 2, date_trunc('hour', now(), 'UTC')"
                    "  - i * interval '1 hour', 0, 0, 0, jsonb '{}', '{}'::integer[], "
                    "'{}'::bigint[],"
                    "  '{}'::integer[], i * 1000000, i % 7 * 1000000, 0 FROM generate_series(2, "
                    "1200) AS i;"
                    "INSERT INTO verdict_span (website_id, state, assurance, cause, n, started_at,"
                    "  first_evidence_at, ended_at, commit_no) SELECT 2, "
                    "(ARRAY['UP','DOWN','PARTIAL','UNKNOWN',"
                    "  'DEGRADED'])[1 + i % 5], 'full', 'quorum', 4, now() - i * interval '31 "
                    "hours',"
                    "  now(), CASE WHEN i > 0 THEN now() - (i - 1) * interval '31 hours' END, 1"
                    "  FROM generate_series(0, 40) AS i;"
                    "DO $$ DECLARE n integer := 0; u record; BEGIN"
                    "  FOR u IN SELECT at, three.*,"
                    "    website_uptime(2, at, interval '24 hours') AS day_1,"
                    "    website_uptime(2, at, interval '7 days') AS week_1,"
                    "    website_uptime(2, at, interval '30 days') AS month_1"
                    "    FROM generate_series(0, 35 * 24, 11) AS i"
                    "    CROSS JOIN LATERAL (SELECT now() + i * interval '1 hour' AS at) AS x"
                    "    CROSS JOIN LATERAL website_uptimes(2, at) AS three LOOP"
                    "    ASSERT u.day IS NOT DISTINCT FROM u.day_1, u.at;"
                    "    ASSERT u.week IS NOT DISTINCT FROM u.week_1, u.at;"
                    "    ASSERT u.month IS NOT DISTINCT FROM u.month_1, u.at;"
                    "    n := n + (u.day <> u.week AND u.week <> u.month)::integer;"
                    "  END LOOP; ASSERT n > 10, n; END $$; ROLLBACK");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(new_websites_are_unknown),
                cmocka_unit_test(pages_follow_their_cursor),
                cmocka_unit_test(the_list_shows_state_uptime_and_beats),
                cmocka_unit_test(the_status_has_the_last_hundred),
                cmocka_unit_test(of_others_nothing_is_seen),
                cmocka_unit_test(no_answer_reads_all_ticks),
                cmocka_unit_test(the_newest_are_those_that_a_whole_scan_finds),
                cmocka_unit_test(three_uptimes_are_what_each_alone_is),
                cmocka_unit_test(one_that_was_silent_for_long_costs_no_more),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
