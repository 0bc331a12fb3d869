/* A way for each kind of channel: a table. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/alert-link.h"
#include "hub/alert-sender-internal.h"
#include "hub/alert-words.h"
#include "store/alert-text.h"

#define PROGRAMS_MOST 8u
#define APPRISE_MOST  4u /* as dpin-apprise.socket says */

void alert_fail(AlertVerdict *v, AlertState state, const char *why, const char *more) {
        *v = (AlertVerdict){ .state = state };
        snprintf(v->error, sizeof(v->error), "%s%s%s", why, *more ? ": " : "", more);
}

void alert_finish(AlertSending *sending, const AlertVerdict *verdict, unsigned status) {
        AlertSent sent = sending->sent;
        void *userdata = sending->userdata;

        free(sending);
        sent(verdict, status, userdata);
}

int alert_write_texts(const Alert *a, char **ret_subject, char **ret_text) {
        const AlertSettings *s = &a->settings;
        AlertStory story;
        int r;

        r = alert_story_new(&story, a->row->kind, &a->facts, a->sender->ways->public_url);
        if (r < 0)
                return r;
        r = alert_text_fill(s->subject ? s->subject : alert_text_subject, story.fields, ret_subject,
                            NULL);
        if (r >= 0)
                r = alert_text_fill(s->text ? s->text : alert_text_body, story.fields, ret_text,
                                    NULL);
        alert_story_done(&story);
        return r;
}

AlertMessage alert_message(const Alert *a, const char *link) {
        const char *at = a->facts.at       ? a->facts.at
                         : a->facts.closed ? a->facts.closed
                                           : a->facts.opened;

        return (AlertMessage){ .id = a->id,
                               .event = a->row->kind,
                               .facts = a->row->payload,
                               .happened = at ? at : "",
                               .link = link,
                               .acknowledge = a->facts.acknowledge,
                               .now = a->now };
}

/* Starts it, or says why not. */
typedef int (*Way)(const Alert *a, AlertSending *sending, AlertVerdict *v);

static const Way way_of[_ALERT_KIND_MAX] = {
        [ALERT_WEBHOOK] = alert_send_webhook, [ALERT_EMAIL] = alert_send_mail,
        [ALERT_MANAGER] = alert_send_manager, [ALERT_EXEC] = alert_send_exec,
        [ALERT_APPRISE] = alert_send_apprise,
};

static int offer_link(Alert *a) {
        const AlertWays *ways = a->sender->ways;
        const AlertLinkMaker maker = { .key = ways->network_key,
                                       .public_url = ways->public_url,
                                       .channel = &a->row->channel,
                                       .now = a->now };

        return alert_link_offer(&maker, a->row->kind, &a->facts);
}

/* Where some of them are secret, all of them are sealed, and the row only shows the others: nobody
 * who can write there can have a password sent to himself. */
static int read_settings(Alert *a, const char **reason) {
        const AlertDueRow *row = a->row;
        _cleanup_(alert_words_wipep) char *opened = NULL;
        int r;

        if (a->kind == ALERT_WEBHOOK || !row->secret)
                return alert_settings_read(a->kind, row->settings, &a->settings, reason);
        r = alert_words_open(a->sender->ways->keys, &row->channel, row->secret, row->secret_n,
                             &opened);
        if (r < 0) {
                *reason = "its settings were sealed by another key than this hub's";
                return r;
        }
        return alert_settings_read(a->kind, opened, &a->settings, reason);
}

static int take_apart(Alert *a, Way *ret_way, AlertVerdict *v) {
        const char *reason = "its kind is not known";
        int r;

        r = alert_kind_from_name(a->row->channel_kind, &a->kind);
        if (r >= 0)
                r = read_settings(a, &reason);
        if (r < 0) {
                alert_fail(v, ALERT_FAILED, "the channel cannot be used", reason);
                return r;
        }
        r = alert_facts_read(a->row->payload, &a->facts);
        if (r >= 0)
                r = offer_link(a);
        if (r < 0)
                alert_fail(v, ALERT_FAILED, "what is known of it cannot be read", strerror(-r));
        *ret_way = way_of[a->kind];
        return r;
}

int alert_sender_start(AlertSender *s, const AlertOrder *order, AlertSending **ret,
                       AlertVerdict *verdict) {
        Alert a = { .sender = s, .row = order->row, .now = order->now };
        AlertSending *sending = calloc(1, sizeof(*sending));
        Way way;
        int r = -ENOMEM;

        if (!sending) {
                alert_fail(verdict, ALERT_PENDING, strerror(ENOMEM), "");
                return 0;
        }
        *sending = (AlertSending){ .sent = order->sent,
                                   .userdata = order->userdata,
                                   .now = order->now };
        uuid_format(&order->row->id, a.id);
        r = take_apart(&a, &way, verdict);
        if (r >= 0)
                r = way(&a, sending, verdict);
        alert_facts_done(&a.facts);
        alert_settings_done(&a.settings);
        if (r < 0) {
                free(sending);
                return 0;
        }
        *ret = sending;
        return 1;
}

AlertSending *alert_sending_cancel(AlertSending *sending) {
        if (!sending)
                return NULL;
        http_call_cancel(sending->http);
        smtp_call_cancel(sending->smtp);
        alert_run_free(sending->run);
        alert_push_free(sending->push);
        free(sending);
        return NULL;
}

int alert_sender_new(AlertSender **ret, uv_loop_t *loop, const AlertWays *ways) {
        _cleanup_(alert_sender_freep) AlertSender *s = calloc(1, sizeof(*s));
        int r;

        if (!s)
                return -ENOMEM;
        s->ways = ways;
        s->loop = loop;
        s->programs.most = PROGRAMS_MOST;
        s->apprise.most = APPRISE_MOST;
        r = guard_new(&s->guard, ways->allow, NULL, NULL);
        if (r < 0)
                return r;
        r = guard_deny_ports(s->guard, GUARD_DENY_PORTS, NULL);
        if (r < 0)
                return r;
        s->rules = (ConnectRules){ .guard = s->guard };
        r = resolver_new(&s->resolver, loop, &(ResolverOptions){ 0 });
        if (r < 0)
                return r;
        r = http_client_new(&s->http, loop);
        if (r < 0)
                return r;
        http_client_set_resolver(s->http, s->resolver);
        r = smtp_client_new(&s->smtp, loop);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(s);
        return 0;
}

void alert_sender_stop(AlertSender *s) {
        s->programs.most = s->apprise.most = 0;
}

AlertSender *alert_sender_free(AlertSender *s) {
        if (!s)
                return NULL;
        smtp_client_free(s->smtp);
        http_client_free(s->http);
        resolver_free(s->resolver);
        guard_free(s->guard);
        free(s);
        return NULL;
}
