/* Members and signatures of frames that hand out work; see frame-orders.h. */
#include "wire/frame-orders.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "wire/bytes.h"
#include "wire/merkle.h"
#include "wire/spec.h"

#define ID_SIZE    sizeof(OrderId)
#define PROBE_SIZE (ID_SIZE + 4 + 1 + 8)

static const JsonField order_fields[] = {
        { "order", JSON_BYTES, .offset = offsetof(FrameOrder, order), .size = ORDER_SIZE_MAX },
        { "spec", JSON_BYTES, .offset = offsetof(FrameOrder, spec), .size = SPEC_SIZE_MAX },
        {},
};

static const JsonField removed_fields[] = {
        { "order", JSON_FIXED, .offset = offsetof(FrameRemoved, order), .size = ID_SIZE },
        {},
};

static const JsonField spare_fields[] = {
        { "order", JSON_BYTES, .offset = offsetof(FrameSpare, order), .size = ORDER_SIZE_MAX },
        { "spec", JSON_BYTES, .offset = offsetof(FrameSpare, spec), .size = SPEC_SIZE_MAX },
        { "signature", JSON_FIXED, .offset = offsetof(FrameSpare, signature),
          .size = SIGN_SIGNATURE_SIZE },
        {},
};

const JsonField frame_orders_fields[] = {
        { "type", JSON_STRING, .offset = offsetof(FrameOrders, type), .size = FRAME_TYPE_SIZE },
        { "base", JSON_U64, .offset = offsetof(FrameOrders, base) },
        { "revision", JSON_U64, .offset = offsetof(FrameOrders, revision) },
        { "reset", JSON_BOOL, .offset = offsetof(FrameOrders, reset) },
        { "add", JSON_ARRAY, .offset = offsetof(FrameOrders, add), .size = sizeof(FrameOrder),
          .max = FRAME_ORDERS_MAX, .fields = order_fields },
        { "remove", JSON_ARRAY, .offset = offsetof(FrameOrders, removed),
          .size = sizeof(FrameRemoved), .max = FRAME_ORDERS_MAX, .fields = removed_fields },
        { "signature", JSON_FIXED, .offset = offsetof(FrameOrders, signature),
          .size = SIGN_SIGNATURE_SIZE },
        {},
};

const JsonField frame_probe_fields[] = {
        { "type", JSON_STRING, .offset = offsetof(FrameProbe, type), .size = FRAME_TYPE_SIZE },
        { "order", JSON_FIXED, .offset = offsetof(FrameProbe, order), .size = ID_SIZE },
        { "number", JSON_NUMBER, .offset = offsetof(FrameProbe, number), .min = 1,
          .max = UINT32_MAX },
        { "reason", JSON_STRING, .offset = offsetof(FrameProbe, reason), .size = 12 },
        { "deadline", JSON_U64, .offset = offsetof(FrameProbe, deadline) },
        { "spare", JSON_OBJECT, .optional = true, .offset = offsetof(FrameProbe, spare),
          .fields = spare_fields },
        { "signature", JSON_FIXED, .offset = offsetof(FrameProbe, signature),
          .size = SIGN_SIGNATURE_SIZE },
        {},
};

const JsonField frame_suspect_fields[] = {
        { "type", JSON_STRING, .offset = offsetof(FrameSuspect, type), .size = FRAME_TYPE_SIZE },
        { "order", JSON_FIXED, .offset = offsetof(FrameSuspect, order), .size = ID_SIZE },
        { "slot", JSON_NUMBER, .offset = offsetof(FrameSuspect, slot), .max = UINT32_MAX },
        {},
};

int frame_orders_leaves(const FrameOrders *f, const SignScope *scope, Hash *ret) {
        const FrameOrder *entries = f->add.items;

        if (f->add.n > FRAME_ORDERS_MAX)
                return -EMSGSIZE;
        for (size_t i = 0; i < f->add.n; i++) {
                int r = order_leaf(scope, entries[i].order.data, entries[i].order.n, &ret[i]);

                if (r < 0)
                        return r;
        }
        return (int)f->add.n;
}

int frame_orders_root(const FrameOrders *f, const SignScope *scope, Hash *ret) {
        Hash leaves[FRAME_ORDERS_MAX];
        int n;

        n = frame_orders_leaves(f, scope, leaves);
        if (n < 0)
                return n;
        merkle_root(leaves, (size_t)n, ret);
        return 0;
}

