/* Incidents as they are shown: one with its timeline, and lists of all organisations for the hub's
 * administrator. The list of one organisation is in incidents.h. */
#pragma once

#include "base/id.h"
#include "store/store.h"

typedef struct IncidentQuery {
        uint32_t organisation;
        Uuid id;
        uint64_t after; /* the timeline goes on after this entry; 0: from its start */
        unsigned limit; /* of its entries */
} IncidentQuery;

/* GET /api/v1/incident/:id. Entries are numbered as they are written, which is their order. */
int incident_json(Store *s, const IncidentQuery *view, StoreJson callback, void *userdata,
                  StoreCall **ret);

typedef struct IncidentItem {
        Uuid id, website;
        const char *url, *kind, *severity, *summary, *cause;
        const char *acknowledged_by, *assignee;              /* "": nobody */
        usec_t opened, first_evidence, closed, acknowledged; /* USEC_INFINITY: not yet */
} IncidentItem;

typedef void (*IncidentItems)(int r, const IncidentItem *rows, size_t n, void *userdata);

typedef struct IncidentList {
        StorePage page; /* of all organisations */
        bool open;      /* only those */
} IncidentList;

/* Newest first. */
int incidents_some(Store *s, const IncidentList *list, IncidentItems callback, void *userdata,
                   StoreCall **ret);
/* One row. -ENOENT: none has this id. */
int incident_find(Store *s, const Uuid *id, IncidentItems callback, void *userdata,
                  StoreCall **ret);

typedef struct IncidentEntry {
        uint64_t number;
        usec_t at;
        const char *kind, *actor; /* actor "": the hub */
        const char *text; /* a note, an address, the hub's sentence, else JSON; "": nothing */
} IncidentEntry;

typedef void (*IncidentEntries)(int r, const IncidentEntry *rows, size_t n, void *userdata);

/* Of its timeline, oldest first. No rows also when there is no such incident. */
int incident_entries(Store *s, const IncidentQuery *view, IncidentEntries callback, void *userdata,
                     StoreCall **ret);

extern const PqStatement *const incident_views_statements[];
