/* Where alerts go and what became of them, as the administrator sees it: channels of every
 * organisation; new ones are of the first. Secrets are made here, told once, and sealed. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "hub/alert-words.h"
#include "hub/bus-deeds.h"
#include "store/accounts.h"
#include "store/alert-channels.h"
#include "store/alert-outbox.h"
#include "store/alert-rules.h"
#include "store/alert-settings.h"

#define CHANNEL_ROW "(ssssssbsuuttb)"
#define ALERT_ROW   "(ssssssuttt)"
#define ID          "A channel's id"
#define NO_SUCH     "No alert channel has this id"

static void note_action(BusCall *c, const char *what) {
        log_event(LOG_NOTICE, DPIN_MSG_ADMIN_ACTION, what, "DPIN_ACTOR=%s\nDPIN_CHANNEL=%s",
                  bus_call_actor(c), bus_call_note(c)->id);
}

static void reply_texts(BusCall *c, const char *first, const char *second) {
        sd_bus_message *answer = bus_call_answer(c);
        int r;

        if (!answer)
                return;
        r = sd_bus_message_append(answer, "s", first);
        if (r >= 0 && second)
                r = sd_bus_message_append(answer, "s", second);
        bus_call_reply(c, answer, r);
}

/* Listing -------------------------------------------------------------------------------------- */

static int append_channel(sd_bus_message *answer, const void *row) {
        const AlertChannelRow *c = row;
        char id[UUID_TEXT_SIZE];

        return sd_bus_message_append(answer, CHANNEL_ROW, uuid_format(&c->id, id), c->kind, c->name,
                                     c->settings, c->filter, c->rules, (int)c->enabled,
                                     c->disabled_reason, c->failures, c->waiting, c->refused,
                                     c->created / USEC_PER_SEC, (int)c->is_operator);
}

static void on_channels(int r, const AlertChannelRow *rows, size_t n, void *userdata) {
        bus_call_reply_page(bus_call_resume(userdata), r,
                            &(BusRows){ .type = CHANNEL_ROW,
                                        .rows = rows,
                                        .n = n,
                                        .size = sizeof(*rows),
                                        .id = offsetof(AlertChannelRow, id),
                                        .append = append_channel });
}

