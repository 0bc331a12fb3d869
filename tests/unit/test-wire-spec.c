/* Specifications: exact bytes, and no check that is only half understood. */
#include <errno.h>
#include <stdio.h>

#include "wire-fixture.h"
#include "wire/spec.h"

static Spec example(void) {
        Spec s;

        assert_int_equal(spec_default(&s, "https://example.org/"), 0);
        return s;
}

static void the_text_is_as_documented(_unused_ void **state) {
        _cleanup_free_ char *text = NULL;
        _cleanup_(spec_done) Spec s = example(), read = {};
        const char *reason = "";

        assert_int_equal(spec_encode(&s, &text, &reason), 0);
        assert_null(reason);
        assert_string_equal(text, FIXTURE_SPEC);
        assert_int_equal(spec_parse(text, strlen(text), &read, &reason), 0);
        assert_string_equal(read.url, s.url);
        assert_int_equal(read.redirects, 5);
}

static void zero_redirects_stay_zero(_unused_ void **state) {
        _cleanup_(spec_done) Spec s = example(), read = {};
        _cleanup_free_ char *text = NULL;

        s.redirects = 0;
        assert_int_equal(spec_encode(&s, &text, NULL), 0);
        assert_int_equal(spec_parse(text, strlen(text), &read, NULL), 0);
        assert_int_equal(read.redirects, 0);
}

static int parse(const char *text) {
        _cleanup_(spec_done) Spec s = {};
        const char *reason = NULL;
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

/* Whole specifications of each kind, and what they are read as. */
static const char *const kinds[] = {
        "{\"type\":\"http\",\"url\":\"https://a/"
        "\",\"invert\":true,\"method\":\"POST\",\"redirects\":0,"
        "\"status\":\"201\",\"headers\":[{\"name\":\"Accept\",\"value\":\"a/b\"}],\"body\":\"x\","
        "\"assertions\":[{\"source\":\"json\",\"property\":\"$.a\",\"operator\":\"equals\","
        "\"value\":\"1\"},"
        "{\"source\":\"header\",\"property\":\"etag\",\"operator\":\"exists\"}],"
        "\"certificateDays\":14,\"tlsMin\":\"1.3\",\"httpVersion\":\"2\"}",
        "{\"type\":\"tcp\",\"url\":\"tcp://a:25\",\"send\":\"EHLO "
        "a\\u000d\\u000a\",\"expect\":\"250\"}",
        "{\"type\":\"tls\",\"url\":\"tls://a:465\",\"certificateDays\":7,\"tlsMin\":\"1.2\"}",
        "{\"type\":\"dns\",\"url\":\"dns:a.example?type=MX\",\"rcode\":\"NXDOMAIN\"}",
        "{\"type\":\"dns\",\"url\":\"dns:a\",\"assertions\":[{\"source\":\"answer\",\"operator\":"
        "\"contains\",\"value\":\"192.0.2.1\"}]}",
        "{\"type\":\"icmp\",\"url\":\"icmp://a\",\"count\":5,\"lossMax\":20}",
        "{\"type\":\"tcp\",\"url\":\"tcp://a:25\"}",
};

static void every_kind_is_written_as_it_was_read(_unused_ void **state) {
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
                _cleanup_(spec_done) Spec s = {}, copy = {};
                _cleanup_free_ char *text = NULL;
                const char *reason = NULL;

                assert_int_equal(spec_parse(kinds[i], strlen(kinds[i]), &s, &reason), 0);
                assert_int_equal(spec_copy(&copy, &s), 0);
                spec_done(&s);
                assert_int_equal(spec_encode(&copy, &text, &reason), 0);
                assert_string_equal(text, kinds[i]);
        }
}

static void defaults_are_of_the_urls_kind(_unused_ void **state) {
        static const char *const expected[][2] = {
                { "tcp://a:1", "{\"type\":\"tcp\",\"url\":\"tcp://a:1\"}" },
                { "tls://a:1", "{\"type\":\"tls\",\"url\":\"tls://a:1\"}" },
                { "dns:a", "{\"type\":\"dns\",\"url\":\"dns:a\"}" },
                { "icmp://a", "{\"type\":\"icmp\",\"url\":\"icmp://a\"}" },
        };

        for (size_t i = 0; i < ELEMENTSOF(expected); i++) {
                _cleanup_(spec_done) Spec s = {};
                _cleanup_free_ char *text = NULL;

                assert_int_equal(spec_default(&s, expected[i][0]), 0);
                assert_int_equal(spec_encode(&s, &text, NULL), 0);
                assert_string_equal(text, expected[i][1]);
        }
}

