/* What a hub that begins anew reads for votes: the newest pages of websites, and when the batches
 * came that their ticks are from. */
#pragma once

#include "base/time.h"
#include "store/pages.h"
#include "store/store.h"

typedef struct RecentPages {
        uint32_t website;
        usec_t since; /* its pages from the five minutes on in which this is */
} RecentPages;

typedef struct RecentQuery {
        const RecentPages *websites; /* n of them, at least one */
        size_t n;
        usec_t until; /* and to the end of those in which this is */
} RecentQuery;

typedef void (*RecentTicks)(int r, const TickPage *rows, size_t n, void *userdata);

/* In any order; a website that is there twice is answered twice. */
int recent_pages_load(Store *s, const RecentQuery *q, RecentTicks callback, void *userdata,
                      StoreCall **ret);

typedef struct BatchArrival {
        uint64_t id;
        usec_t arrived;
} BatchArrival;

typedef struct BatchQuestion {
        const uint64_t *ids; /* n of them, at least one */
        size_t n;
        usec_t since; /* none of them arrived earlier */
} BatchQuestion;

typedef void (*BatchArrivals)(int r, const BatchArrival *rows, size_t n, void *userdata);

/* Of those whose validator knew the time, in any order. */
int batch_arrivals_load(Store *s, const BatchQuestion *q, BatchArrivals callback, void *userdata,
                        StoreCall **ret);

extern const PqStatement *const recent_statements[];
