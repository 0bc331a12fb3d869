/* When to close hours and to make and drop partitions; the SQL is store/rollups. Runs at once and
 * then every minute, one request at a time. */
#pragma once

#include <uv.h>

#include "base/macro.h"
#include "hub/clock.h"
#include "store/store.h"

typedef struct Retain Retain;

typedef struct RetainOptions {
        Store *store; /* borrowed, as clock */
        const HubClock *clock;
        unsigned days_raw, days_hour;
        int64_t lamports; /* reward of a tick */
} RetainOptions;

int retain_new(Retain **ret, uv_loop_t *loop, const RetainOptions *options);
Retain *retain_free(Retain *r);
DEFINE_FREEP(Retain, retain_free);
