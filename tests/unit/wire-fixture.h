/* Keys, orders, ticks, batches and receipts with fixed contents, for the tests of the wire layer
 * and for vectors.json. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "wire/batch.h"
#include "wire/merkle.h"
#include "wire/order.h"
#include "wire/receipt.h"
#include "wire/sign.h"

#define SEED_NETWORK   0x11
#define SEED_HUB       0x22 /* a later hub key */
#define SEED_VALIDATOR 0x33
#define FIXTURE_TIME   INT64_C(1700000000000000)
#define FIXTURE_SPEC                                                                               \
        "{\"type\":\"http\",\"url\":\"https://example.org/\",\"method\":\"GET\","                  \
        "\"redirects\":5,\"status\":\"200-399\"}"

static inline SignKey *fixture_key(uint8_t seed) {
        uint8_t bytes[SIGN_SEED_SIZE];
        SignKey *k = NULL;

        memset(bytes, seed, sizeof(bytes));
        assert_int_equal(sign_key_from_seed(bytes, &k), 0);
        return k;
}

static inline PublicKey fixture_public(uint8_t seed) {
        _cleanup_(sign_key_freep) SignKey *k = fixture_key(seed);

        return *sign_key_public(k);
}

static inline SignScope fixture_scope(void) {
        return (SignScope){
                .network = fixture_public(SEED_NETWORK),
                .subject = fixture_public(SEED_VALIDATOR),
        };
}

static inline Order fixture_order(void) {
        Order o = {
                .type = ORDER_SEAT,
                .seat = 2,
                .n = 4,
                .interval_ms = 60000,
                .timeout_ms = 10000,
                .start = FIXTURE_TIME,
                .epoch = { .number = 7 },
        };

        memset(o.website.bytes, 0x44, sizeof(o.website.bytes));
        hash_bytes(FIXTURE_SPEC, strlen(FIXTURE_SPEC), &o.spec);
        memset(o.epoch.commitment.bytes, 0x55, SIGN_HASH_SIZE);
        memset(o.epoch.eligible.bytes, 0x66, SIGN_HASH_SIZE);
        memset(o.nonce, 0x77, sizeof(o.nonce));
        return o;
}

static inline OrderId fixture_order_id(void) {
        SignScope scope = fixture_scope();
        uint8_t bytes[ORDER_SIZE_MAX];
        Order o = fixture_order();
        OrderId id;
        int n;

        n = order_encode(&o, bytes, sizeof(bytes));
        assert_true(n > 0);
        assert_int_equal(order_id(&scope, bytes, (size_t)n, &id), 0);
        return id;
}

/* Every kind, family, outcome and flag comes up as i grows. */
static inline Tick fixture_tick(uint32_t i) {
        static const uint8_t families[] = { 4, 6, 0 };
        Tick t = {
                .order = fixture_order_id(),
                .kind = i % _TICK_KIND_MAX,
                .outcome = TICK_UP + i % 3,
                .error = i % 3 == 0 ? TICK_ERROR_NONE : TICK_ERROR_TIMEOUT_WAIT,
                .flags = i % 4,
                .family = families[i % ELEMENTSOF(families)],
                .number = i + 1,
                .start = FIXTURE_TIME + (int64_t)i * 60000000,
                .status = 200,
                .expiry_days = 20000,
                .phases = { 1000 + i, 2000, 3000, 4000, 5000 },
                .body_length = 1256,
        };

        memset(t.body_hash, 0x88, sizeof(t.body_hash));
        memset(t.address, 0x99, t.family == 6 ? 16 : t.family == 4 ? 4 : 0);
        return t;
}

static inline BatchDraft fixture_draft(const Tick *ticks, uint16_t n) {
        BatchDraft d = {
                .header = {
                        .type = BATCH_TICKS,
                        .incarnation = 0x0123456789abcdef,
                        .sequence = 1,
                        .created = FIXTURE_TIME + 1,
                        .clock_offset = -250,
                        .count = n,
                },
                .ticks = ticks,
        };

        memset(d.secret, 0xaa, sizeof(d.secret));
        return d;
}
