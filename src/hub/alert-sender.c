/* A way for each kind of channel: a table. */
#include "hub/alert-sender.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event/connect.h"
#include "event/http.h"
#include "event/smtp.h"
#include "hub/alert-facts.h"
#include "hub/alert-mail.h"
#include "store/alert-settings.h"
#include "store/alert-text.h"

#define ANSWER_MAX (64u * 1024) /* of a webhook: nobody reads more of it */
#define USER_AGENT "dpin-hub/" DPIN_VERSION

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
        bool others; /* of mail: next time those that are left may get it */
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

static void fail(AlertVerdict *v, AlertState state, const char *why, const char *more) {
        *v = (AlertVerdict){ .state = state };
        snprintf(v->error, sizeof(v->error), "%s%s%s", why, *more ? ": " : "", more);
}

static void finish(AlertSending *sending, const AlertVerdict *verdict, unsigned status) {
        AlertSent sent = sending->sent;
        void *userdata = sending->userdata;

        free(sending);
        sent(verdict, status, userdata);
}

/* Webhooks ------------------------------------------------------------------------------------- */

static void on_answer(const HttpResult *result, void *userdata) {
        AlertSending *sending = userdata;
        AlertVerdict v;

        if (result->error == HTTP_OK)
                alert_webhook_judge(result->status, result->headers, result->headers_n,
                                    sending->now, &v);
        else
                fail(&v, ALERT_PENDING, http_error_name(result->error),
                     result->detail ? result->detail : "");
        finish(sending, &v, result->status);
}

static int post(const Alert *a, const AlertWebhook *w, AlertSending *sending, AlertVerdict *v) {
        const HttpRequest request = {
                .url = a->settings.url,
                .method = "POST",
                .headers = w->headers,
                .body = w->body,
                .body_n = strlen(w->body),
                .timeout = a->sender->ways->timeout,
                .body_max = ANSWER_MAX,
                .keep_headers = true,
                .user_agent = USER_AGENT,
                .guard = connect_allowed,
                .guard_userdata = &a->sender->rules,
        };
        int r = http_start(a->sender->http, &request, on_answer, sending, &sending->http);

        if (r < 0)
                fail(v, ALERT_PENDING, "it cannot be sent", strerror(-r));
        return r;
}

static const char *happened(const Alert *a) {
        const char *at = a->facts.closed ? a->facts.closed : a->facts.opened;

        return at ? at : "";
}

static int send_webhook(const Alert *a, AlertSending *sending, AlertVerdict *v) {
        const AlertWays *ways = a->sender->ways;
        _cleanup_free_ char *link = alert_facts_link(&a->facts, ways->public_url);
        const AlertMessage m = { .id = a->id,
                                 .event = a->row->kind,
                                 .facts = a->row->payload,
                                 .happened = happened(a),
                                 .link = link,
                                 .now = a->now };
        AlertSecrets secrets = { 0 };
        AlertWebhook w;
        int r;

        r = alert_secrets_open(ways->keys, &a->row->channel, a->row->secret, a->row->secret_n,
                               &secrets);
        if (r < 0) {
                fail(v, ALERT_FAILED, "its secret was sealed by another key than this hub's", "");
                return r;
        }
        r = alert_webhook_make(&w, &m, ways->keys, &secrets, a->row->former_good);
        alert_secrets_wipe(&secrets);
        if (r < 0) {
                fail(v, ALERT_PENDING, "it cannot be written", strerror(-r));
                return r;
        }
        r = post(a, &w, sending, v);
        alert_webhook_done(&w);
        return r;
}

/* E-mail --------------------------------------------------------------------------------------- */

/* A reply of 5xx is for ever, unless it is about who sends: that is for the administrator to put
 * right. */
static bool is_for_ever(unsigned status) {
        return status >= 550 && status <= 559;
}

static void on_mailed(const SmtpResult *result, void *userdata) {
        AlertSending *sending = userdata;
        AlertVerdict v = { .state = ALERT_DELIVERED };
        char why[64];
        bool over = is_for_ever(result->status) && !sending->others;

        if (!result->ok) {
                snprintf(why, sizeof(why), "the mail server's last reply was %u", result->status);
                fail(&v, over ? ALERT_FAILED : ALERT_PENDING,
                     result->status >= 400 ? why : "the mail was not taken", result->detail);
        }
        finish(sending, &v, result->status);
}

static int write_texts(const Alert *a, char **ret_subject, char **ret_text) {
        const AlertSettings *s = &a->settings;
        AlertStory story;
        int r;

        r = alert_story_new(&story, a->row->kind, &a->facts, a->sender->ways->public_url);
        if (r < 0)
                return r;
        r = alert_text_fill(s->subject ? s->subject : alert_text_subject, story.fields, ret_subject,
                            NULL);
        if (r >= 0)
                r = alert_text_fill(s->text ? s->text : alert_text_body, story.fields, ret_text,
                                    NULL);
        alert_story_done(&story);
        return r;
}

static int write_mail(const Alert *a, const char *const *to, char **ret) {
        _cleanup_free_ char *subject = NULL, *text = NULL;
        char channel[UUID_TEXT_SIZE];
        int r;

        r = write_texts(a, &subject, &text);
        if (r < 0)
                return r;
        return alert_mail_make(
                        &(const AlertMail){ .from = a->sender->ways->smtp_from,
                                            .to = to,
                                            .name = a->row->channel_name,
                                            .id = a->id,
                                            .thread = a->facts.incident,
                                            .channel = uuid_format(&a->row->channel, channel),
                                            .subject = subject,
                                            .text = text,
                                            .date = a->now },
                        ret);
}

