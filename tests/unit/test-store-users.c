/* Users are one by address, and are forgotten altogether when their last organisation lets them go.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/users.h"

static int add(StoreFixture *f, uint8_t id, const char *email, const char *role) {
        const UserAdd user = { .organisation = 1,
                               .id = fixture_website(id),
                               .email = email,
                               .role = role,
                               .actor = "uid 0" };

        assert_int_equal(user_add(f->store, &user, fixture_done, f, NULL), 0);
        fixture_wait(f);
        return f->r;
}

static void they_are_unique_by_address(void **state) {
        StoreFixture *f = *state;

        assert_int_equal(add(f, 1, "Ann@Example.org", "admin"), 0);
        assert_int_equal(add(f, 2, "ann@example.org", "viewer"), -EEXIST);
        assert_int_equal(add(f, 3, "bob@example.org", "king"), -EINVAL);
        assert_int_equal(add(f, 4, "bob@example.org", "viewer"), 0);
        fixture_expect(f,
                       "SELECT string_agg(email || ' ' || role, ', ' ORDER BY id) FROM app_user"
                       " JOIN membership ON user_id = id",
                       "ann@example.org admin, bob@example.org viewer");
}

static void on_users(int r, const UserRow *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++)
                fixture_note(f, "%u %s %s %s%s\n", rows[i].id.bytes[15], rows[i].email,
                             rows[i].role, rows[i].has_password ? "password" : "none",
                             rows[i].created == USEC_INFINITY ? " never" : "");
}

static void expect_page(StoreFixture *f, const StorePage *page, const char *text) {
        assert_int_equal(users_load(f->store, page, on_users, f, NULL), 0);
        fixture_expect_text(f, text);
}

static void they_come_in_pages(void **state) {
        StoreFixture *f = *state;
        const Uuid first = fixture_website(1);

        expect_page(f, &(const StorePage){ .organisation = 1, .limit = 1 },
                    "1 ann@example.org admin none\n");
        expect_page(f, &(const StorePage){ .organisation = 1, .after = &first, .limit = 9 },
                    "4 bob@example.org viewer none\n");
        expect_page(f, &(const StorePage){ .organisation = 2, .limit = 9 }, "");
}

static int set_password(StoreFixture *f, const UserChange *change) {
        assert_int_equal(user_set_password(f->store, change, fixture_done, f, NULL), 0);
        fixture_wait(f);
        return f->r;
}

static void a_new_password_ends_sessions(void **state) {
        StoreFixture *f = *state;
        UserChange change = { .organisation = 1,
                              .email = "Bob@example.org",
                              .actor = "uid 0",
                              .password_hash = "$argon2id$x" };
        const Uuid bob = fixture_website(4);

        fixture_sql(f, "INSERT INTO login_session (user_id, secret_sha256, expires_at)"
                       " SELECT id, sha256(email::bytea), now() + interval '1 day' FROM app_user");
        assert_int_equal(set_password(f, &change), 0);
        fixture_expect(f,
                       "SELECT string_agg(email || ' ' || coalesce(password_hash, '-') || ' '"
                       " || (revoked_at IS NULL), ', ' ORDER BY u.id) FROM app_user u"
                       " JOIN login_session ON user_id = u.id",
                       "ann@example.org - true, bob@example.org $argon2id$x false");
        change.id = &bob;
        change.email = "ann@example.org"; /* the id says who */
        assert_int_equal(set_password(f, &change), 0);
        fixture_expect(f, "SELECT count(password_hash) FROM app_user", "1");
        change.organisation = 2;
        assert_int_equal(set_password(f, &change), -ENOENT);
}

static int drop(StoreFixture *f, uint32_t organisation, const char *email) {
        const UserChange change = { .organisation = organisation,
                                    .email = email,
                                    .actor = "uid 0" };

        assert_int_equal(user_remove(f->store, &change, fixture_done, f, NULL), 0);
        fixture_wait(f);
        return f->r;
}

static void one_of_two_organisations_keeps_them(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "INSERT INTO membership SELECT 2, id, 'viewer' FROM app_user"
                       " WHERE email = 'ann@example.org'");
        assert_int_equal(drop(f, 2, "bob@example.org"), -ENOENT);
        assert_int_equal(drop(f, 1, "ANN@example.org"), 0);
        assert_int_equal(drop(f, 1, "ann@example.org"), -ENOENT);
        fixture_expect(f,
                       "SELECT count(*) || ' ' || count(DISTINCT s.id) FROM app_user u"
                       " JOIN membership m ON m.user_id = u.id JOIN login_session s"
                       " ON s.user_id = u.id WHERE email = 'ann@example.org'",
                       "1 1");
}

static void then_nothing_is_left_but_the_log(void **state) {
        StoreFixture *f = *state;

        assert_int_equal(drop(f, 2, "ann@example.org"), 0);
        fixture_expect(f,
                       "SELECT string_agg(email, ',') || (SELECT count(*) FROM login_session)"
                       " || (SELECT count(*) FROM membership) FROM app_user",
                       "bob@example.org11");
        assert_int_equal(add(f, 5, "ann@example.org", "editor"), 0);
        fixture_expect(f,
                       "SELECT string_agg(action || right(object, 1), ' ' ORDER BY id)"
                       " FROM audit_log",
                       "user.add1 user.add4 user.password4 user.password4 user.remove1"
                       " user.remove1 user.add5");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(they_are_unique_by_address),
                cmocka_unit_test(they_come_in_pages),
                cmocka_unit_test(a_new_password_ends_sessions),
                cmocka_unit_test(one_of_two_organisations_keeps_them),
                cmocka_unit_test(then_nothing_is_left_but_the_log),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
