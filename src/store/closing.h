/* An hour as whoever closes it reads and writes it: pages, verdicts and orders of some websites at
 * a time, the rollups of these, at last its rewards. What they come to: hub/hour-sums,
 * hub/hour-rewards. */
#pragma once

#include "base/macro.h"
#include "store/pages.h"
#include "store/store.h"

#define CLOSING_PHASES   5u   /* dns, connect, tls, wait, transfer */
#define CLOSING_QUARTERS 4u   /* of an hour */
#define CLOSING_BUCKETS  480u /* histogram_bucket() of the longest there can be, and more */

typedef struct ClosingDue {
        usec_t now;
        usec_t lateness; /* an hour closes when it has been over for so long */
} ClosingDue;

typedef struct ClosingHour {
        usec_t hour;   /* its beginning */
        uint32_t last; /* website there is */
} ClosingHour;

typedef void (*ClosingHours)(int r, const ClosingHour *rows, size_t n, void *userdata);

/* The oldest that is to be closed: one row, or none. */
int closing_hour_load(Store *s, const ClosingDue *due, ClosingHours callback, void *userdata,
                      StoreCall **ret);

typedef struct ClosingWebsites {
        usec_t hour;
        uint32_t first, last;
} ClosingWebsites;

typedef struct ClosingSpan {
        uint32_t website;
        char state[sizeof("MAINTENANCE")];
        usec_t started, ended; /* USEC_INFINITY: open */
} ClosingSpan;

typedef void (*ClosingSpans)(int r, const ClosingSpan *rows, size_t n, void *userdata);
typedef void (*ClosingPages)(int r, const TickPage *rows, size_t n, void *userdata);

/* Those that did not end before the hour, also those that began up to two days after it (no order
 * waits for longer), by website and start. */
int closing_spans_load(Store *s, const ClosingWebsites *which, ClosingSpans callback,
                       void *userdata, StoreCall **ret);
/* Those of the hour, in any order. */
int closing_pages_load(Store *s, const ClosingWebsites *which, ClosingPages callback,
                       void *userdata, StoreCall **ret);

typedef struct ClosingIds {
        const uint64_t *ids;
        size_t n;
} ClosingIds;

typedef struct ClosingOrder {
        uint64_t id;
        uint32_t validator;
        usec_t patience; /* its interval and its timeout */
} ClosingOrder;

typedef void (*ClosingOrders)(int r, const ClosingOrder *rows, size_t n, void *userdata);

/* Those of these that there are, by id. */
int closing_orders_load(Store *s, const ClosingIds *ids, ClosingOrders callback, void *userdata,
                        StoreCall **ret);

/* Rollups of some websites on their way: they take the place of those that are there, unless the
 * hour is closed: -ESTALE. */
typedef struct ClosingRows ClosingRows;

int closing_rows_new(ClosingRows **ret);
ClosingRows *closing_rows_free(ClosingRows *r);
DEFINE_FREEP(ClosingRows, closing_rows_free);

typedef struct RollupWebsite {
        uint32_t website;
        uint32_t up, down, abstain; /* ticks */
        const uint32_t *classes;    /* ticks by error class, 256 of them */
        const uint32_t *histogram;  /* up ticks by bucket, CLOSING_BUCKETS of them */
        uint64_t phase_sum[CLOSING_PHASES];
        uint32_t phase_max[CLOSING_PHASES];
        usec_t up_us, down_us;
        const uint8_t *quarters; /* latency_sums(), all in all, then of each of these */
        size_t n_quarters;
        const uint32_t *validators;
        size_t n_validators;
} RollupWebsite;

typedef struct RollupValidator {
        uint32_t website, validator;
        uint32_t up; /* ticks */
        uint64_t total_us;
} RollupValidator;

/* Copied. Without memory closing_rows_put() fails. */
void closing_rows_add(ClosingRows *r, const RollupWebsite *row);
void closing_rows_add_validator(ClosingRows *r, const RollupValidator *row);
/* Forgets them. 0, -ENOMEM. */
int closing_rows_put(ClosingRows *r, PqTransaction *t, usec_t hour);

typedef struct ClosingReward {
        uint32_t validator, ticks;
} ClosingReward;

typedef struct ClosingEnd {
        usec_t hour;
        int64_t lamports; /* of a tick; 0: no rewards */
        const ClosingReward *rewards;
        size_t n_rewards;
} ClosingEnd;

/* Its rollups are all written: pays, and says that it is closed; of its day's last hour the day,
 * too. -ESTALE: somebody else has closed it. */
void closing_end(PqTransaction *t, const ClosingEnd *end);

extern const PqStatement *const closing_statements[];
