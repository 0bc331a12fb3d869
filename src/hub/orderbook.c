/* A table by id, looked into for every tick, and one by row; the orders of each validator in a
 * list.
 */
#include "hub/orderbook.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "hub/keytable.h"

/* Validators are counted: as good as a hash of them. */
static inline unsigned key_hash(const void *key, size_t n _unused_) {
        uint32_t validator;

        memcpy(&validator, key, sizeof(validator));
        return validator;
}

#define HASH_FUNCTION(key, n, ret) ((ret) = key_hash(key, n))
#include <uthash.h>
#include <utlist.h>

/* Begins where a line of the cache does. */
typedef struct Entry {
        WorkOrder order;
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

_Static_assert(offsetof(Entry, order) == 0 && offsetof(WorkOrder, id) == 0 &&
                               offsetof(WorkOrder, order.nonce) <= 2 * CACHE_LINE,
               "what is found by its id, and held against a tick, is in two lines");

struct OrderBook {
        KeyTable *ids, *rows;
        Owner *owners;
        size_t n;
        uint64_t row;
        usec_t expired;   /* when that was looked for */
        usec_t ask_until; /* slots started later are known, whatever their order */
};

int order_book_new(OrderBook **ret, uint64_t order_max) {
        _cleanup_(order_book_freep) OrderBook *b = calloc(1, sizeof(*b));
        int r;

        if (!b)
                return -ENOMEM;
        b->row = order_max;
        r = key_table_new(&b->ids);
        if (r < 0)
                return r;
        r = key_table_new(&b->rows);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(b);
        return 0;
}

/* Ids are the hub's own hashes: as good as a hash of them. */
static uint64_t id_key(const OrderId *id) {
        uint64_t key;

        memcpy(&key, id->bytes, sizeof(key));
        return key;
}

/* Rows are counted, and many of them are gone: those that stand are spread over the table. */
static uint64_t row_key(uint64_t row) {
        return __builtin_bswap64(row * UINT64_C(0x9e3779b97f4a7c15));
}

static Entry *entry_of(const WorkOrder *o) {
        return (Entry *)o;
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

/* One without any. */
static void drop_owner(OrderBook *b, Owner *o) {
        if (!o || o->entries)
                return;
        HASH_DEL(b->owners, o);
        free(o);
}

static void leave_owner(OrderBook *b, Entry *e) {
        Owner *o = find_owner(b, e->order.validator);

        DL_DELETE(o->entries, e);
        drop_owner(b, o);
}

static void join_kin(WorkOrder *o) {
        if (o->kin)
                DL_APPEND(*o->kin, o);
}

static void leave_kin(WorkOrder *o) {
        if (o->kin)
                DL_DELETE(*o->kin, o);
        o->kin = NULL;
}

void work_orders_orphan(WorkOrder **kin) {
        WorkOrder *o;

        while ((o = *kin)) {
                leave_kin(o);
                o->website = NULL;
        }
}

static void entry_done(Entry *e) {
        if (e)
                order_terms_unref(e->order.order.terms);
        free(e);
}

static void entry_free(OrderBook *b, Entry *e) {
        leave_owner(b, e);
        leave_kin(&e->order);
        key_table_remove(b->ids, id_key(&e->order.id), e);
        key_table_remove(b->rows, row_key(e->order.row), e);
        b->n--;
        seen_done(&e->order.slots);
        seen_done(&e->order.probes);
        entry_done(e);
}

OrderBook *order_book_free(OrderBook *b) {
        if (!b)
                return NULL;
        while (b->owners)
                entry_free(b, b->owners->entries);
        key_table_free(b->ids);
        key_table_free(b->rows);
        free(b);
        return NULL;
}

uint64_t order_book_take_row(OrderBook *b) {
        return ++b->row;
}

/* There is none that could not be encoded: it was made so, or read from its bytes. */
void work_order_encode(const WorkOrder *o, uint8_t ret[static WORK_ORDER_SIZE]) {
        const Order order = kept_order(&o->order);
        int r = order_encode(&order, ret, WORK_ORDER_SIZE);

        assert(r == WORK_ORDER_SIZE);
}

static usec_t interval_of(const WorkOrder *o) {
        return o->order.interval_ms * USEC_PER_MSEC;
}

/* Two starts within one slot are less than an interval apart. */
static usec_t ask_until(const WorkOrder *o) {
        return o->restored == 0 ? 0 : o->recalled + interval_of(o);
}

/* Those of the same epoch, where one of it is here. */
static const OrderTerms *terms_of(const WorkOrder *made) {
        const OrderTerms *terms = made->order.terms;
        const WorkOrder *o = made->kin ? *made->kin : NULL;

        while (o && !order_terms_equal(o->order.terms, terms))
                o = o->next;
        return o ? order_terms_ref(o->order.terms) : order_terms_copy(terms);
}

static Entry *entry_new(const WorkOrder *made) {
        Entry *e = line_alloc(sizeof(*e));

        if (!e)
                return NULL;
        e->order = *made;
        e->order.slots = e->order.probes = (Seen){ 0 };
        e->order.order.terms = terms_of(made);
        if (!e->order.order.terms) {
                free(e);
                return NULL;
        }
        return e;
}

/* 0, -ENOMEM; then it is in none. */
static int enter_tables(OrderBook *b, Entry *e) {
        int r = key_table_put(b->ids, id_key(&e->order.id), e);

        if (r < 0)
                return r;
        r = key_table_put(b->rows, row_key(e->order.row), e);
        if (r < 0)
                key_table_remove(b->ids, id_key(&e->order.id), e);
        return r;
}

WorkOrder *order_book_add(OrderBook *b, const WorkOrder *made) {
        Entry *e = entry_new(made);
        Owner *owner = e ? owner_of(b, made->validator) : NULL;

        if (!owner || enter_tables(b, e) < 0) {
                entry_done(e);
                drop_owner(b, owner);
                return NULL;
        }
        DL_APPEND(owner->entries, e);
        join_kin(&e->order);
        b->n++;
        b->ask_until = MAX(b->ask_until, ask_until(made));
        return &e->order;
}

WorkOrder *order_book_find_row(const OrderBook *b, uint64_t row) {
        return key_table_next(b->rows, row_key(row), NULL); /* each has another key */
}

/* The order is the first thing in an entry. */
WorkOrder *order_book_find(const OrderBook *b, const OrderId *id) {
        WorkOrder *o = NULL;

        do
                o = key_table_next(b->ids, id_key(id), o);
        while (o && !order_id_equal(&o->id, id));
        return o;
}

void order_book_find_all(const OrderBook *b, const Tick *ticks, size_t n, WorkOrder **ret) {
        for (size_t i = 0; i < n; i++)
                key_table_fetch(b->ids, id_key(&ticks[i].order));
        for (size_t i = 0; i < n; i++) {
                ret[i] = key_table_next(b->ids, id_key(&ticks[i].order), NULL);
                if (ret[i])
                        fetch_lines(ret[i], offsetof(WorkOrder, order.nonce));
        }
        for (size_t i = 0; i < n; i++)
                if (ret[i] && !order_id_equal(&ret[i]->id, &ticks[i].order))
                        ret[i] = order_book_find(b, &ticks[i].order);
}

void work_order_use(WorkOrder *o, usec_t now) {
        if (o->removed > 0)
                o->used = MAX(o->used, now);
}

static usec_t kept_until(const WorkOrder *o) {
        return MAX(o->removed, o->used) +
               MAX(ORDER_KEPT_LEAST, ORDER_KEPT_INTERVALS * interval_of(o));
}

static bool may_free(const WorkOrder *o, usec_t now, OrderNeeded needed, const void *userdata) {
        return o->removed > 0 && kept_until(o) < now && !(needed && needed(o->validator, userdata));
}

void order_book_expire(OrderBook *b, usec_t now, OrderNeeded needed, const void *userdata) {
        bool leapt = now > b->expired + ORDER_LEAP;
        Owner *owner, *next_owner;
        Entry *e, *next;

        b->expired = now;
        if (leapt)
                return;
        HASH_ITER(hh, b->owners, owner, next_owner) {
                DL_FOREACH_SAFE(owner->entries, e, next) {
                        if (may_free(&e->order, now, needed, userdata))
                                entry_free(b, e);
                }
        }
}

/* Its last tick may have started two intervals after it was removed: see work_order_covers(). */
bool order_book_may_have_freed(const Tick *tick, usec_t now) {
        return (usec_t)tick->start + ORDER_KEPT_LEAST / ORDER_KEPT_INTERVALS < now;
}

size_t order_book_count(const OrderBook *b) {
        return b->n;
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
usec_t work_order_needs(const WorkOrder *o, const Tick *tick) {
        usec_t half = interval_of(o) / 2, slot;

        if (o->restored == 0)
                return USEC_INFINITY;
        if (tick->kind == TICK_SCHEDULED) {
                slot = (usec_t)order_slot_time(kept_order_grid(&o->order), tick->number);
                return slot - MIN(slot, half);
        }
        return tick->number <= o->probe_restored ? work_order_earliest(o) : USEC_INFINITY;
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
                if (!order_slot_matches(kept_order_grid(&o->order), tick->number, tick->start))
                        return false;
        } else if (!probe_was_issued(o, tick))
                return false;
        if (start < work_order_earliest(o))
                return false;
        return o->removed == 0 || start <= o->removed + 2 * interval_of(o);
}
