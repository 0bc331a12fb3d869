/* What is wrong with dpin is told when it has been so for long enough, once, and when it is over.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/operator-alerts.h"

#define SECOND USEC_PER_SEC
#define GIB    (1ull << 30)

static usec_t now = 1000000 * USEC_PER_SEC;

typedef struct Refusing {
        StoreFixture *fixture;
        char names[64]; /* of the last look, with a comma after each */
} Refusing;

static Refusing refusing;

/* Channels 1 and 2 are told, 3 is not. */
static int setup(void **state) {
        int r = store_fixture_setup(state);

        if (r == 0)
                fixture_sql(*state,
                            "INSERT INTO alert_channel (public_id, organisation_id, kind, name,"
                            " operator) SELECT ('00000000-0000-7000-8000-0000000000a' || i)::uuid,"
                            " 1, 'webhook', 'c' || i, i < 3 FROM generate_series(1, 3) i");
        return r;
}

static void on_looked(int r, const OperatorRefusal *rows, size_t n, void *userdata) {
        Refusing *ret = userdata;

        *ret->names = '\0';
        for (size_t i = 0; i < n; i++) {
                size_t length = strlen(ret->names);

                snprintf(ret->names + length, sizeof(ret->names) - length, "%s,", rows[i].name);
        }
        fixture_done(r, NULL, ret->fixture);
}

/* So many seconds after the last one. */
static void look(StoreFixture *f, unsigned later, unsigned validators, uint64_t free) {
        OperatorView view = { .validators = validators, .free = free, .room = 100 * GIB };

        now += later * SECOND;
        view.now = now;
        refusing.fixture = f;
        assert_int_equal(operator_look(f->store, &view, on_looked, &refusing, NULL), 0);
        fixture_wait(f);
        assert_int_equal(f->r, 0);
}

static void look_well(StoreFixture *f, unsigned later) {
        look(f, later, 3, 50 * GIB);
}

/* What was put since the last call: "channel kind what" of each. */
static void expect_put(StoreFixture *f, const char *text) {
        fixture_expect(f,
                       "SELECT string_agg(channel_id || ' ' || substr(kind, 10) || ' ' ||"
                       " (payload->>'kind'), ',' ORDER BY id) FROM alert_outbox"
                       " WHERE kind LIKE 'operator.%' AND state = 'pending'",
                       text);
        fixture_sql(f, "UPDATE alert_outbox SET state = 'delivered', done_at = now()"
                       " WHERE state = 'pending'");
}

static void told_after_a_while_and_once(void **state) {
        StoreFixture *f = *state;

        look_well(f, 0);
        look(f, 5, 0, 50 * GIB);
        look(f, 59, 0, 50 * GIB);
        expect_put(f, "");
        look(f, 1, 0, 50 * GIB);
        look(f, 3600, 0, 50 * GIB);
        expect_put(f, "1 opened validators,2 opened validators");
        fixture_expect(f, "SELECT payload->>'summary' FROM alert_outbox LIMIT 1",
                       "No validator that is approved is connected. See dpinctl validator list.");
        look_well(f, 30);
        look(f, 29, 0, 50 * GIB); /* not over yet */
        look_well(f, 59);
        expect_put(f, "");
        look_well(f, 1);
        look_well(f, 3600);
        expect_put(f, "1 resolved validators,2 resolved validators");
        fixture_expect(f, "SELECT count(*) FROM operator_alert", "0");
}

static void what_is_well_again_before_is_not_told(void **state) {
        StoreFixture *f = *state;

        for (unsigned i = 0; i < 10; i++) {
                look(f, 30, 0, 50 * GIB);
                look(f, 30, 0, 50 * GIB);
                look_well(f, 5);
        }
        look_well(f, 3600);
        expect_put(f, "");
}

static void nobody_watches_nothing(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "UPDATE website SET paused = true");
        look(f, 0, 0, 50 * GIB);
        look(f, 3600, 0, 50 * GIB);
        expect_put(f, "");
        fixture_sql(f, "UPDATE website SET paused = false");
}

static void a_disk_that_is_nearly_full(void **state) {
        StoreFixture *f = *state;

        look(f, 0, 3, 4 * GIB);
        look(f, 60, 3, 4 * GIB);
        expect_put(f, "");
        look(f, 5, 3, 4 * GIB - 1);
        look(f, 60, 3, 4 * GIB - 1);
        expect_put(f, "1 opened disk,2 opened disk");
        look_well(f, 60);
        expect_put(f, "1 resolved disk,2 resolved disk");
}

