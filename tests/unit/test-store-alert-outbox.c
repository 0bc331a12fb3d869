/* Alerts are born with their incident, wait, are due, and end. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/alert-outbox.h"

/* Channels 1 to 3 of the first organisation, 4 of the second. */
static int setup(void **state) {
        int r = store_fixture_setup(state);

        if (r == 0)
                fixture_sql(*state,
                            "INSERT INTO alert_channel (public_id, organisation_id, kind, name,"
                            " filter) SELECT ('00000000-0000-7000-8000-0000000000a' || i)::uuid,"
                            " CASE WHEN i = 4 THEN 2 ELSE 1 END, 'webhook', 'c' || i,"
                            " (CASE i WHEN 2 THEN '{\"events\": [\"incident.resolved\"]}'"
                            "  WHEN 3 THEN '{\"websites\":"
                            " [\"00000000-0000-7000-8000-000000000002\"]}' ELSE '{}' END)::jsonb"
                            " FROM generate_series(1, 4) i ORDER BY i");
        return r;
}

static void open_incident(StoreFixture *f, int id, int website) {
        char sql[512];

        (void)snprintf(sql, sizeof(sql),
                       "INSERT INTO incident (public_id, organisation_id, website_id, cause,"
                       " opened_at, first_evidence_at) VALUES"
                       " ('00000000-0000-7000-8000-0000000000b%d', (SELECT organisation_id FROM"
                       " website WHERE id = %d), %d, 'refused', to_timestamp(1000),"
                       " to_timestamp(999))",
                       id, website, website);
        fixture_sql(f, sql);
}

static void born_with_the_incident(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "INSERT INTO verdict_span (website_id, state, assurance, cause, started_at,"
                       " first_evidence_at, n, votes, commit_no) SELECT 1, 'DOWN', 'full',"
                       " 'quorum', now(), now(), 2, jsonb_agg(jsonb_build_object('validatorId',"
                       " key_text(key), 'vote', CASE id WHEN 1 THEN 'down' ELSE 'up' END)), 1"
                       " FROM validator WHERE id < 3");
        open_incident(f, 1, 1);
        fixture_sql(f, "UPDATE incident SET cause = 'again'"); /* that is no news */
        fixture_sql(f, "UPDATE incident SET closed_at = to_timestamp(1060)");
        fixture_sql(f, "UPDATE incident SET closed_at = to_timestamp(1061)");
        fixture_expect(f,
                       "SELECT string_agg(channel_id || ' ' || kind, ',' ORDER BY id)"
                       " FROM alert_outbox",
                       "1 incident.opened,1 incident.resolved,2 incident.resolved");
        fixture_expect(f, "SELECT payload FROM alert_outbox WHERE id = 1",
                       "{\"url\": \"https://site1.example/\", \"down\": 1, \"kind\": \"down\","
                       " \"name\": \"Site 1\", \"cause\": \"refused\", \"seats\": 2,"
                       " \"regions\": [\"eu\"], \"openedAt\": \"1970-01-01T00:16:40.000000Z\","
                       " \"severity\": \"down\", \"assurance\": \"full\","
                       " \"websiteId\": \"00000000-0000-7000-8000-000000000001\","
                       " \"incidentId\": \"00000000-0000-7000-8000-0000000000b1\","
                       " \"firstEvidenceAt\": \"1970-01-01T00:16:39.000000Z\"}");
        fixture_expect(f,
                       "SELECT payload->>'ending' || (payload->>'seconds') || "
                       "(payload->>'closedAt') FROM alert_outbox"
                       " WHERE id = 2",
                       "recovered601970-01-01T00:17:40.000000Z");
}

static void not_without_it(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "BEGIN; INSERT INTO incident (public_id, organisation_id, website_id,"
                       " cause, opened_at, first_evidence_at) VALUES (gen_random_uuid(), 1, 1,"
                       " 'x', now(), now()); ROLLBACK");
        fixture_expect(f, "SELECT count(*) FROM alert_outbox", "3");
}

static void of_the_own_organisation_and_website_only(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "DELETE FROM alert_outbox");
        open_incident(f, 2, 2);
        open_incident(f, 3, 3);
        fixture_expect(f, "SELECT string_agg(channel_id::text, ',' ORDER BY id) FROM alert_outbox",
                       "1,3,4");
}

