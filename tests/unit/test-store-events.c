/* Events are read in order after a commit, and forgotten after a day. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/events.h"
#include "store/hub-state.h"

static void on_events(int r, const EventRow *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++)
                fixture_note(f, "%lu.%u org %u %s %s\n", rows[i].commit_no, rows[i].ordinal,
                             rows[i].organisation, rows[i].kind, rows[i].payload);
}

static void on_bounds(int r, const EventBounds *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        fixture_note(f, "after %lu to %lu", rows[0].resumable, rows[0].newest);
}

static void expect_events(StoreFixture *f, uint64_t after, const char *text) {
        const EventFeed feed = { .after = after, .limit = 3 };

        assert_int_equal(events_load(f->store, &feed, on_events, f, NULL), 0);
        fixture_expect_text(f, text);
}

static void read_in_order(void **state) {
        StoreFixture *f = *state;

        for (uint64_t c = 1; c <= 2; c++) {
                PqTransaction *t = pq_transaction_new();

                hub_commit(t, c);
                for (uint32_t i = 0; i < 2; i++)
                        event_put(t, &(const EventRow){ .commit_no = c,
                                                        .ordinal = i,
                                                        .organisation = i,
                                                        .kind = "tick",
                                                        .payload = "{\"a\": 1}" });
                assert_int_equal(fixture_commit(f, t), 0);
        }
        expect_events(f, 0,
                      "1.0 org 0 tick {\"a\": 1}\n1.1 org 1 tick {\"a\": 1}\n"
                      "2.0 org 0 tick {\"a\": 1}\n");
        expect_events(f, 2, "");
}

static void old_ones_go_and_are_known_to_be_gone(void **state) {
        StoreFixture *f = *state;

        for (int i = 0; i < 2; i++) {
                PqTransaction *t = pq_transaction_new();

                events_prune(t);
                assert_int_equal(fixture_commit(f, t), 0);
                assert_int_equal(event_bounds_load(f->store, on_bounds, f, NULL), 0);
                fixture_expect_text(f, i == 0 ? "after 0 to 2" : "after 1 to 2");
                fixture_sql(f, "UPDATE event SET at = now() - interval '25 hours'"
                               " WHERE commit_no = 1;");
        }
        fixture_expect(f, "SELECT min(commit_no) || ' ' || count(*) FROM event", "2 2");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(read_in_order),
                cmocka_unit_test(old_ones_go_and_are_known_to_be_gone),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
