/* What a website's machine remembers to follow its verdicts: plain data (site-track.c). */
#pragma once

#include <stdbool.h>

#include "base/pace.h"
#include "base/time.h"
#include "hub/flap.h"
#include "hub/incident.h"
#include "hub/verdict.h"

typedef struct Track {
        Incident incident;
        Flap flap;
        bool certificate_open;
        bool flap_told;     /* that it flaps */
        VerdictState known; /* the last one that was not UNKNOWN */
        Pace changes;       /* of the verdict */
        usec_t last_down;   /* start of the newest down vote that another one replaced */
        usec_t change;      /* when the verdict may change again; USEC_INFINITY: it may now */
        usec_t certificate; /* when another seat's is about to end; USEC_INFINITY: none is */
} Track;
