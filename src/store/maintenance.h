/* Maintenance windows: when people work at websites. What may be one is decided by the database,
 * which knows time zones; its sentences are for whoever asked. */
#pragma once

#include "base/id.h"
#include "store/store.h"

typedef struct MaintenanceSpan {
        uint32_t organisation, website; /* website 0: all of the organisation's */
        usec_t from, until;
} MaintenanceSpan;

typedef void (*MaintenanceSpans)(int r, const MaintenanceSpan *spans, size_t n, void *userdata);

typedef struct MaintenancePeriod {
        usec_t from, until;
} MaintenancePeriod;

/* What is not over at `from` and begins before `until`. Those of one website, or of all, neither
 * overlap nor touch; by organisation, website and time. */
int maintenance_load(Store *s, const MaintenancePeriod *period, MaintenanceSpans callback,
                     void *userdata, StoreCall **ret);

typedef struct MaintenanceAdd {
        uint32_t organisation; /* 0: the one that the websites are of, or the only one */
        Uuid id;               /* uuid7_new() of the caller */
        const char *title;
        const char *websites; /* public ids with a comma between them; NULL: all */
        /* once: RFC 3339; or again and again. NULL and 0: not given */
        const char *from, *until;
        const char *cron, *time_zone;
        uint64_t duration_ms;
        const char *actor; /* for the audit log */
} MaintenanceAdd;

/* -ENOENT: this organisation has no such website. -EDOM: refused; the text says why, in a sentence.
 * -EINVAL: no times at all. */
int maintenance_add(Store *s, const MaintenanceAdd *add, StoreDone done, void *userdata,
                    StoreCall **ret);

typedef struct MaintenanceRemove {
        uint32_t organisation; /* 0: whichever (the hub's admin) */
        Uuid id;
        const char *actor;
} MaintenanceRemove;

/* -ENOENT: this organisation has no such window (any more). */
int maintenance_remove(Store *s, const MaintenanceRemove *remove, StoreDone done, void *userdata,
                       StoreCall **ret);

/* Text is borrowed for the callback. */
typedef struct MaintenanceRow {
        Uuid id;
        const char *title;
        const char *websites;         /* public ids with commas; "": all of the organisation's */
        const char *cron, *time_zone; /* "": it is on once */
        uint64_t duration_ms;
        usec_t from, until; /* on once, or else the next time; USEC_INFINITY: none, no end */
} MaintenanceRow;

typedef void (*MaintenanceRows)(int r, const MaintenanceRow *rows, size_t n, void *userdata);

/* Those of all organisations. */
int maintenance_page(Store *s, const StorePage *page, MaintenanceRows callback, void *userdata,
                     StoreCall **ret);

typedef struct MaintenanceView {
        uint32_t organisation; /* 0: of all (the hub's admin) */
        const Uuid *website;   /* only those that it is in; NULL: all */
} MaintenanceView;

/* With the next three times of each. -ENOENT: this organisation has no such website. */
int maintenance_json(Store *s, const MaintenanceView *view, StoreJson callback, void *userdata,
                     StoreCall **ret);

extern const PqStatement *const maintenance_statements[];
extern const PqStatement *const maintenance_views_statements[];