static void worse_is_news_better_is_not(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "DELETE FROM alert_outbox; UPDATE incident SET severity = 'partial';"
                       " UPDATE incident SET severity = 'down' WHERE website_id = 2 OR closed_at IS"
                       " NOT NULL");
        fixture_expect(f,
                       "SELECT string_agg(channel_id || ' ' || kind || (payload->>'severity'), ','"
                       " ORDER BY id) FROM alert_outbox",
                       "1 incident.escalateddown,3 incident.escalateddown");
        fixture_sql(f, "DELETE FROM alert_outbox");
}

/* Incident 3 of website 2 keeps one of website 1 quiet. */
static void quiet_as_long_as_its_parent_is_down(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "UPDATE website SET parent_id = 2 WHERE id = 1");
        open_incident(f, 4, 1);
        fixture_sql(f, "UPDATE incident SET closed_at = to_timestamp(2000) WHERE website_id = 1");
        fixture_expect(f, "SELECT count(*) FROM alert_outbox", "0");

        open_incident(f, 5, 1);
        fixture_sql(f, "UPDATE incident SET closed_at = to_timestamp(2000) WHERE website_id = 2");
        fixture_expect(f,
                       "SELECT string_agg(channel_id || ' ' || kind || (incident_id = (SELECT"
                       " max(id) FROM incident)) || coalesce((not_before ="
                       " to_timestamp(2180))::text, ''), ',' ORDER BY id)"
                       " FROM alert_outbox",
                       "1 incident.resolvedfalse,2 incident.resolvedfalse,"
                       "3 incident.resolvedfalse,1 incident.openedtruetrue");
        fixture_sql(f, "UPDATE incident SET closed_at = to_timestamp(2000) WHERE website_id = 1");
        fixture_expect(f,
                       "SELECT string_agg(kind || state, ',' ORDER BY id) FROM alert_outbox"
                       " WHERE incident_id = (SELECT max(id) FROM incident)",
                       "incident.openeddropped");
        fixture_sql(f, "UPDATE website SET parent_id = NULL; DELETE FROM alert_outbox");
        open_incident(f, 6, 2);
}

static void the_full_and_the_disabled_get_no_more(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "DELETE FROM alert_outbox; UPDATE alert_channel SET enabled = false WHERE"
                       " id = 3; INSERT INTO alert_outbox (channel_id, kind, payload) SELECT 1,"
                       " 'x', '{}' FROM generate_series(1, 10000);"
                       " UPDATE incident SET closed_at = now() WHERE website_id = 2");
        fixture_expect(f,
                       "SELECT string_agg(channel_id || ' ' || kind, ',' ORDER BY id)"
                       " FROM alert_outbox WHERE kind <> 'x'",
                       "2 incident.resolved");
        fixture_expect(f, "SELECT string_agg(refused::text, ',' ORDER BY id) FROM alert_channel",
                       "1,0,0,0");
        fixture_sql(f, "UPDATE alert_channel SET enabled = true; DELETE FROM alert_outbox");
}

static void on_due(int r, const AlertDueRow *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++)
                fixture_note(f, "%u ", (unsigned)rows[i].row);
}

static void expect_due(StoreFixture *f, uint64_t but, const char *text) {
        const AlertDue due = { .now = 2000 * USEC_PER_SEC,
                               .but = &but,
                               .but_n = 1,
                               .most = 5,
                               .most_failing = 1,
                               .most_channel = 2 };

        assert_int_equal(alerts_due(f->store, &due, on_due, f, NULL), 0);
        fixture_expect_text(f, text);
}

static void due_are_some_of_each_channel(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "INSERT INTO alert_outbox (id, channel_id, kind, payload, next_try_at)"
                       " OVERRIDING SYSTEM VALUE VALUES (101, 1, 'x', '{}', NULL),"
                       " (102, 1, 'x', '{}', NULL), (103, 1, 'x', '{}', NULL),"
                       " (104, 2, 'x', '{}', to_timestamp(1999)),"
                       " (105, 2, 'x', '{}', to_timestamp(2001)),"
                       " (106, 3, 'x', '{}', NULL), (107, 3, 'x', '{}', NULL)");
        expect_due(f, 0, "101 102 106 107 104 ");
        expect_due(f, 101, "102 103 106 107 104 ");
        fixture_sql(f, "UPDATE alert_channel SET failures = 1 WHERE id IN (1, 2)");
        expect_due(f, 0, "106 107 101 "); /* of the failing ones one in all */
        fixture_sql(f, "UPDATE alert_channel SET failures = 0; UPDATE alert_channel SET enabled ="
                       " false WHERE id = 1; UPDATE alert_channel SET removed_at = now()"
                       " WHERE id = 3");
        expect_due(f, 0, "104 ");
        fixture_sql(f, "UPDATE alert_channel SET enabled = true, removed_at = NULL");
}

