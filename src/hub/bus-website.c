/* Websites as the administrator sees them: those of every organisation; new ones go to the first.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "hub/bus-deeds.h"
#include "store/accounts.h"
#include "store/heartbeats.h"
#include "store/verdict-views.h"
#include "store/website-views.h"
#include "wire/spec.h"

#define ROW     "(sssuuybts)"
#define ID      "A website's id"
#define NO_SUCH "No website has this id"

/* Listing -------------------------------------------------------------------------------------- */

static int append_row(sd_bus_message *answer, const void *row) {
        const WebsiteRow *w = row;
        char id[UUID_TEXT_SIZE];

        return sd_bus_message_append(answer, ROW, uuid_format(&w->public_id, id), w->url,
                                     w->settings.name, w->settings.interval_ms,
                                     w->settings.timeout_ms, w->settings.seats, (int)w->paused,
                                     w->created / USEC_PER_SEC, w->settings.tags);
}

static void on_listed(int r, const WebsiteRow *rows, size_t n, void *userdata) {
        bus_call_reply_page(bus_call_resume(userdata), r,
                            &(BusRows){ .type = ROW,
                                        .rows = rows,
                                        .n = n,
                                        .size = sizeof(*rows),
                                        .id = offsetof(WebsiteRow, public_id),
                                        .append = append_row });
}

