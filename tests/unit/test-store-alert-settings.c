/* What may be set for a channel, and what not. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "store/alert-settings.h"

static void accepts(AlertKind kind, const char *json) {
        const char *reason;
        AlertSettings s;

        assert_int_equal(alert_settings_read(kind, json, &s, &reason), 0);
        alert_settings_done(&s);
}

static void refuses(AlertKind kind, const char *json, const char *words) {
        const char *reason = NULL;
        AlertSettings s;

        assert_int_equal(alert_settings_read(kind, json, &s, &reason), -EINVAL);
        if (!strstr(reason, words))
                fail_msg("%s: %s", json, reason);
}

static void kinds_have_names(void **state _unused_) {
        AlertKind k;

        assert_int_equal(alert_kind_from_name("email", &k), 0);
        assert_int_equal(k, ALERT_EMAIL);
        assert_int_equal(alert_kind_from_name("pigeon", &k), -EINVAL);
}

static void a_webhook_is_a_url(void **state _unused_) {
        accepts(ALERT_WEBHOOK, "{\"url\": \"https://hooks.example:8443/a?b=c\"}");
        refuses(ALERT_WEBHOOK, "{}", "{\"url\"");
        refuses(ALERT_WEBHOOK, "{\"url\": \"https://x.example/\", \"to\": []}", "{\"url\"");
        refuses(ALERT_WEBHOOK, "{\"url\": \"ftp://x.example/\"}", "http");
        refuses(ALERT_WEBHOOK, "{\"url\": \"https://a:b@x.example/\"}", "credentials");
        refuses(ALERT_WEBHOOK, "{\"url\": \"https://x.example/\\r\\nA: b\"}", "");
        refuses(ALERT_WEBHOOK, "not JSON", "{\"url\"");
}

static void e_mail_is_addresses_and_texts(void **state _unused_) {
        accepts(ALERT_EMAIL, "{\"to\": [\"a@x.example\", \"b+c@y.example\"]}");
        accepts(ALERT_EMAIL, "{\"to\": [\"a@x.example\"], \"subject\": \"{{name}}\","
                             " \"text\": \"{{what}}\\n{{link}}\\n\"}");
        refuses(ALERT_EMAIL, "{\"to\": []}", "nobody");
        refuses(ALERT_EMAIL, "{\"to\": [\"a@x.example\", \"b\"]}", "plain address");
        refuses(ALERT_EMAIL, "{\"to\": [\"a@x.example\"], \"subject\": \"{{secret}}\"}",
                "{{field}}");
        refuses(ALERT_EMAIL, "{\"to\": [\"a@x.example\"], \"text\": \"{{name\"}", "{{field}}");
        refuses(ALERT_EMAIL, "{\"to\": [\"a@x.example\"], \"subject\": \"a\\nBcc: b\"}",
                "one line");
        refuses(ALERT_EMAIL,
                "{\"to\": [\"a@x.example\", \"a@x.example\", \"a@x.example\", \"a@x.example\","
                " \"a@x.example\", \"a@x.example\", \"a@x.example\", \"a@x.example\","
                " \"a@x.example\", \"a@x.example\", \"a@x.example\"]}",
                "set as");
}

static void an_alertmanager_is_a_url_and_who_asks(void **state _unused_) {
        accepts(ALERT_MANAGER, "{\"url\": \"http://am.example:9093/prefix/\"}");
        accepts(ALERT_MANAGER, "{\"url\": \"https://a.example/\", \"user\": \"u\","
                               " \"password\": \"p:w\", \"subject\": \"{{name}}\"}");
        accepts(ALERT_MANAGER, "{\"url\": \"https://a.example/\", \"token\": \"t\"}");
        refuses(ALERT_MANAGER, "{}", "Alertmanager is set");
        refuses(ALERT_MANAGER, "{\"url\": \"https://a.example/?x\"}", "no ?");
        refuses(ALERT_MANAGER, "{\"url\": \"ftp://a.example/\"}", "http");
        refuses(ALERT_MANAGER, "{\"url\": \"https://a.example/\", \"user\": \"u\"}", "password");
        refuses(ALERT_MANAGER, "{\"url\": \"https://a.example/\", \"password\": \"u\"}", "user");
        refuses(ALERT_MANAGER,
                "{\"url\": \"https://a.example/\", \"user\": \"u\", \"password\": \"p\","
                " \"token\": \"t\"}",
                "neither");
        refuses(ALERT_MANAGER, "{\"url\": \"https://a.example/\", \"token\": \"a\\r\\nb: c\"}",
                "one line");
        refuses(ALERT_MANAGER, "{\"url\": \"https://a.example/\", \"token\": \"\"}", "one line");
        refuses(ALERT_MANAGER,
                "{\"url\": \"https://a.example/\", \"user\": \"a:b\", \"password\": \"p\"}",
                "colon");
        refuses(ALERT_MANAGER, "{\"url\": \"https://a.example/\", \"text\": \"{{x}}\"}",
                "{{field}}");
}

static void a_program_has_a_name(void **state _unused_) {
        accepts(ALERT_EXEC, "{\"hook\": \"page-2_x\"}");
        refuses(ALERT_EXEC, "{\"hook\": \"/bin/sh\"}", "a name");
        refuses(ALERT_EXEC, "{\"hook\": \"\"}", "a name");
        refuses(ALERT_EXEC, "{\"hook\": \"Page\"}", "a name");
        refuses(ALERT_EXEC, "{\"hook\": \"a\", \"argv\": []}", "exec is set");
        refuses(ALERT_EXEC, "{\"hook\": \"a\", \"subject\": \"a\\nb\"}", "one line");
}

static void apprise_knows_services(void **state _unused_) {
        accepts(ALERT_APPRISE, "{\"url\": \"discord://1/2\"}");
        accepts(ALERT_APPRISE, "{\"url\": \"ntfys://user:pw@ntfy.example/topic?priority=max\"}");
        refuses(ALERT_APPRISE, "{\"url\": \"discord://\"}", "SERVICE://");
        refuses(ALERT_APPRISE, "{\"url\": \"discord:1/2\"}", "SERVICE://");
        refuses(ALERT_APPRISE, "{\"url\": \"file:///etc/passwd\"}", "no service");
        refuses(ALERT_APPRISE, "{\"url\": \"https://discord.com/api/webhooks/1/2\"}", "no service");
        refuses(ALERT_APPRISE, "{\"url\": \"jsons://x.example\"}", "no service");
        refuses(ALERT_APPRISE, "{\"url\": \"Discord://1/2\"}", "no service");
        refuses(ALERT_APPRISE, "{\"url\": \"discord://1/2 json://x\"}", "");
        refuses(ALERT_APPRISE, "{\"url\": \"discord://1/\\u00e9\"}", "");
}

static void shows(AlertKind kind, const char *json, const char *wanted) {
        const char *reason;
        AlertSettings s;
        char *shown = NULL;

        assert_int_equal(alert_settings_read(kind, json, &s, &reason), 0);
        assert_int_equal(alert_settings_show(kind, &s, &shown), wanted != NULL);
        if (wanted)
                assert_string_equal(shown, wanted);
        free(shown);
        alert_settings_done(&s);
}

static void what_is_secret_is_not_shown(void **state _unused_) {
        shows(ALERT_WEBHOOK, "{\"url\": \"https://a.example/\"}", NULL);
        shows(ALERT_EMAIL, "{\"to\": [\"a@x.example\"]}", NULL);
        shows(ALERT_EXEC, "{\"hook\": \"a\"}", NULL);
        shows(ALERT_MANAGER, "{\"url\": \"https://a.example/\"}", NULL);
        shows(ALERT_MANAGER,
              "{\"url\": \"https://a.example/\", \"user\": \"u\", \"password\": \"pw\"}",
              "{\"url\":\"https://a.example/\",\"user\":\"u\"}");
        shows(ALERT_MANAGER, "{\"url\": \"https://a.example/\", \"token\": \"t\"}",
              "{\"url\":\"https://a.example/\"}");
        shows(ALERT_APPRISE, "{\"url\": \"discord://1/2\", \"subject\": \"{{name}}\"}",
              "{\"service\":\"discord\",\"subject\":\"{{name}}\"}");
}

static void addresses_are_nothing_else(void **state _unused_) {
        static const char *const bad[] = { "",
                                           "a",
                                           "@x",
                                           "a@",
                                           "a@b@c",
                                           "a b@c",
                                           "a@b c",
                                           "<a@b>",
                                           "a@b>",
                                           "a@b,c@d",
                                           "\"a\"@b",
                                           "a@b\r\nRCPT TO:<c@d>",
                                           "a@[127.0.0.1]",
                                           "a@-b",
                                           "a@.b",
                                           "a@b..c",
                                           "-a@b",
                                           "\xc3\xa9@b",
                                           "a@\xc3\xa9",
                                           "a\n@b" };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                if (alert_is_address(bad[i]))
                        fail_msg("%s", bad[i]);
        assert_true(alert_is_address("o'neil/x=y+z@mail.x-y.example"));
        assert_true(alert_is_address("root@localhost"));
}

static void filters_name_what_there_is(void **state _unused_) {
        static const char *const bad[] = { "[]",
                                           "{\"events\": [\"x\"]}",
                                           "{\"websites\": [\"1\"]}",
                                           "{\"events\": \"incident.opened\"}",
                                           "{\"more\": []}",
                                           "{\"severities\": [\"bad\"]}",
                                           "{\"tags\": [\"Prod\"]}",
                                           "{\"tags\": \"prod\"}" };
        const char *reason;

        assert_int_equal(alert_filter_check("{}", &reason), 0);
        assert_int_equal(alert_filter_check("{\"events\": [\"incident.resolved\"], \"kinds\":"
                                            " [\"down\"], \"severities\": [\"partial\"], \"tags\": "
                                            "[\"prod\"], \"websites\":"
                                            " [\"01890000-0000-7000-8000-000000000000\"]}",
                                            &reason),
                         0);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                assert_int_equal(alert_filter_check(bad[i], &reason), -EINVAL);
                assert_non_null(reason);
        }
}

static void names_are_a_line(void **state _unused_) {
        char name[ALERT_NAME_MAX + 2];

        assert_null(alert_name_refusal("Op\xc3\xa9rateurs \"1\""));
        assert_non_null(alert_name_refusal(""));
        assert_non_null(alert_name_refusal("a\nb"));
        assert_non_null(alert_name_refusal("\xff"));
        memset(name, 'a', sizeof(name));
        name[ALERT_NAME_MAX + 1] = '\0';
        assert_non_null(alert_name_refusal(name));
        name[ALERT_NAME_MAX] = '\0';
        assert_null(alert_name_refusal(name));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(kinds_have_names),
                cmocka_unit_test(a_webhook_is_a_url),
                cmocka_unit_test(e_mail_is_addresses_and_texts),
                cmocka_unit_test(an_alertmanager_is_a_url_and_who_asks),
                cmocka_unit_test(a_program_has_a_name),
                cmocka_unit_test(apprise_knows_services),
                cmocka_unit_test(what_is_secret_is_not_shown),
                cmocka_unit_test(addresses_are_nothing_else),
                cmocka_unit_test(filters_name_what_there_is),
                cmocka_unit_test(names_are_a_line),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