static void end(StoreFixture *f, uint64_t row, AlertState as, bool disable) {
        const AlertEnd e = { .row = row,
                             .state = as,
                             .next = 2002 * USEC_PER_SEC,
                             .took = 5 * USEC_PER_MSEC,
                             .status = as == ALERT_DELIVERED ? 200 : 500,
                             .error = as == ALERT_DELIVERED ? "" : "it failed",
                             .disable = disable };

        assert_int_equal(alert_settle(f->store, &e, fixture_done, f, NULL), 0);
        fixture_wait(f);
        assert_int_equal(f->r, 0);
}

static void every_try_is_written_down(void **state) {
        StoreFixture *f = *state;

        end(f, 101, ALERT_PENDING, false);
        end(f, 101, ALERT_PENDING, false);
        fixture_expect(f, "SELECT failures FROM alert_channel WHERE id = 1", "2");
        end(f, 101, ALERT_DELIVERED, false);
        end(f, 101, ALERT_FAILED, false); /* too late */
        fixture_expect(f, "SELECT state || tries || last_error FROM alert_outbox WHERE id = 101",
                       "delivered3");
        fixture_expect(f,
                       "SELECT string_agg(status || error || took_ms, ',' ORDER BY id)"
                       " FROM alert_delivery WHERE outbox_id = 101",
                       "500it failed5,500it failed5,2005");
        fixture_expect(f, "SELECT failures FROM alert_channel WHERE id = 1", "0");
}

static void who_wants_no_more_gets_no_more(void **state) {
        StoreFixture *f = *state;

        end(f, 106, ALERT_FAILED, true);
        fixture_expect(f, "SELECT enabled || disabled_reason FROM alert_channel WHERE id = 3",
                       "falseit failed");
        fixture_expect(f, "SELECT state FROM alert_outbox WHERE id = 107", "dropped");
}

static int act(StoreFixture *f, bool test, uint8_t id, uint8_t high) {
        AlertDeed d = { .id = fixture_website(id), .test = fixture_website(77), .actor = "test" };

        d.id.bytes[15] = high;
        if (test)
                assert_int_equal(alert_test(f->store, &d, fixture_done, f, NULL), 0);
        else
                assert_int_equal(alert_replay(f->store, &d, fixture_done, f, NULL), 0);
        fixture_wait(f);
        return f->r;
}

static void tested_and_replayed(void **state) {
        StoreFixture *f = *state;

        assert_int_equal(act(f, true, 1, 0xa2), 0);
        assert_int_equal(act(f, true, 1, 0xa3), -EDOM);
        assert_string_equal(f->text, "This channel is disabled: enable it first.");
        assert_int_equal(act(f, true, 1, 0xa9), -ENOENT);
        fixture_expect(f,
                       "SELECT kind || channel_id || (payload->>'name') FROM alert_outbox"
                       " WHERE public_id = '00000000-0000-7000-8000-00000000004d'",
                       "test2c2");
        fixture_sql(f, "UPDATE alert_outbox SET state = 'failed', tries = 9, done_at = now()"
                       " WHERE kind = 'test'");
        assert_int_equal(act(f, false, 1, 77), 0);
        assert_int_equal(act(f, false, 1, 78), -ENOENT);
        fixture_expect(f, "SELECT state || tries FROM alert_outbox WHERE kind = 'test'",
                       "pending0");
        fixture_sql(f, "UPDATE alert_channel SET enabled = false WHERE id = 2");
        assert_int_equal(act(f, false, 1, 77), -EDOM);
        fixture_sql(f, "UPDATE alert_channel SET enabled = true WHERE id = 2");
}

