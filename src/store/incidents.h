/* Incidents and their timelines; at most one open per website and kind. */
#pragma once

#include "base/id.h"
#include "store/store.h"

typedef struct IncidentRow {
        Uuid id; /* uuid7_new() of the hub: also the order in lists */
        uint32_t website;
        const char *kind, *cause;   /* "down", "quorum" */
        const char *severity;       /* "down", "partial", "warning", "info" */
        const char *summary;        /* the cause, for people; not loaded, as the next two */
        const char *const *regions; /* of who saw it */
        size_t n_regions;
        usec_t opened, first_evidence, last_evidence;
} IncidentRow;

/* What happened to one, at opened: a row of its timeline of this kind. */
typedef struct IncidentChange {
        const Uuid *id;
        const char *kind; /* "escalated", "eased"; "closed", "flapping", "steady" */
        usec_t at;
        const char *detail; /* JSON object; NULL: {} */
} IncidentChange;

typedef void (*IncidentRows)(int r, const IncidentRow *rows, size_t n, void *userdata);

/* All write their timeline event too; detail: JSON object or NULL. The transaction fails with
 * -EEXIST when one is open already; closing or changing a closed one changes nothing. */
void incident_open(PqTransaction *t, const IncidentRow *row, const char *detail);
/* row: severity, cause, summary, regions and last_evidence as they are now. */
void incident_change(PqTransaction *t, const IncidentChange *change, const IncidentRow *row);
/* Its timeline only; of a closed one nothing. */
void incident_note(PqTransaction *t, const IncidentChange *change);
/* last_evidence 0: as it was. */
void incident_close(PqTransaction *t, const IncidentChange *change, usec_t last_evidence);
/* Open ones; those that people reported are not the hub's to close. */
int incidents_load(Store *s, IncidentRows callback, void *userdata, StoreCall **ret);

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
