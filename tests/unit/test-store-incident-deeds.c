/* What people do with incidents: once each, by whoever may, in order, and told. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/hub-state.h"
#include "store/incident-deeds.h"

/* Websites 1 and 2 are of organisation 1, 3 is of organisation 2; so are these incidents by votes.
 * Ann is a member of the first, bob of the second. */
static int prepare(void **state) {
        StoreFixture *f;

        if (store_fixture_setup(state) < 0)
                return -1;
        f = *state;
        fixture_sql(f,
                    "INSERT INTO app_user (public_id, email) VALUES"
                    " (gen_random_uuid(), 'ann@example.org'), (gen_random_uuid(), "
                    "'bob@example.org');"
                    "INSERT INTO membership SELECT id, id, 'editor' FROM app_user;"
                    "INSERT INTO incident (public_id, organisation_id, website_id, cause, "
                    "opened_at,"
                    " first_evidence_at)"
                    " SELECT public_id, organisation_id, id, 'quorum', now(), now() FROM website");
        return 0;
}

static void on_result(int r, const DeedResult *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++)
                fixture_note(f, "%d of %u", (int)rows[i].outcome, rows[i].incident.bytes[15]);
}

/* The outcome, or the error. */
static int act(StoreFixture *f, IncidentDo how, const IncidentDeed *deed) {
        char expected[32];
        int outcome;

        assert_int_equal(how(f->store, deed, on_result, f, NULL), 0);
        fixture_wait(f);
        if (f->r < 0)
                return f->r;
        outcome = f->text[0] - '0';
        snprintf(expected, sizeof(expected), "%d of %u", outcome, deed->incident.bytes[15]);
        assert_string_equal(f->text, expected);
        return outcome;
}

static IncidentDeed deed(uint32_t organisation, uint8_t incident, const char *text) {
        return (IncidentDeed){ .organisation = organisation,
                               .incident = fixture_website(incident),
                               .text = text,
                               .actor = "token abc" };
}

static int report(StoreFixture *f, const IncidentReport *wanted) {
        assert_int_equal(deed_report(f->store, wanted, on_result, f, NULL), 0);
        fixture_wait(f);
        return f->r;
}

static void expect_timeline(const StoreFixture *f, const char *text) {
        fixture_expect(f,
                       "SELECT string_agg(i.id || ' ' || e.kind || ' ' || e.detail || ' ' || actor,"
                       " '; ' ORDER BY e.id) FROM incident_event e JOIN incident i ON i.id = "
                       "e.incident_id",
                       text);
}

static void acknowledged_once(void **state) {
        StoreFixture *f = *state;
        IncidentDeed mine = deed(1, 1, NULL), foreign = deed(2, 1, NULL), none = deed(1, 99, NULL);

        assert_int_equal(act(f, deed_acknowledge, &foreign), -ENOENT);
        assert_int_equal(act(f, deed_acknowledge, &none), -ENOENT);
        assert_int_equal(act(f, deed_acknowledge, &mine), DEED_DONE);
        mine.actor = "token other";
        assert_int_equal(act(f, deed_acknowledge, &mine), DEED_SAME);
        fixture_expect(f,
                       "SELECT count(*) || string_agg(acknowledged_by, ',') FROM incident"
                       " WHERE acknowledged_at IS NOT NULL",
                       "1token abc");
        expect_timeline(f, "1 acknowledged {} token abc");
        fixture_expect(f,
                       "SELECT string_agg(concat_ws(' ', actor, organisation_id, action, object), "
                       "';')"
                       " FROM audit_log",
                       "token abc 1 incident.acknowledge 00000000-0000-7000-8000-000000000001");
}

