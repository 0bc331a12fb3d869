/* What dpin-apprise is asked, and what its answers mean. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/alert-apprise.h"
#include "hub/alert-words.h"

static void assert_asks(const char *allow, const char *wanted) {
        const AlertApprise a = { .url = "gotify://h/t",
                                 .title = "DOWN: \"x\"",
                                 .body = "a\nb",
                                 .allow = allow,
                                 .timeout = 10 * USEC_PER_SEC };
        _cleanup_(alert_words_wipep) char *line = NULL;

        assert_int_equal(alert_apprise_ask(&a, &line), 0);
        assert_string_equal(line, wanted);
}

static void a_question_is_one_line(void **state _unused_) {
        assert_asks("127.0.0.1, fd00::/8", "{\"url\":\"gotify://h/t\",\"title\":\"DOWN: "
                                           "\\u0022x\\u0022\",\"body\":\"a\\u000ab\","
                                           "\"allow\":\"127.0.0.1, fd00::/8\",\"seconds\":10}\n");
        assert_asks(NULL, "{\"url\":\"gotify://h/t\",\"title\":\"DOWN: "
                          "\\u0022x\\u0022\",\"body\":\"a\\u000ab\","
                          "\"allow\":\"\",\"seconds\":10}\n");
}

static AlertVerdict judge(int error, const char *answer) {
        AlertVerdict v;

        alert_apprise_judge(error, answer, &v);
        assert_false(v.disable);
        return v;
}

static void only_ok_is_success(void **state _unused_) {
        static const char *const failures[] = { "",
                                                "true",
                                                "{}",
                                                "{\"ok\":1}",
                                                "{\"ok\":false}",
                                                "{\"ok\":true} x",
                                                "{\"ok\":true,\"more\":1}",
                                                "\xff" };

        assert_int_equal(judge(0, "{\"ok\": true, \"error\": \"\"}").state, ALERT_DELIVERED);
        assert_int_equal(judge(0, "{\"ok\": true}").state, ALERT_DELIVERED);
        for (size_t i = 0; i < ELEMENTSOF(failures); i++) {
                AlertVerdict v = judge(0, failures[i]);

                assert_int_equal(v.state, ALERT_PENDING);
                assert_true(v.error[0]);
        }
}

static void its_words_are_told(void **state _unused_) {
        char longest[1200] = "{\"ok\":false,\"error\":\"";

        assert_string_equal(judge(0, "{\"ok\":false,\"error\":\"error=401\"}").error,
                            "Apprise: error=401");
        memset(longest + strlen(longest), 'x', 1000);
        memcpy(longest + strlen(longest), "\"}", 3);
        assert_int_equal(strlen(judge(0, longest).error), sizeof(((AlertVerdict *)0)->error) - 1);
}

static void who_is_not_there_is_tried_again(void **state _unused_) {
        static const int errors[] = { -ENOENT, -ECONNREFUSED, -ENODATA, -ETIMEDOUT, -EACCES };

        for (size_t i = 0; i < ELEMENTSOF(errors); i++) {
                assert_int_equal(judge(errors[i], NULL).state, ALERT_PENDING);
                assert_true(judge(errors[i], NULL).error[0]);
        }
        assert_non_null(strstr(judge(-ENOENT, NULL).error, "dpin-apprise.socket"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_question_is_one_line),
                cmocka_unit_test(only_ok_is_success),
                cmocka_unit_test(its_words_are_told),
                cmocka_unit_test(who_is_not_there_is_tried_again),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
