/* Why a verdict is and was: the seats of now by orders and ticks, those of then as they were
 * stored, pages of them, and nothing of other people's. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/verdict-views.h"
#include "store/verdicts.h"

#define START (UINT64_C(1767323045) * USEC_PER_SEC) /* 2026-01-02T03:04:05Z */
#define KEY_2 "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI"

static void show(StoreFixture *f, uint32_t organisation, uint8_t website, usec_t at) {
        const VerdictView view = { .organisation = organisation,
                                   .website = fixture_website(website),
                                   .at = at };

        assert_int_equal(verdict_view_json(f->store, &view, fixture_json, f, NULL), 0);
        fixture_wait(f);
}

static void show_page(StoreFixture *f, uint8_t website, const char *cursor, unsigned limit) {
        VerdictPage page = { .organisation = 1,
                             .website = fixture_website(website),
                             .before.started = USEC_INFINITY,
                             .limit = limit };

        if (cursor)
                assert_int_equal(verdict_cursor_parse(cursor, &page.before), 0);
        assert_int_equal(verdict_page_json(f->store, &page, fixture_json, f, NULL), 0);
        fixture_wait(f);
}

static void a_new_website_has_no_verdict(void **state) {
        StoreFixture *f = *state;

        show(f, 1, 2, USEC_INFINITY);
        fixture_expect_json(f, "j",
                            "{\"f\": 0, \"n\": 0, \"q\": 1, \"why\": \"Nobody has judged it yet.\","
                            " \"rule\": null, \"cause\": null, \"seats\": [], \"since\": null,"
                            " \"state\": \"UNKNOWN\", \"until\": null, \"regions\": [],"
                            " \"families\": [], \"assurance\": null,"
                            " \"firstEvidenceAt\": null}");
        show(f, 1, 2, START);
        fixture_expect_json(f, "concat_ws(' ', j->>'state', j->>'why')",
                            "UNKNOWN Nobody judged it then.");
        show_page(f, 2, NULL, 10);
        fixture_expect_json(f, "j", "{\"verdicts\": [], \"nextCursor\": null}");
}

static void put(StoreFixture *f, VerdictRow row) {
        PqTransaction *t = pq_transaction_new();

        row.website = 1;
        row.assurance = "full";
        row.cause = row.cause ? row.cause : "quorum";
        row.n = 4;
        row.first_evidence = row.started;
        verdict_put(t, &row);
        assert_int_equal(fixture_commit(f, t), 0);
}

static void put_history(StoreFixture *f) {
        put(f, (VerdictRow){ .state = "UP", .started = START });
        put(f,
            (VerdictRow){ .state = "DOWN",
                          .started = START + 60 * USEC_PER_SEC,
                          .votes = "[{\"seat\":0,\"validatorId\":\"" KEY_2 "\",\"vote\":\"down\","
                                   "\"at\":\"2026-01-02T03:05:04.500000Z\",\"latencyMs\":1.5,"
                                   "\"error\":\"refused\"},"
                                   "{\"seat\":1,\"validatorId\":null,\"vote\":\"missing\","
                                   "\"missing\":\"empty\"},"
                                   "{\"seat\":2,\"validatorId\":\"" KEY_2 "\",\"vote\":\"missing\","
                                   "\"missing\":\"away\","
                                   "\"awaySince\":\"2026-01-02T03:00:00.000000Z\"},"
                                   "{\"seat\":3,\"validatorId\":\"" KEY_2
                                   "\",\"vote\":\"abstain\"}]" });
        put(f, (VerdictRow){ .state = "UNKNOWN",
                             .cause = "hub_away",
                             .started = START + 120 * USEC_PER_SEC });
        put(f, (VerdictRow){ .state = "UP",
                             .started = START + 120 * USEC_PER_SEC,
                             .votes = "[{\"seat\":0,\"validatorId\":\"" KEY_2 "\",\"vote\":\"up\"},"
                                      "{\"seat\":1,\"vote\":\"up\"},{\"seat\":2,\"vote\":\"up\"},"
                                      "{\"seat\":3,\"vote\":\"missing\"}]" });
}

