/* Words lead to verbs, and verbs to options. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macro.h"
#include "ctl/grammar.h"
#include "ctl/verbs.h"

static void words_lead_to_their_verb(void **state _unused_) {
        Args a = { .words = { "website", "rm", "ID" }, .n_words = 3 };
        unsigned first = 0;

        assert_ptr_equal(verb_find(verbs, &a, &first)->run, verb_website_remove);
        assert_int_equal(first, 2);
        a = (Args){ .words = { "status" }, .n_words = 1 };
        assert_ptr_equal(verb_find(verbs, &a, &first)->run, verb_status);
        assert_int_equal(first, 1);
        a = (Args){ .words = { "website" }, .n_words = 1 };
        assert_null(verb_find(verbs, &a, &first));
        a = (Args){ .words = { "website", "remove" }, .n_words = 2 };
        assert_null(verb_find(verbs, &a, &first));
        assert_null(verb_find(verbs, &(Args){ 0 }, &first));
}

static void options_go_with_their_verb(void **state _unused_) {
        const Verb seats = { .options = OPTION_BIT(OPTION_SEATS) };

        assert_true(verb_takes(&seats, OPTION_SEATS));
        assert_false(verb_takes(&seats, OPTION_SCOPE));
        assert_true(verb_takes(&seats, OPTION_JSON));
        assert_true(verb_takes(NULL, OPTION_BUS));
        assert_true(verb_takes(NULL, OPTION_NO_PAGER));
        assert_false(verb_takes(NULL, OPTION_SEATS));
        assert_false(verb_takes(NULL, OPTION_VERSION));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(words_lead_to_their_verb),
                cmocka_unit_test(options_go_with_their_verb),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
