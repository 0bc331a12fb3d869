/* Reading is one query each; adding and removing is checked here first, so that people are told
 * which member is wrong and why. */
#include "api/websites.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/reply.h"
#include "api/website-body.h"
#include "store/website-latency.h"
#include "store/website-views.h"
#include "store/websites.h"

void websites_list(ApiCall *c) {
        WebsitePage page = { .organisation = c->who.organisation };
        Uuid after;
        int r;

        r = call_query_uuid(c, "cursor", &after);
        if (r < 0 || call_query_limit(c, &page.limit) < 0)
                return;
        page.after = r > 0 ? &after : NULL;
        call_started(c, websites_page_json(call_views(c), &page, call_answer, c, &c->open));
}

void website_status(ApiCall *c) {
        WebsiteView view = { .organisation = c->who.organisation };

        if (call_query_website(c, &view.id) >= 0)
                call_started(c,
                             website_status_json(call_views(c), &view, call_answer, c, &c->open));
}

void website_latency(ApiCall *c) {
        const char *name = httpd_query(c->http, "window");
        int window = latency_window_from_name(name ? name : "24h");
        LatencyView view = { .organisation = c->who.organisation };

        if (window < 0) {
                (void)call_refuse_query(c, "window", "1h, 24h, 7d or 30d");
                return;
        }
        view.window = (LatencyWindow)window;
        if (call_query_website(c, &view.id) >= 0)
                call_started(c,
                             website_latency_json(call_views(c), &view, call_answer, c, &c->open));
}

/* Adding -----------------------------------------------------------------------------------------
 */

static void on_added(int r, const char *error _unused_, void *userdata) {
        ApiCall *c = userdata;
        char id[UUID_TEXT_SIZE], json[64], location[128];

        c->open = NULL;
        call_wrote(c);
        if (r == -EEXIST) {
                reply_problem(c->http, &(Problem){ .status = 409,
                                                   .detail = "This URL is being checked already, "
                                                             "over these addresses.",
                                                   .pointer = "/url" });
                return;
        }
        if (r < 0) {
                call_fail(c, r);
                return;
        }
        uuid_format(&c->object, id);
        snprintf(json, sizeof(json), "{\"id\":\"%s\"}", id);
        snprintf(location, sizeof(location), "/api/v1/website/status?websiteId=%s", id);
        reply_made(c->http, 201, location, json);
}

void website_create(ApiCall *c) {
        _cleanup_(website_body_done) WebsiteBody body = { 0 };
        BodyProblem problem;
        size_t n;
        const void *text = httpd_body(c->http, &n);

        if (website_body_read(text, n, &body, &problem) < 0) {
                call_refuse_body(c, &problem);
                return;
        }
        c->object = uuid7_new(now_realtime());
        call_started(c, website_add(c->api->store,
                                    &(WebsiteAdd){ .organisation = c->who.organisation,
                                                   .id = c->object,
                                                   .url = body.url,
                                                   .settings = body.settings,
                                                   .actor = c->who.actor },
                                    on_added, c, &c->open));
}

/* Changing ---------------------------------------------------------------------------------------
 * A row is read, what results of it is judged as a whole, and written if the row is still the same;
 * else all of that again. */

#define CHANGE_TRIES 5u

typedef struct Change {
        WebsitePatch patch;
        unsigned tries;
} Change;

static void read_for_change(ApiCall *c);

static void free_change(void *change) {
        website_patch_done(&((Change *)change)->patch);
        free(change);
}

static void on_changed(int r, const char *error, void *userdata) {
        ApiCall *c = userdata;

        c->open = NULL;
        call_wrote(c);
        if (r == -ENOENT)
                read_for_change(c);
        else if (r == -EDOM)
                reply_problem(c->http,
                              &(Problem){ .status = 422, .detail = error, .pointer = "/parentId" });
        else if (r < 0)
                call_fail(c, r);
        else
                reply_nothing(c->http);
}

static void on_found(int r, const WebsiteRow *row, size_t n _unused_, void *userdata) {
        ApiCall *c = userdata;
        WebsitePatch *patch = &((Change *)c->state)->patch;
        BodyProblem problem;

        c->open = NULL;
        if (r == 0 && row->organisation != c->who.organisation)
                r = -ENOENT;
        if (r < 0) {
                call_fail(c, r);
                return;
        }
        if (website_patch_apply(patch, row, &problem) < 0) {
                call_refuse_body(c, &problem);
                return;
        }
        call_started(c, website_edit(c->api->store,
                                     &(WebsiteEdit){ .organisation = c->who.organisation,
                                                     .id = patch->id,
                                                     .revision = row->revision,
                                                     .settings = patch->body.settings,
                                                     .paused = patch->paused,
                                                     .parent = patch->parent_seen ? &patch->parent
                                                                                  : NULL,
                                                     .actor = c->who.actor },
                                     on_changed, c, &c->open));
}

static void read_for_change(ApiCall *c) {
        Change *change = c->state;

        if (change->tries++ >= CHANGE_TRIES)
                reply_problem(c->http, &(Problem){ .status = 409,
                                                   .detail = "Others change this website at the "
                                                             "same time." });
        else
                call_started(c,
                             website_find(c->api->store, &change->patch.id, on_found, c, &c->open));
}

void website_update(ApiCall *c) {
        Change *change = calloc(1, sizeof(*change));
        BodyProblem problem;
        size_t n;
        const void *text = httpd_body(c->http, &n);

        if (!change) {
                call_fail(c, -ENOMEM);
                return;
        }
        c->state = change;
        c->state_free = free_change;
        if (website_patch_read(text, n, &change->patch, &problem) < 0)
                call_refuse_body(c, &problem);
        else
                read_for_change(c);
}

/* Removing ---------------------------------------------------------------------------------------
 */

int website_id_read(ApiCall *c, Uuid *ret) {
        BodyProblem problem;
        size_t n;
        const void *text = httpd_body(c->http, &n);
        int r;

        if (n == 0) {
                r = call_query_uuid(c, "websiteId", ret);
                if (r == 0)
                        reply_problem(c->http, &(Problem){ .status = 400,
                                                           .detail = "A \"websiteId\" is needed, "
                                                                     "in the body or"
                                                                     " in the query." });
                return r > 0 ? 0 : -EINVAL;
        }
        r = website_id_body_read(text, n, ret, &problem);
        if (r < 0)
                call_refuse_body(c, &problem);
        return r;
}

void website_delete(ApiCall *c) {
        WebsiteRemove remove = { .organisation = c->who.organisation, .actor = c->who.actor };

        if (website_id_read(c, &remove.id) < 0)
                return;
        call_started(c, website_remove(c->api->store, &remove, call_answer_nothing, c, &c->open));
}