void hub_bus_list_alert_channels(BusCall *c, void *userdata) {
        StorePage page;
        int r;

        if (!bus_call_read_page(c, NULL, &page))
                return;
        r = alert_channels_page(hub_manager_store(userdata), &page, on_channels, c,
                                bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

static int append_alert(sd_bus_message *answer, const void *row) {
        const AlertLogRow *a = row;
        char id[UUID_TEXT_SIZE];

        return sd_bus_message_append(answer, ALERT_ROW, uuid_format(&a->id, id), a->channel,
                                     a->kind, a->url, a->state, a->error, a->tries,
                                     bus_seconds(a->created), bus_seconds(a->next),
                                     bus_seconds(a->done));
}

static void on_alerts(int r, const AlertLogRow *rows, size_t n, void *userdata) {
        bus_call_reply_page(bus_call_resume(userdata), r,
                            &(BusRows){ .type = ALERT_ROW,
                                        .rows = rows,
                                        .n = n,
                                        .size = sizeof(*rows),
                                        .id = offsetof(AlertLogRow, id),
                                        .append = append_alert });
}

void hub_bus_list_alerts(BusCall *c, void *userdata) {
        AlertLogPage page = { .after = "" };
        int r;

        if (!bus_call_read_cursor(c, &page.state, &page.after))
                return;
        if (page.state && !alert_is_state(page.state)) {
                bus_call_fail(c, -EINVAL,
                              "An alert is pending, delivered, failed, dropped or grouped");
                return;
        }
        page.limit = bus_call_note(c)->limit + 1;
        r = alert_log_page(hub_manager_store(userdata), &page, on_alerts, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, r == -EINVAL ? "This is no cursor" : NULL);
}

/* Adding --------------------------------------------------------------------------------------- */

typedef struct Wish {
        const char *kind, *name, *settings, *filter, *rules;
        AlertKind means;
        bool sealed; /* the settings are, and stay as they are */
        char *shown; /* of settings that are to rest sealed, or NULL */
} Wish;

static const char *hook_refusal(const AlertHooks *hooks, const AlertSettings *s) {
        return !s->hook || alert_hooks_argv(hooks, s->hook)
                               ? NULL
                               : "there is no hook of this name: AlertExec of hub.conf names them";
}

/* NULL: all is well, or why not; it begins without a capital. As the next one. */
static const char *settings_refusal(Wish *w, const AlertHooks *hooks) {
        AlertSettings settings;
        const char *reason;

        if (alert_settings_read(w->means, w->settings, &settings, &reason) < 0)
                return reason;
        reason = hook_refusal(hooks, &settings);
        if (alert_settings_show(w->means, &settings, &w->shown) < 0)
                reason = "there is no memory";
        alert_settings_done(&settings);
        return reason;
}

static const char *refusal(Wish *w, const AlertHooks *hooks) {
        const char *reason = alert_name_refusal(w->name);

        if (reason)
                return reason;
        if (alert_kind_from_name(w->kind, &w->means) < 0)
                return "a channel is of the kind webhook, email, alertmanager, exec or apprise";
        reason = w->sealed ? NULL : settings_refusal(w, hooks);
        if (reason)
                return reason;
        if (alert_filter_check(w->filter, &reason) < 0)
                return reason;
        return alert_rules_check(w->rules, &reason) < 0 ? reason : NULL;
}

static void wish_done(Wish *w) {
        free(w->shown);
}

/* false: answered. */
static bool read_wish(BusCall *c, Wish *ret) {
        const char *reason;

        if (!bus_call_read(c, "sssss", &ret->kind, &ret->name, &ret->settings, &ret->filter,
                           &ret->rules))
                return false;
        if (!*ret->filter)
                ret->filter = "{}";
        if (!*ret->rules)
                ret->rules = "{}";
        reason = refusal(ret, hub_manager_alert_hooks(bus_call_userdata(c)));
        if (reason)
                bus_call_fail(c, -EINVAL, reason);
        return !reason;
}

/* What the database refuses it says in a sentence. */
static void fail(BusCall *c, int r, const char *error, const char *no_such) {
        bus_call_fail(c, r == -EDOM ? -EINVAL : r,
                      r == -EDOM     ? error
                      : r == -ENOENT ? no_such
                                     : NULL);
}

static void on_added(int r, const char *error, void *userdata) {
        BusCall *c = bus_call_resume(userdata);

        if (r < 0) {
                fail(c, r, error, NO_SUCH);
                return;
        }
        note_action(c, "an alert channel was added");
        reply_texts(c, bus_call_note(c)->id, bus_call_note(c)->secret);
}

static void make_secret(BusCall *c, const Uuid *channel, AlertSealed *ret) {
        HubManager *m = bus_call_userdata(c);
        AlertSecrets secrets = { 0 };

        alert_secrets_renew(&secrets);
        alert_secrets_seal(hub_manager_alert_keys(m), channel, &secrets, ret);
        alert_secret_text(secrets.bytes[0], bus_call_note(c)->secret);
        alert_secrets_wipe(&secrets);
}

/* words: to be freed after what is added. */
static int seal_settings(HubManager *m, const Wish *w, AlertChannelAdd *add, uint8_t **words) {
        int r = alert_words_seal(hub_manager_alert_keys(m), &add->id, w->settings, words,
                                 &add->secret_n);

        add->secret = *words;
        return r;
}

static void on_organisation(int r, const OrganisationRow *rows, size_t n, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        HubManager *m = bus_call_userdata(c);
        AlertChannelAdd add = { .id = uuid7_new(now_realtime()), .actor = bus_call_actor(c) };
        _cleanup_(wish_done) Wish w = { 0 };
        _cleanup_free_ uint8_t *words = NULL;
        AlertSealed sealed = { .n = 0 };

        if (r < 0 || n == 0) {
                bus_call_fail(c, r < 0 ? r : -EIO, NULL);
                return;
        }
        if (!read_wish(c, &w))
                return;
        uuid_format(&add.id, bus_call_note(c)->id);
        if (w.means == ALERT_WEBHOOK)
                make_secret(c, &add.id, &sealed);
        add.organisation = rows->id;
        add.kind = w.kind;
        add.name = w.name;
        add.settings = w.shown ? w.shown : w.settings;
        add.filter = w.filter;
        add.rules = w.rules;
        add.secret = sealed.n > 0 ? sealed.bytes : NULL;
        add.secret_n = sealed.n;
        r = w.shown ? seal_settings(m, &w, &add, &words) : 0;
        if (r >= 0)
                r = alert_channel_add(hub_manager_store(m), &add, on_added, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

void hub_bus_add_alert_channel(BusCall *c, void *userdata) {
        Uuid id = uuid7_new(now_realtime());
        _cleanup_(wish_done) Wish w = { 0 };
        int r;

        if (!read_wish(c, &w))
                return;
        r = organisation_ensure(hub_manager_store(userdata), &id, on_organisation, c,
                                bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

/* Changing ------------------------------------------------------------------------------------- */

static void on_changed(int r, const char *error, void *userdata) {
        BusCall *c = bus_call_resume(userdata);

        if (r < 0) {
                fail(c, r, error, NO_SUCH);
                return;
        }
        note_action(c, "an alert channel was changed");
        bus_call_reply_done(c);
}

/* What is done to which channel; it is noted for the answer. false: answered. */
static bool read_deed(BusCall *c, const char *id, AlertChannelDeed *ret) {
        if (uuid_parse(id, &ret->id) < 0) {
                bus_call_fail(c, -EINVAL, ID " is a UUID");
                return false;
        }
        uuid_format(&ret->id, bus_call_note(c)->id);
        ret->actor = bus_call_actor(c);
        return true;
}

/* false: answered. */
static bool read_change(BusCall *c, AlertChannelChange *ret) {
        const char *id, **texts[] = { &ret->name, &ret->settings, &ret->filter, &ret->rules };

        if (!bus_call_read(c, "sssss", &id, texts[0], texts[1], texts[2], texts[3]))
                return false;
        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                if (!**texts[i])
                        *texts[i] = NULL;
        return read_deed(c, id, &ret->deed);
}

/* What is given, with what is there, is as if it were added. NULL: all is well. */
static const char *change_refusal(const AlertHooks *hooks, const AlertChannelChange *change,
                                  const AlertChannelRow *row) {
        _cleanup_(wish_done) Wish w = {
                .kind = row->kind,
                .name = change->name ? change->name : row->name,
                .settings = change->settings ? change->settings : row->settings,
                .filter = change->filter ? change->filter : row->filter,
                .rules = change->rules ? change->rules : row->rules,
                .sealed = row->secret && strcmp(row->kind, "webhook") != 0,
        };
        const char *reason = refusal(&w, hooks);

        if (!reason && ((w.sealed && change->settings) || w.shown))
                return "settings with a secret in them are not changed: add the channel anew";
        return reason;
}

static void on_former(int r, const AlertChannelRow *row, size_t n _unused_, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        AlertChannelChange change = { 0 };
        const char *reason;

        if (r < 0) {
                fail(c, r, NULL, NO_SUCH);
                return;
        }
        if (!read_change(c, &change))
                return;
        reason = change_refusal(hub_manager_alert_hooks(bus_call_userdata(c)), &change, row);
        if (reason) {
                bus_call_fail(c, -EINVAL, reason);
                return;
        }
        r = alert_channel_change(hub_manager_store(bus_call_userdata(c)), &change, on_changed, c,
                                 bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

void hub_bus_change_alert_channel(BusCall *c, void *userdata) {
        AlertChannelChange change = { 0 };
        int r;

        if (!read_change(c, &change))
                return;
        r = alert_channel_find(hub_manager_store(userdata), &change.deed.id, on_former, c,
                               bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

/* What is done to one -------------------------------------------------------------------------- */

typedef int (*ChannelDeed)(Store *s, const AlertChannelDeed *deed, StoreDone done, void *userdata,
                           StoreCall **ret);

static void on_done(int r, const char *error _unused_, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        const char *member = sd_bus_message_get_member(bus_call_message(c));

        if (r < 0) {
                bus_call_fail(c, r, r == -ENOENT ? NO_SUCH : NULL);
                return;
        }
        note_action(c, strcmp(member, "RemoveAlertChannel") == 0 ? "an alert channel was removed"
                       : strcmp(member, "EnableAlertChannel") == 0
                                       ? "an alert channel was enabled"
                                       : "who is told of dpin was changed");
        bus_call_reply_done(c);
}

static void act(BusCall *c, HubManager *m, ChannelDeed act_on) {
        AlertChannelDeed deed = { .actor = bus_call_actor(c) };
        int r;

        if (!bus_call_read_id(c, ID, &deed.id))
                return;
        r = act_on(hub_manager_store(m), &deed, on_done, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

void hub_bus_remove_alert_channel(BusCall *c, void *userdata) {
        act(c, userdata, alert_channel_remove);
}

void hub_bus_enable_alert_channel(BusCall *c, void *userdata) {
        act(c, userdata, alert_channel_enable);
}

void hub_bus_set_alert_operator(BusCall *c, void *userdata) {
        AlertChannelOperator change = { 0 };
        const char *id;
        int is_operator, r;

        if (!bus_call_read(c, "sb", &id, &is_operator) || !read_deed(c, id, &change.deed))
                return;
        change.is_operator = is_operator;
        r = alert_channel_set_operator(hub_manager_store(userdata), &change, on_done, c,
                                       bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

/* Secrets -------------------------------------------------------------------------------------- */

static void on_rotated(int r, const char *error, void *userdata) {
        BusCall *c = bus_call_resume(userdata);

        if (r < 0) {
                fail(c, r, error, NO_SUCH);
                return;
        }
        note_action(c, "an alert channel got a new secret");
        reply_texts(c, bus_call_note(c)->secret, NULL);
}

void hub_bus_rotate_alert_secret(BusCall *c, void *userdata) {
        AlertChannelSecret change = { .deed.actor = bus_call_actor(c) };
        AlertSealed sealed;
        int r;

        if (!bus_call_read_id(c, ID, &change.deed.id))
                return;
        make_secret(c, &change.deed.id, &sealed);
        change.secret = sealed.bytes;
        change.secret_n = sealed.n;
        r = alert_channel_rotate(hub_manager_store(userdata), &change, on_rotated, c,
                                 bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

/* Alerts by hand ------------------------------------------------------------------------------- */

static void on_tested(int r, const char *error, void *userdata) {
        BusCall *c = bus_call_resume(userdata);

        if (r < 0) {
                fail(c, r, error, NO_SUCH);
                return;
        }
        note_action(c, "an alert channel is tested");
        reply_texts(c, bus_call_note(c)->secret, NULL);
}

void hub_bus_test_alert_channel(BusCall *c, void *userdata) {
        AlertDeed deed = { .test = uuid7_new(now_realtime()), .actor = bus_call_actor(c) };
        int r;

        if (!bus_call_read_id(c, ID, &deed.id))
                return;
        uuid_format(&deed.test, bus_call_note(c)->secret); /* no secret, but kept likewise */
        r = alert_test(hub_manager_store(userdata), &deed, on_tested, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

static void on_replayed(int r, const char *error, void *userdata) {
        BusCall *c = bus_call_resume(userdata);

        if (r < 0) {
                fail(c, r, error, "No alert of a channel that there is has this id");
                return;
        }
        log_event(LOG_NOTICE, DPIN_MSG_ADMIN_ACTION, "an alert is delivered once more",
                  "DPIN_ACTOR=%s\nDPIN_ALERT=%s", bus_call_actor(c), bus_call_note(c)->id);
        bus_call_reply_done(c);
}

void hub_bus_replay_alert(BusCall *c, void *userdata) {
        AlertDeed deed = { .actor = bus_call_actor(c) };
        int r;

        if (!bus_call_read_id(c, "An alert's id", &deed.id))
                return;
        r = alert_replay(hub_manager_store(userdata), &deed, on_replayed, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}
