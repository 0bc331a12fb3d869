/* Days of organisations against a second computation of what has to be left, whatever the order of
 * things. All happens in a June that is long over, at noon of the 15th. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/retention.h"
#include "store/rollups.h"

#define NOON   (UINT64_C(1592222400) * USEC_PER_SEC)
#define TRIALS 12u
#define DAYS   14u /* of ticks and hours, from the first to the 14th */

static const Uuid organisations[] = {
        { { 0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 0xf1 } },
        { { 0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 0xf2 } },
};

/* Websites 1 and 2 are of the first organisation, 3 is of the second. */
static void fill(const StoreFixture *f, unsigned closed) {
        char sql[160];

        fixture_sql(f,
                    "TRUNCATE tick_page, rollup_hour, rollup_validator_hour, closed_hour,"
                    "  organisation_retention, retention_progress;"
                    "SELECT partition_ensure('tick_page', '2020-06-01', '2020-06-18');"
                    "INSERT INTO website_tick SELECT '2020-06-01T00:00Z'::timestamptz"
                    "   + i * interval '37 minutes', 1, 5, 1 + i % 3, 1 + i % 4, i, 0, 0, 0, 0, 0,"
                    "   200, 1, 0, 's', false FROM generate_series(0, 14 * 24 * 60 / 37) AS i;"
                    "INSERT INTO rollup_hour SELECT 1 + i % 3, '2020-06-01T00:00Z'::timestamptz"
                    "   + i / 3 * interval '1 hour', 0, 0, 0, '{}', '{}', '{}', '{}', 0, 0, 0"
                    "   FROM generate_series(0, 3 * 14 * 24 - 1) AS i;"
                    "INSERT INTO rollup_validator_hour SELECT website_id, hour, 2, 1, 1"
                    "   FROM rollup_hour");
        (void)snprintf(sql, sizeof(sql),
                       "INSERT INTO closed_hour SELECT h FROM generate_series("
                       "'2020-06-01T00:00Z'::timestamptz, '2020-06-%02uT05:00Z', '1 hour') AS h",
                       closed);
        fixture_sql(f, sql);
}

static void on_count(int r, int64_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, 0);

        fixture_note(f, "%ld", (long)n);
}

static int64_t step(StoreFixture *f, const Retention *retention) {
        assert_int_equal(retention_step(f->store, retention, on_count, f, NULL), 0);
        fixture_wait(f);
        assert_int_equal(f->r, 0);
        return strtoll(f->text, NULL, 10);
}

/* The transactions it took until nothing was due. */
static unsigned keep(StoreFixture *f, const Retention *retention) {
        unsigned steps = 0;
        int64_t n;

        assert_int_equal(partitions_keep(f->store, retention, on_count, f, NULL), 0);
        fixture_wait(f);
        assert_int_equal(f->r, 0);
        while ((n = step(f, retention)) >= 0) {
                assert_true(n <= retention->step);
                steps++;
        }
        return steps;
}

static int change(StoreFixture *f, unsigned organisation, const char *level, unsigned days) {
        assert_int_equal(
                        retention_change(
                                        f->store,
                                        &(const RetentionChange){
                                                        .organisation = organisations[organisation -
                                                                                      1],
                                                        .level = level,
                                                        .days = days,
                                                        .actor = "uid 7",
                                        },
                                        fixture_done, f, NULL),
                        0);
        fixture_wait(f);
        return f->r;
}

/* What the rule leaves. A day goes when it is over for longer than its organisation keeps it and
 * all its hours are closed; hours of those who keep them the longest go to the hour. */
