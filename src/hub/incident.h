/* Verdicts to incidents: at most one open per website and kind. Pure.
 *
 * Hysteresis (confirm_down, confirm_up) governs incidents alone, and through them who is told:
 * verdicts, their spans and uptime never wait for it. For an incident to open or get worse, the
 * website has to be worse than the incident says for confirm_down judgements in a row and for
 * confirm_down_time, both; to get better or close, better for confirm_up judgements and
 * confirm_up_time. A judgement is a vote that was counted, or a change of the verdict. 1 (or 0) and
 * 0 s is at once. Where only time is missing, it comes when the time has come. Doubt (UNKNOWN, and
 * PARTIAL that nobody vouches for) leaves an incident as it is, and begins the row anew. A restart
 * keeps the time, as the span tells it, and counts judgements anew. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

typedef enum IncidentKind {
        INCIDENT_DOWN,        /* it cannot be reached, by all or by some */
        INCIDENT_CERTIFICATE, /* its certificate ends soon */
        _INCIDENT_KIND_MAX,
} IncidentKind;

const char *incident_kind_name(IncidentKind k); /* "down" */
/* _INCIDENT_KIND_MAX: none that the hub opens or closes. */
IncidentKind incident_kind_from_name(const char *name);

typedef enum IncidentSeverity {
        SEVERITY_NONE, /* all is well: no incident */
        SEVERITY_WARNING,
        SEVERITY_PARTIAL,
        SEVERITY_DOWN,
        _SEVERITY_MAX,
} IncidentSeverity;

const char *incident_severity_name(IncidentSeverity s);         /* "down" */
IncidentSeverity incident_severity_from_name(const char *name); /* unknown names are DOWN */

typedef struct IncidentRule {
        uint32_t confirm_down, confirm_up; /* judgements in a row; 0 means 1 */
        usec_t confirm_down_time, confirm_up_time;
} IncidentRule;

typedef enum IncidentTrend {
        TREND_STEADY, /* the incident is what it should be, or nobody knows */
        TREND_WORSE,
        TREND_BETTER,
} IncidentTrend;

/* The track of one kind for one website. Zeroed, it is closed and opens at once. */
typedef struct Incident {
        IncidentRule rule;
        IncidentSeverity severity; /* NONE: closed */
        IncidentTrend trend;       /* of the row */
        uint32_t row;              /* judgements in it */
        usec_t since;              /* its beginning */
        bool held;                 /* for now it does not get better */
} Incident;

typedef struct IncidentView {
        IncidentSeverity severity; /* as judged now */
        bool doubt;                /* nobody knows */
        bool counts;               /* a judgement; false: time has passed */
        bool flapping;             /* one incident stays open instead of one per change */
} IncidentView;

typedef enum IncidentStep {
        INCIDENT_SAME,
        INCIDENT_OPENED,
        INCIDENT_ESCALATED,
        INCIDENT_EASED,
        INCIDENT_CLOSED,
} IncidentStep;

IncidentStep incident_observe(Incident *i, const IncidentView *view, usec_t now);
/* After a restart: `severity` is open, and what the view says has lasted since then. */
void incident_resume(Incident *i, IncidentSeverity severity, const IncidentView *view,
                     usec_t since);
/* More judgements of the same would not change it: only time, or nothing. */
bool incident_rests(const Incident *i);
/* When it has lasted long enough; USEC_INFINITY: it does not wait for time. */
usec_t incident_due(const Incident *i);
