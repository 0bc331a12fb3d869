/* Orders keep their bytes, proof, probes and end. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/orders.h"

static void on_orders(int r, const OrderRow *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++)
                fixture_note(f,
                             "%lu id %u site %u %u v %u %u epoch %lu type %u seat %u/%u %u/%u"
                             " at %lu bytes %zu:%u spec %u probes %lu %s sent %d\n",
                             rows[i].id, rows[i].public_id[0], rows[i].website,
                             rows[i].website_id.bytes[15], rows[i].validator,
                             rows[i].validator_key[0], rows[i].epoch, rows[i].type, rows[i].seat,
                             rows[i].n, rows[i].interval_ms, rows[i].timeout_ms,
                             rows[i].starts / USEC_PER_SEC, rows[i].n_bytes, rows[i].bytes[0],
                             rows[i].spec_hash[0], rows[i].probes,
                             rows[i].removed == USEC_INFINITY ? "current" : "removed",
                             rows[i].sent);
}

/* From id 100 on. */
static void put_orders(PqTransaction *t, size_t n) {
        OrderRow rows[2];

        for (size_t i = 0; i < n; i++) {
                rows[i] = (OrderRow){ .id = 100 + i,
                                      .website = 2,
                                      .validator = 3,
                                      .epoch = 12,
                                      .type = 2,
                                      .seat = 0,
                                      .n = 3,
                                      .interval_ms = 30000,
                                      .timeout_ms = 5000,
                                      .starts = 1700000000 * USEC_PER_SEC,
                                      .bytes = (const uint8_t *)"order",
                                      .n_bytes = 5,
                                      .probes = 16 * i };
                memset(rows[i].public_id, (int)rows[i].id, sizeof(rows[i].public_id));
                memset(rows[i].spec_hash, 0xbb, sizeof(rows[i].spec_hash));
        }
        orders_put(t, rows, n);
}

static void load(StoreFixture *f, usec_t now) {
        const OrdersRecent recent = { now, 10 * USEC_PER_MIN, 3 };

        assert_int_equal(orders_load(f->store, &recent, on_orders, f, NULL), 0);
}

static void find(StoreFixture *f, uint32_t validator, usec_t since) {
        OrderId ids[3];

        for (size_t i = 0; i < ELEMENTSOF(ids); i++)
                memset(ids[i].bytes, (int)(100 + i), sizeof(ids[i].bytes));
        assert_int_equal(orders_find(f->store,
                                     &(const OrdersNamed){ validator, ids, ELEMENTSOF(ids), since },
                                     on_orders, f, NULL),
                         0);
}

static void an_order_needs_its_specification(void **state) {
        StoreFixture *f = *state;
        PqTransaction *t = pq_transaction_new();

        put_orders(t, 1);
        assert_int_equal(fixture_commit(f, t), -ENOENT);
}

static void put_and_loaded_again(void **state) {
        StoreFixture *f = *state;
        PqTransaction *t = pq_transaction_new();
        uint8_t hash[32];

        memset(hash, 0xbb, sizeof(hash));
        fixture_sql(f, "DELETE FROM work_order;");
        specification_put(t, hash, "{}", 2);
        specification_put(t, hash, "{}", 2); /* known is fine */
        put_orders(t, 2);
        assert_int_equal(fixture_commit(f, t), 0);

        load(f, now_realtime());
        fixture_expect_text(f, "100 id 100 site 2 2 v 3 3 epoch 12 type 2 seat 0/3 30000/5000"
                               " at 1700000000 bytes 5:111 spec 187 probes 0 current sent 0\n"
                               "101 id 101 site 2 2 v 3 3 epoch 12 type 2 seat 0/3 30000/5000"
                               " at 1700000000 bytes 5:111 spec 187 probes 16 current sent 0\n");
}

#define LATEST                                                                                     \
        "100 id 100 site 2 2 v 3 3 epoch 12 type 2 seat 0/3 30000/5000"                            \
        " at 1700000000 bytes 5:111 spec 187 probes 64 removed sent 1\n"
#define OLDER                                                                                      \
        "101 id 101 site 2 2 v 3 3 epoch 12 type 2 seat 0/3 30000/5000"                            \
        " at 1700000000 bytes 5:111 spec 187 probes 16 removed sent 0\n"

static void sent_probed_and_removed(void **state) {
        StoreFixture *f = *state;
        PqTransaction *t = pq_transaction_new();
        uint8_t signature[64] = { 7 };
        usec_t now = now_realtime();

        orders_prove(t,
                     &(const OrderProof){ .id = 100,
                                          .root = fixture_key(1),
                                          .signature = signature,
                                          .path = fixture_key(2),
                                          .n_path = 32 },
                     1);
        orders_reserve_probes(t, (const OrderProbes[]){ { 100, 64 }, { 100, 32 } }, 2);
        orders_reserve_probes(t, (const OrderProbes[]){ { 100, 16 } }, 1);
        orders_end(t, (const OrderEnd[]){ { 100, now }, { 101, now - 11 * USEC_PER_MIN } }, 2);
        orders_end(t, (const OrderEnd[]){ { 101, now } }, 1); /* its end stays */
        assert_int_equal(fixture_commit(f, t), 0);

        load(f, now);
        fixture_expect_text(f, LATEST);
        fixture_sql(f, "UPDATE website SET interval_ms = 230000 WHERE id = 2");
        load(f, now);
        fixture_expect_text(f, LATEST OLDER); /* for three intervals it is not gone */
        load(f, now + USEC_PER_MIN);
        fixture_expect_text(f, LATEST);
        find(f, 3, now - 12 * USEC_PER_MIN);
        fixture_expect_text(f, LATEST OLDER);
        find(f, 3, now - 11 * USEC_PER_MIN);
        fixture_expect_text(f, LATEST);
        find(f, 2, 0); /* another's */
        fixture_expect_text(f, "");
        fixture_expect(f,
                       "SELECT length(root) || ' ' || length(signature) || ' ' || length(path)"
                       " FROM work_order WHERE id = 100",
                       "32 64 32");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_order_needs_its_specification),
                cmocka_unit_test(put_and_loaded_again),
                cmocka_unit_test(sent_probed_and_removed),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
