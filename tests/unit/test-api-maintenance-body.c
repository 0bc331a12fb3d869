/* What people send about maintenance: what is taken, and what is said about the rest. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "api/maintenance-body.h"

#define ONE   "00000000-0000-7000-8000-00000000000a"
#define OTHER "00000000-0000-7000-8000-00000000000b"

static void take(const char *text, MaintenanceBody *body, MaintenanceAdd *add) {
        BodyProblem problem = { 0 };

        if (maintenance_body_read(text, strlen(text), body, &problem) < 0)
                fail_msg("%s: %s", text, problem.detail);
        maintenance_body_fill(body, add);
}

static void once_or_again(void **state _unused_) {
        _cleanup_(maintenance_body_done) MaintenanceBody body = { 0 };
        MaintenanceAdd add = { 0 };

        take("{\"websiteIds\":[\"" ONE "\",\"" OTHER "\"],\"title\":\"Move\","
             "\"from\":\"2026-11-29T02:00:00Z\",\"until\":\"2026-11-29T04:00:00Z\"}",
             &body, &add);
        assert_string_equal(add.websites, ONE "," OTHER);
        assert_string_equal(add.title, "Move");
        assert_string_equal(add.from, "2026-11-29T02:00:00Z");
        assert_string_equal(add.until, "2026-11-29T04:00:00Z");
        assert_null(add.cron);
        assert_int_equal(add.duration_ms, 0);
        maintenance_body_done(&body);

        take("{\"websiteIds\":null,\"cron\":\"0 3 * * sun\",\"durationMs\":3600000,"
             "\"timeZone\":\"Europe/Berlin\",\"from\":null,\"until\":null}",
             &body, &add);
        assert_null(add.websites);
        assert_string_equal(add.title, "");
        assert_null(add.from);
        assert_string_equal(add.cron, "0 3 * * sun");
        assert_string_equal(add.time_zone, "Europe/Berlin");
        assert_int_equal(add.duration_ms, 3600000);
}

static void expect_refusal(const char *text, unsigned status, const char *pointer) {
        MaintenanceBody body;
        BodyProblem problem = { 0 };

        assert_int_equal(maintenance_body_read(text, strlen(text), &body, &problem), -EINVAL);
        assert_int_equal(problem.status, status);
        assert_string_equal(problem.pointer, pointer);
        assert_int_equal(problem.detail[strlen(problem.detail) - 1], '.');
}

static void what_it_is_not_is_refused(void **state _unused_) {
        expect_refusal("{", 400, "");
        expect_refusal("{}", 422, "/websiteIds");
        expect_refusal("{\"websiteIds\":[]}", 422, "/websiteIds");
        expect_refusal("{\"websiteIds\":[\"x\"]}", 422, "/websiteIds");
        expect_refusal("{\"websiteIds\":\"" ONE "\"}", 422, "/websiteIds");
        expect_refusal("{\"websiteIds\":[null]}", 422, "/websiteIds");
        expect_refusal("{\"websiteIds\":null,\"durationMs\":0}", 422, "/durationMs");
        expect_refusal("{\"websiteIds\":null,\"durationMs\":-60000}", 422, "/durationMs");
        expect_refusal("{\"websiteIds\":null,\"durationMs\":\"1h\"}", 422, "/durationMs");
        expect_refusal("{\"websiteIds\":null,\"cron\":5}", 422, "/cron");
        expect_refusal("{\"websiteIds\":null,\"title\":null}", 422, "/title");
        expect_refusal("{\"websiteIds\":null,\"every\":\"day\"}", 422, "");
}

static void lists_and_texts_have_limits(void **state _unused_) {
        char text[8192] = "{\"websiteIds\":[\"" ONE "\"";
        MaintenanceBody body;
        BodyProblem problem;
        size_t n = strlen(text);

        for (unsigned i = 1; i < MAINTENANCE_WEBSITES_MAX; i++)
                n += (size_t)snprintf(text + n, sizeof(text) - n, ",\"" ONE "\"");
        snprintf(text + n, sizeof(text) - n, "]}");
        assert_int_equal(maintenance_body_read(text, strlen(text), &body, &problem), 0);
        assert_int_equal(strlen(body.websites_text), 100 * 36 + 99);
        maintenance_body_done(&body);
        snprintf(text + n, sizeof(text) - n, ",\"" ONE "\"]}");
        expect_refusal(text, 422, "/websiteIds");

        n = (size_t)snprintf(text, sizeof(text), "{\"websiteIds\":null,\"cron\":\"");
        memset(text + n, '*', 1025);
        snprintf(text + n + 1025, sizeof(text) - n - 1025, "\"}");
        expect_refusal(text, 422, "/cron");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(once_or_again),
                cmocka_unit_test(what_it_is_not_is_refused),
                cmocka_unit_test(lists_and_texts_have_limits),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
