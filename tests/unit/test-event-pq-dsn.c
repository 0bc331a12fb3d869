/* What may stand in a setting that names a database. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/macro.h"
#include "event/pq-dsn.h"

static void both_forms_are_read(void **state _unused_) {
        static const char *const good[] = {
                "postgresql:///dpin",
                "postgresql://dpin-api:secret@a.example:5433,b/dpin?target_session_attrs=any",
                "host=/run/postgresql dbname=dpin",
                "",
        };

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                assert_int_equal(pq_dsn_check(good[i], "DatabaseUrl", NULL), 0);
}

static void what_libpq_cannot_read_is_refused(void **state _unused_) {
        static const char *const bad[] = {
                "dpin",
                "postgres:secret@db.example/dpin",
                "postgresql://[db.example/dpin",
                "postgresql:///dpin?sslmoode=require",
                "host=db.example pasword=secret",
                "host='db.example",
                NULL, /* "DatabaseUrl=" of a file */
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_free_ char *error = NULL;

                assert_int_equal(pq_dsn_check(bad[i], "DatabaseUrl", &error), -EINVAL);
                assert_string_equal(error, "DatabaseUrl: this is neither a URI, as"
                                           " postgresql://HOST/NAME is, nor settings, as"
                                           " host=HOST dbname=NAME are");
        }
}

static void expect_hosts(const char *dsn, unsigned turn, const char *expected) {
        char text[256];
        PqHosts h;

        assert_int_equal(pq_hosts_read(dsn, turn, &h), 0);
        (void)snprintf(text, sizeof(text), "%u: %s; %s; %s", h.n, h.host ? h.host : "-",
                       h.address ? h.address : "-", h.port ? h.port : "-");
        assert_string_equal(text, expected);
        pq_hosts_done(&h);
}

static void another_server_comes_first_each_turn(void **state _unused_) {
        static const char three[] = "postgresql://a:1,b:2,c:3/dpin";

        expect_hosts(three, 0, "3: a,b,c; -; 1,2,3");
        expect_hosts(three, 1, "3: b,c,a; -; 2,3,1");
        expect_hosts(three, 2, "3: c,a,b; -; 3,1,2");
        expect_hosts(three, 3, "3: a,b,c; -; 1,2,3");
        expect_hosts("host=a,b port=5433", 1, "2: b,a; -; 5433");
        expect_hosts("host=a,b hostaddr=10.0.0.1,10.0.0.2", 1, "2: b,a; 10.0.0.2,10.0.0.1; -");
        expect_hosts("hostaddr=10.0.0.1,10.0.0.2", 1, "2: -; 10.0.0.2,10.0.0.1; -");
}

static void one_server_stays_as_it_is(void **state _unused_) {
        expect_hosts("postgresql:///dpin", 5, "1: -; -; -");
        expect_hosts("host=/run/postgresql port=5433", 5, "1: /run/postgresql; -; 5433");
}

static void what_cannot_be_read_names_no_server(void **state _unused_) {
        PqHosts h;

        assert_int_equal(pq_hosts_read("hots=a", 0, &h), -EINVAL);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(both_forms_are_read),
                cmocka_unit_test(another_server_comes_first_each_turn),
                cmocka_unit_test(one_server_stays_as_it_is),
                cmocka_unit_test(what_cannot_be_read_names_no_server),
                cmocka_unit_test(what_libpq_cannot_read_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
