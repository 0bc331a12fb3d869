/* Links: looked at without a change, used once, and not for what is over or not there. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/acknowledge-links.h"

#define FAR_AWAY (UINT64_C(4102444800) * USEC_PER_SEC)

/* Channel 1 is of the first organisation, 2 of the second; incidents 1 and 2 are of the first. */
static int setup(void **state) {
        int r = store_fixture_setup(state);

        if (r == 0)
                fixture_sql(*state,
                            "INSERT INTO alert_channel (public_id, organisation_id, kind, name)"
                            " SELECT ('00000000-0000-7000-8000-0000000000a' || i)::uuid, i,"
                            " 'webhook', 'c' || i FROM generate_series(1, 2) i ORDER BY i;"
                            "INSERT INTO incident (public_id, organisation_id, website_id, cause,"
                            " opened_at, first_evidence_at) SELECT public_id, organisation_id, id,"
                            " 'quorum', to_timestamp(1000), now() FROM website ORDER BY id");
        return r;
}

static Uuid channel(uint8_t i) {
        Uuid id = fixture_website(0);

        id.bytes[15] = 0xa0 | i;
        return id;
}

static void on_link(int r, const LinkRow *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; r >= 0 && i < n; i++)
                fixture_note(f, "%d %s %s by %s at %d", (int)rows[i].outcome, rows[i].channel,
                             rows[i].name, rows[i].acknowledged_by,
                             rows[i].acknowledged != USEC_INFINITY);
}

static void follow(StoreFixture *f, uint8_t incident, uint8_t by, usec_t ends, bool use) {
        const LinkUse wish = { fixture_website(incident), channel(by), ends, use };

        assert_int_equal(link_follow(f->store, &wish, on_link, f, NULL), 0);
}

static void expect(StoreFixture *f, LinkOutcome outcome, const char *rest) {
        char text[128];

        (void)snprintf(text, sizeof(text), "%d %s", (int)outcome, rest);
        fixture_expect_text(f, text);
}

static void to_look_changes_nothing(void **state) {
        StoreFixture *f = *state;

        for (int i = 0; i < 2; i++) {
                follow(f, 1, 1, FAR_AWAY, false);
                expect(f, LINK_OPEN, "c1 Site 1 by  at 0");
        }
        fixture_expect(f, "SELECT count(*) FROM incident_event", "0");
        fixture_expect(f, "SELECT count(*) FROM acknowledge_link", "0");
}

static void one_of_before_is_of_no_use(void **state) {
        StoreFixture *f = *state;

        follow(f, 1, 1, 2000 * USEC_PER_SEC, true);
        expect(f, LINK_EXPIRED, "c1 Site 1 by  at 0");
        fixture_expect(f, "SELECT count(*) FROM incident_event", "0");
}

static void not_of_another_organisation(void **state) {
        StoreFixture *f = *state;

        follow(f, 1, 2, FAR_AWAY, true);
        fixture_wait(f);
        assert_int_equal(f->r, -ENOENT);
        follow(f, 1, 2, FAR_AWAY, false);
        fixture_wait(f);
        assert_int_equal(f->r, -ENOENT);
        follow(f, 99, 1, FAR_AWAY, true);
        fixture_wait(f);
        assert_int_equal(f->r, -ENOENT);
        follow(f, 1, 9, FAR_AWAY, false);
        fixture_wait(f);
        assert_int_equal(f->r, -ENOENT);
}

static void used_once(void **state) {
        StoreFixture *f = *state;

        follow(f, 1, 1, FAR_AWAY, true);
        expect(f, LINK_DONE, "c1 Site 1 by link: c1 at 1");
        follow(f, 1, 1, FAR_AWAY, true);
        expect(f, LINK_SAME, "c1 Site 1 by link: c1 at 1");
        fixture_expect(f, "SELECT string_agg(kind || ' ' || actor, ',') FROM incident_event",
                       "acknowledged link: c1");
        fixture_expect(f, "SELECT string_agg(actor || ' ' || action, ',') FROM audit_log",
                       "link: c1 incident.acknowledge");
        fixture_expect(f, "SELECT count(*) FROM acknowledge_link", "1");
        fixture_sql(f, "UPDATE incident SET acknowledged_at = NULL, acknowledged_by = NULL");
        follow(f, 1, 1, FAR_AWAY, true);
        expect(f, LINK_USED, "c1 Site 1 by  at 0");
        follow(f, 1, 1, FAR_AWAY + 1, true);
        expect(f, LINK_DONE, "c1 Site 1 by link: c1 at 1");
}

static void not_of_what_is_over(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "UPDATE incident SET closed_at = now() WHERE id = 2");
        follow(f, 2, 1, FAR_AWAY, true);
        expect(f, LINK_CLOSED, "c1 Site 2 by  at 0");
        fixture_sql(f, "UPDATE alert_channel SET removed_at = now()");
        follow(f, 1, 1, FAR_AWAY, false);
        fixture_wait(f);
        assert_int_equal(f->r, -ENOENT);
}

static void on_key(int r, const uint8_t *key, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        if (r >= 0)
                fixture_note(f, "%u", key[31]);
}

static void the_key_that_signs_them(void **state) {
        StoreFixture *f = *state;

        assert_int_equal(network_key_load(f->store, on_key, f, NULL), 0);
        fixture_wait(f);
        assert_int_equal(f->r, -ENOENT);
        fixture_sql(f, "UPDATE hub_state SET network_key = decode(repeat('07', 32), 'hex')");
        assert_int_equal(network_key_load(f->store, on_key, f, NULL), 0);
        fixture_expect_text(f, "7");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(to_look_changes_nothing),
                cmocka_unit_test(one_of_before_is_of_no_use),
                cmocka_unit_test(not_of_another_organisation),
                cmocka_unit_test(used_once),
                cmocka_unit_test(not_of_what_is_over),
                cmocka_unit_test(the_key_that_signs_them),
        };

        return cmocka_run_group_tests(tests, setup, store_fixture_teardown);
}
