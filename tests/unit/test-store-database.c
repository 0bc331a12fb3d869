/* Sizes and ages of tables, and each thing that can be wrong, put there and found. That
 * transactions run out cannot be had in a test. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/database.h"

/* The test's own server is the only one that may be so fast. */
#define ALWAYS "setting_unsafe fsync; setting_unsafe full_page_writes; "

static const char *wanted;

static void on_tables(int r, const DatabaseTable *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++) {
                const DatabaseTable *t = &rows[i];

                assert_int_equal(t->schema, STORE_SCHEMA_VERSION);
                assert_true(t->database_bytes > 1000000);
                if (strcmp(t->name, wanted) == 0)
                        fixture_note(f, "%s, %ld rows, %d %d, %u partitions, %lu s", t->level,
                                     t->rows, t->bytes > 0, t->index_bytes > 0, t->partitions,
                                     (t->newest - t->oldest) / USEC_PER_SEC);
        }
}

static void expect_table(StoreFixture *f, const char *name, const char *text) {
        wanted = name;
        assert_int_equal(database_tables_load(f->store, on_tables, f, NULL), 0);
        fixture_expect_text(f, text);
}

static void tables_have_their_size_and_age(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "INSERT INTO tick_batch SELECT i, 1, 7, i, '', '', 0, '', now(),"
                       " date_trunc('day', now()) + i * interval '1 second', 1"
                       " FROM generate_series(1, 5) AS i; ANALYZE tick_batch");
        fixture_sql(f, "INSERT INTO rollup_hour SELECT 1, date_trunc('hour', now())"
                       " - i * interval '1 hour', 0, 0, 0, '{}', '{}', '{}', '{}', 0, 0, 0"
                       " FROM generate_series(1, 2) AS i; ANALYZE rollup_hour; ANALYZE website");
        expect_table(f, "tick_batch", "evidence, 5 rows, 1 1, 6 partitions, 4 s");
        expect_table(f, "tick_page", "raw, -1 rows, 1 1, 6 partitions, 0 s");
        fixture_sql(f, "INSERT INTO website_tick SELECT date_trunc('day', now()) - i * interval"
                       " '1 hour', 1, 5, 1, 1, i, 0, 0, 0, 0, 0, 200, 1, 0, 's', false"
                       " FROM generate_series(-1, 30) AS i; ANALYZE tick_page;"
                       " UPDATE tick_batch SET count = 1 WHERE id < 5");
        expect_table(f, "tick_page", "raw, 32 rows, 1 1, 6 partitions, 108004 s");
        fixture_sql(f, "TRUNCATE tick_page");
        expect_table(f, "rollup_hour", "hour, 2 rows, 1 1, 0 partitions, 3600 s");
        expect_table(f, "website", "rest, 3 rows, 1 1, 0 partitions, 0 s");
        fixture_sql(f, "DELETE FROM rollup_hour");
}

/* Problems ---------------------------------------------------------------------------------------
 */

static void on_problems(int r, const DatabaseProblem *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++)
                fixture_note(f, "%s %s; ", rows[i].code, rows[i].subject);
}

static void expect_problem(StoreFixture *f, const char *problem) {
        const Retention retention = { .now = now_realtime(), .days_raw = 7, .days_hour = 90 };
        char text[256];

        (void)snprintf(text, sizeof(text), "%s" ALWAYS, problem);
        assert_int_equal(database_problems_load(f->store, &retention, on_problems, f, NULL), 0);
        fixture_expect_text(f, text);
}

static const char *partition(const char *table, int days, char ret[static 64]) {
        time_t at = time(NULL) + days * 86400;
        char day[16];
        struct tm tm;

        (void)strftime(day, sizeof(day), "%Y%m%d", gmtime_r(&at, &tm));
        (void)snprintf(ret, 64, "%s_%s", table, day);
        return ret;
}

static void expect_about(StoreFixture *f, const char *code, const char *subject) {
        char problem[128];

        (void)snprintf(problem, sizeof(problem), "%s %s; ", code, subject);
        expect_problem(f, problem);
}

static void alter(const StoreFixture *f, const char *name, const char *how) {
        char sql[512];

        (void)snprintf(sql, sizeof(sql), "ALTER TABLE %s %s", name, how);
        fixture_sql(f, sql);
}

static void a_migrated_database_is_well(void **state) {
        expect_problem(*state, "");
}

static void days_to_come_have_partitions(void **state) {
        StoreFixture *f = *state;
        char name[64];

        alter(f, partition("tick_page", 1, name), "RENAME TO gone; DROP TABLE gone");
        expect_about(f, "partition_missing", name);
        fixture_sql(f, "SELECT partitions_keep(now(), 7, 90)");
        expect_problem(f, "");
}

static void days_that_only_grow_are_not_vacuumed(void **state) {
        fixture_sql(*state,
                    "DO $$ BEGIN ASSERT (SELECT count(*) > 10 AND bool_and("
                    "  'autovacuum_vacuum_insert_threshold=-1' = ANY (coalesce(reloptions, '{}')))"
                    " FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE relkind = 'r' AND"
                    " inhparent IN ('tick_page'::regclass, 'tick_batch'::regclass)); END $$");
}

