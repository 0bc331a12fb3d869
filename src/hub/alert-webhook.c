/* Everything but 2xx is a failure, redirects too: whoever answers so is somebody else. */
#include "hub/alert-webhook.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/json.h"

#define ASKED_DIGITS 9

int alert_message_body(const AlertMessage *m, char **ret) {
        _cleanup_(json_writer_freep) JsonWriter *json = NULL;
        int r;

        r = json_writer_new(&json);
        if (r < 0)
                return r;
        json_writer_open_object(json, NULL);
        json_writer_string(json, "type", m->event);
        json_writer_string(json, "timestamp", m->happened);
        json_writer_raw(json, "data", m->facts);
        if (m->link)
                json_writer_string(json, "link", m->link);
        if (m->acknowledge)
                json_writer_string(json, "acknowledge", m->acknowledge);
        json_writer_close(json);
        return json_writer_take(json, ret);
}

int alert_webhook_make(AlertWebhook *ret, const AlertMessage *m, const AlertKeys *k,
                       const AlertSecrets *s, bool former) {
        char signatures[ALERT_SIGNATURES_SIZE], timestamp[24];
        AlertSigned what = { .id = m->id, .timestamp = timestamp };
        int r;

        *ret = (AlertWebhook){ .headers = { "content-type: application/json", ret->id,
                                            ret->timestamp, ret->signature, NULL } };
        r = alert_message_body(m, &ret->body);
        if (r < 0)
                return r;
        snprintf(timestamp, sizeof(timestamp), "%llu", (unsigned long long)(m->now / USEC_PER_SEC));
        what.body = ret->body;
        r = alert_sign(k, s, former, &what, signatures);
        if (r < 0) {
                alert_webhook_done(ret);
                return r;
        }
        snprintf(ret->id, sizeof(ret->id), "webhook-id: %s", m->id);
        snprintf(ret->timestamp, sizeof(ret->timestamp), "webhook-timestamp: %s", timestamp);
        snprintf(ret->signature, sizeof(ret->signature), "webhook-signature: %s", signatures);
        return 0;
}

void alert_webhook_done(AlertWebhook *w) {
        free(w->body);
        w->body = NULL;
}

/* Answers -------------------------------------------------------------------------------------- */

usec_t alert_retry_after(const char *value, usec_t now) {
        size_t digits = strspn(value, "0123456789");
        struct tm tm = { 0 };
        const char *end;
        time_t at;

        if (digits > 0 && !value[digits])
                return digits > ASKED_DIGITS ? USEC_PER_DAY
                                             : (usec_t)strtoul(value, NULL, 10) * USEC_PER_SEC;
        end = strptime(value, "%a, %d %b %Y %H:%M:%S GMT", &tm);
        at = end && !*end ? timegm(&tm) : -1;
        if (at < 0 || (usec_t)at <= now / USEC_PER_SEC)
                return 0;
        return (usec_t)at * USEC_PER_SEC - now;
}

static const char *find_header(const char *headers, size_t n, const char *name) {
        size_t length = strlen(name);

        for (const char *p = headers, *end = headers + n; p && p < end; p += strlen(p) + 1)
                if (strncasecmp(p, name, length) == 0 && p[length] == ':')
                        return p + length + 1 + strspn(p + length + 1, " \t");
        return NULL;
}

void alert_webhook_judge(unsigned status, const char *headers, size_t headers_n, usec_t now,
                         AlertVerdict *ret) {
        const char *asked;

        *ret = (AlertVerdict){ .state = ALERT_PENDING };
        if (status >= 200 && status <= 299) {
                ret->state = ALERT_DELIVERED;
                return;
        }
        asked = find_header(headers, headers_n, "Retry-After");
        ret->asked = asked ? alert_retry_after(asked, now) : 0;
        ret->disable = status == 410;
        if (ret->disable)
                ret->state = ALERT_FAILED;
        snprintf(ret->error, sizeof(ret->error), "the receiver answered %u%s", status,
                 ret->disable                     ? " and wants no more"
                 : status >= 300 && status <= 399 ? ", a redirect, which is not followed"
                                                  : "");
}
