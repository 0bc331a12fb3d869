/* Organisations, and for how many days they keep what was seen where that is not as configured.
 * What is older is deleted by retention_step() of store/rollups. */
#pragma once

#include "base/id.h"
#include "store/store.h"

#define RETENTION_RAW_MAX  3650u /* days, as of the hub's settings; at least 1 */
#define RETENTION_HOUR_MAX 36500u

typedef struct RetentionRow {
        Uuid organisation;
        const char *name;
        uint32_t days_raw, days_hour; /* 0: as configured */
} RetentionRow;

typedef void (*RetentionRows)(int r, const RetentionRow *rows, size_t n, void *userdata);

typedef struct RetentionPage {
        bool own;      /* only organisations with days of their own */
        StorePage ids; /* of every organisation */
} RetentionPage;

/* Of organisations, oldest first. */
int retention_page(Store *s, const RetentionPage *page, RetentionRows callback, void *userdata,
                   StoreCall **ret);

typedef struct RetentionChange {
        Uuid organisation;
        const char *level; /* "raw" or "hour" */
        uint32_t days;     /* 0: as configured */
        const char *actor;
} RetentionChange;

/* -ENOENT: no such organisation. */
int retention_change(Store *s, const RetentionChange *change, StoreDone done, void *userdata,
                     StoreCall **ret);

extern const PqStatement *const retention_statements[];
