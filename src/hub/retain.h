/* When to close hours, to make and drop partitions and to delete what is too old; the SQL is
 * store/rollups. Runs as soon as it may and then every minute, one request at a time, on a
 * connection of its own: an hour of a large network takes a while to close, and ticks must not wait
 * for it. */
#pragma once

#include <uv.h>

#include "base/macro.h"
#include "hub/clock.h"
#include "store/store.h"

typedef struct Retain Retain;

typedef struct RetainOptions {
        const char *dsn; /* copied */
        const HubClock *clock;
        unsigned days_raw, days_hour;
        int64_t lamports; /* reward of a tick */
        /* Whether this hub is the writer, and verdicts are told up to its start: hours whose spans
         * are not whole must not be closed. */
        bool (*may_work)(void *userdata);
        /* Ticks that came before this moment can be read; asked only when it may work. */
        usec_t (*paged)(void *userdata);
        void *userdata;
} RetainOptions;

int retain_new(Retain **ret, uv_loop_t *loop, const RetainOptions *options);
Retain *retain_free(Retain *r);
DEFINE_FREEP(Retain, retain_free);
