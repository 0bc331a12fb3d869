/* Any bytes as what people send about maintenance: what is accepted names websites by their ids and
 * is short; what is refused is told as a sentence. */
#include <errno.h>
#include <string.h>

#include "api/maintenance-body.h"
#include "base/encode.h"
#include "property.h"

static void check_problem(const BodyProblem *p) {
        size_t n = strnlen(p->detail, sizeof(p->detail));

        PROPERTY(p->status == 400 || p->status == 422);
        PROPERTY(n > 0 && n < sizeof(p->detail) && p->detail[n - 1] == '.');
        PROPERTY(utf8_is_valid(p->detail, n));
        PROPERTY(!p->pointer[0] || (p->pointer[0] == '/' && p->status == 422));
}

static void check_text(const char *text, size_t most) {
        PROPERTY(!text || (strlen(text) <= most && utf8_is_valid(text, strlen(text))));
}

static void check_add(const MaintenanceAdd *add) {
        if (add->websites) {
                PROPERTY(strspn(add->websites, "0123456789abcdef-,") == strlen(add->websites));
                PROPERTY(strlen(add->websites) % 37 == 36 && strlen(add->websites) < 3700);
        }
        PROPERTY(add->title && add->duration_ms <= INT64_MAX);
        check_text(add->title, 1024);
        check_text(add->cron, 1024);
        check_text(add->time_zone, 64);
        check_text(add->from, 64);
        check_text(add->until, 64);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(maintenance_body_done) MaintenanceBody body = { 0 };
        BodyProblem problem = { 0 };
        MaintenanceAdd add = { 0 };
        int r;

        r = maintenance_body_read((const char *)data, size, &body, &problem);
        PROPERTY(r == 0 || r == -EINVAL);
        if (r < 0) {
                check_problem(&problem);
                return 0;
        }
        maintenance_body_fill(&body, &add);
        check_add(&add);
        return 0;
}
