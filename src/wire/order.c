/* Orders; see order.h. */
#include "wire/order.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "wire/bytes.h"
#include "wire/merkle.h"

static bool order_valid(const Order *o) {
        if (o->type < ORDER_SEAT || o->type > ORDER_PANEL)
                return false;
        if (o->family != 0 && o->family != 4 && o->family != 6)
                return false;
        if (o->n == 0 || o->seat >= o->n || (o->type == ORDER_SPARE && o->seat != 0))
                return false;
        if (o->interval_ms < ORDER_INTERVAL_MIN_MS || o->interval_ms > ORDER_INTERVAL_MAX_MS)
                return false;
        if (o->timeout_ms == 0 || o->timeout_ms > o->interval_ms / 2)
                return false;
        return o->start >= 0 && o->epoch.number <= INT64_MAX;
}

int order_encode(const Order *o, void *ret, size_t size) {
        ByteWriter w = byte_writer(ret, size);

        if (!order_valid(o) || extension_check(&o->extension, 0) < 0)
                return -EINVAL;
        write_u8(&w, ORDER_VERSION);
        write_u8(&w, (uint8_t)o->type);
        write_u8(&w, o->family);
        write_u8(&w, o->seat);
        write_u8(&w, o->n);
        write_u8(&w, 0);
        write_u16(&w, (uint16_t)o->extension.n);
        write_bytes(&w, o->website.bytes, sizeof(o->website.bytes));
        write_bytes(&w, o->spec.bytes, SIGN_HASH_SIZE);
        write_u32(&w, o->interval_ms);
        write_u32(&w, o->timeout_ms);
        write_u64(&w, (uint64_t)o->start);
        write_u64(&w, o->epoch.number);
        write_bytes(&w, o->epoch.commitment.bytes, SIGN_HASH_SIZE);
        write_bytes(&w, o->epoch.eligible.bytes, SIGN_HASH_SIZE);
        write_bytes(&w, o->nonce, sizeof(o->nonce));
        write_bytes(&w, o->extension.bytes, o->extension.n);
        return write_finish(&w);
}

/* 0, or -EPROTONOSUPPORT for what a later version may bring. */
static int read_kind(ByteReader *r, Order *ret) {
        uint8_t version = read_u8(r), type = read_u8(r);

        ret->type = type;
        ret->family = read_u8(r);
        ret->seat = read_u8(r);
        ret->n = read_u8(r);
        if (read_u8(r) != 0 || version != ORDER_VERSION || type < ORDER_SEAT || type > ORDER_PANEL)
                return -EPROTONOSUPPORT;
        return 0;
}

static void read_body(ByteReader *r, Order *ret) {
        ret->extension.n = read_u16(r);
        read_bytes(r, ret->website.bytes, sizeof(ret->website.bytes));
        read_bytes(r, ret->spec.bytes, SIGN_HASH_SIZE);
        ret->interval_ms = read_u32(r);
        ret->timeout_ms = read_u32(r);
        ret->start = (int64_t)read_u63(r);
        ret->epoch.number = read_u63(r);
        read_bytes(r, ret->epoch.commitment.bytes, SIGN_HASH_SIZE);
        read_bytes(r, ret->epoch.eligible.bytes, SIGN_HASH_SIZE);
        read_bytes(r, ret->nonce, sizeof(ret->nonce));
        ret->extension.bytes = read_slice(r, ret->extension.n);
}

int order_decode(const void *bytes, size_t n, Order *ret) {
        ByteReader reader = byte_reader(bytes, n);
        Order o = {};
        int r;

        if (n < ORDER_FIXED_SIZE || n > ORDER_SIZE_MAX)
                return -EBADMSG;
        r = read_kind(&reader, &o);
        if (r < 0)
                return r;
        read_body(&reader, &o);
        if (read_finish(&reader) < 0 || !order_valid(&o))
                return -EBADMSG;
        r = extension_check(&o.extension, 0);
        if (r < 0)
                return r;
        *ret = o;
        return 0;
}

int order_id(const SignScope *scope, const void *bytes, size_t n, OrderId *ret) {
        Statement s = { .domain = DOMAIN_ORDER, .scope = scope, .body = bytes, .n = n };
        Hash hash;
        int r;

        if (n > ORDER_SIZE_MAX)
                return -EMSGSIZE;
        r = sign_hash(&s, &hash);
        if (r < 0)
                return r;
        memcpy(ret->bytes, hash.bytes, sizeof(ret->bytes));
        return 0;
}

int order_leaf(const SignScope *scope, const void *bytes, size_t n, Hash *ret) {
        uint8_t prefix[SIGN_PREFIX_SIZE];

        if (n > ORDER_SIZE_MAX)
                return -EMSGSIZE;
        sign_prefix(DOMAIN_ORDER, scope, prefix);
        merkle_leaf(prefix, sizeof(prefix), bytes, n, ret);
        return 0;
}

int order_id_equal(const OrderId *a, const OrderId *b) {
        return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

int64_t order_slot_time(OrderGrid grid, uint32_t slot) {
        int64_t offset, at;

        if (__builtin_mul_overflow((int64_t)grid.interval_ms * 1000, (int64_t)slot, &offset) ||
            __builtin_add_overflow(grid.start, offset, &at))
                return INT64_MAX;
        return at;
}

int order_slot_matches(OrderGrid grid, uint32_t slot, int64_t start) {
        int64_t scheduled = order_slot_time(grid, slot), half = (int64_t)grid.interval_ms * 500;

        if (start < 0)
                return 0;
        return start > scheduled ? start - scheduled < half : scheduled - start < half;
}
