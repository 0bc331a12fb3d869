/* Validators join, are judged by the admin, come and go. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/validators.h"

static void on_validators(int r, const ValidatorRow *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++)
                fixture_note(f,
                             "%u key %u %s %s op=%s region=%s as%u tags=%s %s %s up=%d seen=%d"
                             " %ld\n",
                             rows[i].id, rows[i].key[31], rows[i].name, rows[i].state,
                             rows[i].operator_name, rows[i].region, rows[i].asn, rows[i].tags,
                             rows[i].version, rows[i].address ? rows[i].address : "-",
                             rows[i].connected, rows[i].last_seen != USEC_INFINITY,
                             (long)rows[i].lamports);
}

static void join(StoreFixture *f, uint8_t key, bool approve, const char *expected) {
        const ValidatorJoin join = { .key = fixture_key(key),
                                     .name = "one \"v\"",
                                     .version = "0.1.0",
                                     .address = "2001:db8::1",
                                     .tags = (const char *const[]){ "region=eu", "a,b{}" },
                                     .n_tags = 2,
                                     .approve = approve };

        assert_int_equal(validator_join(f->store, &join, on_validators, f, NULL), 0);
        fixture_expect_text(f, expected);
}

static void a_stranger_is_pending(void **state) {
        join(*state, 9, false,
             "5 key 9 one \"v\" pending op= region= as0 tags=[\"region=eu\",\"a,b{}\"] 0.1.0"
             " 2001:db8::1 up=1 seen=1 0\n");
}

static void joining_again_changes_no_state(void **state) {
        join(*state, 9, true,
             "5 key 9 one \"v\" pending op= region= as0 tags=[\"region=eu\",\"a,b{}\"] 0.1.0"
             " 2001:db8::1 up=1 seen=1 0\n");
        fixture_expect(*state, "SELECT count(*) FROM validator", "5");
}

static void a_neighbour_is_approved_at_once(void **state) {
        join(*state, 8, true,
             "7 key 8 one \"v\" approved op= region= as0 tags=[\"region=eu\",\"a,b{}\"] 0.1.0"
             " 2001:db8::1 up=1 seen=1 0\n");
}

static void set(StoreFixture *f, const ValidatorSet *set, const char *expected) {
        assert_int_equal(validator_set(f->store, set, on_validators, f, NULL), 0);
        fixture_expect_text(f, expected);
}

#define JOINED " tags=[\"region=eu\",\"a,b{}\"] 0.1.0 2001:db8::1 up=1 seen=1 0\n"

static void the_admin_sets_what_counts(void **state) {
        StoreFixture *f = *state;
        ValidatorSet all = { .key = fixture_key(9),
                             .state = "approved",
                             .operator_name = "ann",
                             .region = "us",
                             .asn = 64500,
                             .actor = "uid 0" };
        ValidatorSet state_only = {
                .key = fixture_key(9), .state = "suspended", .asn = -1, .actor = "uid 0"
        };
        ValidatorSet region_only = {
                .key = fixture_key(9), .region = "eu", .asn = -1, .actor = "uid 0"
        };
        ValidatorSet nobody = { .key = fixture_key(7), .asn = -1, .actor = "uid 0" };

        set(f, &all, "5 key 9 one \"v\" approved op=ann region=us as64500" JOINED);
        set(f, &state_only, "5 key 9 one \"v\" suspended op=ann region=us as64500" JOINED);
        set(f, &region_only, "5 key 9 one \"v\" suspended op=ann region=eu as64500" JOINED);
        assert_int_equal(validator_set(f->store, &nobody, on_validators, f, NULL), 0);
        fixture_wait(f);
        assert_int_equal(f->r, -ENOENT);
        fixture_expect(f, "SELECT count(*) FROM audit_log WHERE action = 'validator.set'", "3");
}

static void they_come_and_go(void **state) {
        StoreFixture *f = *state;
        PqTransaction *t = pq_transaction_new(), *u = pq_transaction_new();

        fixture_sql(f, "UPDATE validator SET connected = true WHERE id = 1;");
        validator_gone_put(t, 5, 7 * USEC_PER_SEC);
        assert_int_equal(fixture_commit(f, t), 0);
        fixture_expect(f,
                       "SELECT string_agg(id::text, ' ' ORDER BY id) FROM validator"
                       " WHERE connected",
                       "1 7");
        validators_disconnect_all(u, 8 * USEC_PER_SEC);
        assert_int_equal(fixture_commit(f, u), 0);
        fixture_expect(f, "SELECT count(*) FROM validator WHERE connected", "0");
}

/* The one with key 7 joins. */
static void join_at(StoreFixture *f, usec_t now) {
        const ValidatorJoin join = { .key = fixture_key(7), .now = now };

        assert_int_equal(validator_join(f->store, &join, on_validators, f, NULL), 0);
        fixture_wait(f);
        assert_int_equal(f->r, 0);
}