static void no_kind_has_members_of_another(_unused_ void **state) {
        assert_int_equal(parse("{\"type\":\"tcp\",\"url\":\"tcp://a:1\",\"method\":\"GET\"}"),
                         -EINVAL);
        assert_int_equal(parse("{\"type\":\"tcp\",\"url\":\"http://a\"}"), -EINVAL);
        assert_int_equal(parse("{\"type\":\"icmp\",\"url\":\"icmp://a\",\"send\":\"x\"}"), -EINVAL);
        assert_int_equal(parse("{\"type\":\"tls\",\"url\":\"tls://a:1\",\"rcode\":\"REFUSED\"}"),
                         -EINVAL);
        assert_int_equal(parse("{\"type\":\"dns\",\"url\":\"dns:a\",\"assertions\":[{\"source\":"
                               "\"body\",\"operator\":\"contains\",\"value\":\"x\"}]}"),
                         -EINVAL);
}

/* Of an HTTP check with this member besides; NULL: it is fine. */
static void expect_http(const char *member, const char *word) {
        _cleanup_(spec_done) Spec s = {};
        const char *reason = NULL;
        char text[SPEC_SIZE_MAX];
        int r;

        snprintf(text, sizeof(text),
                 "{\"type\":\"http\",\"url\":\"http://a\",\"method\":\"POST\",\"redirects\":5,"
                 "\"status\":\"200\",%s}",
                 member);
        r = spec_parse(text, strlen(text), &s, &reason);
        assert_int_equal(r, word ? -EINVAL : 0);
        if (word && !strstr(reason, word))
                fail_msg("%s: %s", member, reason);
}

static void values_are_judged_one_by_one(_unused_ void **state) {
        expect_http("\"body\":\"x\"", NULL);
        expect_http("\"headers\":[{\"name\":\"A b\",\"value\":\"x\"}]", "name of a header");
        expect_http("\"headers\":[{\"name\":\"A\",\"value\":\"x\\u000d\\u000ab\"}]", "control");
        expect_http("\"headers\":[{\"name\":\"Host\",\"value\":\"x\"}]", "not for a check");
        expect_http("\"headers\":[{\"name\":\"User-Agent\",\"value\":\"x\"}]", "not for a check");
        expect_http("\"headers\":[{\"name\":\"transfer-encoding\",\"value\":\"x\"}]",
                    "not for a check");
        expect_http("\"tlsMin\":\"1.0\"", "1.2 or 1.3");
        expect_http("\"certificateDays\":0", "certificateDays");
        expect_http("\"certificateDays\":366", "certificateDays");
        expect_http("\"httpVersion\":\"3\"", "1.1 or 2");
        expect_http("\"assertions\":[{\"source\":\"answer\",\"operator\":\"exists\"}]", "DNS");
        expect_http("\"assertions\":[{\"source\":\"nose\",\"operator\":\"exists\"}]", "about");
        expect_http("\"assertions\":[{\"source\":\"body\",\"operator\":\"smells\"}]", "operator");
}

/* It could only ever fail, or only ever hold. */
static void what_has_no_body_asserts_none(_unused_ void **state) {
        static const char head[] = "{\"type\":\"http\",\"url\":\"http://a\",\"method\":\"HEAD\","
                                   "\"redirects\":5,\"status\":\"200\",\"assertions\":[{";
        static const struct {
                const char *assertion;
                int result;
        } rows[] = {
                { "\"source\":\"body\",\"operator\":\"not_contains\",\"value\":\"x\"", -EINVAL },
                { "\"source\":\"json\",\"property\":\"$.a\",\"operator\":\"exists\"", -EINVAL },
                { "\"source\":\"header\",\"property\":\"a\",\"operator\":\"exists\"", 0 },
        };
        char text[512];

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                snprintf(text, sizeof(text), "%s%s}]}", head, rows[i].assertion);
                assert_int_equal(parse(text), rows[i].result);
        }
}

