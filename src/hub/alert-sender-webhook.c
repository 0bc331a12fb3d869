/* Webhooks: signed. */
#include <errno.h>
#include <string.h>

#include "hub/alert-sender-internal.h"

/* One before it that was sealed by a key that is lost is gone, too: its receiver knows the new one
 * by then, or never. */
static int open_secrets(const Alert *a, AlertSecrets *ret) {
        const AlertKeys *keys = a->sender->ways->keys;
        const AlertDueRow *row = a->row;
        int r = alert_secrets_open(keys, &row->channel, row->secret, row->secret_n, ret);

        if (r == 0 && row->former)
                (void)alert_secrets_open_former(keys, &row->channel, row->former, row->former_n,
                                                ret);
        return r;
}

int alert_send_webhook(const Alert *a, AlertSending *sending, AlertVerdict *v) {
        const AlertWays *ways = a->sender->ways;
        _cleanup_free_ char *link = alert_facts_link(&a->facts, ways->public_url);
        const AlertMessage m = alert_message(a, link);
        AlertSecrets secrets = { 0 };
        AlertWebhook w;
        int r;

        r = open_secrets(a, &secrets);
        if (r < 0) {
                alert_fail(v, ALERT_FAILED, "its secret was sealed by another key than this hub's",
                           "");
                return r;
        }
        r = alert_webhook_make(&w, &m, ways->keys, &secrets, a->row->former_good);
        alert_secrets_wipe(&secrets);
        if (r < 0) {
                alert_fail(v, ALERT_PENDING, "it cannot be written", strerror(-r));
                return r;
        }
        r = alert_post(a,
                       &(const AlertRequest){ .url = a->settings.url,
                                              .body = w.body,
                                              .headers = w.headers },
                       sending, v);
        alert_webhook_done(&w);
        return r;
}
