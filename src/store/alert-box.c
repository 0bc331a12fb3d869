/* crypto_box_seal, with a byte before it that says of what: what the hub seals for itself is
 * otherwise. */
#include "store/alert-box.h"

#include <errno.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "store/read.h"

#define FORM    2 /* the first byte of a secret */
#define WORDS   3 /* of settings, and again inside: neither can be given out for the other */
#define ID_SIZE sizeof(((Uuid *)0)->bytes)
#define SIZE    (1 + crypto_box_SEALBYTES + ID_SIZE + ALERT_SECRET_SIZE)

#define WORDS_HEAD     (1 + ID_SIZE)
#define WORDS_OVERHEAD (1 + crypto_box_SEALBYTES + WORDS_HEAD)

_Static_assert(SIZE <= ALERT_SEALED_SIZE, "room");
_Static_assert(ALERT_BOX_KEY_SIZE == crypto_box_PUBLICKEYBYTES, "a key of X25519");

static const PqStatement box_get = {
        .name = "alert_box_get",
        .sql = "SELECT alert_box FROM hub_state WHERE alert_box IS NOT NULL",
        .n_params = 0,
};

static const PqStatement box_put = {
        .name = "alert_box_put",
        .sql = "UPDATE hub_state SET alert_box = $1 WHERE alert_box IS DISTINCT FROM $1",
        .n_params = 1,
};

const PqStatement *const alert_box_statements[] = { &box_get, &box_put, NULL };

/* Sealing -------------------------------------------------------------------------------------- */

/* The id is inside, so that a row of the database cannot be given another one's secret. */
static int seal(const uint8_t *key, const Uuid *channel, const uint8_t *secret, AlertSealed *ret) {
        uint8_t plain[ID_SIZE + ALERT_SECRET_SIZE];
        int r;

        memcpy(plain, channel->bytes, ID_SIZE);
        memcpy(plain + ID_SIZE, secret, ALERT_SECRET_SIZE);
        ret->bytes[0] = FORM;
        ret->n = SIZE;
        r = crypto_box_seal(ret->bytes + 1, plain, sizeof(plain), key);
        sodium_memzero(plain, sizeof(plain));
        return r == 0 ? 0 : -EINVAL;
}

int alert_box_new_secret(const uint8_t key[static ALERT_BOX_KEY_SIZE], const Uuid *channel,
                         char ret_text[static ALERT_SECRET_TEXT_SIZE], AlertSealed *ret) {
        uint8_t secret[ALERT_SECRET_SIZE];
        AlertSealed sealed;
        int r;

        if (sodium_init() < 0)
                return -EIO;
        randombytes_buf(secret, sizeof(secret));
        r = seal(key, channel, secret, &sealed);
        if (r == 0) {
                (void)alert_secret_text(secret, ret_text);
                *ret = sealed;
        }
        sodium_memzero(secret, sizeof(secret));
        return r;
}

int alert_box_open(const AlertBoxKeys *k, const Uuid *channel, const uint8_t *sealed, size_t n,
                   uint8_t ret[static ALERT_SECRET_SIZE]) {
        uint8_t plain[ID_SIZE + ALERT_SECRET_SIZE];
        int r = -EBADMSG;

        if (n != SIZE || sealed[0] != FORM)
                return -EBADMSG;
        if (crypto_box_seal_open(plain, sealed + 1, n - 1, k->public, k->secret) == 0 &&
            memcmp(plain, channel->bytes, ID_SIZE) == 0) {
                memcpy(ret, plain + ID_SIZE, ALERT_SECRET_SIZE);
                r = 0;
        }
        sodium_memzero(plain, sizeof(plain));
        return r;
}

char *alert_secret_text(const uint8_t bytes[static ALERT_SECRET_SIZE],
                        char ret[static ALERT_SECRET_TEXT_SIZE]) {
        static const char prefix[] = "whsec_";
        size_t n = sizeof(prefix) - 1;

        memcpy(ret, prefix, n);
        (void)sodium_bin2base64(ret + n, ALERT_SECRET_TEXT_SIZE - n, bytes, ALERT_SECRET_SIZE,
                                sodium_base64_VARIANT_ORIGINAL);
        return ret;
}

