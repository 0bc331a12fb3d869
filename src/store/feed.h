/* What the live feed reads of the hub's commits: batches as they were signed, and whose websites
 * the orders in them are for. */
#pragma once

#include "base/id.h"
#include "store/store.h"
#include "wire/order.h"

typedef struct FeedBatch {
        uint64_t id, commit_no;
        uint32_t count;       /* of ticks, as the hub counted them */
        const uint8_t *codes; /* their dispositions, n_codes of them */
        size_t n_codes;
        const uint8_t *frame;
        size_t n_frame;
        const char *validator, *region; /* key as text; "": none */
        uint64_t revision;              /* the highest of all websites at this time */
} FeedBatch;

typedef void (*FeedBatches)(int r, const FeedBatch *rows, size_t n, void *userdata);

typedef struct BatchFeed {
        uint64_t after, until; /* after < commit_no <= until */
        unsigned limit;        /* ticks: as many in the answer or more, and there may be others with
                                  the last commit_no and after */
} BatchFeed;

/* By commit_no and id; gaps are left out. */
int feed_batches_load(Store *s, const BatchFeed *feed, FeedBatches callback, void *userdata,
                      StoreCall **ret);

typedef struct FeedOrder {
        OrderId id;
        uint32_t organisation;
        Uuid website; /* that may be removed already */
} FeedOrder;

typedef void (*FeedOrders)(int r, const FeedOrder *rows, size_t n, void *userdata);

typedef struct OrderIds {
        const OrderId *ids;
        size_t n;
} OrderIds;

/* Those of these that there are, in any order. */
int feed_orders_load(Store *s, const OrderIds *ids, FeedOrders callback, void *userdata,
                     StoreCall **ret);

extern const PqStatement *const feed_statements[];
