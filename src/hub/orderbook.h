/* Work orders in memory: found by id when a tick names them, and per validator when it must be
 * told. A removed one stays for a while; who sends what is older lets it be read again. Knows
 * nothing of websites' verdicts or of the database. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/macro.h"
#include "base/time.h"
#include "hub/effects.h"
#include "hub/seen.h"
#include "hub/terms.h"
#include "wire/tick.h"

/* For the longer of these a removed order stays here: ticks of it are on their way, and its votes
 * count in a hub that begins anew. */
#define ORDER_KEPT_LEAST     (10 * USEC_PER_MIN)
#define ORDER_KEPT_INTERVALS 3u
/* What starts further ahead of hub time is refused. */
#define TICK_AHEAD_MAX (2 * USEC_PER_SEC)

typedef struct OrderBook OrderBook;
typedef struct Website Website;

typedef struct WorkOrder {
        /* What every tick needs, in two lines of the cache. */
        OrderId id;       /* first: it is found by it */
        Website *website; /* borrowed; NULL: the website is gone, its last ticks may still come */
        uint64_t row;     /* id of the database */
        Seen slots;       /* identities of its stored ticks */
        uint32_t validator;
        uint32_t probe_last; /* number issued; never above probe_stored */
        usec_t removed;      /* 0: current */
        KeptOrder order;
        usec_t used; /* after it was removed, the last time: see work_order_use() */
        /* What only probes need. */
        Seen probes;
        /* numbers possibly issued, as the database has it, and as it will when its commit is done
         */
        uint32_t probe_stored, probe_reserved;
        uint32_t probe_restored; /* numbers up to here may have been issued before it was restored
                                  */
        usec_t restored;         /* when it was read from the database; 0: made by this hub */
        usec_t recalled; /* what is stored of it and started later is known; it moves back */
        /* What it takes to tell of it. */
        uint64_t commit_no; /* in which it is stored; it is not sent before */
        bool sent;          /* ever; its proof is stored */
        bool told; /* on its validator's connection of now; true for a spare, which its probe brings
                    */
        bool probe_waits; /* until the validator is told of the order */
        SiteProbe probe;
        /* Where the list of all orders of the website begins, which the book keeps; NULL: it is
         * gone. */
        struct WorkOrder **kin, *prev, *next;
} WorkOrder;

/* As sent and stored: the hub writes no extension. */
#define WORK_ORDER_SIZE ORDER_FIXED_SIZE
void work_order_encode(const WorkOrder *o, uint8_t ret[static WORK_ORDER_SIZE]);

/* order_max: highest id in the database. */
int order_book_new(OrderBook **ret, uint64_t order_max);
OrderBook *order_book_free(OrderBook *b);
DEFINE_FREEP(OrderBook, order_book_free);

uint64_t order_book_take_row(OrderBook *b);
/* NULL: unknown. */
WorkOrder *order_book_find_row(const OrderBook *b, uint64_t row);
/* Adds a copy (its identities start empty), with terms of its own; borrowed until it expires. NULL:
 * out of memory. */
WorkOrder *order_book_add(OrderBook *b, const WorkOrder *order);
WorkOrder *order_book_find(const OrderBook *b, const OrderId *id);
/* Those of n ticks, NULL for the unknown: their memory is fetched all at once, which for orders by
 * the hundred thousand takes a small part of the time of one after the other. */
void order_book_find_all(const OrderBook *b, const Tick *ticks, size_t n, WorkOrder **ret);
/* Somebody needs it now: a removed one stays for as long again. */
void work_order_use(WorkOrder *o, usec_t now);
/* Whether this validator's are borrowed by others still. */
typedef bool (*OrderNeeded)(uint32_t validator, const void *userdata);
/* Frees those that were removed and of no use for as long as they stay. now: what was taken until
 * then is on pages, where it is found when they are read again. After a leap of that nothing is
 * freed: what ended before it may not be stored. needed: NULL for never. */
#define ORDER_LEAP (5 * USEC_PER_MIN)
void order_book_expire(OrderBook *b, usec_t now, OrderNeeded needed, const void *userdata);
/* May a tick that names none of these name one that was freed? One that started lately does not. */
bool order_book_may_have_freed(const Tick *tick, usec_t now);
size_t order_book_count(const OrderBook *b);
/* Steps through those of one validator: the first for NULL. One that is added in between comes
 * last, expiring ends the walk. */
WorkOrder *order_book_next_of(const OrderBook *b, uint32_t validator, const WorkOrder *after);

/* Their website goes: they know of none then, and are no list any more. */
void work_orders_orphan(WorkOrder **kin);
/* No tick of it is dated before: it is made up to an interval before its start, the first slot. */
usec_t work_order_earliest(const WorkOrder *o);
/* Its identity may be stored since then; what is before recalled is not known here, and the
 * database has to be asked for it. USEC_INFINITY: it cannot be stored without being known. */
usec_t work_order_needs(const WorkOrder *o, const Tick *tick);
/* false: none of the orders here does, whichever the tick names. */
bool order_book_may_ask(const OrderBook *b, const Tick *tick);

/* May this validator's tick have been started then under this order? Assigned = within [earliest,
 * removal + 2 T], a scheduled one at its slot, a probe once its number was issued. Which of the
 * numbers reserved before a restart were issued nobody knows: they are good for what starts within
 * half a minute of it. */
bool work_order_covers(const WorkOrder *o, uint32_t validator, const Tick *tick);
