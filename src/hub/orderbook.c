/* One hash by order id, looked into for every tick, one by row; the orders of each validator in a
 * list. */
#include "hub/orderbook.h"

#include <errno.h>
#include <string.h>

/* Ids are the hub's own hashes, rows and validators are counted: all are as good as a hash of them.
 */
static inline unsigned key_hash(const void *key, size_t n) {
        uint64_t long_key;
        uint32_t short_key;

        if (n == sizeof(short_key)) {
                memcpy(&short_key, key, sizeof(short_key));
                return short_key;
        }
        memcpy(&long_key, key, sizeof(long_key));
        return (unsigned)long_key;
}

#define HASH_FUNCTION(key, n, ret) ((ret) = key_hash(key, n))
#include <uthash.h>
#include <utlist.h>

/* What is looked at to find it is next to what is looked at when it is found. */
typedef struct Entry {
        UT_hash_handle hh;
        WorkOrder order;
        UT_hash_handle by_row;
        struct Entry *prev, *next; /* of its validator */
} Entry;

typedef struct Owner {
        uint32_t validator;
        Entry *entries;
        UT_hash_handle hh;
} Owner;

/* A validator's clock is behind by what the hub's frames were under way when it learned the time: a
 * handshake may take so long, and a probe that comes right after it is dated so much before. */
#define CLOCK_BEHIND (20 * USEC_PER_SEC)
/* So long after a restart a probe of before may still begin, at a validator that has much to do. */
#define PROBE_PATIENCE (30 * USEC_PER_SEC)

struct OrderBook {
        Entry *entries, *rows;
        Owner *owners;
        uint64_t row;
        usec_t ask_until; /* slots started later are known, whatever their order */
};

int order_book_new(OrderBook **ret, uint64_t order_max) {
        OrderBook *b = calloc(1, sizeof(*b));

        if (!b)
                return -ENOMEM;
        b->row = order_max;
        *ret = b;
        return 0;
}

static Entry *entry_of(const WorkOrder *o) {
        return (Entry *)((const char *)o - offsetof(Entry, order));
}

static Owner *find_owner(const OrderBook *b, uint32_t validator) {
        Owner *o;

        HASH_FIND(hh, b->owners, &validator, sizeof(validator), o);
        return o;
}

static Owner *owner_of(OrderBook *b, uint32_t validator) {
        Owner *o = find_owner(b, validator);

        if (o)
                return o;
        o = calloc(1, sizeof(*o));
        if (!o)
                return NULL;
        o->validator = validator;
        HASH_ADD(hh, b->owners, validator, sizeof(validator), o);
        return o;
}

static void leave_owner(OrderBook *b, Entry *e) {
        Owner *o = find_owner(b, e->order.validator);

        DL_DELETE(o->entries, e);
        if (o->entries)
                return;
        HASH_DEL(b->owners, o);
        free(o);
}

static void entry_free(OrderBook *b, Entry *e) {
        leave_owner(b, e);
        HASH_DEL(b->entries, e);
        HASH_DELETE(by_row, b->rows, e);
        seen_done(&e->order.slots);
        seen_done(&e->order.probes);
        free(e);
}

OrderBook *order_book_free(OrderBook *b) {
        Entry *e, *next;

        if (!b)
                return NULL;
        HASH_ITER(hh, b->entries, e, next)
        entry_free(b, e);
        free(b);
        return NULL;
}

uint64_t order_book_take_row(OrderBook *b) {
        return ++b->row;
}

static usec_t interval_of(const WorkOrder *o) {
        return o->order.interval_ms * USEC_PER_MSEC;
}

/* Two starts within one slot are less than an interval apart. */
static usec_t ask_until(const WorkOrder *o) {
        return o->restored == 0 ? 0 : o->recalled + interval_of(o);
}

WorkOrder *order_book_add(OrderBook *b, const WorkOrder *order) {
        Entry *e = calloc(1, sizeof(*e));
        Owner *owner = e ? owner_of(b, order->validator) : NULL;

        if (!owner) {
                free(e);
                return NULL;
        }
        e->order = *order;
        e->order.slots = e->order.probes = (Seen){ 0 };
        HASH_ADD(hh, b->entries, order.id, sizeof(OrderId), e);
        HASH_ADD(by_row, b->rows, order.row, sizeof(e->order.row), e);
        DL_APPEND(owner->entries, e);
        b->ask_until = MAX(b->ask_until, ask_until(order));
        return &e->order;
}

WorkOrder *order_book_find_row(const OrderBook *b, uint64_t row) {
        Entry *e;

        HASH_FIND(by_row, b->rows, &row, sizeof(row), e);
        return e ? &e->order : NULL;
}

WorkOrder *order_book_find(const OrderBook *b, const OrderId *id) {
        Entry *e;

        HASH_FIND(hh, b->entries, id, sizeof(*id), e);
        return e ? &e->order : NULL;
}

void order_book_expire(OrderBook *b, usec_t before) {
        Entry *e, *next;

        HASH_ITER(hh, b->entries, e, next)
        if (e->order.removed > 0 && e->order.removed < before)
                entry_free(b, e);
}

size_t order_book_count(const OrderBook *b) {
        return HASH_COUNT(b->entries);
}

WorkOrder *order_book_next(const OrderBook *b, const WorkOrder *after) {
        Entry *next = after ? entry_of(after)->hh.next : b->entries;

        return next ? &next->order : NULL;
}

WorkOrder *order_book_next_of(const OrderBook *b, uint32_t validator, const WorkOrder *after) {
        const Owner *owner = after ? NULL : find_owner(b, validator);
        Entry *next = after ? entry_of(after)->next : owner ? owner->entries : NULL;

        return next ? &next->order : NULL;
}

usec_t work_order_earliest(const WorkOrder *o) {
        usec_t start = (usec_t)o->order.start;

        return start - MIN(start, interval_of(o) + CLOCK_BEHIND);
}

/* A slot was at its time, half an interval off at most; a probe whenever its order was there. */
bool work_order_asks(const WorkOrder *o, const Tick *tick) {
        usec_t half = interval_of(o) / 2;

        if (o->restored == 0)
                return false;
        if (tick->kind == TICK_SCHEDULED)
                return (usec_t)order_slot_time(&o->order, tick->number) < o->recalled + half;
        return tick->number <= o->probe_restored && work_order_earliest(o) < o->recalled;
}

bool order_book_may_ask(const OrderBook *b, const Tick *tick) {
        return b->ask_until > 0 &&
               (tick->kind != TICK_SCHEDULED || (usec_t)tick->start < b->ask_until);
}

static bool probe_was_issued(const WorkOrder *o, const Tick *tick) {
        if (tick->number == 0 || tick->number > o->probe_last)
                return false;
        return tick->number > o->probe_restored ||
               (usec_t)tick->start <= o->restored + PROBE_PATIENCE;
}

bool work_order_covers(const WorkOrder *o, uint32_t validator, const Tick *tick) {
        usec_t start = (usec_t)tick->start;

        if (o->validator != validator)
                return false;
        if (tick->kind == TICK_SCHEDULED) {
                if (!order_slot_matches(&o->order, tick->number, tick->start))
                        return false;
        } else if (!probe_was_issued(o, tick))
                return false;
        if (start < work_order_earliest(o))
                return false;
        return o->removed == 0 || start <= o->removed + 2 * interval_of(o);
}