static void expect_steady(StoreFixture *f, const char *seconds) {
        fixture_expect(f,
                       "SELECT (usec(steady_at) / 1000000)::text FROM validator"
                       " WHERE key = decode(repeat('07', 32), 'hex')",
                       seconds);
}

static void being_steady_outlives_short_connections(void **state) {
        StoreFixture *f = *state;
        PqTransaction *t = pq_transaction_new(), *u = pq_transaction_new();

        join_at(f, 100 * USEC_PER_SEC);
        join_at(f, 105 * USEC_PER_SEC);
        expect_steady(f, "");
        join_at(f, 120 * USEC_PER_SEC);
        expect_steady(f, "120"); /* from 105 on */
        validators_disconnect_all(t, 125 * USEC_PER_SEC);
        assert_int_equal(fixture_commit(f, t), 0);
        expect_steady(f, "120");
        join_at(f, 130 * USEC_PER_SEC);
        validators_disconnect_all(u, 141 * USEC_PER_SEC);
        assert_int_equal(fixture_commit(f, u), 0);
        expect_steady(f, "141");
}

static void on_keys(int r, const ValidatorRow *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++)
                fixture_note(f, "%u:%ld ", rows[i].key[31], (long)rows[i].lamports);
}

static void expect_page(StoreFixture *f, const ValidatorPage *page, const char *text) {
        assert_int_equal(validators_page(f->store, page, on_keys, f, NULL), 0);
        fixture_expect_text(f, text);
}

static void they_come_in_pages_with_balance(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "INSERT INTO ledger_entry (kind, validator_id, hour, debit, credit, amount)"
                       " VALUES ('reward', 2, now(), 'rewards', 'validator', 5)");
        expect_page(f, &(const ValidatorPage){ .limit = 3 }, "1:0 2:5 3:0 ");
        expect_page(f, &(const ValidatorPage){ .limit = 9, .after = fixture_key(3) },
                    "4:0 8:0 9:0 ");
        expect_page(f, &(const ValidatorPage){ .limit = 9, .state = "suspended" }, "9:0 ");
        assert_int_equal(validator_find(f->store, fixture_key(2), on_keys, f, NULL), 0);
        fixture_expect_text(f, "2:5 ");
        assert_int_equal(validator_find(f->store, fixture_key(7), on_keys, f, NULL), 0);
        fixture_wait(f);
        assert_int_equal(f->r, -ENOENT);
}

static void all_are_loaded(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "DELETE FROM work_order;"
                       "DELETE FROM validator WHERE id > 2 AND id <> 5;");
        assert_int_equal(validators_load(f->store, on_validators, f, NULL), 0);
        fixture_wait(f);
        assert_int_equal(f->r, 0);
        assert_non_null(strstr(f->text, "1 key 1 v1 approved op= region=eu as0 tags=[]"));
}

static void the_api_shows_them(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "UPDATE validator SET last_seen_at = '2026-01-02 03:04:05.000006Z';"
                       "INSERT INTO validator_hour VALUES (1, now() - interval '1 hour', 40),"
                       " (1, now() - interval '2 hours', 2),"
                       " (1, now() - interval '30 hours', 1000);"
                       "INSERT INTO ledger_entry (kind, validator_id, hour, debit, credit,"
                       " amount) VALUES ('reward', 1, now(), 'rewards', 'validator', 77);");
        assert_int_equal(validators_json(f->store, fixture_json, f, NULL), 0);
        fixture_wait(f);
        assert_int_equal(f->r, 0);
        assert_int_equal(f->n, strlen(f->text));
        assert_non_null(strstr(
                        f->text,
                        "{\"id\" : \"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE\", \"name\" : "
                        "\"v1\","
                        " \"state\" : \"approved\", \"region\" : \"eu\", \"tags\" : [],"
                        " \"capabilities\" : [\"http\"],"
                        " \"connected\" : false, \"lastSeen\" : \"2026-01-02T03:04:05.000006Z\","
                        " \"ticks24h\" : 42, \"pendingPayouts\" : 77}"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_stranger_is_pending),
                cmocka_unit_test(joining_again_changes_no_state),
                cmocka_unit_test(a_neighbour_is_approved_at_once),
                cmocka_unit_test(the_admin_sets_what_counts),
                cmocka_unit_test(they_come_and_go),
                cmocka_unit_test(they_come_in_pages_with_balance),
                cmocka_unit_test(all_are_loaded),
                cmocka_unit_test(the_api_shows_them),
                cmocka_unit_test(being_steady_outlives_short_connections),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
