/* The handshake's signatures bind hub, network, both nonces and the address dialled. */
#include <errno.h>

#include "wire-fixture.h"
#include "wire/frame-hello.h"

static FrameHello signed_hello(uint8_t hub_seed) {
        _cleanup_(sign_key_freep) SignKey *network = fixture_key(SEED_NETWORK);
        _cleanup_(sign_key_freep) SignKey *hub = fixture_key(hub_seed);
        FrameHello f = {
                .version = FRAME_PROTOCOL,
                .network_key = *sign_key_public(network),
                .time = FIXTURE_TIME,
                .max_frame = 65536,
                .max_ticks = 720,
        };

        memset(f.nonce, 1, sizeof(f.nonce));
        if (hub_seed != SEED_NETWORK)
                assert_int_equal(frame_hello_certify(network, sign_key_public(hub), &f.certificate),
                                 0);
        assert_int_equal(frame_hello_sign(&f, hub), 0);
        return f;
}

static void a_hello_is_bound_to_all_it_says(_unused_ void **state) {
        FrameHello f = signed_hello(SEED_NETWORK), bad;

        assert_int_equal(frame_hello_verify(&f), 0);
        bad = f, bad.nonce[31] ^= 1;
        assert_int_equal(frame_hello_verify(&bad), -EBADMSG);
        bad = f, bad.time++;
        assert_int_equal(frame_hello_verify(&bad), -EBADMSG);
        bad = f, bad.max_frame--;
        assert_int_equal(frame_hello_verify(&bad), -EBADMSG);
        bad = f, bad.max_ticks--;
        assert_int_equal(frame_hello_verify(&bad), -EBADMSG);
        bad = f, bad.version++;
        assert_int_equal(frame_hello_verify(&bad), -EBADMSG);
        bad = f, bad.network_key = fixture_public(SEED_VALIDATOR);
        assert_int_equal(frame_hello_verify(&bad), -EBADMSG);
}

static void a_later_hub_key_needs_the_networks_certificate(_unused_ void **state) {
        FrameHello f = signed_hello(SEED_HUB);

        assert_int_equal(frame_hello_verify(&f), 0);
        f.certificate.bytes[0] ^= 1;
        assert_int_equal(frame_hello_verify(&f), -EBADMSG);
        memset(&f.certificate, 0, sizeof(f.certificate));
        assert_int_equal(frame_hello_verify(&f), -EBADMSG);
}

static void a_join_is_bound_to_nonces_network_and_authority(_unused_ void **state) {
        _cleanup_(sign_key_freep) SignKey *validator = fixture_key(SEED_VALIDATOR);
        SignScope scope = fixture_scope();
        FrameJoin f = { .authority = "hub.example:8081" }, bad;
        PublicKey other = fixture_public(SEED_HUB);

        memset(f.hub_nonce, 1, sizeof(f.hub_nonce));
        memset(f.nonce, 2, sizeof(f.nonce));
        assert_int_equal(frame_join_sign(&f, &scope.network, validator), 0);
        assert_true(public_key_equal(&f.validator_key, &scope.subject));
        assert_int_equal(frame_join_verify(&f, &scope.network), 0);
        assert_int_equal(frame_join_verify(&f, &other), -EBADMSG);
        bad = f, bad.hub_nonce[0] ^= 1;
        assert_int_equal(frame_join_verify(&bad, &scope.network), -EBADMSG);
        bad = f, bad.nonce[0] ^= 1;
        assert_int_equal(frame_join_verify(&bad, &scope.network), -EBADMSG);
        bad = f, bad.authority[0] = 'H';
        assert_int_equal(frame_join_verify(&bad, &scope.network), -EBADMSG);
        bad = f, bad.validator_key = other;
        assert_int_equal(frame_join_verify(&bad, &scope.network), -EBADMSG);
}

static void a_welcome_answers_this_connection(_unused_ void **state) {
        _cleanup_(sign_key_freep) SignKey *hub = fixture_key(SEED_NETWORK);
        SignScope scope = fixture_scope();
        FrameWelcome f = { .time = FIXTURE_TIME };
        FrameNonces n = { { 1 }, { 2 } }, swapped = { { 2 }, { 1 } };

        assert_int_equal(frame_welcome_sign(&f, &n, &scope, hub), 0);
        assert_int_equal(frame_welcome_verify(&f, &n, &scope, &scope.network), 0);
        assert_int_equal(frame_welcome_verify(&f, &swapped, &scope, &scope.network), -EBADMSG);
        assert_int_equal(frame_welcome_verify(&f, &n, &scope, &scope.subject), -EBADMSG);
        f.time++;
        assert_int_equal(frame_welcome_verify(&f, &n, &scope, &scope.network), -EBADMSG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_hello_is_bound_to_all_it_says),
                cmocka_unit_test(a_later_hub_key_needs_the_networks_certificate),
                cmocka_unit_test(a_join_is_bound_to_nonces_network_and_authority),
                cmocka_unit_test(a_welcome_answers_this_connection),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
