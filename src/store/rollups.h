/* The partitions of what was seen, and its end. The SQL functions are in sql/. */
#pragma once

#include "store/store.h"

typedef void (*RollupCount)(int r, int64_t n, void *userdata);

typedef struct Retention {
        usec_t now;
        unsigned days_raw;  /* ticks and batches; of organisations that say nothing else */
        unsigned days_hour; /* hourly rollups, likewise */
        unsigned step;      /* rows deleted and websites looked at in one retention_step() */
} Retention;

/* Makes partitions to three days ahead and drops what is older than any organisation keeps it. n:
 * partitions made and dropped. */
int partitions_keep(Store *s, const Retention *retention, RollupCount callback, void *userdata,
                    StoreCall **ret);

/* Deletes what is older than its organisation keeps it, of days whose hours are closed, in one
 * transaction. n: ticks and rollups deleted, there may be more; -1: nothing was due. */
int retention_step(Store *s, const Retention *retention, RollupCount callback, void *userdata,
                   StoreCall **ret);

/* Deletes epochs, orders and lists of who was eligible to which no tick and no batch refers. n: of
 * epochs or orders, whichever were more; `most` means that there may be more of them. */
int choices_forget(Store *s, unsigned most, RollupCount callback, void *userdata, StoreCall **ret);

extern const PqStatement *const rollups_statements[];