static void values_out_of_limits_are_refused(_unused_ void **state) {
        _cleanup_(spec_done) Spec s = example();
        const char *reason = NULL;
        char *text = NULL;

        s.redirects = 11;
        assert_int_equal(spec_encode(&s, &text, &reason), -EINVAL);
        assert_non_null(strstr(reason, "redirects"));
        s.redirects = 5, strncpy(s.method, "TRACE", sizeof(s.method));
        assert_int_equal(spec_encode(&s, &text, &reason), -EINVAL);
        assert_non_null(strstr(reason, "method"));
        strncpy(s.method, "GET", sizeof(s.method)), s.url[0] = '\0';
        assert_int_equal(spec_encode(&s, &text, NULL), -EINVAL);
        assert_null(text);
}

static void what_is_too_long_as_a_whole_is_refused(_unused_ void **state) {
        _cleanup_(spec_done) Spec s = {};
        char url[1800] = "https://example.org/", body[SPEC_BODY_MAX];
        const char *reason = NULL;
        char *text = NULL;

        memset(url + 20, 'a', sizeof(url) - 21);
        memset(body, '"', sizeof(body) - 1);
        body[sizeof(body) - 1] = '\0';
        assert_int_equal(spec_default(&s, url), 0);
        strncpy(s.method, "POST", sizeof(s.method));
        s.body = strdup(body);
        assert_int_equal(spec_encode(&s, &text, &reason), -EMSGSIZE);
        assert_non_null(strstr(reason, "4096"));
}

static void status_sets_are_read_strictly(_unused_ void **state) {
        static const char *const bad[] = { "",        ",",        "200,",       "99",   "600",
                                           "300-200", "2000",     "200-",       "-200", "200 ",
                                           "2xx",     "200--299", "200-299-300" };
        _cleanup_(spec_done) Spec s = example();

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

/* One meaning has one hash. */
static void what_is_as_by_default_is_left_out(_unused_ void **state) {
        static const char *const rows[][2] = {
                { "http://example.org/", "{\"method\":\"GET\",\"redirects\":5,\"invert\":false}" },
                { "http://example.org/", "{\"headers\":[],\"assertions\":[]}" },
                { "dns:example.org", "{\"rcode\":\"NOERROR\",\"assertions\":[]}" },
                { "icmp://example.org", "{\"count\":3,\"lossMax\":0}" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *text = NULL;
                const char *reason;

                assert_int_equal(spec_ask(rows[i][0], rows[i][1], &text, &reason), 0);
                assert_string_equal(text, "");
        }
}

static void reasons_tell_what_is_wrong_with_an_expression(_unused_ void **state) {
        static const char bad[] =
                        "{\"assertions\":[{\"source\":\"body\",\"operator\":\"matches\",\"value\":"
                        "\"a\"},"
                        "{\"source\":\"body\",\"operator\":\"not_matches\",\"value\":\"ab[\"}]}";
        const char *reason = NULL, url[] = "http://example.org/";
        char text[SPEC_REASON_SIZE], *unused = NULL;

        assert_int_equal(spec_ask(url, bad, &unused, &reason), -EINVAL);
        spec_reason(url, bad, reason, text);
        assert_non_null(strstr(text, "the value is no regular expression: "));
        assert_non_null(strstr(text, ", at byte 3"));
        assert_string_equal(spec_reason(url, "{}", "other", text), "other");
        assert_string_equal(spec_reason(url, "{", "other", text), "other");
        assert_string_equal(spec_reason(url, NULL, "other", text), "other");
        assert_string_equal(spec_reason("tcp://example.org:1", bad, "other", text), "other");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_text_is_as_documented),
                cmocka_unit_test(zero_redirects_stay_zero),
                cmocka_unit_test(what_is_not_understood_is_refused),
                cmocka_unit_test(every_kind_is_written_as_it_was_read),
                cmocka_unit_test(defaults_are_of_the_urls_kind),
                cmocka_unit_test(no_kind_has_members_of_another),
                cmocka_unit_test(values_are_judged_one_by_one),
                cmocka_unit_test(what_has_no_body_asserts_none),
                cmocka_unit_test(values_out_of_limits_are_refused),
                cmocka_unit_test(what_is_too_long_as_a_whole_is_refused),
                cmocka_unit_test(status_sets_are_read_strictly),
                cmocka_unit_test(what_is_as_by_default_is_left_out),
                cmocka_unit_test(reasons_tell_what_is_wrong_with_an_expression),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
