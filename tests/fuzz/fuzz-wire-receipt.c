/* Any bytes as a receipt: what is parsed is within its limits, whoever signed it. */
#include <stdlib.h>

#include "wire/receipt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        SignScope scope = {};
        Receipt r;

        (void)receipt_verify(data, size, &scope.network, &scope);
        if (receipt_parse(data, size, &r) < 0)
                return 0;
        if (r.from < 1 || r.from > r.to || RECEIPT_FIXED_SIZE + r.extension.n != size)
                abort();
        return 0;
}
