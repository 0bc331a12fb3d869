/* What a shell is offered, from verbs to values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "ctl/complete.h"
#include "ctl/verbs.h"

/* The candidates without what they are, with blanks between; words have blanks between, too. */
static CompleteMore offered(const char *line, char **ret) {
        _cleanup_free_ char *copy = strdup(line), *text = NULL;
        const char *words[16];
        unsigned n = 0;
        size_t size;
        FILE *to = open_memstream(&text, &size);
        CompleteMore more;
        char *out;

        for (char *p = copy; p; p = strchr(p, ' ') ? strchr(p, ' ') + 1 : NULL)
                words[n++] = p;
        for (unsigned i = 0; i < n; i++)
                ((char *)words[i])[strcspn(words[i], " ")] = '\0';
        more = complete_words(verbs, words, n, to);
        assert_int_equal(fclose(to), 0);
        *ret = out = calloc(1, size + 1);
        for (char *p = text; *p; p += strcspn(p, "\n") + 1)
                out = stpcpy(stpncpy(out, p, strcspn(p, "\t")), p[strcspn(p, "\n") + 1] ? " " : "");
        return more;
}

static void expect(const char *line, const char *candidates) {
        _cleanup_free_ char *text = NULL;

        assert_int_equal(offered(line, &text), COMPLETE_NOTHING);
        assert_string_equal(text, candidates);
}

static void expect_more(const char *line, CompleteMore more) {
        _cleanup_free_ char *text = NULL;

        assert_int_equal(offered(line, &text), more);
        assert_string_equal(text, "");
}

static void verbs_first(void **state _unused_) {
        _cleanup_free_ char *all = NULL;

        expect("web", "website");
        expect("x", "");
        expect("website ", "add heartbeat list pause resume rm set show why");
        expect("website r", "resume rm");
        expect("--json website r", "resume rm");
        expect("--bus unix:path=/x website re", "resume");
        assert_int_equal(offered("", &all), COMPLETE_NOTHING);
        for (const Verb *v = verbs; v->noun; v++)
                assert_non_null(strstr(all, v->noun));
}

static void then_options(void **state _unused_) {
        expect("website add --se", "--seats=");
        expect("website list --se", "");
        expect("website add --j", "--json");
        expect("--n", "--no-ask-password --no-pager");
}

static void and_their_values(void **state _unused_) {
        expect("user add x --role ", "viewer editor admin");
        expect("user add x --role=e", "--role=editor");
        expect("validator list --state=", "--state=pending --state=approved --state=suspended");
        expect("payout list --state ", "requested approved settled");
        expect("check x --method P", "POST PUT PATCH");
        expect("check x --status=", "");
        expect("website add x --seats=", "");
        expect("website add x --json=", "");
        expect("website add x --nope=", "");
}

static void words_by_their_place(void **state _unused_) {
        expect("log-level ", "hub api validator");
        expect("log-level hub de", "debug");
        expect("log-level hub debug ", "");
        expect("reload hub a", "api");
        expect("website add ", "");
        expect_more("website rm ", COMPLETE_WEBSITES);
        expect_more("website rm 0189", COMPLETE_WEBSITES);
        expect("website rm 0189 ", "");
        expect_more("validator show ", COMPLETE_VALIDATORS);
        expect_more("payout settle ", COMPLETE_PAYOUTS);
        expect_more("organisation keep ", COMPLETE_ORGANISATIONS);
        expect("organisation keep x ", "raw hour");
        expect("organisation keep x raw ", "default");
        expect_more("incident ack ", COMPLETE_INCIDENTS);
        expect_more("incident open ", COMPLETE_WEBSITES);
        expect_more("committee ", COMPLETE_WEBSITES);
        expect("payout settle x ", "");
        expect_more("key show ", COMPLETE_FILES);
        expect_more("decode ./", COMPLETE_FILES);
}

static void nothing_of_nothing(void **state _unused_) {
        assert_int_equal(complete_words(verbs, NULL, 0, stdout), COMPLETE_NOTHING);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(verbs_first),        cmocka_unit_test(then_options),
                cmocka_unit_test(and_their_values),   cmocka_unit_test(words_by_their_place),
                cmocka_unit_test(nothing_of_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
