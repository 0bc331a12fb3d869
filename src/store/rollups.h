/* Closing of hours (rollups, rewards), and the partitions of what was seen. The SQL functions are
 * in sql/002-functions.sql. */
#pragma once

#include "store/store.h"

typedef struct HoursClose {
        usec_t now;
        usec_t lateness;  /* an hour closes when it has been over for so long */
        int64_t lamports; /* reward of a tick */
        unsigned most;    /* hours at once */
} HoursClose;

typedef void (*RollupCount)(int r, int64_t n, void *userdata);

/* The callback's n: hours closed, `most` means that there may be more. */
int hours_close(Store *s, const HoursClose *close, RollupCount callback, void *userdata,
                StoreCall **ret);

typedef struct Retention {
        usec_t now;
        unsigned days_raw;  /* ticks and batches */
        unsigned days_hour; /* hourly rollups */
} Retention;

/* Makes partitions to three days ahead and drops what is older than retention says. n: partitions
 * made and dropped. */
int partitions_keep(Store *s, const Retention *retention, RollupCount callback, void *userdata,
                    StoreCall **ret);

extern const PqStatement *const rollups_statements[];
