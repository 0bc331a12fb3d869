/* An alert as a message of e-mail (RFC 5322): plain text, said to be automatic, one thread for each
 * incident. Whatever its parts are, the message has these headers and no others. Pure. */
#pragma once

#include "base/id.h"
#include "base/time.h"

typedef struct AlertMail {
        const char *from;           /* address; its domain is that of ids */
        const char *const *to;      /* addresses, ended by NULL */
        const char *name;           /* of the channel: whom it is to */
        const char *id;             /* of the alert: of the message, however often it comes */
        const char *thread;         /* of the incident; NULL: none */
        const char *channel;        /* id, by which one may ask to be left out */
        const char *subject, *text; /* UTF-8, the latter with line feeds */
        usec_t date;                /* since 1970 */
} AlertMail;

/* *ret is freed by the caller. 0; -ENOMEM. */
int alert_mail_make(const AlertMail *m, char **ret);