static void tests_that_wait_are_few(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "INSERT INTO alert_outbox (channel_id, kind, payload)"
                       " SELECT 2, 'test', '{}' FROM generate_series(1, 9)");
        assert_int_equal(act(f, true, 1, 0xa2), -EDOM);
        assert_string_equal(f->text, "Ten tests of this channel wait already: it takes no more.");
        fixture_sql(f, "DELETE FROM alert_outbox WHERE kind = 'test' AND payload = '{}'");
}

static void of_others_nothing_is_tested_or_replayed(void **state) {
        StoreFixture *f = *state;
        AlertDeed d = { .organisation = 2,
                        .id = fixture_website(1),
                        .test = fixture_website(78),
                        .actor = "test" };

        d.id.bytes[15] = 0xa2;
        assert_int_equal(alert_test(f->store, &d, fixture_done, f, NULL), 0);
        fixture_wait(f);
        assert_int_equal(f->r, -ENOENT);
        d.id.bytes[15] = 77;
        assert_int_equal(alert_replay(f->store, &d, fixture_done, f, NULL), 0);
        fixture_wait(f);
        assert_int_equal(f->r, -ENOENT);
}

static void on_log(int r, const AlertLogRow *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++)
                fixture_note(f, "%s %s %s %u,", rows[i].channel, rows[i].kind, rows[i].state,
                             rows[i].tries);
}

static void the_log_is_newest_first(void **state) {
        StoreFixture *f = *state;
        AlertLogPage page = { .after = "", .limit = 2 };

        fixture_sql(f, "UPDATE alert_outbox SET public_id = '00000000-0000-7000-8000-000000000104'"
                       " WHERE id = 104");
        page.state = "delivered";
        assert_int_equal(alert_log_page(f->store, &page, on_log, f, NULL), 0);
        fixture_expect_text(f, "c1 x delivered 3,");
        page = (AlertLogPage){ .after = "00000000-0000-7000-8000-000000000104", .limit = 2 };
        assert_int_equal(alert_log_page(f->store, &page, on_log, f, NULL), 0);
        fixture_expect_text(f, "c1 x pending 0,c1 x pending 0,");
        page.after = "yesterday";
        assert_int_equal(alert_log_page(f->store, &page, on_log, f, NULL), -EINVAL);
}

static void the_old_goes(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "UPDATE alert_outbox SET done_at = now() - interval '31 days'"
                       " WHERE id IN (101, 106)");
        assert_int_equal(alerts_prune(f->store, 30, fixture_done, f, NULL), 0);
        fixture_wait(f);
        fixture_expect(f, "SELECT count(*) FROM alert_outbox WHERE id IN (101, 106, 107)", "1");
        fixture_expect(f, "SELECT count(*) FROM alert_delivery", "0");
}

/* Put by whoever did not see yet that it goes, after it was looked at what waits. */
static void nobody_waits_for_a_channel_that_is_gone(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "UPDATE alert_channel SET removed_at = now() WHERE id = 2;"
                       " UPDATE alert_channel SET enabled = false WHERE id = 3;"
                       " UPDATE alert_channel SET enabled = true WHERE id = 1;"
                       " INSERT INTO alert_outbox (id, channel_id, kind, payload)"
                       " OVERRIDING SYSTEM VALUE SELECT 1000000 + i, i, 'test', '{}'"
                       " FROM generate_series(1, 3) i");
        assert_int_equal(alerts_prune(f->store, 30, fixture_done, f, NULL), 0);
        fixture_wait(f);
        fixture_expect(f,
                       "SELECT string_agg(state, ',' ORDER BY id) FROM alert_outbox"
                       " WHERE id > 1000000",
                       "pending,dropped,dropped");
}

/* By rules and hub time: channel 5 of the first organisation has them; the others are told nothing.
 */
