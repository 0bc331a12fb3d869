/* What Alertmanager is told: the same labels for one incident, whatever becomes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/alert-alertmanager.h"

#define NOW (1445412420 * USEC_PER_SEC) /* 21 October 2015, 07:27:00 */

static AlertFacts facts(void) {
        return (AlertFacts){ .incident = (char *)"I",
                             .website = (char *)"W",
                             .url = (char *)"https://x.example/",
                             .kind = (char *)"down",
                             .severity = (char *)"down",
                             .opened = (char *)"2015-10-21T07:26:00.000000Z" };
}

static char *body(const char *event, const AlertFacts *f) {
        const AlertPost p = { .event = event,
                              .facts = f,
                              .summary = "DOWN: \"x\"",
                              .description = "a\nb",
                              .link = "https://dpin.example/",
                              .now = NOW };
        char *text;

        assert_int_equal(alertmanager_body(&p, &text), 0);
        return text;
}

static void has(const char *text, const char *part) {
        if (!strstr(text, part))
                fail_msg("%s is not in %s", part, text);
}

static unsigned count(const char *text, const char *part) {
        unsigned n = 0;

        for (const char *p = text; (p = strstr(p, part)) != NULL; p++)
                n++;
        return n;
}

static void an_open_one_ends_far_ahead(void **state _unused_) {
        AlertFacts f = facts();
        _cleanup_free_ char *text = body("incident.opened", &f);

        has(text,
            "[{\"labels\":{\"alertname\":\"DpinIncident\",\"incident\":\"I\",\"kind\":\"down\","
            "\"severity\":\"down\",\"url\":\"https://x.example/\",\"website\":\"W\"},"
            "\"annotations\":{\"summary\":\"DOWN: \\u0022x\\u0022\",\"description\":\"a\\u000ab\"},"
            "\"startsAt\":\"2015-10-21T07:26:00.000000Z\","
            "\"endsAt\":\"2015-11-20T07:27:00.000000Z\","
            "\"generatorURL\":\"https://dpin.example/\"}");
        assert_int_equal(count(text, "labels"), 4);
        assert_int_equal(count(text, "\"endsAt\":\"2015-10-21T07:27:00.000000Z\""), 3);
        has(text, "\"severity\":\"warning\"");
        has(text, "\"severity\":\"partial\"");
        has(text, "\"severity\":\"info\"");
}

static void a_resolved_one_ended(void **state _unused_) {
        AlertFacts f = facts();
        _cleanup_free_ char *text = NULL;

        f.closed = (char *)"2015-10-21T07:26:30.000000Z";
        text = body("incident.resolved", &f);
        assert_int_equal(count(text, "labels"), 4);
        assert_int_equal(count(text, "\"endsAt\":\"2015-10-21T07:26:30.000000Z\""), 1);
        assert_null(strstr(text, "2015-11"));
}

static void none_ends_before_it_starts(void **state _unused_) {
        AlertFacts f = facts();
        _cleanup_free_ char *text = NULL;

        f.opened = (char *)"2015-10-21T07:28:00.000000Z";
        text = body("incident.opened", &f);
        assert_int_equal(count(text, "\"endsAt\":\"2015-10-21T07:28:00.000000Z\""), 3);
}

static void what_is_no_incident_ends_soon(void **state _unused_) {
        AlertFacts f = { .name = (char *)"Operators" };
        _cleanup_free_ char *text = body("test", &f);

        has(text, "\"labels\":{\"alertname\":\"DpinNews\",\"event\":\"test\"}");
        has(text, "\"startsAt\":\"2015-10-21T07:27:00.000000Z\"");
        has(text, "\"endsAt\":\"2015-10-21T08:27:00.000000Z\"");
        assert_int_equal(count(text, "labels"), 1);
}

static void what_is_wrong_with_dpin_itself_is_one_alert_until_its_end(void **state _unused_) {
        static const char labels[] = "\"labels\":{\"alertname\":\"DpinOperator\",\"kind\":"
                                     "\"delivery\",\"object\":\"C\",\"severity\":\"warning\"}";
        AlertFacts f = { .name = (char *)"dpin",
                         .kind = (char *)"delivery",
                         .object = (char *)"C",
                         .severity = (char *)"warning",
                         .opened = (char *)"2015-10-21T07:26:00.000000Z" };
        _cleanup_free_ char *opened = body("operator.opened", &f), *resolved = NULL;

        f.closed = (char *)"2015-10-21T07:26:30.000000Z";
        resolved = body("operator.resolved", &f);
        has(opened, labels);
        has(opened, "\"endsAt\":\"2015-11-20T07:27:00.000000Z\"");
        has(resolved, labels);
        has(resolved, "\"endsAt\":\"2015-10-21T07:26:30.000000Z\"");
        assert_int_equal(count(opened, "labels"), 1);
}

static void strangers_stay_in_their_place(void **state _unused_) {
        AlertFacts f = facts();
        _cleanup_free_ char *text = NULL;

        f.url = (char *)"https://x.example/\"},\n\xe2\x80\xae";
        text = body("incident.opened", &f);
        has(text, "\"url\":\"https://x.example/\\u0022},\"");
        assert_null(strstr(text, "\xe2\x80\xae"));
}

static void addresses_and_who_asks(void **state _unused_) {
        _cleanup_free_ char *url = alertmanager_url("https://am.example/"),
                            *under = alertmanager_url("http://x.example/am"),
                            *basic = alertmanager_authorization("Aladdin", "open sesame", NULL),
                            *bearer = alertmanager_authorization(NULL, NULL, "abc");

        assert_string_equal(url, "https://am.example/api/v2/alerts");
        assert_string_equal(under, "http://x.example/am/api/v2/alerts");
        assert_string_equal(basic, "authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_string_equal(bearer, "authorization: Bearer abc");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_open_one_ends_far_ahead),
                cmocka_unit_test(a_resolved_one_ended),
                cmocka_unit_test(none_ends_before_it_starts),
                cmocka_unit_test(what_is_no_incident_ends_soon),
                cmocka_unit_test(what_is_wrong_with_dpin_itself_is_one_alert_until_its_end),
                cmocka_unit_test(strangers_stay_in_their_place),
                cmocka_unit_test(addresses_and_who_asks),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
