/* The link by which whoever gets an alert acknowledges its incident (wire/acknowledge.h). Pure. */
#pragma once

#include "base/id.h"
#include "base/time.h"
#include "hub/alert-facts.h"
#include "wire/sign.h"

typedef struct AlertLinkMaker {
        const SignKey *key;     /* the network's; borrowed, as the next two */
        const char *public_url; /* of the API, without a slash at its end; NULL: there are no links
                                 */
        const Uuid *channel;    /* that the alert goes to */
        usec_t now;             /* hub time */
} AlertLinkMaker;

/* Puts it into f->acknowledge, if event ("incident.opened") is of an incident that is open. 0;
 * -ENOMEM; -EINVAL: the incident has no id. */
int alert_link_offer(const AlertLinkMaker *m, const char *event, AlertFacts *f);
