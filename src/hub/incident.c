/* A row of judgements against what the incident says. Who is told about it is decided elsewhere. */
#include "hub/incident.h"

#include <string.h>

#include "base/macro.h"

static const char *const kind_names[_INCIDENT_KIND_MAX] = {
        [INCIDENT_DOWN] = "down",
        [INCIDENT_CERTIFICATE] = "certificate",
};

static const char *const severity_names[_SEVERITY_MAX] = {
        [SEVERITY_NONE] = "none",
        [SEVERITY_WARNING] = "warning",
        [SEVERITY_PARTIAL] = "partial",
        [SEVERITY_DOWN] = "down",
};

const char *incident_kind_name(IncidentKind k) {
        return kind_names[k];
}

IncidentKind incident_kind_from_name(const char *name) {
        for (int k = 0; k < _INCIDENT_KIND_MAX; k++)
                if (strcmp(name, kind_names[k]) == 0)
                        return (IncidentKind)k;
        return _INCIDENT_KIND_MAX;
}

const char *incident_severity_name(IncidentSeverity s) {
        return severity_names[s];
}

IncidentSeverity incident_severity_from_name(const char *name) {
        for (int s = SEVERITY_WARNING; s < _SEVERITY_MAX; s++)
                if (strcmp(name, severity_names[s]) == 0)
                        return (IncidentSeverity)s;
        return SEVERITY_DOWN;
}

static IncidentTrend trend_of(const Incident *i, const IncidentView *view) {
        if (view->doubt || view->severity == i->severity)
                return TREND_STEADY;
        return view->severity > i->severity ? TREND_WORSE : TREND_BETTER;
}

static bool is_counted_out(const Incident *i) {
        uint32_t needed = i->trend == TREND_WORSE ? i->rule.confirm_down : i->rule.confirm_up;

        return i->row >= MAX(needed, 1u);
}

static usec_t lasts_until(const Incident *i) {
        return i->since +
               (i->trend == TREND_WORSE ? i->rule.confirm_down_time : i->rule.confirm_up_time);
}

static IncidentStep name_step(IncidentSeverity before, IncidentSeverity after) {
        if (before == SEVERITY_NONE)
                return INCIDENT_OPENED;
        if (after == SEVERITY_NONE)
                return INCIDENT_CLOSED;
        return after > before ? INCIDENT_ESCALATED : INCIDENT_EASED;
}

static void begin_row(Incident *i, IncidentTrend trend, usec_t since) {
        i->trend = trend;
        i->row = 0;
        i->since = since;
}

IncidentStep incident_observe(Incident *i, const IncidentView *view, usec_t now) {
        IncidentSeverity before = i->severity;
        IncidentTrend trend = trend_of(i, view);

        i->held = view->flapping;
        if (trend != i->trend)
                begin_row(i, trend, now);
        if (trend == TREND_STEADY)
                return INCIDENT_SAME;
        if (view->counts && i->row < UINT32_MAX)
                i->row++;
        if (!is_counted_out(i) || now < lasts_until(i) || (trend == TREND_BETTER && i->held))
                return INCIDENT_SAME;
        i->severity = view->severity;
        begin_row(i, TREND_STEADY, now);
        return name_step(before, i->severity);
}

void incident_resume(Incident *i, IncidentSeverity severity, const IncidentView *view,
                     usec_t since) {
        i->severity = severity;
        i->held = view->flapping;
        begin_row(i, trend_of(i, view), since);
}

bool incident_rests(const Incident *i) {
        return i->trend == TREND_STEADY || is_counted_out(i);
}

usec_t incident_due(const Incident *i) {
        if (i->trend == TREND_STEADY || !is_counted_out(i) || (i->trend == TREND_BETTER && i->held))
                return USEC_INFINITY;
        return lasts_until(i);
}
