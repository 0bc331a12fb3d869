/* The only user of Nettle. */
#include "base/sha256.h"

void sha256_begin(Sha256 *s) {
        sha256_init(&s->state);
}

void sha256_add(Sha256 *s, const void *bytes, size_t n) {
        if (n > 0)
                sha256_update(&s->state, n, bytes);
}

void sha256_end(Sha256 *s, uint8_t ret[static SHA256_SIZE]) {
        sha256_digest(&s->state, SHA256_SIZE, ret);
}

void sha256(const void *bytes, size_t n, uint8_t ret[static SHA256_SIZE]) {
        Sha256 s;

        sha256_begin(&s);
        sha256_add(&s, bytes, n);
        sha256_end(&s, ret);
}

void hmac_sha256_begin(HmacSha256 *h, const void *key, size_t n) {
        hmac_sha256_set_key(&h->state, n, key);
}

void hmac_sha256_add(HmacSha256 *h, const void *bytes, size_t n) {
        if (n > 0)
                hmac_sha256_update(&h->state, n, bytes);
}

void hmac_sha256_end(HmacSha256 *h, uint8_t ret[static SHA256_SIZE]) {
        hmac_sha256_digest(&h->state, SHA256_SIZE, ret);
}

void hmac_sha256(const uint8_t key[static SHA256_SIZE], const void *bytes, size_t n,
                 uint8_t ret[static SHA256_SIZE]) {
        HmacSha256 h;

        hmac_sha256_begin(&h, key, SHA256_SIZE);
        hmac_sha256_add(&h, bytes, n);
        hmac_sha256_end(&h, ret);
}
