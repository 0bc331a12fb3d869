/* What people write is taken as it is, or refused in words. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static const TextRule title = { "A title", 5, false };
static const TextRule note = { "A note", 5, true };

static void expect_refusal(const TextRule *rule, const char *text, const char *words) {
        char why[TEXT_REFUSAL_SIZE] = "";

        assert_int_equal(text_judge(rule, text, why), -EINVAL);
        assert_string_equal(why, words);
}

static void expect_fine(const TextRule *rule, const char *text) {
        char why[TEXT_REFUSAL_SIZE] = "";

        assert_int_equal(text_judge(rule, text, why), 0);
}

static void characters_are_counted_not_bytes(void **state) {
        (void)state;
        expect_fine(&title, "a");
        expect_fine(&title, "äöü€𝄞");
        expect_refusal(&title, "äöü€𝄞a", "A title has 1 to 5 characters, not all of them blank");
}

static void blanks_alone_say_nothing(void **state) {
        (void)state;
        expect_refusal(&title, "", "A title has 1 to 5 characters, not all of them blank");
        expect_refusal(&title, "   ", "A title has 1 to 5 characters, not all of them blank");
        expect_refusal(&note, " \n\t", "A note has 1 to 5 characters, not all of them blank");
        expect_fine(&note, " a");
}

static void nothing_steers_a_terminal(void **state) {
        static const char *const bad[] = { "\x1b[2J",   "a\rb",  "a\x7f",
                                           "\xc2\x9bJ", "a\x01", "\xc2\x80" };

        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
                expect_refusal(&title, bad[i], "A title has no control characters");
                expect_refusal(&note, bad[i], "A note has no control characters");
        }
        expect_fine(&title, "\xc2\xa0"); /* the first after C1 */
}

static void only_notes_have_lines(void **state) {
        (void)state;
        expect_fine(&note, "a\nb\tc");
        expect_refusal(&title, "a\nb", "A title has no control characters");
        expect_refusal(&title, "a\tb", "A title has no control characters");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(characters_are_counted_not_bytes),
                cmocka_unit_test(blanks_alone_say_nothing),
                cmocka_unit_test(nothing_steers_a_terminal),
                cmocka_unit_test(only_notes_have_lines),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
