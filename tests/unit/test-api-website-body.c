/* What people send about websites: what is taken, and what is said about the rest. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "api/website-body.h"
#include "base/macro.h"

static void expect_refusal(const char *text, unsigned status, const char *pointer) {
        BodyProblem problem = { 0 };
        WebsiteBody body;

        assert_int_equal(website_body_read(text, strlen(text), &body, &problem), -EINVAL);
        assert_int_equal(problem.status, status);
        assert_string_equal(problem.pointer, pointer);
        assert_true(strlen(problem.detail) > 10);
        assert_int_equal(problem.detail[strlen(problem.detail) - 1], '.');
}

static void expect_taken(const char *text, WebsiteBody *ret) {
        BodyProblem problem;

        assert_int_equal(website_body_read(text, strlen(text), ret, &problem), 0);
}

static void a_url_is_enough(void **state _unused_) {
        _cleanup_(website_body_done) WebsiteBody body = { 0 };

        expect_taken("{\"url\":\"https://example.org/\"}", &body);
        assert_string_equal(body.url, "https://example.org/");
        assert_string_equal(body.name, "");
        assert_int_equal(body.settings.interval_ms, 60000);
        assert_int_equal(body.settings.timeout_ms, 0);
        assert_int_equal(body.settings.seats, 4);
        assert_int_equal(body.settings.confirm_down, 1);
        assert_int_equal(body.settings.certificate_warn_days, 14);
        assert_string_equal(body.settings.rules, "");
}

static void tags_are_the_organisations_words(void **state _unused_) {
        _cleanup_(website_body_done) WebsiteBody body = { 0 };

        expect_taken("{\"url\":\"http://a/\",\"tags\":[\"team-web\",\"prod\"]}", &body);
        assert_string_equal(body.settings.tags, "team-web,prod");
        expect_refusal("{\"url\":\"http://a/\",\"tags\":\"prod\"}", 422, "/tags");
        expect_refusal("{\"url\":\"http://a/\",\"tags\":[\"a,b\"]}", 422, "/tags");
        expect_refusal("{\"url\":\"http://a/\",\"tags\":[\"\"]}", 422, "/tags");
}

static void everything_may_be_said(void **state _unused_) {
        _cleanup_(website_body_done) WebsiteBody body = { 0 };

        expect_taken("{\"url\":\"http://a/\",\"name\":\"Caf\\u00e9\",\"intervalMs\":10000,"
                     "\"timeoutMs\":5000,\"seats\":16,\"rules\":\"region=eu\",\"confirmDown\":3,"
                     "\"confirmUpMs\":90000,\"certificateWarnDays\":0}",
                     &body);
        assert_string_equal(body.name, "Caf\xc3\xa9");
        assert_int_equal(body.settings.interval_ms, 10000);
        assert_int_equal(body.settings.timeout_ms, 5000);
        assert_int_equal(body.settings.seats, 16);
        assert_string_equal(body.settings.rules, "region=eu");
        assert_int_equal(body.settings.confirm_down, 3);
        assert_int_equal(body.settings.confirm_up, 1);
        assert_int_equal(body.settings.confirm_up_ms, 90000);
        assert_int_equal(body.settings.certificate_warn_days, 0);
        website_body_done(&body);
        expect_taken("{\"url\":\"http://a/\",\"intervalMs\":86400000,\"timeoutMs\":60000}", &body);
}

static void expect_specification(const char *text, const char *expected) {
        _cleanup_(website_body_done) WebsiteBody body = { 0 };

        expect_taken(text, &body);
        assert_string_equal(body.specification, expected);
}

static void what_is_checked_is_told_by_url_and_check(void **state _unused_) {
        expect_specification("{\"url\":\"http://a/\"}", "");
        expect_specification("{\"url\":\"http://a/\",\"check\":{}}", "");
        expect_specification("{\"url\":\"http://a/\",\"check\":{\"method\":\"GET\"}}", "");
        expect_specification("{\"url\":\"http://a/\",\"check\":{\"status\":\"404\"}}",
                             "{\"type\":\"http\",\"url\":\"http://a/\",\"method\":\"GET\","
                             "\"redirects\":5,\"status\":\"404\"}");
        expect_specification("{\"url\":\"tcp://a:25\"}", "");
        expect_specification("{\"url\":\"tcp://a:25\",\"check\":{\"expect\":\"220\"}}",
                             "{\"type\":\"tcp\",\"url\":\"tcp://a:25\",\"expect\":\"220\"}");
}

/* The refusal's words say which part of the check it is. */
static void expect_check_refusal(const char *url, const char *check, const char *words) {
        BodyProblem problem = { 0 };
        WebsiteBody body;
        char text[512];

        snprintf(text, sizeof(text), "{\"url\":\"%s\",\"check\":%s}", url, check);
        assert_int_equal(website_body_read(text, strlen(text), &body, &problem), -EINVAL);
        assert_int_equal(problem.status, 422);
        assert_string_equal(problem.pointer, "/check");
        if (!strstr(problem.detail, words))
                fail_msg("%s: %s", check, problem.detail);
}

