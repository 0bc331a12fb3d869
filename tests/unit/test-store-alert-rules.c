/* When a channel may be told, and what cannot be. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "store/alert-rules.h"

#define QUIET(MORE) "{\"quietHours\": {\"from\": \"22:00\", \"to\": \"07:00\"" MORE "}}"
#define BERLIN      ", \"timeZone\": \"Europe/Berlin\""

static void all_and_none_are_accepted(void **state _unused_) {
        static const char *const good[] = {
                "{}",
                "{\"recovery\": false, \"delaySeconds\": 0, \"reminderSeconds\": 60,"
                " \"perHour\": 1, \"digestFrom\": 0}",
                "{\"recovery\": true, \"delaySeconds\": 86400, \"reminderSeconds\": 604800,"
                " \"perHour\": 3600, \"digestFrom\": 1000}",
                QUIET(BERLIN),
                QUIET(BERLIN ", \"days\": [\"mon\", \"sun\"], \"except\": [\"down\"]"),
        };
        const char *reason;

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                if (alert_rules_check(good[i], &reason) < 0)
                        fail_msg("%s: %s", good[i], reason);
}

static void what_is_wrong_is_named(void **state _unused_) {
        static const struct {
                const char *json, *words;
        } bad[] = {
                { "", "rules are" },
                { "[]", "rules are" },
                { "{\"loud\": true}", "rules are" },
                { "{\"recovery\": 1}", "true or false" },
                { "{\"delaySeconds\": -1}", "delaySeconds is" },
                { "{\"delaySeconds\": 86401}", "delaySeconds is" },
                { "{\"reminderSeconds\": 59}", "reminderSeconds is" },
                { "{\"perHour\": 0}", "perHour is" },
                { "{\"perHour\": 3601}", "perHour is" },
                { "{\"digestFrom\": 1001}", "digestFrom is" },
                { "{\"digestFrom\": \"10\"}", "digestFrom is" },
                { "{\"quietHours\": 1}", "quietHours is" },
                { "{\"quietHours\": {}}", "quietHours is" },
                { QUIET(""), "quietHours is" },
                { QUIET(BERLIN ", \"days\": [\"mo\"]"), "days are" },
                { QUIET(BERLIN ", \"days\": [\"mon\", \"mon\"]"), "days are" },
                { QUIET(BERLIN ", \"except\": [\"bad\"]"), "except is" },
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                const char *reason = "";

                assert_int_equal(alert_rules_check(bad[i].json, &reason), -EINVAL);
                if (!strstr(reason, bad[i].words))
                        fail_msg("%s: %s", bad[i].json, reason);
        }
}

static void clocks_show_hours_and_minutes(void **state _unused_) {
        static const char *const bad[] = { "24:00", "23:60", "7:00",  "07.00",
                                           "0700",  "07:0a", "-1:00", "22:00" };
        char json[128];
        const char *reason;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                (void)snprintf(json, sizeof(json),
                               "{\"quietHours\": {\"from\": \"%s\", \"to\": \"22:00\"" BERLIN "}}",
                               bad[i]);
                if (alert_rules_check(json, &reason) != -EINVAL)
                        fail_msg("%s", json);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(all_and_none_are_accepted),
                cmocka_unit_test(what_is_wrong_is_named),
                cmocka_unit_test(clocks_show_hours_and_minutes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
