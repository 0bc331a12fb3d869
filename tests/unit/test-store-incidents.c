/* Incidents open once, close once, and are shown to their owner only. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/incidents.h"

static void on_incidents(int r, const IncidentRow *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++)
                fixture_note(f, "%u site %u %s %s %s at %lu\n", rows[i].id.bytes[15],
                             rows[i].website, rows[i].kind, rows[i].severity, rows[i].cause,
                             rows[i].opened / USEC_PER_SEC);
}

static int open_one(StoreFixture *f, uint8_t id, uint32_t website) {
        PqTransaction *t = pq_transaction_new();

        incident_open(t,
                      &(const IncidentRow){ .id = fixture_website(id),
                                            .website = website,
                                            .kind = "down",
                                            .cause = "quorum",
                                            .severity = "partial",
                                            .summary = "The connection was refused",
                                            .regions = (const char *const[]){ "eu", "a,\"b\"" },
                                            .n_regions = 2,
                                            .last_evidence = (998 + id) * USEC_PER_SEC,
                                            .opened = (1000 + id) * USEC_PER_SEC,
                                            .first_evidence = 990 * USEC_PER_SEC },
                      "{\"down\": 3}");
        return fixture_commit(f, t);
}

static void open_at_most_once(void **state) {
        StoreFixture *f = *state;

        assert_int_equal(open_one(f, 1, 1), 0);
        assert_int_equal(open_one(f, 2, 1), -EEXIST);
        assert_int_equal(open_one(f, 3, 3), 0);
        assert_int_equal(incidents_load(f->store, on_incidents, f, NULL), 0);
        fixture_expect_text(f, "1 site 1 down partial quorum at 1001\n"
                               "3 site 3 down partial quorum at 1003\n");
}

static void change(StoreFixture *f, uint8_t id, const char *kind, const char *severity) {
        PqTransaction *t = pq_transaction_new();
        const Uuid of = fixture_website(id);
        const IncidentChange change = {
                .id = &of, .kind = kind, .at = 1030 * USEC_PER_SEC, .detail = "{\"down\": 4}"
        };

        if (!severity)
                incident_note(t, &change);
        else
                incident_change(t, &change,
                                &(const IncidentRow){ .cause = "refused",
                                                      .severity = severity,
                                                      .summary = "All of them",
                                                      .regions = (const char *const[]){ "us" },
                                                      .n_regions = 1,
                                                      .last_evidence = 1020 * USEC_PER_SEC });
        assert_int_equal(fixture_commit(f, t), 0);
}

#define AS_IT_IS                                                                                   \
        "SELECT concat_ws('|', severity, cause, summary, regions, usec(last_evidence_at) / "       \
        "1000000)"                                                                                 \
        " FROM incident WHERE id = 1"

static void it_gets_worse(void **state) {
        StoreFixture *f = *state;

        fixture_expect(f, AS_IT_IS,
                       "partial|quorum|The connection was refused|{eu,\"a,\\\"b\\\"\"}|999");
        change(f, 1, "escalated", "down");
        change(f, 1, "flapping", NULL);
        fixture_expect(f, AS_IT_IS, "down|refused|All of them|{us}|1020");
}

static void closed_with_a_timeline(void **state) {
        StoreFixture *f = *state;
        const Uuid id = fixture_website(1);

        for (int i = 0; i < 2; i++) {
                PqTransaction *t = pq_transaction_new();

                incident_close(t,
                               &(const IncidentChange){ .id = &id,
                                                        .kind = "closed",
                                                        .at = 1060 * USEC_PER_SEC },
                               1055 * USEC_PER_SEC);
                assert_int_equal(fixture_commit(f, t), 0);
        }
        fixture_expect(f,
                       "SELECT string_agg(kind || detail, ' ' ORDER BY at) FROM incident_event"
                       " WHERE incident_id = 1",
                       "opened{\"down\": 3} escalated{\"down\": 4} flapping{\"down\": 4} closed{}");
        fixture_expect(f, AS_IT_IS, "down|refused|All of them|{us}|1055");
        change(f, 1, "eased", "partial"); /* too late */
        change(f, 1, "steady", NULL);
        fixture_expect(f, AS_IT_IS, "down|refused|All of them|{us}|1055");
        fixture_expect(f, "SELECT count(*) FROM incident_event WHERE incident_id = 1", "4");
        assert_int_equal(open_one(f, 4, 1), 0);
        assert_int_equal(open_one(f, 5, 2), 0);
}

static void expect_page(StoreFixture *f, const IncidentPage *page, const char *text) {
        assert_int_equal(incidents_page_json(f->store, page, fixture_json, f, NULL), 0);
        fixture_wait(f);
        assert_int_equal(f->r, 0);
        if (!strstr(f->text, text))
                fail_msg("%s", f->text);
}

static void pages_are_newest_first(void **state) {
        StoreFixture *f = *state;
        const Uuid after = fixture_website(4);

        expect_page(f, &(const IncidentPage){ .organisation = 1, .limit = 2 },
                    "\"nextCursor\" : \"00000000-0000-7000-8000-000000000004\"}");
        assert_null(strstr(f->text, "site3"));
        expect_page(f, &(const IncidentPage){ .organisation = 1, .after = &after, .limit = 2 },
                    "{\"incidents\" : [{\"id\" : \"00000000-0000-7000-8000-000000000001\","
                    " \"websiteId\" : \"00000000-0000-7000-8000-000000000001\","
                    " \"url\" : \"https://site1.example/\", \"kind\" : \"down\","
                    " \"severity\" : \"down\", \"cause\" : \"refused\","
                    " \"summary\" : \"All of them\", \"regions\" : [\"us\"],"
                    " \"state\" : \"closed\","
                    " \"acknowledgedAt\" : null,"
                    " \"openedAt\" : \"1970-01-01T00:16:41.000000Z\","
                    " \"firstEvidenceAt\" : \"1970-01-01T00:16:30.000000Z\","
                    " \"lastEvidenceAt\" : \"1970-01-01T00:17:35.000000Z\","
                    " \"closedAt\" : \"1970-01-01T00:17:40.000000Z\","
                    " \"suppressedBy\" : null}], \"nextCursor\" : null}");
}

static void of_one_website_or_nobody_elses(void **state) {
        StoreFixture *f = *state;
        const Uuid own = fixture_website(2), foreign = fixture_website(3);
        const IncidentPage stolen = { .organisation = 1, .website = &foreign, .limit = 9 };

        expect_page(f, &(const IncidentPage){ .organisation = 1, .website = &own, .limit = 9 },
                    "{\"incidents\" : [{\"id\" : \"00000000-0000-7000-8000-000000000005\"");
        assert_null(strstr(f->text, "site1"));
        assert_int_equal(incidents_page_json(f->store, &stolen, fixture_json, f, NULL), 0);
        fixture_wait(f);
        assert_int_equal(f->r, -ENOENT);
        expect_page(f, &(const IncidentPage){ .organisation = 99, .limit = 9 },
                    "{\"incidents\" : [], \"nextCursor\" : null}");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(open_at_most_once),
                cmocka_unit_test(it_gets_worse),
                cmocka_unit_test(closed_with_a_timeline),
                cmocka_unit_test(pages_are_newest_first),
                cmocka_unit_test(of_one_website_or_nobody_elses),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
