/* Fields are put in once, and strangers' values stay in their place. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "store/alert-text.h"

static char *fill(const char *template, const char *a, const char *b) {
        const AlertField fields[] = { { "a", (char *)a }, { "b", (char *)b }, { 0 } };
        char *text = NULL;

        assert_int_equal(alert_text_fill(template, fields, &text, NULL), 0);
        return text;
}

static void expect(const char *template, const char *a, const char *b, const char *expected) {
        _cleanup_free_ char *text = fill(template, a, b);

        assert_string_equal(text, expected);
}

static void fields_become_values(void **state _unused_) {
        expect("", "1", "2", "");
        expect("{{a}}", "1", "2", "1");
        expect("<{{a}}{{b}}> {a} }} {", "1", "2", "<12> {a} }} {");
        expect("x\n\n{{b}}\n", "1", "2", "x\n\n2\n");
}

static void lines_of_nothing_are_left_out(void **state _unused_) {
        expect("A: {{a}}\nB: {{b}}\n", "", "2", "B: 2\n");
        expect("A: {{a}}\nB: {{b}}", "1", NULL, "A: 1\n");
        expect("{{a}}{{b}}\n", "", "2", "2\n");
        expect("long is what goes: {{a}}\nB", "", "", "B");
}

static void a_value_is_no_template(void **state _unused_) {
        expect("{{a}} {{b}}", "{{b}}", "{{a}}", "{{b}} {{a}}");
        expect("{{a}}}}", "{{", "2", "{{}}");
}

static void what_is_not_understood_is_refused(void **state _unused_) {
        static const char *const bad[] = { "{{c}}",         "{{}}",    "{{a",  "{{ a }}",
                                           "{{a}}\n{{\n}}", "{{{a}}}", "{{A}}" };
        const AlertField fields[] = { { "a", NULL }, { 0 } };
        const char *where;
        char *text;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                assert_int_equal(alert_text_fill(bad[i], fields, &text, &where), -EINVAL);
                assert_memory_equal(where, "{{", 2);
        }
        assert_ptr_equal(where, bad[ELEMENTSOF(bad) - 1]);
}

static void expect_clean(const char *value, const char *expected) {
        _cleanup_free_ char *clean = alert_text_clean(value);

        assert_string_equal(clean, expected);
}

static void values_cannot_deceive(void **state _unused_) {
        expect_clean("a\r\nBcc: x@y", "a Bcc: x@y");
        expect_clean("\n a \t\n", "a");
        expect_clean("a\x1b[2Jb\x7f", "a [2Jb");
        expect_clean("a\xc2\x85"
                     "b",
                     "a b");                               /* NEL */
        expect_clean("a\xe2\x80\xaetxt.exe", "a txt.exe"); /* right to left */
        expect_clean("a\xe2\x81\xa6"
                     "b\xe2\x81\xa9",
                     "a b"); /* isolates */
        expect_clean("a\xe2\x80\xa8"
                     "b\xef\xbb\xbf",
                     "a b");                          /* line separator, BOM */
        expect_clean("<b>&amp;</b>", "<b>&amp;</b>"); /* plain text has no HTML */
        expect_clean("Gr\xc3\xbc\xc3\x9f"
                     "e \xf0\x9f\x8e\x89",
                     "Gr\xc3\xbc\xc3\x9f"
                     "e \xf0\x9f\x8e\x89");
        expect_clean("\xff\xc3", "\xff\xc3"); /* no database lets this through */
}

static void long_ones_are_cut_between_characters(void **state _unused_) {
        char value[2 * ALERT_VALUE_MAX + 1] = "x";
        _cleanup_free_ char *clean = NULL;

        for (size_t i = 1; i + 1 < sizeof(value); i += 2)
                memcpy(value + i, "\xc3\xa9", 2);
        value[sizeof(value) - 2] = '\0';
        clean = alert_text_clean(value);
        assert_int_equal(strlen(clean), ALERT_VALUE_MAX - 1 + 3);
        assert_string_equal(clean + ALERT_VALUE_MAX - 1, "...");
}

static void ours_are_understood(void **state _unused_) {
        _cleanup_free_ char *subject = NULL, *body = NULL;

        assert_int_equal(alert_text_fill(alert_text_subject, alert_text_fields, &subject, NULL), 0);
        assert_int_equal(alert_text_fill(alert_text_body, alert_text_fields, &body, NULL), 0);
}

static void a_list_keeps_its_lines_and_they_are_clean(void **state _unused_) {
        const AlertField fields[] = { { "list", (char *)"a\x1b[1m\n\nb\r\n" }, { 0 } };
        _cleanup_free_ char *text = NULL;

        assert_int_equal(alert_text_fill("x\n{{list}}\ny\n", fields, &text, NULL), 0);
        assert_string_equal(text, "x\na [1m\nb\ny\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(fields_become_values),
                cmocka_unit_test(lines_of_nothing_are_left_out),
                cmocka_unit_test(a_value_is_no_template),
                cmocka_unit_test(what_is_not_understood_is_refused),
                cmocka_unit_test(values_cannot_deceive),
                cmocka_unit_test(long_ones_are_cut_between_characters),
                cmocka_unit_test(ours_are_understood),
                cmocka_unit_test(a_list_keeps_its_lines_and_they_are_clean),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