static Statement root_statement(const SignScope *scope, const Hash *root) {
        return (Statement){
                .domain = DOMAIN_ORDERS,
                .scope = scope,
                .body = root->bytes,
                .n = SIGN_HASH_SIZE,
        };
}

int frame_orders_sign(FrameOrders *f, const SignScope *scope, const SignKey *hub) {
        Statement s;
        Hash root;
        int r;

        r = frame_orders_root(f, scope, &root);
        if (r < 0)
                return r;
        s = root_statement(scope, &root);
        return sign_statement(hub, &s, &f->signature);
}

int frame_orders_verify(const FrameOrders *f, const SignScope *scope, const PublicKey *hub) {
        Statement s;
        Hash root;

        if (frame_orders_root(f, scope, &root) < 0)
                return -EBADMSG;
        s = root_statement(scope, &root);
        return sign_verify(hub, &s, &f->signature);
}

int frame_order_open(const FrameOrder *entry, const SignScope *scope, Order *ret, OrderId *ret_id) {
        OrderId id;
        Order order;
        Hash spec;
        int r;

        r = order_decode(entry->order.data, entry->order.n, &order);
        if (r < 0)
                return r;
        hash_bytes(entry->spec.data, entry->spec.n, &spec);
        if (!hash_equal(&spec, &order.spec))
                return -EBADMSG;
        r = order_id(scope, entry->order.data, entry->order.n, &id);
        if (r < 0)
                return r;
        *ret = order;
        *ret_id = id;
        return 0;
}

int frame_probe_kind(const FrameProbe *f) {
        for (int kind = TICK_CONFIRM; kind < _TICK_KIND_MAX; kind++)
                if (strcmp(f->reason, tick_kind_name((unsigned)kind)) == 0)
                        return kind;
        return -EINVAL;
}

/* 0 or -EINVAL. */
static int probe_body(const FrameProbe *f, uint8_t ret[static PROBE_SIZE]) {
        ByteWriter w = byte_writer(ret, PROBE_SIZE);
        int kind;

        kind = frame_probe_kind(f);
        if (kind < 0)
                return kind;
        write_bytes(&w, f->order.bytes, ID_SIZE);
        write_u32(&w, (uint32_t)f->number);
        write_u8(&w, (uint8_t)kind);
        write_u64(&w, f->deadline);
        return 0;
}

int frame_probe_sign(FrameProbe *f, const SignScope *scope, const SignKey *hub) {
        uint8_t body[PROBE_SIZE];
        Statement s = { .domain = DOMAIN_PROBE, .scope = scope, .body = body, .n = PROBE_SIZE };
        int r;

        r = probe_body(f, body);
        if (r < 0)
                return r;
        return sign_statement(hub, &s, &f->signature);
}

int frame_spare_sign(FrameSpare *s, const SignScope *scope, const SignKey *hub) {
        Statement statement;
        Hash leaf;
        int r;

        r = order_leaf(scope, s->order.data, s->order.n, &leaf);
        if (r < 0)
                return r;
        statement = root_statement(scope, &leaf);
        return sign_statement(hub, &statement, &s->signature);
}

static int spare_verify(const FrameProbe *f, const SignScope *scope, const PublicKey *hub) {
        const FrameSpare *spare = &f->spare;
        Statement s;
        OrderId id;
        Hash leaf;

        if (order_leaf(scope, spare->order.data, spare->order.n, &leaf) < 0 ||
            order_id(scope, spare->order.data, spare->order.n, &id) < 0)
                return -EBADMSG;
        if (!order_id_equal(&id, &f->order))
                return -EBADMSG;
        s = root_statement(scope, &leaf);
        return sign_verify(hub, &s, &spare->signature);
}

int frame_probe_verify(const FrameProbe *f, const SignScope *scope, const PublicKey *hub) {
        uint8_t body[PROBE_SIZE];
        Statement s = { .domain = DOMAIN_PROBE, .scope = scope, .body = body, .n = PROBE_SIZE };
        int r;

        if (probe_body(f, body) < 0)
                return -EBADMSG;
        r = sign_verify(hub, &s, &f->signature);
        if (r < 0)
                return r;
        return f->spare.order.n > 0 ? spare_verify(f, scope, hub) : 0;
}
