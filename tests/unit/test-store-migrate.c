/* Migrations on a real server: fresh, again, changed, newer, broken. */
#include <errno.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "postgres.h"
#include "store/migrate.h"
#include "store/store.h"

#define TEXT(x)   #x
#define DIGITS(x) TEXT(x)
#define VERSION   DIGITS(STORE_SCHEMA_VERSION)
#define NEXT      "43" /* the file after that */

typedef struct Ground {
        Postgres *postgres;
        char dsn[256];
        char directory[32]; /* copies of sql/ */
        char *error;
} Ground;

static void copy_file(const char *from, const char *directory) {
        char path[128], text[65536];
        FILE *in, *out;
        size_t n;

        (void)snprintf(path, sizeof(path), "%s%s", directory, strrchr(from, '/'));
        in = fopen(from, "re");
        out = fopen(path, "we");
        assert_non_null(in);
        assert_non_null(out);
        n = fread(text, 1, sizeof(text), in);
        assert_int_equal(fwrite(text, 1, n, out), n);
        assert_true(feof(in));
        fclose(in);
        assert_int_equal(fclose(out), 0);
}

static void copy_migrations(const char *directory) {
        glob_t found;

        assert_int_equal(glob(TESTS_DIR "/../sql/*.sql", 0, NULL, &found), 0);
        for (size_t i = 0; i < found.gl_pathc; i++)
                copy_file(found.gl_pathv[i], directory);
        globfree(&found);
}

static void remove_files(const char *directory, const char *pattern) {
        char path[128];
        glob_t found;

        (void)snprintf(path, sizeof(path), "%s/%s", directory, pattern);
        assert_int_equal(glob(path, 0, NULL, &found), 0);
        for (size_t i = 0; i < found.gl_pathc; i++)
                assert_int_equal(unlink(found.gl_pathv[i]), 0);
        globfree(&found);
}

static int setup(void **state) {
        Ground *g = calloc(1, sizeof(Ground));

        *state = g;
        return g && postgres_start(&g->postgres) == 0 ? 0 : -1;
}

static int teardown(void **state) {
        Ground *g = *state;

        postgres_stop(g->postgres);
        free(g);
        return 0;
}

/* An empty database and an unchanged directory for each test. */
static int fresh(void **state) {
        Ground *g = *state;

        assert_int_equal(postgres_psql(g->postgres, NULL, "-c", "DROP DATABASE IF EXISTS m"), 0);
        assert_int_equal(postgres_psql(g->postgres, NULL, "-c", "CREATE DATABASE m"), 0);
        (void)snprintf(g->dsn, sizeof(g->dsn), "host=%s dbname=m user=postgres",
                       postgres_directory(g->postgres));
        (void)snprintf(g->directory, sizeof(g->directory), "/tmp/dpin-sql-XXXXXX");
        assert_non_null(mkdtemp(g->directory));
        copy_migrations(g->directory);
        return 0;
}

static int clean(void **state) {
        Ground *g = *state;
        char path[64];

        (void)snprintf(path, sizeof(path), "%s/left.sql", g->directory);
        fclose(fopen(path, "we"));
        remove_files(g->directory, "*");
        (void)remove(g->directory);
        free(g->error);
        g->error = NULL;
        return 0;
}

static int migrate(Ground *g, FILE *progress) {
        free(g->error);
        g->error = NULL;
        return store_migrate(g->dsn, g->directory, &g->error, progress);
}

static void sql(Ground *g, const char *text) {
        assert_int_equal(postgres_psql(g->postgres, "m", "-c", text), 0);
}

static void put_file(Ground *g, const char *name, const char *text) {
        char path[64];
        FILE *f;

        (void)snprintf(path, sizeof(path), "%s/%s", g->directory, name);
        f = fopen(path, "ae");
        assert_non_null(f);
        fputs(text, f);
        assert_int_equal(fclose(f), 0);
}

