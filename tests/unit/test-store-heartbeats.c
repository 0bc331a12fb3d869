/* Websites that call: who has an address, and which call is news. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/heartbeats.h"

static void on_heartbeats(int r, const HeartbeatRow *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++)
                fixture_note(f, "%u %s %lu\n", rows[i].website, rows[i].ok ? "ok" : "failed",
                             rows[i].revision);
}

static void expect_heartbeats(StoreFixture *f, uint64_t revision, const char *text) {
        assert_int_equal(heartbeats_load(f->store, revision, on_heartbeats, f, NULL), 0);
        fixture_expect_text(f, text);
}

/* Websites 1 and 2 are of organisation 1, 3 is of organisation 2. */
static int give_address(StoreFixture *f, uint32_t organisation, uint8_t website, char *secret) {
        uint8_t hash[32];
        const HeartbeatAddress address = { .organisation = organisation,
                                           .website = fixture_website(website),
                                           .token_sha256 = hash,
                                           .actor = "test" };

        heartbeat_secret_new(secret, hash);
        assert_int_equal(heartbeat_address(f->store, &address, fixture_done, f, NULL), 0);
        fixture_wait(f);
        return f->r;
}

static int call(StoreFixture *f, const char *secret, bool ok) {
        uint8_t hash[32];
        const HeartbeatCall heartbeat = { .token_sha256 = hash, .ok = ok };

        assert_int_equal(heartbeat_secret_hash(secret, hash), 0);
        assert_int_equal(heartbeat_take(f->store, &heartbeat, fixture_done, f, NULL), 0);
        fixture_wait(f);
        return f->r;
}

static void only_those_that_call_have_an_address(void **state) {
        StoreFixture *f = *state;
        char secret[HEARTBEAT_SECRET_SIZE];

        assert_int_equal(give_address(f, 1, 1, secret), -ENOENT);
        fixture_sql(f, "UPDATE website SET url = 'push:a' WHERE id = 1;"
                       "UPDATE website SET url = 'push:b' WHERE id = 2");
        assert_int_equal(give_address(f, 2, 1, secret), -ENOENT);
        assert_int_equal(give_address(f, 1, 1, secret), 0);
        assert_int_equal(give_address(f, 0, 2, secret), 0);
        fixture_expect(f,
                       "SELECT count(*) FROM audit_log WHERE action = 'website.heartbeat'"
                       " AND organisation_id = 1",
                       "2");
}

static void a_call_is_news_to_the_hub(void **state) {
        StoreFixture *f = *state;
        char first[HEARTBEAT_SECRET_SIZE], second[HEARTBEAT_SECRET_SIZE];

        assert_int_equal(give_address(f, 1, 1, first), 0);
        assert_int_equal(give_address(f, 1, 2, second), 0);
        expect_heartbeats(f, 0, "");
        assert_int_equal(call(f, first, true), 0);
        assert_int_equal(call(f, second, false), 0);
        expect_heartbeats(f, 0, "1 ok 1\n2 failed 2\n");
        expect_heartbeats(f, 1, "2 failed 2\n");
}

/* A flood of calls writes a row a second, not a row a call; but what is new is never kept back. */
static void the_same_again_within_a_second_changes_nothing(void **state) {
        StoreFixture *f = *state;
        char secret[HEARTBEAT_SECRET_SIZE];

        assert_int_equal(give_address(f, 1, 1, secret), 0);
        fixture_sql(f, "UPDATE heartbeat SET seen_at = seen_at - interval '1 second'");
        for (int i = 0; i < 5; i++)
                assert_int_equal(call(f, secret, true), 0);
        expect_heartbeats(f, 2, "1 ok 3\n");
        assert_int_equal(call(f, secret, false), 0);
        expect_heartbeats(f, 3, "1 failed 4\n");
        fixture_sql(f, "UPDATE heartbeat SET seen_at = seen_at - interval '1 second'");
        assert_int_equal(call(f, secret, false), 0);
        expect_heartbeats(f, 4, "1 failed 5\n");
}

/* A database's clock that was stepped back has calls of a time to come. */
static void a_call_of_a_time_to_come_holds_back_none(void **state) {
        StoreFixture *f = *state;
        char secret[HEARTBEAT_SECRET_SIZE];

        assert_int_equal(give_address(f, 1, 1, secret), 0);
        fixture_sql(f, "UPDATE heartbeat SET seen_at = clock_timestamp() + interval '1 hour'");
        assert_int_equal(call(f, secret, false), 0);
        expect_heartbeats(f, 5, "1 failed 6\n");
}

static void on_age(int r, const HeartbeatRow *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        assert_int_equal(n, 1);
        fixture_note(f, "%lu min\n", rows->age / USEC_PER_MIN);
}

