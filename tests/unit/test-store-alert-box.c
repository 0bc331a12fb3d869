/* What is sealed for the hub is opened by nobody else, and for no other channel; its key is in the
 * database. */
#include <errno.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/alert-box.h"

static const Uuid channel = { { 1, 2, 3 } }, other = { { 1, 2, 4 } };

static AlertBoxKeys keys(uint8_t first) {
        const uint8_t seed[32] = { first };
        AlertBoxKeys k;

        assert_true(sodium_init() >= 0);
        assert_int_equal(crypto_box_seed_keypair(k.public, k.secret, seed), 0);
        return k;
}

static void opened_by_the_hub_alone(void **state _unused_) {
        AlertBoxKeys k = keys(1), wrong = keys(2);
        uint8_t secret[ALERT_SECRET_SIZE];
        char told[ALERT_SECRET_TEXT_SIZE], text[ALERT_SECRET_TEXT_SIZE];
        AlertSealed sealed;

        assert_int_equal(alert_box_new_secret(k.public, &channel, told, &sealed), 0);
        assert_int_equal(alert_box_open(&k, &channel, sealed.bytes, sealed.n, secret), 0);
        assert_string_equal(alert_secret_text(secret, text), told);
        assert_memory_equal(told, "whsec_", 6);
        assert_int_equal(alert_box_open(&k, &other, sealed.bytes, sealed.n, secret), -EBADMSG);
        assert_int_equal(alert_box_open(&wrong, &channel, sealed.bytes, sealed.n, secret),
                         -EBADMSG);
}

static void damaged_is_not_opened(void **state _unused_) {
        AlertBoxKeys k = keys(1);
        uint8_t secret[ALERT_SECRET_SIZE];
        char told[ALERT_SECRET_TEXT_SIZE];
        AlertSealed sealed;

        assert_int_equal(alert_box_new_secret(k.public, &channel, told, &sealed), 0);
        for (size_t n = 0; n < sealed.n; n++) {
                assert_int_equal(alert_box_open(&k, &channel, sealed.bytes, n, secret), -EBADMSG);
                sealed.bytes[n] ^= 1;
                assert_int_equal(alert_box_open(&k, &channel, sealed.bytes, sealed.n, secret),
                                 -EBADMSG);
                sealed.bytes[n] ^= 1;
        }
}

static void each_secret_is_another(void **state _unused_) {
        AlertBoxKeys k = keys(1);
        char one[ALERT_SECRET_TEXT_SIZE] = "", two[ALERT_SECRET_TEXT_SIZE];
        const uint8_t no_key[ALERT_BOX_KEY_SIZE] = { 0 };
        AlertSealed sealed;

        assert_int_equal(alert_box_new_secret(no_key, &channel, one, &sealed), -EINVAL);
        assert_string_equal(one, "");
        assert_int_equal(alert_box_new_secret(k.public, &channel, one, &sealed), 0);
        assert_int_equal(alert_box_new_secret(k.public, &channel, two, &sealed), 0);
        assert_string_not_equal(one, two);
}

static void refuses(const AlertBoxKeys *k, const Uuid *of, const uint8_t *sealed, size_t n) {
        char *words = NULL;

        assert_int_equal(alert_box_open_words(k, of, sealed, n, &words), -EBADMSG);
        assert_null(words);
}

static void settings_are_opened_by_the_hub_alone(void **state _unused_) {
        static const char text[] = "{\"url\":\"discord://1/2\"}";
        AlertBoxKeys k = keys(1), wrong = keys(2);
        _cleanup_free_ uint8_t *sealed = NULL;
        _cleanup_free_ char *words = NULL;
        size_t n;

        assert_int_equal(alert_box_seal_words(k.public, &channel, text, &sealed, &n), 0);
        assert_null(memmem(sealed, n, "discord", 7));
        assert_int_equal(alert_box_open_words(&k, &channel, sealed, n, &words), 0);
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

static void no_settings_but_those_of_a_key(void **state _unused_) {
        const uint8_t no_key[ALERT_BOX_KEY_SIZE] = { 0 };
        AlertBoxKeys k = keys(1);
        _cleanup_free_ uint8_t *sealed = NULL;
        _cleanup_free_ char *words = NULL;
        size_t n;

        assert_int_equal(alert_box_seal_words(no_key, &channel, "{}", &sealed, &n), -EINVAL);
        assert_null(sealed);
        assert_int_equal(alert_box_seal_words(k.public, &channel, "", &sealed, &n), 0);
        assert_int_equal(alert_box_open_words(&k, &channel, sealed, n, &words), 0);
        assert_string_equal(words, "");
}

/* Else who can write to the database could have a password sign messages that he reads. */
static void neither_is_given_out_for_the_other(void **state _unused_) {
        static const char text[ALERT_SECRET_SIZE + 1] = "{\"url\":\"http://a.b\",\"token\":\"c\"}";
        uint8_t secret[ALERT_SECRET_SIZE];
        char told[ALERT_SECRET_TEXT_SIZE];
        AlertBoxKeys k = keys(1);
        _cleanup_free_ uint8_t *words = NULL;
        AlertSealed sealed;
        size_t n;

        assert_int_equal(alert_box_new_secret(k.public, &channel, told, &sealed), 0);
        refuses(&k, &channel, sealed.bytes, sealed.n);
        sealed.bytes[0] = 3;
        refuses(&k, &channel, sealed.bytes, sealed.n);
        for (size_t length = sizeof(text) - 2; length < sizeof(text); length++) {
                char some[sizeof(text)];

                memcpy(some, text, sizeof(text));
                some[length] = '\0';
                assert_int_equal(alert_box_seal_words(k.public, &channel, some, &words, &n), 0);
                words[0] = 2;
                assert_int_equal(alert_box_open(&k, &channel, words, n, secret), -EBADMSG);
                free(words);
                words = NULL;
        }
}

static void on_box(int r, const AlertBoxRow *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++)
                fixture_note(f, "%u", rows[i].key[0]);
}

static int load(StoreFixture *f) {
        assert_int_equal(alert_box_load(f->store, on_box, f, NULL), 0);
        fixture_wait(f);
        return f->r;
}

static void published_by_the_hub(void **state) {
        StoreFixture *f = *state;
        char first[8];

        assert_int_equal(load(f), -ENOENT);
        for (uint8_t i = 1; i <= 2; i++) {
                assert_int_equal(alert_box_publish(f->store, fixture_key(i), fixture_done, f, NULL),
                                 0);
                fixture_wait(f);
                assert_int_equal(f->r, 0);
        }
        assert_int_equal(load(f), 0);
        (void)snprintf(first, sizeof(first), "%u", fixture_key(2)[0]);
        assert_string_equal(f->text, first);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(opened_by_the_hub_alone),
                cmocka_unit_test(damaged_is_not_opened),
                cmocka_unit_test(each_secret_is_another),
                cmocka_unit_test(settings_are_opened_by_the_hub_alone),
                cmocka_unit_test(no_settings_but_those_of_a_key),
                cmocka_unit_test(neither_is_given_out_for_the_other),
                cmocka_unit_test(published_by_the_hub),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
