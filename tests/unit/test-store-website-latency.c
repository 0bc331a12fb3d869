/* What the API shows of latencies: buckets, isolation, and that whatever comes from closed hours is
 * what all ticks say. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/website-latency.h"

static void latency(StoreFixture *f, LatencyWindow window) {
        const LatencyView view = { .organisation = 1, .id = fixture_website(1), .window = window };

        assert_int_equal(website_latency_json(f->store, &view, fixture_json, f, NULL), 0);
        fixture_wait(f);
}

static void nobody_has_looked_yet(void **state) {
        for (int window = 0; window < _LATENCY_WINDOW_MAX; window++) {
                latency(*state, (LatencyWindow)window);
                fixture_expect_json(*state, "j - 'bucketMs'",
                                    "{\"phases\": [], \"validators\": []}");
        }
}

static const char history[] = FIXTURE_EIGHT_DAYS "ANALYZE";

#define LATENCY_SUMMARY                                                                            \
        "concat_ws(' ', j->>'bucketMs', jsonb_array_length(j->'phases') BETWEEN 24 AND 200,"       \
        " j#>>'{phases,3,dns}', j#>>'{phases,3,transfer}',"                                        \
        " jsonb_array_length(j->'validators'), j#>>'{validators,0,points,3,latency}')"

static void expect_all_within(StoreFixture *f, const char *other) {
        _cleanup_free_ char *expression = NULL;

        assert_true(asprintf(&expression,
                             "($json$%s$json$::jsonb->'phases' @> (j->'phases')) AND"
                             " ($json$%s$json$::jsonb->'validators' @> (j->'validators')) AND"
                             " jsonb_array_length(j->'phases') BETWEEN 95 AND 97 AND"
                             " jsonb_array_length(j#>'{validators,3,points}') BETWEEN 94 AND 97",
                             other, other) > 0);
        fixture_expect_json(f, expression, "t");
}

static void latency_comes_in_buckets(void **state) {
        _cleanup_free_ char *from_ticks = NULL;
        StoreFixture *f = *state;

        fixture_sql(f, history);
        latency(f, LATENCY_1H);
        fixture_expect_json(f, LATENCY_SUMMARY, "60000 t 1 5 4 15");
        latency(f, LATENCY_24H);
        fixture_expect_json(f, LATENCY_SUMMARY, "900000 t 1 5 4 15");
        from_ticks = strdup(f->text);
        latency(f, LATENCY_7D);
        fixture_expect_json(f, LATENCY_SUMMARY, "3600000 t 1 5 4 15");
        fixture_sql(f, "DO $$ BEGIN FOR i IN 1..170 LOOP"
                       " PERFORM rollup_hour_close(date_trunc('hour', now()) -"
                       "   i * interval '1 hour'); END LOOP; END $$;"
                       "INSERT INTO closed_hour SELECT date_trunc('hour', now()) -"
                       " interval '1 hour';");
        latency(f, LATENCY_7D);
        fixture_expect_json(f, LATENCY_SUMMARY, "3600000 t 1 5 4 15");
        latency(f, LATENCY_24H);
        expect_all_within(f, from_ticks);
        latency(f, LATENCY_30D);
        fixture_expect_json(f, LATENCY_SUMMARY, "21600000 t 1 5 4 15");
}

/* Their closed hours are the only ones that have what is asked for, and then the ticks are. */
static void quarters_come_from_hours_that_have_them(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "UPDATE rollup_hour SET quarters ="
                       "  overlay(quarters placing '\\x00011170' from 45) WHERE hour ="
                       " date_trunc('hour', now()) - interval '5 hours';");
        latency(f, LATENCY_24H);
        fixture_expect_json(f, "j->'phases' @> '[{\"count\": 70000}]'", "t");
        fixture_sql(f, "UPDATE rollup_hour SET quarters = NULL WHERE hour ="
                       " date_trunc('hour', now()) - interval '6 hours';");
        latency(f, LATENCY_24H);
        fixture_expect_json(f, "j->'phases' @> '[{\"count\": 70000}]'", "f");
        fixture_expect_json(f, "jsonb_array_length(j->'phases') BETWEEN 95 AND 97", "t");
        fixture_sql(f, "SELECT rollup_hour_close(date_trunc('hour', now()) - i * interval '1 hour')"
                       " FROM generate_series(5, 6) AS i;");
        latency(f, LATENCY_24H);
        fixture_expect_json(f, "j->'phases' @> '[{\"count\": 70000}]'", "f");
}

