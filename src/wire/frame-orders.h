/* Frames that hand out work: orders and probe (hub), suspect (validator). Signatures are over
 * (network key, validator key):
 *
 *      orders   DOMAIN_ORDERS: Merkle root (32) over order_leaf() of `add`, in the frame's order
 *               (merkle.h; of the empty tree when nothing is added). An order proven alone brings
 *               its path to that root. A probe's spare: the same, with one leaf.
 *      probe    DOMAIN_PROBE: order id (16) | number u32 | kind u8 | deadline i64
 *
 * `removed` and revisions are not signed: a removal only ever stops work. A full set that does not
 * fit into one frame is a frame with reset and then differences, each from the revision before. */
#pragma once

#include "base/json.h"
#include "wire/frame-hello.h"
#include "wire/order.h"
#include "wire/tick.h"

#define FRAME_ORDERS_MAX                                                                           \
        128 /* orders added or removed in one frame; 64 KiB may be full earlier                    \
             */

typedef struct FrameOrder {
        JsonBytes order; /* the sent bytes, order.h */
        JsonBytes spec;  /* the specification's exact bytes, spec.h; SHA-256 must be the order's */
} FrameOrder;

typedef struct FrameRemoved {
        OrderId order;
} FrameRemoved;

typedef struct FrameOrders {
        char type[FRAME_TYPE_SIZE];
        uint64_t base;     /* revision this is the difference from; 0 with reset */
        uint64_t revision; /* afterwards; above base */
        bool reset;        /* forget every order first */
        JsonArray add;     /* FrameOrder */
        JsonArray removed; /* FrameRemoved; JSON key "remove" */
        Signature signature;
} FrameOrders;

/* A probe's order when it is a spare's, which no orders frame brought. Absent: order.n is 0. */
typedef struct FrameSpare {
        JsonBytes order, spec;
        Signature signature; /* DOMAIN_ORDERS over the root of this one leaf */
} FrameSpare;

typedef struct FrameProbe {
        char type[FRAME_TYPE_SIZE];
        OrderId order;
        int64_t number;  /* 1..2^32-1, strictly increasing per order; at or below the highest seen:
                            ignored */
        char reason[12]; /* tick_kind_name() of TICK_CONFIRM, TICK_MANUAL or TICK_REFRESH */
        uint64_t deadline; /* µs, hub time: an answer later than that does not count */
        FrameSpare spare;
        Signature signature;
} FrameProbe;

/* Unsigned hint: the check of this slot is unanswered after 1 s. Never a vote. */
typedef struct FrameSuspect {
        char type[FRAME_TYPE_SIZE];
        OrderId order;
        int64_t slot;
} FrameSuspect;

extern const JsonField frame_orders_fields[], frame_probe_fields[], frame_suspect_fields[];

/* Leaves of f->add, in order; ret holds FRAME_ORDERS_MAX. Their number. For roots and paths that
 * the hub keeps. */
int frame_orders_leaves(const FrameOrders *f, const SignScope *scope, Hash *ret);
int frame_orders_root(const FrameOrders *f, const SignScope *scope, Hash *ret);
int frame_orders_sign(FrameOrders *f, const SignScope *scope, const SignKey *hub);
/* 0; -EBADMSG: signature wrong. Orders still have to be decoded, and their specs compared, one by
 * one: frame_order_open(). */
int frame_orders_verify(const FrameOrders *f, const SignScope *scope, const PublicKey *hub);
/* Decodes one entry: order, id, and the spec's hash compared with the order's. 0; -EBADMSG;
 * -EPROTONOSUPPORT. *ret borrows from the entry. */
int frame_order_open(const FrameOrder *entry, const SignScope *scope, Order *ret, OrderId *ret_id);

int frame_probe_sign(FrameProbe *f, const SignScope *scope, const SignKey *hub);
/* Signs f->spare; the order's bytes are set already. */
int frame_spare_sign(FrameSpare *s, const SignScope *scope, const SignKey *hub);
/* Verifies the probe and, when there is one, its spare. 0; -EBADMSG. */
int frame_probe_verify(const FrameProbe *f, const SignScope *scope, const PublicKey *hub);
/* TICK_CONFIRM, TICK_MANUAL or TICK_REFRESH; -EINVAL. */
int frame_probe_kind(const FrameProbe *f);
