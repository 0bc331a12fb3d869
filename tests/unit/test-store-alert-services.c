/* Which services are let through, and that nothing but their whole names is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "store/alert-services.h"

static bool knows(const char *name) {
        return alert_service_is_known(name, strlen(name));
}

static void those_that_people_use(void **state _unused_) {
        static const char *const used[] = { "slack",   "discord",   "msteams",  "tgram",  "matrix",
                                            "matrixs", "ntfy",      "ntfys",    "gotify", "gotifys",
                                            "pover",   "pagerduty", "opsgenie", "zulip",  "bark" };

        for (size_t i = 0; i < ELEMENTSOF(used); i++)
                if (!knows(used[i]))
                        fail_msg("%s", used[i]);
        assert_true(alert_service_is_known("slack://a/b/c", 5));
}

static void nothing_else(void **state _unused_) {
        static const char *const others[] = {
                "",        "s",       "slac",       "slacks",
                "Slack",   "zulip2",  "aaa",        "mailto",
                "mailtos", "json",    "jsons",      "xml",
                "form",    "apprise", "dbus",       "gnome",
                "syslog",  "file",    "exec",       "macosx",
                "windows", "kodi",    "fcm",        "http",
                "https",   "smtp",    "slack,json", "zzzzzzzzzzzzzzzzzzzzz"
        };

        for (size_t i = 0; i < ELEMENTSOF(others); i++)
                if (knows(others[i]))
                        fail_msg("%s", others[i]);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(those_that_people_use),
                cmocka_unit_test(nothing_else),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