static void too_few_for_full_assurance(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "INSERT INTO verdict_span (website_id, state, assurance, cause, started_at,"
                       " first_evidence_at, n, votes, commit_no) SELECT id, 'UP', CASE id WHEN 1"
                       " THEN 'single' ELSE 'full' END, 'quorum', now(), now(), 1, '[]', 1"
                       " FROM website");
        look_well(f, 5);
        look_well(f, 599);
        expect_put(f, "");
        look_well(f, 1);
        fixture_expect(f, "SELECT payload->>'summary' FROM alert_outbox WHERE state = 'pending'",
                       "A website has fewer validators of different operators than full"
                       " assurance needs.");
        expect_put(f, "1 opened assurance,2 opened assurance");
        fixture_sql(f, "DELETE FROM verdict_span");
        look_well(f, 60);
        expect_put(f, "1 resolved assurance,2 resolved assurance");
}

/* It has no committee: nobody is missing. Neither while it calls, nor while it was not heard yet.
 */
static void a_website_that_calls_itself_lacks_nobody(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "INSERT INTO website (public_id, organisation_id, url)"
                       " SELECT gen_random_uuid(), 1, 'push:' || i FROM generate_series(1, 150) i;"
                       "INSERT INTO verdict_span (website_id, state, assurance, cause, started_at,"
                       " first_evidence_at, n, votes, commit_no)"
                       " SELECT id, 'UP', 'single', CASE id % 2 WHEN 1 THEN 'heartbeat' ELSE"
                       " 'silence' END, now(), now(), 0, '[]', 1 FROM website"
                       " WHERE url LIKE 'push:%'");
        look_well(f, 5);
        fixture_expect(f, "SELECT count(*) FROM operator_alert", "0");
        fixture_sql(f, "UPDATE website SET url = 'https://looked.example/' || id"
                       " WHERE url LIKE 'push:%'; UPDATE verdict_span SET cause = 'quorum'");
        look_well(f, 5);
        fixture_expect(f, "SELECT substring(detail FROM '^[0-9]+') FROM operator_alert", "150");
        fixture_sql(f, "UPDATE website SET url = 'PUSH:' || id WHERE url LIKE '%looked.example%'");
        look_well(f, 65);
        fixture_expect(f, "SELECT count(*) FROM operator_alert", "0");
        fixture_sql(f, "DELETE FROM verdict_span; DELETE FROM website WHERE url LIKE 'PUSH:%'");
}

static void add_websites(StoreFixture *f, unsigned n, const char *assurance) {
        _cleanup_free_ char *sql = NULL;

        assert_true(asprintf(&sql,
                             "INSERT INTO website (public_id, organisation_id, url) SELECT"
                             " gen_random_uuid(), 1, 'https://more.example/' || i FROM"
                             " generate_series(1, %u) i; INSERT INTO verdict_span (website_id,"
                             " state, assurance, cause, started_at, first_evidence_at, n, votes,"
                             " commit_no) SELECT id, 'UP', '%s', 'quorum', now(), now(), 4, '[]', 1"
                             " FROM website WHERE url LIKE '%%more.example%%'",
                             n, assurance) > 0);
        fixture_sql(f, sql);
}

static void remove_websites(StoreFixture *f) {
        fixture_sql(f, "DELETE FROM verdict_span;"
                       "DELETE FROM website WHERE url LIKE '%more.example%'");
}

static void expect_weak(StoreFixture *f, const char *number) {
        fixture_expect(f,
                       "SELECT substring(detail FROM '^[0-9]+') FROM operator_alert"
                       " WHERE what = 'assurance'",
                       number);
}

static void make_weak(StoreFixture *f, unsigned n) {
        _cleanup_free_ char *sql = NULL;

        assert_true(asprintf(&sql,
                             "UPDATE verdict_span SET assurance = CASE WHEN website_id IN"
                             " (SELECT website_id FROM verdict_span ORDER BY 1 LIMIT %u)"
                             " THEN 'reduced' ELSE 'full' END",
                             n) > 0);
        fixture_sql(f, sql);
}

