/* Pages of incidents and of one's timeline are one query each. Deeds are answered with the incident
 * as it is then. */
#include "api/incidents.h"

#include <errno.h>
#include <stdio.h>

#include "api/incident-body.h"
#include "api/reply.h"
#include "store/incident-deeds.h"
#include "store/incident-views.h"
#include "store/incidents.h"

#define INCIDENT_PATH "/api/v1/incident/"
#define TIMELINE      100u /* entries in the answer to a deed */

void incidents_list(ApiCall *c) {
        IncidentPage page = { .organisation = c->who.organisation };
        int has_website, has_cursor;
        Uuid website, after;

        has_website = call_query_uuid(c, "websiteId", &website);
        if (has_website < 0)
                return;
        has_cursor = call_query_uuid(c, "cursor", &after);
        if (has_cursor < 0 || call_query_limit(c, &page.limit) < 0)
                return;
        page.website = has_website ? &website : NULL;
        page.after = has_cursor ? &after : NULL;
        call_started(c, incidents_page_json(call_views(c), &page, call_answer, c, &c->open));
}

/* One --------------------------------------------------------------------------------------------
 */

static int read_cursor(ApiCall *c, uint64_t *ret) {
        const char *text = httpd_query(c->http, "cursor");
        uint64_t value = 0;
        size_t n = 0;

        for (; text && text[n] >= '0' && text[n] <= '9' && n < 18; n++)
                value = value * 10 + (uint64_t)(text[n] - '0');
        if (text && (n == 0 || text[n]))
                return call_refuse_query(c, "cursor", "a \"nextCursor\" of such an answer");
        *ret = value;
        return 0;
}

void incident_show(ApiCall *c) {
        IncidentQuery view = { .organisation = c->who.organisation };

        if (call_id(c, &view.id) < 0 || read_cursor(c, &view.after) < 0 ||
            call_query_limit(c, &view.limit) < 0)
                return;
        call_started(c, incident_json(call_views(c), &view, call_answer, c, &c->open));
}

/* Deeds ------------------------------------------------------------------------------------------
 */

static void on_changed_shown(int r, const char *json, size_t n _unused_, void *userdata) {
        ApiCall *c = userdata;

        c->open = NULL;
        if (r < 0)
                call_fail(c, r);
        else
                reply_made(c->http, 200, NULL, json);
}

static void on_added_shown(int r, const char *json, size_t n _unused_, void *userdata) {
        ApiCall *c = userdata;
        char location[128], id[UUID_TEXT_SIZE];

        c->open = NULL;
        if (r < 0) {
                call_fail(c, r);
                return;
        }
        snprintf(location, sizeof(location), INCIDENT_PATH "%s", uuid_format(&c->object, id));
        reply_made(c->http, 201, location, json);
}

/* The one that is open is named for whoever would report another. */
static void refuse_deed(ApiCall *c, const DeedResult *result) {
        char detail[256], header[128], id[UUID_TEXT_SIZE];
        bool named = result->outcome == DEED_OPEN;

        uuid_format(&result->incident, id);
        snprintf(detail, sizeof(detail), "%s%s%s.", deed_refusal(result->outcome),
                 named ? ": " : "", named ? id : "");
        snprintf(header, sizeof(header), "Location: " INCIDENT_PATH "%s", id);
        reply_problem(c->http,
                      &(Problem){ .status = result->outcome == DEED_STRANGER ? 422 : 409,
                                  .detail = detail,
                                  .pointer = result->outcome == DEED_STRANGER ? "/assignee" : NULL,
                                  .header = named ? header : NULL });
}

static void show(ApiCall *c, int r, const DeedResult *result, StoreJson shown) {
        IncidentQuery view = { .organisation = c->who.organisation, .limit = TIMELINE };

        c->open = NULL;
        call_wrote(c);
        if (r < 0) {
                call_fail(c, r);
                return;
        }
        if (deed_refusal(result->outcome)) {
                refuse_deed(c, result);
                return;
        }
        c->object = view.id = result->incident;
        call_started(c, incident_json(c->api->store, &view, shown, c, &c->open));
}

static void on_changed(int r, const DeedResult *rows, size_t n _unused_, void *userdata) {
        show(userdata, r, rows, on_changed_shown);
}

static void on_added(int r, const DeedResult *rows, size_t n _unused_, void *userdata) {
        show(userdata, r, rows, on_added_shown);
}

static void start(ApiCall *c, IncidentDo how, const char *text, DeedResults done) {
        IncidentDeed wish = { .organisation = c->who.organisation,
                              .text = text,
                              .actor = c->who.actor };

        if (call_id(c, &wish.incident) == 0)
                call_started(c, how(c->api->store, &wish, done, c, &c->open));
}

void incident_post_acknowledge(ApiCall *c) {
        start(c, deed_acknowledge, NULL, on_changed);
}

void incident_post_resolve(ApiCall *c) {
        start(c, deed_resolve, NULL, on_changed);
}

void incident_post_note(ApiCall *c) {
        IncidentBody body;
        BodyProblem problem;
        size_t n;
        const void *text = httpd_body(c->http, &n);

        if (incident_note_read(text, n, &body, &problem) < 0) {
                call_refuse_body(c, &problem);
                return;
        }
        start(c, deed_note, body.text, on_added);
        incident_body_done(&body);
}

void incident_post_assign(ApiCall *c) {
        IncidentBody body;
        BodyProblem problem;
        size_t n;
        const void *text = httpd_body(c->http, &n);

        if (incident_assignee_read(text, n, &body, &problem) < 0) {
                call_refuse_body(c, &problem);
                return;
        }
        start(c, deed_assign, body.assignee, on_changed);
        incident_body_done(&body);
}

void incident_create(ApiCall *c) {
        IncidentBody body;
        BodyProblem problem;
        size_t n;
        const void *text = httpd_body(c->http, &n);

        if (incident_report_read(text, n, &body, &problem) < 0) {
                call_refuse_body(c, &problem);
                return;
        }
        call_started(c, deed_report(c->api->store,
                                    &(IncidentReport){ .organisation = c->who.organisation,
                                                       .incident = uuid7_new(now_realtime()),
                                                       .website = body.website,
                                                       .title = body.title,
                                                       .text = body.text ? body.text : "",
                                                       .actor = c->who.actor },
                                    on_added, c, &c->open));
        incident_body_done(&body);
}
