/* What is sent to a webhook, and what its answers mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "hub/alert-webhook.h"

#define NOW (1445412420 * USEC_PER_SEC) /* 21 October 2015, 07:27:00 */

static void headers_and_body(void **state _unused_) {
        const AlertMessage m = { .id = "ID",
                                 .event = "incident.opened",
                                 .facts = "{\"name\": \"a\\\"b\"}",
                                 .happened = "2015-10-21T07:26:00.000000Z",
                                 .link = "https://dpin.example/",
                                 .now = NOW + 999999 };
        const uint8_t key[ALERT_KEY_SIZE] = { 0 };
        AlertSecrets s = { .n = 1 };
        AlertKeys k;
        AlertWebhook w;

        assert_int_equal(alert_keys_derive(key, &k), 0);
        assert_int_equal(alert_webhook_make(&w, &m, &k, &s, false), 0);
        assert_string_equal(w.body,
                            "{\"type\":\"incident.opened\",\"timestamp\":"
                            "\"2015-10-21T07:26:00.000000Z\",\"data\":{\"name\": \"a\\\"b\"},"
                            "\"link\":\"https://dpin.example/\"}");
        assert_string_equal(w.headers[0], "content-type: application/json");
        assert_string_equal(w.headers[1], "webhook-id: ID");
        assert_string_equal(w.headers[2], "webhook-timestamp: 1445412420");
        assert_memory_equal(w.headers[3], "webhook-signature: v1,", 22);
        assert_non_null(strstr(w.headers[3], "= v1a,"));
        assert_null(w.headers[4]);
        alert_webhook_done(&w);
}

static AlertVerdict judge(unsigned status, const char *headers, size_t n) {
        AlertVerdict v;

        alert_webhook_judge(status, headers, n, NOW, &v);
        return v;
}

static void only_success_is_success(void **state _unused_) {
        static const unsigned failures[] = { 0,   100, 300, 301, 302, 307, 308, 400, 401,
                                             404, 408, 429, 500, 502, 503, 504, 999 };

        for (unsigned status = 200; status < 300; status++)
                assert_int_equal(judge(status, "", 0).state, ALERT_DELIVERED);
        for (size_t i = 0; i < ELEMENTSOF(failures); i++) {
                AlertVerdict v = judge(failures[i], NULL, 0);

                assert_int_equal(v.state, ALERT_PENDING);
                assert_false(v.disable);
        }
        assert_string_equal(judge(500, "", 0).error, "the receiver answered 500");
        assert_non_null(strstr(judge(302, "", 0).error, "not followed"));
}

static void gone_is_for_ever(void **state _unused_) {
        AlertVerdict v = judge(410, "", 0);

        assert_int_equal(v.state, ALERT_FAILED);
        assert_true(v.disable);
}

static void a_pause_is_asked_for(void **state _unused_) {
        static const char headers[] = "Server: x\0retry-after:  120\0Retry-After-Not: 7";

        assert_int_equal(judge(429, headers, sizeof(headers)).asked, 120 * USEC_PER_SEC);
        assert_int_equal(judge(503, headers, sizeof(headers)).asked, 120 * USEC_PER_SEC);
        assert_int_equal(judge(503, headers, 10).asked, 0);
        assert_int_equal(alert_retry_after("Wed, 21 Oct 2015 07:28:00 GMT", NOW),
                         60 * USEC_PER_SEC);
        assert_int_equal(alert_retry_after("Wed, 21 Oct 2015 07:27:00 GMT", NOW), 0);
        assert_int_equal(alert_retry_after("Wed, 21 Oct 2015 07:28:00 GMT+1", NOW), 0);
        assert_int_equal(alert_retry_after("", NOW), 0);
        assert_int_equal(alert_retry_after("-5", NOW), 0);
        assert_int_equal(alert_retry_after("1e9", NOW), 0);
        assert_int_equal(alert_retry_after("99999999999999999999999", NOW), USEC_PER_DAY);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(headers_and_body),
                cmocka_unit_test(only_success_is_success),
                cmocka_unit_test(gone_is_for_ever),
                cmocka_unit_test(a_pause_is_asked_for),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
