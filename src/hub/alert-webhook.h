/* Webhooks after Standard Webhooks (version 1.0.0): what is sent, and what the answer means. Pure.
 *
 *      POST URL
 *      content-type: application/json
 *      webhook-id: the alert's id, the same at every try
 *      webhook-timestamp: of this try, in seconds
 *      webhook-signature: alert_sign()
 *
 *      {"type": "incident.opened", "timestamp": "...", "data": {facts}, "link": "...",
 *       "acknowledge": "..."}
 */
#pragma once

#include "hub/alert-secret.h"
#include "store/alert-outbox.h"

typedef struct AlertMessage {
        const char *id;          /* the alert's */
        const char *event;       /* "incident.opened" */
        const char *facts;       /* as the outbox has them: a JSON object */
        const char *happened;    /* the event's own time, in RFC 3339 */
        const char *link;        /* or NULL, as the next one */
        const char *acknowledge; /* a link that acknowledges the incident, once */
        usec_t now;              /* of this try */
} AlertMessage;

/* *ret is freed by the caller. 0; -ENOMEM. */
int alert_message_body(const AlertMessage *m, char **ret);

typedef struct AlertWebhook {
        char *body;
        char id[64], timestamp[48], signature[ALERT_SIGNATURES_SIZE + 32]; /* header lines */
        const char *headers[5]; /* ended by NULL; borrowed from above */
} AlertWebhook;

/* Signed with one secret or with both. ret is not moved while it is used. 0; -ENOMEM. */
int alert_webhook_make(AlertWebhook *ret, const AlertMessage *m, const AlertKeys *k,
                       const AlertSecrets *s, bool former);
void alert_webhook_done(AlertWebhook *w);

typedef struct AlertVerdict {
        AlertState state;
        bool disable;       /* 410: never again */
        usec_t asked;       /* Retry-After; 0: none */
        const char *served; /* a JSON array: of mail, who has it now; NULL: nobody. Borrowed. */
        char error[160];
} AlertVerdict;

/* Of an answer with this status; headers: "Name: value" lines, each ended by a NUL. */
void alert_webhook_judge(unsigned status, const char *headers, size_t headers_n, usec_t now,
                         AlertVerdict *ret);
/* Seconds, or a date as HTTP has it. 0: it is neither, or not ahead. */
usec_t alert_retry_after(const char *value, usec_t now);
