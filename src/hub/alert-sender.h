/* Sends one alert once, by whatever way its channel is of. What comes back is said in the same
 * words for all of them. */
#pragma once

#include <uv.h>

#include "hub/alert-exec.h"
#include "hub/alert-webhook.h"
#include "wire/sign.h"

typedef struct AlertSender AlertSender;
typedef struct AlertSending AlertSending;

/* Borrowed for ever. */
typedef struct AlertWays {
        const AlertKeys *keys;
        const SignKey *network_key; /* signs links that acknowledge */
        const char *allow;          /* addresses beside public ones: as guard_new() */
        const char *public_url;     /* of the API, for links; NULL: there are none */
        usec_t timeout;
        const char *smtp_server;     /* "host" or "host:port"; NULL: no mail is sent */
        const char *smtp_encryption; /* "starttls", "tls", "none" */
        const char *smtp_from;
        const char *smtp_user, *smtp_password, *smtp_ca; /* or NULL */
        const AlertHooks *hooks;                         /* what exec may start */
        const char *apprise;                             /* path of the socket of dpin-apprise */
} AlertWays;

int alert_sender_new(AlertSender **ret, uv_loop_t *loop, const AlertWays *ways);
/* Who waits for a turn gets none any more. */
void alert_sender_stop(AlertSender *s);
/* What is under way is dropped without callbacks. Not inside of one. */
AlertSender *alert_sender_free(AlertSender *s);
DEFINE_FREEP(AlertSender, alert_sender_free);

/* verdict is borrowed for the time of the call; status: of the receiver's answer, 0: none. The
 * sending is gone after it. */
typedef void (*AlertSent)(const AlertVerdict *verdict, unsigned status, void *userdata);

typedef struct AlertOrder {
        const AlertDueRow *row; /* copied as far as it is needed */
        usec_t now;             /* hub time */
        AlertSent sent;
        void *userdata;
} AlertOrder;

/* 1: it is under way, and the callback never runs inside; 0: it cannot be sent as it is, *verdict
 * says why. */
int alert_sender_start(AlertSender *s, const AlertOrder *order, AlertSending **ret,
                       AlertVerdict *verdict);
AlertSending *alert_sending_cancel(AlertSending *sending);
DEFINE_FREEP(AlertSending, alert_sending_cancel);
