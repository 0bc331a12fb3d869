/* Verdicts to incidents, with hysteresis: at most one open per website and kind. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"
#include "hub/verdict.h"

typedef enum IncidentKind {
        INCIDENT_DOWN,
        _INCIDENT_KIND_MAX,
} IncidentKind;

const char *incident_kind_name(IncidentKind k); /* "down" */

/* The track of one kind for one website. Zeroed, it is closed and opens at once. */
typedef struct Incident {
        bool open;
        uint32_t streak;                   /* judgements in a row against the present condition */
        uint32_t confirm_down, confirm_up; /* how many it takes; 0 means 1 */
} Incident;

typedef enum IncidentStep {
        INCIDENT_SAME,
        INCIDENT_OPENED,
        INCIDENT_CLOSED,
} IncidentStep;

/* Judging the same again would not change it. */
bool incident_rests(const Incident *i, VerdictState state);
/* One judgement. Only DOWN opens and only UP closes; anything else breaks the row. */
IncidentStep incident_observe(Incident *i, VerdictState state);