/* The API has one connection: nobody's call waits for the disk, and all others behind it. */
static void a_call_does_not_wait_for_the_disk(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "UPDATE heartbeat SET seen_at = NULL WHERE website_id = 1");
        fixture_expect(f,
                       "SELECT heartbeat_take(token_sha256, ok) AND seen_at IS NULL"
                       "   AND current_setting('synchronous_commit') = 'off'"
                       " FROM heartbeat WHERE website_id = 1",
                       "t");
}

static void how_long_ago_is_of_the_clock_that_dated_it(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "UPDATE heartbeat SET seen_at = clock_timestamp() - interval '3 minutes'");
        assert_int_equal(heartbeats_load(f->store, 5, on_age, f, NULL), 0);
        fixture_expect_text(f, "3 min\n");
        fixture_sql(f, "UPDATE heartbeat SET seen_at = clock_timestamp() + interval '1 hour'");
        assert_int_equal(heartbeats_load(f->store, 5, on_age, f, NULL), 0);
        fixture_expect_text(f, "0 min\n");
}

static void a_new_address_ends_the_former(void **state) {
        StoreFixture *f = *state;
        char former[HEARTBEAT_SECRET_SIZE], secret[HEARTBEAT_SECRET_SIZE];

        assert_int_equal(give_address(f, 1, 1, former), 0);
        assert_int_equal(give_address(f, 1, 1, secret), 0);
        assert_string_not_equal(former, secret);
        assert_int_equal(call(f, former, true), -ENOENT);
        assert_int_equal(call(f, secret, true), 0);
        fixture_sql(f, "UPDATE website SET removed_at = now() WHERE id = 1");
        assert_int_equal(call(f, secret, true), -ENOENT);
}

static void what_is_no_secret_is_not_looked_up(void **state _unused_) {
        uint8_t hash[32];

        assert_int_equal(heartbeat_secret_hash("", hash), -EINVAL);
        assert_int_equal(heartbeat_secret_hash("a", hash), -EINVAL);
        assert_int_equal(heartbeat_secret_hash("' OR true --", hash), -EINVAL);
        assert_int_equal(
                        heartbeat_secret_hash("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", hash),
                        -EINVAL);
        assert_int_equal(heartbeat_secret_hash("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", hash),
                         0);
}

/* Websites with a call each, of revisions from 1001. */
static void many_call(const StoreFixture *f, unsigned n) {
        char sql[512];

        snprintf(sql, sizeof(sql),
                 "WITH made AS (INSERT INTO website (public_id, organisation_id, url, interval_ms,"
                 "     timeout_ms)"
                 "   SELECT gen_random_uuid(), 1, 'push:' || i, 60000, 1000"
                 "    FROM generate_series(1, %u) i RETURNING id)"
                 " INSERT INTO heartbeat (website_id, token_sha256, seen_at, revision)"
                 " SELECT id, sha256(id::text::bytea), now(), 1000 + row_number() OVER ()"
                 "  FROM made",
                 n);
        fixture_sql(f, sql);
}

typedef struct Page {
        StoreFixture *fixture;
        uint64_t first, last;
} Page;

static void on_page(int r, const HeartbeatRow *rows, size_t n, void *userdata) {
        Page *p = userdata;

        assert_int_equal(r, 0);
        for (size_t i = 0; i + 1 < n; i++)
                assert_true(rows[i].revision < rows[i + 1].revision);
        p->first = n > 0 ? rows[0].revision : 0;
        p->last = n > 0 ? rows[n - 1].revision : 0;
        p->fixture->n = n;
        p->fixture->done = true;
}

static void expect_page(Page *p, uint64_t after, uint64_t first, uint64_t last, size_t n) {
        assert_int_equal(heartbeats_load(p->fixture->store, after, on_page, p, NULL), 0);
        fixture_wait(p->fixture);
        assert_int_equal(p->first, first);
        assert_int_equal(p->last, last);
        assert_int_equal(p->fixture->n, n);
}

static void they_are_read_in_pages(void **state) {
        Page p = { .fixture = *state };

        many_call(*state, HEARTBEATS_PAGE + 2);
        expect_page(&p, 1000, 1001, 1000 + HEARTBEATS_PAGE, HEARTBEATS_PAGE);
        expect_page(&p, p.last, 1001 + HEARTBEATS_PAGE, 1002 + HEARTBEATS_PAGE, 2);
        expect_page(&p, p.last, 0, 0, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(only_those_that_call_have_an_address),
                cmocka_unit_test(a_call_is_news_to_the_hub),
                cmocka_unit_test(the_same_again_within_a_second_changes_nothing),
                cmocka_unit_test(a_call_of_a_time_to_come_holds_back_none),
                cmocka_unit_test(how_long_ago_is_of_the_clock_that_dated_it),
                cmocka_unit_test(a_call_does_not_wait_for_the_disk),
                cmocka_unit_test(a_new_address_ends_the_former),
                cmocka_unit_test(what_is_no_secret_is_not_looked_up),
                cmocka_unit_test(they_are_read_in_pages),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