static void windows_have_names(void **state) {
        (void)state;
        assert_int_equal(latency_window_from_name("7d"), LATENCY_7D);
        assert_int_equal(latency_window_from_name("8d"), -EINVAL);
}

static void of_others_nothing_is_seen(void **state) {
        const uint8_t others[] = { 3 /* of organisation 2 */, 99 };
        StoreFixture *f = *state;

        for (size_t i = 0; i < 2 * ELEMENTSOF(others); i++) {
                const LatencyView view = { .organisation = 1,
                                           .id = fixture_website(others[i / 2]),
                                           .window = i % 2 ? LATENCY_24H : LATENCY_7D };

                assert_int_equal(website_latency_json(f->store, &view, fixture_json, f, NULL), 0);
                fixture_wait(f);
                assert_int_equal(f->r, -ENOENT);
        }
}

/* Property ---------------------------------------------------------------------------------------
 */

/* Four days of ticks, most of them young, with hours and quarters without any, of times from
 * microseconds to a minute. */
static const char random_history[] =
                "BEGIN; SELECT setseed(%f); TRUNCATE tick_page, rollup_hour,"
                "  rollup_validator_hour, closed_hour;"
                "UPDATE validator SET name = 'v\"' || id, region = left('eu', id %% 2 * 2);"
                "INSERT INTO website_tick SELECT at, 1 + floor(4 * random()), i, 1,"
                "  1 + floor(4 * random()), i, power(10, 7.7 * random()), power(10, 5 * random()),"
                "  power(10, 5 * random()), power(10, 5 * random()), 100 * random(), 200,"
                "  1 + floor(3 * power(random(), 4)), 0, 's', false"
                "  FROM generate_series(1, 5000) AS i, LATERAL (SELECT i AS seed,"
                "    now() - power(random(), 2) * interval '4 days' AS at) AS x"
                "  WHERE extract(hour FROM at)::integer %% 5 <> 0"
                "    AND extract(minute FROM at)::integer / 15 <> extract(hour FROM at)::integer "
                "%% 9;"
                "SELECT rollup_hour_close(hour) FROM generate_series("
                "  date_trunc('hour', now()) - interval '100 hours',"
                "  date_trunc('hour', now()) - interval '%u hours', interval '1 hour') AS hour;"
                "INSERT INTO closed_hour SELECT date_trunc('hour', now()) - interval '%u hours';"
                "COMMIT";

/* All buckets that lie wholly in the window, from ticks alone: those of the answer, and no more. Of
 * the answer $json$, `minutes` and a width. */