static void a_moment_shows_the_votes_of_its_verdict(void **state) {
        StoreFixture *f = *state;

        put_history(f);
        show(f, 1, 1, START + 60 * USEC_PER_SEC);
        fixture_expect_json(
                        f, "concat_ws(' ', j->>'state', j->>'since', j->>'until', j->>'why')",
                        "DOWN 2026-01-02T03:05:05.000000Z"
                        " 2026-01-02T03:06:05.000000Z 0 of 4 say up and 1 says down; 3 give no vote"
                        " (1 away, 1 abstaining, 1 empty).");
        fixture_expect_json(
                        f, "j->'seats'->0",
                        "{\"at\": \"2026-01-02T03:05:04.500000Z\", \"seat\": 0, \"vote\": \"down\","
                        " \"ageMs\": 500, \"error\": \"refused\", \"region\": \"eu\","
                        " \"missing\": null, \"awaySince\": null, \"latencyMs\": 1.5,"
                        " \"validatorId\": \"" KEY_2 "\", \"validatorName\": \"v2\"}");
        fixture_expect_json(f,
                            "(SELECT string_agg(concat_ws(' ', s->>'validatorName', s->>'missing',"
                            " s->>'awaySince'), ', ') FROM jsonb_array_elements(j->'seats') AS s)",
                            "v2, empty, v2 away 2026-01-02T03:00:00.000000Z, v2 abstained");
}

static void a_moment_between_verdicts_is_the_later_ones(void **state) {
        StoreFixture *f = *state;

        show(f, 1, 1, START + 60 * USEC_PER_SEC - 1);
        fixture_expect_json(f, "j->>'state'", "UP");
        show(f, 1, 1, START + 120 * USEC_PER_SEC);
        fixture_expect_json(f, "concat_ws(' ', j->>'state', j->>'until', j->>'why')",
                            "UP 3 of 4 say up, 3 are needed; 1 gives no vote (1 empty).");
        show(f, 1, 1, START - 1);
        fixture_expect_json(f, "concat_ws(' ', j->>'state', j->>'since', j->>'why')",
                            "UNKNOWN Nobody judged it then.");
}

static void regions_are_named_whatever_they_are_called(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f,
                    "UPDATE verdict_span SET state = 'PARTIAL', cause = 'region', regions ="
                    " '[{\"region\": \"north \\\"x\\\" \\\\\", \"n\": 4, \"up\": 0, \"down\": 4,"
                    " \"counts\": true}, {\"region\": \"south\", \"n\": 3, \"up\": 0, \"down\": 3,"
                    " \"counts\": false}]' WHERE ended_at IS NULL");
        show(f, 1, 1, START + 120 * USEC_PER_SEC);
        fixture_expect_json(f, "j->>'why'",
                            "It is down in a region: 4 of 4 say so in north \"x\" \\; of all seats "
                            "3 of 4"
                            " say up and 0 say down; 1 gives no vote (1 empty).");
        fixture_expect_json(f, "j#>>'{regions,1,region}'", "south");
        fixture_sql(f, "UPDATE verdict_span SET state = 'UP', cause = 'quorum', regions = '[]'"
                       " WHERE ended_at IS NULL");
}

static void after_the_last_verdict_nobody_judged(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "UPDATE verdict_span SET ended_at = started_at + interval '1 minute'"
                       " WHERE ended_at IS NULL");
        show(f, 1, 1, START + 180 * USEC_PER_SEC);
        fixture_expect_json(f, "concat_ws(' ', j->>'state', j->>'why')",
                            "UNKNOWN Nobody judged it then.");
        fixture_sql(f, "UPDATE verdict_span SET ended_at = NULL WHERE id ="
                       " (SELECT max(id) FROM verdict_span)");
}