#define RULE                                                                                       \
        "WITH conf AS (SELECT %u AS raw, %u AS hour, date '2020-06-15' AS today,"                  \
        "   (SELECT (max(hour) AT TIME ZONE 'UTC')::date FROM closed_hour) AS closed),"            \
        " own AS (SELECT w.id AS website_id, coalesce(r.days_raw, conf.raw) AS raw,"               \
        "    coalesce(r.days_hour, conf.hour) AS hour,"                                            \
        "    greatest(conf.hour, (SELECT max(days_hour) FROM organisation_retention)) AS longest"  \
        "   FROM conf, website w LEFT JOIN organisation_retention r USING (organisation_id)),"     \
        " ticks AS (SELECT b.* FROM before b JOIN own USING (website_id), conf"                    \
        "   WHERE (started_at AT TIME ZONE 'UTC')::date >= least(today - own.raw, closed)),"       \
        " hours AS (SELECT b.* FROM before_hour b JOIN own USING (website_id), conf"               \
        "   WHERE b.hour >= least(closed::timestamp AT TIME ZONE 'UTC', CASE"                      \
        "     WHEN own.hour < longest THEN (today - own.hour)::timestamp AT TIME ZONE 'UTC'"       \
        "     ELSE '2020-06-15T12:00Z'::timestamptz - own.hour * interval '1 day' END))"

static void expect_the_rule(StoreFixture *f, const Retention *retention) {
        char sql[4096];

        (void)snprintf(sql, sizeof(sql),
                       RULE " SELECT concat_ws(' ', (SELECT count(*) FROM ((TABLE ticks EXCEPT"
                            "   TABLE website_tick) UNION ALL (TABLE website_tick EXCEPT TABLE"
                            "   ticks)) AS x), (SELECT count(*) FROM ((SELECT website_id, hour FROM"
                            "   hours EXCEPT SELECT website_id, hour FROM rollup_hour) UNION ALL"
                            "   (SELECT website_id, hour FROM rollup_hour EXCEPT SELECT website_id,"
                            "   hour FROM hours)) AS x), (SELECT count(*) FROM ((SELECT website_id,"
                            "   hour FROM hours EXCEPT SELECT website_id, hour FROM"
                            "   rollup_validator_hour) UNION ALL (SELECT website_id, hour FROM"
                            "   rollup_validator_hour EXCEPT SELECT website_id, hour FROM hours))"
                            "   AS x))",
                       retention->days_raw, retention->days_hour);
        fixture_expect(f, sql, "0 0 0");
}

#define REMEMBER                                                                                   \
        "DROP TABLE IF EXISTS before, before_hour, closed;"                                        \
        "CREATE TABLE before AS SELECT * FROM website_tick;"                                       \
        "CREATE TABLE before_hour AS SELECT * FROM rollup_hour;"                                   \
        "CREATE TABLE closed AS SELECT * FROM closed_hour"

/* Made up of both, from 0 to n - 1. */
static unsigned some(unsigned trial, unsigned what, unsigned n) {
        uint32_t x = (trial * 64 + what) * 2654435761u;

        x = (x ^ x >> 16) * 2246822507u;
        x = (x ^ x >> 13) * 3266489909u;
        return (x ^ x >> 16) % n;
}

/* Books, days and closed hours are never touched. */
static void what_is_left_is_what_each_organisation_keeps(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "INSERT INTO ledger_entry (kind, validator_id, hour, debit, credit, amount)"
                       "  VALUES ('reward', 1, '2020-06-01', 'rewards', 'validator', 3);"
                       "INSERT INTO rollup_day VALUES (1, '2020-06-01', 0, 0, 0, '{}', '{}', '{}',"
                       "  '{}', 0, 0, 0)");
        for (unsigned i = 0; i < TRIALS; i++) {
                const Retention retention = { .now = NOON,
                                              .days_raw = 1 + some(i, 1, DAYS),
                                              .days_hour = 1 + some(i, 2, DAYS),
                                              .step = 20 + some(i, 3, 300) };

                fill(f, 2 + some(i, 4, 14));
                fixture_sql(f, REMEMBER);
                for (unsigned o = 1; o <= 2; o++) {
                        assert_int_equal(change(f, o, "raw", some(i, 10 + o, DAYS)), 0);
                        assert_int_equal(change(f, o, "hour", some(i, 20 + o, DAYS)), 0);
                }
                (void)keep(f, &retention);
                expect_the_rule(f, &retention);
                fixture_expect(f,
                               "SELECT count(*) FROM (TABLE closed EXCEPT TABLE closed_hour) AS x",
                               "0");
                fixture_expect(f,
                               "SELECT (SELECT count(*) FROM ledger_entry) || ' '"
                               " || (SELECT count(*) FROM rollup_day)",
                               "1 1");
        }
}