static void fresh_then_nothing_to_do(void **state) {
        Ground *g = *state;
        _cleanup_free_ char *said = NULL;
        size_t n;
        FILE *progress = open_memstream(&said, &n);

        assert_int_equal(migrate(g, progress), STORE_SCHEMA_VERSION);
        assert_int_equal(migrate(g, progress), 0);
        assert_int_equal(fclose(progress), 0);
        assert_non_null(strstr(said, "applying 001-schema.sql\n"));
        assert_non_null(strstr(said, "nothing to do: the schema is at version " VERSION "\n"));
        assert_null(g->error);

        sql(g, "DO $$ BEGIN ASSERT (SELECT obj_description('schema_migration'::regclass)) ="
               " '" VERSION " 0.1.0'; ASSERT (SELECT count(*) FROM pg_inherits"
               " WHERE inhparent = 'tick_page'::regclass) = 6; END $$");
}

static void later_files_are_added(void **state) {
        Ground *g = *state;

        assert_int_equal(migrate(g, NULL), STORE_SCHEMA_VERSION);
        put_file(g, "0" NEXT "-more.sql",
                 "-- oldest-program: 0.0.7\nCREATE TABLE more (a integer);\n");
        assert_int_equal(migrate(g, NULL), 1);
        sql(g,
            "DO $$ BEGIN ASSERT (SELECT oldest_program FROM schema_migration WHERE version = " NEXT
            ")"
            " = '0.0.7'; ASSERT (SELECT obj_description('schema_migration'::regclass)) ="
            " '" NEXT " 0.1.0'; END $$");
}

/* A tick of each kind as the first layout had them, of today and of the day before. */
static const char old_ticks[] =
                "INSERT INTO website_tick (website_id, validator_id, started_at, order_id, "
                "batch_id,"
                " body_length, commit_no, number, dns_us, connect_us, tls_us, wait_us, transfer_us,"
                " batch_index, status, expiry_days, kind, family, outcome, error_class, late)"
                " SELECT 1, 2, now() - k % 2 * interval '1 day', 3, 4, 5, 6, k, 8, 9, 10, 11, 12, "
                "13,"
                "  14, 15, k, 4, 1, 0, k = 2 FROM generate_series(0, 3) AS k";

static void ticks_are_kept_by_their_new_layout(void **state) {
        Ground *g = *state;

        remove_files(g->directory, "009-*");
        remove_files(g->directory, "0[1-9]?-*");
        assert_int_equal(migrate(g, NULL), 8);
        sql(g, old_ticks);
        copy_migrations(g->directory);
        assert_int_equal(migrate(g, NULL), STORE_SCHEMA_VERSION - 8);
        sql(g, "DO $$ BEGIN ASSERT (SELECT string_agg(concat_ws(' ', website_id, validator_id,"
               " order_id, batch_id, number, dns_us, connect_us, tls_us, wait_us, transfer_us,"
               " status, outcome, error_class, kind, late), ',' ORDER BY number) FROM website_tick)"
               " = '1 2 3 4 0 8 9 10 11 12 14 1 0 s f,1 2 3 4 1 8 9 10 11 12 14 1 0 c f,"
               "1 2 3 4 2 8 9 10 11 12 14 1 0 m t,1 2 3 4 3 8 9 10 11 12 14 1 0 r f';"
               " ASSERT (SELECT count(*) FROM website_tick WHERE tick_span(started_at)"
               " < date_trunc('day', now(), 'UTC')) = 2;"
               " ASSERT (SELECT bool_and('autovacuum_vacuum_insert_threshold=-1'"
               "  = ANY (coalesce(reloptions, '{}'))) FROM pg_inherits JOIN pg_class c"
               " ON c.oid = inhrelid WHERE inhparent IN ('tick_page'::regclass,"
               " 'tick_batch'::regclass)); END $$");
}

/* 7 of 1 to 1.1 ms, 5 of 95.5 to 105.1 ms: to the buckets of 1.05 and 100.2 ms. */
static void histograms_are_kept_by_finer_buckets(void **state) {
        Ground *g = *state;

        remove_files(g->directory, "0[1-9]?-*");
        assert_int_equal(migrate(g, NULL), 9);
        sql(g, "INSERT INTO rollup_day SELECT 1, '2026-01-01', 12, 0, 0, '{}',"
               " array_fill(0, ARRAY[120]), '{}', '{}', 0, 0, 0;"
               " UPDATE rollup_day SET histogram[1] = 7, histogram[49] = 5");
        copy_migrations(g->directory);
        assert_int_equal(migrate(g, NULL), STORE_SCHEMA_VERSION - 9);
        sql(g, "DO $$ BEGIN ASSERT (SELECT histogram FROM rollup_day)"
               " = ARRAY[ARRAY[histogram_bucket(1049), 7], ARRAY[histogram_bucket(101777), 5]];"
               " END $$");
}

