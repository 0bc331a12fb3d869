/* Any bytes as what people send about channels of alerts: what is accepted is what the hub would
 * accept as well; what is refused is told as a sentence. */
#include <errno.h>
#include <string.h>

#include "api/channel-body.h"
#include "base/encode.h"
#include "property.h"
#include "store/alert-rules.h"
#include "store/alert-settings.h"

static void check_problem(const BodyProblem *p) {
        size_t n = strnlen(p->detail, sizeof(p->detail));

        PROPERTY(p->status == 400 || p->status == 422);
        PROPERTY(n > 0 && n < sizeof(p->detail) && p->detail[n - 1] == '.');
        PROPERTY(utf8_is_valid(p->detail, n));
        PROPERTY(!p->pointer[0] || (p->pointer[0] == '/' && p->status == 422));
}

static void check_new(const ChannelBody *body) {
        const char *reason = NULL;
        AlertSettings s;
        AlertKind kind;

        PROPERTY(alert_kind_from_name(body->kind, &kind) == 0);
        PROPERTY(!alert_name_refusal(body->name));
        PROPERTY(alert_settings_read(kind, body->settings, &s, &reason) == 0);
        PROPERTY(!body->shown == !(kind == ALERT_APPRISE || s.password || s.token));
        PROPERTY(!body->shown || strlen(body->shown) < ALERT_SETTINGS_MAX);
        alert_settings_done(&s);
        PROPERTY(!body->filter || alert_filter_check(body->filter, &reason) == 0);
        PROPERTY(!body->rules || alert_rules_check(body->rules, &reason) == 0);
        PROPERTY(body->signs == (kind == ALERT_WEBHOOK));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        ChannelBody body;
        BodyProblem problem = { 0 };
        int r = channel_body_read((const char *)data, size, &body, &problem);

        PROPERTY(r == 0 || r == -EINVAL);
        if (r == 0) {
                check_new(&body);
                channel_body_done(&body);
        } else
                check_problem(&problem);
        r = channel_patch_read((const char *)data, size, &body, &problem);
        PROPERTY(r == 0 || r == -EINVAL);
        if (r < 0) {
                check_problem(&problem);
                return 0;
        }
        PROPERTY(!body.kind);
        if (channel_body_judge(&body, "webhook", &problem) < 0)
                check_problem(&problem);
        channel_body_done(&body);
        return 0;
}
