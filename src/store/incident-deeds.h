/* What people do with incidents: acknowledge, note, assign, resolve and report them; and these
 * deeds as the hub reads them, to tell them. SQL functions decide and write, with the owner's
 * rights. */
#pragma once

#include "base/id.h"
#include "base/text.h"
#include "store/store.h"

typedef enum DeedOutcome {
        DEED_CLOSED, /* it is too late to acknowledge it */
        DEED_DONE,
        DEED_FULL,     /* people wrote as much into its timeline as they may */
        DEED_JUDGED,   /* votes opened it, votes close it */
        DEED_OPEN,     /* its website has one that is open: that one is named */
        DEED_SAME,     /* it was so already: nothing was changed */
        DEED_STRANGER, /* nobody of its organisation has this address */
        _DEED_OUTCOME_MAX,
} DeedOutcome;

/* Why it was not done, without a full stop; NULL: it is as it was wanted. */
const char *deed_refusal(DeedOutcome o);

/* For text_judge(): a report's title, its text (which may be empty, too), a note. */
extern const TextRule incident_title_rule, incident_text_rule, incident_note_rule;

typedef struct DeedResult {
        DeedOutcome outcome;
        Uuid incident;
} DeedResult;

/* One row. -ENOENT: this organisation has no such incident, or website. */
typedef void (*DeedResults)(int r, const DeedResult *rows, size_t n, void *userdata);

typedef struct IncidentDeed {
        uint32_t organisation; /* 0: whichever (the hub's admin) */
        Uuid incident;
        const char *text;  /* of a note; the address of whom to assign it to, NULL: nobody */
        const char *actor; /* for timeline and audit log: "token PREFIX", "uid 0" */
} IncidentDeed;

typedef int (*IncidentDo)(Store *s, const IncidentDeed *deed, DeedResults callback, void *userdata,
                          StoreCall **ret);

int deed_acknowledge(Store *s, const IncidentDeed *deed, DeedResults callback, void *userdata,
                     StoreCall **ret);
int deed_note(Store *s, const IncidentDeed *deed, DeedResults callback, void *userdata,
              StoreCall **ret);
int deed_assign(Store *s, const IncidentDeed *deed, DeedResults callback, void *userdata,
                StoreCall **ret);
int deed_resolve(Store *s, const IncidentDeed *deed, DeedResults callback, void *userdata,
                 StoreCall **ret);

typedef struct IncidentReport {
        uint32_t organisation; /* 0: whichever */
        Uuid incident;         /* uuid7_new() of the caller */
        Uuid website;
        const char *title, *text, *actor; /* text: "" none */
} IncidentReport;

int deed_report(Store *s, const IncidentReport *report, DeedResults callback, void *userdata,
                StoreCall **ret);

/* A deed as it is to be told. */
typedef struct DeedRow {
        uint64_t revision;
        uint32_t organisation;
        const char *event; /* "incident.noted" */
        const char *payload;
        const char *incident, *website, *url, *kind, *cause;
        usec_t at;
} DeedRow;

typedef void (*DeedRows)(int r, const DeedRow *rows, size_t n, void *userdata);

#define DEEDS_PAGE 200

/* The first after a revision, by ascending revision, at most DEEDS_PAGE. */
int deeds_load(Store *s, uint64_t revision, DeedRows callback, void *userdata, StoreCall **ret);
/* All up to this revision are told by this commit. */
void deeds_told(PqTransaction *t, uint64_t revision);

extern const PqStatement *const incident_deeds_statements[];
