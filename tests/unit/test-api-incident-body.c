/* What people send about incidents is within its limits, or refused with the member that is not. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/incident-body.h"

#define SITE "\"websiteId\":\"00000000-0000-7000-8000-000000000001\""

typedef int (*Read)(const char *text, size_t n, IncidentBody *ret, BodyProblem *problem);

static void expect_refusal(Read read, const char *text, const char *pointer, const char *detail) {
        BodyProblem problem = { 0 };
        IncidentBody body;

        assert_int_equal(read(text, strlen(text), &body, &problem), -EINVAL);
        assert_string_equal(problem.pointer, pointer);
        assert_string_equal(problem.detail, detail);
        assert_null(body.text);
        assert_null(body.title);
        assert_null(body.assignee);
}

static IncidentBody expect_fine(Read read, const char *text) {
        BodyProblem problem = { 0 };
        IncidentBody body;

        if (read(text, strlen(text), &body, &problem) < 0)
                fail_msg("%s", problem.detail);
        return body;
}

static void a_report_has_a_website_and_a_title(void **state _unused_) {
        IncidentBody b = expect_fine(incident_report_read, "{" SITE ",\"title\":\"Slow\"}");

        assert_int_equal(b.website.bytes[15], 1);
        assert_string_equal(b.title, "Slow");
        assert_null(b.text);
        incident_body_done(&b);
        b = expect_fine(incident_report_read, "{" SITE ",\"title\":\"Slow\",\"text\":\"\"}");
        incident_body_done(&b);
        b = expect_fine(incident_report_read, "{" SITE ",\"title\":\"Slow\",\"text\":\"a\\nb\"}");
        assert_string_equal(b.text, "a\nb");
        incident_body_done(&b);
        expect_refusal(incident_report_read, "{" SITE "}", "/title",
                       "The member \"title\" must be a text of 1 to 200 characters.");
        expect_refusal(incident_report_read, "{" SITE ",\"title\":\" \"}", "/title",
                       "A title has 1 to 200 characters, not all of them blank.");
        expect_refusal(incident_report_read, "{" SITE ",\"title\":\"a\\nb\"}", "/title",
                       "A title has no control characters.");
        expect_refusal(incident_report_read, "{" SITE ",\"title\":\"a\",\"text\":\"\\u001b[2J\"}",
                       "/text", "A text has no control characters.");
        expect_refusal(incident_report_read, "{\"title\":\"a\",\"websiteId\":\"7\"}", "/websiteId",
                       "The member \"websiteId\" must be a UUID.");
}

static void expect_length(Read read, const char *before, const char *letter, size_t n, bool fine) {
        _cleanup_free_ char *letters = calloc(n + 1, strlen(letter)), *text = NULL;
        BodyProblem problem = { 0 };
        IncidentBody body;
        int r;

        for (size_t i = 0; i < n; i++)
                memcpy(letters + i * strlen(letter), letter, strlen(letter));
        assert_true(asprintf(&text, "{%s\"%s\"}", before, letters) >= 0);
        r = read(text, strlen(text), &body, &problem);
        assert_int_equal(r, fine ? 0 : -EINVAL);
        incident_body_done(&body);
}

static void lengths_are_of_characters(void **state _unused_) {
        expect_length(incident_report_read, SITE ",\"title\":", "ä", 200, true);
        expect_length(incident_report_read, SITE ",\"title\":", "ä", 201, false);
        expect_length(incident_note_read, "\"text\":", "€", 2000, true);
        expect_length(incident_note_read, "\"text\":", "a", 2001, false);
        expect_length(incident_note_read, "\"text\":", "a", 40000, false);
        expect_length(incident_assignee_read, "\"assignee\":", "a", 320, true);
        expect_length(incident_assignee_read, "\"assignee\":", "a", 321, false);
}

static void a_note_says_something(void **state _unused_) {
        static const char why[] = "The member \"text\" must be a text of 1 to 2000 characters.";
        IncidentBody b = expect_fine(incident_note_read, "{\"text\":\"It was the cable.\"}");

        assert_string_equal(b.text, "It was the cable.");
        incident_body_done(&b);
        expect_refusal(incident_note_read, "{}", "/text", why);
        expect_refusal(incident_note_read, "{\"text\":null}", "/text", why);
        expect_refusal(incident_note_read, "{\"text\":7}", "/text", why);
        expect_refusal(incident_note_read, "{\"text\":\"\\n\"}", "/text",
                       "A note has 1 to 2000 characters, not all of them blank.");
        expect_refusal(incident_note_read, "{\"text\":\"a\",\"more\":1}", "",
                       "The body has a member that is not known here.");
        expect_refusal(incident_note_read, "", "", "The body is no JSON object.");
}

static void null_is_nobody(void **state _unused_) {
        IncidentBody b = expect_fine(incident_assignee_read, "{\"assignee\":null}");

        assert_null(b.assignee);
        b = expect_fine(incident_assignee_read, "{\"assignee\":\"ann@example.org\"}");
        assert_string_equal(b.assignee, "ann@example.org");
        incident_body_done(&b);
        expect_refusal(incident_assignee_read, "{}", "/assignee",
                       "The member \"assignee\" must be the e-mail address of a member of the "
                       "organisation, or null.");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_report_has_a_website_and_a_title),
                cmocka_unit_test(lengths_are_of_characters),
                cmocka_unit_test(a_note_says_something),
                cmocka_unit_test(null_is_nobody),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
