/* One incident with its timeline, page by page, to its owner; lists for the administrator. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/incident-views.h"

/* Of each website one, with three entries; that of website 2 is closed, and its website removed. */
static int prepare(void **state) {
        StoreFixture *f;

        if (store_fixture_setup(state) < 0)
                return -1;
        f = *state;
        fixture_sql(f,
                    "INSERT INTO incident (public_id, organisation_id, website_id, cause, summary,"
                    " opened_at, first_evidence_at, last_evidence_at, closed_at, regions)"
                    " SELECT public_id, organisation_id, id, 'quorum', 'Down', to_timestamp(1000),"
                    "  to_timestamp(990), to_timestamp(1020), CASE id WHEN 2 THEN "
                    "to_timestamp(1060) END,"
                    "  '{eu}' FROM website ORDER BY id;"
                    "INSERT INTO incident_event (incident_id, at, kind, detail, actor)"
                    " SELECT i, to_timestamp(1000 + n), k, d::jsonb, a FROM generate_series(1, 3) "
                    "i,"
                    " (VALUES (1, 'opened', '{\"seen\": 3}', NULL), (2, 'noted', '{\"text\": "
                    "\"Hm\"}', 'uid 0'),"
                    "  (3, 'assigned', '{\"assignee\": null}', 'uid 0')) v (n, k, d, a) ORDER BY "
                    "n, i;"
                    "UPDATE website SET removed_at = now() WHERE id = 2;"
                    "UPDATE incident SET suppressed_by = 1 WHERE website_id = 2");
        return 0;
}

static int read_one(StoreFixture *f, const IncidentQuery *view) {
        assert_int_equal(incident_json(f->store, view, fixture_json, f, NULL), 0);
        fixture_wait(f);
        return f->r;
}

static IncidentQuery view_of(uint32_t organisation, uint8_t i, uint64_t after, unsigned limit) {
        return (IncidentQuery){ organisation, fixture_website(i), after, limit };
}

static void shown_whole(void **state) {
        StoreFixture *f = *state;
        const IncidentQuery view = view_of(1, 2, 0, 100);

        assert_int_equal(read_one(f, &view), 0);
        assert_string_equal(
                        f->text,
                        "{\"id\" : \"00000000-0000-7000-8000-000000000002\","
                        " \"websiteId\" : \"00000000-0000-7000-8000-000000000002\","
                        " \"url\" : \"https://site2.example/\", \"name\" : \"Site 2\","
                        " \"websiteRemoved\" : true, \"kind\" : \"down\", \"severity\" : \"down\","
                        " \"cause\" : \"quorum\", \"summary\" : \"Down\", \"regions\" : [\"eu\"],"
                        " \"state\" : \"closed\", \"openedAt\" : \"1970-01-01T00:16:40.000000Z\","
                        " \"firstEvidenceAt\" : \"1970-01-01T00:16:30.000000Z\","
                        " \"lastEvidenceAt\" : \"1970-01-01T00:17:00.000000Z\","
                        " \"closedAt\" : \"1970-01-01T00:17:40.000000Z\","
                        " \"suppressedBy\" : \"00000000-0000-7000-8000-000000000001\","
                        " \"acknowledgedAt\" : null, \"acknowledgedBy\" : null,"
                        " \"assignee\" : null, \"events\" : ["
                        "{\"at\" : \"1970-01-01T00:16:41.000000Z\", \"kind\" : \"opened\","
                        " \"actor\" : null, \"detail\" : {\"seen\": 3}}, "
                        "{\"at\" : \"1970-01-01T00:16:42.000000Z\", \"kind\" : \"noted\","
                        " \"actor\" : \"uid 0\", \"detail\" : {\"text\": \"Hm\"}}, "
                        "{\"at\" : \"1970-01-01T00:16:43.000000Z\", \"kind\" : \"assigned\","
                        " \"actor\" : \"uid 0\", \"detail\" : {\"assignee\": null}}],"
                        " \"nextCursor\" : null}");
}

