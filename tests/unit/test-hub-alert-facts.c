/* Facts as the outbox keeps them become what people read. */
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
#include "hub/alert-facts.h"

static const char opened[] =
                "{\"url\": \"https://x.example/\", \"name\": \"Shop\", \"kind\": \"down\","
                " \"cause\": \"refused\", \"down\": 3, \"seats\": 4, \"regions\": [\"eu\", \"us\"],"
                " \"openedAt\": \"2026-01-02T03:04:05.000006Z\", \"assurance\": \"full\","
                " \"websiteId\": \"W\", \"incidentId\": \"I\","
                " \"firstEvidenceAt\": \"2026-01-02T03:04:04.000006Z\"}";

static void read_facts(const char *json, AlertFacts *ret) {
        assert_int_equal(alert_facts_read(json, ret), 0);
}

static const char *value(const AlertStory *s, const char *name) {
        for (const AlertField *f = s->fields; f->name; f++)
                if (strcmp(f->name, name) == 0)
                        return f->value;
        fail_msg("no field %s", name);
        return NULL;
}

static void an_outage(void **state _unused_) {
        AlertFacts f;
        AlertStory s;

        read_facts(opened, &f);
        assert_int_equal(alert_story_new(&s, "incident.opened", &f, "https://dpin.example"), 0);
        assert_string_equal(value(&s, "state"), "DOWN");
        assert_string_equal(value(&s, "what"), "Shop is down.");
        assert_string_equal(value(&s, "since"), "2026-01-02 03:04:05 UTC");
        assert_string_equal(value(&s, "until"), "");
        assert_string_equal(value(&s, "lasted"), "");
        assert_string_equal(value(&s, "where"), "3 of 4 validators, in eu, us");
        assert_string_equal(value(&s, "why"), "The connection was refused");
        assert_string_equal(value(&s, "link"), "https://dpin.example/#/incident/I");
        alert_story_done(&s);
        alert_facts_done(&f);
}

static void ended(const char *ending, int seconds, const char *what, const char *lasted) {
        char json[256];
        AlertFacts f;
        AlertStory s;

        snprintf(json, sizeof(json),
                 "{\"url\": \"https://x.example/\", \"name\": \"\", \"ending\": \"%s\","
                 " \"closedAt\": \"2026-01-02T03:04:05.000006Z\", \"seconds\": %d}",
                 ending, seconds);
        read_facts(json, &f);
        assert_int_equal(alert_story_new(&s, "incident.resolved", &f, NULL), 0);
        assert_string_equal(value(&s, "what"), what);
        assert_string_equal(value(&s, "lasted"), lasted);
        assert_string_equal(value(&s, "where"), "");
        assert_string_equal(value(&s, "link"), "");
        alert_story_done(&s);
        alert_facts_done(&f);
}

static void told(const char *event, const char *json, const char *state, const char *what) {
        AlertFacts f;
        AlertStory s;

        read_facts(json, &f);
        assert_int_equal(alert_story_new(&s, event, &f, NULL), 0);
        assert_string_equal(value(&s, "state"), state);
        assert_string_equal(value(&s, "what"), what);
        assert_string_equal(value(&s, "where"), "");
        alert_story_done(&s);
        alert_facts_done(&f);
}

static void what_is_not_down_is_not_called_so(void **state _unused_) {
        const char certificate[] = "{\"name\": \"Shop\", \"kind\": \"certificate\","
                                   " \"severity\": \"warning\", \"seats\": 4, \"down\": 0}";
        const char reported[] = "{\"name\": \"Shop\", \"kind\": \"manual\", \"ending\":"
                                " \"recovered\", \"severity\": \"warning\"}";

        told("incident.opened", certificate, "WARNING", "Shop has a certificate that ends soon.");
        told("incident.resolved", certificate, "ENDED",
             "Shop has no certificate that ends soon any more.");
        told("incident.opened", reported, "REPORTED", "Shop has an incident that people reported.");
        told("incident.resolved", reported, "ENDED",
             "Shop has its incident resolved that people reported.");
        told("incident.opened",
             "{\"name\": \"Shop\", \"kind\": \"down\", \"severity\": \"partial\"}", "PARTIAL",
             "Shop is down for some.");
}

