/* What listeners read after a commit: kept for a day. */
#pragma once

#include "store/store.h"

typedef struct EventRow {
        uint64_t commit_no;
        uint32_t ordinal;      /* within the commit, from 0 */
        uint32_t organisation; /* 0: for everybody */
        const char *kind;      /* "verdict.changed", "incident.opened" ... */
        const char *payload;   /* JSON object */
} EventRow;

typedef void (*EventRows)(int r, const EventRow *rows, size_t n, void *userdata);

void event_put(PqTransaction *t, const EventRow *row);
/* Those older than 24 h. */
void events_prune(PqTransaction *t);

typedef struct EventFeed {
        uint64_t after;
        unsigned limit; /* n = limit: there may be more with the last commit_no and after */
} EventFeed;

/* By (commit_no, ordinal). */
int events_load(Store *s, const EventFeed *feed, EventRows callback, void *userdata,
                StoreCall **ret);

typedef struct EventBounds {
        uint64_t resumable; /* lowest commit_no after which nothing has been pruned */
        uint64_t newest;    /* the hub's last commit_no */
} EventBounds;

typedef void (*EventBoundsRows)(int r, const EventBounds *rows, size_t n, void *userdata);

/* One row. */
int event_bounds_load(Store *s, EventBoundsRows callback, void *userdata, StoreCall **ret);

extern const PqStatement *const events_statements[];
