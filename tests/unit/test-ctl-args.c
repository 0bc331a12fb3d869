/* The command line: words and options in any order, and what is refused with which words. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "ctl/args.h"

#define PARSE(ret, error, ...)                                                                     \
        ({                                                                                         \
                char *_argv[] = { (char *)"dpinctl", __VA_ARGS__, NULL };                          \
                args_parse((int)ELEMENTSOF(_argv) - 1, _argv, ret, error);                         \
        })
#define W(text) ((char *)(text))

static void options_and_words_come_in_any_order(void **state _unused_) {
        char *error = NULL;
        Args a;

        assert_int_equal(PARSE(&a, &error, W("--json"), W("token"), W("--scope"), W("read,write"),
                               W("create"), W("--expires=30d"), W("ci")),
                         0);
        assert_int_equal(a.n_words, 3);
        assert_string_equal(a.words[0], "token");
        assert_string_equal(a.words[2], "ci");
        assert_string_equal(a.options[OPTION_SCOPE], "read,write");
        assert_string_equal(a.options[OPTION_EXPIRES], "30d");
        assert_non_null(a.options[OPTION_JSON]);
        assert_null(a.options[OPTION_BUS]);
}

static void after_two_dashes_all_is_words(void **state _unused_) {
        char *error = NULL;
        Args a;

        assert_int_equal(PARSE(&a, &error, W("decode"), W("--"), W("--json"), W("-")), 0);
        assert_int_equal(a.n_words, 3);
        assert_null(a.options[OPTION_JSON]);
        assert_int_equal(PARSE(&a, &error, W("decode"), W("-")), 0);
        assert_string_equal(a.words[1], "-");
}

static void a_key_may_begin_with_a_dash(void **state _unused_) {
        static const char *const keys[] = { "-cz1Jj-XeM4sIlyEPJAAEo9kWyH5P6TVQV967hzxUZQ",
                                            "--json-XeM4sIlyEPJAAEo9kWy_5P6TVQV967hzxUZQ" };
        char *error = NULL;
        Args a;

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                assert_int_equal(PARSE(&a, &error, W("validator"), W("show"), W(keys[i])), 0);
                assert_string_equal(a.words[2], keys[i]);
        }
}

/* The words are the first of three. */
static void refuse(const char *one, const char *two, const char *three, const char *text) {
        char *argv[] = { W("dpinctl"), W(one), W(two), W(three), NULL };
        int argc = three ? 4 : two ? 3 : 2;
        _cleanup_free_ char *error = NULL;
        Args a;

        assert_int_equal(args_parse(argc, argv, &a, &error), -EINVAL);
        assert_string_equal(error, text);
}

static void what_does_not_fit_is_named(void **state _unused_) {
        refuse("--nmae=x", NULL, NULL, "there is no option --nmae");
        refuse("--nam=x", NULL, NULL, "there is no option --nam");
        refuse("-x", NULL, NULL, "there is no option -x");
        refuse("-json", NULL, NULL, "there is no option -json");
        refuse("---json", NULL, NULL, "there is no option ---json");
        refuse("a", "--name", NULL, "--name needs a value: --name=TEXT");
        refuse("--json=1", NULL, NULL, "--json takes no value");
        refuse("--bus=a", "--bus", "b", "--bus is given twice");
}

static void words_have_an_end(void **state _unused_) {
        char *error = NULL;
        Args a;

        assert_int_equal(PARSE(&a, &error, W("1"), W("2"), W("3"), W("4"), W("5"), W("6"), W("7"),
                               W("8"), W("9"), W("10"), W("11"), W("12"), W("13"), W("14"), W("15"),
                               W("16"), W("17")),
                         -EINVAL);
        assert_string_equal(error, "too many words: 17");
        free(error);
}

static void a_short_h_asks_for_help(void **state _unused_) {
        char *error = NULL;
        Args a;

        assert_int_equal(PARSE(&a, &error, W("website"), W("-h")), 0);
        assert_non_null(a.options[OPTION_HELP]);
}

static void durations_have_units(void **state _unused_) {
        static const struct {
                const char *text;
                int r;
                uint64_t ms;
        } cases[] = {
                { "0", 0, 0 },
                { "5", 0, 5000 },
                { "500ms", 0, 500 },
                { "30s", 0, 30000 },
                { "5m", 0, 300000 },
                { "12h", 0, 43200000 },
                { "7d", 0, 604800000 },
                { "36500d", 0, UINT64_C(3153600000000) },
                { "36501d", -ERANGE, 0 },
                { "9999999999999999999", -ERANGE, 0 },
                { "", -EINVAL, 0 },
                { "s", -EINVAL, 0 },
                { "5 s", -EINVAL, 0 },
                { "-5s", -EINVAL, 0 },
                { "5w", -EINVAL, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                uint64_t ms = 77;

                assert_int_equal(args_duration_ms(cases[i].text, &ms), cases[i].r);
                assert_int_equal(ms, cases[i].r == 0 ? cases[i].ms : 77);
        }
}

static void numbers_are_digits_up_to_a_limit(void **state _unused_) {
        uint32_t n = 77;

        assert_int_equal(args_number("16", 16, &n), 0);
        assert_int_equal(n, 16);
        assert_int_equal(args_number("17", 16, &n), -ERANGE);
        assert_int_equal(args_number("4294967296", UINT32_MAX, &n), -ERANGE);
        assert_int_equal(args_number("1x", 16, &n), -EINVAL);
        assert_int_equal(args_number("", 16, &n), -EINVAL);
        assert_int_equal(n, 16);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(options_and_words_come_in_any_order),
                cmocka_unit_test(after_two_dashes_all_is_words),
                cmocka_unit_test(what_does_not_fit_is_named),
                cmocka_unit_test(words_have_an_end),
                cmocka_unit_test(a_short_h_asks_for_help),
                cmocka_unit_test(a_key_may_begin_with_a_dash),
                cmocka_unit_test(durations_have_units),
                cmocka_unit_test(numbers_are_digits_up_to_a_limit),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
