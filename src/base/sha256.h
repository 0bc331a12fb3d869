/* SHA-256 and HMAC-SHA-256 step by step. libsodium has them too, but without the processor's
 * instructions for them, and the hub hashes three times for every tick. States are plain data and
 * may be copied: what was added is then added to both. */
#pragma once

#include <nettle/hmac.h>
#include <nettle/sha2.h>
#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32

typedef struct Sha256 {
        struct sha256_ctx state;
} Sha256;

void sha256_begin(Sha256 *s);
/* bytes may be NULL when n is 0. */
void sha256_add(Sha256 *s, const void *bytes, size_t n);
/* The hash of all that was added; then s is as begun. */
void sha256_end(Sha256 *s, uint8_t ret[static SHA256_SIZE]);
void sha256(const void *bytes, size_t n, uint8_t ret[static SHA256_SIZE]);

typedef struct HmacSha256 {
        struct hmac_sha256_ctx state;
} HmacSha256;

void hmac_sha256_begin(HmacSha256 *h, const void *key, size_t n);
void hmac_sha256_add(HmacSha256 *h, const void *bytes, size_t n);
/* The code of all that was added; then h is as begun with the same key. */
void hmac_sha256_end(HmacSha256 *h, uint8_t ret[static SHA256_SIZE]);
/* In one step, with a key of 32 bytes. */
void hmac_sha256(const uint8_t key[static SHA256_SIZE], const void *bytes, size_t n,
                 uint8_t ret[static SHA256_SIZE]);
