/* Shared by the ways of alerts, each in its alert-sender-KIND.c, and by nobody else. */
#pragma once

#include "base/turns.h"
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
        uv_loop_t *loop;
        Turns programs, apprise; /* so many of each at once */
};

typedef struct AlertRun AlertRun;   /* of exec */
typedef struct AlertPush AlertPush; /* of Apprise */

struct AlertSending {
        AlertSent sent;
        void *userdata;
        usec_t now;
        HttpCall *http; /* one of these */
        SmtpCall *smtp;
        AlertRun *run;
        AlertPush *push;
        bool some; /* of mail: others have it from a try before */
};

/* What is to be sent, taken apart. */
typedef struct Alert {
        AlertSender *sender;
        const AlertDueRow *row;
        char id[UUID_TEXT_SIZE];
        AlertFacts facts;
        AlertKind kind;
        AlertSettings settings;
        usec_t now;
} Alert;

/* Starts it; or negative, and *v says why not. */
int alert_send_webhook(const Alert *a, AlertSending *sending, AlertVerdict *v);
int alert_send_mail(const Alert *a, AlertSending *sending, AlertVerdict *v);
int alert_send_manager(const Alert *a, AlertSending *sending, AlertVerdict *v);
int alert_send_exec(const Alert *a, AlertSending *sending, AlertVerdict *v);
int alert_send_apprise(const Alert *a, AlertSending *sending, AlertVerdict *v);
AlertRun *alert_run_free(AlertRun *run);
AlertPush *alert_push_free(AlertPush *push);

/* A request over HTTP, to where the guard lets it. */
typedef struct AlertRequest {
        const char *url, *body;
        const char *const *headers;
        size_t keep; /* bytes of a refusal's body, which are told */
} AlertRequest;

int alert_post(const Alert *a, const AlertRequest *q, AlertSending *sending, AlertVerdict *v);
/* What a receiver of webhooks is told; link is borrowed, or NULL. */
AlertMessage alert_message(const Alert *a, const char *link);

void alert_fail(AlertVerdict *v, AlertState state, const char *why, const char *more);
/* Tells how it ended; the sending is gone after it. */
void alert_finish(AlertSending *sending, const AlertVerdict *v, unsigned status);
/* By the channel's templates or the usual ones; freed by the caller. 0; -ENOMEM. */
int alert_write_texts(const Alert *a, char **ret_subject, char **ret_text);
