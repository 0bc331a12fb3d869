/* What options ask for, as the JSON that a daemon takes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "ctl/ask.h"
#include "wire/spec.h"

/* Every text that is written here is a check that the wire takes. */
static void expect(const Args *args, const char *wanted) {
        _cleanup_free_ char *text = NULL, *error = NULL, *bytes = NULL;
        const char *reason = NULL;

        assert_int_equal(ask_write(args, &text, &error), 0);
        assert_null(error);
        assert_string_equal(text, wanted);
        if (*text && spec_ask("https://example.org/", text, &bytes, &reason) < 0)
                fail_msg("%s: %s", text, reason ? reason : "");
}

static void refuse(const Args *args, const char *words) {
        _cleanup_free_ char *text = NULL, *error = NULL;

        assert_int_equal(ask_write(args, &text, &error), -EINVAL);
        assert_null(text);
        if (!error || !strstr(error, words))
                fail_msg("%s", error ? error : "");
}

static void each_option_is_a_member(void **state _unused_) {
        expect(&(Args){ 0 }, "");
        expect(&(Args){ .options = { [OPTION_TIMEOUT] = "5s" } }, "");
        expect(&(Args){ .options = { [OPTION_METHOD] = "POST", [OPTION_BODY] = "a \"b\"" } },
               "{\"method\":\"POST\",\"body\":\"a \\u0022b\\u0022\"}");
        expect(&(Args){ .options = { [OPTION_STATUS] = "200,301", [OPTION_INVERT] = "" } },
               "{\"status\":\"200,301\",\"invert\":true}");
        expect(&(Args){ .options = { [OPTION_HEADER] = "X-Key:  a: b" } },
               "{\"headers\":[{\"name\":\"X-Key\",\"value\":\"a: b\"}]}");
        expect(&(Args){ .options = { [OPTION_CERTIFICATE_DAYS] = "14" } },
               "{\"certificateDays\":14}");
}

static void assertions_are_a_list(void **state _unused_) {
        expect(&(Args){ .options = { [OPTION_CONTAINS] = "ok", [OPTION_MATCHES] = "^o.$" } },
               "{\"assertions\":["
               "{\"source\":\"body\",\"operator\":\"contains\",\"value\":\"ok\"},"
               "{\"source\":\"body\",\"operator\":\"matches\",\"value\":\"^o.$\"}]}");
        expect(&(Args){ .options = { [OPTION_PATH] = "$.a[0]=b=c" } },
               "{\"assertions\":[{\"source\":\"json\",\"property\":\"$.a[0]\","
               "\"operator\":\"equals\",\"value\":\"b=c\"}]}");
        expect(&(Args){ .options = { [OPTION_PATH] = "$.a" } },
               "{\"assertions\":[{\"source\":\"json\",\"property\":\"$.a\","
               "\"operator\":\"exists\"}]}");
}

static void a_check_says_it_all(void **state _unused_) {
        expect(&(Args){ .options = { [OPTION_CHECK] = "{\"invert\":true}" } }, "{\"invert\":true}");
        refuse(&(Args){ .options = { [OPTION_CHECK] = "{}", [OPTION_INVERT] = "" } },
               "says it all");
}

static void what_does_not_fit_is_refused(void **state _unused_) {
        refuse(&(Args){ .options = { [OPTION_HEADER] = "X-Key" } }, "Name: value");
        refuse(&(Args){ .options = { [OPTION_HEADER] = ": x" } }, "Name: value");
        refuse(&(Args){ .options = { [OPTION_CERTIFICATE_DAYS] = "0" } }, "1 to 365");
        refuse(&(Args){ .options = { [OPTION_CERTIFICATE_DAYS] = "366" } }, "1 to 365");
        refuse(&(Args){ .options = { [OPTION_CERTIFICATE_DAYS] = "x" } }, "1 to 365");
        refuse(&(Args){ .options = { [OPTION_CONTAINS] = "\xff" } }, "UTF-8");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_option_is_a_member),
                cmocka_unit_test(assertions_are_a_list),
                cmocka_unit_test(a_check_says_it_all),
                cmocka_unit_test(what_does_not_fit_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
