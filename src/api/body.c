/* base/json says which member is wrong; what would be right is said here. */
#include "api/body.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool has_member(const BodyTable *table, const char *name) {
        for (const JsonField *field = table->fields; field->name; field++)
                if (strcmp(field->name, name) == 0)
                        return true;
        return false;
}

static const char *expected_of(const BodyTable *table, const char *member) {
        for (const BodyWords *w = table->words; w->member; w++)
                if (strcmp(w->member, member) == 0)
                        return w->expected;
        return NULL;
}

static int refuse(BodyProblem *p, const char *member, const char *detail) {
        *p = (BodyProblem){ .status = 422 };
        snprintf(p->pointer, sizeof(p->pointer), "/%s", member);
        snprintf(p->detail, sizeof(p->detail), "%s", detail);
        return -EINVAL;
}

int body_refuse_as(BodyProblem *problem, const char *member, const char *expected) {
        char detail[sizeof(problem->detail)];

        snprintf(detail, sizeof(detail), "The member \"%s\" %s.", member, expected);
        return refuse(problem, member, detail);
}

int body_refuse(BodyProblem *problem, const BodyTable *table, const char *member) {
        return body_refuse_as(problem, member, expected_of(table, member));
}

int body_refuse_for(BodyProblem *problem, const char *member, const char *reason) {
        char detail[sizeof(problem->detail)];

        snprintf(detail, sizeof(detail), "%c%s.",
                 reason[0] >= 'a' && reason[0] <= 'z' ? reason[0] - 'a' + 'A' : reason[0],
                 reason + 1);
        return refuse(problem, member, detail);
}

/* Names of foreign members are not repeated: they may hold anything. */
int body_read(const char *text, size_t n, const BodyTable *table, void *ret, BodyProblem *problem) {
        const char *error = NULL;
        int r;

        r = json_read(text, n, table->fields, ret, &error);
        if (r >= 0)
                return 0;

        *problem = (BodyProblem){ .status = r == -EBADMSG ? 400 : 422 };
        if (r != -EBADMSG && error && has_member(table, error))
                return body_refuse(problem, table, error);
        snprintf(problem->detail, sizeof(problem->detail), "%s",
                 r == -EBADMSG ? "The body is no JSON object."
                               : "The body has a member that is not known here.");
        return -EINVAL;
}
