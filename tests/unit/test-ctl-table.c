/* The same rows for people and as JSON. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/table.h"

static const TableColumn columns[] = {
        { "NAME", "name", CELL_TEXT },
        { "COUNT", "count", CELL_NUMBER },
        { "THERE", "there", CELL_BOOL },
        { "SEEN", "seenAt", CELL_TIME },
        { "SCOPES", "scopes", CELL_LIST },
        { "DAYS", "days", CELL_DAYS },
        { 0 },
};

static void add_row(Table *t, const char *name, int64_t count, const char *scopes) {
        table_text(t, name);
        table_number(t, count);
        table_number(t, count > 0);
        table_number(t, count > 0 ? 1700000000 : 0);
        table_text(t, scopes);
        table_number(t, count > 0 ? 30 : 0);
}

static char *print(const Table *t, bool json, bool record) {
        TableStyle style = { .json = json };
        char *text = NULL;
        size_t n;
        FILE *to = open_memstream(&text, &n);

        assert_non_null(to);
        assert_int_equal(record ? table_print_record(t, &style, to) : table_print(t, &style, to),
                         0);
        assert_int_equal(fclose(to), 0);
        return text;
}

static void json_has_types(void **state _unused_) {
        _cleanup_(table_freep) Table *t = NULL;
        _cleanup_free_ char *empty = NULL, *rows = NULL, *one = NULL;

        assert_int_equal(table_new(&t, columns), 0);
        empty = print(t, true, false);
        assert_string_equal(empty, "[]\n");
        add_row(t, "a \"b\"", 7, "read write");
        add_row(t, "", -1, "");
        rows = print(t, true, false);
        assert_string_equal(rows, "[{\"name\":\"a \\u0022b\\u0022\",\"count\":7,\"there\":true,"
                                  "\"seenAt\":\"2023-11-14T22:13:20Z\","
                                  "\"scopes\":[\"read\",\"write\"],\"days\":30},"
                                  "{\"name\":\"\",\"count\":-1,\"there\":false,\"seenAt\":null,"
                                  "\"scopes\":[],\"days\":null}]\n");
        one = print(t, true, true);
        assert_true(one[0] == '{');
        assert_null(strstr(one, "},{"));
}

static void people_see_columns_and_dashes(void **state _unused_) {
        _cleanup_(table_freep) Table *t = NULL;
        _cleanup_free_ char *rows = NULL, *one = NULL;

        assert_int_equal(table_new(&t, columns), 0);
        add_row(t, "first", 7, "read");
        add_row(t, "", 0, "");
        rows = print(t, false, false);
        assert_string_equal(rows, "NAME   COUNT  THERE  SEEN                  SCOPES  DAYS\n"
                                  "first      7  yes    2023-11-14T22:13:20Z  read      30\n"
                                  "-          0  no     -                     -          -\n");
        one = print(t, false, true);
        assert_non_null(strstr(one, "COUNT   7\n"));
        assert_null(strstr(one, "no"));
}

static void a_table_is_a_cell_of_another(void **state _unused_) {
        static const TableColumn outer[] = { { "ROWS", "rows", CELL_TABLE }, { 0 } };
        static const TableColumn inner[] = { { "A", "a", CELL_TEXT }, { 0 } };
        _cleanup_(table_freep) Table *t = NULL, *rows = NULL;
        _cleanup_free_ char *json = NULL, *people = NULL;

        assert_int_equal(table_new(&t, outer), 0);
        assert_int_equal(table_new(&rows, inner), 0);
        assert_true(table_is_empty(rows));
        table_text(rows, "x");
        table_text(rows, "y");
        assert_false(table_is_empty(rows));
        table_table(t, rows);
        json = print(t, true, true);
        assert_string_equal(json, "{\"rows\":[{\"a\":\"x\"},{\"a\":\"y\"}]}\n");
        people = print(t, false, true);
        assert_string_equal(people, "ROWS  (in JSON)\n");
}

/* A validator chooses its own name: it must not reach the terminal as it is. */
static void control_characters_are_not_printed(void **state _unused_) {
        _cleanup_(table_freep) Table *t = NULL;
        _cleanup_free_ char *rows = NULL;

        assert_int_equal(table_new(&t, columns), 0);
        add_row(t, "\x1b[2Jevil\n", 1, "");
        rows = print(t, false, false);
        assert_null(strchr(rows, '\x1b'));
        assert_null(strstr(rows, "evil\n"));
}

static void many_rows_are_kept(void **state _unused_) {
        _cleanup_(table_freep) Table *t = NULL;
        _cleanup_free_ char *rows = NULL;
        size_t lines = 0;

        assert_int_equal(table_new(&t, columns), 0);
        for (int i = 0; i < 1000; i++)
                add_row(t, "row", i, "read");
        rows = print(t, false, false);
        for (const char *p = rows; *p; p++)
                lines += *p == '\n';
        assert_int_equal(lines, 1001);
}

static void colors_are_for_terminals_that_want_them(void **state _unused_) {
        _cleanup_(table_freep) Table *t = NULL;
        TableStyle style = { .color = true };
        char *text = NULL;
        size_t n;
        FILE *to = open_memstream(&text, &n);

        assert_int_equal(table_new(&t, columns), 0);
        add_row(t, "approved", 1, "");
        assert_int_equal(table_print(t, &style, to), 0);
        assert_int_equal(fclose(to), 0);
        assert_non_null(strstr(text, "\x1b["));
        free(text);

        assert_int_equal(setenv("TERM", "xterm", 1), 0);
        to = fopen("/dev/null", "we");
        assert_false(table_may_color(to)); /* no terminal */
        fclose(to);
}

static void bytes_are_told_in_units(void **state _unused_) {
        static const TableColumn sizes[] = { { "SIZE", "size", CELL_BYTES }, { 0 } };
        _cleanup_(table_freep) Table *t = NULL;
        _cleanup_free_ char *json = NULL, *people = NULL;

        assert_int_equal(table_new(&t, sizes), 0);
        table_number(t, 0);
        table_number(t, 1536);
        table_number(t, 25 * INT64_C(1073741824));
        table_number(t, 5000 * INT64_C(1099511627776));
        json = print(t, true, false);
        assert_string_equal(json, "[{\"size\":0},{\"size\":1536},{\"size\":26843545600},"
                                  "{\"size\":5497558138880000}]\n");
        people = print(t, false, false);
        assert_string_equal(people, "    SIZE\n 0.0 KiB\n 1.5 KiB\n  25 GiB\n5000 TiB\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(json_has_types),
                cmocka_unit_test(bytes_are_told_in_units),
                cmocka_unit_test(people_see_columns_and_dashes),
                cmocka_unit_test(control_characters_are_not_printed),
                cmocka_unit_test(many_rows_are_kept),
                cmocka_unit_test(colors_are_for_terminals_that_want_them),
                cmocka_unit_test(a_table_is_a_cell_of_another),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
