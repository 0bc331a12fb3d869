/* What may stand in a setting that names a database. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macro.h"
#include "event/pq-dsn.h"

static void both_forms_are_read(void **state _unused_) {
        static const char *const good[] = {
                "postgresql:///dpin",
                "postgresql://dpin-api:secret@a.example:5433,b.example/dpin?target_session_attrs="
                "read-write",
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

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(both_forms_are_read),
                cmocka_unit_test(what_libpq_cannot_read_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
