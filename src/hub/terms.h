/* An order as the hub keeps it: what it has in common with the others of its website's epoch is
 * there once for all of them. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "wire/order.h"

/* Without a hole: compared as bytes. */
typedef struct OrderTerms {
        uint64_t epoch;
        Hash commitment, eligible; /* see OrderEpoch */
        Hash spec;
        Uuid website;
} OrderTerms;

/* The rest; values and units as in Order. */
typedef struct KeptOrder {
        int64_t start;
        uint32_t interval_ms, timeout_ms;
        uint8_t type; /* OrderType */
        uint8_t family, seat, n;
        uint8_t nonce[16];
        const OrderTerms *terms; /* borrowed */
} KeptOrder;

/* Its extension is left out. ret_terms is borrowed by what is returned. */
KeptOrder order_keep(const Order *o, OrderTerms *ret_terms);
Order kept_order(const KeptOrder *k);
OrderGrid kept_order_grid(const KeptOrder *k);

bool order_terms_equal(const OrderTerms *a, const OrderTerms *b);
/* With one user. NULL: out of memory. */
const OrderTerms *order_terms_copy(const OrderTerms *t);
/* One user more of a copy. */
const OrderTerms *order_terms_ref(const OrderTerms *t);
/* Frees a copy with its last user. */
void order_terms_unref(const OrderTerms *t);
