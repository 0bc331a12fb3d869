/* Alerts for Prometheus' Alertmanager, by its API v2. Pure.
 *
 *      POST URL/api/v2/alerts
 *      [{"labels": {...}, "annotations": {"summary": ..., "description": ...},
 *        "startsAt": ..., "endsAt": ..., "generatorURL": ...}, ...]
 *
 * It knows an alert by its labels, and that it goes on by an end that is still to come. The
 * severity is a label, for routes, and may change: so each time all severities are told of, the
 * one that is as it is and the others as over. */
#pragma once

#include "base/time.h"
#include "hub/alert-facts.h"

/* An incident that goes on ends then, unless something else is heard: that of a certificate lasts
 * for weeks, and an end that nobody told is repaired by a replay. */
#define ALERTMANAGER_OPEN (30 * USEC_PER_DAY)
/* What is no incident is over so long after it. */
#define ALERTMANAGER_NEWS USEC_PER_HOUR

typedef struct AlertPost {
        const char *event;                 /* "incident.opened" */
        const AlertFacts *facts;           /* as far as they are known */
        const char *summary, *description; /* for people, cleaned */
        const char *link;                  /* or NULL */
        usec_t now;                        /* of this try */
} AlertPost;

/* *ret is freed by the caller. 0; -EINVAL: no UTF-8; -ENOMEM. */
int alertmanager_body(const AlertPost *p, char **ret);
/* The address to post to, of that which is set; freed by the caller, NULL: out of memory. */
char *alertmanager_url(const char *url);
/* "authorization: Basic ..." or "... Bearer ..." (token NULL: by user and password); freed by the
 * caller, NULL: out of memory. */
char *alertmanager_authorization(const char *user, const char *password, const char *token);
