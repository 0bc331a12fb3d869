/* Any bytes as the parts of a proof: header (its size first), tick, salt, path. Nobody signed them,
 * so nothing is ever shown by them. */
#include "property.h"
#include "wire/batch-proof.h"

typedef struct Input {
        const uint8_t *at;
        size_t left;
} Input;

static void take(Input *in, void *ret, size_t n) {
        n = MIN(n, in->left);
        memcpy(ret, in->at, n);
        in->at += n;
        in->left -= n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        SignScope scope = { .network = { { 2 } }, .subject = { { 3 } } };
        Input in = { data, size };
        BatchProof p = { 0 };
        uint8_t sizes[4] = { 0 };
        Tick tick;

        if (size == 0)
                return 0;
        take(&in, sizes, sizeof(sizes));
        take(&in, &p.index, sizeof(p.index));
        p.header_size = (size_t)(sizes[0] << 8 | sizes[1]); /* may be too long */
        p.tick_size = sizes[2] % (TICK_SIZE_MAX + 1);
        p.path_n = sizes[3] % (MERKLE_PATH_MAX + 1);
        take(&in, p.header, MIN(p.header_size, sizeof(p.header)));
        take(&in, p.tick, p.tick_size);
        take(&in, p.salt, sizeof(p.salt));
        take(&in, p.path, p.path_n * sizeof(*p.path));
        take(&in, &p.signature, sizeof(p.signature));
        PROPERTY(batch_proof_verify(&p, &scope, &tick) < 0);
        return 0;
}