static void steps_are_small(void **state) {
        StoreFixture *f = *state;
        const Retention retention = { .now = NOON, .days_raw = 14, .days_hour = 14, .step = 10 };

        fill(f, 14);
        fixture_sql(f, REMEMBER);
        assert_int_equal(change(f, 1, "raw", 2), 0);
        assert_int_equal(step(f, &retention), 10);
        fixture_expect(f, "SELECT count(*) FROM (TABLE before EXCEPT TABLE website_tick) AS x",
                       "10");
        assert_true(keep(f, &retention) > 20);
        expect_the_rule(f, &retention);
}

static void without_closed_hours_nothing_goes(void **state) {
        StoreFixture *f = *state;
        const Retention retention = { .now = NOON, .days_raw = 9, .days_hour = 9, .step = 1000 };

        fill(f, 14);
        fixture_sql(f, REMEMBER "; TRUNCATE closed_hour");
        assert_int_equal(change(f, 1, "raw", 1), 0);
        assert_int_equal(change(f, 1, "hour", 1), 0);
        assert_int_equal(keep(f, &retention), 0);
        fixture_expect(f,
                       "SELECT (SELECT count(*) FROM (TABLE before EXCEPT TABLE website_tick)"
                       "   AS x) + (SELECT count(*) FROM (TABLE before_hour EXCEPT TABLE"
                       "   rollup_hour) AS x)",
                       "0");
}

/* Else a large network would be looked through each minute. */
static void a_day_is_looked_at_once(void **state) {
        StoreFixture *f = *state;
        Retention retention = { .now = NOON, .days_raw = 14, .days_hour = 14, .step = 1000 };

        fill(f, 14);
        assert_int_equal(change(f, 2, "raw", 5), 0);
        assert_true(keep(f, &retention) > 0);
        fixture_sql(f,
                    "INSERT INTO website_tick SELECT '2020-06-04T00:00Z', 1, 5, 3, 1, 1, 0, 0, 0,"
                    "  0, 0, 200, 1, 0, 's', false");
        assert_int_equal(keep(f, &retention), 0);
        fixture_sql(f, "INSERT INTO closed_hour SELECT h FROM generate_series("
                       "  '2020-06-14T06:00Z'::timestamptz, '2020-06-16T00:00Z', '1 hour') AS h");
        retention.now += 12 * USEC_PER_HOUR; /* the day is over, but not for an hour */
        assert_int_equal(keep(f, &retention), 0);
        retention.now += USEC_PER_HOUR;
        assert_true(keep(f, &retention) > 0);
        fixture_expect(f,
                       "SELECT string_agg(DISTINCT to_char(started_at AT TIME ZONE 'UTC', 'DD'),"
                       "   ' ') FROM website_tick WHERE website_id = 3",
                       "04 11 12 13 14");
}

/* Of a website that was not come to yet all of the days stay that are kept now. */
static void who_thinks_better_of_it_in_time_loses_less(void **state) {
        StoreFixture *f = *state;
        const Retention retention = { .now = NOON, .days_raw = 14, .days_hour = 14, .step = 170 };

        fill(f, 14);
        fixture_sql(f, REMEMBER);
        assert_int_equal(change(f, 1, "raw", 1), 0);
        assert_int_equal(step(f, &retention), 169); /* all of website 1, and nothing of the next */
        assert_int_equal(change(f, 1, "raw", 8), 0);
        assert_true(keep(f, &retention) > 0);
        fixture_expect(f,
                       "SELECT string_agg(first, ' ' ORDER BY website_id) FROM (SELECT website_id,"
                       "   to_char(min(started_at AT TIME ZONE 'UTC'), 'DD') AS first"
                       "   FROM website_tick GROUP BY 1) AS x",
                       "14 07 01");
}

