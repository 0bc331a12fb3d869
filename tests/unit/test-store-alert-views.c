/* An organisation sees its own channels and what became of its alerts, and of no other's. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/alert-views.h"

static const Uuid channel_a2 = { { 0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 0xa2 } };
static const Uuid alert_b2 = { { 0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 0xb2 } };

/* Channels 1 and 2 of the first organisation, 3 of the second; alerts 1 to 6 of them in turn. */
static int setup(void **state) {
        int r = store_fixture_setup(state);

        if (r == 0)
                fixture_sql(*state,
                            "INSERT INTO alert_channel (public_id, organisation_id, kind, name,"
                            " secret) SELECT ('00000000-0000-7000-8000-0000000000a' || i)::uuid,"
                            " CASE WHEN i = 3 THEN 2 ELSE 1 END, 'webhook', 'c' || i, 'sealed'"
                            " FROM generate_series(1, 3) i ORDER BY i;"
                            "INSERT INTO alert_outbox (public_id, channel_id, kind, payload,"
                            " state, done_at) SELECT"
                            " ('00000000-0000-7000-8000-0000000000b' || i)::uuid, (i - 1) % 3 + 1,"
                            " 'test', jsonb_build_object('url', 'https://x.example/' || i),"
                            " CASE WHEN i < 3 THEN 'failed' ELSE 'pending' END,"
                            " CASE WHEN i < 3 THEN now() END"
                            " FROM generate_series(1, 6) i ORDER BY i;"
                            "INSERT INTO alert_delivery (outbox_id, took_ms, ok, status, error)"
                            " SELECT (SELECT id FROM alert_outbox WHERE public_id ="
                            " '00000000-0000-7000-8000-0000000000b2'), i, false, 0, 'no'"
                            " FROM generate_series(1, 101) i");
        return r;
}

/* What json_path (SQL) finds in the answer. */
static void expect(StoreFixture *f, const char *json_path, const char *value) {
        char sql[16384];

        fixture_wait(f);
        assert_int_equal(f->r, 0);
        (void)snprintf(sql, sizeof(sql),
                       "SELECT string_agg(v #>> '{}', ' ') FROM jsonb_path_query($j$%s$j$::jsonb,"
                       " '%s') v",
                       f->text, json_path);
        fixture_expect(f, sql, value);
}

static void ask_channels(StoreFixture *f, StorePage page) {
        assert_int_equal(channels_page_json(f->store, &page, fixture_json, f, NULL), 0);
}

static void own_channels_page_by_page(void **state) {
        StoreFixture *f = *state;

        ask_channels(f, (StorePage){ .organisation = 1, .limit = 10 });
        expect(f, "$.channels[*].name", "c1 c2");
        ask_channels(f, (StorePage){ .organisation = 1, .limit = 1 });
        expect(f, "$.nextCursor", "00000000-0000-7000-8000-0000000000a1");
        ask_channels(f, (StorePage){ .organisation = 1, .limit = 1, .after = &channel_a2 });
        expect(f, "$.channels[*].name", "");
        ask_channels(f, (StorePage){ .organisation = 1, .limit = 10 });
        expect(f, "$.channels[*].keyvalue() ? (@.key like_regex \"secret\")", "");
}

static void failing_since_its_first_failure(void **state) {
        StoreFixture *f = *state;
        const AlertView view = { .organisation = 1, .id = channel_a2 };

        fixture_sql(f, "UPDATE alert_channel SET failures = 1 WHERE name = 'c2'");
        fixture_sql(f, "UPDATE alert_channel SET failures = failures + 1, failing_since ="
                       " failing_since - interval '1 h' WHERE name = 'c2'");
        fixture_expect(f,
                       "SELECT now() - failing_since BETWEEN interval '0' AND interval '10 min'"
                       " FROM alert_channel WHERE name = 'c2'",
                       "t");
        assert_int_equal(channel_json(f->store, &view, fixture_json, f, NULL), 0);
        expect(f, "$.failingSince.type()", "string");
        fixture_sql(f, "UPDATE alert_channel SET failures = 0");
        assert_int_equal(channel_json(f->store, &view, fixture_json, f, NULL), 0);
        expect(f, "$.failingSince.type()", "null");
}

static void on_kind(int r, const ChannelKindRow *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++)
                fixture_note(f, "%s", rows[i].kind);
}

static void of_others_nothing(void **state) {
        StoreFixture *f = *state;
        const AlertView own = { .organisation = 1, .id = channel_a2 },
                        foreign = { .organisation = 2, .id = channel_a2 },
                        alert = { .organisation = 2, .id = alert_b2 };

        assert_int_equal(channel_kind_find(f->store, &own, on_kind, f, NULL), 0);
        fixture_expect_text(f, "webhook");
        assert_int_equal(channel_kind_find(f->store, &foreign, on_kind, f, NULL), 0);
        fixture_wait(f);
        assert_int_equal(f->r, -ENOENT);
        assert_int_equal(channel_json(f->store, &foreign, fixture_json, f, NULL), 0);
        fixture_wait(f);
        assert_int_equal(f->r, -ENOENT);
        assert_int_equal(alert_json(f->store, &alert, fixture_json, f, NULL), 0);
        fixture_wait(f);
        assert_int_equal(f->r, -ENOENT);
}

static void ask_alerts(StoreFixture *f, AlertPage page) {
        assert_int_equal(alerts_page_json(f->store, &page, fixture_json, f, NULL), 0);
}

static void alerts_newest_first(void **state) {
        StoreFixture *f = *state;

        ask_alerts(f, (AlertPage){ .organisation = 1, .limit = 3 });
        expect(f, "$.alerts[*].url",
               "https://x.example/5 https://x.example/4"
               " https://x.example/2");
        ask_alerts(f, (AlertPage){ .organisation = 1, .limit = 3 });
        expect(f, "$.nextCursor", "00000000-0000-7000-8000-0000000000b2");
        ask_alerts(f, (AlertPage){ .organisation = 1, .limit = 3, .after = &alert_b2 });
        expect(f, "$.alerts[*].url", "https://x.example/1");
        ask_alerts(f, (AlertPage){ .organisation = 1, .channel = &channel_a2, .limit = 3 });
        expect(f, "$.alerts[*].url", "https://x.example/5 https://x.example/2");
        ask_alerts(f, (AlertPage){ .organisation = 1, .state = "failed", .limit = 3 });
        expect(f, "$.alerts[*].url", "https://x.example/2 https://x.example/1");
        ask_alerts(f, (AlertPage){ .organisation = 1, .incident = &alert_b2, .limit = 3 });
        expect(f, "$.alerts[*].url", "");
}

static void one_with_its_last_tries(void **state) {
        StoreFixture *f = *state;
        const AlertView view = { .organisation = 1, .id = alert_b2 };

        assert_int_equal(alert_json(f->store, &view, fixture_json, f, NULL), 0);
        expect(f, "$.deliveries.size()", "100");
        assert_int_equal(alert_json(f->store, &view, fixture_json, f, NULL), 0);
        expect(f, "$.deliveries[0, 99].tookMs", "2 101");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(own_channels_page_by_page),
                cmocka_unit_test(failing_since_its_first_failure),
                cmocka_unit_test(of_others_nothing),
                cmocka_unit_test(alerts_newest_first),
                cmocka_unit_test(one_with_its_last_tries),
        };

        return cmocka_run_group_tests(tests, setup, store_fixture_teardown);
}
