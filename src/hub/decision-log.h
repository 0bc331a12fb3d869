/* Lines about what machines decide: verdicts, incidents, flapping. All of it is in the database; of
 * a hundred thousand websites that go down at once the log has the beginning, and how many more. */
#pragma once

#include "base/pace.h"
#include "hub/website.h"

/* Zeroed, nothing was logged. */
typedef struct DecisionLog {
        Pace pace;
        uint64_t unlogged; /* since the start */
        uint64_t untold;   /* since that was logged */
        usec_t told;       /* when it was */
} DecisionLog;

void decision_log_verdict(DecisionLog *l, const Website *w, const SiteVerdict *v);
/* summary: why, for people. */
void decision_log_incident(DecisionLog *l, const Website *w, const SiteIncident *i,
                           const char *summary);
void decision_log_flapping(DecisionLog *l, const Website *w, const SiteFlapping *f);