/* Whoever stores ticks waits for none of it. */
static void only_rows_are_locked(void **state) {
        StoreFixture *f = *state;
        const Retention retention = { .now = NOON, .days_raw = 14, .days_hour = 14, .step = 1000 };

        fill(f, 14);
        fixture_sql(f, "CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                       "  ASSERT (SELECT bool_and(mode IN ('AccessShareLock', 'RowExclusiveLock'))"
                       "    FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation');"
                       "  RETURN OLD; END $$;"
                       "CREATE TRIGGER look BEFORE DELETE ON tick_page"
                       "  FOR EACH ROW EXECUTE FUNCTION look();"
                       "CREATE TRIGGER look BEFORE DELETE ON rollup_hour"
                       "  FOR EACH ROW EXECUTE FUNCTION look()");
        assert_int_equal(change(f, 1, "raw", 3), 0);
        assert_int_equal(change(f, 1, "hour", 3), 0);
        assert_int_equal(step(f, &retention), 999);
        fixture_sql(f, "DROP TRIGGER look ON tick_page; DROP TRIGGER look ON rollup_hour");
}

/* Setting ----------------------------------------------------------------------------------------
 */

static void on_rows(int r, const RetentionRow *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++)
                fixture_note(f, "%s %u %u; ", rows[i].name, rows[i].days_raw, rows[i].days_hour);
}

static void expect_rows(StoreFixture *f, const RetentionPage *page, const char *text) {
        assert_int_equal(retention_page(f->store, page, on_rows, f, NULL), 0);
        fixture_expect_text(f, text);
}

static void each_has_days_of_its_own(void **state) {
        StoreFixture *f = *state;
        const RetentionPage all = { .ids.limit = 9 }, own = { .own = true, .ids.limit = 9 };
        const RetentionPage first = { .ids.limit = 1 };
        const RetentionPage next = { .ids = { .after = &organisations[0], .limit = 9 } };

        fixture_sql(f, "TRUNCATE organisation_retention");
        expect_rows(f, &own, "");
        assert_int_equal(change(f, 2, "raw", 30), 0);
        assert_int_equal(change(f, 2, "hour", 400), 0);
        expect_rows(f, &own, "second 30 400; ");
        expect_rows(f, &all, "first 0 0; second 30 400; ");
        expect_rows(f, &first, "first 0 0; ");
        expect_rows(f, &next, "second 30 400; ");
        assert_int_equal(change(f, 2, "raw", 0), 0);
        expect_rows(f, &own, "second 0 400; ");
        assert_int_equal(change(f, 2, "hour", 0), 0);
        expect_rows(f, &own, "");
        fixture_expect(f,
                       "SELECT string_agg(concat_ws(' ', actor, organisation_id, action,"
                       "   right(object, 2), detail), '; ' ORDER BY id) FROM (SELECT * FROM"
                       "   audit_log ORDER BY id DESC LIMIT 2) AS x",
                       "uid 7 2 organisation.keep f2 {\"days\": null, \"level\": \"raw\"}; "
                       "uid 7 2 organisation.keep f2 {\"days\": null, \"level\": \"hour\"}");
}

static void no_other_organisation_and_no_other_days(void **state) {
        StoreFixture *f = *state;
        const RetentionChange nobody = { .level = "raw", .days = 3, .actor = "x" };

        assert_int_equal(retention_change(f->store, &nobody, fixture_done, f, NULL), 0);
        fixture_wait(f);
        assert_int_equal(f->r, -ENOENT);
        assert_true(change(f, 1, "raw", RETENTION_RAW_MAX + 1) < 0);
        assert_true(change(f, 1, "hour", RETENTION_HOUR_MAX + 1) < 0);
        assert_int_equal(change(f, 1, "raw", RETENTION_RAW_MAX), 0);
        assert_int_equal(change(f, 1, "hour", RETENTION_HOUR_MAX), 0);
        fixture_sql(f, "TRUNCATE organisation_retention");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_left_is_what_each_organisation_keeps),
                cmocka_unit_test(steps_are_small),
                cmocka_unit_test(without_closed_hours_nothing_goes),
                cmocka_unit_test(a_day_is_looked_at_once),
                cmocka_unit_test(who_thinks_better_of_it_in_time_loses_less),
                cmocka_unit_test(only_rows_are_locked),
                cmocka_unit_test(each_has_days_of_its_own),
                cmocka_unit_test(no_other_organisation_and_no_other_days),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
