/* Keys as text, and signatures that fit one purpose, network, subject and body only. */
#include <errno.h>
#include <stdio.h>

#include "wire-fixture.h"

static void a_key_survives_its_text_form(_unused_ void **state) {
        _cleanup_(sign_key_freep) SignKey *k = fixture_key(SEED_VALIDATOR), *again = NULL;
        char text[SIGN_KEY_TEXT_SIZE], spaced[SIGN_KEY_TEXT_SIZE + 8];

        sign_key_to_text(k, text);
        assert_int_equal(text[0], '[');
        snprintf(spaced, sizeof(spaced), " %s\n", text);
        assert_int_equal(sign_key_from_text(spaced, strlen(spaced), &again), 0);
        assert_true(public_key_equal(sign_key_public(k), sign_key_public(again)));
}

static void the_public_half_must_match_the_seed(_unused_ void **state) {
        uint8_t secret[SIGN_SECRET_SIZE] = {};
        SignKey *k = NULL;

        assert_int_equal(sign_key_from_secret(secret, &k), -EKEYREJECTED);
        assert_null(k);
}

static void text_that_is_no_key_is_refused(_unused_ void **state) {
        _cleanup_(sign_key_freep) SignKey *k = fixture_key(SEED_VALIDATOR);
        char text[SIGN_KEY_TEXT_SIZE + 8];
        SignKey *none = NULL;
        size_t n;

        n = strlen(sign_key_to_text(k, text));
        assert_int_equal(sign_key_from_text(text, n - 1, &none), -EINVAL);
        text[1] = '-';
        assert_int_equal(sign_key_from_text(text, n, &none), -EINVAL);
        sign_key_to_text(k, text)[n] = 'x';
        assert_int_equal(sign_key_from_text(text, n + 1, &none), -EINVAL);
        memcpy(text + n - 1, ",1]", 3);
        assert_int_equal(sign_key_from_text(text, n + 2, &none), -EINVAL);
        assert_int_equal(sign_key_from_text("", 0, &none), -EINVAL);
        assert_int_equal(sign_key_from_text("[256", 4, &none), -EINVAL);
        assert_int_equal(sign_key_from_text("[\0", 2, &none), -EINVAL);
        assert_null(none);
}

static void a_signature_fits_one_statement_only(_unused_ void **state) {
        _cleanup_(sign_key_freep) SignKey *k = fixture_key(SEED_VALIDATOR);
        SignScope scope = fixture_scope(), other = { scope.subject, scope.network };
        Statement s = { DOMAIN_BATCH, &scope, "body", 4 }, changed;
        PublicKey stranger = fixture_public(SEED_HUB);
        Signature signature;

        assert_int_equal(sign_statement(k, &s, &signature), 0);
        assert_int_equal(sign_verify(&scope.subject, &s, &signature), 0);
        assert_int_equal(sign_verify(&stranger, &s, &signature), -EBADMSG);
        changed = (Statement){ DOMAIN_GAP, &scope, "body", 4 };
        assert_int_equal(sign_verify(&scope.subject, &changed, &signature), -EBADMSG);
        changed = (Statement){ DOMAIN_BATCH, &other, "body", 4 };
        assert_int_equal(sign_verify(&scope.subject, &changed, &signature), -EBADMSG);
        changed = (Statement){ DOMAIN_BATCH, &scope, "bode", 4 };
        assert_int_equal(sign_verify(&scope.subject, &changed, &signature), -EBADMSG);
        signature.bytes[0] ^= 1;
        assert_int_equal(sign_verify(&scope.subject, &s, &signature), -EBADMSG);
}

/* S + L verifies in a lax implementation: signatures would not be unique. */
static void a_malleable_signature_is_refused(_unused_ void **state) {
        static const uint8_t order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a,       0x63,
                                           0x12, 0x58, 0xd6, 0x9c, 0xf7,       0xa2,
                                           0xde, 0xf9, 0xde, 0x14, [31] = 0x10 };
        _cleanup_(sign_key_freep) SignKey *k = fixture_key(SEED_VALIDATOR);
        SignScope scope = fixture_scope();
        Statement s = { DOMAIN_BATCH, &scope, NULL, 0 };
        Signature signature;
        unsigned carry = 0;

        assert_int_equal(sign_statement(k, &s, &signature), 0);
        for (size_t i = 0; i < 32; i++) {
                carry += signature.bytes[32 + i] + order[i];
                signature.bytes[32 + i] = (uint8_t)carry;
                carry >>= 8;
        }
        assert_int_equal(sign_verify(&scope.subject, &s, &signature), -EBADMSG);
}

/* With the neutral point as key and R, S = 0 satisfies the equation for every message. */
static void small_order_keys_are_refused(_unused_ void **state) {
        PublicKey neutral = { { 1 } };
        SignScope scope = { .subject = neutral };
        Statement s = { DOMAIN_BATCH, &scope, "body", 4 };
        Signature signature = { { 1 } };

        assert_int_equal(sign_verify(&neutral, &s, &signature), -EBADMSG);
}

static void a_statement_has_its_documented_bytes(_unused_ void **state) {
        uint8_t bytes[SIGN_PREFIX_SIZE + 2] = "dpin.v1 receipt";
        SignScope scope = fixture_scope();
        Statement s = { DOMAIN_RECEIPT, &scope, "ab", 2 };
        Hash expected, hash;

        memcpy(bytes + 16, scope.network.bytes, 32);
        memcpy(bytes + 48, scope.subject.bytes, 32);
        memcpy(bytes + 80, "ab", 2);
        hash_bytes(bytes, sizeof(bytes), &expected);
        assert_int_equal(sign_hash(&s, &hash), 0);
        assert_true(hash_equal(&hash, &expected));
}

static void a_long_body_is_refused(_unused_ void **state) {
        _cleanup_(sign_key_freep) SignKey *k = fixture_key(SEED_VALIDATOR);
        static const uint8_t body[SIGN_BODY_MAX + 1];
        SignScope scope = fixture_scope();
        Statement s = { DOMAIN_BATCH, &scope, body, sizeof(body) };
        Signature signature;
        Hash hash;

        assert_int_equal(sign_statement(k, &s, &signature), -EMSGSIZE);
        assert_int_equal(sign_hash(&s, &hash), -EMSGSIZE);
        s.n--;
        assert_int_equal(sign_statement(k, &s, &signature), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_key_survives_its_text_form),
                cmocka_unit_test(the_public_half_must_match_the_seed),
                cmocka_unit_test(text_that_is_no_key_is_refused),
                cmocka_unit_test(a_signature_fits_one_statement_only),
                cmocka_unit_test(a_malleable_signature_is_refused),
                cmocka_unit_test(small_order_keys_are_refused),
                cmocka_unit_test(a_statement_has_its_documented_bytes),
                cmocka_unit_test(a_long_body_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