static void a_closed_one_takes_notes_only(void **state) {
        StoreFixture *f = *state;
        const IncidentDeed mine = deed(1, 2, "It was the cable."), once_more = deed(0, 1, NULL);

        fixture_sql(f, "UPDATE incident SET closed_at = now() WHERE id IN (1, 2)");
        assert_int_equal(act(f, deed_acknowledge, &mine), DEED_CLOSED);
        assert_int_equal(act(f, deed_acknowledge, &once_more), DEED_SAME);
        assert_int_equal(act(f, deed_note, &mine), DEED_DONE);
        expect_timeline(f, "1 acknowledged {} token abc; 2 noted {\"text\": \"It was the cable.\"} "
                           "token abc");
}

static void what_votes_opened_votes_close(void **state) {
        StoreFixture *f = *state;
        const IncidentDeed open = deed(2, 3, NULL), closed = deed(1, 1, NULL);

        assert_int_equal(act(f, deed_resolve, &open), DEED_JUDGED);
        assert_int_equal(act(f, deed_resolve, &closed), DEED_JUDGED);
        fixture_expect(f, "SELECT count(*) FROM incident WHERE closed_at IS NULL", "1");
}

static void only_members_take_care(void **state) {
        StoreFixture *f = *state;
        const IncidentDeed ann = deed(1, 1, "ANN@example.org"), bob = deed(1, 1, "bob@example.org"),
                           none = deed(1, 1, ""), nobody = deed(1, 1, NULL),
                           admin = deed(0, 3, "bob@example.org");

        assert_int_equal(act(f, deed_assign, &bob), DEED_STRANGER);
        assert_int_equal(act(f, deed_assign, &none), DEED_STRANGER);
        assert_int_equal(act(f, deed_assign, &nobody), DEED_SAME);
        assert_int_equal(act(f, deed_assign, &ann), DEED_DONE);
        assert_int_equal(act(f, deed_assign, &ann), DEED_SAME);
        assert_int_equal(act(f, deed_assign, &nobody), DEED_DONE);
        assert_int_equal(act(f, deed_assign, &admin), DEED_DONE);
        fixture_expect(f,
                       "SELECT string_agg(detail::text, ' ' ORDER BY id) FROM incident_event"
                       " WHERE kind = 'assigned'",
                       "{\"assignee\": \"ann@example.org\"} {\"assignee\": null}"
                       " {\"assignee\": \"bob@example.org\"}");
}

/* Who leaves leaves what was assigned, without a word of it. */
static void who_leaves_takes_care_no_longer(void **state) {
        StoreFixture *f = *state;

        fixture_expect(f, "SELECT count(assignee_id) FROM incident", "1");
        fixture_sql(f, "DELETE FROM membership WHERE organisation_id = 2");
        fixture_expect(f,
                       "SELECT count(assignee_id) || ' ' || count(organisation_id) FROM incident",
                       "0 3");
}

static void reported_at_most_once_at_a_time(void **state) {
        StoreFixture *f = *state;
        IncidentReport mine = { .organisation = 1,
                                .incident = fixture_website(11),
                                .website = fixture_website(1),
                                .title = "Slow checkout",
                                .text = "Since noon.",
                                .actor = "uid 0" };
        const IncidentDeed resolve = deed(1, 11, NULL), foreign = deed(2, 11, NULL);

        mine.organisation = 2;
        assert_int_equal(report(f, &mine), -ENOENT);
        mine.organisation = 1;
        assert_int_equal(report(f, &mine), 0);
        assert_int_equal(f->text[0] - '0', DEED_DONE);
        mine.incident = fixture_website(12);
        assert_int_equal(report(f, &mine), 0);
        assert_int_equal(f->text[0] - '0', DEED_OPEN);
        assert_non_null(strstr(f->text, " of 11"));

        assert_int_equal(act(f, deed_resolve, &foreign), -ENOENT);
        assert_int_equal(act(f, deed_resolve, &resolve), DEED_DONE);
        assert_int_equal(act(f, deed_resolve, &resolve), DEED_SAME);
        mine.text = "";
        assert_int_equal(report(f, &mine), 0);
        assert_int_equal(f->text[0] - '0', DEED_DONE);
        fixture_expect(f,
                       "SELECT string_agg(kind || severity || summary || coalesce(e, ''), ';'"
                       " ORDER BY id) FROM incident, LATERAL (SELECT string_agg(kind || detail, "
                       "',')"
                       " AS e FROM incident_event WHERE incident_id = incident.id) x WHERE kind = "
                       "'manual'",
                       "manualwarningSlow checkoutopened{\"text\": \"Since noon.\"},closed{};"
                       "manualwarningSlow checkoutopened{}");
        fixture_sql(f, "UPDATE website SET removed_at = now() WHERE id = 2");
        mine.website = fixture_website(2);
        assert_int_equal(report(f, &mine), -ENOENT);
}