static void the_wrong_rule_is_named(void **state _unused_) {
        static const char body_text[] =
                        "{\"url\":\"http://a/\",\"rules\":\"region=eu planet=mars\"}";
        static const char too_many[] = "{\"url\":\"http://a/\",\"rules\":\"asn>=5\"}";
        BodyProblem problem = { 0 };
        WebsiteBody body;

        assert_int_equal(website_body_read(body_text, strlen(body_text), &body, &problem), -EINVAL);
        assert_int_equal(problem.status, 422);
        assert_string_equal(problem.pointer, "/rules");
        assert_string_equal(problem.detail,
                            "The member \"rules\" must be rules: the rule \"planet=mars\" is about "
                            "nothing known: rules are about region, asn, operator and tag.");
        assert_int_equal(website_body_read(too_many, strlen(too_many), &body, &problem), -EINVAL);
        assert_non_null(strstr(problem.detail,
                               "\"asn>=5\" asks for more than the website's seats"));
}

static void what_does_not_go_with_the_url_is_refused(void **state _unused_) {
        expect_check_refusal("http://a/", "7", "object");
        expect_check_refusal("http://a/", "\"\"", "object");
        expect_check_refusal("http://a/", "{\"method\":\"TRACE\"}", "The method of a check");
        expect_check_refusal("http://a/", "{\"redirects\":11}", "redirects");
        expect_check_refusal("http://a/", "{\"url\":\"http://b/\"}", "unknown member");
        expect_check_refusal("tcp://a:1", "{\"method\":\"GET\"}", "unknown member");
        expect_check_refusal("http://a/", "{\"assertions\":[{\"source\":\"body\"}]}", "operator");
        expect_check_refusal("dns:a", "{\"rcode\":\"NICE\"}", "An rcode");
        expect_check_refusal("http://a/",
                             "{\"assertions\":[{\"source\":\"body\",\"operator\":\"matches\","
                             "\"value\":\"a(b\"}]}",
                             ", at byte 3.");
}

static void what_is_no_json_object_is_400(void **state _unused_) {
        expect_refusal("", 400, "");
        expect_refusal("{", 400, "");
        expect_refusal("hello", 400, "");
        expect_refusal("url=http://a/", 400, "");
        expect_refusal("[]", 400, "");
        expect_refusal("\"http://a/\"", 400, "");
        expect_refusal("{\"url\":\"http://a/\"} x", 400, "");
        expect_refusal("{\"url\":\"http://a/\\u0000b\"}", 400, "");
        expect_refusal("{\"url\":\"http://\xff/\"}", 400, "");
}

static void urls_are_judged_with_the_reason(void **state _unused_) {
        BodyProblem problem;
        WebsiteBody body;
        static const char text[] = "{\"url\":\"http://me:secret@a/\"}";

        expect_refusal("{\"url\":\"\"}", 422, "/url");
        expect_refusal("{\"url\":\"example.org\"}", 422, "/url");
        expect_refusal("{\"url\":\"file:///etc/passwd\"}", 422, "/url");
        expect_refusal("{\"url\":\"http://a/\\u0001\"}", 422, "/url");
        expect_refusal("{\"url\":\"http://a/\\n\"}", 422, "/url");
        expect_refusal("{\"url\":\"http://b\xc3\xbc"
                       "cher.example/\"}",
                       422, "/url");
        assert_int_equal(website_body_read(text, strlen(text), &body, &problem), -EINVAL);
        assert_non_null(strstr(problem.detail, "credentials"));
}

