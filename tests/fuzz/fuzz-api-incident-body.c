/* Any bytes as what people send about incidents: what is accepted is within its limits and steers
 * no terminal; what is refused is told as a sentence. */
#include <errno.h>

#include "api/incident-body.h"
#include "base/encode.h"
#include "property.h"

static void check_problem(const BodyProblem *p, const IncidentBody *b) {
        size_t n = strnlen(p->detail, sizeof(p->detail));

        PROPERTY(p->status == 400 || p->status == 422);
        PROPERTY(n > 0 && n < sizeof(p->detail) && p->detail[n - 1] == '.');
        PROPERTY(utf8_is_valid(p->detail, n));
        PROPERTY(!p->pointer[0] || (p->pointer[0] == '/' && p->status == 422));
        PROPERTY(!b->title && !b->text && !b->assignee);
}

static void check_text(const char *text, size_t most, bool lines) {
        size_t n = strlen(text);

        PROPERTY(utf8_is_valid(text, n) && n <= 4 * most);
        for (const char *c = text; *c; c++)
                PROPERTY(((unsigned char)*c >= ' ' && *c != 0x7f) ||
                         (lines && (*c == '\n' || *c == '\t')));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static int (*const readers[])(const char *text, size_t n, IncidentBody *ret,
                                      BodyProblem *problem) = {
                incident_report_read,
                incident_note_read,
                incident_assignee_read,
        };

        for (size_t i = 0; i < ELEMENTSOF(readers); i++) {
                BodyProblem problem = { 0 };
                IncidentBody body;
                int r = readers[i]((const char *)data, size, &body, &problem);

                PROPERTY(r == 0 || r == -EINVAL);
                if (r < 0)
                        check_problem(&problem, &body);
                if (r == 0 && body.title)
                        check_text(body.title, 200, false);
                if (r == 0 && body.text)
                        check_text(body.text, 2000, true);
                if (r == 0 && body.assignee)
                        PROPERTY(strlen(body.assignee) <= 320);
                incident_body_done(&body);
        }
        return 0;
}