static void begin_rules(StoreFixture *f, const char *rules) {
        char sql[1024];

        fixture_sql(f, "DELETE FROM alert_outbox; UPDATE incident SET closed_at = now() WHERE"
                       " closed_at IS NULL; DELETE FROM alert_outbox; DELETE FROM incident;"
                       " UPDATE alert_channel SET removed_at = now() WHERE id <> 5;"
                       " INSERT INTO website (public_id, organisation_id, url, name) SELECT"
                       " gen_random_uuid(), 1, 'https://more' || i || '.example/', 'more'"
                       " FROM generate_series(1, 40) i ON CONFLICT DO NOTHING");
        (void)snprintf(sql, sizeof(sql),
                       "INSERT INTO alert_channel (id, public_id, organisation_id, kind, name)"
                       " OVERRIDING SYSTEM VALUE VALUES (5, gen_random_uuid(), 1, 'webhook', 'c5')"
                       " ON CONFLICT DO NOTHING; UPDATE alert_channel SET rules = '%s',"
                       " digest_at = NULL, last_digest_at = NULL, removed_at = NULL, enabled = true"
                       " WHERE id = 5",
                       rules);
        fixture_sql(f, sql);
}

/* Websites from `first` to `last` of those that the organisation has, at `at` of hub time. */
static void opens(StoreFixture *f, int first, int last, const char *at) {
        char sql[512];

        (void)snprintf(sql, sizeof(sql),
                       "INSERT INTO incident (public_id, organisation_id, website_id, cause,"
                       " opened_at, first_evidence_at) SELECT gen_random_uuid(), 1, id, 'x', '%s',"
                       " '%s' FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM website"
                       "   WHERE organisation_id = 1) w WHERE n BETWEEN %d AND %d",
                       at, at, first, last);
        fixture_sql(f, sql);
}

static void closes(StoreFixture *f, int first, int last, const char *at) {
        char sql[512];

        (void)snprintf(sql, sizeof(sql),
                       "UPDATE incident SET closed_at = '%s' WHERE closed_at IS NULL AND website_id"
                       " IN (SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS n"
                       "   FROM website WHERE organisation_id = 1) w WHERE n BETWEEN %d AND %d)",
                       at, first, last);
        fixture_sql(f, sql);
}

/* What is told at this moment: kinds, each with how many alerts it covers. */
static void told(StoreFixture *f, const char *at, const char *text) {
        char sql[512];

        (void)snprintf(sql, sizeof(sql), "SELECT alert_remind('%s'), alert_take_due('%s')", at, at);
        fixture_sql(f, sql);
        (void)snprintf(sql, sizeof(sql),
                       "SELECT string_agg(kind || n, ',' ORDER BY id) FROM (SELECT min(id) AS id,"
                       "  replace(kind, 'incident.', '') AS kind, count(*) || ':' ||"
                       "  sum(covers) AS n FROM alert_outbox WHERE taken_at = '%s'"
                       "  AND state <> 'grouped' GROUP BY kind) told",
                       at);
        fixture_expect(f, sql, text);
        fixture_sql(f, "UPDATE alert_outbox SET state = 'delivered', done_at = now() WHERE"
                       " state = 'pending' AND taken_at IS NOT NULL");
}

#define AT(CLOCK) "2026-06-01 " CLOCK "Z"

static void a_storm_is_a_few_and_a_digest(void **state) {
        StoreFixture *f = *state;

        begin_rules(f, "{}");
        opens(f, 1, 3, AT("10:00:00"));
        told(f, AT("10:00:00.1"), "opened3:3");
        opens(f, 4, 30, AT("10:00:01"));
        told(f, AT("10:00:01.1"), "");
        opens(f, 31, 40, AT("10:00:03"));
        told(f, AT("10:00:03.1"), "");
        told(f, AT("10:00:06.1"), "digest1:37");
        fixture_expect(f,
                       "SELECT (payload->'counts') || (payload->>'alerts') || (payload->>"
                       "'incidents') || jsonb_array_length(payload->'items') FROM alert_outbox"
                       " WHERE kind = 'digest'",
                       "{\"incident.opened\": 37}373737");
        fixture_expect(f,
                       "SELECT count(DISTINCT told_by) || ' ' || count(*) FROM alert_outbox"
                       " WHERE state = 'grouped'",
                       "1 37");
        closes(f, 1, 40, AT("10:30:00"));
        told(f, AT("10:30:00.1"), "resolved3:3");
        told(f, AT("10:30:05.1"), "digest1:37");
        fixture_expect(f, "SELECT count(*) FROM alert_outbox WHERE state = 'pending'", "0");
}

