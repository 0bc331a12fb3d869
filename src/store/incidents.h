/* Incidents and their timelines; at most one open per website and kind. */
#pragma once

#include "base/id.h"
#include "store/store.h"

typedef struct IncidentRow {
        Uuid id; /* uuid7_new() of the hub: also the order in lists */
        uint32_t website;
        const char *kind, *cause; /* "down", "quorum" */
        usec_t opened, first_evidence;
} IncidentRow;

typedef void (*IncidentRows)(int r, const IncidentRow *rows, size_t n, void *userdata);

/* Both write their timeline event too; detail: JSON object or NULL. The transaction fails with
 * -EEXIST when one is open already; closing a closed one changes nothing. */
void incident_open(PqTransaction *t, const IncidentRow *row, const char *detail);
void incident_close(PqTransaction *t, const Uuid *id, usec_t closed, const char *detail);
int incidents_load(Store *s, IncidentRows callback, void *userdata,
                   StoreCall **ret); /* open ones */

typedef struct IncidentPage {
        uint32_t organisation;
        const Uuid *website; /* NULL: of all; unknown: -ENOENT */
        const Uuid *after;   /* NULL: from the newest; else what nextCursor said */
        unsigned limit;      /* 1..500 */
} IncidentPage;

/* GET /api/v1/incidents, newest first */
int incidents_page_json(Store *s, const IncidentPage *page, StoreJson callback, void *userdata,
                        StoreCall **ret);

extern const PqStatement *const incidents_statements[];
