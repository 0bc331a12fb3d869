/* Websites are added, loaded by revision, and removed by their owner only. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/websites.h"

static void on_websites(int r, const WebsiteRow *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++)
                fixture_note(f, "%u of %u: %s %u/%u %u %d %d revision %lu\n", rows[i].id,
                             rows[i].organisation, rows[i].url, rows[i].settings.interval_ms,
                             rows[i].settings.timeout_ms, rows[i].settings.seats,
                             rows[i].public_id.bytes[15], rows[i].removed, rows[i].revision);
}

static void expect_websites(StoreFixture *f, uint64_t revision, const char *text) {
        assert_int_equal(websites_load(f->store, revision, on_websites, f, NULL), 0);
        fixture_expect_text(f, text);
}

static int add(StoreFixture *f, uint8_t id, const char *url, uint32_t interval) {
        WebsiteAdd website = { .organisation = 1,
                               .id = fixture_website(id),
                               .url = url,
                               .settings = WEBSITE_SETTINGS_DEFAULT,
                               .actor = "test" };

        if (interval > 0)
                website.settings.interval_ms = interval;
        assert_int_equal(website_add(f->store, &website, fixture_done, f, NULL), 0);
        fixture_wait(f);
        return f->r;
}

static int drop(StoreFixture *f, uint32_t organisation, uint8_t id) {
        const WebsiteRemove website = { .organisation = organisation,
                                        .id = fixture_website(id),
                                        .actor = "test" };

        assert_int_equal(website_remove(f->store, &website, fixture_done, f, NULL), 0);
        fixture_wait(f);
        return f->r;
}

static void all_are_loaded(void **state) {
        expect_websites(*state, 0,
                        "1 of 1: https://site1.example/ 60000/10000 4 1 0 revision 1\n"
                        "2 of 1: https://site2.example/ 60000/10000 4 2 0 revision 2\n"
                        "3 of 2: https://site3.example/ 60000/10000 4 3 0 revision 3\n");
}

static void added_ones_have_defaults_and_a_revision(void **state) {
        StoreFixture *f = *state;

        assert_int_equal(add(f, 9, "https://new.example/", 0), 0);
        assert_int_equal(add(f, 8, "https://fast.example/", 10000), 0);
        expect_websites(f, 3,
                        "4 of 1: https://new.example/ 60000/10000 4 9 0 revision 4\n"
                        "5 of 1: https://fast.example/ 10000/5000 4 8 0 revision 5\n");
        fixture_expect(f, "SELECT count(*) FROM audit_log WHERE action = 'website.add'", "2");
}

static void a_url_is_added_once(void **state) {
        StoreFixture *f = *state;

        assert_int_equal(add(f, 7, "https://site1.example/", 0), -EEXIST);
        assert_int_equal(add(f, 7, "https://site3.example/", 0), 0); /* another's is no matter */
}

static void impossible_settings_are_refused(void **state) {
        assert_int_equal(add(*state, 6, "https://x.example/", 9999), -EINVAL);
}

static void only_the_owner_removes_and_once(void **state) {
        StoreFixture *f = *state;

        assert_int_equal(drop(f, 2, 1), -ENOENT);
        assert_int_equal(drop(f, 1, 1), 0);
        assert_int_equal(drop(f, 1, 1), -ENOENT);
        assert_int_equal(drop(f, 0, 3), 0); /* the admin */
        fixture_expect(f,
                       "SELECT string_agg(organisation_id || object, ' ' ORDER BY id) FROM"
                       " audit_log WHERE action = 'website.remove'",
                       "100000000-0000-7000-8000-000000000001 "
                       "200000000-0000-7000-8000-000000000003");
}

static void the_hub_hears_of_removal(void **state) {
        expect_websites(*state, 7,
                        "1 of 1: https://site1.example/ 60000/10000 4 1 1 revision 9\n"
                        "3 of 2: https://site3.example/ 60000/10000 4 3 1 revision 10\n");
}

static void a_removed_url_can_come_back(void **state) {
        assert_int_equal(add(*state, 5, "https://site1.example/", 0), 0);
}

static void expect_page(StoreFixture *f, const Uuid *after, unsigned limit, const char *text) {
        const StorePage page = { .after = after, .limit = limit };

        assert_int_equal(websites_page(f->store, &page, on_websites, f, NULL), 0);
        fixture_expect_text(f, text);
}

static void those_that_are_left_come_in_pages(void **state) {
        StoreFixture *f = *state;
        const Uuid second = fixture_website(2), last = fixture_website(9);

        expect_page(f, NULL, 1, "2 of 1: https://site2.example/ 60000/10000 4 2 0 revision 2\n");
        expect_page(f, &second, 2,
                    "9 of 1: https://site1.example/ 60000/10000 4 5 0 revision 11\n"
                    "7 of 1: https://site3.example/ 60000/10000 4 7 0 revision 7\n");
        expect_page(f, &last, 9, "");
}

static int halt(StoreFixture *f, uint8_t id, bool paused) {
        const WebsitePause pause = { .id = fixture_website(id),
                                     .paused = paused,
                                     .actor = "uid 0" };

        assert_int_equal(website_pause(f->store, &pause, fixture_done, f, NULL), 0);
        fixture_wait(f);
        return f->r;
}

static void on_found(int r, const WebsiteRow *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        if (n > 0)
                fixture_note(f, "%u %s revision %lu", rows->id, rows->paused ? "paused" : "watched",
                             rows->revision);
}

static void expect_found(StoreFixture *f, uint8_t id, const char *text) {
        const Uuid uuid = fixture_website(id);

        assert_int_equal(website_find(f->store, &uuid, on_found, f, NULL), 0);
        fixture_expect_text(f, text);
}

static void paused_once_resumed_once(void **state) {
        StoreFixture *f = *state;
        const Uuid removed = fixture_website(1);

        assert_int_equal(halt(f, 2, true), 0);
        expect_found(f, 2, "2 paused revision 12");
        assert_int_equal(halt(f, 2, true), 0);
        expect_found(f, 2, "2 paused revision 12");
        assert_int_equal(halt(f, 2, false), 0);
        expect_found(f, 2, "2 watched revision 13");
        assert_int_equal(halt(f, 1, true), -ENOENT);
        assert_int_equal(website_find(f->store, &removed, on_found, f, NULL), 0);
        fixture_wait(f);
        assert_int_equal(f->r, -ENOENT);
        fixture_expect(f,
                       "SELECT string_agg(action, ' ' ORDER BY id) FROM audit_log"
                       " WHERE actor = 'uid 0'",
                       "website.pause website.resume");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(all_are_loaded),
                cmocka_unit_test(added_ones_have_defaults_and_a_revision),
                cmocka_unit_test(a_url_is_added_once),
                cmocka_unit_test(impossible_settings_are_refused),
                cmocka_unit_test(only_the_owner_removes_and_once),
                cmocka_unit_test(the_hub_hears_of_removal),
                cmocka_unit_test(a_removed_url_can_come_back),
                cmocka_unit_test(those_that_are_left_come_in_pages),
                cmocka_unit_test(paused_once_resumed_once),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
