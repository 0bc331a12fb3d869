/* What people send about incidents, read and judged member by member. Pure. */
#pragma once

#include "api/body.h"
#include "base/id.h"

/* All texts are NULL where they were not sent, or were null. */
typedef struct IncidentBody {
        char website_id[UUID_TEXT_SIZE];
        Uuid website; /* the same */
        char *title, *text, *assignee;
} IncidentBody;

/* {"websiteId", "title", "text"}, the last may be left out. 0, and *ret is to be done; or -EINVAL
 * with *problem; as the next ones. */
int incident_report_read(const char *text, size_t n, IncidentBody *ret, BodyProblem *problem);
/* {"text"} */
int incident_note_read(const char *text, size_t n, IncidentBody *ret, BodyProblem *problem);
/* {"assignee"}: an address, or null for nobody. */
int incident_assignee_read(const char *text, size_t n, IncidentBody *ret, BodyProblem *problem);
void incident_body_done(IncidentBody *body);
