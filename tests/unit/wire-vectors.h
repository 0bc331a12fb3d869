/* The text of tests/integration/vectors.json: statements with fixed keys and contents, for every
 * implementation of dpin.v1. Binary values are hex; u64 and i64 are decimal strings. One line per
 * member of the outermost object. */
#pragma once

#include <stdio.h>

#include "base/encode.h"
#include "base/json.h"
#include "wire-fixture.h"
#include "wire/batch-proof.h"

static inline void vector_hex(JsonWriter *w, const char *name, const void *bytes, size_t n) {
        _cleanup_free_ char *text = malloc(HEX_SIZE(n));

        assert_non_null(text);
        json_writer_string(w, name, hex_encode(bytes, n, text));
}

static inline void vector_i64(JsonWriter *w, const char *name, int64_t value) {
        char text[24];

        snprintf(text, sizeof(text), "%lld", (long long)value);
        json_writer_string(w, name, text);
}

static inline void vector_key(JsonWriter *w, const char *name, uint8_t seed) {
        _cleanup_(sign_key_freep) SignKey *k = fixture_key(seed);
        char text[SIGN_KEY_TEXT_SIZE];
        uint8_t bytes[SIGN_SEED_SIZE];

        memset(bytes, seed, sizeof(bytes));
        json_writer_open_object(w, name);
        vector_hex(w, "seed", bytes, sizeof(bytes));
        vector_hex(w, "public", sign_key_public(k)->bytes, SIGN_PUBLIC_SIZE);
        json_writer_string(w, "privateKey", sign_key_to_text(k, text));
        json_writer_close(w);
}

static inline void vector_keys(JsonWriter *w) {
        vector_key(w, "network", SEED_NETWORK);
        vector_key(w, "hub", SEED_HUB);
        vector_key(w, "validator", SEED_VALIDATOR);
}

static inline void vector_order(JsonWriter *w) {
        SignScope scope = fixture_scope();
        uint8_t bytes[ORDER_SIZE_MAX];
        Order o = fixture_order();
        OrderId id = fixture_order_id();
        Hash leaf;

        assert_int_equal(order_encode(&o, bytes, sizeof(bytes)), ORDER_FIXED_SIZE);
        assert_int_equal(order_leaf(&scope, bytes, ORDER_FIXED_SIZE, &leaf), 0);
        json_writer_number(w, "orderType", o.type);
        json_writer_number(w, "family", o.family);
        json_writer_number(w, "seat", o.seat);
        json_writer_number(w, "n", o.n);
        vector_hex(w, "website", o.website.bytes, sizeof(o.website.bytes));
        json_writer_string(w, "spec", FIXTURE_SPEC);
        vector_hex(w, "specHash", o.spec.bytes, SIGN_HASH_SIZE);
        json_writer_number(w, "intervalMs", o.interval_ms);
        json_writer_number(w, "timeoutMs", o.timeout_ms);
        vector_i64(w, "start", o.start);
        vector_i64(w, "epoch", (int64_t)o.epoch.number);
        vector_hex(w, "commitment", o.epoch.commitment.bytes, SIGN_HASH_SIZE);
        vector_hex(w, "eligibleRoot", o.epoch.eligible.bytes, SIGN_HASH_SIZE);
        vector_hex(w, "nonce", o.nonce, sizeof(o.nonce));
        vector_hex(w, "bytes", bytes, ORDER_FIXED_SIZE);
        vector_hex(w, "id", id.bytes, sizeof(id.bytes));
        vector_hex(w, "leaf", leaf.bytes, SIGN_HASH_SIZE);
}

static inline void vector_tick(JsonWriter *w, uint32_t i) {
        uint8_t bytes[TICK_SIZE_MAX];
        Tick t = fixture_tick(i);
        int n;

        n = tick_encode(&t, bytes);
        assert_true(n > 0);
        json_writer_open_object(w, NULL);
        vector_hex(w, "order", t.order.bytes, sizeof(t.order.bytes));
        json_writer_string(w, "kind", tick_kind_name(t.kind));
        json_writer_string(w, "outcome", tick_outcome_name(t.outcome));
        json_writer_string(w, "error", tick_error_name(t.error));
        json_writer_number(w, "flags", t.flags);
        json_writer_number(w, "family", t.family);
        json_writer_number(w, "number", t.number);
        vector_i64(w, "start", t.start);
        json_writer_number(w, "status", t.status);
        json_writer_number(w, "expiryDays", t.expiry_days);
        json_writer_open_array(w, "phases");
        json_writer_number(w, NULL, t.phases.dns);
        json_writer_number(w, NULL, t.phases.connect);
        json_writer_number(w, NULL, t.phases.tls);
        json_writer_number(w, NULL, t.phases.wait);
        json_writer_number(w, NULL, t.phases.transfer);
        json_writer_close(w);
        json_writer_number(w, "bodyLength", t.body_length);
        vector_hex(w, "bodyHash", t.body_hash, sizeof(t.body_hash));
        vector_hex(w, "address", t.address, t.family == 6 ? 16 : t.family == 4 ? 4 : 0);
        vector_hex(w, "bytes", bytes, (size_t)n);
        json_writer_close(w);
}

static inline void vector_ticks(JsonWriter *w) {
        for (uint32_t i = 0; i < 4; i++)
                vector_tick(w, i);
}
