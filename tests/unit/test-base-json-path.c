/* What a path leads to, and that a text is read as one that reads all of it would. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json-path.h"
#include "base/macro.h"

static int find(const char *path, const char *text, JsonValue *ret) {
        static char *exact; /* the last one, which ret borrows from */
        size_t n = strlen(text);

        free(exact);
        exact = malloc(n + 1);
        assert_non_null(exact);
        memcpy(exact, text, n); /* without the NUL, so that a read beyond the end is seen */
        return json_path_find(path, exact, n, ret);
}

static void paths_lead_to_values(void **state _unused_) {
        static const char text[] =
                        " {\"a\": {\"b\": [{\"c d\": \"\\u00e4\\n\"}, -1.5e3, [true]], \"\": null},"
                        " \"x.y\": \"\\ud83d\\ude00\", \"q\\\"\\\\\": 1, \"gr\xc3\xbcn\": false, "
                        "\"o\": {} } ";
        static const struct {
                const char *path;
                JsonKind kind;
                const char *value;
        } rows[] = {
                { "$.a.b[0][\"c d\"]", JSON_IS_STRING, "\xc3\xa4\n" },
                { "$.a.b[0]['c d']", JSON_IS_STRING, "\xc3\xa4\n" },
                { "$['a'].b[1]", JSON_IS_NUMBER, "-1.5e3" },
                { "$.a.b[2][0]", JSON_IS_BOOL, "true" },
                { "$.a.b[2]", JSON_IS_LIST, "[true]" },
                { "$.a[\"\"]", JSON_IS_NULL, "null" },
                { "$[\"x.y\"]", JSON_IS_STRING, "\xf0\x9f\x98\x80" },
                { "$[\"q\\\"\\\\\"]", JSON_IS_NUMBER, "1" },
                { "$.gr\xc3\xbcn", JSON_IS_BOOL, "false" },
                { "$.o", JSON_IS_OBJECT, "{}" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *value = NULL;
                JsonValue v;

                assert_int_equal(json_path_check(rows[i].path, NULL), 0);
                assert_int_equal(find(rows[i].path, text, &v), 1);
                assert_int_equal(v.kind, rows[i].kind);
                assert_int_equal(json_value_text(&v, &value), 0);
                assert_string_equal(value, rows[i].value);
        }
}

static void what_is_not_there_is_not_found(void **state _unused_) {
        static const char text[] = "{\"a\":{\"b\":[1,2]},\"c\":\"d\"}";
        static const char *const paths[] = {
                "$.b",   "$.a.b[2]", "$.a[0]", "$.a.b.c", "$.a.b[0][0]",
                "$.c.d", "$[0]",     "$.a.bb", "$.A",     "$[\"a.b\"]",
        };
        JsonValue v = { .n = 99 };

        for (size_t i = 0; i < ELEMENTSOF(paths); i++)
                assert_int_equal(find(paths[i], text, &v), 0);
        assert_int_equal(find("$[0]", "{\"\":1}", &v), 0);
        assert_int_equal(find("$[\"\"]", "[1]", &v), 0);
        assert_int_equal(v.n, 99);
}

static void the_whole_may_be_any_value(void **state _unused_) {
        static const char *const texts[] = { "1", "\"a\"", "null", "[]", "{}", " [1 , 2 ] " };
        JsonValue v;

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                assert_int_equal(find("$", texts[i], &v), 1);
        assert_int_equal(v.n, strlen("[1 , 2 ]"));
}

static void the_last_of_one_name_counts(void **state _unused_) {
        JsonValue v;

        assert_int_equal(find("$.a", "{\"a\":1,\"\\u0061\":2}", &v), 1);
        assert_memory_equal(v.text, "2", 1);
        assert_int_equal(find("$.a.b", "{\"a\":{\"b\":1},\"a\":{\"c\":2}}", &v), 0);
        assert_int_equal(find("$.a.b", "{\"a\":{\"b\":1},\"x\":{\"b\":2}}", &v), 1);
        assert_memory_equal(v.text, "1", 1);
}

static void what_is_no_path_is_told_with_its_place(void **state _unused_) {
        static const struct {
                const char *path;
                size_t offset;
        } rows[] = {
                { "", 0 },        { "a", 0 },       { "$a", 1 },
                { "$.", 2 },      { "$.a.", 4 },    { "$..a", 2 },
                { "$[", 2 },      { "$[1", 3 },     { "$[01]", 4 },
                { "$[-1]", 2 },   { "$[a]", 2 },    { "$[*]", 2 },
                { "$[\"a]", 5 },  { "$[\"a\"", 5 }, { "$[\"\\n\"]", 4 },
                { "$.a b", 3 },   { "$[1:2]", 3 },  { "$[?(@.a)]", 2 },
                { "$.a]", 3 },    { "$[\"a']", 6 }, { "$[99999999999]", 11 },
                { "$.a\xff", 0 },
        };
        char longest[JSON_PATH_SIZE + 1] = "$.";
        JsonValue v;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                size_t offset = 99;

                assert_int_equal(json_path_check(rows[i].path, &offset), -EINVAL);
                assert_int_equal(offset, rows[i].offset);
                assert_int_equal(find(rows[i].path, "{}", &v), -EINVAL);
        }
        memset(longest + 2, 'a', JSON_PATH_SIZE - 3);
        assert_int_equal(json_path_check(longest, NULL), 0);
        longest[JSON_PATH_SIZE - 1] = 'a';
        assert_int_equal(json_path_check(longest, NULL), -EINVAL);
}

