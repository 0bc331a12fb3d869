/* Secret settings are opened for their channel, by their hub, and by nobody else. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "hub/alert-words.h"

static const Uuid channel = { { 1, 2, 3 } }, other = { { 1, 2, 4 } };

static AlertKeys keys(uint8_t first) {
        const uint8_t key[ALERT_KEY_SIZE] = { first };
        AlertKeys k;

        assert_int_equal(alert_keys_derive(key, &k), 0);
        return k;
}

static void refuses(const AlertKeys *k, const Uuid *of, const uint8_t *sealed, size_t n) {
        char *words = NULL;

        assert_int_equal(alert_words_open(k, of, sealed, n, &words), -EBADMSG);
        assert_null(words);
}

static void sealed_for_one_channel_by_one_key(void **state _unused_) {
        static const char text[] = "{\"url\":\"discord://1/2\"}";
        AlertKeys k = keys(1), wrong = keys(2);
        _cleanup_(alert_words_wipep) char *words = NULL;
        _cleanup_free_ uint8_t *sealed = NULL;
        size_t n;

        assert_int_equal(alert_words_seal(&k, &channel, text, &sealed, &n), 0);
        assert_int_equal(n, strlen(text) + 16 + 24 + 16);
        assert_null(memmem(sealed, n, "discord", 7));
        assert_int_equal(alert_words_open(&k, &channel, sealed, n, &words), 0);
        assert_string_equal(words, text);
        refuses(&k, &other, sealed, n);
        refuses(&wrong, &channel, sealed, n);
        for (size_t i = 0; i < n; i++) {
                refuses(&k, &channel, sealed, i);
                sealed[i] ^= 1;
                refuses(&k, &channel, sealed, n);
                sealed[i] ^= 1;
        }
}

static void none_is_like_another(void **state _unused_) {
        _cleanup_free_ uint8_t *one = NULL, *two = NULL;
        _cleanup_(alert_words_wipep) char *words = NULL;
        AlertKeys k = keys(1);
        size_t n, m;

        assert_int_equal(alert_words_seal(&k, &channel, "", &one, &n), 0);
        assert_int_equal(alert_words_seal(&k, &channel, "", &two, &m), 0);
        assert_int_equal(n, m);
        assert_memory_not_equal(one, two, n);
        assert_int_equal(alert_words_open(&k, &channel, one, n, &words), 0);
        assert_string_equal(words, "");
}

/* What is sealed for another purpose is none, though the hub's key is the same. */
static void a_webhooks_secret_is_none(void **state _unused_) {
        AlertSecrets s = { 0 };
        AlertKeys k = keys(1);
        AlertSealed sealed;

        alert_secrets_renew(&s);
        alert_secrets_seal(&k, &channel, &s, &sealed);
        refuses(&k, &channel, sealed.bytes, sealed.n);
}

static void what_others_sealed_is_opened_too(void **state _unused_) {
        AlertKeys k = keys(1), wrong = keys(2);
        _cleanup_(alert_words_wipep) char *words = NULL;
        _cleanup_free_ uint8_t *sealed = NULL;
        size_t n;

        assert_int_equal(alert_box_seal_words(k.box.public, &channel, "{}", &sealed, &n), 0);
        assert_int_equal(alert_words_open(&k, &channel, sealed, n, &words), 0);
        assert_string_equal(words, "{}");
        refuses(&k, &other, sealed, n);
        refuses(&wrong, &channel, sealed, n);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(sealed_for_one_channel_by_one_key),
                cmocka_unit_test(none_is_like_another),
                cmocka_unit_test(a_webhooks_secret_is_none),
                cmocka_unit_test(what_others_sealed_is_opened_too),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
