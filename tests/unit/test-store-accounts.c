/* Who may come in: organisations and tokens. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/accounts.h"

static void on_organisation(int r, const OrganisationRow *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        fixture_note(f, "%u %s %x", rows[0].id, rows[0].name, rows[0].public_id.bytes[15]);
}

static void on_tokens(int r, const TokenRow *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++)
                fixture_note(f, "%u org %u %u %s %s scopes %u%s%s%s\n", rows[i].id,
                             rows[i].organisation, rows[i].public_id.bytes[15], rows[i].name,
                             rows[i].prefix, rows[i].scopes,
                             rows[i].expires != USEC_INFINITY ? " expires" : "",
                             rows[i].last_used != USEC_INFINITY ? " used" : "",
                             rows[i].revoked != USEC_INFINITY ? " revoked" : "");
}

static void the_first_organisation_is_the_default(void **state) {
        StoreFixture *f = *state;
        const Uuid id = fixture_website(9);

        assert_int_equal(organisation_ensure(f->store, &id, on_organisation, f, NULL), 0);
        fixture_expect_text(f, "1 first f1");
}

static void add_token(StoreFixture *f, uint8_t id, usec_t expires) {
        const TokenAdd token = { .organisation = 1 + id % 2,
                                 .id = fixture_website(id),
                                 .name = "script",
                                 .prefix = "dpin_abc",
                                 .secret_sha256 = fixture_key(id),
                                 .scopes = TOKEN_READ | TOKEN_PAYOUTS,
                                 .expires = expires,
                                 .actor = "uid 0" };

        assert_int_equal(token_add(f->store, &token, fixture_done, f, NULL), 0);
        fixture_wait(f);
        assert_int_equal(f->r, 0);
}

static void expect_token(StoreFixture *f, uint8_t id, const char *text) {
        assert_int_equal(token_find(f->store, fixture_key(id), on_tokens, f, NULL), 0);
        fixture_expect_text(f, text);
}

static void tokens_work_until_they_expire(void **state) {
        StoreFixture *f = *state;

        add_token(f, 1, USEC_INFINITY);
        add_token(f, 2, now_realtime() + USEC_PER_HOUR);
        add_token(f, 3, now_realtime() - USEC_PER_SEC);
        expect_token(f, 1, "1 org 2 1 script dpin_abc scopes 5\n");
        expect_token(f, 1, "1 org 2 1 script dpin_abc scopes 5 used\n");
        expect_token(f, 2, "2 org 1 2 script dpin_abc scopes 5 expires\n");
        expect_token(f, 3, "");
        expect_token(f, 4, "");
}

static void last_use_is_kept_to_the_minute(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "UPDATE api_token SET last_used_at = now() - interval '50 s'"
                       " WHERE id = 1; UPDATE api_token SET last_used_at = now() -"
                       " interval '61 s' WHERE id = 2;");
        expect_token(f, 1, "1 org 2 1 script dpin_abc scopes 5 used\n");
        expect_token(f, 2, "2 org 1 2 script dpin_abc scopes 5 expires used\n");
        fixture_expect(f,
                       "SELECT string_agg((last_used_at > now() - interval '40 s')::text, ' '"
                       " ORDER BY id) FROM api_token WHERE id < 3",
                       "false true");
}

static int revoke_token(StoreFixture *f, uint32_t organisation, uint8_t id) {
        const TokenRevoke token = { .organisation = organisation,
                                    .id = fixture_website(id),
                                    .actor = "uid 0" };

        assert_int_equal(token_revoke(f->store, &token, fixture_done, f, NULL), 0);
        fixture_wait(f);
        return f->r;
}

static void only_their_owner_revokes_them(void **state) {
        StoreFixture *f = *state;

        assert_int_equal(revoke_token(f, 1, 1), -ENOENT);
        assert_int_equal(revoke_token(f, 2, 1), 0);
        assert_int_equal(revoke_token(f, 2, 1), -ENOENT);
        expect_token(f, 1, "");
        fixture_expect(f, "SELECT string_agg(action, ' ' ORDER BY id) FROM audit_log",
                       "token.create token.create token.create token.revoke");
}

static void they_come_in_pages(void **state) {
        StoreFixture *f = *state;
        const Uuid first = fixture_website(1);
        StorePage page = { .organisation = 2, .limit = 9 };

        assert_int_equal(tokens_load(f->store, &page, on_tokens, f, NULL), 0);
        fixture_expect_text(f, "1 org 2 1 script dpin_abc scopes 5 used revoked\n"
                               "3 org 2 3 script dpin_abc scopes 5 expires\n");
        page.limit = 1;
        assert_int_equal(tokens_load(f->store, &page, on_tokens, f, NULL), 0);
        fixture_expect_text(f, "1 org 2 1 script dpin_abc scopes 5 used revoked\n");
        page.after = &first;
        assert_int_equal(tokens_load(f->store, &page, on_tokens, f, NULL), 0);
        fixture_expect_text(f, "3 org 2 3 script dpin_abc scopes 5 expires\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_first_organisation_is_the_default),
                cmocka_unit_test(tokens_work_until_they_expire),
                cmocka_unit_test(last_use_is_kept_to_the_minute),
                cmocka_unit_test(only_their_owner_revokes_them),
                cmocka_unit_test(they_come_in_pages),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
