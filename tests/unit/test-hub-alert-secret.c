/* Secrets stay closed to everybody else, and signatures are those of Standard Webhooks. */
#include <errno.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "hub/alert-secret.h"

static const Uuid channel = { { 1, 2, 3 } }, other = { { 1, 2, 4 } };

static AlertKeys keys(uint8_t first) {
        const uint8_t key[ALERT_KEY_SIZE] = { first };
        AlertKeys k;

        assert_int_equal(alert_keys_derive(key, &k), 0);
        return k;
}

static void sealed_for_one_channel_by_one_key(void **state _unused_) {
        AlertKeys k = keys(1), wrong = keys(2);
        AlertSecrets s = { 0 }, opened;
        AlertSealed sealed;

        alert_secrets_renew(&s);
        assert_int_equal(s.n, 1);
        alert_secrets_seal(&k, &channel, &s, &sealed);
        assert_int_equal(alert_secrets_open(&k, &channel, sealed.bytes, sealed.n, &opened), 0);
        assert_int_equal(opened.n, 1);
        assert_memory_equal(opened.bytes[0], s.bytes[0], ALERT_SECRET_SIZE);
        assert_int_equal(alert_secrets_open(&k, &other, sealed.bytes, sealed.n, &opened), -EBADMSG);
        assert_int_equal(alert_secrets_open(&wrong, &channel, sealed.bytes, sealed.n, &opened),
                         -EBADMSG);
        for (size_t n = 0; n < sealed.n; n++) {
                assert_int_equal(alert_secrets_open(&k, &channel, sealed.bytes, n, &opened),
                                 -EBADMSG);
                sealed.bytes[n] ^= 1;
                assert_int_equal(alert_secrets_open(&k, &channel, sealed.bytes, sealed.n, &opened),
                                 -EBADMSG);
                sealed.bytes[n] ^= 1;
        }
}

static void renewed_keeps_the_one_before(void **state _unused_) {
        AlertKeys k = keys(1);
        AlertSecrets s = { 0 }, opened;
        uint8_t first[ALERT_SECRET_SIZE];
        AlertSealed sealed;

        alert_secrets_renew(&s);
        memcpy(first, s.bytes[0], sizeof(first));
        alert_secrets_renew(&s);
        assert_int_equal(s.n, 2);
        assert_memory_equal(s.bytes[1], first, sizeof(first));
        assert_memory_not_equal(s.bytes[0], first, sizeof(first));
        alert_secrets_seal(&k, &channel, &s, &sealed);
        assert_int_equal(alert_secrets_open(&k, &channel, sealed.bytes, sealed.n, &opened), 0);
        assert_memory_equal(&opened, &s, sizeof(s));
        alert_secrets_renew(&s);
        assert_int_equal(s.n, 2);
        alert_secrets_wipe(&s);
        assert_int_equal(s.n, 0);
}

static void what_others_sealed_is_opened_too(void **state _unused_) {
        AlertKeys k = keys(1), wrong = keys(2);
        AlertSecrets opened = { 0 }, first;
        AlertSealed sealed, former;
        char text[ALERT_SECRET_TEXT_SIZE], told[ALERT_SECRET_TEXT_SIZE];

        assert_memory_not_equal(k.box.secret, k.seal, sizeof(k.seal));
        assert_int_equal(alert_box_new_secret(k.box.public, &channel, told, &sealed), 0);
        assert_int_equal(alert_secrets_open(&wrong, &channel, sealed.bytes, sealed.n, &opened),
                         -EBADMSG);
        assert_int_equal(alert_secrets_open(&k, &channel, sealed.bytes, sealed.n, &opened), 0);
        assert_int_equal(opened.n, 1);
        assert_string_equal(alert_secret_text(opened.bytes[0], text), told);

        first = opened;
        assert_int_equal(alert_secrets_open_former(&k, &other, sealed.bytes, sealed.n, &opened),
                         -EBADMSG);
        assert_memory_equal(&opened, &first, sizeof(first));
        alert_secrets_renew(&first);
        alert_secrets_seal(&k, &channel, &first, &former);
        assert_int_equal(alert_secrets_open_former(&k, &channel, former.bytes, former.n, &opened),
                         0);
        assert_int_equal(opened.n, 2);
        assert_string_equal(alert_secret_text(opened.bytes[0], text), told);
        assert_memory_equal(opened.bytes[1], first.bytes[0], ALERT_SECRET_SIZE);
}

/* The example of the specification. */
static void signed_as_the_standard_says(void **state _unused_) {
        const AlertSigned what = { "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330",
                                   "{\"test\": 2432232314}" };
        AlertKeys k = keys(1);
        AlertSecrets s = { .n = 1 };
        char text[ALERT_SIGNATURES_SIZE];
        size_t n;

        /* whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw is shorter than ours: zeros pad an HMAC's key */
        assert_int_equal(sodium_base642bin(s.bytes[0], ALERT_SECRET_SIZE,
                                           "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 32, NULL, &n, NULL,
                                           sodium_base64_VARIANT_ORIGINAL),
                         0);
        assert_int_equal(n, 24);
        assert_int_equal(alert_sign(&k, &s, false, &what, text), 0);
        assert_memory_equal(text, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1a,", 52);
        assert_int_equal(strlen(text), 52 + 88);
}

static void both_secrets_while_they_change(void **state _unused_) {
        const AlertSigned what = { "id", "1", "{}" };
        AlertKeys k = keys(1);
        AlertSecrets s = { 0 };
        char one[ALERT_SIGNATURES_SIZE], two[ALERT_SIGNATURES_SIZE], none[ALERT_SIGNATURES_SIZE];

        assert_int_equal(alert_sign(&k, &s, true, &what, none), 0);
        assert_memory_equal(none, "v1a,", 4);
        alert_secrets_renew(&s);
        assert_int_equal(alert_sign(&k, &s, true, &what, one), 0);
        alert_secrets_renew(&s);
        assert_int_equal(alert_sign(&k, &s, true, &what, two), 0);
        assert_int_equal(strlen(two), 2 * 48 + 4 + 88);
        assert_memory_equal(two + 48, one, strlen(one)); /* the former one is the second */
        assert_int_equal(alert_sign(&k, &s, false, &what, one), 0);
        assert_memory_equal(one, two, 47);
        assert_int_equal(strlen(one), strlen(two) - 48);
}

static void keys_as_receivers_are_told(void **state _unused_) {
        AlertKeys k = keys(1);
        char text[ALERT_SECRET_TEXT_SIZE];
        const uint8_t zeros[ALERT_SECRET_SIZE] = { 0 };

        assert_string_equal(alert_secret_text(zeros, text),
                            "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        assert_memory_equal(alert_public_text(&k, text), "whpk_", 5);
        assert_int_equal(strlen(text), 5 + 44);
        alert_keys_wipe(&k);
        assert_memory_equal(k.seal, zeros, sizeof(k.seal));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(sealed_for_one_channel_by_one_key),
                cmocka_unit_test(renewed_keeps_the_one_before),
                cmocka_unit_test(what_others_sealed_is_opened_too),
                cmocka_unit_test(signed_as_the_standard_says),
                cmocka_unit_test(both_secrets_while_they_change),
                cmocka_unit_test(keys_as_receivers_are_told),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
