/* Epoch bounds and commitments. The choice made within an epoch is committee.c. */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "base/sha256.h"
#include "hub/epoch.h"
#include "wire/bytes.h"
#include "wire/sign.h"

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
        ByteWriter w = byte_writer(input, sizeof(input));

        write_bytes(&w, sign_domain(DOMAIN_EPOCH), SIGN_DOMAIN_SIZE);
        write_bytes(&w, website->bytes, sizeof(Uuid));
        write_u64(&w, e->number);
        hmac_sha256(hub_secret, input, sizeof(input), e->secret);
}

void epoch_commitment(const Epoch *e, uint8_t ret[static SHA256_SIZE]) {
        sha256(e->secret, sizeof(e->secret), ret);
}

/* HMAC(hub secret, domain salt | epoch secret | key): nobody but the hub can try values against a
 * leaf, not even after the epoch's secret is out. */
void epoch_salt(const uint8_t secret[static 32], const uint8_t *hub_secret,
                const uint8_t key[static 32], uint8_t ret[static SHA256_SIZE]) {
        uint8_t input[SIGN_DOMAIN_SIZE + 32 + SIGN_PUBLIC_SIZE];

        memcpy(input, sign_domain(DOMAIN_SALT), SIGN_DOMAIN_SIZE);
        memcpy(input + SIGN_DOMAIN_SIZE, secret, 32);
        memcpy(input + SIGN_DOMAIN_SIZE + 32, key, SIGN_PUBLIC_SIZE);
        hmac_sha256(hub_secret, input, sizeof(input), ret);
}

void epoch_leaf(const Epoch *e, const uint8_t *hub_secret, const Candidate *c,
                uint8_t ret[static EPOCH_LEAF_SIZE]) {
        uint8_t salt[SHA256_SIZE];
        Origin origin = candidate_origin(c);

        epoch_salt(e->secret, hub_secret, c->key, salt);
        choice_leaf(c->key, salt, &origin, ret);
}

int epoch_commit(Epoch *e, const uint8_t *hub_secret, const Roster *roster,
                 const uint32_t *eligible, size_t n) {
        _cleanup_free_ uint8_t(*leaves)[CHOICE_LEAF_SIZE] = calloc(MAX(n, 1u), sizeof(*leaves));
        size_t found = 0;
        Hash root;
        int r;

        if (!leaves)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                const Candidate *c = roster_find(roster, eligible[i]);

                if (c)
                        epoch_leaf(e, hub_secret, c, leaves[found++]);
        }
        r = choice_root(leaves, found, &root);
        if (r < 0)
                return r;
        memcpy(e->eligible_root, root.bytes, sizeof(e->eligible_root));
        return 0;
}
