/* Any bytes as a receipt: what is parsed is within its limits, whoever signed it; signed anew it is
 * the same bytes, verified for its validator only. */
#include "property.h"
#include "wire/receipt.h"

static void check_signed(const Receipt *r, const uint8_t *data, size_t size) {
        const uint8_t seed[SIGN_SEED_SIZE] = { 1 };
        SignScope scope = { .network = { { 2 } } }, foreign = { .network = { { 3 } } };
        _cleanup_(sign_key_freep) SignKey *key = NULL;
        uint8_t again[RECEIPT_SIZE_MAX];
        const PublicKey *hub;
        int n;

        PROPERTY(sign_key_from_seed(seed, &key) == 0);
        hub = sign_key_public(key);
        n = receipt_seal(r, key, &scope, again);
        PROPERTY(n == (int)size && memcmp(data, again, size - SIGN_SIGNATURE_SIZE) == 0);
        PROPERTY(receipt_verify(again, (size_t)n, hub, &scope) == 0);
        PROPERTY(receipt_verify(again, (size_t)n, hub, &foreign) < 0);
        again[r->to % ((size_t)n - SIGN_SIGNATURE_SIZE)] ^= 1;
        PROPERTY(receipt_verify(again, (size_t)n, hub, &scope) < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        SignScope scope = {};
        Receipt r;

        PROPERTY(receipt_verify(data, size, &scope.network, &scope) < 0);
        if (receipt_parse(data, size, &r) < 0)
                return 0;
        PROPERTY(r.from >= 1 && r.from <= r.to && r.to <= INT64_MAX);
        PROPERTY(r.commit_time >= 0 && r.incarnation >= 1);
        PROPERTY(RECEIPT_FIXED_SIZE + r.extension.n == size);
        check_signed(&r, data, size);
        return 0;
}