/* A hundred are counted each time, more once a minute and for whoever is told. */
static void how_many_are_without_full_assurance(void **state) {
        StoreFixture *f = *state;

        add_websites(f, 200, "full");
        make_weak(f, 99);
        look_well(f, 5);
        expect_weak(f, "99");
        make_weak(f, 100);
        look_well(f, 5);
        expect_weak(f, "100");
        make_weak(f, 150);
        look_well(f, 5);
        expect_weak(f, "150");
        make_weak(f, 160);
        look_well(f, 59);
        expect_weak(f, "150");
        look_well(f, 1);
        expect_weak(f, "160");
        make_weak(f, 98);
        look_well(f, 5);
        expect_weak(f, "98");
        make_weak(f, 170);
        look_well(f, 500);
        expect_weak(f, "170");
        make_weak(f, 180);
        look_well(f, 25);
        fixture_expect(f, "SELECT payload->>'summary' FROM alert_outbox WHERE state = 'pending'",
                       "180 websites have fewer validators of different operators than full"
                       " assurance needs.");
        expect_put(f, "1 opened assurance,2 opened assurance");
        fixture_sql(f, "UPDATE website SET paused = true WHERE url LIKE '%more.example%'");
        look_well(f, 60);
        expect_put(f, "1 resolved assurance,2 resolved assurance");
        remove_websites(f);
}

/* Neither while all is well, nor while nothing is: 3000 websites and their spans are on a hundred
 * pages, and to look for the spans of each takes six thousand. */
static void no_look_reads_all_websites(void **state) {
        static const char look_sql[] = "('2001-01-01', 3, 0, 0)";
        StoreFixture *f = *state;

        add_websites(f, 3000, "full");
        fixture_expect_pages(f, "operator_look", look_sql, 40);
        fixture_expect_pages(f, "operator_look", "('2001-01-01', 0, 0, 0)", 80);
        fixture_sql(f, "UPDATE verdict_span SET assurance = 'single'");
        fixture_expect_pages(f, "operator_look", look_sql, 500);
        fixture_sql(f, "ANALYZE website, verdict_span");
        fixture_expect_pages(f, "operator_look", look_sql, 500);
        fixture_sql(f, "UPDATE verdict_span SET assurance = 'full'");
        look_well(f, 5);
        remove_websites(f);
        fixture_sql(f, "TRUNCATE operator_alert CASCADE");
}

/* Not to itself; and whoever did not hear of it does not hear that it is over. */
static void channels_that_fail(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "UPDATE alert_channel SET failures = 7 WHERE id = 1");
        look_well(f, 5);
        look_well(f, 299);
        expect_put(f, "");
        look_well(f, 1);
        fixture_expect(f, "SELECT payload->>'summary' FROM alert_outbox WHERE state = 'pending'",
                       "The channel c1 fails, 7 times in a row. See dpinctl alert log.");
        expect_put(f, "2 opened delivery");
        fixture_sql(f, "UPDATE alert_channel SET enabled = false, disabled_reason = 'gone'"
                       " WHERE id = 3");
        look_well(f, 5); /* at once */
        expect_put(f, "1 opened delivery,2 opened delivery");
        fixture_sql(f, "UPDATE alert_channel SET failures = 0, enabled = true;"
                       " UPDATE alert_channel SET operator = true WHERE id = 3");
        look_well(f, 60);
        expect_put(f, "2 resolved delivery,1 resolved delivery,2 resolved delivery");
        fixture_sql(f, "UPDATE alert_channel SET operator = false WHERE id = 3");
}

static void each_channel_is_told_when_it_may_be(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "UPDATE alert_channel SET operator = false");
        look(f, 5, 0, 50 * GIB);
        look(f, 100, 0, 50 * GIB);
        fixture_sql(f, "UPDATE alert_channel SET operator = true WHERE id = 1");
        look(f, 5, 0, 50 * GIB);
        look(f, 5, 0, 50 * GIB);
        expect_put(f, "1 opened validators");
        fixture_sql(f, "UPDATE alert_channel SET operator = true, enabled = false WHERE id = 2");
        look(f, 5, 0, 50 * GIB);
        expect_put(f, "1 opened delivery");
        fixture_sql(f, "UPDATE alert_channel SET enabled = true WHERE id = 2");
        look(f, 5, 0, 50 * GIB);
        look(f, 5, 0, 50 * GIB);
        expect_put(f, "2 opened validators");
        fixture_sql(f, "UPDATE alert_channel SET operator = false WHERE id = 1");
        look_well(f, 60);
        expect_put(f, "2 resolved validators");
        fixture_sql(f, "UPDATE alert_channel SET operator = true WHERE id = 1");
}

