/* Mail by libcurl on threads of the loop's pool: one message a connection, encrypted unless it is
 * said that it need not be. As many are under way as the pool has threads; the others wait. */
#pragma once

#include <stdbool.h>
#include <uv.h>

#include "base/macro.h"
#include "base/time.h"

typedef struct SmtpClient SmtpClient;
typedef struct SmtpCall SmtpCall;

typedef struct SmtpRequest {
        const char *url;     /* "smtp://HOST:PORT"; "smtps://": TLS from the first byte on */
        bool plain;          /* of smtp: without STARTTLS, too, if the server has none */
        const char *ca_file; /* authorities instead of the system's (PEM), or NULL */
        const char *user, *password; /* NULL: without AUTH */
        const char *from;            /* address of the envelope, as the next */
        const char *const *to;       /* ended by NULL; it goes to those who are accepted */
        const char *message;         /* whole, with CRLF at the ends of lines */
        usec_t timeout;              /* of the whole */
} SmtpRequest;

typedef struct SmtpResult {
        bool ok;                 /* the message was taken, for whoever was accepted */
        unsigned status;         /* the server's last reply; 0: there was none */
        const char *const *to;   /* as they were given; borrowed, as the next two */
        const unsigned *replies; /* to each of them; 0: it was not asked, or said nothing */
        const char *detail;      /* the library's sentence; "" when ok */
} SmtpResult;

/* result is borrowed for the time of the call; the SmtpCall is gone after it. */
typedef void (*SmtpDone)(const SmtpResult *result, void *userdata);

int smtp_client_new(SmtpClient **ret, uv_loop_t *loop);
/* Open calls are dropped without callbacks. The loop must run on until their threads have ended. */
SmtpClient *smtp_client_free(SmtpClient *c);
DEFINE_FREEP(SmtpClient, smtp_client_free);

/* Strings are copied. The callback never runs inside. 0; -ENOMEM. */
int smtp_start(SmtpClient *c, const SmtpRequest *request, SmtpDone done, void *userdata,
               SmtpCall **ret);
SmtpCall *smtp_call_cancel(SmtpCall *call);
DEFINE_FREEP(SmtpCall, smtp_call_cancel);
