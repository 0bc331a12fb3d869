/* One setting: text to member and back. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/conf-value.h"
#include "base/macro.h"

typedef struct Box {
        bool flag;
        char *text;
        uint64_t number;
} Box;

static const ConfField flag = { .name = "Flag", .type = CONF_BOOL, .offset = offsetof(Box, flag) };
static const ConfField text = { .name = "Text",
                                .type = CONF_STRING,
                                .offset = offsetof(Box, text) };
static const ConfField secret = { .name = "Secret",
                                  .type = CONF_SECRET,
                                  .offset = offsetof(Box, text) };
static const ConfField count = {
        .name = "Count", .type = CONF_UNSIGNED, .min = 2, .max = 64, .offset = offsetof(Box, number)
};
static const ConfField any = { .name = "Any",
                               .type = CONF_UNSIGNED,
                               .offset = offsetof(Box, number) };
static const ConfField wait = { .name = "Wait",
                                .type = CONF_USEC,
                                .min = 500 * USEC_PER_MSEC,
                                .max = 7 * USEC_PER_DAY,
                                .offset = offsetof(Box, number) };
static const ConfField ever = { .name = "Ever",
                                .type = CONF_USEC,
                                .offset = offsetof(Box, number) };

static uint64_t number_of(const ConfField *f, const char *value) {
        char *reason = NULL;
        Box box = { .number = 12345 };

        assert_int_equal(conf_value_set(f, value, &box, &reason), 0);
        assert_null(reason);
        return box.number;
}

static void expect_refusal(const ConfField *f, const char *value, const char *expected) {
        _cleanup_free_ char *reason = NULL;
        Box box = { .number = 12345, .flag = true };

        assert_int_equal(conf_value_set(f, value, &box, &reason), -EINVAL);
        assert_string_equal(reason, expected);
        assert_int_equal(box.number, 12345);
        assert_true(box.flag);
}

static void expect_print(const ConfField *f, const char *value, const char *expected) {
        _cleanup_free_ char *printed = NULL;
        char *reason = NULL;
        Box box = {};
        size_t size;
        FILE *file = open_memstream(&printed, &size);

        assert_int_equal(conf_value_set(f, value, &box, &reason), 0);
        conf_value_print(f, &box, file);
        fclose(file);
        assert_string_equal(printed, expected);
        free(f == &text || f == &secret ? box.text : NULL);
}

static void flags_have_many_words(void **state _unused_) {
        static const char *const words[] = { "yes", "no", "true", "false", "on",
                                             "off", "1",  "0",    "YES",   "No" };
        static const char *const wrong[] = { "", "y", "2", "yes ", "enabled" };

        for (size_t i = 0; i < ELEMENTSOF(words); i++) {
                char *reason = NULL;
                Box box = { .flag = i % 2 == 1 };

                assert_int_equal(conf_value_set(&flag, words[i], &box, &reason), 0);
                assert_int_equal(box.flag, i % 2 == 0);
        }
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                expect_refusal(&flag, wrong[i], "expects yes or no");
}

static void numbers_stay_in_their_range(void **state _unused_) {
        static const char *const wrong[] = { "",
                                             "1",
                                             "65",
                                             "-2",
                                             "+2",
                                             " 2",
                                             "2 ",
                                             "2x",
                                             "0x10",
                                             "2.0",
                                             "18446744073709551616",
                                             "18446744073709551618" };

        assert_int_equal(number_of(&count, "2"), 2);
        assert_int_equal(number_of(&count, "64"), 64);
        assert_int_equal(number_of(&count, "007"), 7);
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                expect_refusal(&count, wrong[i], "expects a whole number from 2 to 64");
        assert_true(number_of(&any, "18446744073709551615") == UINT64_MAX);
        expect_refusal(&any, "18446744073709551616", "expects a whole number from 0 on");
}

static void times_have_units(void **state _unused_) {
        assert_true(number_of(&wait, "500ms") == 500 * USEC_PER_MSEC);
        assert_true(number_of(&wait, "10") == 10 * USEC_PER_SEC);
        assert_true(number_of(&wait, "10s") == 10 * USEC_PER_SEC);
        assert_true(number_of(&wait, "5 min") == 5 * USEC_PER_MIN);
        assert_true(number_of(&wait, "2h") == 2 * USEC_PER_HOUR);
        assert_true(number_of(&wait, "7d") == 7 * USEC_PER_DAY);
        assert_true(number_of(&wait, "500000us") == 500 * USEC_PER_MSEC);
        assert_true(number_of(&ever, "0") == 0);
}

static void other_times_are_refused(void **state _unused_) {
        static const char *const wrong[] = {
                "",
                "s",
                "499ms",
                "8d",
                "-1s",
                "1m",
                "1.5s",
                "10 s ",
                "1h 30min",
                "forever",
                "1S",
                "213503983d", /* wraps around into the range */
                "99999999999999999999",
        };

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                expect_refusal(&wait, wrong[i],
                               "expects a time such as 500ms, 10s or 2h from 500ms to 7d");
        expect_refusal(&ever, "1x", "expects a time such as 500ms, 10s or 2h from 0s on");
}

static void strings_are_owned_and_empty_ones_unset(void **state _unused_) {
        char *reason = NULL;
        Box box = {};

        assert_int_equal(conf_value_set(&text, "first", &box, &reason), 0);
        assert_int_equal(conf_value_set(&text, "second = 2", &box, &reason), 0);
        assert_string_equal(box.text, "second = 2");
        assert_int_equal(conf_value_set(&text, "", &box, &reason), 0);
        assert_null(box.text);
}

static void printed_values_are_the_shortest_exact_form(void **state _unused_) {
        expect_print(&flag, "on", "yes");
        expect_print(&flag, "0", "no");
        expect_print(&text, "a b", "a b");
        expect_print(&text, "", "");
        expect_print(&any, "0042", "42");
        expect_print(&ever, "0", "0s");
        expect_print(&ever, "3600", "1h");
        expect_print(&ever, "86400s", "1d");
        expect_print(&ever, "90", "90s");
        expect_print(&ever, "1500ms", "1500ms");
        expect_print(&ever, "1us", "1us");
        expect_print(&ever, "48h", "2d");
}

static void secrets_are_never_printed(void **state _unused_) {
        expect_print(&secret, "hunter2", "***");
        expect_print(&secret, "", "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(flags_have_many_words),
                cmocka_unit_test(numbers_stay_in_their_range),
                cmocka_unit_test(times_have_units),
                cmocka_unit_test(other_times_are_refused),
                cmocka_unit_test(strings_are_owned_and_empty_ones_unset),
                cmocka_unit_test(printed_values_are_the_shortest_exact_form),
                cmocka_unit_test(secrets_are_never_printed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