void hub_bus_list_websites(BusCall *c, void *userdata) {
        StorePage page;
        int r;

        if (!bus_call_read_page(c, NULL, &page))
                return;
        r = websites_page(hub_manager_store(userdata), &page, on_listed, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

/* Adding --------------------------------------------------------------------------------------- */

typedef struct Options {
        WebsiteSettings settings;
        const char *check, *parent; /* NULL: not said */
        char *specification;        /* what check means; freed by the reader's caller */
} Options;

#define OPTIONS                                                                                    \
        "name, check, rules and tags (s), interval_ms, timeout_ms, slow_ms, seats, family, "       \
        "confirm_down, confirm_up, confirm_down_ms, confirm_up_ms and certificate_warn_days (u)"

static const WebsiteNumber *find_number(const char *key) {
        for (const WebsiteNumber *number = website_numbers; number->bus; number++)
                if (strcmp(number->bus, key) == 0)
                        return number;
        return NULL;
}

static int read_option(sd_bus_message *m, Options *o) {
        const WebsiteNumber *number;
        const char *key;
        int r;

        r = sd_bus_message_read(m, "s", &key);
        if (r < 0)
                return r;
        if (strcmp(key, "name") == 0)
                return sd_bus_message_read(m, "v", "s", &o->settings.name);
        if (strcmp(key, "check") == 0)
                return sd_bus_message_read(m, "v", "s", &o->check);
        if (strcmp(key, "rules") == 0)
                return sd_bus_message_read(m, "v", "s", &o->settings.rules);
        if (strcmp(key, "tags") == 0)
                return sd_bus_message_read(m, "v", "s", &o->settings.tags);
        if (strcmp(key, "parent") == 0)
                return sd_bus_message_read(m, "v", "s", &o->parent);
        number = find_number(key);
        if (!number)
                return -EINVAL;
        return sd_bus_message_read(m, "v", "u", website_number(&o->settings, number));
}

static int read_options(sd_bus_message *m, Options *o) {
        int r;

        r = sd_bus_message_enter_container(m, 'a', "{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = read_option(m, o);
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r;
}

/* NULL: all within limits; or why not, written to text. */
static const char *refusal(const Options *o, char text[static SPEC_REASON_SIZE]) {
        WebsiteFault fault;

        if (website_settings_check(&o->settings, &fault) == 0)
                return NULL;
        snprintf(text, SPEC_REASON_SIZE, "The option %s %s", fault.bus, fault.expected);
        return text;
}

/* NULL, and what was asked for is kept; or why not, in its own words or written to text. */
static const char *read_check(const char *url, Options *o, char text[static SPEC_REASON_SIZE]) {
        const char *reason = NULL;
        int r;

        r = spec_ask(url, o->check, &o->specification, &reason);
        if (r >= 0)
                return NULL;
        if (r == -EINVAL && reason)
                return spec_reason(url, o->check, reason, text);
        if (r != -EBADMSG)
                return reason ? reason : strerror(-r);
        snprintf(text, SPEC_REASON_SIZE, "The check does not go with this kind of URL: %s",
                 reason ? reason : "it is not understood");
        return text;
}

/* false: answered. *ret's specification is freed by the caller. */
static bool read_website(BusCall *c, const char **ret_url, Options *ret) {
        Options options = { .settings = WEBSITE_SETTINGS_DEFAULT };
        const char *reason = NULL;
        char text[SPEC_REASON_SIZE];

        if (!bus_call_read(c, "s", ret_url))
                return false;
        if (read_options(bus_call_message(c), &options) < 0 || options.parent)
                reason = "The options are " OPTIONS;
        else if (target_check(*ret_url, NULL, &reason) == 0)
                reason = refusal(&options, text) ?: read_check(*ret_url, &options, text);
        if (reason) {
                bus_call_fail(c, -EINVAL, reason);
                return false;
        }
        *ret = options;
        return true;
}

static void on_added(int r, const char *error _unused_, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        const char *id = bus_call_note(c)->id;
        sd_bus_message *answer;

        if (r < 0) {
                bus_call_fail(c, r,
                              r == -EEXIST ? "This URL is watched already, over these addresses"
                                           : NULL);
                return;
        }
        log_event(LOG_NOTICE, DPIN_MSG_ADMIN_ACTION, "a website was added",
                  "DPIN_ACTOR=%s\nDPIN_WEBSITE=%s", bus_call_actor(c), id);
        answer = bus_call_answer(c);
        if (answer)
                bus_call_reply(c, answer, sd_bus_message_append(answer, "s", id));
}

static void on_organisation(int r, const OrganisationRow *rows, size_t n, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        HubManager *m = bus_call_userdata(c);
        WebsiteAdd add = { .id = uuid7_new(now_realtime()), .actor = bus_call_actor(c) };
        _cleanup_free_ char *specification = NULL;
        Options o;

        if (r < 0 || n == 0) {
                bus_call_fail(c, r < 0 ? r : -EIO, NULL);
                return;
        }
        if (!read_website(c, &add.url, &o))
                return;
        specification = o.specification;
        add.organisation = rows->id;
        add.settings = o.settings;
        add.settings.specification = o.specification;
        uuid_format(&add.id, bus_call_note(c)->id);
        r = website_add(hub_manager_store(m), &add, on_added, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

void hub_bus_add_website(BusCall *c, void *userdata) {
        Uuid id = uuid7_new(now_realtime());
        const char *url;
        Options o;
        int r;

        if (!read_website(c, &url, &o))
                return;
        free(o.specification); /* this was to judge it */
        r = organisation_ensure(hub_manager_store(userdata), &id, on_organisation, c,
                                bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

/* Changing: what results of the website as it is. ---------------------------------------------- */

/* NULL, and all of it is kept; or why not. Without a check the old one stays, an empty one is that
 * by default. */
static const char *read_edit(BusCall *c, const WebsiteRow *row, Options *o,
                             char text[static SPEC_REASON_SIZE]) {
        const char *id, *reason;

        o->settings = row->settings;
        if (sd_bus_message_rewind(bus_call_message(c), true) < 0 ||
            sd_bus_message_read(bus_call_message(c), "s", &id) < 0 ||
            read_options(bus_call_message(c), o) < 0)
                return "The options are parent (s), " OPTIONS;
        reason = refusal(o, text);
        if (reason || !o->check)
                return reason;
        if (!*o->check)
                o->settings.specification = "";
        else if (!(reason = read_check(row->url, o, text)))
                o->settings.specification = o->specification;
        return reason;
}

static void on_edited(int r, const char *error, void *userdata) {
        BusCall *c = bus_call_resume(userdata);

        if (r == -ENOENT) {
                bus_call_fail(c, -EAGAIN, "Others change this website at the same time");
                return;
        }
        if (r < 0) {
                bus_call_fail(c, r == -EDOM ? -EINVAL : r, r == -EDOM ? error : NULL);
                return;
        }
        log_event(LOG_NOTICE, DPIN_MSG_ADMIN_ACTION, "a website was changed",
                  "DPIN_ACTOR=%s\nDPIN_WEBSITE=%s", bus_call_actor(c), bus_call_note(c)->id);
        bus_call_reply_done(c);
}

static void on_found(int r, const WebsiteRow *row, size_t n _unused_, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        HubManager *m = bus_call_userdata(c);
        _cleanup_free_ char *specification = NULL;
        Options o = { 0 };
        Uuid parent = { 0 };
        const char *reason;
        char text[SPEC_REASON_SIZE];

        if (r < 0) {
                bus_call_fail(c, r, r == -ENOENT ? NO_SUCH : NULL);
                return;
        }
        reason = read_edit(c, row, &o, text);
        specification = o.specification;
        if (!reason && o.parent && *o.parent && uuid_parse(o.parent, &parent) < 0)
                reason = "A parent is the id of a website, or nothing";
        if (reason) {
                bus_call_fail(c, -EINVAL, reason);
                return;
        }
        r = website_edit(hub_manager_store(m),
                         &(const WebsiteEdit){ .id = row->public_id,
                                               .revision = row->revision,
                                               .settings = o.settings,
                                               .paused = row->paused,
                                               .parent = o.parent ? &parent : NULL,
                                               .actor = bus_call_actor(c) },
                         on_edited, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

void hub_bus_change_website(BusCall *c, void *userdata) {
        Uuid id;
        int r;

        if (!bus_call_read_id(c, ID, &id))
                return;
        r = website_find(hub_manager_store(userdata), &id, on_found, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

/* Removing ------------------------------------------------------------------------------------- */

static void on_removed(int r, const char *error _unused_, void *userdata) {
        BusCall *c = bus_call_resume(userdata);

        if (r < 0) {
                bus_call_fail(c, r, r == -ENOENT ? NO_SUCH : NULL);
                return;
        }
        log_event(LOG_NOTICE, DPIN_MSG_ADMIN_ACTION, "a website was removed",
                  "DPIN_ACTOR=%s\nDPIN_WEBSITE=%s", bus_call_actor(c), bus_call_note(c)->id);
        bus_call_reply_done(c);
}

void hub_bus_remove_website(BusCall *c, void *userdata) {
        WebsiteRemove remove = { .actor = bus_call_actor(c) };
        int r;

        if (!bus_call_read_id(c, ID, &remove.id))
                return;
        r = website_remove(hub_manager_store(userdata), &remove, on_removed, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

/* Pausing -------------------------------------------------------------------------------------- */

static void on_paused(int r, const char *error _unused_, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        const char *member = sd_bus_message_get_member(bus_call_message(c));

        if (r < 0) {
                bus_call_fail(c, r, r == -ENOENT ? NO_SUCH : NULL);
                return;
        }
        log_event(LOG_NOTICE, DPIN_MSG_ADMIN_ACTION,
                  strcmp(member, "PauseWebsite") == 0 ? "a website was paused"
                                                      : "a website was resumed",
                  "DPIN_ACTOR=%s\nDPIN_WEBSITE=%s", bus_call_actor(c), bus_call_note(c)->id);
        bus_call_reply_done(c);
}

static void pause_website(BusCall *c, HubManager *m, bool paused) {
        WebsitePause pause = { .paused = paused, .actor = bus_call_actor(c) };
        int r;

        if (!bus_call_read_id(c, ID, &pause.id))
                return;
        r = website_pause(hub_manager_store(m), &pause, on_paused, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

void hub_bus_pause_website(BusCall *c, void *userdata) {
        pause_website(c, userdata, true);
}

void hub_bus_resume_website(BusCall *c, void *userdata) {
        pause_website(c, userdata, false);
}

/* Heartbeats ----------------------------------------------------------------------------------- */

static void on_heartbeat_made(int r, const char *error _unused_, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        char path[128];
        sd_bus_message *answer;

        if (r < 0) {
                bus_call_fail(c, r, r == -ENOENT ? "No website that calls has this id" : NULL);
                return;
        }
        log_event(LOG_NOTICE, DPIN_MSG_ADMIN_ACTION, "a website has a new address to call",
                  "DPIN_ACTOR=%s\nDPIN_WEBSITE=%s", bus_call_actor(c), bus_call_note(c)->id);
        answer = bus_call_answer(c);
        if (!answer)
                return;
        (void)sd_bus_message_sensitive(answer);
        snprintf(path, sizeof(path), HEARTBEAT_PATH "%s", bus_call_note(c)->secret);
        bus_call_reply(c, answer, sd_bus_message_append(answer, "s", path));
        explicit_bzero(path, sizeof(path));
}

void hub_bus_make_heartbeat(BusCall *c, void *userdata) {
        BusCallNote *note = bus_call_note(c);
        uint8_t hash[32];
        HeartbeatAddress address = { .token_sha256 = hash, .actor = bus_call_actor(c) };
        int r;

        static_assert(HEARTBEAT_SECRET_SIZE <= sizeof(note->secret), "a secret fits the note");
        if (!bus_call_read_id(c, ID, &address.website))
                return;
        heartbeat_secret_new(note->secret, hash);
        r = heartbeat_address(hub_manager_store(userdata), &address, on_heartbeat_made, c,
                              bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

/* Showing: whose it is, then how it is, then why. ---------------------------------------------- */

static void on_verdict(int r, const char *json, size_t n, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        _cleanup_free_ char *verdict = NULL;
        sd_bus_message *answer;

        if (r >= 0 && !(verdict = strndup(json, n)))
                r = -ENOMEM;
        if (r < 0) {
                bus_call_fail(c, r, NULL);
                return;
        }
        answer = bus_call_answer(c);
        if (answer)
                bus_call_reply(c, answer,
                               sd_bus_message_append(answer, "ss", bus_call_note(c)->text,
                                                     verdict));
}

static void on_status(int r, const char *json, size_t n, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        HubManager *m = bus_call_userdata(c);
        VerdictView view = { .organisation = bus_call_note(c)->organisation, .at = USEC_INFINITY };

        if (r >= 0)
                r = uuid_parse(bus_call_note(c)->id, &view.website);
        if (r >= 0 && !(bus_call_note(c)->text = strndup(json, n)))
                r = -ENOMEM;
        if (r >= 0)
                r = verdict_view_json(hub_manager_store(m), &view, on_verdict, c,
                                      bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

static void on_owner(int r, const WebsiteRow *rows, size_t n _unused_, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        HubManager *m = bus_call_userdata(c);
        WebsiteView view = { 0 };

        if (r < 0) {
                bus_call_fail(c, r, r == -ENOENT ? NO_SUCH : NULL);
                return;
        }
        view.organisation = bus_call_note(c)->organisation = rows->organisation;
        r = uuid_parse(bus_call_note(c)->id, &view.id);
        if (r >= 0)
                r = website_status_json(hub_manager_store(m), &view, on_status, c,
                                        bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

void hub_bus_show_website(BusCall *c, void *userdata) {
        Uuid id;
        int r;

        if (!bus_call_read_id(c, ID, &id))
                return;
        r = website_find(hub_manager_store(userdata), &id, on_owner, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}
