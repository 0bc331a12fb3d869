/* Writing JSON, by table and step by step. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "json-toy.h"

static JsonWriter *new_writer(void) {
        JsonWriter *w = NULL;

        assert_int_equal(json_writer_new(&w), 0);
        return w;
}

static void expect_text(JsonWriter *w, const char *expected) {
        _cleanup_free_ char *text = NULL;

        assert_int_equal(json_writer_take(w, &text), 0);
        assert_string_equal(text, expected);
}

static void expect_error(JsonWriter *w, int expected) {
        char *text = NULL;

        assert_int_equal(json_writer_take(w, &text), expected);
        assert_null(text);
        json_writer_free(w);
}

static void what_was_read_is_written_the_same(void **state _unused_) {
        _cleanup_free_ char *text = NULL;
        Toy toy = {};

        assert_int_equal(json_read(toy_text, strlen(toy_text), toy_fields, &toy, NULL), 0);
        assert_int_equal(json_write(toy_fields, &toy, &text), 0);
        assert_string_equal(text, toy_text);
        json_done(toy_fields, &toy);
}

static void an_empty_struct_has_required_members_only(void **state _unused_) {
        _cleanup_free_ char *all = NULL, *none = NULL;
        Toy toy = {};

        assert_int_equal(json_write(toy_fields, &toy, &all), 0);
        assert_string_equal(all, "{\"name\":\"\",\"motto\":\"\",\"extra\":{},\"serial\":\"0\","
                                 "\"age\":0,\"broken\":false,"
                                 "\"key\":\"AAAAAA\",\"data\":\"\",\"spare\":{\"size\":0},"
                                 "\"wheels\":[],\"tags\":[]}");
        assert_int_equal(json_write(loose_fields, &toy, &none), 0);
        assert_string_equal(none, "{}");
}

static void any_set_member_is_written(void **state _unused_) {
        static const char *const texts[] = {
                "{\"name\":\"a\"}",         "{\"serial\":\"1\"}",   "{\"age\":-1}",
                "{\"broken\":true}",        "{\"key\":\"AAAAAQ\"}", "{\"data\":\"\"}",
                "{\"spare\":{\"size\":1}}", "{\"wheels\":[]}",      "{\"tags\":[]}",
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                _cleanup_free_ char *text = NULL;
                Toy toy = {};

                assert_int_equal(json_read(texts[i], strlen(texts[i]), loose_fields, &toy, NULL),
                                 0);
                assert_int_equal(json_write(loose_fields, &toy, &text), 0);
                assert_string_equal(text, texts[i]);
                json_done(loose_fields, &toy);
        }
}

static void what_could_not_be_read_back_is_not_written(void **state _unused_) {
        char *text = NULL;
        Toy toy = { .serial = UINT64_C(1) << 63 };

        assert_int_equal(json_write(toy_fields, &toy, &text), -ERANGE);
        toy = (Toy){ .age = INT64_C(1) << 53 };
        assert_int_equal(json_write(toy_fields, &toy, &text), -ERANGE);
        toy = (Toy){ .name = "a\xff" };
        assert_int_equal(json_write(toy_fields, &toy, &text), -EINVAL);
        toy = (Toy){};
        memset(toy.name, 'a', sizeof(toy.name));
        assert_int_equal(json_write(toy_fields, &toy, &text), -EINVAL);
        assert_null(text);
}

static void steps_make_one_text(void **state _unused_) {
        _cleanup_(json_writer_freep) JsonWriter *w = new_writer();

        json_writer_open_object(w, NULL);
        json_writer_string(w, "s", "x");
        json_writer_string(w, "z", NULL);
        json_writer_open_array(w, "a");
        json_writer_number(w, NULL, -1);
        json_writer_bool(w, NULL, true);
        json_writer_open_object(w, NULL);
        json_writer_close(w);
        json_writer_open_array(w, NULL);
        json_writer_close(w);
        json_writer_raw(w, NULL, "{\"raw\":[1]}");
        json_writer_close(w);
        json_writer_base64(w, "b", "\xfb\xff", 2);
        json_writer_bool(w, "f", false);
        json_writer_close(w);
        expect_text(w, "{\"s\":\"x\",\"z\":null,\"a\":[-1,true,{},[],{\"raw\":[1]}],\"b\":\"-_8\","
                       "\"f\":false}");
        json_writer_string(w, NULL, "used again");
        expect_text(w, "\"used again\"");
}

static void text_is_escaped(void **state _unused_) {
        _cleanup_(json_writer_freep) JsonWriter *w = new_writer();

        json_writer_open_object(w, NULL);
        json_writer_string(w, "a\"b", "\"\\\n\x01\x1f\x7f/\xc3\xa4");
        json_writer_close(w);
        expect_text(w, "{\"a\\u0022b\":\"\\u0022\\u005c\\u000a\\u0001\\u001f\x7f/\xc3\xa4\"}");
}

static void reals_are_short_and_exact(void **state _unused_) {
        static const struct {
                double value;
                const char *text;
        } cases[] = {
                { 0, "0" },
                { 0.1, "0.1" },
                { -2.5, "-2.5" },
                { 1e300, "1e+300" },
                { 0.1 + 0.2, "0.30000000000000004" },
                { 12345678.9, "12345678.9" },
                { 0.0 / 0.0, "null" },
                { 1e308 * 10, "null" },
                { -1e308 * 10, "null" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(json_writer_freep) JsonWriter *w = new_writer();

                json_writer_real(w, NULL, cases[i].value);
                expect_text(w, cases[i].text);
        }
}

static void long_texts_grow(void **state _unused_) {
        _cleanup_(json_writer_freep) JsonWriter *w = new_writer();
        _cleanup_free_ char *text = NULL;

        json_writer_open_array(w, NULL);
        for (int i = 0; i < 10000; i++)
                json_writer_number(w, NULL, i % 10);
        json_writer_close(w);
        assert_int_equal(json_writer_take(w, &text), 0);
        assert_int_equal(strlen(text), 20001);
        assert_string_equal(text + 19996, ",8,9]");
}

static void misuse_is_an_error(void **state _unused_) {
        JsonWriter *w = new_writer();

        expect_error(w, -EINVAL); /* empty */
        json_writer_open_object(w = new_writer(), NULL);
        expect_error(w, -EINVAL); /* not closed */
        json_writer_close(w = new_writer());
        expect_error(w, -EINVAL);
        json_writer_bool(w = new_writer(), NULL, true);
        json_writer_bool(w, NULL, true);
        expect_error(w, -EINVAL); /* two roots */
        json_writer_bool(w = new_writer(), "name", true);
        expect_error(w, -EINVAL);
        json_writer_open_array(w = new_writer(), NULL);
        json_writer_bool(w, "name", true);
        json_writer_close(w);
        expect_error(w, -EINVAL);
        json_writer_open_object(w = new_writer(), NULL);
        json_writer_bool(w, NULL, true);
        json_writer_close(w);
        expect_error(w, -EINVAL);
}

