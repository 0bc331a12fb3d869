/* Any bytes as what people send about websites: what is accepted is within its limits and can be
 * checked by a validator; what is refused is told as a sentence. */
#include <errno.h>

#include "api/website-body.h"
#include "base/encode.h"
#include "property.h"
#include "wire/spec.h"

static void check_problem(const BodyProblem *p) {
        size_t n = strnlen(p->detail, sizeof(p->detail));

        PROPERTY(p->status == 400 || p->status == 422);
        PROPERTY(n > 0 && n < sizeof(p->detail) && p->detail[n - 1] == '.');
        PROPERTY(utf8_is_valid(p->detail, n));
        PROPERTY(strnlen(p->pointer, sizeof(p->pointer)) < sizeof(p->pointer));
        PROPERTY(!p->pointer[0] || (p->pointer[0] == '/' && p->status == 422));
}

static void check_name(const char *name) {
        size_t n = strnlen(name, WEBSITE_NAME_SIZE);

        PROPERTY(n < WEBSITE_NAME_SIZE && utf8_is_valid(name, n) && n <= 4 * 200);
        for (const char *c = name; *c; c++)
                PROPERTY((unsigned char)*c >= ' ' && *c != 0x7f);
}

static void check_limits(const WebsiteBody *b) {
        const WebsiteSettings *s = &b->settings;

        PROPERTY(s->interval_ms >= 10000 && s->interval_ms <= 86400000);
        PROPERTY(s->timeout_ms == 0 ||
                 (s->timeout_ms >= 100 && s->timeout_ms <= s->interval_ms / 2));
        PROPERTY(s->seats >= 1 && s->seats <= 16);
        PROPERTY(s->confirm_down >= 1 && s->confirm_up >= 1 && s->certificate_warn_days <= 365);
        PROPERTY(s->name == b->name && s->rules == b->rules && strlen(s->rules) <= 512);
        check_name(b->name);
}

/* The hub makes an order's specification of it. */
static void check_url(const char *url) {
        _cleanup_free_ char *text = NULL;
        _cleanup_(spec_done) Spec s = {};

        PROPERTY(strlen(url) <= URL_MAX);
        PROPERTY(spec_default(&s, url) == 0);
        PROPERTY(spec_encode(&s, &text, NULL) == 0);
}

/* What results of a website is within limits, too; what was not sent is as it was. */
static void check_patch(const char *text, size_t size) {
        static const WebsiteRow row = { .url = "tcp://a:1",
                                        .settings = { .name = "",
                                                      .specification = "",
                                                      .rules = "",
                                                      .tags = "",
                                                      .interval_ms = 20000,
                                                      .timeout_ms = 10000,
                                                      .seats = 4,
                                                      .confirm_down = 1,
                                                      .confirm_up = 1 } };
        _cleanup_(website_patch_done) WebsitePatch patch = { 0 };
        const WebsiteSettings *s = &patch.body.settings;
        BodyProblem problem = { 0 };
        WebsiteFault fault;
        int r;

        r = website_patch_read(text, size, &patch, &problem);
        if (r == 0)
                r = website_patch_apply(&patch, &row, &problem);
        PROPERTY(r == 0 || r == -EINVAL);
        if (r < 0) {
                check_problem(&problem);
                return;
        }
        PROPERTY(website_settings_check(s, &fault) == 0);
        PROPERTY(patch.name_seen || s->name == row.settings.name);
        PROPERTY(patch.number_seen[0] || s->interval_ms == row.settings.interval_ms);
        PROPERTY(utf8_is_valid(s->name, strlen(s->name)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        BodyProblem problem = { 0 };
        _cleanup_(website_body_done) WebsiteBody body = { 0 };
        Uuid id;
        int r;

        r = website_body_read((const char *)data, size, &body, &problem);
        PROPERTY(r == 0 || r == -EINVAL);
        if (r == 0) {
                check_limits(&body);
                check_url(body.url);
        } else {
                check_problem(&problem);
        }
        check_patch((const char *)data, size);
        r = website_id_body_read((const char *)data, size, &id, &problem);
        PROPERTY(r == 0 || r == -EINVAL);
        if (r < 0)
                check_problem(&problem);
        return 0;
}
