/* The table of verbs: complete, dispatched by words, and strict about what it was not told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "ctl/grammar.h"
#include "ctl/verbs.h"

static void every_verb_is_whole(void **state _unused_) {
        for (const Verb *v = verbs; v->noun; v++) {
                assert_non_null(v->run);
                assert_non_null(v->words);
                assert_true(v->summary[0] >= 'A' && v->summary[0] <= 'Z');
                assert_true(v->min <= v->max && v->max <= ARGS_WORDS_MAX - 3);
                assert_true(v->max > 0 || v->words[0] == '\0');
                for (const Verb *w = v + 1; w->noun; w++)
                        assert_false(strcmp(v->noun, w->noun) == 0 &&
                                     (!v->name || !w->name || strcmp(v->name, w->name) == 0));
        }
}

static void nouns_are_known(void **state _unused_) {
        assert_int_equal(verbs_have("key"), 1);
        assert_int_equal(verbs_have("kye"), 0);
}

static void refuse(const Args *a, const char *text) {
        unsigned first = 0;
        const Verb *v = verb_find(verbs, a, &first);
        _cleanup_free_ char *reason = verb_refusal(v, a, first);

        if (text)
                assert_string_equal(reason, text);
        else
                assert_null(reason);
}

static void foreign_options_and_wrong_counts_are_refused(void **state _unused_) {
        Args a = { .words = { "website", "add" }, .n_words = 2 };

        refuse(&a, "website add needs URL");
        a.words[a.n_words++] = "https://example.org/";
        refuse(&a, NULL);
        a.options[OPTION_SEATS] = "4";
        a.options[OPTION_BUS] = "unix:path=/x";
        a.options[OPTION_JSON] = "";
        refuse(&a, NULL);
        a.options[OPTION_SCOPE] = "read";
        refuse(&a, "website add takes no --scope");
        a.options[OPTION_SCOPE] = NULL;
        a.words[a.n_words++] = "more";
        refuse(&a, "website add: \"more\" is one word too many");
        refuse(&(Args){ .words = { "monitor", "x" }, .n_words = 2 },
               "monitor: \"x\" is one word too many");
}

static char *help_of(const Verb *v, const char *noun) {
        char *text = NULL;
        size_t n;
        FILE *to = open_memstream(&text, &n);

        assert_non_null(to);
        if (v)
                verb_help(v, to);
        else
                verbs_help(noun, to);
        assert_int_equal(fclose(to), 0);
        return text;
}

static void help_names_what_a_verb_takes(void **state _unused_) {
        Args a = { .words = { "token", "create" }, .n_words = 2 };
        unsigned first;
        _cleanup_free_ char *one = help_of(verb_find(verbs, &a, &first), NULL);
        _cleanup_free_ char *noun = help_of(NULL, "token");
        _cleanup_free_ char *all = help_of(NULL, NULL);

        assert_non_null(strstr(one, "dpinctl token create NAME"));
        assert_non_null(strstr(one, "--scope=LIST"));
        assert_null(strstr(one, "--seats"));
        assert_non_null(strstr(noun, "token revoke ID"));
        assert_null(strstr(noun, "website"));
        for (const Verb *v = verbs; v->noun; v++)
                assert_non_null(strstr(all, v->summary));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_verb_is_whole),
                cmocka_unit_test(nouns_are_known),
                cmocka_unit_test(foreign_options_and_wrong_counts_are_refused),
                cmocka_unit_test(help_names_what_a_verb_takes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
