/* E-mail: one message to all who are named. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "hub/alert-mail.h"
#include "hub/alert-recipients.h"
#include "hub/alert-sender-internal.h"
#include "store/alert-text.h"

static void on_mailed(const SmtpResult *result, void *userdata) {
        AlertSending *sending = userdata;
        _cleanup_free_ char *served = NULL;
        AlertVerdict v;
        int r;

        r = alert_recipients_judge(&(const AlertPosted){ .to = result->to,
                                                         .replies = result->replies,
                                                         .ok = result->ok,
                                                         .status = result->status,
                                                         .detail = result->detail,
                                                         .some = sending->some },
                                   &v, &served);
        if (r < 0)
                alert_fail(&v, ALERT_PENDING, strerror(-r), "");
        v.served = served;
        alert_finish(sending, &v, result->status);
}

static int write_mail(const Alert *a, const char *const *to, char **ret) {
        _cleanup_free_ char *name = alert_text_clean(a->row->channel_name);
        _cleanup_free_ char *subject = NULL, *text = NULL;
        char channel[UUID_TEXT_SIZE];
        int r;

        if (!name)
                return -ENOMEM;
        r = alert_write_texts(a, &subject, &text);
        if (r < 0)
                return r;
        return alert_mail_make(
                        &(const AlertMail){ .from = a->sender->ways->smtp_from,
                                            .to = to,
                                            .name = name,
                                            .id = a->id,
                                            .thread = a->facts.incident,
                                            .channel = uuid_format(&a->row->channel, channel),
                                            .subject = subject,
                                            .text = text,
                                            .date = a->now },
                        ret);
}

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
                .message = message,
                .timeout = w->timeout,
        };

        if (asprintf(&url, "%s://%s", strcmp(w->smtp_encryption, "tls") == 0 ? "smtps" : "smtp",
                     w->smtp_server) < 0)
                return -ENOMEM;
        request.url = url;
        return smtp_start(a->sender->smtp, &request, on_mailed, sending, &sending->smtp);
}

/* All are named in it, and it goes to those who have not got it yet. */
int alert_send_mail(const Alert *a, AlertSending *sending, AlertVerdict *v) {
        const char *to[ALERT_RECIPIENTS_MAX + 1] = { NULL }, *left[ALERT_RECIPIENTS_MAX + 1];
        _cleanup_free_ char *message = NULL;
        int r;

        if (!a->sender->ways->smtp_server) {
                alert_fail(v, ALERT_PENDING, "no mail server is set: SmtpServer of hub.conf", "");
                return -EINVAL;
        }
        for (size_t i = 0; i < a->settings.to.n; i++)
                to[i] = a->settings.to.items[i];
        r = alert_recipients_left(&a->settings.to, a->row->served, left);
        if (r >= 0 && !left[0]) {
                alert_fail(v, ALERT_DELIVERED, "", "");
                return -EALREADY;
        }
        sending->some = r > 0;
        if (r >= 0)
                r = write_mail(a, to, &message);
        if (r >= 0)
                r = mail(a, left, message, sending);
        if (r < 0)
                alert_fail(v, ALERT_PENDING, "it cannot be written", strerror(-r));
        return r;
}
