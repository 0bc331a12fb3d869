/* What is known of an incident when its alert is written, as the outbox keeps it; and as fields of
 * texts for people. Pure. */
#pragma once

#include "base/json.h"
#include "store/alert-text.h"

/* Of what a digest tells. */
typedef struct AlertItem {
        char *event, *incident, *website, *url, *name, *kind, *severity, *opened, *closed;
        int64_t alerts; /* that came of it */
} AlertItem;

typedef struct AlertFacts {
        char *incident, *website, *url, *name; /* each may be NULL */
        char *kind, *severity, *summary, *cause, *opened, *evidence, *closed, *ending, *assurance;
        char *object; /* of dpin itself: the channel that fails */
        int64_t seconds, seats, down;
        JsonStrings regions; /* of those who saw it */
        JsonStrings tags;    /* of the website */
        char *acknowledge;   /* a link, not of the outbox: alert-link.h; or NULL */
        char *at;            /* of what has a time of its own: reminders and digests */
        /* Of digests: alerts and incidents in all; of these so many open, worse, and so on. */
        int64_t alerts, incidents, n_opened, n_escalated, n_reminded, n_resolved;
        JsonArray items; /* AlertItem, the first of them */
} AlertFacts;

/* 0; -EBADMSG, -EINVAL, -ENOBUFS: as json_read(). */
int alert_facts_read(const char *json, AlertFacts *ret);
void alert_facts_done(AlertFacts *f);

/* The values of alert_text_fields, in their order. */
typedef struct AlertStory {
        AlertField fields[ALERT_FIELDS + 1];
} AlertStory;

/* event: "incident.opened"; public_url: of the API, without a slash at its end, or NULL. 0;
 * -ENOMEM.
 */
int alert_story_new(AlertStory *ret, const char *event, const AlertFacts *f,
                    const char *public_url);
void alert_story_done(AlertStory *s);
/* The address of the page that shows it, freed by the caller; NULL: there is none. */
char *alert_facts_link(const AlertFacts *f, const char *public_url);