static void a_flapping_one_is_told_once_with_how_it_is(void **state) {
        StoreFixture *f = *state;

        begin_rules(f, "{\"perHour\": 1}");
        opens(f, 1, 1, AT("10:00:00"));
        told(f, AT("10:00:00.1"), "opened1:1");
        closes(f, 1, 1, AT("10:01:00"));
        told(f, AT("10:01:00.1"), "");
        opens(f, 1, 1, AT("10:02:00"));
        told(f, AT("10:02:00.1"), "");
        closes(f, 1, 1, AT("10:03:00"));
        opens(f, 1, 1, AT("10:03:01"));
        told(f, AT("10:03:01.1"), "");
        told(f, AT("11:00:00.1"), "opened1:4");
        fixture_expect(f, "SELECT count(*) FROM alert_outbox WHERE state = 'pending'", "0");
}

static void no_hour_has_more_than_it_may(void **state) {
        StoreFixture *f = *state;
        char at[64];

        begin_rules(f, "{\"perHour\": 4, \"digestFrom\": 0}");
        for (int i = 0; i < 40; i++) {
                (void)snprintf(at, sizeof(at), "SELECT alert_take_due('" AT("10:%02d:01") "')", i);
                fixture_sql(f, at);
                (void)snprintf(at, sizeof(at), "2026-06-01 10:%02d:00Z", i);
                opens(f, i + 1, i + 1, at);
        }
        fixture_sql(f, "SELECT alert_take_due('2026-06-01 10:59:59Z')");
        fixture_expect(f,
                       "SELECT count(*) FROM alert_outbox WHERE taken_at < '2026-06-01 11:00Z'"
                       " AND state <> 'grouped'",
                       "4");
        fixture_sql(f, "SELECT alert_take_due('2026-06-01 11:40:00Z')");
        fixture_expect(f, "SELECT count(*) FROM alert_outbox WHERE taken_at IS NULL", "0");
}

static void who_is_patient_hears_of_what_lasts(void **state) {
        StoreFixture *f = *state;

        begin_rules(f, "{\"delaySeconds\": 600}");
        opens(f, 1, 4, AT("10:00:00"));
        told(f, AT("10:00:00.1"), "");
        closes(f, 1, 1, AT("10:05:00"));
        fixture_sql(f, "UPDATE incident SET acknowledged_at = '2026-06-01 10:06Z' WHERE website_id"
                       " = 2");
        told(f, AT("10:05:00.1"), "");
        told(f, AT("10:10:00"), "opened2:2");
        closes(f, 2, 4, AT("10:20:00"));
        told(f, AT("10:20:00.1"), "resolved2:2");
        fixture_expect(f,
                       "SELECT string_agg(last_error, ',' ORDER BY id) FROM alert_outbox WHERE"
                       " state = 'dropped'",
                       "it was over before,somebody takes care of it,its beginning was not told,"
                       "its beginning was not told");
}

static void reminded_until_somebody_takes_care(void **state) {
        StoreFixture *f = *state;

        begin_rules(f, "{\"reminderSeconds\": 600}");
        opens(f, 1, 2, AT("10:00:00"));
        told(f, AT("10:00:00.1"), "opened2:2");
        told(f, AT("10:09:59"), "");
        told(f, AT("10:10:01"), "reminder2:2");
        told(f, AT("10:10:02"), "");
        fixture_sql(f, "UPDATE incident SET acknowledged_at = '2026-06-01 10:11Z' WHERE website_id"
                       " = 2");
        told(f, AT("10:20:02"), "reminder1:1");
        closes(f, 1, 2, AT("10:21:00"));
        told(f, AT("10:21:00.1"), "resolved2:2");
        told(f, AT("12:00:00"), "");
}

static void nights_are_quiet_and_mornings_tell(void **state) {
        StoreFixture *f = *state;

        begin_rules(f, "{\"quietHours\": {\"from\": \"22:00\", \"to\": \"07:00\","
                       " \"timeZone\": \"Europe/Berlin\", \"except\": [\"partial\"]}}");
        opens(f, 1, 2, AT("20:00:00"));
        closes(f, 2, 2, AT("20:30:00"));
        told(f, AT("20:30:00.1"), "");
        opens(f, 3, 3, AT("21:00:00"));
        fixture_sql(f, "UPDATE alert_outbox SET payload = payload || '{\"severity\": \"partial\"}'"
                       " WHERE website_id = (SELECT max(website_id) FROM incident)");
        told(f, AT("21:00:00.1"), "opened1:1");
        told(f, "2026-06-02 04:59:59Z", "");
        told(f, "2026-06-02 05:00:00Z", "opened1:1");
        told(f, "2026-06-02 05:00:05Z", "digest1:2");
}