/* As a channel that is disabled drops what waits. */
static void what_was_dropped_was_not_told(void **state) {
        static const char drop[] = "UPDATE alert_outbox SET state = 'dropped', done_at = now()"
                                   " WHERE channel_id = 2";
        StoreFixture *f = *state;

        look(f, 5, 0, 50 * GIB);
        look(f, 60, 0, 50 * GIB);
        fixture_sql(f, drop);
        look(f, 5, 0, 50 * GIB);
        expect_put(f, "1 opened validators,2 opened validators");
        fixture_expect(f,
                       "SELECT count(*) FROM alert_outbox WHERE channel_id = 2"
                       " AND payload->>'openedAt' = (SELECT rfc3339(since) FROM operator_alert)",
                       "2");
        fixture_sql(f, drop);
        look_well(f, 60);
        expect_put(f, "1 resolved validators");
}

static void an_end_is_told_after_its_beginning_was_pruned(void **state) {
        StoreFixture *f = *state;

        look(f, 5, 0, 50 * GIB);
        look(f, 60, 0, 50 * GIB);
        expect_put(f, "1 opened validators,2 opened validators");
        fixture_sql(f, "DELETE FROM alert_outbox");
        look(f, 31 * 86400, 0, 50 * GIB);
        expect_put(f, "");
        look_well(f, 60);
        expect_put(f, "1 resolved validators,2 resolved validators");
        fixture_expect(f, "SELECT count(*) FROM operator_told", "0");
}

/* Told when there is room; counted once for each thing that was refused. */
static void a_channel_with_ten_thousand_gets_no_more(void **state) {
        static const char refused[] = "SELECT string_agg(refused::text, ',' ORDER BY id)"
                                      " FROM alert_channel";
        StoreFixture *f = *state;

        fixture_sql(f, "INSERT INTO alert_outbox (channel_id, kind, payload)"
                       " SELECT 1, 'test', '{}' FROM generate_series(1, 10000)");
        look(f, 5, 0, 50 * GIB);
        assert_string_equal(refusing.names, "");
        look(f, 60, 0, 50 * GIB);
        assert_string_equal(refusing.names, "c1,");
        look(f, 5, 0, 50 * GIB);
        assert_string_equal(refusing.names, "");
        fixture_expect(f,
                       "SELECT count(*) FROM alert_outbox WHERE channel_id = 1 AND state = "
                       "'pending'",
                       "10000");
        fixture_expect(f, refused, "1,0,0");
        fixture_sql(f, "DELETE FROM alert_outbox WHERE id IN (SELECT id FROM alert_outbox"
                       " WHERE kind = 'test' LIMIT 1)");
        look(f, 5, 0, 50 * GIB);
        look(f, 5, 0, 50 * GIB);
        fixture_expect(f, refused, "1,0,0");
        look_well(f, 60);
        assert_string_equal(refusing.names, "c1,");
        fixture_expect(f, refused, "2,0,0");
        fixture_sql(f, "DELETE FROM alert_outbox WHERE kind = 'test'");
        expect_put(f, "2 opened validators,1 opened validators,2 resolved validators");
        fixture_expect(f, "SELECT count(*) FROM operator_alert", "0");
}

static void it_is_remembered_where_there_is_no_channel(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "TRUNCATE alert_channel CASCADE");
        look(f, 5, 0, 50 * GIB);
        fixture_expect(f, "SELECT string_agg(what, ',') FROM operator_alert", "validators");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(told_after_a_while_and_once),
                cmocka_unit_test(what_is_well_again_before_is_not_told),
                cmocka_unit_test(nobody_watches_nothing),
                cmocka_unit_test(a_disk_that_is_nearly_full),
                cmocka_unit_test(too_few_for_full_assurance),
                cmocka_unit_test(a_website_that_calls_itself_lacks_nobody),
                cmocka_unit_test(how_many_are_without_full_assurance),
                cmocka_unit_test(no_look_reads_all_websites),
                cmocka_unit_test(channels_that_fail),
                cmocka_unit_test(each_channel_is_told_when_it_may_be),
                cmocka_unit_test(what_was_dropped_was_not_told),
                cmocka_unit_test(an_end_is_told_after_its_beginning_was_pruned),
                cmocka_unit_test(a_channel_with_ten_thousand_gets_no_more),
                cmocka_unit_test(it_is_remembered_where_there_is_no_channel),
        };

        return cmocka_run_group_tests(tests, setup, store_fixture_teardown);
}
