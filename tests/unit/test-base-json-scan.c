/* Which words are JSON. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json-scan.h"
#include "base/macro.h"

static int scan(const char *text, size_t *ret) {
        size_t n = strlen(text);
        _cleanup_free_ char *exact = malloc(n + 1);

        assert_non_null(exact);
        memcpy(exact, text, n); /* without the NUL, so that a read beyond the end is seen */
        return json_scan(exact, n, ret);
}

static void members_are_counted_wherever_they_are(void **state _unused_) {
        static const struct {
                const char *text;
                size_t n;
        } cases[] = {
                { "", 0 },
                { "{}", 0 },
                { "{\"a\":1}", 1 },
                { "{\"a\":1,\"a\":2}", 2 },
                { "[{\"a\":{\"b\":[]}},{\"c\":null}]", 3 },
                { "{\":\":\":,\\\":{\"}", 1 },
                { "{\"a\":\"\\\\\",\"b\":\"::\"}", 2 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                size_t n = 99;

                assert_int_equal(scan(cases[i].text, &n), 0);
                assert_int_equal(n, cases[i].n);
        }
}

static void words_of_the_rfc_pass(void **state _unused_) {
        static const char *const valid[] = {
                "0",
                "-0",
                "10",
                "-12.5",
                "0.0",
                "1e5",
                "1E+05",
                "1.5e-7",
                "true",
                "false",
                "null",
                " \t\r\n",
                "\"\"",
                "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\"",
                "\"\\u0001\"",
                "\"\x7f\"",
                "\"\xc3\xa4\"",
        };
        size_t n;

        for (size_t i = 0; i < ELEMENTSOF(valid); i++)
                assert_int_equal(scan(valid[i], &n), 0);
}

static void other_words_are_refused(void **state _unused_) {
        static const char *const wrong[] = {
                "01",
                "-",
                "-01",
                "+1",
                ".5",
                "1.",
                "1e",
                "1e+",
                "0x1",
                "NaN",
                "nan",
                "Infinity",
                "-Infinity",
                "True",
                "NULL",
                "tru",
                "t",
                "'a'",
                "a",
                "/* */",
                "// x",
                "\"",
                "\"abc",
                "\"\\",
                "\"\\\"",
                "\"\\x\"",
                "\"\\u",
                "\"\n\"",
                "\"\t\"",
                "\"\x01\"",
                "\x01",
                "\v",
                "\xef\xbb\xbf{}",
                "\"\xc0\xaf\"",
                "\"\xff\"",
                "\xc3\xa4",
                "]",
                "}",
                "[]]",
                "[1,]",
                "{\"a\":1, \t\r\n}",
                ";",
        };
        size_t n = 5;

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                assert_int_equal(scan(wrong[i], &n), -EBADMSG);
        assert_int_equal(n, 5);
}

static void a_nul_is_refused_in_every_form(void **state _unused_) {
        size_t n;

        assert_int_equal(json_scan("{}\0", 3, &n), -EBADMSG);
        assert_int_equal(json_scan("\"a\0b\"", 5, &n), -EBADMSG);
        assert_int_equal(scan("\"a\\u0000b\"", &n), -EBADMSG);
        assert_int_equal(scan("\"a\\\\u0000b\"", &n),
                         0); /* an escaped backslash, then plain text */
        assert_int_equal(scan("\"a\\u00001\"", &n), -EBADMSG);
}

static void escaped_characters_are_whole(void **state _unused_) {
        static const char *const right[] = { "\"\\ud83d\\ude00\"", "\"\\uD83D\\uDE00\"",
                                             "\"\\ud7ff\"",        "\"\\ue000\"",
                                             "\"\\uffff\"",        "\"\\u0001\"" };
        static const char *const wrong[] = {
                "\"\\ud800\"",        "\"\\udfff\"",        "\"\\ude00\\ud83d\"",
                "\"\\ud83d\\u0041\"", "\"\\ud83d\\ud83d\"", "\"\\ud83dxxxxxx\"",
                "\"\\ud83d\\n\"",     "\"\\u12\"",          "\"\\u12g4\"",
                "\"\\ud83d\\ude0\"",
        };
        size_t n;

        for (size_t i = 0; i < ELEMENTSOF(right); i++)
                assert_int_equal(scan(right[i], &n), 0);
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                assert_int_equal(scan(wrong[i], &n), -EBADMSG);
}

static void depth_ends_at_the_limit(void **state _unused_) {
        char text[2 * (JSON_DEPTH_MAX + 1)];
        size_t n;

        memset(text, '[', JSON_DEPTH_MAX);
        memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
        assert_int_equal(json_scan(text, 2 * JSON_DEPTH_MAX, &n), 0);
        memset(text, '{', JSON_DEPTH_MAX + 1);
        assert_int_equal(json_scan(text, JSON_DEPTH_MAX + 1, &n), -EBADMSG);
        assert_int_equal(scan("[][][][][][][][][][][][][][][][][][][]", &n), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(members_are_counted_wherever_they_are),
                cmocka_unit_test(words_of_the_rfc_pass),
                cmocka_unit_test(other_words_are_refused),
                cmocka_unit_test(a_nul_is_refused_in_every_form),
                cmocka_unit_test(escaped_characters_are_whole),
                cmocka_unit_test(depth_ends_at_the_limit),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