/* One that is open and one that is over, and a channel that nobody told anything. */
static void incidents_of_before_go_on(void **state) {
        Ground *g = *state;

        remove_files(g->directory, "019-*");
        remove_files(g->directory, "0[2-9]?-*");
        assert_int_equal(migrate(g, NULL), 18);
        sql(g, "INSERT INTO organisation (public_id, name) VALUES (gen_random_uuid(), 'o');"
               " INSERT INTO website (public_id, organisation_id, url)"
               " SELECT gen_random_uuid(), 1, 'https://' || k FROM generate_series(1, 2) k;"
               " INSERT INTO verdict_span (website_id, state, assurance, cause, started_at,"
               "  first_evidence_at, n, commit_no) VALUES (1, 'DOWN', 'full', 'tcp', 'epoch',"
               "  'epoch', 4, 1);"
               " INSERT INTO incident (public_id, organisation_id, website_id, cause, opened_at,"
               "  first_evidence_at, closed_at) VALUES"
               " (gen_random_uuid(), 1, 1, 'tcp', '2026-01-01Z', '2026-01-01Z', NULL),"
               " (gen_random_uuid(), 1, 2, 'dns', '2026-01-01Z', '2026-01-01Z', '2026-01-02Z');"
               " INSERT INTO alert_channel (public_id, organisation_id, kind, name)"
               " VALUES (gen_random_uuid(), 1, 'webhook', 'c')");
        copy_migrations(g->directory);
        assert_int_equal(migrate(g, NULL), STORE_SCHEMA_VERSION - 18);
        sql(g, "DO $$ BEGIN"
               " ASSERT (SELECT bool_and(severity = 'down' AND regions = '{}' AND last_evidence_at"
               "  = CASE website_id WHEN 1 THEN '2026-01-01Z' ELSE '2026-01-02Z' END::timestamptz)"
               "  FROM incident);"
               " ASSERT (SELECT flap_score = 0 AND flapping_until IS NULL AND regions = '[]'"
               "  AND families = '[]' FROM verdict_span);"
               " ASSERT (SELECT bool_and(tags = '{}' AND rules = '' AND confirm_down = 1)"
               "  FROM website);"
               " UPDATE incident SET closed_at = '2026-01-03Z' WHERE closed_at IS NULL;"
               " ASSERT (SELECT string_agg(concat_ws(' ', kind, website_id, state,"
               "  payload->>'seconds'), ',') FROM alert_outbox) = 'incident.resolved 1 pending"
               " 172800'; END $$");
}

static void changed_file_is_refused_by_name(void **state) {
        Ground *g = *state;

        assert_int_equal(migrate(g, NULL), STORE_SCHEMA_VERSION);
        put_file(g, "002-functions.sql", "-- one more line\n");
        assert_int_equal(migrate(g, NULL), -EBADMSG);
        assert_non_null(strstr(g->error, "002-functions.sql was changed after it was applied"));
}

static void newer_database_is_refused(void **state) {
        Ground *g = *state;

        assert_int_equal(migrate(g, NULL), STORE_SCHEMA_VERSION);
        put_file(g, "0" NEXT "-more.sql", "CREATE TABLE more (a integer);\n");
        assert_int_equal(migrate(g, NULL), 1);
        remove_files(g->directory, "0" NEXT "-more.sql");
        assert_int_equal(migrate(g, NULL), -EPROTO);
        assert_string_equal(g->error,
                            "the database has migration 0" NEXT "-more.sql, which is newer"
                            " than this program's " VERSION);
}

static void broken_file_leaves_nothing(void **state) {
        Ground *g = *state;

        put_file(g, "0" NEXT "-broken.sql", "CREATE TABLE half (a integer); SELECT nonsense;\n");
        assert_int_equal(migrate(g, NULL), -EIO);
        assert_non_null(strstr(g->error, "0" NEXT "-broken.sql: ERROR:  column \"nonsense\""));
        sql(g, "DO $$ BEGIN ASSERT to_regclass('half') IS NULL;"
               " ASSERT (SELECT max(version) FROM schema_migration) = " VERSION "; END $$");
}

