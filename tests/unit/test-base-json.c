/* Reading JSON by table. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "json-toy.h"

static int read_loose(const char *text, Toy *toy) {
        const char *error = NULL;
        int r;

        r = json_read(text, strlen(text), loose_fields, toy, &error);
        assert_int_equal(r < 0, error != NULL);
        return r;
}

/* Reads one text that must fail, and says why; nothing may stay allocated. */
static const char *refusal(const char *text, int expected) {
        const char *error = NULL;
        Toy toy = {};

        assert_int_equal(json_read(text, strlen(text), loose_fields, &toy, &error), expected);
        assert_null(toy.data.data);
        assert_null(toy.motto);
        assert_null(toy.extra);
        assert_null(toy.wheels.items);
        assert_null(toy.tags.items);
        assert_null(toy.spare.marks.items);
        assert_non_null(error);
        return error;
}

static void every_type_is_read(void **state _unused_) {
        const char *error = "untouched";
        Toy toy = {};
        Wheel *wheels;

        assert_int_equal(json_read(toy_text, strlen(toy_text), toy_fields, &toy, &error), 0);
        assert_string_equal(error, "untouched");
        assert_string_equal(toy.name, "car");
        assert_string_equal(toy.motto, "drive!");
        assert_string_equal(toy.extra, "{\"a\":[1,\"b\"]}");
        assert_true(toy.serial == INT64_MAX);
        assert_int_equal(toy.age, -7);
        assert_true(toy.broken);
        assert_memory_equal(toy.key, "\x01\x02\x03\x04", 4);
        assert_int_equal(toy.data.n, 2);
        assert_memory_equal(toy.data.data, "\xfb\xff", 2);
        assert_int_equal(toy.spare.size, 9);
        assert_int_equal(toy.wheels.n, 2);
        wheels = toy.wheels.items;
        assert_int_equal(wheels[0].marks.n, 2);
        assert_string_equal(wheels[0].marks.items[1], "bcd");
        assert_int_equal(wheels[1].size, 2);
        assert_null(wheels[1].marks.items);
        assert_int_equal(toy.tags.n, 2);
        assert_string_equal(toy.tags.items[1], "\xc3\xa4");
        json_done(toy_fields, &toy);
        assert_null(toy.wheels.items);
        assert_int_equal(toy.tags.n, 0);
        json_done(toy_fields, &toy);
}

static void absent_members_keep_their_defaults(void **state _unused_) {
        Toy toy = { .name = "robot", .age = 3 };

        assert_int_equal(read_loose(" {\"broken\" : true}\r\n", &toy), 0);
        assert_string_equal(toy.name, "robot");
        assert_int_equal(toy.age, 3);
        assert_true(toy.broken);
}

/* Where the table says so; elsewhere it is of no type that is asked for. */
static void null_may_be_as_absent(void **state _unused_) {
        Toy toy = { .age = 3 };

        assert_int_equal(read_loose("{\"motto\":null}", &toy), 0);
        assert_null(toy.motto);
        assert_int_equal(toy.age, 3);
        assert_string_equal(refusal("{\"age\":null}", -EINVAL), "age");
        assert_string_equal(refusal("{\"extra\":null}", -EINVAL), "extra");
        assert_string_equal(refusal("{\"tags\":null}", -EINVAL), "tags");
}

static void empty_lists_and_bytes_are_present(void **state _unused_) {
        Toy toy = {};

        assert_int_equal(read_loose("{\"data\":\"\",\"wheels\":[],\"tags\":[]}", &toy), 0);
        assert_non_null(toy.data.data);
        assert_non_null(toy.wheels.items);
        assert_non_null(toy.tags.items);
        assert_int_equal(toy.data.n + toy.wheels.n + toy.tags.n, 0);
        json_done(loose_fields, &toy);
}

static void what_is_no_strict_object_is_refused(void **state _unused_) {
        static const char *const wrong[] = {
                "",
                " ",
                "1",
                "null",
                "[]",
                "\"a\"",
                "{",
                "{}}",
                "{} {}",
                "{}x",
                "{,}",
                "{\"age\"}",
                "{\"age\":}",
                "{\"age\" 1}",
                "{\"age\":1,}",
                "{age:1}",
                "{'age':1}",
                "{\"age\":1 \"broken\":true}",
                "{\"age\":[1}",
                "{\"tags\":[\"a\",]}",
                "{\"tags\":[\"a\" \"b\"]}",
                "{\"age\"::1}",
                "{\"age\":NaN}",
                "{\"name\":\"\\u12\"}",
                "{\"name\":\"\xed\xa0\x80\"}",
                "{\"name\":\"a\\u0000\"}",
                "{\"age\\u0000\":1}",
                "{:1}",
                "{\"age\":1:2}",
        };

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                assert_string_equal(refusal(wrong[i], -EBADMSG), "not a strict JSON object");
}

