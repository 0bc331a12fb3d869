/* Webhooks: one request, whose answer is read as far as it is needed. */
#include <errno.h>
#include <string.h>

#include "hub/alert-sender-internal.h"

#define ANSWER_MAX (64u * 1024) /* nobody reads more of it */
#define USER_AGENT "dpin-hub/" DPIN_VERSION

/* Whoever says so has it, whatever becomes of the rest of the answer. */
static bool is_success(unsigned status) {
        return status >= 200 && status <= 299;
}

static void on_answer(const HttpResult *result, void *userdata) {
        AlertSending *sending = userdata;
        AlertVerdict v;

        if (result->error == HTTP_OK || is_success(result->status))
                alert_webhook_judge(result->status, result->headers, result->headers_n,
                                    sending->now, &v);
        else
                alert_fail(&v, ALERT_PENDING, http_error_name(result->error),
                           result->detail ? result->detail : "");
        alert_finish(sending, &v, result->status);
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
                alert_fail(v, ALERT_PENDING, "it cannot be sent", strerror(-r));
        return r;
}

static const char *happened(const Alert *a) {
        const char *at = a->facts.closed ? a->facts.closed : a->facts.opened;

        return at ? at : "";
}

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
        const AlertMessage m = { .id = a->id,
                                 .event = a->row->kind,
                                 .facts = a->row->payload,
                                 .happened = happened(a),
                                 .link = link,
                                 .acknowledge = a->facts.acknowledge,
                                 .now = a->now };
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
        r = post(a, &w, sending, v);
        alert_webhook_done(&w);
        return r;
}
