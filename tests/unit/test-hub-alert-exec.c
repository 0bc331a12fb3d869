/* Which programs there are, and what they are told. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/alert-exec.h"

static void programs_with_their_words(void **state _unused_) {
        _cleanup_(alert_hooks_freep) AlertHooks *h = NULL;
        const char *const *argv;

        assert_int_equal(
                        alert_hooks_new(&h, "page=/usr/lib/page  -q $(id) ; sms = /bin/sms;", NULL),
                        0);
        argv = alert_hooks_argv(h, "page");
        assert_string_equal(argv[0], "/usr/lib/page");
        assert_string_equal(argv[1], "-q");
        assert_string_equal(argv[2], "$(id)");
        assert_null(argv[3]);
        assert_string_equal(alert_hooks_argv(h, "sms")[0], "/bin/sms");
        assert_null(alert_hooks_argv(h, "sms ")); /* of no other name */
        assert_null(alert_hooks_argv(h, ""));
}

static void none_is_fine(void **state _unused_) {
        static const char *const empty[] = { NULL, "", "  ", ";;" };

        for (size_t i = 0; i < ELEMENTSOF(empty); i++) {
                _cleanup_(alert_hooks_freep) AlertHooks *h = NULL;

                assert_int_equal(alert_hooks_new(&h, empty[i], NULL), 0);
                assert_null(alert_hooks_argv(h, "page"));
        }
}

static void what_cannot_be_is_refused(void **state _unused_) {
        static const struct {
                const char *text, *words;
        } bad[] = {
                { "page", "NAME=" },
                { "page=", "whole path" },
                { "page=bin/x", "whole path" },
                { "Page=/bin/x", "a name" },
                { "=/bin/x", "a name" },
                { "a b=/bin/x", "" },
                { "a=/x;a=/y", "one name" },
                { "a=/x; rubbish", "NAME=" },
        };
        char many[1024] = "";

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                AlertHooks *h = NULL;
                const char *reason = NULL;

                if (*bad[i].words) {
                        assert_int_equal(alert_hooks_new(&h, bad[i].text, &reason), -EINVAL);
                        assert_null(h);
                        if (!strstr(reason, bad[i].words))
                                fail_msg("%s: %s", bad[i].text, reason);
                }
        }
        for (unsigned i = 0; i < 17; i++)
                snprintf(many + strlen(many), sizeof(many) - strlen(many), "h%u=/x;", i);
        assert_int_equal(alert_hooks_new(&(AlertHooks *){ NULL }, many, NULL), -EINVAL);
}

static const char *value(const AlertEnvironment *e, const char *name) {
        size_t n = strlen(name);

        for (size_t i = 0; e->variables[i]; i++)
                if (strncmp(e->variables[i], name, n) == 0 && e->variables[i][n] == '=')
                        return e->variables[i] + n + 1;
        fail_msg("no %s", name);
        return "";
}

static void told_in_variables(void **state _unused_) {
        const AlertFacts f = { .incident = (char *)"I",
                               .name = (char *)"a\nDPIN_EVENT=x\xe2\x80\xae",
                               .severity = (char *)"down" };
        const AlertExec x = { .id = "A",
                              .event = "incident.opened",
                              .channel = "Ops",
                              .facts = &f,
                              .subject = "DOWN: a",
                              .text = "line\nline",
                              .link = NULL };
        AlertEnvironment e;

        assert_int_equal(alert_environment_make(&e, &x), 0);
        assert_string_equal(value(&e, "DPIN_ALERT_ID"), "A");
        assert_string_equal(value(&e, "DPIN_EVENT"), "incident.opened");
        assert_string_equal(value(&e, "DPIN_NAME"), "a DPIN_EVENT=x");
        assert_string_equal(value(&e, "DPIN_SUMMARY"), "DOWN: a");
        assert_string_equal(value(&e, "DPIN_TEXT"), "line\nline");
        assert_string_equal(value(&e, "DPIN_LINK"), "");
        assert_string_equal(value(&e, "DPIN_UNTIL"), "");
        assert_string_equal(value(&e, "PATH"), "/usr/local/bin:/usr/bin:/bin");
        for (size_t i = 0; e.variables[i]; i++)
                assert_true(strncmp(e.variables[i], "DPIN_TEXT=", 10) == 0 ||
                            !strchr(e.variables[i], '\n'));
        alert_environment_done(&e);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(programs_with_their_words),
                cmocka_unit_test(none_is_fine),
                cmocka_unit_test(what_cannot_be_is_refused),
                cmocka_unit_test(told_in_variables),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
