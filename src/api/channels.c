/* What is sent is judged here first, so that people are told which member is wrong and why. Secrets
 * are made here, told once, and sealed for the hub, as are settings with something secret in them.
 */
#include "api/channels.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/channel-body.h"
#include "api/reply.h"
#include "store/alert-box.h"
#include "store/alert-channels.h"
#include "store/alert-outbox.h"
#include "store/alert-views.h"

#define CHANNEL_PATH "/api/v1/channel/"
#define NO_KEY                                                                                     \
        "No hub has published the key yet by which secrets are sealed: start dpin-hub, which"      \
        " does, and try again."

void channels_list(ApiCall *c) {
        StorePage page = { .organisation = c->who.organisation };
        Uuid after;
        int r;

        r = call_query_uuid(c, "cursor", &after);
        if (r < 0 || call_query_limit(c, &page.limit) < 0)
                return;
        page.after = r > 0 ? &after : NULL;
        call_started(c, channels_page_json(call_views(c), &page, call_answer, c, &c->open));
}

void channel_show(ApiCall *c) {
        AlertView view = { .organisation = c->who.organisation };

        if (call_id(c, &view.id) == 0)
                call_started(c, channel_json(call_views(c), &view, call_answer, c, &c->open));
}

/* Changes ----------------------------------------------------------------------------------------
 */

typedef struct Change {
        ChannelBody body;
        char secret[ALERT_SECRET_TEXT_SIZE]; /* "": none is told */
        AlertSealed sealed;
        uint8_t *words; /* settings, sealed, or NULL */
        size_t words_n;
} Change;

static void free_change(void *change) {
        Change *it = change;

        channel_body_done(&it->body);
        explicit_bzero(it->secret, sizeof(it->secret));
        free(it->words);
        free(it);
}

static Change *begin_change(ApiCall *c) {
        Change *change = calloc(1, sizeof(*change));

        if (!change) {
                call_fail(c, -ENOMEM);
                return NULL;
        }
        c->state = change;
        c->state_free = free_change;
        return change;
}

typedef int (*Seal)(Change *change, const Uuid *channel, const uint8_t *key);

static int make_secret(Change *change, const Uuid *channel, const uint8_t *key) {
        return alert_box_new_secret(key, channel, change->secret, &change->sealed);
}

static int seal_settings(Change *change, const Uuid *channel, const uint8_t *key) {
        return alert_box_seal_words(key, channel, change->body.settings, &change->words,
                                    &change->words_n);
}

/* 0; negative: answered. */
static int seal(ApiCall *c, int r, const AlertBoxRow *box, Seal by) {
        if (r == -ENOENT)
                reply_problem(c->http, &(Problem){ .status = 503,
                                                   .detail = NO_KEY,
                                                   .header = "Retry-After: 10" });
        if (r == 0)
                r = by(c->state, &c->object, box->key);
        if (r < 0 && r != -ENOENT)
                call_fail(c, r == -EINVAL ? -EIO : r);
        return r;
}

/* Adding -----------------------------------------------------------------------------------------
 */

static void on_added(int r, const char *error, void *userdata) {
        ApiCall *c = userdata;
        const Change *change = c->state;
        char id[UUID_TEXT_SIZE], json[160], location[128];
        bool told = change->secret[0];

        c->open = NULL;
        call_wrote(c);
        if (r < 0) {
                call_fail_deed(c, r, error);
                return;
        }
        uuid_format(&c->object, id);
        snprintf(location, sizeof(location), CHANNEL_PATH "%s", id);
        snprintf(json, sizeof(json), "{\"id\":\"%s\"%s%s%s}", id, told ? ",\"secret\":\"" : "",
                 change->secret, told ? "\"" : "");
        reply_made(c->http, 201, location, json);
        explicit_bzero(json, sizeof(json));
}

static void add(ApiCall *c) {
        const Change *change = c->state;
        const ChannelBody *body = &change->body;
        const AlertChannelAdd add = { .id = c->object,
                                      .organisation = c->who.organisation,
                                      .kind = body->kind,
                                      .name = body->name,
                                      .settings = body->shown ? body->shown : body->settings,
                                      .filter = body->filter ? body->filter : "{}",
                                      .rules = body->rules ? body->rules : "{}",
                                      .secret = body->signs ? change->sealed.bytes : change->words,
                                      .secret_n = body->signs ? change->sealed.n : change->words_n,
                                      .actor = c->who.actor };

        call_started(c, alert_channel_add(c->api->store, &add, on_added, c, &c->open));
}

static void on_box_for_new(int r, const AlertBoxRow *row, size_t n _unused_, void *userdata) {
        ApiCall *c = userdata;
        const Change *change = c->state;

        c->open = NULL;
        if (seal(c, r, row, change->body.signs ? make_secret : seal_settings) == 0)
                add(c);
}

void channel_create(ApiCall *c) {
        Change *change = begin_change(c);
        BodyProblem problem;
        size_t n;
        const void *text = httpd_body(c->http, &n);

        if (!change)
                return;
        if (channel_body_read(text, n, &change->body, &problem) < 0) {
                call_refuse_body(c, &problem);
                return;
        }
        c->object = uuid7_new(now_realtime());
        if (change->body.signs || change->body.shown)
                call_started(c, alert_box_load(c->api->store, on_box_for_new, c, &c->open));
        else
                add(c);
}

