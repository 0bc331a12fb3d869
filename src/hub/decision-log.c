/* One pace for all lines, as they come of the same events. */
#include "hub/decision-log.h"

#include <inttypes.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "base/macro.h"

static const PaceRule lines = { .burst = 1000, .interval = 100 * USEC_PER_MSEC };

/* At most once a minute, and not before there is room for lines again. */
static void tell_unlogged(DecisionLog *l, usec_t now) {
        if (l->untold == 0 || now < l->told + USEC_PER_MIN)
                return;
        log_event(LOG_WARNING, DPIN_MSG_DECISIONS_UNLOGGED, "decisions were not logged",
                  "DPIN_COUNT=%" PRIu64, l->untold);
        l->untold = 0;
        l->told = now;
}

static bool may_log(DecisionLog *l) {
        usec_t now = now_boottime();

        if (!pace_take(&l->pace, &lines, 1, now)) {
                l->unlogged++;
                l->untold++;
                return false;
        }
        tell_unlogged(l, now);
        return true;
}

void decision_log_verdict(DecisionLog *l, const Website *w, const SiteVerdict *v) {
        if (!may_log(l))
                return;
        log_event(LOG_NOTICE, DPIN_MSG_VERDICT_CHANGED, "verdict changed",
                  "DPIN_WEBSITE=%s\nDPIN_STATE=%s\nDPIN_PREVIOUS=%s\nDPIN_CAUSE=%s\nDPIN_ASSURANCE="
                  "%s",
                  w->id_text, verdict_state_name(v->state), verdict_state_name(v->previous),
                  verdict_cause_name(v->cause), assurance_name(v->assurance));
}

static const struct {
        int level;
        const char *id, *text;
} steps[] = {
        [INCIDENT_OPENED] = { LOG_WARNING, DPIN_MSG_INCIDENT_OPENED, "incident opened" },
        [INCIDENT_ESCALATED] = { LOG_WARNING, DPIN_MSG_INCIDENT_CHANGED, "incident escalated" },
        [INCIDENT_EASED] = { LOG_NOTICE, DPIN_MSG_INCIDENT_CHANGED, "incident eased" },
        [INCIDENT_CLOSED] = { LOG_NOTICE, DPIN_MSG_INCIDENT_CLOSED, "incident closed" },
};

void decision_log_incident(DecisionLog *l, const Website *w, const SiteIncident *i,
                           const char *summary) {
        if (!may_log(l))
                return;
        log_event(steps[i->step].level, steps[i->step].id, steps[i->step].text,
                  "DPIN_WEBSITE=%s\nDPIN_URL=%s\nDPIN_KIND=%s\nDPIN_SEVERITY=%s\nDPIN_SUMMARY=%s",
                  w->id_text, w->url, incident_kind_name(i->kind),
                  incident_severity_name(i->severity), summary);
}

void decision_log_flapping(DecisionLog *l, const Website *w, const SiteFlapping *f) {
        if (!may_log(l))
                return;
        log_event(f->on ? LOG_WARNING : LOG_NOTICE, DPIN_MSG_WEBSITE_FLAPPING,
                  f->on ? "website is flapping" : "website is steady again",
                  "DPIN_WEBSITE=%s\nDPIN_URL=%s\nDPIN_HOW=%s\nDPIN_SCORE=%.1f", w->id_text, w->url,
                  f->on ? "flapping" : "steady", f->score);
}
