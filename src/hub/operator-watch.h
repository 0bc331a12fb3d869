/* Looks whether dpin itself is well, every few seconds while this hub works: what the database does
 * not know is read here, the rest and all memory of it is there. A database that is away cannot be
 * told of by way of it: that is the dead man's. */
#pragma once

#include <uv.h>

#include "base/refusals.h"
#include "store/operator-alerts.h"

typedef struct OperatorWatch OperatorWatch;

typedef struct OperatorWatchOptions {
        const char *directory; /* of the hub's keys; borrowed, as the next one */
        Refusals *refusals;    /* limits lines of the log */
        /* The store and the view without its bytes; NULL: this hub is not the one that works. */
        Store *(*view)(OperatorView *ret, void *userdata);
        void *userdata;
} OperatorWatchOptions;

int operator_watch_new(OperatorWatch **ret, uv_loop_t *loop, const OperatorWatchOptions *options);
/* Before the store. */
OperatorWatch *operator_watch_free(OperatorWatch *w);
DEFINE_FREEP(OperatorWatch, operator_watch_free);
