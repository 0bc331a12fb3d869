/* Roles and database on a real server: none there, some there, all there. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "postgres.h"
#include "store/cluster.h"

static int setup(void **state) {
        return postgres_start((Postgres **)state);
}

static int teardown(void **state) {
        postgres_stop(*state);
        return 0;
}

static int empty(void **state) {
        static const char *const statements[] = {
                "DROP DATABASE IF EXISTS dpin",
                "DROP ROLE IF EXISTS \"dpin-api\"",
                "DROP ROLE IF EXISTS \"dpin-hub\"",
                "DROP ROLE IF EXISTS dpin",
        };

        for (size_t i = 0; i < ELEMENTSOF(statements); i++)
                assert_int_equal(postgres_psql(*state, NULL, "-c", statements[i]), 0);
        return 0;
}

static void make(const Postgres *p, int expected) {
        _cleanup_free_ char *error = NULL;

        assert_int_equal(store_make_cluster(postgres_dsn(p), &error, NULL), expected);
        assert_null(error);
}

static void what_is_missing_is_made_once(void **state) {
        make(*state, 5);
        make(*state, 0);
        assert_int_equal(postgres_psql(*state, "dpin", "-c",
                                       "DO $$ BEGIN"
                                       "  ASSERT (SELECT NOT rolcanlogin FROM pg_roles"
                                       "    WHERE rolname = 'dpin');"
                                       "  ASSERT pg_has_role('dpin-hub', 'dpin', 'MEMBER');"
                                       "  ASSERT NOT pg_has_role('dpin-api', 'dpin', 'MEMBER');"
                                       "  ASSERT (SELECT bool_and(rolcanlogin AND NOT rolsuper)"
                                       "    FROM pg_roles WHERE rolname LIKE 'dpin-%');"
                                       "  ASSERT (SELECT datdba = 'dpin'::regrole"
                                       "    AND pg_encoding_to_char(encoding) = 'UTF8'"
                                       "    FROM pg_database WHERE datname = 'dpin');"
                                       "  SET ROLE \"dpin-hub\"; SET ROLE dpin;"
                                       "  CREATE TABLE t (); DROP TABLE t; "
                                       "END $$"),
                         0);
}

static void what_is_there_stays(void **state) {
        _cleanup_free_ char *said = NULL, *error = NULL;
        size_t n;
        FILE *progress = open_memstream(&said, &n);

        assert_int_equal(postgres_psql(*state, NULL, "-c",
                                       "CREATE ROLE dpin NOLOGIN CONNECTION LIMIT 7"),
                         0);
        assert_int_equal(store_make_cluster(postgres_dsn(*state), &error, progress), 4);
        assert_int_equal(fclose(progress), 0);
        assert_null(strstr(said, "the owner"));
        assert_non_null(strstr(said, "made database dpin\n"));
        assert_int_equal(postgres_psql(*state, NULL, "-c",
                                       "DO $$ BEGIN ASSERT (SELECT rolconnlimit = 7 FROM pg_roles"
                                       " WHERE rolname = 'dpin'); END $$"),
                         0);
}

static void who_may_not_is_told(void **state) {
        _cleanup_free_ char *error = NULL, *dsn = NULL;

        assert_int_equal(postgres_psql(*state, NULL, "-c", "CREATE ROLE plain LOGIN"), 0);
        assert_true(asprintf(&dsn, "host=%s user=plain dbname=postgres",
                             postgres_directory(*state)) > 0);
        assert_int_equal(store_make_cluster(dsn, &error, NULL), -EIO);
        assert_non_null(strstr(error, "role dpin, the owner: ERROR:  permission denied"));
        assert_int_equal(postgres_psql(*state, NULL, "-c", "DROP ROLE plain"), 0);

        free(error);
        assert_int_equal(store_make_cluster("host=/nonexistent", &error, NULL), -ENOTCONN);
        assert_non_null(strstr(error, "PostgreSQL: "));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(what_is_missing_is_made_once, empty),
                cmocka_unit_test_setup(what_is_there_stays, empty),
                cmocka_unit_test_setup(who_may_not_is_told, empty),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
