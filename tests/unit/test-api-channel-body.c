/* What people send about channels of alerts: what is taken, and what is said about the rest. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "api/channel-body.h"

#define HOOK "\"kind\":\"webhook\",\"name\":\"Ops\",\"settings\":{\"url\":\"https://x.example/\"}"

static void a_new_one(void **state _unused_) {
        static const char hook[] = "{" HOOK ",\"filter\":{\"events\":[\"incident.opened\"]}}",
                          mail[] = "{\"kind\":\"email\",\"name\":\"Ops\","
                                   "\"settings\":{\"to\":[\"a@x.example\"]}}";
        ChannelBody body;
        BodyProblem problem;

        assert_int_equal(channel_body_read(hook, strlen(hook), &body, &problem), 0);
        assert_string_equal(body.kind, "webhook");
        assert_string_equal(body.name, "Ops");
        assert_non_null(strstr(body.settings, "x.example"));
        assert_non_null(strstr(body.filter, "incident.opened"));
        assert_null(body.rules);
        assert_true(body.signs);
        channel_body_done(&body);
        assert_int_equal(channel_body_read(mail, strlen(mail), &body, &problem), 0);
        assert_false(body.signs);
        channel_body_done(&body);
}

/* NULL: all of them. */
static void expect_shown(const char *kind, const char *settings, const char *shown) {
        char text[512];
        ChannelBody body;
        BodyProblem problem;

        (void)snprintf(text, sizeof(text), "{\"kind\":\"%s\",\"name\":\"x\",\"settings\":%s}", kind,
                       settings);
        assert_int_equal(channel_body_read(text, strlen(text), &body, &problem), 0);
        assert_false(body.signs);
        if (shown)
                assert_string_equal(body.shown, shown);
        else
                assert_null(body.shown);
        channel_body_done(&body);
        assert_null(body.shown);
}

static void what_is_secret_is_not_shown(void **state _unused_) {
        expect_shown("email", "{\"to\":[\"a@x.example\"]}", NULL);
        expect_shown("alertmanager", "{\"url\":\"https://x.example/\"}", NULL);
        expect_shown("alertmanager", "{\"url\":\"https://x.example/\",\"token\":\"t\"}",
                     "{\"url\":\"https://x.example/\"}");
        expect_shown("alertmanager",
                     "{\"url\":\"https://x.example/\",\"user\":\"u\",\"password\":\"p\"}",
                     "{\"url\":\"https://x.example/\",\"user\":\"u\"}");
        expect_shown("apprise", "{\"url\":\"ntfy://t0pic\",\"subject\":\"S\"}",
                     "{\"service\":\"ntfy\",\"subject\":\"S\"}");
}

static void expect_refusal(const char *text, unsigned status, const char *pointer) {
        BodyProblem problem = { 0 };
        ChannelBody body;

        assert_int_equal(channel_body_read(text, strlen(text), &body, &problem), -EINVAL);
        assert_int_equal(problem.status, status);
        assert_string_equal(problem.pointer, pointer);
        assert_int_equal(problem.detail[strlen(problem.detail) - 1], '.');
}

static void what_it_is_not_is_refused(void **state _unused_) {
        expect_refusal("{", 400, "");
        expect_refusal("{}", 422, "/kind");
        expect_refusal("{" HOOK ",\"secret\":\"whsec_\"}", 422, "");
        expect_refusal("{" HOOK ",\"filter\":{\"events\":[\"x\"]}}", 422, "/filter");
        expect_refusal("{" HOOK ",\"filter\":[]}", 422, "/filter");
        expect_refusal("{" HOOK ",\"rules\":{\"perHour\":0}}", 422, "/rules");
        expect_refusal("{\"kind\":\"webhook\",\"name\":\"\",\"settings\":{}}", 422, "/name");
        expect_refusal("{\"kind\":\"webhook\",\"name\":\"x\",\"settings\":{}}", 422, "/settings");
        expect_refusal("{\"kind\":\"pigeon\",\"name\":\"x\",\"settings\":{}}", 422, "/kind");
        expect_refusal("{\"kind\":\"exec\",\"name\":\"x\",\"settings\":{\"hook\":\"x\"}}", 422,
                       "/kind");
        expect_refusal("{\"kind\":\"apprise\",\"name\":\"x\",\"settings\":"
                       "{\"url\":\"json://x.example\"}}",
                       422, "/settings");
        expect_refusal("{\"kind\":\"apprise\",\"name\":\"x\",\"settings\":"
                       "{\"service\":\"ntfy\"}}",
                       422, "/settings");
        expect_refusal("{\"kind\":\"alertmanager\",\"name\":\"x\",\"settings\":"
                       "{\"url\":\"https://x.example/\",\"user\":\"u\"}}",
                       422, "/settings");
        expect_refusal("{\"kind\":7,\"name\":\"x\",\"settings\":{}}", 422, "/kind");
}

static void a_change_is_judged_by_the_kind(void **state _unused_) {
        static const char text[] = "{\"settings\":{\"to\":[\"a@x.example\"]}}",
                          secret[] = "{\"settings\":{\"url\":\"ntfy://t0pic\"}}",
                          kind[] = "{\"kind\":\"email\"}";
        ChannelBody body;
        BodyProblem problem;

        assert_int_equal(channel_patch_read(text, strlen(text), &body, &problem), 0);
        assert_null(body.name);
        assert_int_equal(channel_body_judge(&body, "email", &problem), 0);
        assert_int_equal(channel_body_judge(&body, "webhook", &problem), -EINVAL);
        assert_string_equal(problem.pointer, "/settings");
        channel_body_done(&body);
        assert_int_equal(channel_patch_read(secret, strlen(secret), &body, &problem), 0);
        assert_null(body.shown);
        assert_int_equal(channel_body_judge(&body, "apprise", &problem), 0);
        assert_string_equal(body.shown, "{\"service\":\"ntfy\"}");
        channel_body_done(&body);
        assert_int_equal(channel_patch_read(kind, strlen(kind), &body, &problem), -EINVAL);
        assert_int_equal(channel_patch_read("{}", 2, &body, &problem), 0);
        assert_int_equal(channel_body_judge(&body, "email", &problem), 0);
        channel_body_done(&body);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_new_one),
                cmocka_unit_test(what_is_secret_is_not_shown),
                cmocka_unit_test(what_it_is_not_is_refused),
                cmocka_unit_test(a_change_is_judged_by_the_kind),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