static void its_ends(void **state _unused_) {
        ended("recovered", 59, "https://x.example/ is up again.", "59 s");
        ended("paused", 61, "https://x.example/ is paused: nobody looks whether it is up.",
              "1 min 1 s");
        ended("removed", 7265, "https://x.example/ is watched no longer.", "2 h 1 min");
}

static void of_little_a_little_is_said(void **state _unused_) {
        AlertFacts f;
        AlertStory s;

        read_facts("{\"name\": \"Operators\", \"summary\": \"Because\"}", &f);
        assert_int_equal(alert_story_new(&s, "test", &f, "https://dpin.example"), 0);
        assert_string_equal(value(&s, "what"), "Operators gets this test: alerts arrive.");
        assert_string_equal(value(&s, "why"), "Because");
        assert_string_equal(value(&s, "link"), "https://dpin.example/");
        alert_story_done(&s);
        assert_int_equal(alert_story_new(&s, "what.else", &f, NULL), 0);
        assert_string_equal(value(&s, "state"), "ALERT");
        alert_story_done(&s);
        alert_facts_done(&f);
}

static void what_is_no_facts_is_refused(void **state _unused_) {
        AlertFacts f;

        assert_int_equal(alert_facts_read("[]", &f), -EBADMSG);
        assert_int_equal(alert_facts_read("{\"more\": 1}", &f), -EINVAL);
        assert_int_equal(alert_facts_read("{\"url\": \"x\", \"seats\": \"4\"}", &f), -EINVAL);
}

static void a_digest(void **state _unused_) {
        static const char json[] =
                        "{\"at\": \"2026-01-02T03:04:05.000006Z\", \"alerts\": 120,"
                        " \"incidents\": 3, \"counts\": {\"incident.opened\": 1,"
                        " \"incident.reminder\": 1, \"incident.resolved\": 1}, \"items\": ["
                        "{\"event\": \"incident.opened\", \"name\": \"Sh\\nop\", \"severity\":"
                        " \"partial\", \"url\": \"https://x.example/\","
                        " \"openedAt\": \"2026-01-02T03:04:05.000006Z\", \"alerts\": 2},"
                        "{\"event\": \"incident.resolved\", \"url\": \"https://y.example/\","
                        " \"openedAt\": \"2026-01-02T03:04:05.000006Z\","
                        " \"closedAt\": \"2026-01-02T04:04:05.000006Z\"}]}";
        AlertFacts f;
        AlertStory s;

        read_facts(json, &f);
        assert_int_equal(alert_story_new(&s, "digest", &f, "https://dpin.example"), 0);
        assert_string_equal(value(&s, "state"), "2 OPEN, 1 OVER");
        assert_string_equal(value(&s, "name"), "3 incidents");
        assert_string_equal(value(&s, "what"),
                            "This is news of 3 incidents: open are 2, over are 1."
                            " It stands for 120 alerts.");
        assert_string_equal(value(&s, "list"),
                            "PARTIAL: Sh op, https://x.example/, since 2026-01-02 03:04:05 UTC\n"
                            "UP: https://y.example/, since 2026-01-02 03:04:05 UTC,"
                            " until 2026-01-02 04:04:05 UTC\n"
                            "and 1 more\n");
        assert_string_equal(value(&s, "url"), "");
        assert_string_equal(value(&s, "link"), "https://dpin.example/");
        alert_story_done(&s);
        alert_facts_done(&f);
}

static void a_reminder(void **state _unused_) {
        told("incident.reminder", "{\"name\": \"Shop\", \"severity\": \"down\"}", "STILL DOWN",
             "Shop is still down.");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_outage),
                cmocka_unit_test(what_is_not_down_is_not_called_so),
                cmocka_unit_test(its_ends),
                cmocka_unit_test(of_little_a_little_is_said),
                cmocka_unit_test(what_is_no_facts_is_refused),
                cmocka_unit_test(a_digest),
                cmocka_unit_test(a_reminder),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
