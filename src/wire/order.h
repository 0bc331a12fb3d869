/* An order: what one validator checks, when, and for which seat. Sent bytes, big-endian:
 *
 *      0 version 1 | 1 type | 2 family | 3 seat | 4 n | 5 flags (0)
 *      6 extension length u16 | 8 website (16) | 24 specification hash (32)
 *      56 interval ms u32 | 60 timeout ms u32 | 64 start i64 | 72 epoch u64
 *      80 secret commitment (32) | 112 eligible root (32) | 144 nonce (16) | 160 extension
 *
 * Its signed bytes are the statement DOMAIN_ORDER over (network, validator) with the sent bytes as
 * body. Its id is the first 16 bytes of their SHA-256, so an id can never be given other content.
 * Its leaf in a frame's Merkle tree is SHA-256(0x00 | signed bytes); the hub signs the root of that
 * tree (frame-orders.h). Slot k is scheduled at start + k * T. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "wire/extension.h"
#include "wire/sign.h"

#define ORDER_VERSION         1
#define ORDER_FIXED_SIZE      160
#define ORDER_SIZE_MAX        (ORDER_FIXED_SIZE + EXTENSION_MAX)
#define ORDER_INTERVAL_MIN_MS (10 * 1000u)
#define ORDER_INTERVAL_MAX_MS (24 * 3600 * 1000u)
#define ORDER_TIMEOUT_RUN_MS                                                                       \
        (60 * 1000u) /* longer: refused where a validator's owner allows no more */

typedef enum OrderType {
        ORDER_SEAT = 1,  /* one seat of the committee */
        ORDER_SPARE = 2, /* only ever probed */
        ORDER_PANEL = 3, /* one seat of a regional panel */
} OrderType;

typedef struct OrderId {
        uint8_t bytes[16];
} OrderId;

/* What fixes the committee before it is known. */
typedef struct OrderEpoch {
        uint64_t number; /* per website */
        Hash commitment; /* SHA-256 of the epoch's secret */
        Hash eligible;   /* root of the eligible list */
} OrderEpoch;

typedef struct Order {
        /* What every tick of it is held against: near to each other. */
        int64_t start;        /* µs of hub time, of slot 0, seat offset included; >= 0 */
        uint32_t interval_ms; /* T, within ORDER_INTERVAL_MIN_MS..ORDER_INTERVAL_MAX_MS */
        uint32_t timeout_ms;  /* 1..T/2 */
        OrderType type;
        uint8_t family; /* 0 any, 4, 6 */
        uint8_t seat;   /* below n for seats and panels; 0 for spares */
        uint8_t n;      /* seats of the committee, 1..255 */
        Uuid website;
        Hash spec; /* SHA-256 of the specification's exact bytes (spec.h) */
        OrderEpoch epoch;
        uint8_t nonce[16];   /* random */
        Extension extension; /* borrowed: from the bytes decoded */
} Order;

/* Bytes written, at most ORDER_SIZE_MAX; -ENOBUFS: size too small; -EINVAL: a value out of its
 * limits. */
int order_encode(const Order *o, void *ret, size_t size);
/* 0; -EBADMSG: malformed or out of limits; -EPROTONOSUPPORT: unknown version, type, flag or
 * critical extension. */
int order_decode(const void *bytes, size_t n, Order *ret);

/* From the sent bytes; scope is (network, validator). 0; -EMSGSIZE: longer than ORDER_SIZE_MAX. */
int order_id(const SignScope *scope, const void *bytes, size_t n, OrderId *ret);
int order_leaf(const SignScope *scope, const void *bytes, size_t n, Hash *ret);
int order_id_equal(const OrderId *a, const OrderId *b);

/* Where the slots of an order are. */
typedef struct OrderGrid {
        int64_t start;
        uint32_t interval_ms;
} OrderGrid;

static inline OrderGrid order_grid(const Order *o) {
        return (OrderGrid){ o->start, o->interval_ms };
}

/* Scheduled time of slot k, µs. */
int64_t order_slot_time(OrderGrid grid, uint32_t slot);
/* 1: a tick of this slot may start then (|start - scheduled| < T/2). 0: not. */
int order_slot_matches(OrderGrid grid, uint32_t slot, int64_t start);