static void its_timeline_has_pages(void **state) {
        StoreFixture *f = *state;
        const IncidentQuery first = view_of(1, 1, 0, 2), exact = view_of(1, 1, 0, 3);
        const IncidentQuery second = view_of(1, 1, 4, 2), beyond = view_of(1, 1, 1000, 2);

        assert_int_equal(read_one(f, &first), 0);
        assert_non_null(strstr(f->text, "\"nextCursor\" : \"4\""));
        assert_null(strstr(f->text, "\"assigned\""));
        assert_int_equal(read_one(f, &second), 0);
        assert_non_null(strstr(f->text, "\"events\" : [{\"at\" : \"1970-01-01T00:16:43"));
        assert_non_null(strstr(f->text, "\"nextCursor\" : null"));
        assert_int_equal(read_one(f, &exact), 0);
        assert_non_null(strstr(f->text, "\"nextCursor\" : null"));
        assert_int_equal(read_one(f, &beyond), 0);
        assert_non_null(strstr(f->text, "\"events\" : []"));
}

static void nobody_elses(void **state) {
        StoreFixture *f = *state;
        const IncidentQuery foreign = view_of(1, 3, 0, 9), none = view_of(1, 77, 0, 9);

        assert_int_equal(read_one(f, &foreign), -ENOENT);
        assert_int_equal(read_one(f, &none), -ENOENT);
}

static void on_items(int r, const IncidentItem *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++)
                fixture_note(f, "%u %s %s%s\n", rows[i].id.bytes[15], rows[i].url, rows[i].summary,
                             rows[i].closed == USEC_INFINITY ? "" : " closed");
}

static void listed_newest_first(void **state) {
        StoreFixture *f = *state;
        const Uuid after = fixture_website(3);
        const IncidentList all = { .page.limit = 2 };
        IncidentList rest = { .page = { .limit = 2, .after = &after } };

        assert_int_equal(incidents_some(f->store, &all, on_items, f, NULL), 0);
        fixture_expect_text(
                        f, "3 https://site3.example/ Down\n2 https://site2.example/ Down closed\n");
        assert_int_equal(incidents_some(f->store, &rest, on_items, f, NULL), 0);
        fixture_expect_text(
                        f, "2 https://site2.example/ Down closed\n1 https://site1.example/ Down\n");
        rest.open = true;
        assert_int_equal(incidents_some(f->store, &rest, on_items, f, NULL), 0);
        fixture_expect_text(f, "1 https://site1.example/ Down\n");
}

static void found_by_its_id(void **state) {
        StoreFixture *f = *state;
        const Uuid one = fixture_website(2), none = fixture_website(77);

        assert_int_equal(incident_find(f->store, &one, on_items, f, NULL), 0);
        fixture_expect_text(f, "2 https://site2.example/ Down closed\n");
        assert_int_equal(incident_find(f->store, &none, on_items, f, NULL), 0);
        fixture_wait(f);
        assert_int_equal(f->r, -ENOENT);
}

static void on_entries(int r, const IncidentEntry *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++)
                fixture_note(f, "%lu %s '%s' '%s'\n", rows[i].at / USEC_PER_SEC, rows[i].kind,
                             rows[i].actor, rows[i].text);
}

static void entries_in_words(void **state) {
        StoreFixture *f = *state;
        IncidentQuery view = view_of(0, 3, 0, 2);

        assert_int_equal(incident_entries(f->store, &view, on_entries, f, NULL), 0);
        fixture_expect_text(f, "1001 opened '' '{\"seen\": 3}'\n1002 noted 'uid 0' 'Hm'\n");
        view.after = 6;
        assert_int_equal(incident_entries(f->store, &view, on_entries, f, NULL), 0);
        fixture_expect_text(f, "1003 assigned 'uid 0' ''\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(shown_whole),     cmocka_unit_test(its_timeline_has_pages),
                cmocka_unit_test(nobody_elses),    cmocka_unit_test(listed_newest_first),
                cmocka_unit_test(found_by_its_id), cmocka_unit_test(entries_in_words),
        };

        return cmocka_run_group_tests(tests, prepare, store_fixture_teardown);
}