static void what_is_no_json_is_refused(void **state _unused_) {
        static const char *const texts[] = {
                "",
                " ",
                "{",
                "}",
                "[",
                "[1",
                "[1,]",
                "[,1]",
                "[1 2]",
                "{\"a\"}",
                "{\"a\":}",
                "{\"a\":1,}",
                "{\"a\" 1}",
                "{a:1}",
                "{'a':1}",
                "1 2",
                "{} {}",
                "[}",
                "{]",
                "{\"a\":1]",
                "tru",
                "nul",
                "01",
                "\"a",
                "\"\\x\"",
                "\"\\u0000\"",
                "\"\xff\"",
                "\xef\xbb\xbf{}",
                "{\"a\":1}x",
                "{1:1}",
                "[\"\\ud800\"]",
                "NaN",
                "{,}",
                "{\"a\":1,,\"b\":2}",
        };
        JsonValue v;

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                assert_int_equal(find("$", texts[i], &v), -EBADMSG);
        assert_int_equal(json_path_find("$", "1\0", 2, &v), -EBADMSG);
}

static void depth_is_bounded(void **state _unused_) {
        char text[2 * JSON_PATH_DEPTH_MAX + 3];
        JsonValue v;

        memset(text, '[', JSON_PATH_DEPTH_MAX);
        memset(text + JSON_PATH_DEPTH_MAX, ']', JSON_PATH_DEPTH_MAX);
        text[2 * JSON_PATH_DEPTH_MAX] = '\0';
        assert_int_equal(find("$[0]", text, &v), 1);
        memset(text, '[', JSON_PATH_DEPTH_MAX + 1);
        memset(text + JSON_PATH_DEPTH_MAX + 1, ']', JSON_PATH_DEPTH_MAX + 1);
        text[2 * JSON_PATH_DEPTH_MAX + 2] = '\0';
        assert_int_equal(find("$[0]", text, &v), -EBADMSG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(paths_lead_to_values),
                cmocka_unit_test(what_is_not_there_is_not_found),
                cmocka_unit_test(the_whole_may_be_any_value),
                cmocka_unit_test(the_last_of_one_name_counts),
                cmocka_unit_test(what_is_no_path_is_told_with_its_place),
                cmocka_unit_test(what_is_no_json_is_refused),
                cmocka_unit_test(depth_is_bounded),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
