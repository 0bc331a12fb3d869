/* Lengths in bytes are wider than those in characters, which are judged afterwards. */
#include "api/incident-body.h"

#include <string.h>

#include "store/incident-deeds.h"

#define TEXT_SIZE  32768u /* longer than allowed, so that the reason can be told */
#define TITLE_SIZE 4096u
#define EMAIL_SIZE 320u

#define TITLE                                                                                      \
        {                                                                                          \
                .name = "title", .type = JSON_TEXT, .offset = offsetof(IncidentBody, title),       \
                .size = TITLE_SIZE                                                                 \
        }
#define TEXT(is_optional)                                                                          \
        {                                                                                          \
                .name = "text", .type = JSON_TEXT, .optional = (is_optional),                      \
                .offset = offsetof(IncidentBody, text), .size = TEXT_SIZE                          \
        }

static const JsonField report_fields[] = {
        TEXT(true),
        TITLE,
        { .name = "websiteId",
          .type = JSON_STRING,
          .offset = offsetof(IncidentBody, website_id),
          .size = UUID_TEXT_SIZE },
        { 0 },
};

static const JsonField note_fields[] = {
        TEXT(false),
        { 0 },
};

static const JsonField assignee_fields[] = {
        { .name = "assignee",
          .type = JSON_TEXT,
          .offset = offsetof(IncidentBody, assignee),
          .size = EMAIL_SIZE,
          .nullable = true },
        { 0 },
};

static const BodyWords words[] = {
        { "assignee", "must be the e-mail address of a member of the organisation, or null" },
        { "text", "must be a text of 1 to 2000 characters" },
        { "title", "must be a text of 1 to 200 characters" },
        { "websiteId", "must be a UUID" },
        { 0 },
};

static const BodyTable report_table = { report_fields, words };
static const BodyTable note_table = { note_fields, words };
static const BodyTable assignee_table = { assignee_fields, words };

static int judge(const TextRule *rule, const char *member, const char *text, BodyProblem *problem) {
        char why[TEXT_REFUSAL_SIZE];

        return text_judge(rule, text, why) < 0 ? body_refuse_for(problem, member, why) : 0;
}

static int judge_report(IncidentBody *b, BodyProblem *problem) {
        int r;

        if (uuid_parse(b->website_id, &b->website) < 0)
                return body_refuse(problem, &report_table, "websiteId");
        r = judge(&incident_title_rule, "title", b->title, problem);
        if (r < 0 || !b->text || !*b->text)
                return r;
        return judge(&incident_text_rule, "text", b->text, problem);
}

/* One body has no members of another: freed by the table that read it, or by the widest. */
void incident_body_done(IncidentBody *body) {
        json_done(report_fields, body);
        json_done(assignee_fields, body);
}

static int keep(int r, IncidentBody *ret) {
        if (r < 0)
                incident_body_done(ret);
        return r;
}

int incident_report_read(const char *text, size_t n, IncidentBody *ret, BodyProblem *problem) {
        int r;

        memset(ret, 0, sizeof(*ret));
        r = body_read(text, n, &report_table, ret, problem);
        return keep(r < 0 ? r : judge_report(ret, problem), ret);
}

int incident_note_read(const char *text, size_t n, IncidentBody *ret, BodyProblem *problem) {
        int r;

        memset(ret, 0, sizeof(*ret));
        r = body_read(text, n, &note_table, ret, problem);
        return keep(r < 0 ? r : judge(&incident_note_rule, "text", ret->text, problem), ret);
}

int incident_assignee_read(const char *text, size_t n, IncidentBody *ret, BodyProblem *problem) {
        memset(ret, 0, sizeof(*ret));
        return body_read(text, n, &assignee_table, ret, problem);
}
