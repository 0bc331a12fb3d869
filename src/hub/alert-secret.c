/* secretbox for what the hub seals, HMAC-SHA-256 and ed25519 for what travels. */
#include "hub/alert-secret.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTEXT  "dpinalrt"
#define ID_SIZE  sizeof(((Uuid *)0)->bytes)
#define OVERHEAD (crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES)
#define BASE64   sodium_base64_VARIANT_ORIGINAL

enum {
        SUBKEY_SEAL = 1,
        SUBKEY_SIGN = 2,
        SUBKEY_BOX = 3,
};

_Static_assert(OVERHEAD + ID_SIZE + 2 * ALERT_SECRET_SIZE <= ALERT_SEALED_SIZE, "room");

int alert_keys_derive(const uint8_t key[static ALERT_KEY_SIZE], AlertKeys *ret) {
        uint8_t seed[32];

        if (sodium_init() < 0)
                return -EIO;
        (void)crypto_kdf_derive_from_key(ret->seal, sizeof(ret->seal), SUBKEY_SEAL, CONTEXT, key);
        (void)crypto_kdf_derive_from_key(seed, sizeof(seed), SUBKEY_SIGN, CONTEXT, key);
        (void)crypto_sign_seed_keypair(ret->public, ret->sign, seed);
        (void)crypto_kdf_derive_from_key(seed, sizeof(seed), SUBKEY_BOX, CONTEXT, key);
        (void)crypto_box_seed_keypair(ret->box.public, ret->box.secret, seed);
        sodium_memzero(seed, sizeof(seed));
        return 0;
}

void alert_keys_wipe(AlertKeys *k) {
        sodium_memzero(k, sizeof(*k));
}

void alert_secrets_renew(AlertSecrets *s) {
        memcpy(s->bytes[1], s->bytes[0], ALERT_SECRET_SIZE);
        randombytes_buf(s->bytes[0], ALERT_SECRET_SIZE);
        s->n = s->n > 0 ? 2 : 1;
}

void alert_secrets_wipe(AlertSecrets *s) {
        sodium_memzero(s, sizeof(*s));
}

/* The id is inside, so that a row of the database cannot be given another one's secret. */
void alert_secrets_seal(const AlertKeys *k, const Uuid *channel, const AlertSecrets *s,
                        AlertSealed *ret) {
        uint8_t plain[ID_SIZE + 2 * ALERT_SECRET_SIZE];
        size_t n = ID_SIZE + s->n * ALERT_SECRET_SIZE;

        memcpy(plain, channel->bytes, ID_SIZE);
        memcpy(plain + ID_SIZE, s->bytes, 2 * ALERT_SECRET_SIZE);
        randombytes_buf(ret->bytes, crypto_secretbox_NONCEBYTES);
        (void)crypto_secretbox_easy(ret->bytes + crypto_secretbox_NONCEBYTES, plain, n, ret->bytes,
                                    k->seal);
        ret->n = OVERHEAD + n;
        sodium_memzero(plain, sizeof(plain));
}

static int open_own(const AlertKeys *k, const Uuid *channel, const uint8_t *sealed, size_t n,
                    AlertSecrets *ret) {
        uint8_t plain[ID_SIZE + 2 * ALERT_SECRET_SIZE] = { 0 };
        size_t size = n - OVERHEAD - ID_SIZE;
        int r = -EBADMSG;

        if (n < OVERHEAD + ID_SIZE || (size != ALERT_SECRET_SIZE && size != 2 * ALERT_SECRET_SIZE))
                return -EBADMSG;
        if (crypto_secretbox_open_easy(plain, sealed + crypto_secretbox_NONCEBYTES,
                                       n - crypto_secretbox_NONCEBYTES, sealed, k->seal) == 0 &&
            memcmp(plain, channel->bytes, ID_SIZE) == 0) {
                memcpy(ret->bytes, plain + ID_SIZE, 2 * ALERT_SECRET_SIZE);
                ret->n = (unsigned)(size / ALERT_SECRET_SIZE);
                r = 0;
        }
        sodium_memzero(plain, sizeof(plain));
        return r;
}

/* Either form is opened by its own key only, so trying both takes none for the other. */
int alert_secrets_open(const AlertKeys *k, const Uuid *channel, const uint8_t *sealed, size_t n,
                       AlertSecrets *ret) {
        int r = open_own(k, channel, sealed, n, ret);
        AlertSecrets s = { .n = 1 };

        if (r != -EBADMSG)
                return r;
        r = alert_box_open(&k->box, channel, sealed, n, s.bytes[0]);
        if (r == 0)
                *ret = s;
        alert_secrets_wipe(&s);
        return r;
}

int alert_secrets_open_former(const AlertKeys *k, const Uuid *channel, const uint8_t *sealed,
                              size_t n, AlertSecrets *s) {
        AlertSecrets former = { 0 };
        int r = alert_secrets_open(k, channel, sealed, n, &former);

        if (r == 0) {
                memcpy(s->bytes[1], former.bytes[0], ALERT_SECRET_SIZE);
                s->n = 2;
        }
        alert_secrets_wipe(&former);
        return r;
}

char *alert_public_text(const AlertKeys *k, char ret[static ALERT_SECRET_TEXT_SIZE]) {
        static const char prefix[] = "whpk_";
        size_t n = sizeof(prefix) - 1;

        memcpy(ret, prefix, n);
        (void)sodium_bin2base64(ret + n, ALERT_SECRET_TEXT_SIZE - n, k->public, sizeof(k->public),
                                BASE64);
        return ret;
}

static char *put_signature(char *to, const char *end, const char *version, const uint8_t *bytes,
                           size_t n) {
        int written = snprintf(to, (size_t)(end - to), "%s,", version);

        to += written;
        (void)sodium_bin2base64(to, (size_t)(end - to), bytes, n, BASE64);
        return to + strlen(to);
}

int alert_sign(const AlertKeys *k, const AlertSecrets *s, bool former, const AlertSigned *what,
               char ret[static ALERT_SIGNATURES_SIZE]) {
        _cleanup_free_ char *text = NULL;
        const char *end = ret + ALERT_SIGNATURES_SIZE;
        uint8_t hmac[crypto_auth_hmacsha256_BYTES], signature[crypto_sign_BYTES];
        char *to = ret;
        int n;

        n = asprintf(&text, "%s.%s.%s", what->id, what->timestamp, what->body);
        if (n < 0)
                return -ENOMEM;
        for (unsigned i = 0; i < (former ? s->n : MIN(s->n, 1u)); i++) {
                (void)crypto_auth_hmacsha256(hmac, (const uint8_t *)text, (size_t)n, s->bytes[i]);
                to = put_signature(to, end, "v1", hmac, sizeof(hmac));
                *to++ = ' ';
        }
        (void)crypto_sign_detached(signature, NULL, (const uint8_t *)text, (size_t)n, k->sign);
        (void)put_signature(to, end, "v1a", signature, sizeof(signature));
        return 0;
}
