/* What dpin-apprise is asked, and what its answer means. Pure.
 *
 *      {"url": "SERVICE://...", "title": "...", "body": "...", "allow": "10.1.2.3", "seconds": 10}
 *      {"ok": true}    {"ok": false, "error": "..."}
 *
 * each a line of its own. */
#pragma once

#include "base/time.h"
#include "hub/alert-webhook.h"

typedef struct AlertApprise {
        const char *url;          /* secret */
        const char *title, *body; /* for people, cleaned */
        const char *allow;        /* addresses beside public ones: as guard_new() */
        usec_t timeout;
} AlertApprise;

/* *ret, with its line feed, is given back to alert_words_wipe(). 0; -EINVAL: no UTF-8; -ENOMEM. */
int alert_apprise_ask(const AlertApprise *a, char **ret);
/* Of the line that came, or of the error instead, as local.h has them. */
void alert_apprise_judge(int error, const char *answer, AlertVerdict *ret);
