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

static void a_name_may_be_two_words(void **state _unused_) {
        Args a = { .words = { "alert", "channel", "rm", "ID" }, .n_words = 4 };
        const char *words[] = { "channel", "rm", "ID" }, *rest;
        const Verb *v;
        unsigned first = 0;

        v = verb_find(verbs, &a, &first);
        assert_ptr_equal(v->run, verb_alert_channel_remove);
        assert_int_equal(first, 3);
        assert_int_equal(verb_name_words(v, words, 3, &rest), 2);
        assert_string_equal(rest, "");
        assert_int_equal(verb_name_words(v, words, 1, &rest), 1);
        assert_string_equal(rest, "rm");
        assert_int_equal(verb_name_words(v, words + 1, 2, &rest), 0);
        a.n_words = 2;
        assert_null(verb_find(verbs, &a, &first));
        a = (Args){ .words = { "alert", "log" }, .n_words = 2 };
        assert_ptr_equal(verb_find(verbs, &a, &first)->run, verb_alert_log);
        assert_int_equal(first, 2);
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
                cmocka_unit_test(a_name_may_be_two_words),
                cmocka_unit_test(options_go_with_their_verb),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