static const char recomputation[] =
                "WITH told AS (SELECT $json$%s$json$::jsonb AS j),"
                " cut AS (SELECT width, date_bin(width, now() - %d * interval '1 minute', 'epoch')"
                "    + width AS first FROM told, LATERAL (SELECT (j->>'bucketMs')::float8"
                "    * interval '1 millisecond' AS width) AS x),"
                " ticks AS (SELECT t.*, date_bin(width, started_at, 'epoch') AS at FROM "
                "website_tick t,"
                "    cut WHERE outcome = 1 AND started_at >= first),"
                " points AS (SELECT jsonb_build_object('at', rfc3339(at), 'count', count(*),"
                "    'dns', round(sum(dns_us) / count(*)::float8) / 1000,"
                "    'connect', round(sum(connect_us) / count(*)::float8) / 1000,"
                "    'tls', round(sum(tls_us) / count(*)::float8) / 1000,"
                "    'wait', round(sum(wait_us) / count(*)::float8) / 1000,"
                "    'transfer', round(sum(transfer_us) / count(*)::float8) / 1000)"
                "  FROM ticks GROUP BY at),"
                " lines AS (SELECT jsonb_build_object('validatorId', key_text(key), 'name', name,"
                "    'region', nullif(region, ''), 'at', rfc3339(at), 'latency',"
                "    round(sum(dns_us::bigint + connect_us + tls_us + wait_us + transfer_us)"
                "      / count(*)::float8) / 1000)"
                "  FROM ticks JOIN validator v ON v.id = validator_id GROUP BY v.id, at),"
                " told_points AS (SELECT p FROM told, cut, jsonb_array_elements(j->'phases') AS p"
                "  WHERE (p->>'at')::timestamptz >= first),"
                " told_lines AS (SELECT v - 'points' || p AS l FROM told, cut,"
                "    jsonb_array_elements(j->'validators') AS v, jsonb_array_elements(v->'points') "
                "AS p"
                "  WHERE (p->>'at')::timestamptz >= first)"
                " SELECT CASE WHEN (SELECT count(*) FROM points) = (SELECT count(*) FROM "
                "told_points)"
                "     AND (SELECT count(*) FROM lines) = (SELECT count(*) FROM told_lines)"
                "     AND NOT EXISTS (SELECT * FROM points EXCEPT SELECT * FROM told_points)"
                "     AND NOT EXISTS (SELECT * FROM lines EXCEPT SELECT * FROM told_lines)"
                "   THEN 'the same' ELSE concat_ws(' ', 'points', (SELECT count(*) FROM points),"
                "     (SELECT count(*) FROM told_points), 'lines', (SELECT count(*) FROM lines),"
                "     (SELECT count(*) FROM told_lines)) END";

static void answers_are_what_all_ticks_say(void **state) {
        const int minutes[_LATENCY_WINDOW_MAX] = { 60, 24 * 60, 7 * 24 * 60, 30 * 24 * 60 };
        const unsigned open_hours[] = { 1, 2, 5, 23, 24, 26 };
        StoreFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(open_hours); i++) {
                _cleanup_free_ char *sql = NULL;

                assert_true(asprintf(&sql, random_history, 0.1 * (double)i, open_hours[i],
                                     open_hours[i]) > 0);
                fixture_sql(f, sql);
                for (int window = 0; window < _LATENCY_WINDOW_MAX; window++) {
                        _cleanup_free_ char *again = NULL;

                        latency(f, (LatencyWindow)window);
                        assert_int_equal(f->r, 0);
                        assert_true(asprintf(&again, recomputation, f->text, minutes[window]) > 0);
                        fixture_expect(f, again, "the same");
                }
        }
}

/* Running it again, and of hours that have none, of others: what closing them left. */
static void quarters_are_of_the_ticks_of_their_hour(void **state) {
        fixture_expect(*state,
                       "SELECT bool_and(length(quarters) = 176 + 52 * cardinality(validators)"
                       "  AND validators = ARRAY(SELECT v.validator_id FROM rollup_validator_hour v"
                       "    WHERE v.website_id = r.website_id AND v.hour = r.hour"
                       "    ORDER BY v.validator_id)) FROM rollup_hour r WHERE up > 0",
                       "t");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nobody_has_looked_yet),
                cmocka_unit_test(latency_comes_in_buckets),
                cmocka_unit_test(quarters_come_from_hours_that_have_them),
                cmocka_unit_test(windows_have_names),
                cmocka_unit_test(of_others_nothing_is_seen),
                cmocka_unit_test(answers_are_what_all_ticks_say),
                cmocka_unit_test(quarters_are_of_the_ticks_of_their_hour),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
