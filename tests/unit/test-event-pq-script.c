/* The blocking connection: scripts, values, errors, and going on after them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "event/pq-script.h"
#include "postgres.h"

static int setup(void **state) {
        Postgres *p = NULL;

        if (postgres_start(&p) < 0)
                return -1;
        *state = p;
        return 0;
}

static int teardown(void **state) {
        postgres_stop(*state);
        return 0;
}

static PqScript *open_script(void **state) {
        PqScript *s = NULL;

        assert_int_equal(pq_script_open(&s, postgres_dsn(*state)), 0);
        return s;
}

typedef struct Rows {
        char text[256];
        size_t n;
} Rows;

static void note_row(const char *const *values, size_t n, void *userdata) {
        Rows *rows = userdata;

        for (size_t i = 0; i < n; i++)
                rows->n += (size_t)snprintf(rows->text + rows->n, sizeof(rows->text) - rows->n,
                                            "%s%s", values[i] ? values[i] : "NULL",
                                            i + 1 < n ? "," : ";");
}

static void scripts_have_many_statements(void **state) {
        _cleanup_(pq_script_closep) PqScript *s = open_script(state);
        Rows rows = { 0 };

        assert_int_equal(pq_script_run(s, "CREATE TABLE a (n integer, t text); INSERT INTO a VALUES"
                                          " (1, 'x'), (2, NULL); ; SELECT * FROM a"),
                         0);
        assert_int_equal(pq_script_query(s, "SELECT * FROM a ORDER BY n", NULL, note_row, &rows),
                         0);
        assert_string_equal(rows.text, "1,x;2,NULL;");
        assert_string_equal(pq_script_error(s), "");
}

static void values_are_parameters(void **state) {
        _cleanup_(pq_script_closep) PqScript *s = open_script(state);
        const char *const values[] = { "'; DROP TABLE a; --", "7", NULL };
        Rows rows = { 0 };

        assert_int_equal(pq_script_query(s, "SELECT $1::text, $2::integer + 1", values, note_row,
                                         &rows),
                         0);
        assert_string_equal(rows.text, "'; DROP TABLE a; --,8;");
}

static void an_error_undoes_the_script_and_is_told(void **state) {
        _cleanup_(pq_script_closep) PqScript *s = open_script(state);
        Rows rows = { 0 };

        assert_int_equal(pq_script_run(s, "CREATE TABLE b (n integer); SELECT 1/0; SELECT 2"),
                         -EIO);
        assert_non_null(strstr(pq_script_error(s), "division by zero"));
        assert_int_equal(pq_script_query(s, "SELECT to_regclass('b')", NULL, note_row, &rows), 0);
        assert_string_equal(rows.text, "NULL;");
        assert_string_equal(pq_script_error(s), "");
}

static void no_server_is_said(void **state) {
        _cleanup_(pq_script_closep) PqScript *s = NULL;

        (void)state;
        assert_int_equal(pq_script_open(&s, "host=/nowhere"), -ENOTCONN);
        assert_non_null(strstr(pq_script_error(s), "/nowhere"));
}

static void a_lost_server_is_said(void **state) {
        _cleanup_(pq_script_closep) PqScript *s = open_script(state);

        assert_int_equal(pq_script_run(s, "SELECT pg_terminate_backend(pg_backend_pid())"),
                         -ENOTCONN);
        assert_int_equal(pq_script_run(s, "SELECT 1"), -ENOTCONN);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(scripts_have_many_statements),
                cmocka_unit_test(values_are_parameters),
                cmocka_unit_test(an_error_undoes_the_script_and_is_told),
                cmocka_unit_test(no_server_is_said),
                cmocka_unit_test(a_lost_server_is_said),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