/* Changing ---------------------------------------------------------------------------------------
 * Its kind never changes, so what is judged by it is still right when it is written. */

static void change_it(ApiCall *c) {
        const Change *it = c->state;
        const ChannelBody *body = &it->body;
        const AlertChannelChange change = {
                .deed = { .organisation = c->who.organisation,
                          .id = c->object,
                          .actor = c->who.actor },
                .name = body->name,
                .settings = body->shown ? body->shown : body->settings,
                .filter = body->filter,
                .rules = body->rules,
                .sealed = it->words,
                .sealed_n = it->words_n,
        };

        call_started(c,
                     alert_channel_change(c->api->store, &change, call_answer_deed, c, &c->open));
}

static void on_box_for_settings(int r, const AlertBoxRow *row, size_t n _unused_, void *userdata) {
        ApiCall *c = userdata;

        c->open = NULL;
        if (seal(c, r, row, seal_settings) == 0)
                change_it(c);
}

static void on_kind(int r, const ChannelKindRow *row, size_t n _unused_, void *userdata) {
        ApiCall *c = userdata;
        ChannelBody *body = &((Change *)c->state)->body;
        BodyProblem problem;

        c->open = NULL;
        if (r < 0)
                call_fail(c, r);
        else if (channel_body_judge(body, row->kind, &problem) < 0)
                call_refuse_body(c, &problem);
        else if (body->shown)
                call_started(c, alert_box_load(c->api->store, on_box_for_settings, c, &c->open));
        else
                change_it(c);
}

void channel_update(ApiCall *c) {
        Change *change = begin_change(c);
        AlertView view = { .organisation = c->who.organisation };
        BodyProblem problem;
        size_t n;
        const void *text = httpd_body(c->http, &n);

        if (!change || call_id(c, &view.id) < 0)
                return;
        c->object = view.id;
        if (channel_patch_read(text, n, &change->body, &problem) < 0)
                call_refuse_body(c, &problem);
        else
                call_started(c, channel_kind_find(c->api->store, &view, on_kind, c, &c->open));
}

/* What is done to one ----------------------------------------------------------------------------
 */

typedef int (*ChannelDeed)(Store *s, const AlertChannelDeed *deed, StoreDone done, void *userdata,
                           StoreCall **ret);

static void act(ApiCall *c, ChannelDeed act_on) {
        AlertChannelDeed deed = { .organisation = c->who.organisation, .actor = c->who.actor };

        if (call_id(c, &deed.id) == 0)
                call_started(c, act_on(c->api->store, &deed, call_answer_deed, c, &c->open));
}

void channel_delete(ApiCall *c) {
        act(c, alert_channel_remove);
}

void channel_post_enable(ApiCall *c) {
        act(c, alert_channel_enable);
}

static void on_tested(int r, const char *error, void *userdata) {
        ApiCall *c = userdata;
        char id[UUID_TEXT_SIZE], json[64], location[128];

        c->open = NULL;
        call_wrote(c);
        if (r < 0) {
                call_fail_deed(c, r, error);
                return;
        }
        uuid_format(&c->object, id);
        snprintf(location, sizeof(location), "/api/v1/alert/%s", id);
        snprintf(json, sizeof(json), "{\"id\":\"%s\"}", id);
        reply_made(c->http, 202, location, json);
}

void channel_post_test(ApiCall *c) {
        AlertDeed deed = { .organisation = c->who.organisation,
                           .test = uuid7_new(now_realtime()),
                           .actor = c->who.actor };

        c->object = deed.test;
        if (call_id(c, &deed.id) == 0)
                call_started(c, alert_test(c->api->store, &deed, on_tested, c, &c->open));
}

/* A new secret -----------------------------------------------------------------------------------
 */

static void on_rotated(int r, const char *error, void *userdata) {
        ApiCall *c = userdata;
        char json[96];

        c->open = NULL;
        call_wrote(c);
        if (r < 0) {
                call_fail_deed(c, r, error);
                return;
        }
        snprintf(json, sizeof(json), "{\"secret\":\"%s\"}", ((const Change *)c->state)->secret);
        reply_made(c->http, 200, NULL, json);
        explicit_bzero(json, sizeof(json));
}

static void rotate(ApiCall *c) {
        const AlertSealed *sealed = &((const Change *)c->state)->sealed;
        const AlertChannelSecret change = { .deed = { .organisation = c->who.organisation,
                                                      .id = c->object,
                                                      .actor = c->who.actor },
                                            .secret = sealed->bytes,
                                            .secret_n = sealed->n };

        call_started(c, alert_channel_rotate(c->api->store, &change, on_rotated, c, &c->open));
}

static void on_box_for_rotation(int r, const AlertBoxRow *row, size_t n _unused_, void *userdata) {
        ApiCall *c = userdata;

        c->open = NULL;
        if (seal(c, r, row, make_secret) == 0)
                rotate(c);
}

void channel_post_rotate(ApiCall *c) {
        if (begin_change(c) && call_id(c, &c->object) == 0)
                call_started(c, alert_box_load(c->api->store, on_box_for_rotation, c, &c->open));
}
