/* Any bytes as an order: what is decoded encodes to the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "wire/order.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        uint8_t again[ORDER_SIZE_MAX];
        SignScope scope = {};
        OrderId id;
        Order o;
        int n;

        if (order_decode(data, size, &o) < 0)
                return 0;
        n = order_encode(&o, again, sizeof(again));
        if (n != (int)size || memcmp(data, again, size) != 0)
                abort();
        if (order_id(&scope, data, size, &id) < 0)
                abort();
        (void)order_slot_matches(&o, UINT32_MAX, o.start);
        return 0;
}
