/* Any bytes as an order: what is decoded is within its limits and encodes to the same bytes. */
#include "property.h"
#include "wire/order.h"

static void check_limits(const Order *o) {
        PROPERTY(o->type >= ORDER_SEAT && o->type <= ORDER_PANEL);
        PROPERTY(o->family == 0 || o->family == 4 || o->family == 6);
        PROPERTY(o->n >= 1 && o->seat < o->n && (o->type != ORDER_SPARE || o->seat == 0));
        PROPERTY(o->interval_ms >= ORDER_INTERVAL_MIN_MS);
        PROPERTY(o->interval_ms <= ORDER_INTERVAL_MAX_MS);
        PROPERTY(o->timeout_ms >= 1 && o->timeout_ms <= o->interval_ms / 2);
        PROPERTY(o->start >= 0 && o->epoch.number <= INT64_MAX);
}

/* Slots do not overlap, however late. */
static void check_slots(const Order *o, uint32_t slot) {
        int64_t at = order_slot_time(order_grid(o), slot), half = (int64_t)o->interval_ms * 500;

        PROPERTY(at >= o->start);
        if (at > INT64_MAX - 2 * half)
                return;
        PROPERTY(order_slot_matches(order_grid(o), slot, at) == 1);
        PROPERTY(order_slot_matches(order_grid(o), slot, at + half - 1) == 1);
        PROPERTY(order_slot_matches(order_grid(o), slot, at + half) == 0);
        PROPERTY(at - half < 0 || order_slot_matches(order_grid(o), slot, at - half) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        uint8_t again[ORDER_SIZE_MAX];
        SignScope scope = {};
        OrderId id;
        Order o;
        int n;

        if (order_decode(data, size, &o) < 0)
                return 0;
        check_limits(&o);
        n = order_encode(&o, again, sizeof(again));
        PROPERTY(n == (int)size && memcmp(data, again, size) == 0);
        PROPERTY(order_encode(&o, again, size - 1) < 0);
        PROPERTY(order_id(&scope, data, size, &id) == 0);
        check_slots(&o, 0);
        check_slots(&o, UINT32_MAX);
        check_slots(&o, (uint32_t)o.epoch.number);
        return 0;
}
