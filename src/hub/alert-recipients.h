/* Whom of a mail's recipients it has reached: each of them gets it once, however often it is sent
 * for the sake of others. Pure. */
#pragma once

#include "hub/alert-webhook.h"
#include "store/alert-settings.h"

/* served: {"to": [ADDRESS, ...]}, who has it. *ret: those of `to` who do not; borrowed from there,
 * ended by NULL. 1: somebody has it; 0: nobody; -EINVAL, -ENOMEM. */
int alert_recipients_left(const JsonStrings *to, const char *served,
                          const char *ret[ALERT_RECIPIENTS_MAX + 1]);

/* How one sending ended. */
typedef struct AlertPosted {
        const char *const *to;   /* ended by NULL */
        const unsigned *replies; /* of the server to each of them; 0: it was not asked */
        bool ok;                 /* whom it accepted has the mail */
        unsigned status;         /* its last reply; 0: there was none */
        const char *detail;
        bool some; /* others of the same alert have it from before */
} AlertPosted;

/* Given up when nobody of all has it and nobody of these ever will. *ret_served: a JSON array of
 * those who got it now, freed by the caller; NULL: nobody. 0; -ENOMEM. */
int alert_recipients_judge(const AlertPosted *p, AlertVerdict *ret, char **ret_served);