static void no_recoveries_but_to_who_wants_them(void **state) {
        StoreFixture *f = *state;

        begin_rules(f, "{\"recovery\": false}");
        opens(f, 1, 1, AT("10:00:00"));
        told(f, AT("10:00:00.1"), "opened1:1");
        closes(f, 1, 1, AT("10:01:00"));
        told(f, AT("10:01:00.1"), "");
        opens(f, 1, 1, AT("10:02:00"));
        closes(f, 1, 1, AT("10:03:00"));
        told(f, AT("10:03:00.1"), ""); /* it could only say what is no more */
}

/* Whoever puts an alert does not wait for who removes its channel. */
static void put_while_its_channel_goes_it_is_dropped(void **state) {
        StoreFixture *f = *state;

        begin_rules(f, "{}");
        opens(f, 1, 1, AT("10:00:00"));
        fixture_sql(f, "UPDATE alert_channel SET removed_at = now() WHERE id = 5");
        told(f, AT("10:00:00.1"), "");
        fixture_expect(f, "SELECT state || last_error FROM alert_outbox",
                       "droppedthe channel was removed");
}

static void an_end_waits_for_the_digest_of_its_beginning(void **state) {
        StoreFixture *f = *state;

        begin_rules(f, "{}");
        opens(f, 1, 12, AT("10:00:00"));
        told(f, AT("10:00:00.1"), "");
        told(f, AT("10:00:06"), "digest1:12");
        closes(f, 1, 1, AT("10:30:00"));
        told(f, AT("10:30:00.1"), "");
        fixture_sql(f, "UPDATE alert_outbox SET state = 'pending', done_at = NULL,"
                       " next_try_at = 'infinity' WHERE kind = 'digest'");
        fixture_sql(f, "SELECT alert_take_due('2026-06-01 10:30:06Z')");
        fixture_expect(f,
                       "SELECT alert_has_former(o) FROM alert_outbox o WHERE kind ="
                       " 'incident.resolved' AND taken_at IS NOT NULL",
                       "t");
        fixture_sql(f, "UPDATE alert_outbox SET state = 'delivered', done_at = now() WHERE kind ="
                       " 'digest'");
        fixture_expect(f,
                       "SELECT alert_has_former(o) FROM alert_outbox o WHERE kind ="
                       " 'incident.resolved'",
                       "f");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(born_with_the_incident),
                cmocka_unit_test(not_without_it),
                cmocka_unit_test(of_the_own_organisation_and_website_only),
                cmocka_unit_test(worse_is_news_better_is_not),
                cmocka_unit_test(quiet_as_long_as_its_parent_is_down),
                cmocka_unit_test(the_full_and_the_disabled_get_no_more),
                cmocka_unit_test(due_are_some_of_each_channel),
                cmocka_unit_test(every_try_is_written_down),
                cmocka_unit_test(who_wants_no_more_gets_no_more),
                cmocka_unit_test(tested_and_replayed),
                cmocka_unit_test(tests_that_wait_are_few),
                cmocka_unit_test(of_others_nothing_is_tested_or_replayed),
                cmocka_unit_test(the_log_is_newest_first),
                cmocka_unit_test(the_old_goes),
                cmocka_unit_test(nobody_waits_for_a_channel_that_is_gone),
                cmocka_unit_test(a_storm_is_a_few_and_a_digest),
                cmocka_unit_test(a_flapping_one_is_told_once_with_how_it_is),
                cmocka_unit_test(no_hour_has_more_than_it_may),
                cmocka_unit_test(who_is_patient_hears_of_what_lasts),
                cmocka_unit_test(reminded_until_somebody_takes_care),
                cmocka_unit_test(nights_are_quiet_and_mornings_tell),
                cmocka_unit_test(no_recoveries_but_to_who_wants_them),
                cmocka_unit_test(put_while_its_channel_goes_it_is_dropped),
                cmocka_unit_test(an_end_waits_for_the_digest_of_its_beginning),
        };

        return cmocka_run_group_tests(tests, setup, store_fixture_teardown);
}
