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