/* Two of them began in the same moment. */
static void pages_go_back_in_time_and_lose_none(void **state) {
        static const char *const states[] = { "UP", "UNKNOWN", "DOWN", "UP" };
        StoreFixture *f = *state;
        char cursor[64] = "";

        show_page(f, 1, NULL, 4);
        fixture_expect_json(f,
                            "concat((SELECT string_agg(v->>'state', ' ')"
                            " FROM jsonb_array_elements(j->'verdicts') AS v), j->>'nextCursor')",
                            "UP UNKNOWN DOWN UP");
        for (size_t i = 0; i < ELEMENTSOF(states); i++) {
                const char *next;

                show_page(f, 1, i > 0 ? cursor : NULL, 1);
                fixture_expect_json(f, "j#>>'{verdicts,0,state}'", states[i]);
                fixture_expect_json(f, "jsonb_array_length(j->'verdicts')", "1");
                next = strstr(f->text, "\"nextCursor\":");
                assert_non_null(next);
                if (i + 1 < ELEMENTSOF(states))
                        assert_int_equal(sscanf(next, "\"nextCursor\":\"%63[0-9-]\"", cursor), 1);
                else
                        assert_non_null(strstr(next, "null"));
        }
        show_page(f, 1, "0-0", 10);
        fixture_expect_json(f, "j", "{\"verdicts\": [], \"nextCursor\": null}");
}

static void cursors_are_two_numbers(void **state _unused_) {
        static const char *const wrong[] = { "",
                                             "1",
                                             "-1",
                                             "1-",
                                             "a-1",
                                             "1-a",
                                             "1-1-1",
                                             " 1-1",
                                             "1-1 ",
                                             "1--1",
                                             "+1-1",
                                             "1-1000000000000000000",
                                             "1000000000000000000-1" };
        VerdictCursor cursor = { .started = 42 };

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                assert_int_equal(verdict_cursor_parse(wrong[i], &cursor), -EINVAL);
        assert_int_equal(cursor.started, 42);
        assert_int_equal(verdict_cursor_parse("1767323045000000-7", &cursor), 0);
        assert_int_equal(cursor.started, START);
        assert_int_equal(cursor.id, 7);
        assert_int_equal(verdict_cursor_parse("999999999999999999-999999999999999999", &cursor), 0);
        show_page(*state, 1, "999999999999999999-999999999999999999", 1);
        fixture_expect_json(*state, "j#>>'{verdicts,0,state}'", "UP");
}

static const char ticks[] =
                "SELECT partition_ensure('tick_page', current_date - 1, current_date);"
                "INSERT INTO website_tick SELECT now() - interval '5 seconds', i, 100 + i, 1, i, i,"
                "  1000, 2000, 3000, 4000, 5000, 200, CASE WHEN i = 2 THEN 3 ELSE 1 END, 0, 's',"
                "  false FROM generate_series(1, 3) AS i;"
                "UPDATE validator SET connected = id <> 4, last_seen_at = '2026-01-02 03:04:05Z'";

static void the_present_shows_its_seats(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, ticks);
        show(f, 1, 1, USEC_INFINITY);
        fixture_expect_json(f, "concat_ws(' ', j->>'n', j->>'f', j->>'q', j->>'rule')",
                            "4 1 3 DOWN when at least 3 of 4 seats say down; UP when at least 3 "
                            "say up and"
                            " at most 1 say down; PARTIAL when more than 1 say down; else UNKNOWN");
        fixture_expect_json(
                        f, "j->>'why'",
                        "2 of 4 say up and 0 say down; 2 give no vote (1 away, 1 abstaining): they"
                        " have changed since the verdict, which stands until the others are "
                        "heard.");
        fixture_expect_json(f,
                            "(SELECT string_agg(concat_ws(' ', s->>'seat', s->>'validatorName', "
                            "s->>'vote',"
                            " s->>'missing', s->>'awaySince', (s->>'ageMs')::float8 BETWEEN 5000 "
                            "AND 9000),"
                            " ', ') FROM jsonb_array_elements(j->'seats') AS s)",
                            "0 v1 up t, 1 v2 abstain abstained t, 2 v3 up t, 3 v4 missing away"
                            " 2026-01-02T03:04:05.000000Z");
        fixture_sql(f,
                    "UPDATE work_order SET removed_at = now() WHERE seat = 3;"
                    "UPDATE website_tick SET outcome = 2, error_class = 2 WHERE validator_id = 1;"
                    "DELETE FROM website_tick WHERE validator_id = 2");
        show(f, 1, 1, USEC_INFINITY);
        fixture_expect_json(f,
                            "concat_ws(' ', j#>>'{seats,0,vote}', j#>>'{seats,0,error}',"
                            " j#>>'{seats,0,latencyMs}', j#>>'{seats,1,missing}', "
                            "j#>>'{seats,3,missing}',"
                            " j#>>'{seats,3,validatorId}')",
                            "down refused silent empty");
        fixture_sql(f, "UPDATE website SET paused = true; DELETE FROM verdict_span");
        show(f, 1, 1, USEC_INFINITY);
        fixture_expect_json(f, "concat_ws(' ', j->>'state', j->>'why')",
                            "PAUSED It is paused: nobody looks at it.");
}

