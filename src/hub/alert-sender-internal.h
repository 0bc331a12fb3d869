/* Shared by the ways of alerts, each in its alert-sender-KIND.c, and by nobody else. */
#pragma once

#include "event/connect.h"
#include "event/http.h"
#include "event/smtp.h"
#include "hub/alert-facts.h"
#include "hub/alert-sender.h"
#include "store/alert-settings.h"

struct AlertSender {
        const AlertWays *ways;
        Resolver *resolver;
        HttpClient *http;
        SmtpClient *smtp;
        Guard *guard;
        ConnectRules rules;
};

struct AlertSending {
        AlertSent sent;
        void *userdata;
        usec_t now;
        HttpCall *http; /* one of these two */
        SmtpCall *smtp;
        bool some; /* of mail: others have it from a try before */
};

/* What is to be sent, taken apart. */
typedef struct Alert {
        AlertSender *sender;
        const AlertDueRow *row;
        char id[UUID_TEXT_SIZE];
        AlertFacts facts;
        AlertSettings settings;
        usec_t now;
} Alert;

/* Starts it; or negative, and *v says why not. */
int alert_send_webhook(const Alert *a, AlertSending *sending, AlertVerdict *v);
int alert_send_mail(const Alert *a, AlertSending *sending, AlertVerdict *v);

void alert_fail(AlertVerdict *v, AlertState state, const char *why, const char *more);
/* Tells how it ended; the sending is gone after it. */
void alert_finish(AlertSending *sending, const AlertVerdict *v, unsigned status);
/* By the channel's templates or the usual ones; freed by the caller. 0; -ENOMEM. */
int alert_write_texts(const Alert *a, char **ret_subject, char **ret_text);
