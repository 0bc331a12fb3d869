/* Alertmanager: told what there is, in words for people too. */
#include <errno.h>
#include <string.h>

#include "hub/alert-alertmanager.h"
#include "hub/alert-sender-internal.h"
#include "hub/alert-words.h"

#define WORDS_MAX 128 /* of a refusal */

static int write_body(const Alert *a, char **ret) {
        _cleanup_free_ char *link = alert_facts_link(&a->facts, a->sender->ways->public_url);
        _cleanup_free_ char *subject = NULL, *text = NULL;
        int r;

        r = alert_write_texts(a, &subject, &text);
        if (r < 0)
                return r;
        return alertmanager_body(&(const AlertPost){ .event = a->row->kind,
                                                     .facts = &a->facts,
                                                     .summary = subject,
                                                     .description = text,
                                                     .link = link,
                                                     .now = a->now },
                                 ret);
}

static int send_body(const Alert *a, const char *body, AlertSending *sending, AlertVerdict *v) {
        const AlertSettings *s = &a->settings;
        bool known = s->password || s->token;
        _cleanup_(alert_words_wipep) char *as =
                        known ? alertmanager_authorization(s->user, s->password, s->token) : NULL;
        _cleanup_free_ char *url = alertmanager_url(s->url);
        const char *const headers[] = { "content-type: application/json", as, NULL };

        if (!url || (known && !as)) {
                alert_fail(v, ALERT_PENDING, strerror(ENOMEM), "");
                return -ENOMEM;
        }
        return alert_post(a,
                          &(const AlertRequest){ .url = url,
                                                 .body = body,
                                                 .headers = headers,
                                                 .keep = WORDS_MAX },
                          sending, v);
}

int alert_send_manager(const Alert *a, AlertSending *sending, AlertVerdict *v) {
        _cleanup_free_ char *body = NULL;
        int r;

        r = write_body(a, &body);
        if (r < 0) {
                alert_fail(v, ALERT_PENDING, "it cannot be written", strerror(-r));
                return r;
        }
        return send_body(a, body, sending, v);
}