static void a_second_member_of_one_name_is_refused(void **state _unused_) {
        assert_string_equal(refusal("{\"age\":1,\"age\":1}", -EBADMSG), "duplicate member");
        assert_string_equal(refusal("{\"age\":1,\"\\u0061ge\":2}", -EBADMSG), "duplicate member");
        assert_string_equal(refusal("{\"wheels\":[{\"size\":1,\"size\":1}]}", -EBADMSG),
                            "duplicate member");
        assert_string_equal(refusal("{\"age\":1,\"x\":{\"y\":1,\"y\":1}}", -EBADMSG),
                            "duplicate member");
}

static void unknown_and_missing_members_are_refused(void **state _unused_) {
        const char *error;
        Toy toy = {};

        assert_string_equal(refusal("{\"colour\":1}", -EINVAL), "unknown member");
        assert_string_equal(refusal("{\"Age\":1}", -EINVAL), "unknown member");
        assert_string_equal(refusal("{\"\":1}", -EINVAL), "unknown member");
        assert_string_equal(refusal("{\"spare\":{\"size\":1,\"x\":1}}", -EINVAL), "unknown member");
        assert_string_equal(refusal("{\"spare\":{}}", -EINVAL), "size");
        assert_int_equal(json_read("{\"name\":\"car\",\"motto\":\"\",\"extra\":{}}", 36, toy_fields,
                                   &toy, &error),
                         -EINVAL);
        assert_string_equal(error, "serial");
        assert_int_equal(json_read("{}", 2, toy_fields, &toy, NULL), -EINVAL);
}

/* "NAME VALUE" */
static void refuse_all(const char *const *pairs, size_t n, int expected) {
        for (size_t i = 0; i < n; i++) {
                const char *space = strchr(pairs[i], ' ');
                char name[16], text[128];

                snprintf(name, sizeof(name), "%.*s", (int)(space - pairs[i]), pairs[i]);
                snprintf(text, sizeof(text), "{\"%s\":%s}", name, space + 1);
                assert_string_equal(refusal(text, expected), name);
        }
}

static void text_and_numbers_out_of_range_are_refused(void **state _unused_) {
        static const char *const wrong[] = {
                "name 1",
                "name null",
                "name [\"a\"]",
                "name true",
                "name {}",
                "serial 1",
                "serial \"\"",
                "serial \"-1\"",
                "serial \"+1\"",
                "serial \"01\"",
                "serial \"00\"",
                "serial \"1 \"",
                "serial \"0x1\"",
                "serial \"9223372036854775808\"",
                "serial \"18446744073709551616\"",
                "serial \"99999999999999999999\"",
                "serial null",
                "age \"1\"",
                "age 1.0",
                "age 1e3",
                "age 0.5",
                "age true",
                "age null",
                "age 9007199254740992",
                "age -9007199254740992",
                "age 9223372036854775807",
                "age 18446744073709551616",
                "age 99999999999999999999999",
                "age -99999999999999999999",
        };

        refuse_all(wrong, ELEMENTSOF(wrong), -EINVAL);
}

static void other_types_than_the_tables_are_refused(void **state _unused_) {
        static const char *const wrong[] = {
                "broken 1",       "broken \"true\"",   "broken null",
                "key \"\"",       "key \"AQID\"",      "key \"AQIDBAU\"",
                "key \"AQIDBB\"", "key \"AQIDBA==\"",  "key \"AQID+A\"",
                "key 1",          "key null",          "data \"A\"",
                "data \"-_9\"",   "data \"AA=\"",      "data []",
                "data null",      "spare []",          "spare null",
                "spare \"a\"",    "wheels {}",         "wheels null",
                "wheels 1",       "tags {}",           "tags null",
                "tags [1]",       "tags [\"a\",null]", "tags [[\"a\"]]",
        };

        refuse_all(wrong, ELEMENTSOF(wrong), -EINVAL);
}

static void elements_are_judged_like_objects(void **state _unused_) {
        assert_string_equal(refusal("{\"wheels\":[{\"size\":1},{\"size\":0}]}", -EINVAL), "size");
        assert_string_equal(refusal("{\"wheels\":[{\"size\":10}]}", -EINVAL), "size");
        assert_string_equal(refusal("{\"wheels\":[{\"size\":1,\"marks\":[\"a\"]},1]}", -EINVAL),
                            "wheels");
        assert_string_equal(refusal("{\"wheels\":[{\"size\":1,\"marks\":[\"a\",2]}]}", -EINVAL),
                            "marks");
}

static void what_is_too_long_is_refused(void **state _unused_) {
        static const char *const wrong[] = {
                "name \"12345678\"",
                "data \"AAAAAAAA\"",
                "wheels [{\"size\":1},{\"size\":1},{\"size\":1},{\"size\":1}]",
                "tags [\"\",\"\",\"\",\"\"]",
                "tags [\"12345\"]",
        };

        refuse_all(wrong, ELEMENTSOF(wrong), -ENOBUFS);
}