/* The newest tick of seat 0 is as old as a vote may be, and some seconds more. */
static void expect_seat(StoreFixture *f, const char *seconds_more, const char *paged_at,
                        const char *expected) {
        _cleanup_free_ char *sql = NULL;

        assert_true(asprintf(&sql,
                             "UPDATE hub_state SET (heartbeat_at, paged_at) = (now(), %s); UPDATE "
                             "website_tick t"
                             " SET started_at = now() - interval '%s s' -"
                             "   vote_freshness(o.interval_ms, o.timeout_ms)"
                             " FROM work_order o WHERE o.id = t.order_id AND t.validator_id = 1",
                             paged_at, seconds_more) > 0);
        fixture_sql(f, sql);
        show(f, 1, 1, USEC_INFINITY);
        fixture_expect_json(f, "concat(j#>>'{seats,0,vote}', j#>>'{seats,0,missing}')", expected);
}

static void who_may_have_a_newer_tick_on_its_way_is_not_silent(void **state) {
        StoreFixture *f = *state;

        expect_seat(f, "-10", "NULL", "down");
        expect_seat(f, "2", "NULL", "missingsilent");
        expect_seat(f, "2", "now()", "missingsilent");
        expect_seat(f, "2", "now() - interval '1 s'", "missingsilent");
        expect_seat(f, "2", "now() - interval '30 s'", "down");
        expect_seat(f, "30", "now() - interval '1 hour'", "down");
        expect_seat(f, "70", "now() - interval '1 hour'", "missingsilent");
        fixture_sql(f, "UPDATE hub_state SET (heartbeat_at, paged_at) ="
                       " (now() + interval '1 hour', now() + interval '59:58')");
        show(f, 1, 1, USEC_INFINITY);
        fixture_expect_json(f, "j#>>'{seats,0,missing}'", "silent"); /* the hub's clock is ahead */
        expect_seat(f, "2", "now() - interval '30 s'", "down");
        put(f, (VerdictRow){ .state = "UNKNOWN", .started = now_realtime() });
        show(f, 1, 1, USEC_INFINITY);
        fixture_expect_json(f, "j#>>'{seats,0,missing}'", "silent"); /* what was known then */
}

static void of_others_nothing_is_seen(void **state) {
        StoreFixture *f = *state;

        show(f, 1, 3, USEC_INFINITY); /* of organisation 2 */
        assert_int_equal(f->r, -ENOENT);
        show(f, 1, 3, START);
        assert_int_equal(f->r, -ENOENT);
        show(f, 2, 1, USEC_INFINITY);
        assert_int_equal(f->r, -ENOENT);
        show(f, 1, 99, START);
        assert_int_equal(f->r, -ENOENT);
        show_page(f, 3, NULL, 1);
        assert_int_equal(f->r, -ENOENT);
        show_page(f, 99, NULL, 1);
        assert_int_equal(f->r, -ENOENT);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_new_website_has_no_verdict),
                cmocka_unit_test(a_moment_shows_the_votes_of_its_verdict),
                cmocka_unit_test(a_moment_between_verdicts_is_the_later_ones),
                cmocka_unit_test(regions_are_named_whatever_they_are_called),
                cmocka_unit_test(after_the_last_verdict_nobody_judged),
                cmocka_unit_test(pages_go_back_in_time_and_lose_none),
                cmocka_unit_test(cursors_are_two_numbers),
                cmocka_unit_test(the_present_shows_its_seats),
                cmocka_unit_test(who_may_have_a_newer_tick_on_its_way_is_not_silent),
                cmocka_unit_test(of_others_nothing_is_seen),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
