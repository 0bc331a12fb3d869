/* E-mail: one message to all who are named. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "hub/alert-mail.h"
#include "hub/alert-sender-internal.h"

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
                alert_fail(&v, over ? ALERT_FAILED : ALERT_PENDING,
                           result->status >= 400 ? why : "the mail was not taken", result->detail);
        }
        alert_finish(sending, &v, result->status);
}

static int write_mail(const Alert *a, const char *const *to, char **ret) {
        _cleanup_free_ char *subject = NULL, *text = NULL;
        char channel[UUID_TEXT_SIZE];
        int r;

        r = alert_write_texts(a, &subject, &text);
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

int alert_send_mail(const Alert *a, AlertSending *sending, AlertVerdict *v) {
        const char *to[ALERT_RECIPIENTS_MAX + 1] = { NULL };
        _cleanup_free_ char *message = NULL;
        int r;

        if (!a->sender->ways->smtp_server) {
                alert_fail(v, ALERT_PENDING, "no mail server is set: SmtpServer of hub.conf", "");
                return -EINVAL;
        }
        for (size_t i = 0; i < a->settings.to.n; i++)
                to[i] = a->settings.to.items[i];
        r = write_mail(a, to, &message);
        if (r >= 0)
                r = mail(a, to, message, sending);
        if (r < 0)
                alert_fail(v, ALERT_PENDING, "it cannot be written", strerror(-r));
        return r;
}