static void days_gone_by_have_none(void **state) {
        StoreFixture *f = *state;
        char name[64];

        fixture_sql(f, "SELECT partition_ensure('tick_batch', (now() AT TIME ZONE 'UTC')::date - 9,"
                       " (now() AT TIME ZONE 'UTC')::date - 9)");
        expect_problem(f, ""); /* no hour was closed: it has to stay */
        fixture_sql(f, "INSERT INTO closed_hour VALUES (date_trunc('hour', now()))");
        expect_about(f, "partition_kept", partition("tick_batch", -9, name));
        fixture_sql(f, "SELECT partitions_keep(now(), 7, 90)");
        expect_problem(f, "");
}

static void rows_of_no_day_are_found(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "CREATE TABLE astray PARTITION OF tick_batch DEFAULT");
        expect_problem(f, "");
        fixture_sql(f, "INSERT INTO tick_batch VALUES (9, 1, 7, 9, '', '', 0, '', now(),"
                       " '2000-01-01', 1)");
        expect_problem(f, "partition_default astray; ");
        fixture_sql(f, "DROP TABLE astray");
}

static void partitions_belong_to_whom_their_table_does(void **state) {
        StoreFixture *f = *state;
        char name[64];

        fixture_sql(f, "CREATE ROLE stranger");
        alter(f, partition("tick_page", 0, name), "OWNER TO stranger");
        expect_about(f, "partition_owner", name);
        alter(f, name, "OWNER TO CURRENT_USER");
}

static void hours_are_closed(void **state) {
        StoreFixture *f = *state;
        char hour[64], text[128];
        time_t at = (time(NULL) / 3600 - 4) * 3600;
        struct tm tm;

        fixture_sql(f,
                    "DELETE FROM closed_hour;"
                    "INSERT INTO closed_hour VALUES (date_trunc('hour', now()) - interval '3 h')");
        expect_problem(f, "");
        fixture_sql(f, "UPDATE closed_hour SET hour = hour - interval '2 h'");
        (void)strftime(hour, sizeof(hour), "%Y-%m-%dT%H:00:00.000000Z", gmtime_r(&at, &tm));
        (void)snprintf(text, sizeof(text), "hours_open %s; ", hour);
        expect_problem(f, text);
        fixture_sql(f, "UPDATE closed_hour SET hour = date_trunc('hour', now())");
}

static void rollups_go_in_their_time(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "INSERT INTO rollup_hour SELECT 1, date_trunc('hour', now())"
                       " - 92 * interval '1 day', 0, 0, 0, '{}', '{}', '{}', '{}', 0, 0, 0");
        expect_problem(f, "rollup_kept rollup_hour; ");
        fixture_sql(f, "DELETE FROM rollup_hour");
}

static void nobody_keeps_for_longer_than_is_kept(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "INSERT INTO organisation_retention VALUES (1, 3, NULL), (2, 30, 200);"
                       "SELECT partition_ensure('tick_page', (now() AT TIME ZONE 'UTC')::date"
                       "  - 20, (now() AT TIME ZONE 'UTC')::date - 20);"
                       "INSERT INTO rollup_hour SELECT 1, date_trunc('hour', now())"
                       " - 92 * interval '1 day', 0, 0, 0, '{}', '{}', '{}', '{}', 0, 0, 0");
        expect_problem(f, "");
        fixture_sql(f, "SELECT partitions_keep(now(), 7, 90)");
        fixture_expect(f, "SELECT count(*) FROM rollup_hour", "1");
        fixture_sql(f, "DELETE FROM organisation_retention WHERE organisation_id = 2");
        fixture_expect(f, "SELECT partitions_keep(now(), 7, 90)", "1");
        expect_problem(f, "");
        fixture_sql(f, "DELETE FROM organisation_retention");
}

static void migrations_are_those_of_this_program(void **state) {
        StoreFixture *f = *state;
        char text[64];

        fixture_sql(f, "CREATE TABLE kept AS SELECT * FROM schema_migration WHERE version = 2;"
                       "DELETE FROM schema_migration WHERE version = 2");
        expect_problem(f, "migration_missing 2; ");
        fixture_sql(f, "INSERT INTO schema_migration SELECT * FROM kept; DROP TABLE kept;"
                       "INSERT INTO schema_migration SELECT max(version) + 1, 'x', 'x', '0.1.0'"
                       " FROM schema_migration");
        (void)snprintf(text, sizeof(text), "schema_newer %d; ", STORE_SCHEMA_VERSION + 1);
        expect_problem(f, text);
        fixture_sql(f, "DELETE FROM schema_migration WHERE name = 'x'");
}

static void indexes_answer(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "UPDATE pg_index SET indisvalid = false"
                       " WHERE indexrelid = 'website_by_revision'::regclass");
        expect_problem(f, "index_invalid website_by_revision; ");
        fixture_sql(f, "REINDEX INDEX website_by_revision");
        expect_problem(f, "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_migrated_database_is_well),
                cmocka_unit_test(tables_have_their_size_and_age),
                cmocka_unit_test(days_to_come_have_partitions),
                cmocka_unit_test(days_that_only_grow_are_not_vacuumed),
                cmocka_unit_test(days_gone_by_have_none),
                cmocka_unit_test(rows_of_no_day_are_found),
                cmocka_unit_test(partitions_belong_to_whom_their_table_does),
                cmocka_unit_test(hours_are_closed),
                cmocka_unit_test(rollups_go_in_their_time),
                cmocka_unit_test(nobody_keeps_for_longer_than_is_kept),
                cmocka_unit_test(migrations_are_those_of_this_program),
                cmocka_unit_test(indexes_answer),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
