/* What is sent over HTTP: one request, whose answer is read as far as it is needed. */
#include <stdio.h>
#include <string.h>

#include "hub/alert-sender-internal.h"

#define ANSWER_MAX (64u * 1024) /* nobody reads more of it */
#define USER_AGENT "dpin-hub/" DPIN_VERSION

/* As much of it as there is room for. */
static void add_words(AlertVerdict *v, const HttpResult *result) {
        size_t n = strlen(v->error);

        if (v->state != ALERT_DELIVERED && result->kept_n > 0)
                snprintf(v->error + n, sizeof(v->error) - n, ": %.*s", (int)result->kept_n,
                         (const char *)result->body);
}

/* Whoever says so has it, whatever becomes of the rest of the answer. */
static bool is_success(unsigned status) {
        return status >= 200 && status <= 299;
}

static void on_answer(const HttpResult *result, void *userdata) {
        AlertSending *sending = userdata;
        AlertVerdict v;

        if (result->error == HTTP_OK || is_success(result->status)) {
                alert_webhook_judge(result->status, result->headers, result->headers_n,
                                    sending->now, &v);
                add_words(&v, result);
        } else {
                alert_fail(&v, ALERT_PENDING, http_error_name(result->error),
                           result->detail ? result->detail : "");
        }
        alert_finish(sending, &v, result->status);
}

int alert_post(const Alert *a, const AlertRequest *q, AlertSending *sending, AlertVerdict *v) {
        const HttpRequest request = {
                .url = q->url,
                .method = "POST",
                .headers = q->headers,
                .body = q->body,
                .body_n = strlen(q->body),
                .timeout = a->sender->ways->timeout,
                .body_max = ANSWER_MAX,
                .keep_max = q->keep,
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
