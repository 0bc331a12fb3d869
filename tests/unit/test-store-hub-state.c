/* The writer's commit numbers, network key and heartbeat. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/hub-state.h"

static void on_state(int r, const HubStateRow *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++)
                fixture_note(f, "commit %lu key %d %d heartbeat %d orders %lu batches %lu",
                             rows[i].commit_no, rows[i].has_network_key, rows[i].network_key[31],
                             rows[i].heartbeat != USEC_INFINITY, rows[i].order_max,
                             rows[i].batch_max);
}

static void expect_state(StoreFixture *f, const char *text) {
        assert_int_equal(hub_state_load(f->store, on_state, f, NULL), 0);
        fixture_expect_text(f, text);
}

static void a_new_database_is_at_zero(void **state) {
        expect_state(*state, "commit 0 key 0 0 heartbeat 0 orders 4 batches 0");
}

static void commits_must_follow_each_other(void **state) {
        StoreFixture *f = *state;
        PqTransaction *first = pq_transaction_new(), *again = pq_transaction_new();

        hub_commit(first, 1);
        assert_int_equal(fixture_commit(f, first), 0);
        hub_heartbeat_put(again, &(const HubHeartbeat){ .now = USEC_PER_SEC });
        hub_commit(again, 1);
        assert_int_equal(fixture_commit(f, again), -ESTALE);
        expect_state(f, "commit 1 key 0 0 heartbeat 1 orders 4 batches 0");
}

static void network_key_is_set_once(void **state) {
        StoreFixture *f = *state;

        for (int i = 0; i < 3; i++) {
                PqTransaction *t = pq_transaction_new();

                hub_network_key_put(t, fixture_key(i < 2 ? 1 : 2));
                assert_int_equal(fixture_commit(f, t), i < 2 ? 0 : -ESTALE);
        }
        expect_state(f, "commit 1 key 1 1 heartbeat 1 orders 4 batches 0");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_new_database_is_at_zero),
                cmocka_unit_test(commits_must_follow_each_other),
                cmocka_unit_test(network_key_is_set_once),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
