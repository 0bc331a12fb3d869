/* Specifications: exact bytes, and no check that is only half understood. */
#include <errno.h>
#include <stdio.h>

#include "wire-fixture.h"
#include "wire/spec.h"

static Spec example(void) {
        Spec s;

        spec_default(&s);
        strncpy(s.url, "https://example.org/", URL_MAX);
        return s;
}

static void the_text_is_as_documented(_unused_ void **state) {
        _cleanup_free_ char *text = NULL;
        const char *reason = "";
        Spec s = example(), read;

        assert_int_equal(spec_encode(&s, &text, &reason), 0);
        assert_null(reason);
        assert_string_equal(text, FIXTURE_SPEC);
        assert_int_equal(spec_parse(text, strlen(text), &read, &reason), 0);
        assert_string_equal(read.url, s.url);
        assert_int_equal(read.redirects, 5);
}

static void zero_redirects_stay_zero(_unused_ void **state) {
        _cleanup_free_ char *text = NULL;
        Spec s = example(), read;

        s.redirects = 0;
        assert_int_equal(spec_encode(&s, &text, NULL), 0);
        assert_int_equal(spec_parse(text, strlen(text), &read, NULL), 0);
        assert_int_equal(read.redirects, 0);
}

static int parse(const char *text) {
        const char *reason = NULL;
        Spec s;
        int r;

        r = spec_parse(text, strlen(text), &s, &reason);
        if (r == -EINVAL)
                assert_non_null(reason);
        return r;
}

static void what_is_not_understood_is_refused(_unused_ void **state) {
        static const char tail[] = "\"method\":\"GET\",\"redirects\":5,\"status\":\"200\"}";
        char text[SPEC_SIZE_MAX + 2];

        snprintf(text, sizeof(text), "{\"type\":\"http\",\"url\":\"http://a\",%s", tail);
        assert_int_equal(parse(text), 0);
        snprintf(text, sizeof(text), "{\"type\":\"ping\",\"url\":\"http://a\",%s", tail);
        assert_int_equal(parse(text), -EINVAL);
        snprintf(text, sizeof(text), "{\"type\":\"http\",\"url\":\"file:///a\",%s", tail);
        assert_int_equal(parse(text), -EINVAL);
        snprintf(text, sizeof(text), "{\"type\":\"http\",\"url\":\"http://a\\u0000b\",%s", tail);
        assert_true(parse(text) < 0);
        snprintf(text, sizeof(text), "{\"type\":\"http\",\"url\":\"http://a\",\"x\":1,%s", tail);
        assert_int_equal(parse(text), -EINVAL);
        assert_int_equal(parse("{\"type\":\"http\",\"url\":\"http://a\"}"), -EINVAL);
        assert_int_equal(parse("[]"), -EBADMSG);
        assert_int_equal(parse(""), -EBADMSG);
        memset(text, ' ', sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        assert_int_equal(parse(text), -EMSGSIZE);
}

static void values_out_of_limits_are_refused(_unused_ void **state) {
        const char *reason = NULL;
        char *text = NULL;
        Spec s = example();

        s.redirects = 11;
        assert_int_equal(spec_encode(&s, &text, &reason), -EINVAL);
        assert_non_null(strstr(reason, "redirects"));
        s = example(), strncpy(s.method, "PUT", sizeof(s.method));
        assert_int_equal(spec_encode(&s, &text, &reason), -EINVAL);
        assert_non_null(strstr(reason, "method"));
        s = example(), s.url[0] = '\0';
        assert_int_equal(spec_encode(&s, &text, NULL), -EINVAL);
        assert_null(text);
}

static void status_sets_are_read_strictly(_unused_ void **state) {
        static const char *const bad[] = { "",        ",",        "200,",       "99",   "600",
                                           "300-200", "2000",     "200-",       "-200", "200 ",
                                           "2xx",     "200--299", "200-299-300" };
        Spec s = example();

        assert_true(spec_accepts_status(&s, 200) && spec_accepts_status(&s, 399));
        assert_false(spec_accepts_status(&s, 199) || spec_accepts_status(&s, 400));
        strncpy(s.status, "200-204,301,599", sizeof(s.status));
        assert_true(spec_accepts_status(&s, 301) && spec_accepts_status(&s, 599));
        assert_false(spec_accepts_status(&s, 300) || spec_accepts_status(&s, 0));
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                char *text = NULL;

                snprintf(s.status, sizeof(s.status), "%s", bad[i]);
                assert_int_equal(spec_encode(&s, &text, NULL), -EINVAL);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_text_is_as_documented),
                cmocka_unit_test(zero_redirects_stay_zero),
                cmocka_unit_test(what_is_not_understood_is_refused),
                cmocka_unit_test(values_out_of_limits_are_refused),
                cmocka_unit_test(status_sets_are_read_strictly),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