static void a_long_url_is_told_its_limit(void **state _unused_) {
        char text[9200] = "{\"url\":\"http://a/";
        BodyProblem problem;
        WebsiteBody body;
        size_t n = strlen(text);

        memset(text + n, 'x', 3000);
        snprintf(text + n + 3000, sizeof(text) - n - 3000, "\"}");
        assert_int_equal(website_body_read(text, strlen(text), &body, &problem), -EINVAL);
        assert_non_null(strstr(problem.detail, "2048"));
        memset(text + n, 'x', 9000);
        snprintf(text + n + 9000, sizeof(text) - n - 9000, "\"}");
        expect_refusal(text, 422, "/url");
}

static void numbers_have_limits(void **state _unused_) {
        static const char *const wrong[][2] = {
                { "\"slowMs\":0", "/slowMs" },
                { "\"slowMs\":60001", "/slowMs" },
                { "\"family\":5", "/family" },
                { "\"family\":3", "/family" },
                { "\"family\":\"4\"", "/family" },
                { "\"intervalMs\":9999", "/intervalMs" },
                { "\"intervalMs\":86400001", "/intervalMs" },
                { "\"intervalMs\":-1", "/intervalMs" },
                { "\"intervalMs\":0", "/intervalMs" },
                { "\"intervalMs\":\"10000\"", "/intervalMs" },
                { "\"intervalMs\":1e4", "/intervalMs" },
                { "\"intervalMs\":null", "/intervalMs" },
                { "\"seats\":0", "/seats" },
                { "\"seats\":17", "/seats" },
                { "\"confirmDown\":0", "/confirmDown" },
                { "\"confirmUp\":101", "/confirmUp" },
                { "\"confirmDownMs\":-1", "/confirmDownMs" },
                { "\"confirmUpMs\":86400001", "/confirmUpMs" },
                { "\"certificateWarnDays\":366", "/certificateWarnDays" },
                { "\"timeoutMs\":99", "/timeoutMs" },
                { "\"timeoutMs\":30001", "/timeoutMs" },
                { "\"intervalMs\":86400000,\"timeoutMs\":60001", "/timeoutMs" },
                { "\"intervalMs\":10000,\"timeoutMs\":5001", "/timeoutMs" },
        };

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
                char text[128];

                snprintf(text, sizeof(text), "{\"url\":\"http://a/\",%s}", wrong[i][0]);
                expect_refusal(text, 422, wrong[i][1]);
        }
}

static void names_are_short_and_printable(void **state _unused_) {
        char text[2048] = "{\"url\":\"http://a/\",\"name\":\"";
        size_t n = strlen(text);
        _cleanup_(website_body_done) WebsiteBody body = { 0 };

        expect_refusal("{\"url\":\"http://a/\",\"name\":\"a\\u0007\"}", 422, "/name");
        expect_refusal("{\"url\":\"http://a/\",\"name\":\"a\\u007f\"}", 422, "/name");
        expect_refusal("{\"url\":\"http://a/\",\"name\":5}", 422, "/name");
        for (size_t i = 0; i < 200; i++)
                memcpy(text + n + 2 * i, "\xc3\xa4", 2);
        memcpy(text + n + 400, "\"}", 3);
        expect_taken(text, &body);
        memcpy(text + n + 400, "x\"}", 4);
        expect_refusal(text, 422, "/name");
}

static void unknown_and_missing_members_are_refused(void **state _unused_) {
        expect_refusal("{}", 422, "/url");
        expect_refusal("{\"name\":\"x\"}", 422, "/url");
        expect_refusal("{\"url\":\"http://a/\",\"<script>\":1}", 422, "");
        expect_refusal("{\"url\":\"http://a/\",\"websiteId\":1}", 422, "");
}

static void expect_id_refusal(const char *text, unsigned status, const char *pointer) {
        BodyProblem problem = { 0 };
        Uuid id;

        assert_int_equal(website_id_body_read(text, strlen(text), &id, &problem), -EINVAL);
        assert_int_equal(problem.status, status);
        assert_string_equal(problem.pointer, pointer);
}

