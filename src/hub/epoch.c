/* Epoch bounds and commitments. The choice made within an epoch is committee.c. */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "base/sha256.h"
#include "hub/epoch.h"
#include "wire/merkle.h"
#include "wire/sign.h"

static void put_u64(uint8_t *p, uint64_t v) {
        for (int i = 7; i >= 0; i--, v >>= 8)
                p[i] = v & 0xff;
}

static void put_u32(uint8_t *p, uint32_t v) {
        for (int i = 3; i >= 0; i--, v >>= 8)
                p[i] = v & 0xff;
}

static uint64_t get_u64(const uint8_t *p) {
        uint64_t v = 0;

        for (int i = 0; i < 8; i++)
                v = v << 8 | p[i];
        return v;
}

usec_t epoch_length(usec_t interval) {
        return MAX(USEC_PER_HOUR, 4 * interval);
}

/* The next of the moments that are a length apart, evenly spread over websites. */
static usec_t next_of(const Uuid *website, usec_t length, usec_t now) {
        uint8_t hash[SHA256_SIZE];
        usec_t phase;

        sha256(website->bytes, sizeof(website->bytes), hash);
        phase = get_u64(hash) % length;
        return now + length - (now + length - phase) % length;
}

usec_t epoch_boundary(const Uuid *website, usec_t interval, usec_t now) {
        return next_of(website, epoch_length(interval), now);
}

usec_t epoch_overdue_end(const Uuid *website, usec_t now) {
        return next_of(website, EPOCH_OVERDUE, now);
}

void epoch_derive(Epoch *e, const uint8_t *hub_secret, const Uuid *website) {
        uint8_t input[SIGN_DOMAIN_SIZE + sizeof(Uuid) + 8];

        memcpy(input, sign_domain(DOMAIN_EPOCH), SIGN_DOMAIN_SIZE);
        memcpy(input + SIGN_DOMAIN_SIZE, website->bytes, sizeof(Uuid));
        put_u64(input + SIGN_DOMAIN_SIZE + sizeof(Uuid), e->number);
        hmac_sha256(hub_secret, input, sizeof(input), e->secret);
        sha256(e->secret, sizeof(e->secret), e->commitment);
}

/* HMAC(hub secret, domain salt | epoch secret | key): nobody but the hub can try values against a
 * leaf, not even after the epoch's secret is out. */
static void leaf_salt(const Epoch *e, const uint8_t *hub_secret, const Candidate *c,
                      uint8_t ret[static SHA256_SIZE]) {
        uint8_t input[SIGN_DOMAIN_SIZE + sizeof(e->secret) + sizeof(c->key)];

        memcpy(input, sign_domain(DOMAIN_SALT), SIGN_DOMAIN_SIZE);
        memcpy(input + SIGN_DOMAIN_SIZE, e->secret, sizeof(e->secret));
        memcpy(input + SIGN_DOMAIN_SIZE + sizeof(e->secret), c->key, sizeof(c->key));
        hmac_sha256(hub_secret, input, sizeof(input), ret);
}

void epoch_leaf(const Epoch *e, const uint8_t *hub_secret, const Candidate *c,
                uint8_t ret[static EPOCH_LEAF_SIZE]) {
        uint8_t salt[SHA256_SIZE], origin[8 + 8 + 8 + 4 + 4];

        leaf_salt(e, hub_secret, c, salt);
        put_u64(origin, c->operator_id);
        put_u64(origin + 8, c->prefix);
        put_u64(origin + 16, c->block);
        put_u32(origin + 24, c->asn);
        put_u32(origin + 28, c->region);
        memcpy(ret, c->key, sizeof(c->key));
        hmac_sha256(salt, origin, sizeof(origin), ret + sizeof(c->key));
}

static int compare_keys(const void *a, const void *b) {
        const Candidate *x = *(const Candidate *const *)a, *y = *(const Candidate *const *)b;

        return memcmp(x->key, y->key, sizeof(x->key));
}

int epoch_commit(Epoch *e, const uint8_t *hub_secret, const Roster *roster,
                 const uint32_t *eligible, size_t n) {
        _cleanup_free_ const Candidate **listed = calloc(MAX(n, 1u), sizeof(*listed));
        _cleanup_free_ Hash *leaves = calloc(MAX(n, 1u), sizeof(*leaves));
        uint8_t leaf[EPOCH_LEAF_SIZE];
        size_t found = 0;
        Hash root;

        if (!listed || !leaves)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                listed[found] = roster_find(roster, eligible[i]);
                found += listed[found] != NULL;
        }
        qsort(listed, found, sizeof(*listed), compare_keys);
        for (size_t i = 0; i < found; i++) {
                epoch_leaf(e, hub_secret, listed[i], leaf);
                merkle_leaf(leaf, sizeof(leaf), NULL, 0, &leaves[i]);
        }
        merkle_root(leaves, found, &root);
        memcpy(e->eligible_root, root.bytes, sizeof(e->eligible_root));
        return 0;
}