/* All are to get it; but one whose address is gone does not keep it from the others, who get it
 * with the second try. */
static int mail(const Alert *a, const char *const *to, const char *message, AlertSending *sending) {
        const AlertWays *w = a->sender->ways;
        _cleanup_free_ char *url = NULL;
        SmtpRequest request = {
                .plain = strcmp(w->smtp_encryption, "none") == 0,
                .ca_file = w->smtp_ca,
                .user = w->smtp_user,
                .password = w->smtp_password,
                .from = w->smtp_from,
                .to = to,
                .some = a->row->tries > 0,
                .message = message,
                .timeout = w->timeout,
        };

        sending->others = !request.some && a->settings.to.n > 1;
        if (asprintf(&url, "%s://%s", strcmp(w->smtp_encryption, "tls") == 0 ? "smtps" : "smtp",
                     w->smtp_server) < 0)
                return -ENOMEM;
        request.url = url;
        return smtp_start(a->sender->smtp, &request, on_mailed, sending, &sending->smtp);
}

static int send_mail(const Alert *a, AlertSending *sending, AlertVerdict *v) {
        const char *to[ALERT_RECIPIENTS_MAX + 1] = { NULL };
        _cleanup_free_ char *message = NULL;
        int r;

        if (!a->sender->ways->smtp_server) {
                fail(v, ALERT_PENDING, "no mail server is set: SmtpServer of hub.conf", "");
                return -EINVAL;
        }
        for (size_t i = 0; i < a->settings.to.n; i++)
                to[i] = a->settings.to.items[i];
        r = write_mail(a, to, &message);
        if (r >= 0)
                r = mail(a, to, message, sending);
        if (r < 0)
                fail(v, ALERT_PENDING, "it cannot be written", strerror(-r));
        return r;
}

/* All ways ------------------------------------------------------------------------------------- */

/* Starts it, or says why not. */
typedef int (*Way)(const Alert *a, AlertSending *sending, AlertVerdict *v);

static const Way way_of[_ALERT_KIND_MAX] = {
        [ALERT_WEBHOOK] = send_webhook,
        [ALERT_EMAIL] = send_mail,
};

static int take_apart(Alert *a, Way *ret_way, AlertVerdict *v) {
        const char *reason = "its kind is not known";
        AlertKind kind = 0;
        int r;

        r = alert_kind_from_name(a->row->channel_kind, &kind);
        if (r >= 0)
                r = alert_settings_read(kind, a->row->settings, &a->settings, &reason);
        if (r < 0) {
                fail(v, ALERT_FAILED, "the channel cannot be used", reason);
                return r;
        }
        r = alert_facts_read(a->row->payload, &a->facts);
        if (r < 0)
                fail(v, ALERT_FAILED, "what is known of it cannot be read", strerror(-r));
        *ret_way = way_of[kind];
        return r;
}

int alert_sender_start(AlertSender *s, const AlertOrder *order, AlertSending **ret,
                       AlertVerdict *verdict) {
        Alert a = { .sender = s, .row = order->row, .now = order->now };
        AlertSending *sending = calloc(1, sizeof(*sending));
        Way way;
        int r = -ENOMEM;

        if (!sending) {
                fail(verdict, ALERT_PENDING, strerror(ENOMEM), "");
                return 0;
        }
        *sending = (AlertSending){ .sent = order->sent,
                                   .userdata = order->userdata,
                                   .now = order->now };
        uuid_format(&order->row->id, a.id);
        r = take_apart(&a, &way, verdict);
        if (r >= 0)
                r = way(&a, sending, verdict);
        alert_facts_done(&a.facts);
        alert_settings_done(&a.settings);
        if (r < 0) {
                free(sending);
                return 0;
        }
        *ret = sending;
        return 1;
}

AlertSending *alert_sending_cancel(AlertSending *sending) {
        if (!sending)
                return NULL;
        http_call_cancel(sending->http);
        smtp_call_cancel(sending->smtp);
        free(sending);
        return NULL;
}

int alert_sender_new(AlertSender **ret, uv_loop_t *loop, const AlertWays *ways) {
        _cleanup_(alert_sender_freep) AlertSender *s = calloc(1, sizeof(*s));
        int r;

        if (!s)
                return -ENOMEM;
        s->ways = ways;
        r = guard_new(&s->guard, ways->allow, NULL, NULL);
        if (r < 0)
                return r;
        r = guard_deny_ports(s->guard, GUARD_DENY_PORTS, NULL);
        if (r < 0)
                return r;
        s->rules = (ConnectRules){ .guard = s->guard };
        r = resolver_new(&s->resolver, loop, &(ResolverOptions){ 0 });
        if (r < 0)
                return r;
        r = http_client_new(&s->http, loop);
        if (r < 0)
                return r;
        http_client_set_resolver(s->http, s->resolver);
        r = smtp_client_new(&s->smtp, loop);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(s);
        return 0;
}

AlertSender *alert_sender_free(AlertSender *s) {
        if (!s)
                return NULL;
        smtp_client_free(s->smtp);
        http_client_free(s->http);
        resolver_free(s->resolver);
        guard_free(s->guard);
        free(s);
        return NULL;
}