/* The hub's own entries do not count. */
static void what_people_write_has_an_end(void **state) {
        StoreFixture *f = *state;
        const IncidentDeed more = deed(2, 3, "more"), bob = deed(2, 3, "bob@example.org");

        fixture_sql(f, "INSERT INTO incident_event (incident_id, at, kind, revision)"
                       " SELECT 3, now(), 'noted', -i FROM generate_series(1, 998) i;"
                       "INSERT INTO incident_event (incident_id, at, kind)"
                       " SELECT 3, now(), 'escalated' FROM generate_series(1, 1000);"
                       "INSERT INTO membership SELECT 2, id, 'editor' FROM app_user"
                       " WHERE email LIKE 'bob%'");
        assert_int_equal(act(f, deed_note, &more), DEED_DONE);
        assert_int_equal(act(f, deed_note, &more), DEED_FULL);
        assert_int_equal(act(f, deed_assign, &bob), DEED_FULL);
}

static void on_deeds(int r, const DeedRow *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n && i < 3; i++)
                fixture_note(f, "%lu %u %s %s %s\n", rows[i].revision, rows[i].organisation,
                             rows[i].event, rows[i].kind, rows[i].website + 35);
}

static void deeds_are_told_in_order(void **state) {
        StoreFixture *f = *state;
        PqTransaction *t = pq_transaction_new();

        assert_int_equal(deeds_load(f->store, 0, on_deeds, f, NULL), 0);
        fixture_expect_text(f, "1 1 incident.acknowledged down 1\n2 1 incident.noted down 2\n"
                               "3 1 incident.assigned down 1\n");
        assert_int_equal(deeds_load(f->store, 8, on_deeds, f, NULL), 0);
        fixture_expect_text(f, "9 2 incident.noted down 3\n");
        deeds_told(t, 9);
        assert_int_equal(fixture_commit(f, t), 0);
        fixture_expect(f, "SELECT deed_revision FROM hub_state", "9");
}

static void a_page_of_them_is_bounded(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "INSERT INTO incident_event (incident_id, at, kind, revision)"
                       " SELECT 1, now(), 'noted', i FROM generate_series(1000, 1300) i");
        assert_int_equal(deeds_load(f->store, 999, on_deeds, f, NULL), 0);
        fixture_wait(f);
        assert_int_equal(f->n, DEEDS_PAGE);
}

static void each_refusal_has_words(void **state _unused_) {
        for (int o = 0; o < _DEED_OUTCOME_MAX; o++)
                assert_true((deed_refusal((DeedOutcome)o) == NULL) ==
                            (o == DEED_DONE || o == DEED_SAME));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(acknowledged_once),
                cmocka_unit_test(a_closed_one_takes_notes_only),
                cmocka_unit_test(what_votes_opened_votes_close),
                cmocka_unit_test(only_members_take_care),
                cmocka_unit_test(who_leaves_takes_care_no_longer),
                cmocka_unit_test(reported_at_most_once_at_a_time),
                cmocka_unit_test(what_people_write_has_an_end),
                cmocka_unit_test(deeds_are_told_in_order),
                cmocka_unit_test(a_page_of_them_is_bounded),
                cmocka_unit_test(each_refusal_has_words),
        };

        return cmocka_run_group_tests(tests, prepare, store_fixture_teardown);
}
