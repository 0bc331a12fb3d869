/* Channels come, are sealed anew, and go with all that waits for them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/alert-channels.h"

static const AlertChannelDeed *deed(uint8_t id) {
        static AlertChannelDeed d;

        d = (AlertChannelDeed){ .id = fixture_website(id), .actor = "test" };
        return &d;
}

static int add(StoreFixture *f, uint8_t id, const char *kind, const char *secret) {
        const AlertChannelAdd a = { .id = fixture_website(id),
                                    .organisation = 1,
                                    .kind = kind,
                                    .name = "Operators",
                                    .settings = "{\"url\": \"https://x.example/\"}",
                                    .filter = "{}",
                                    .rules = "{\"perHour\": 3}",
                                    .secret = (const uint8_t *)secret,
                                    .secret_n = secret ? strlen(secret) : 0,
                                    .actor = "test" };

        assert_int_equal(alert_channel_add(f->store, &a, fixture_done, f, NULL), 0);
        fixture_wait(f);
        return f->r;
}

static void on_channels(int r, const AlertChannelRow *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++)
                fixture_note(f, "%u %s %s %s %.*s %u %s\n", rows[i].id.bytes[15], rows[i].kind,
                             rows[i].name, rows[i].enabled ? "on" : rows[i].disabled_reason,
                             (int)rows[i].secret_n,
                             rows[i].secret ? (const char *)rows[i].secret : "", rows[i].waiting,
                             rows[i].settings);
}

static void expect_one(StoreFixture *f, uint8_t id, const char *text) {
        const Uuid wanted = fixture_website(id);

        assert_int_equal(alert_channel_find(f->store, &wanted, on_channels, f, NULL), 0);
        if (text) {
                fixture_expect_text(f, text);
                return;
        }
        fixture_wait(f);
        assert_int_equal(f->r, -ENOENT);
}

static void only_kinds_that_there_are(void **state) {
        StoreFixture *f = *state;

        assert_int_equal(add(f, 1, "pigeon", NULL), -EINVAL);
        assert_int_equal(add(f, 1, "webhook", "sealed"), 0);
        assert_int_equal(add(f, 1, "webhook", "sealed"), -EEXIST);
        assert_int_equal(add(f, 2, "email", NULL), 0);
}

static void lists_show_no_secret(void **state) {
        StoreFixture *f = *state;
        const StorePage page = { .limit = 10 };

        assert_int_equal(alert_channels_page(f->store, &page, on_channels, f, NULL), 0);
        fixture_expect_text(f, "1 webhook Operators on  0 {\"url\": \"https://x.example/\"}\n"
                               "2 email Operators on  0 {\"url\": \"https://x.example/\"}\n");
        expect_one(f, 1, "1 webhook Operators on sealed 0 {\"url\": \"https://x.example/\"}\n");
        expect_one(f, 9, NULL);
}

static int rotate(StoreFixture *f, uint32_t organisation, uint8_t id, const char *secret) {
        AlertChannelSecret change = { .deed = *deed(id),
                                      .secret = (const uint8_t *)secret,
                                      .secret_n = strlen(secret) };

        change.deed.organisation = organisation;
        assert_int_equal(alert_channel_rotate(f->store, &change, fixture_done, f, NULL), 0);
        fixture_wait(f);
        return f->r;
}

static void the_secret_before_the_new_one_is_kept_for_a_day(void **state) {
        StoreFixture *f = *state;

        assert_int_equal(rotate(f, 2, 1, "of others"), -ENOENT);
        assert_int_equal(rotate(f, 0, 9, "of nobody"), -ENOENT);
        assert_int_equal(rotate(f, 1, 2, "of mail"), -EDOM);
        assert_string_equal(f->text, "A channel of this kind has no secret that could be renewed.");
        assert_int_equal(rotate(f, 1, 1, "between"), 0);
        assert_int_equal(rotate(f, 0, 1, "new"), 0);
        fixture_expect(f,
                       "SELECT encode(former_secret, 'escape') || (former_until BETWEEN now() +"
                       " interval '23 h' AND now() + interval '24 h')"
                       " FROM alert_channel WHERE id = 2",
                       "betweentrue");
}

static int change(StoreFixture *f, uint32_t organisation, const char *name, const char *rules) {
        AlertChannelChange c = { .deed = *deed(2), .name = name, .rules = rules };

        c.deed.organisation = organisation;

        assert_int_equal(alert_channel_change(f->store, &c, fixture_done, f, NULL), 0);
        fixture_wait(f);
        return f->r;
}

static void changed_in_what_is_given(void **state) {
        StoreFixture *f = *state;

        assert_int_equal(change(f, 2, "Night", NULL), -ENOENT);
        assert_int_equal(change(f, 1, "Night", NULL), 0);
        assert_int_equal(change(f, 0, NULL, "{\"quietHours\": {\"timeZone\": \"UTC\"}}"), 0);
        assert_int_equal(change(f, 0, NULL, "{\"quietHours\": {\"timeZone\": \"Mars\"}}"), -EDOM);
        assert_non_null(strstr(f->text, "time zone is not known"));
        fixture_expect(f,
                       "SELECT name || rules || (settings->>'url') FROM alert_channel"
                       " WHERE kind = 'email'",
                       "Night{\"quietHours\": {\"timeZone\": \"UTC\"}}https://x.example/");
        fixture_expect(f, "SELECT rules FROM alert_channel WHERE kind = 'webhook'",
                       "{\"perHour\": 3}");
        fixture_expect(f, "SELECT count(*) FROM audit_log WHERE action = 'alert.channel.change'",
                       "2");
        assert_int_equal(change(f, 1, "Operators", "{}"), 0);
}

static int set(StoreFixture *f, uint8_t id, const char *settings, const char *sealed) {
        const AlertChannelChange c = { .deed = *deed(id),
                                       .settings = settings,
                                       .sealed = (const uint8_t *)sealed,
                                       .sealed_n = sealed ? strlen(sealed) : 0 };

        assert_int_equal(alert_channel_change(f->store, &c, fixture_done, f, NULL), 0);
        fixture_wait(f);
        return f->r;
}

static void expect_sealed(StoreFixture *f, const char *kind, const char *text) {
        char sql[160];

        (void)snprintf(sql, sizeof(sql),
                       "SELECT concat_ws(' ', settings->>'url', sealed, encode(secret, 'escape'))"
                       " FROM alert_channel WHERE kind = '%s'",
                       kind);
        fixture_expect(f, sql, text);
}

static void secret_settings_go_with_those_that_are_shown(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "UPDATE alert_channel SET kind = 'alertmanager' WHERE kind = 'email'");
        expect_sealed(f, "alertmanager", "https://x.example/ f");
        assert_int_equal(set(f, 2, "{\"url\": \"a\"}", "words"), 0);
        expect_sealed(f, "alertmanager", "a t words");
        assert_int_equal(set(f, 2, NULL, "lost"), 0);
        expect_sealed(f, "alertmanager", "a t words");
        assert_int_equal(set(f, 2, "{\"url\": \"b\"}", NULL), 0);
        expect_sealed(f, "alertmanager", "b f");
        assert_int_equal(set(f, 1, "{\"url\": \"https://x.example/\"}", NULL), 0);
        expect_sealed(f, "webhook", "https://x.example/ f new");
}

static void what_is_secret_is_not_shown(void **state) {
        StoreFixture *f = *state;

        assert_int_equal(set(f, 2, "{\"url\": \"a\", \"token\": \"t\"}", "words"), -EINVAL);
        assert_int_equal(set(f, 2, "{\"url\": \"a\", \"password\": \"t\"}", "words"), -EINVAL);
        assert_int_equal(add(f, 7, "apprise", "sealed"), -EINVAL);
        fixture_sql(f, "UPDATE alert_channel SET kind = 'email' WHERE kind = 'alertmanager'");
}

static void disabled_and_enabled(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "UPDATE alert_channel SET enabled = false, disabled_reason = 'gone',"
                       " failures = 3");
        expect_one(f, 1, "1 webhook Operators gone new 0 {\"url\": \"https://x.example/\"}\n");
        assert_int_equal(alert_channel_enable(f->store, deed(1), fixture_done, f, NULL), 0);
        fixture_wait(f);
        assert_int_equal(f->r, 0);
        expect_one(f, 1, "1 webhook Operators on new 0 {\"url\": \"https://x.example/\"}\n");
        assert_int_equal(alert_channel_enable(f->store, deed(9), fixture_done, f, NULL), 0);
        fixture_wait(f);
        assert_int_equal(f->r, -ENOENT);
}

static int remove_of(StoreFixture *f, uint32_t organisation) {
        AlertChannelDeed d = *deed(1);

        d.organisation = organisation;
        assert_int_equal(alert_channel_remove(f->store, &d, fixture_done, f, NULL), 0);
        fixture_wait(f);
        return f->r;
}

static void removed_with_what_waits_and_its_secret(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "INSERT INTO alert_outbox (channel_id, kind, payload)"
                       " SELECT id, 'test', '{}' FROM alert_channel");
        assert_int_equal(remove_of(f, 2), -ENOENT);
        assert_int_equal(remove_of(f, 1), 0);
        assert_int_equal(remove_of(f, 1), -ENOENT);
        fixture_expect(f,
                       "SELECT string_agg(state || ' ' || last_error, ',' ORDER BY channel_id)"
                       " FROM alert_outbox",
                       "dropped the channel was removed,pending ");
        fixture_expect(f,
                       "SELECT count(*) FROM alert_channel WHERE secret IS NOT NULL OR"
                       " former_secret IS NOT NULL",
                       "0");
        fixture_expect(f, "SELECT string_agg(action, ' ' ORDER BY id) FROM audit_log",
                       "alert.channel.add alert.channel.add alert.channel.rotate"
                       " alert.channel.rotate alert.channel.change alert.channel.change"
                       " alert.channel.change alert.channel.change alert.channel.change"
                       " alert.channel.change alert.channel.change alert.channel.enable"
                       " alert.channel.remove");
        expect_one(f, 1, NULL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(only_kinds_that_there_are),
                cmocka_unit_test(lists_show_no_secret),
                cmocka_unit_test(the_secret_before_the_new_one_is_kept_for_a_day),
                cmocka_unit_test(changed_in_what_is_given),
                cmocka_unit_test(secret_settings_go_with_those_that_are_shown),
                cmocka_unit_test(what_is_secret_is_not_shown),
                cmocka_unit_test(disabled_and_enabled),
                cmocka_unit_test(removed_with_what_waits_and_its_secret),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