/* Settings ------------------------------------------------------------------------------------- */

static void wipe(uint8_t *bytes, size_t n) {
        sodium_memzero(bytes, n);
        free(bytes);
}

static uint8_t *write_head(uint8_t to[static WORDS_HEAD], const Uuid *channel) {
        to[0] = WORDS;
        memcpy(to + 1, channel->bytes, ID_SIZE);
        return to;
}

int alert_box_seal_words(const uint8_t key[static ALERT_BOX_KEY_SIZE], const Uuid *channel,
                         const char *words, uint8_t **ret, size_t *ret_n) {
        size_t length = strlen(words), n = WORDS_HEAD + length;
        uint8_t *plain, *sealed;
        int r;

        if (sodium_init() < 0)
                return -EIO;
        plain = malloc(n);
        sealed = malloc(WORDS_OVERHEAD + length);
        if (!plain || !sealed) {
                free(plain);
                free(sealed);
                return -ENOMEM;
        }
        memcpy(write_head(plain, channel) + WORDS_HEAD, words, length);
        sealed[0] = WORDS;
        r = crypto_box_seal(sealed + 1, plain, n, key);
        wipe(plain, n);
        if (r < 0) {
                free(sealed);
                return -EINVAL;
        }
        *ret = sealed;
        *ret_n = WORDS_OVERHEAD + length;
        return 0;
}

static bool are_for(const uint8_t *plain, size_t length, const Uuid *channel) {
        uint8_t head[WORDS_HEAD];

        return memcmp(plain, write_head(head, channel), WORDS_HEAD) == 0 &&
               !memchr(plain + WORDS_HEAD, '\0', length);
}

int alert_box_open_words(const AlertBoxKeys *k, const Uuid *channel, const uint8_t *sealed,
                         size_t n, char **ret) {
        size_t length = n - WORDS_OVERHEAD, size = WORDS_HEAD + length + 1;
        uint8_t *plain;

        if (n < WORDS_OVERHEAD || sealed[0] != WORDS)
                return -EBADMSG;
        plain = calloc(1, size);
        if (!plain)
                return -ENOMEM;
        if (crypto_box_seal_open(plain, sealed + 1, n - 1, k->public, k->secret) < 0 ||
            !are_for(plain, length, channel)) {
                wipe(plain, size);
                return -EBADMSG;
        }
        memmove(plain, plain + WORDS_HEAD, length);
        sodium_memzero(plain + length, WORDS_HEAD);
        *ret = (char *)plain;
        return 0;
}

/* The key in the database ---------------------------------------------------------------------- */

static int read_box(const PqResult *result, size_t i, void *ret) {
        return store_get_bytes(result, i, 0, ((AlertBoxRow *)ret)->key, ALERT_BOX_KEY_SIZE);
}

static void deliver_one(StoreCallback f, int r, const void *rows, size_t n, void *userdata) {
        ((AlertBoxRows)f)(r == 0 && n == 0 ? -ENOENT : r, rows, n, userdata);
}

static const StoreReader box_reader = {
        .size = sizeof(AlertBoxRow),
        .row = read_box,
        .deliver = deliver_one,
};

int alert_box_load(Store *s, AlertBoxRows callback, void *userdata, StoreCall **ret) {
        return store_read(s, store_begin(&box_get), &box_reader,
                          STORE_ANSWER(callback, userdata, ret));
}

int alert_box_publish(Store *s, const uint8_t key[static ALERT_BOX_KEY_SIZE], StoreDone done,
                      void *userdata, StoreCall **ret) {
        PqTransaction *t = store_begin(&box_put);

        if (!t)
                return -ENOMEM;
        pq_bytes(t, key, ALERT_BOX_KEY_SIZE);
        return store_submit(s, t, done, userdata, ret);
}
