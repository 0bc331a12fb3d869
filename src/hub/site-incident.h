/* What is told of a website's incidents, and of its flapping. Plain data. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"
#include "hub/incident.h"
#include "hub/verdict.h"

typedef struct SiteRegion SiteRegion;     /* of panel.h */
typedef struct SiteSeatView SiteSeatView; /* of effects.h */

typedef struct SiteIncident {
        IncidentKind kind;
        IncidentStep step; /* never SAME */
        bool open;         /* false: it has just been closed */
        IncidentSeverity severity;
        VerdictState state;
        VerdictCause cause;
        uint8_t error_class;
        uint16_t expiry_days; /* the certificate's end, days since 1970; 0: not known */
        uint8_t n;
        usec_t at;
        usec_t called; /* of websites that call: the last time; 0: never */
        /* of what is told; of what was wrong, the newest */
        usec_t first_evidence, last_evidence;
        const SiteSeatView *seats; /* n of them */
        uint64_t seen;             /* seats that saw what is told, as bits */
        const SiteRegion *regions; /* n_regions whose panels make it PARTIAL */
        uint8_t n_regions;
} SiteIncident;

typedef struct SiteFlapping {
        bool on; /* false: it has just ended */
        double score;
        usec_t at;
        usec_t until; /* when it ends if nothing changes; USEC_INFINITY: it has */
} SiteFlapping;
