/* Which times there are is known to the database: its sentences are passed on. */
#include "api/maintenance.h"

#include <errno.h>
#include <stdio.h>

#include "api/maintenance-body.h"
#include "api/reply.h"

void maintenance_list(ApiCall *c) {
        MaintenanceView view = { .organisation = c->who.organisation };
        Uuid website;
        int r;

        r = call_query_uuid(c, "websiteId", &website);
        if (r < 0)
                return;
        view.website = r > 0 ? &website : NULL;
        call_started(c, maintenance_json(call_views(c), &view, call_answer, c, &c->open));
}

static void on_added(int r, const char *error, void *userdata) {
        ApiCall *c = userdata;
        char id[UUID_TEXT_SIZE], json[64];

        c->open = NULL;
        call_wrote(c);
        if (r == -EDOM) {
                reply_problem(c->http, &(Problem){ .status = 422, .detail = error });
                return;
        }
        if (r < 0) {
                call_fail(c, r);
                return;
        }
        snprintf(json, sizeof(json), "{\"id\":\"%s\"}", uuid_format(&c->object, id));
        reply_made(c->http, 201, NULL, json);
}

void maintenance_create(ApiCall *c) {
        _cleanup_(maintenance_body_done) MaintenanceBody body = { 0 };
        MaintenanceAdd add = { .organisation = c->who.organisation, .actor = c->who.actor };
        BodyProblem problem;
        size_t n;
        const void *text = httpd_body(c->http, &n);

        if (maintenance_body_read(text, n, &body, &problem) < 0) {
                call_refuse_body(c, &problem);
                return;
        }
        c->object = add.id = uuid7_new(now_realtime());
        maintenance_body_fill(&body, &add);
        call_started(c, maintenance_add(c->api->store, &add, on_added, c, &c->open));
}

void maintenance_delete(ApiCall *c) {
        MaintenanceRemove remove = { .organisation = c->who.organisation, .actor = c->who.actor };

        if (uuid_parse(c->match.parameter, &remove.id) < 0)
                call_fail(c, -ENOENT);
        else
                call_started(c, maintenance_remove(c->api->store, &remove, call_answer_nothing, c,
                                                   &c->open));
}
