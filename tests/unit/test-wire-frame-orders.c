/* Orders and probes: one signature for all orders of a frame, each provable alone. */
#include <errno.h>

#include "wire-fixture.h"
#include "wire/frame-orders.h"

#define N 3

typedef struct Fixture {
        uint8_t bytes[N][ORDER_SIZE_MAX];
        FrameOrder entries[N];
        FrameOrders frame;
        SignScope scope;
        SignKey *hub;
} Fixture;

static int setup(void **state) {
        static Fixture x;

        x = (Fixture){ .scope = fixture_scope(), .hub = fixture_key(SEED_NETWORK) };
        for (uint8_t i = 0; i < N; i++) {
                Order o = fixture_order();
                int n;

                o.nonce[0] = i;
                n = order_encode(&o, x.bytes[i], ORDER_SIZE_MAX);
                assert_true(n > 0);
                x.entries[i].order = (JsonBytes){ x.bytes[i], (size_t)n };
                x.entries[i].spec = (JsonBytes){ (uint8_t *)FIXTURE_SPEC, strlen(FIXTURE_SPEC) };
        }
        x.frame.add = (JsonArray){ x.entries, N };
        assert_int_equal(frame_orders_sign(&x.frame, &x.scope, x.hub), 0);
        *state = &x;
        return 0;
}

static int teardown(void **state) {
        Fixture *x = *state;

        x->hub = sign_key_free(x->hub);
        return 0;
}

static void one_signature_covers_all_orders(void **state) {
        Fixture *x = *state;

        assert_int_equal(frame_orders_verify(&x->frame, &x->scope, &x->scope.network), 0);
        assert_int_equal(frame_orders_verify(&x->frame, &x->scope, &x->scope.subject), -EBADMSG);
        x->bytes[1][150] ^= 1;
        assert_int_equal(frame_orders_verify(&x->frame, &x->scope, &x->scope.network), -EBADMSG);
        x->bytes[1][150] ^= 1;
        x->frame.add.n--;
        assert_int_equal(frame_orders_verify(&x->frame, &x->scope, &x->scope.network), -EBADMSG);
        x->frame.add.n = 0;
        assert_int_equal(frame_orders_sign(&x->frame, &x->scope, x->hub), 0);
        assert_int_equal(frame_orders_verify(&x->frame, &x->scope, &x->scope.network), 0);
}

static void each_order_has_a_path_to_the_root(void **state) {
        Hash leaves[FRAME_ORDERS_MAX], path[MERKLE_PATH_MAX], root;
        Fixture *x = *state;

        assert_int_equal(frame_orders_leaves(&x->frame, &x->scope, leaves), N);
        assert_int_equal(frame_orders_root(&x->frame, &x->scope, &root), 0);
        for (size_t i = 0; i < N; i++) {
                int depth = merkle_path(leaves, N, i, path);
                MerkleProof proof = { i, N, path, (size_t)depth };

                assert_int_equal(merkle_verify(&leaves[i], &proof, &root), 0);
        }
}

static void an_entry_is_opened_only_with_its_specification(void **state) {
        Fixture *x = *state;
        OrderId id, expected;
        Order o;

        assert_int_equal(order_id(&x->scope, x->bytes[0], ORDER_FIXED_SIZE, &expected), 0);
        assert_int_equal(frame_order_open(&x->entries[0], &x->scope, &o, &id), 0);
        assert_true(order_id_equal(&id, &expected));
        assert_int_equal(o.timeout_ms, 10000);
        x->entries[0].spec.n--;
        assert_int_equal(frame_order_open(&x->entries[0], &x->scope, &o, &id), -EBADMSG);
        x->entries[0].order.n--;
        assert_int_equal(frame_order_open(&x->entries[0], &x->scope, &o, &id), -EBADMSG);
}

static FrameProbe signed_probe(const Fixture *x) {
        FrameProbe f = { .number = 7, .reason = "confirm", .deadline = FIXTURE_TIME };

        assert_int_equal(order_id(&x->scope, x->bytes[0], ORDER_FIXED_SIZE, &f.order), 0);
        assert_int_equal(frame_probe_sign(&f, &x->scope, x->hub), 0);
        return f;
}

static void a_probe_is_bound_to_all_it_says(void **state) {
        Fixture *x = *state;
        FrameProbe f = signed_probe(x), bad;

        assert_int_equal(frame_probe_verify(&f, &x->scope, &x->scope.network), 0);
        assert_int_equal(frame_probe_kind(&f), TICK_CONFIRM);
        bad = f, bad.number++;
        assert_int_equal(frame_probe_verify(&bad, &x->scope, &x->scope.network), -EBADMSG);
        bad = f, bad.deadline++;
        assert_int_equal(frame_probe_verify(&bad, &x->scope, &x->scope.network), -EBADMSG);
        bad = f, bad.order.bytes[0] ^= 1;
        assert_int_equal(frame_probe_verify(&bad, &x->scope, &x->scope.network), -EBADMSG);
        bad = f, memcpy(bad.reason, "refresh", 8);
        assert_int_equal(frame_probe_verify(&bad, &x->scope, &x->scope.network), -EBADMSG);
        bad = f, memcpy(bad.reason, "scheduled", 10);
        assert_int_equal(frame_probe_verify(&bad, &x->scope, &x->scope.network), -EBADMSG);
        assert_int_equal(frame_probe_sign(&bad, &x->scope, x->hub), -EINVAL);
}

static void a_spare_brings_its_signed_order(void **state) {
        Fixture *x = *state;
        FrameProbe f = signed_probe(x);

        f.spare.order = x->entries[0].order;
        f.spare.spec = x->entries[0].spec;
        assert_int_equal(frame_probe_verify(&f, &x->scope, &x->scope.network), -EBADMSG);
        assert_int_equal(frame_spare_sign(&f.spare, &x->scope, x->hub), 0);
        assert_int_equal(frame_probe_verify(&f, &x->scope, &x->scope.network), 0);
        f.spare.order = x->entries[1].order;
        assert_int_equal(frame_spare_sign(&f.spare, &x->scope, x->hub), 0);
        assert_int_equal(frame_probe_verify(&f, &x->scope, &x->scope.network), -EBADMSG);
}

static void too_many_orders_are_refused(void **state) {
        Fixture *x = *state;
        Hash root;

        x->frame.add.n = FRAME_ORDERS_MAX + 1;
        assert_int_equal(frame_orders_root(&x->frame, &x->scope, &root), -EMSGSIZE);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(one_signature_covers_all_orders, setup, teardown),
                cmocka_unit_test_setup_teardown(each_order_has_a_path_to_the_root, setup, teardown),
                cmocka_unit_test_setup_teardown(an_entry_is_opened_only_with_its_specification,
                                                setup, teardown),
                cmocka_unit_test_setup_teardown(a_probe_is_bound_to_all_it_says, setup, teardown),
                cmocka_unit_test_setup_teardown(a_spare_brings_its_signed_order, setup, teardown),
                cmocka_unit_test_setup_teardown(too_many_orders_are_refused, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
