/* Who of a mail's recipients is left, and what their server's replies mean. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "hub/alert-recipients.h"

static char *names[] = { "a@x", "b@x", "c@x" };

static void only_those_who_have_it_not(void **state _unused_) {
        const JsonStrings all = { .items = names, .n = 3 };
        const char *left[ALERT_RECIPIENTS_MAX + 1];

        assert_int_equal(alert_recipients_left(&all, "{\"to\": []}", left), 0);
        assert_ptr_equal(left[0], names[0]);
        assert_ptr_equal(left[2], names[2]);
        assert_null(left[3]);
        assert_int_equal(alert_recipients_left(&all, "{\"to\": [\"b@x\", \"z@x\"]}", left), 1);
        assert_string_equal(left[0], "a@x");
        assert_string_equal(left[1], "c@x");
        assert_null(left[2]);
        assert_int_equal(alert_recipients_left(&all, "{\"to\": [\"c@x\", \"b@x\", \"a@x\"]}", left),
                         1);
        assert_null(left[0]);
        assert_int_equal(alert_recipients_left(&all, "[]", left), -EINVAL);
}

typedef struct Case {
        unsigned replies[3], status;
        bool ok, some;
        AlertState state;
        const char *served, *words;
} Case;

static void check(const Case *c) {
        static const char *const to[] = { "a@x", "b@x", "c@x", NULL };
        _cleanup_free_ char *served = NULL;
        AlertVerdict v;

        assert_int_equal(alert_recipients_judge(&(const AlertPosted){ .to = to,
                                                                      .replies = c->replies,
                                                                      .ok = c->ok,
                                                                      .status = c->status,
                                                                      .detail = "words",
                                                                      .some = c->some },
                                                &v, &served),
                         0);
        assert_int_equal(v.state, c->state);
        assert_string_equal(served ? served : "", c->served);
        if (*c->words)
                assert_non_null(strstr(v.error, c->words));
        else
                assert_string_equal(v.error, "");
        assert_false(v.disable);
}

static void nobody_is_lost_for_the_others(void **state _unused_) {
        static const Case cases[] = {
                { { 250, 251, 250 },
                  250,
                  true,
                  false,
                  ALERT_DELIVERED,
                  "[\"a@x\",\"b@x\",\"c@x\"]",
                  "" },
                { { 250, 450, 250 },
                  250,
                  true,
                  false,
                  ALERT_PENDING,
                  "[\"a@x\",\"c@x\"]",
                  "1 of 3 recipients were not accepted: to b@x the mail server said 450" },
                { { 250, 550, 451 }, 250, true, false, ALERT_PENDING, "[\"a@x\"]", "to b@x" },
                { { 550, 250, 250 },
                  250,
                  true,
                  false,
                  ALERT_DELIVERED,
                  "[\"b@x\",\"c@x\"]",
                  "to a@x the mail server said 550" },
                { { 550, 553, 551 }, 551, false, false, ALERT_FAILED, "", "3 of 3" },
                { { 550, 553, 551 }, 551, false, true, ALERT_DELIVERED, "", "3 of 3" },
                { { 450, 450, 450 }, 450, false, false, ALERT_PENDING, "", "said 450" },
                { { 550, 450, 550 }, 550, false, true, ALERT_PENDING, "", "said 550" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                check(&cases[i]);
}

static void what_is_not_about_recipients(void **state _unused_) {
        static const Case cases[] = {
                { { 0 }, 0, false, false, ALERT_PENDING, "", "was not taken: words" },
                { { 0 }, 421, false, false, ALERT_PENDING, "", "reply was 421: words" },
                { { 0 }, 550, false, false, ALERT_FAILED, "", "reply was 550" },
                { { 250, 250, 250 }, 452, false, false, ALERT_PENDING, "", "reply was 452" },
                { { 250, 450, 250 }, 554, false, false, ALERT_FAILED, "", "reply was 554" },
                { { 250, 0, 0 }, 250, false, false, ALERT_PENDING, "", "was not taken" },
                { { 550, 0, 0 }, 550, false, false, ALERT_PENDING, "", "said 550" },
                { { 530, 530, 530 }, 530, false, false, ALERT_PENDING, "", "said 530" },
                { { 0 }, 250, true, false, ALERT_DELIVERED, "", "" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                check(&cases[i]);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(only_those_who_have_it_not),
                cmocka_unit_test(nobody_is_lost_for_the_others),
                cmocka_unit_test(what_is_not_about_recipients),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
