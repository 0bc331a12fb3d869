/* Batches that wait for an answer of the database: one question a validator at a time, and a few of
 * all together, in turn, as commits wait behind them. What a validator sends meanwhile waits behind
 * its question, so that each still comes in order. */
#pragma once

#include "base/macro.h"
#include "store/batches.h"
#include "store/identities.h"
#include "store/orders.h"
#include "wire/batch.h"

#define LOOKUP_OPEN_MAX    8u  /* questions that the database has */
#define LOOKUP_WAITING_MAX 64u /* batches of a validator: more than its window allows */
/* of all batches that are asked for or wait */
#define LOOKUP_BYTES_MAX (UINT64_C(64) * 1024 * 1024)

typedef struct Lookups Lookups;

/* What was asked of ticks, and those that are stored. */
typedef struct LookupTicks {
        const TickQuestion *questions;
        size_t n_questions;
        const TickIdentity *rows;
        size_t n;
} LookupTicks;

typedef struct LookupOrders {
        const OrderRow *rows;
        size_t n;
} LookupOrders;

/* Batches are borrowed for the call. From within, the next question of this validator may be asked,
 * but the lookups must not be freed. When the database is lost nothing is answered: the validators
 * join again, and send again what was not acked. */
typedef struct LookupOps {
        /* stored: NULL when nothing of this stream and sequence is stored */
        void (*batch_found)(const PublicKey *validator, const Batch *b, const BatchRow *stored,
                            void *userdata);
        /* What the callee takes of the batch it sets to NULL, here and below. */
        void (*ticks_found)(const PublicKey *validator, Batch **b, const LookupTicks *found,
                            void *userdata);
        void (*orders_found)(const PublicKey *validator, Batch **b, const LookupOrders *found,
                             void *userdata);
        /* The database did not answer, or could not be asked, though it is there. */
        void (*failed)(const PublicKey *validator, const Batch *b, void *userdata);
        /* It waited, and it is its turn. */
        void (*turn)(const PublicKey *validator, Batch **b, void *userdata);
        void *userdata;
} LookupOps;

int lookups_new(Lookups **ret, Store *store, const LookupOps *ops);
Lookups *lookups_free(Lookups *l);
DEFINE_FREEP(Lookups, lookups_free);

/* 1: something of this validator is being looked up, so the batch waits and is taken over. 0:
 * nothing is. -ENOBUFS: too much waits already; -ENOMEM. */
int lookups_wait(Lookups *l, const PublicKey *validator, Batch **b);
/* Is this batch stored? Takes it over on success. 0; -ENOBUFS; -ENOMEM; -ENOTCONN. */
int lookups_batch(Lookups *l, const PublicKey *validator, uint32_t id, Batch **b);
/* Which ticks are stored? The same. */
int lookups_ticks(Lookups *l, const PublicKey *validator, const TickQuestions *questions,
                  Batch **b);
/* Which orders are these? The same. */
int lookups_orders(Lookups *l, const PublicKey *validator, const OrdersNamed *named, Batch **b);
