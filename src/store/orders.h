/* Work orders and the specifications they name. The hub allocates order ids itself, from
 * HubStateRow.order_max on, as ticks name them in the same commit. */
#pragma once

#include "base/id.h"
#include "store/store.h"
#include "wire/order.h"

void specification_put(PqTransaction *t, const uint8_t hash[static 32], const void *bytes,
                       size_t n);

typedef struct OrderRow {
        uint64_t id;
        uint8_t public_id[16];
        uint32_t website, validator;
        uint64_t epoch;
        uint8_t type, seat, n; /* type as OrderType of wire/order.h */
        uint32_t interval_ms, timeout_ms;
        usec_t starts;
        const uint8_t *bytes; /* as sent */
        size_t n_bytes;
        uint8_t spec_hash[32];
        uint64_t probes; /* highest probe number that may be issued, or may have been */
        /* from here only when loaded */
        usec_t removed; /* USEC_INFINITY: current */
        bool sent;
        Uuid website_id;
        uint8_t validator_key[32];
} OrderRow;

typedef void (*OrderRows)(int r, const OrderRow *rows, size_t n, void *userdata);

typedef struct OrderEnd {
        uint64_t id;
        usec_t removed;
} OrderEnd;

/* Of the frame it was sent in. */
typedef struct OrderProof {
        uint64_t id;
        const uint8_t *root, *signature, *path; /* 32, 64, n_path bytes */
        size_t n_path;
} OrderProof;

typedef struct OrderProbes {
        uint64_t id, probes;
} OrderProbes;

/* Each is one statement, and none for n = 0. */
void orders_put(PqTransaction *t, const OrderRow *rows, size_t n);
void orders_end(PqTransaction *t, const OrderEnd *rows, size_t n);
/* Sets sent_at, too. An order at most once. */
void orders_prove(PqTransaction *t, const OrderProof *rows, size_t n);
/* Only ever upwards. */
void orders_reserve_probes(PqTransaction *t, const OrderProbes *rows, size_t n);

typedef struct OrdersRecent {
        usec_t now, least;  /* hub time, a duration */
        unsigned intervals; /* of the website, as it is now */
} OrdersRecent;

/* Current ones and those removed since now - least, or so many intervals of their website; by id.
 */
int orders_load(Store *s, const OrdersRecent *recent, OrderRows callback, void *userdata,
                StoreCall **ret);

typedef struct OrdersNamed {
        uint32_t validator;
        const OrderId *ids; /* n of them */
        size_t n;
        usec_t since;
} OrdersNamed;

/* Those of this validator that were removed since then. */
int orders_find(Store *s, const OrdersNamed *named, OrderRows callback, void *userdata,
                StoreCall **ret);

extern const PqStatement *const orders_statements[];