static void an_id_is_a_uuid(void **state _unused_) {
        static const char text[] = "{\"websiteId\":\"01020304-0506-0708-090a-0b0c0d0e0f10\"}";
        BodyProblem problem;
        Uuid id;

        assert_int_equal(website_id_body_read(text, strlen(text), &id, &problem), 0);
        assert_int_equal(id.bytes[0], 1);
        assert_int_equal(id.bytes[15], 16);
        expect_id_refusal("", 400, "");
        expect_id_refusal("{}", 422, "/websiteId");
        expect_id_refusal("{\"websiteId\":7}", 422, "/websiteId");
        expect_id_refusal("{\"websiteId\":\"x\"}", 422, "/websiteId");
        expect_id_refusal("{\"websiteId\":\"01020304-0506-0708-090a-0b0c0d0e0f100\"}", 422,
                          "/websiteId");
}

/* Changing -------------------------------------------------------------------------------------
 */

#define SITE "\"websiteId\":\"00000000-0000-7000-8000-000000000001\""

static const WebsiteRow row = {
        .url = "http://a/",
        .settings = { .name = "A",
                      .specification = "{...}",
                      .rules = "region=eu",
                      .tags = "prod",
                      .interval_ms = 30000,
                      .timeout_ms = 8000,
                      .slow_ms = 700,
                      .seats = 7,
                      .family = 4,
                      .confirm_down = 2,
                      .confirm_up = 3,
                      .confirm_down_ms = 4000,
                      .confirm_up_ms = 5000,
                      .certificate_warn_days = 6 },
        .paused = true,
};

static void apply(const char *members, WebsitePatch *ret) {
        BodyProblem problem = { 0 };
        char text[512];

        snprintf(text, sizeof(text), "{" SITE "%s}", members);
        assert_int_equal(website_patch_read(text, strlen(text), ret, &problem), 0);
        if (website_patch_apply(ret, &row, &problem) < 0)
                fail_msg("%s: %s", members, problem.detail);
}

static void what_is_not_said_stays(void **state _unused_) {
        _cleanup_(website_patch_done) WebsitePatch patch = { 0 };

        apply("", &patch);
        assert_int_equal(patch.id.bytes[15], 1);
        assert_memory_equal(&patch.body.settings, &row.settings, sizeof(row.settings));
        assert_true(patch.paused);
        assert_int_equal(patch.parent_seen, JSON_SEEN_NOTHING);
}

static void null_is_the_default(void **state _unused_) {
        _cleanup_(website_patch_done) WebsitePatch patch = { 0 };
        const WebsiteSettings *s = &patch.body.settings;

        apply(",\"name\":null,\"check\":null,\"rules\":null,\"intervalMs\":null,"
              "\"timeoutMs\":null,\"slowMs\":null,\"seats\":null,\"family\":null,"
              "\"confirmDown\":null,\"confirmUp\":null,\"confirmDownMs\":null,"
              "\"confirmUpMs\":null,\"certificateWarnDays\":null,\"paused\":null,"
              "\"parentId\":null",
              &patch);
        assert_string_equal(s->name, "");
        assert_string_equal(s->specification, "");
        assert_string_equal(s->rules, "");
        assert_int_equal(s->interval_ms, 60000);
        assert_int_equal(website_settings_timeout(s), 10000);
        assert_int_equal(s->slow_ms, 0);
        assert_int_equal(s->seats, 4);
        assert_int_equal(s->family, 0);
        assert_int_equal(s->confirm_down, 1);
        assert_int_equal(s->confirm_up, 1);
        assert_int_equal(s->confirm_down_ms, 0);
        assert_int_equal(s->confirm_up_ms, 0);
        assert_int_equal(s->certificate_warn_days, 14);
        assert_false(patch.paused);
        assert_int_equal(patch.parent_seen, JSON_SEEN_NULL);
        assert_true(uuid_equal(&patch.parent, &(const Uuid){ { 0 } }));
}

static void what_is_said_is_set(void **state _unused_) {
        _cleanup_(website_patch_done) WebsitePatch patch = { 0 };
        const WebsiteSettings *s = &patch.body.settings;

        apply(",\"intervalMs\":20000,\"name\":\"B\",\"check\":{\"status\":\"404\"},"
              "\"certificateWarnDays\":0,\"paused\":false,"
              "\"parentId\":\"00000000-0000-7000-8000-000000000002\"",
              &patch);
        assert_int_equal(s->interval_ms, 20000);
        assert_int_equal(s->timeout_ms, 8000);
        assert_int_equal(s->certificate_warn_days, 0);
        assert_string_equal(s->name, "B");
        assert_string_equal(s->rules, "region=eu");
        assert_non_null(strstr(s->specification, "\"status\":\"404\""));
        assert_false(patch.paused);
        assert_int_equal(patch.parent.bytes[15], 2);
}

