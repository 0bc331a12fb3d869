/* The dead man's handle: a URL of somebody else's that is called as long as this hub judges, so
 * that there it is noticed when the hub, its database or its machine stands still. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/macro.h"
#include "base/time.h"

typedef struct DeadMan DeadMan;

typedef struct DeadManOptions {
        const char *url;   /* a secret; borrowed, as the next one */
        const char *allow; /* addresses beside public ones: as guard_new() */
        usec_t interval;
        /* Why this hub does not judge now, a sentence without its full stop; NULL: it does. */
        const char *(*idle)(void *userdata);
        void *userdata;
} DeadManOptions;

/* Since the start. */
typedef struct DeadManCounters {
        uint64_t answered, failed, held; /* held: seconds for which a call was due */
} DeadManCounters;

int dead_man_new(DeadMan **ret, uv_loop_t *loop, const DeadManOptions *options);
DeadMan *dead_man_free(DeadMan *d);
DEFINE_FREEP(DeadMan, dead_man_free);

/* "called", "failing", "held", "starting"; of NULL "off". */
const char *dead_man_state(const DeadMan *d);
/* Takes NULL. */
DeadManCounters dead_man_counters(const DeadMan *d);
