/* What is wrong with an answer, and what is told of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/encode.h"
#include "base/macro.h"
#include "validator/answer.h"

#define TODAY 20000

static Spec parse(const char *members) {
        const char *reason = NULL;
        char text[1024];
        Spec spec;

        snprintf(text, sizeof(text),
                 "{\"type\":\"http\",\"url\":\"https://example.org/\",\"method\":\"GET\","
                 "\"redirects\":5,\"status\":\"200-299\"%s}",
                 members);
        if (spec_parse(text, strlen(text), &spec, &reason) < 0)
                fail_msg("%s: %s", members, reason ? reason : "");
        return spec;
}

#define BODY_OK ",\"assertions\":[{\"source\":\"body\",\"operator\":\"contains\",\"value\":\"ok\"}]"
#define HEADER_X                                                                                   \
        ",\"assertions\":[{\"source\":\"header\",\"property\":\"x\",\"operator\":\"exists\"}]"
#define DAYS_14 ",\"certificateDays\":14"
#define JSON_BOTH                                                                                  \
        ",\"assertions\":[{\"source\":\"json\",\"property\":\"$.a\",\"operator\":\"equals\","      \
        "\"value\":\"1\"},{\"source\":\"json\",\"property\":\"$.b\",\"operator\":\"equals\","      \
        "\"value\":\"2\"}]"

static const HttpResult good = {
        .status = 200,
        .body = "{\"a\":1,\"b\":3}",
        .body_n = 13,
        .kept_n = 13,
        .headers = "Server: s\0X: y",
        .headers_n = 15,
        .certificate_expiry_days = TODAY + 14,
};

static TickError judge(const char *members, HttpResult result, CheckStory *story) {
        _cleanup_(spec_done) Spec spec = parse(members);

        return answer_judge(&spec, &result, TODAY, story);
}

static void each_thing_may_be_wrong(void **state _unused_) {
        HttpResult r = good;

        assert_int_equal(judge("", r, NULL), TICK_ERROR_NONE);
        assert_int_equal(judge(HEADER_X, r, NULL), TICK_ERROR_NONE);
        assert_int_equal(judge(DAYS_14, r, NULL), TICK_ERROR_NONE);
        assert_int_equal(judge(BODY_OK, r, NULL), TICK_ERROR_ASSERTION);
        assert_int_equal(judge(JSON_BOTH, r, NULL), TICK_ERROR_ASSERTION);
        r.truncated = true;
        assert_int_equal(judge(BODY_OK, r, NULL), TICK_ERROR_TOO_LARGE);
        r.truncated = false;
        r.body_n = 14; /* more came than is kept */
        assert_int_equal(judge(BODY_OK, r, NULL), TICK_ERROR_TOO_LARGE);
        r.certificate_expiry_days = TODAY + 13;
        assert_int_equal(judge(DAYS_14, r, NULL), TICK_ERROR_TLS_EXPIRING);
        r.certificate_expiry_days = TODAY - 1;
        assert_int_equal(judge(DAYS_14, r, NULL), TICK_ERROR_TLS_EXPIRING);
        r.certificate_expiry_days = 0;
        assert_int_equal(judge(DAYS_14, r, NULL), TICK_ERROR_TLS_EXPIRING);
        assert_int_equal(judge(BODY_OK DAYS_14, r, NULL), TICK_ERROR_TOO_LARGE);
        r.status = 404;
        assert_int_equal(judge(BODY_OK DAYS_14, r, NULL), TICK_ERROR_STATUS);
}

static void a_story_has_the_first_reason_and_every_verdict(void **state _unused_) {
        HttpResult r = good;
        CheckStory s = { 0 };

        judge(JSON_BOTH DAYS_14, r, &s);
        assert_string_equal(s.detail, "json $.b equals \"2\": it is \"3\"");
        assert_int_equal(s.n_assertions, 2);
        assert_int_equal(s.assertions[0].verdict, VERDICT_HOLDS);
        assert_int_equal(s.assertions[1].verdict, VERDICT_FAILS);

        s = (CheckStory){ 0 };
        r.status = 500;
        assert_int_equal(judge(JSON_BOTH, r, &s), TICK_ERROR_STATUS);
        assert_string_equal(s.detail, "the status is 500");
        assert_int_equal(s.n_assertions, 2);

        s = (CheckStory){ 0 };
        r = good;
        r.certificate_expiry_days = TODAY + 3;
        judge(DAYS_14, r, &s);
        assert_string_equal(s.detail, "days left: 3, wanted: 14");
        s = (CheckStory){ 0 };
        r.certificate_expiry_days = 0;
        judge(DAYS_14, r, &s);
        assert_string_equal(s.detail, "no certificate was shown");
        s = (CheckStory){ 0 };
        judge("", good, &s);
        assert_string_equal(s.detail, "");
        assert_int_equal(s.n_assertions, 0);
}

static void only_what_is_asserted_is_kept(void **state _unused_) {
        static const struct {
                const char *members;
                size_t keep;
                bool headers;
        } rows[] = {
                { "", 0, false },
                { HEADER_X, 0, true },
                { BODY_OK, 5000, false },
                { JSON_BOTH, 5000, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(spec_done) Spec spec = parse(rows[i].members);
                HttpRequest request = { .body_max = 5000 };

                answer_prepare(&spec, &request);
                assert_int_equal(request.keep_max, rows[i].keep);
                assert_int_equal(request.keep_headers, rows[i].headers);
                request.body_max = 100 * ASSERT_BODY_MAX;
                answer_prepare(&spec, &request);
                assert_int_equal(request.keep_max, rows[i].keep ? ASSERT_BODY_MAX : 0);
        }
}

static void a_detail_is_one_line_of_text(void **state _unused_) {
        CheckStory s = { 0 };
        char text[400];

        check_story_detail(NULL, "x");
        check_story_detail(&s, NULL);
        assert_string_equal(s.detail, "");
        memset(text, 'a', sizeof(text));
        memcpy(text, "\xff\n\xc3\xa4", 4);
        text[sizeof(text) - 1] = '\0';
        check_story_detail(&s, text);
        check_story_detail(&s, "later");
        assert_memory_equal(s.detail,
                            "? \xc3\xa4"
                            "aaa",
                            7);
        assert_int_equal(strlen(s.detail), sizeof(s.detail) - 1);
        assert_true(utf8_is_valid(s.detail, strlen(s.detail)));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_thing_may_be_wrong),
                cmocka_unit_test(a_story_has_the_first_reason_and_every_verdict),
                cmocka_unit_test(only_what_is_asserted_is_kept),
                cmocka_unit_test(a_detail_is_one_line_of_text),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
