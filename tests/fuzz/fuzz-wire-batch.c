/* Any bytes as a batch: parsed or refused; and what is parsed can be verified and proven without
 * reading outside of it. */
#include <string.h>

#include "wire/batch-proof.h"
#include "wire/batch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(batch_freep) Batch *b = NULL;
        SignScope scope = {};
        BatchProof proof;
        Tick tick;

        if (batch_parse(data, size, &b) < 0)
                return 0;
        (void)batch_verify(b, &scope);
        if (b->frame_size != size || memcmp(b->frame, data, size) != 0)
                abort();
        if (batch_prove(b, (uint16_t)(b->header.count - 1), &proof) == 0)
                (void)batch_proof_verify(&proof, &scope, &tick);
        return 0;
}