static void holes_and_emptiness_are_refused(void **state) {
        Ground *g = *state;

        remove_files(g->directory, "002-functions.sql");
        assert_int_equal(migrate(g, NULL), -EBADMSG);
        assert_non_null(strstr(g->error, "003-grants.sql: migration 002 is missing"));

        remove_files(g->directory, "0*.sql");
        assert_int_equal(migrate(g, NULL), -ENOENT);
}

static void owner_role_owns_what_is_made(void **state) {
        Ground *g = *state;

        sql(g, "CREATE ROLE dpin NOLOGIN; CREATE ROLE \"dpin-hub\" LOGIN IN ROLE dpin;"
               " CREATE ROLE \"dpin-api\" LOGIN; ALTER DATABASE m OWNER TO dpin;"
               " GRANT CREATE ON SCHEMA public TO dpin");
        (void)snprintf(g->dsn, sizeof(g->dsn), "host=%s dbname=m user=dpin-hub",
                       postgres_directory(g->postgres));
        assert_int_equal(migrate(g, NULL), STORE_SCHEMA_VERSION);
        sql(g, "DO $$ BEGIN ASSERT (SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p')"
               " AND relnamespace = 'public'::regnamespace AND relowner <> 'dpin'::regrole) = 0;"
               " END $$");
        sql(g, "SET ROLE \"dpin-hub\"; SELECT partition_ensure('tick_page', '2030-01-01',"
               " '2030-01-01'); DO $$ BEGIN ASSERT (SELECT relowner FROM pg_class"
               " WHERE relname = 'tick_page_20300101') = 'dpin'::regrole; END $$;"
               " SELECT partitions_keep(now(), 7, 90)");
        sql(g, "SET ROLE \"dpin-api\"; SELECT count(*) FROM website_tick; SELECT number FROM epoch;"
               " DO $$ BEGIN PERFORM secret FROM epoch; ASSERT false; EXCEPTION WHEN"
               " insufficient_privilege THEN NULL; END $$;"
               " DO $$ BEGIN DELETE FROM tick_page; ASSERT false; EXCEPTION WHEN"
               " insufficient_privilege THEN NULL; END $$;"
               " DO $$ BEGIN DELETE FROM organisation_retention; ASSERT false; EXCEPTION WHEN"
               " insufficient_privilege THEN NULL; END $$;"
               " DO $$ BEGIN PERFORM payout_approve('00000000-0000-7000-8000-000000000001', 'x');"
               " ASSERT false; EXCEPTION WHEN insufficient_privilege THEN NULL; END $$;"
               " DELETE FROM membership; DELETE FROM login_session; DELETE FROM app_user;"
               " SELECT lamports FROM validator_balance;"
               " SELECT payout_request(1, '00000000-0000-7000-8000-000000000001', 'test')");
}

static void unreachable_server_is_said(void **state) {
        Ground *g = *state;

        (void)snprintf(g->dsn, sizeof(g->dsn), "host=/nowhere dbname=m");
        assert_int_equal(migrate(g, NULL), -ENOTCONN);
        assert_non_null(strstr(g->error, "/nowhere"));
}

#define ON_GROUND(f) cmocka_unit_test_setup_teardown(f, fresh, clean)

int main(void) {
        const struct CMUnitTest tests[] = {
                ON_GROUND(fresh_then_nothing_to_do),
                ON_GROUND(later_files_are_added),
                ON_GROUND(ticks_are_kept_by_their_new_layout),
                ON_GROUND(histograms_are_kept_by_finer_buckets),
                ON_GROUND(incidents_of_before_go_on),
                ON_GROUND(changed_file_is_refused_by_name),
                ON_GROUND(newer_database_is_refused),
                ON_GROUND(broken_file_leaves_nothing),
                ON_GROUND(holes_and_emptiness_are_refused),
                ON_GROUND(owner_role_owns_what_is_made),
                ON_GROUND(unreachable_server_is_said),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
