/* When to close hours and to make and drop partitions; the SQL is store/rollups. Runs when it
 * can and then every minute, one request at a time, on a connection of its own: an hour of a large
 * network takes a while to close, and ticks must not wait for it. */
#pragma once

#include <uv.h>

#include "base/macro.h"
#include "hub/clock.h"
#include "store/store.h"

typedef struct Retain Retain;

typedef struct RetainOptions {
        const Store *writer; /* borrowed; nothing is done while its lock is not ours */
        const char *dsn;     /* copied */
        const HubClock *clock;
        unsigned days_raw, days_hour;
        int64_t lamports; /* reward of a tick */
} RetainOptions;

int retain_new(Retain **ret, uv_loop_t *loop, const RetainOptions *options);
Retain *retain_free(Retain *r);
/* The writer's lock is ours, or ours again. */
void retain_wake(Retain *r);
DEFINE_FREEP(Retain, retain_free);
