/* Hysteresis between verdicts and incidents. Who is told about an incident is decided elsewhere. */
#include "hub/incident.h"
#include "base/macro.h"

static const char *const kind_names[_INCIDENT_KIND_MAX] = {
        [INCIDENT_DOWN] = "down",
};

const char *incident_kind_name(IncidentKind k) {
        return kind_names[k];
}

static VerdictState against(const Incident *i) {
        return i->open ? VERDICT_UP : VERDICT_DOWN;
}

bool incident_rests(const Incident *i, VerdictState state) {
        return state != against(i) && i->streak == 0;
}

IncidentStep incident_observe(Incident *i, VerdictState state) {
        uint32_t needed = i->open ? i->confirm_up : i->confirm_down;

        if (state != against(i)) {
                i->streak = 0;
                return INCIDENT_SAME;
        }
        if (++i->streak < MAX(needed, 1u))
                return INCIDENT_SAME;
        i->open = !i->open;
        i->streak = 0;
        return i->open ? INCIDENT_OPENED : INCIDENT_CLOSED;
}
