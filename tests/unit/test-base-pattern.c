/* Expressions are refused with the place and the reason, and no expression takes long. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/pattern.h"

#define MIB (1024u * 1024)

static int match(const char *expression, const void *bytes, size_t n) {
        _cleanup_(pattern_freep) Pattern *p = NULL;
        PatternEffort effort = { 0 };
        PatternFault fault;

        assert_int_equal(pattern_new(&p, expression, &fault), 0);
        return pattern_match(p, bytes, n, &effort);
}

static void an_expression_is_found_anywhere(void **state _unused_) {
        static const struct {
                const char *expression, *text;
                int found;
        } rows[] = {
                { "needle", "hay needle hay", 1 },
                { "needle", "hay", 0 },
                { "^hay", "needle hay", 0 },
                { "(?i)NEEDLE", "hay needle", 1 },
                { "\\bv[0-9]+\\.[0-9]+\\b", "version v1.20 is up", 1 },
                { "(?m)^ok$", "first\nok\nlast", 1 },
                { "^gr.n$", "gr\xc3\xbcn", 1 }, /* one character of two bytes */
                { "x*", "", 1 },
                { "x", "", 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                assert_int_equal(match(rows[i].expression, rows[i].text, strlen(rows[i].text)),
                                 rows[i].found);
}

static void bytes_that_are_no_text_are_searched_around(void **state _unused_) {
        assert_int_equal(match("needle", "\xff\xfe needle \xc3", 11), 1);
        assert_int_equal(match("a.b",
                               "a\xff"
                               "b",
                               3),
                         0);
        assert_int_equal(match("a.b", "a\0b", 3), 1);
        assert_int_equal(match("x", NULL, 0), 0);
}

static void what_is_no_expression_is_told_with_its_place(void **state _unused_) {
        static const struct {
                const char *expression;
                size_t offset;
                const char *reason; /* NULL: in the library's words, which change */
        } rows[] = {
                { "a(b", 3, NULL },
                { "ok[a-", 5, NULL },
                { "x{2,1}", 5, NULL },
                { "x*\\C", 4, NULL },
                { "(*LIMIT_MATCH=1", 15, NULL },
                { "", 0, "an empty expression" },
                { "(a)\\1", 0, "a reference back to a group is not taken" },
                { "(?<n>a)\\k<n>", 0, "a reference back to a group is not taken" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Pattern *p = NULL;
                PatternFault fault = { .offset = 99 };

                assert_int_equal(pattern_new(&p, rows[i].expression, &fault), -EINVAL);
                assert_null(p);
                assert_int_equal(fault.offset, rows[i].offset);
                assert_in_range(strlen(fault.reason), 10, sizeof(fault.reason) - 1);
                if (rows[i].reason)
                        assert_string_equal(fault.reason, rows[i].reason);
                assert_int_equal(pattern_new(&p, rows[i].expression, NULL), -EINVAL);
        }
}

static void a_long_or_deep_expression_is_refused(void **state _unused_) {
        char text[PATTERN_SIZE_MAX + 2];
        Pattern *p = NULL;
        PatternFault fault;

        memset(text, 'a', sizeof(text));
        text[PATTERN_SIZE_MAX + 1] = '\0';
        assert_int_equal(pattern_new(&p, text, &fault), -EINVAL);
        assert_string_equal(fault.reason, "the expression is longer than 512 bytes");
        text[PATTERN_SIZE_MAX] = '\0';
        assert_int_equal(pattern_new(&p, text, &fault), 0);
        p = pattern_free(p);

        memset(text, '(', 100);
        memset(text + 100, ')', 100);
        text[200] = '\0';
        assert_int_equal(pattern_new(&p, text, &fault), -EINVAL);
}

static long cpu_ms(void) {
        struct timespec t;

        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* 40 by the pattern's own clock. Without limits it is for ever. */
#define MS_MAX 50

/* Each for its own kind of effort: remembered places, what is read again for each place to start
 * at, depth, heap, and what fails after it read much. */
static void no_expression_takes_long(void **state _unused_) {
        static const char *const expressions[] = {
                "(a+)+$",
                "a*[bd]",
                "a*a*[bd]",
                "(a|aa)+$",
                "(a|a)*$",
                "(?:a?){500}[bd]",
                "[^b]*?[cd]$",
                "(?s).*.*.*[bd]",
                "\\p{L}*[bd]",
                "\\X*[bd]",
                "(?:a{0,60}){0,60}[bd]",
                "(?:a*a*a*a*a*a*a*a*)*[bd]",
                "(?:^|b)a{60000}a{60000}[cd]",
                "a*a{60000}[bd]",
                "(?=(a+))[bd]|(?<=a{900})[bd]",
                "(?<n>a(?&n)?)[bd]",
                "(*LIMIT_MATCH=4000000000)(*LIMIT_DEPTH=4000000000)(a+)+[bd]",
        };
        char *text = malloc(MIB);

        assert_non_null(text);
        memset(text, 'a', MIB);
        for (size_t i = 0; i < ELEMENTSOF(expressions); i++) {
                long begun = cpu_ms(), taken;
                int r = match(expressions[i], text, MIB);

                taken = cpu_ms() - begun;
                if (taken >= MS_MAX || (r != 1 && r != -E2BIG && r != 0))
                        fail_msg("%s: %d after %ld ms", expressions[i], r, taken);
        }
        assert_int_equal(match("a*[bd]", text, MIB), -E2BIG);
        assert_int_equal(match("(a+)+$", text, MIB), 1);
        text[MIB - 1] = 'b';
        assert_int_equal(match("(a+)+$", text, MIB), -E2BIG);
        free(text);
}

static void what_many_take_is_limited_together(void **state _unused_) {
        _cleanup_(pattern_freep) Pattern *hard = NULL, *easy = NULL;
        PatternEffort effort = { 0 };
        char text[4096];
        long begun;

        memset(text, 'a', sizeof(text));
        assert_int_equal(pattern_new(&hard, "a*a*[bd]", NULL), 0);
        assert_int_equal(pattern_new(&easy, "a", NULL), 0);
        assert_int_equal(pattern_match(easy, text, sizeof(text), &effort), 1);
        begun = cpu_ms();
        for (unsigned i = 0; i < 16; i++)
                assert_int_equal(pattern_match(hard, text, sizeof(text), &effort), -E2BIG);
        assert_in_range(cpu_ms() - begun, 0, MS_MAX);
        assert_int_equal(pattern_match(easy, text, sizeof(text), &effort), -E2BIG);
        assert_int_equal(pattern_match(easy, text, sizeof(text), &(PatternEffort){ 0 }), 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_expression_is_found_anywhere),
                cmocka_unit_test(bytes_that_are_no_text_are_searched_around),
                cmocka_unit_test(what_is_no_expression_is_told_with_its_place),
                cmocka_unit_test(a_long_or_deep_expression_is_refused),
                cmocka_unit_test(no_expression_takes_long),
                cmocka_unit_test(what_many_take_is_limited_together),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