static void the_first_error_stays(void **state _unused_) {
        JsonWriter *w = new_writer();

        json_writer_open_array(w, NULL);
        json_writer_number(w, NULL, INT64_MAX);
        json_writer_string(w, NULL, "\xff");
        json_writer_close(w);
        expect_error(w, -ERANGE);
}

static void depth_ends_where_readers_end(void **state _unused_) {
        JsonWriter *w = new_writer();

        for (int i = 0; i < 16; i++)
                json_writer_open_array(w, NULL);
        for (int i = 0; i < 16; i++)
                json_writer_close(w);
        expect_text(w, "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]");
        for (int i = 0; i < 17; i++)
                json_writer_open_array(w, NULL);
        for (int i = 0; i < 17; i++)
                json_writer_close(w);
        expect_error(w, -EINVAL);
        assert_null(json_writer_free(NULL));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_was_read_is_written_the_same),
                cmocka_unit_test(an_empty_struct_has_required_members_only),
                cmocka_unit_test(any_set_member_is_written),
                cmocka_unit_test(what_could_not_be_read_back_is_not_written),
                cmocka_unit_test(steps_make_one_text),
                cmocka_unit_test(text_is_escaped),
                cmocka_unit_test(reals_are_short_and_exact),
                cmocka_unit_test(long_texts_grow),
                cmocka_unit_test(misuse_is_an_error),
                cmocka_unit_test(the_first_error_stays),
                cmocka_unit_test(depth_ends_where_readers_end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