static void the_borders_are_inside(void **state _unused_) {
        static const char text[] = "{\"name\":\"1234567\",\"serial\":\"0\",\"age\":"
                                   "9007199254740991,\"data\":\"AAAAAAA\","
                                   "\"wheels\":[{\"size\":1},{\"size\":9},{\"size\":5}],\"tags\":["
                                   "\"1234\",\"\",\"\"]}";
        Toy toy = { .serial = 5 };

        assert_int_equal(read_loose(text, &toy), 0);
        assert_string_equal(toy.name, "1234567");
        assert_true(toy.serial == 0);
        assert_true(toy.age == 9007199254740991);
        assert_int_equal(toy.data.n, 5);
        assert_int_equal(toy.wheels.n, 3);
        json_done(loose_fields, &toy);
        assert_int_equal(read_loose("{\"age\":-9007199254740991}", &toy), 0);
        assert_true(toy.age == -9007199254740991);
        assert_int_equal(read_loose("{\"age\":-0}", &toy), 0);
        assert_int_equal(toy.age, 0);
}

static void only_n_bytes_are_read(void **state _unused_) {
        Toy toy = {};

        assert_int_equal(json_read("{\"age\":1}garbage", 9, loose_fields, &toy, NULL), 0);
        assert_int_equal(toy.age, 1);
        assert_int_equal(json_read("{\"age\":1}", 8, loose_fields, &toy, NULL), -EBADMSG);
}

static void a_peek_finds_a_string_in_any_object(void **state _unused_) {
        static const char text[] = "{\"x\":{\"type\":\"inner\"},\"type\":\"join\",\"n\":1}";
        char type[5] = "";

        assert_int_equal(json_peek_string(text, strlen(text), "type", type, sizeof(type)), 1);
        assert_string_equal(type, "join");
        assert_int_equal(json_peek_string(text, strlen(text), "kind", type, sizeof(type)), 0);
        assert_int_equal(json_peek_string(text, strlen(text), "n", type, sizeof(type)), -EINVAL);
        assert_int_equal(json_peek_string(text, strlen(text), "type", type, 4), -ENOBUFS);
        assert_int_equal(json_peek_string(text, strlen(text) - 1, "type", type, 5), -EBADMSG);
        assert_int_equal(json_peek_string("[]", 2, "type", type, 5), -EBADMSG);
        assert_int_equal(json_peek_string("{\"type\":\"a\",\"type\":\"b\"}", 23, "type", type, 5),
                         -EBADMSG);
        assert_string_equal(type, "join");
}

typedef struct Merge {
        int64_t age, weight, height;
        JsonSeen age_seen, weight_seen, height_seen;
} Merge;

static void a_null_is_told_from_what_is_absent(void **state _unused_) {
        static const JsonField fields[] = {
                { .name = "age",
                  .type = JSON_NUMBER,
                  .optional = true,
                  .offset = offsetof(Merge, age),
                  .nullable = true,
                  .seen = offsetof(Merge, age_seen) },
                { .name = "weight",
                  .type = JSON_NUMBER,
                  .optional = true,
                  .offset = offsetof(Merge, weight),
                  .nullable = true,
                  .seen = offsetof(Merge, weight_seen) },
                { .name = "height",
                  .type = JSON_NUMBER,
                  .optional = true,
                  .offset = offsetof(Merge, height),
                  .nullable = true,
                  .seen = offsetof(Merge, height_seen) },
                { 0 },
        };
        static const char text[] = "{\"age\":null,\"weight\":3}";
        Merge m = { .age = 7, .height = 8 };

        assert_int_equal(json_read(text, strlen(text), fields, &m, NULL), 0);
        assert_int_equal(m.age, 7);
        assert_int_equal(m.age_seen, JSON_SEEN_NULL);
        assert_int_equal(m.weight, 3);
        assert_int_equal(m.weight_seen, JSON_SEEN_VALUE);
        assert_int_equal(m.height, 8);
        assert_int_equal(m.height_seen, JSON_SEEN_NOTHING);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_type_is_read),
                cmocka_unit_test(absent_members_keep_their_defaults),
                cmocka_unit_test(null_may_be_as_absent),
                cmocka_unit_test(empty_lists_and_bytes_are_present),
                cmocka_unit_test(what_is_no_strict_object_is_refused),
                cmocka_unit_test(a_second_member_of_one_name_is_refused),
                cmocka_unit_test(unknown_and_missing_members_are_refused),
                cmocka_unit_test(text_and_numbers_out_of_range_are_refused),
                cmocka_unit_test(other_types_than_the_tables_are_refused),
                cmocka_unit_test(elements_are_judged_like_objects),
                cmocka_unit_test(what_is_too_long_is_refused),
                cmocka_unit_test(the_borders_are_inside),
                cmocka_unit_test(only_n_bytes_are_read),
                cmocka_unit_test(a_peek_finds_a_string_in_any_object),
                cmocka_unit_test(a_null_is_told_from_what_is_absent),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