static void expect_patch_refusal(const char *members, const char *pointer) {
        _cleanup_(website_patch_done) WebsitePatch patch = { 0 };
        BodyProblem problem = { 0 };
        char text[512];
        int r;

        snprintf(text, sizeof(text), "{" SITE "%s}", members);
        r = website_patch_read(text, strlen(text), &patch, &problem);
        if (r == 0)
                r = website_patch_apply(&patch, &row, &problem);
        assert_int_equal(r, -EINVAL);
        assert_int_equal(problem.status, 422);
        assert_string_equal(problem.pointer, pointer);
}

static void what_results_is_judged_as_a_whole(void **state _unused_) {
        static const char *const wrong[][2] = {
                { ",\"intervalMs\":15999", "/timeoutMs" },
                { ",\"timeoutMs\":15001", "/timeoutMs" },
                { ",\"timeoutMs\":20000,\"intervalMs\":39999", "/timeoutMs" },
                { ",\"intervalMs\":9999", "/intervalMs" },
                { ",\"intervalMs\":86400001", "/intervalMs" },
                { ",\"confirmUp\":0", "/confirmUp" },
                { ",\"family\":5", "/family" },
                { ",\"name\":\"a\\u0007\"", "/name" },
                { ",\"check\":{\"expect\":\"220\"}", "/check" },
                { ",\"parentId\":\"x\"", "/parentId" },
                { ",\"paused\":1", "/paused" },
                { ",\"url\":\"http://b/\"", "" },
                { ",\"Name\":\"b\"", "" },
        };
        _cleanup_(website_patch_done) WebsitePatch patch = { 0 };

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                expect_patch_refusal(wrong[i][0], wrong[i][1]);
        apply(",\"intervalMs\":16000", &patch);
        website_patch_done(&patch);
        apply(",\"timeoutMs\":20000,\"intervalMs\":40000", &patch);
        assert_int_equal(
                        website_patch_read("{\"websiteId\":null}", 18, &patch, &(BodyProblem){ 0 }),
                        -EINVAL);
        assert_int_equal(website_patch_read("{}", 2, &patch, &(BodyProblem){ 0 }), -EINVAL);
}

static void a_newer_row_may_be_taken(void **state _unused_) {
        _cleanup_(website_patch_done) WebsitePatch patch = { 0 };
        WebsiteRow newer = row;
        BodyProblem problem;

        apply(",\"check\":{\"status\":\"404\"},\"seats\":3", &patch);
        newer.paused = false;
        newer.settings.slow_ms = 9;
        assert_int_equal(website_patch_apply(&patch, &newer, &problem), 0);
        assert_false(patch.paused);
        assert_int_equal(patch.body.settings.slow_ms, 9);
        assert_int_equal(patch.body.settings.seats, 3);
        assert_non_null(strstr(patch.body.settings.specification, "404"));
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_url_is_enough),
                cmocka_unit_test(tags_are_the_organisations_words),
                cmocka_unit_test(everything_may_be_said),
                cmocka_unit_test(what_is_checked_is_told_by_url_and_check),
                cmocka_unit_test(the_wrong_rule_is_named),
                cmocka_unit_test(what_does_not_go_with_the_url_is_refused),
                cmocka_unit_test(what_is_no_json_object_is_400),
                cmocka_unit_test(urls_are_judged_with_the_reason),
                cmocka_unit_test(a_long_url_is_told_its_limit),
                cmocka_unit_test(numbers_have_limits),
                cmocka_unit_test(names_are_short_and_printable),
                cmocka_unit_test(unknown_and_missing_members_are_refused),
                cmocka_unit_test(an_id_is_a_uuid),
                cmocka_unit_test(what_is_not_said_stays),
                cmocka_unit_test(null_is_the_default),
                cmocka_unit_test(what_is_said_is_set),
                cmocka_unit_test(what_results_is_judged_as_a_whole),
                cmocka_unit_test(a_newer_row_may_be_taken),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
