/* States and frames as tables. What the hub says is believed only as far as it is signed. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "event/guard.h"
#include "validator/receipts.h"
#include "validator/uplink-internal.h"

#define STALE       (5 * USEC_PER_SEC)  /* unsent data older than this becomes history */
#define SILENCE_MAX (20 * USEC_PER_SEC) /* for the handshake */
#define CLOCK_WRONG "its clock is more than a day off this machine's: one of them is wrong"
#define PINNED_REST (10 * USEC_PER_SEC) /* from a hub of another network */

/* An honest hub sends every order at once when it starts, and a probe for each in an outage of
 * everything. */
#define FRAMES_BURST      1024u
#define FRAMES_PER_SECOND 64u
/* Orders of all that may be held: twice at once, and again in so many seconds. */
#define ORDERS_BURST   2u
#define ORDERS_SECONDS 10u

static const char *const state_names[_UPLINK_STATE_MAX] = {
        [UPLINK_AWAY] = "away",         [UPLINK_CONNECTING] = "connecting",
        [UPLINK_GREETED] = "connected", [UPLINK_JOINING] = "joining",
        [UPLINK_READY] = "ready",       [UPLINK_LEAVING] = "leaving",
};

const char *uplink_state_name(UplinkState s) {
        return state_names[s];
}

/* Coming and going ----------------------------------------------------------------------------- */

static void retry_later(Uplink *u) {
        usec_t wait = backoff_next(&u->backoff, now_boottime(), randombytes_random());

        uplink_set_state(u, UPLINK_AWAY);
        if (u->stopping)
                return;
        timer_after(u->timer, wait);
}

static void on_failed(const char *reason, void *userdata) {
        Uplink *u = userdata;

        if (strcmp(u->last_failure, reason) != 0)
                log_event(LOG_WARNING, DPIN_MSG_HUB_LOST, "the hub cannot be reached",
                          "DPIN_HUB=%s\nDPIN_REASON=%s", u->options.url, reason);
        snprintf(u->last_failure, sizeof(u->last_failure), "%s", reason);
        uplink_note(u, reason);
        retry_later(u);
}

static void connect_now(Uplink *u) {
        int r;

        uplink_set_state(u, UPLINK_CONNECTING);
        r = ws_client_connect(u->client);
        if (r < 0)
                on_failed(strerror(-r), u);
}

static void on_timer(void *userdata) {
        Uplink *u = userdata;

        if (u->state == UPLINK_AWAY)
                connect_now(u);
        else if (u->state == UPLINK_READY)
                uplink_rested(u);
        else
                uplink_leave(u, CLOSE_TIMEOUT, "the handshake takes too long");
}

static void set_limits(Uplink *u) {
        unsigned orders = u->options.orders_max;

        u->limits = (UplinkLimits){ 0 };
        u->limits.frames_rule = (PaceRule){
                .burst = FRAMES_BURST + ORDERS_BURST * orders,
                .interval = USEC_PER_SEC / (FRAMES_PER_SECOND + orders / ORDERS_SECONDS),
        };
}

static int on_opened(WsPeer *p, void *userdata) {
        Uplink *u = userdata;

        u->peer = p;
        u->far = guard_is_public((const struct sockaddr *)ws_peer_address(p));
        u->approved = false;
        u->revision = 0;
        set_limits(u);
        uplink_answers_reset(u);
        timer_after(u->timer, SILENCE_MAX);
        uplink_set_state(u, UPLINK_GREETED);
        return 0;
}

static void on_drained(WsPeer *p _unused_, void *userdata) {
        uplink_pump(userdata);
}

static void on_closed(WsPeer *p _unused_, unsigned code, void *userdata) {
        Uplink *u = userdata;
        const char *name = close_code_name(code);

        u->peer = NULL;
        uplink_answers_reset(u);
        if (u->state != UPLINK_LEAVING) /* else it is known why */
                uplink_note(u, name);
        if (!u->stopping &&
            refusals_count(u->options.refusals, "disconnected", name, now_boottime()))
                log_event(LOG_INFO, DPIN_MSG_HUB_LOST, "disconnected from the hub",
                          "DPIN_HUB=%s\nDPIN_REASON=%s", u->options.url, name);
        retry_later(u);
}

/* Handshake ------------------------------------------------------------------------------------ */

static size_t streams_of(Uplink *u, SpoolStream *spooled, FrameStream *ret) {
        int n = spool_streams(u->options.spool, spooled, FRAME_INCARNATIONS_MAX);

        for (int i = 0; i < n; i++)
                ret[i] = (FrameStream){
                        .incarnation = spooled[i].incarnation,
                        .receipt = { spooled[i].n_receipt > 0 ? spooled[i].receipt : NULL,
                                     spooled[i].n_receipt },
                };
        return n < 0 ? 0 : (size_t)n;
}

static size_t count_strings(char *const *items, size_t most) {
        size_t n = 0;

        while (n < most && items[n])
                n++;
        return n;
}

static int send_join(Uplink *u) {
        _cleanup_free_ SpoolStream *spooled = calloc(FRAME_INCARNATIONS_MAX, sizeof(*spooled));
        FrameStream streams[FRAME_INCARNATIONS_MAX];
        Frame f = { .kind = FRAME_JOIN };
        FrameJoin *j = &f.join;
        int r;

        if (!spooled)
                return -ENOMEM;
        randombytes_buf(u->nonces.validator, sizeof(u->nonces.validator));
        memcpy(j->nonce, u->nonces.validator, sizeof(j->nonce));
        memcpy(j->hub_nonce, u->nonces.hub, sizeof(j->hub_nonce));
        snprintf(j->authority, sizeof(j->authority), "%s", ws_client_authority(u->client));
        snprintf(j->software, sizeof(j->software), "dpin %s", DPIN_VERSION);
        j->tags = (JsonStrings){ (char **)u->options.tags,
                                 count_strings(u->options.tags, FRAME_TAGS_MAX) };
        j->capabilities = (JsonStrings){ (char **)u->options.capabilities,
                                         count_strings((char *const *)u->options.capabilities,
                                                       FRAME_TAGS_MAX) };
        j->streams = (JsonArray){ streams, streams_of(u, spooled, streams) };
        r = frame_join_sign(j, &u->scope.network, u->options.key);
        return r < 0 ? r : uplink_send(u, &f);
}

/* At first contact the network is pinned; nothing is ever sent to another one. */
static bool is_our_network(Uplink *u, const PublicKey *network) {
        int pinned = spool_pin(u->options.spool, network);

        if (pinned > 0)
                return true;
        if (pinned < 0) {
                uplink_leave(u, CLOSE_INTERNAL, strerror(-pinned));
                return false;
        }
        if (refusals_count(u->options.refusals, UPLINK_REFUSED, "network key", now_boottime()))
                log_event(LOG_ERR, DPIN_MSG_HUB_KEY_CHANGED,
                          "this hub is not of the network that was pinned at first contact: "
                          "nothing is sent to it",
                          "DPIN_HUB=%s", u->options.url);
        backoff_ask(&u->backoff, PINNED_REST);
        uplink_leave(u, CLOSE_REJECTED, "another network key");
        return false;
}

static void on_hello(Uplink *u, const Frame *f) {
        const FrameHello *h = &f->hello;

        if (h->version != FRAME_PROTOCOL || frame_hello_verify(h) < 0) {
                uplink_leave(u, CLOSE_PROTOCOL,
                             "its hello is not signed by its key, or of another version");
                return;
        }
        if (!hub_time_is_sane(h->time, now_realtime())) {
                uplink_leave(u, CLOSE_PROTOCOL, CLOCK_WRONG);
                return;
        }
        if (!is_our_network(u, &h->network_key))
                return;
        u->hub = h->hub_key;
        u->scope = (SignScope){ .network = h->network_key,
                                .subject = *sign_key_public(u->options.key) };
        memcpy(u->nonces.hub, h->nonce, sizeof(u->nonces.hub));
        sealer_set_network(u->options.sealer, &h->network_key);
        u->state = UPLINK_JOINING;
        if (send_join(u) < 0)
                uplink_leave(u, CLOSE_INTERNAL, "the join could not be sent");
}

/* What waits in the live stream for long is history now: fresh ticks shall not queue behind it. */
static void split_history(Uplink *u) {
        _cleanup_free_ SpoolStream *streams = calloc(FRAME_INCARNATIONS_MAX, sizeof(*streams));
        uint64_t live = sealer_incarnation(u->options.sealer);
        usec_t now = hub_time_at(u->options.hub_time, now_boottime());
        int n = streams ? spool_streams(u->options.spool, streams, FRAME_INCARNATIONS_MAX) : 0;

        for (int i = 0; i < n; i++)
                if (streams[i].incarnation == live && streams[i].waiting &&
                    streams[i].oldest + STALE < now)
                        sealer_renew(u->options.sealer);
}

/* What they trim is not sent; all else is, whatever number they name: of a spool that was restored
 * from an old copy the hub has more than the spool knows, and answers each batch by its own hash.
 */
static void take_positions(Uplink *u, const FrameWelcome *w) {
        const FrameStream *streams = w->streams.items;
        Receipt receipt;

        for (size_t i = 0; i < w->streams.n; i++)
                (void)receipt_apply(u->options.spool, &streams[i].receipt, &u->hub, &u->scope,
                                    &receipt);
}

static void on_welcome(Uplink *u, const Frame *f) {
        const FrameWelcome *w = &f->welcome;

        if (frame_welcome_verify(w, &u->nonces, &u->scope, &u->hub) < 0) {
                uplink_leave(u, CLOSE_BAD_SIGNATURE,
                             "its welcome is not signed for this connection");
                return;
        }
        if (!hub_time_is_sane(w->time, now_realtime())) {
                uplink_leave(u, CLOSE_PROTOCOL, CLOCK_WRONG);
                return;
        }
        (void)sealer_flush(u->options.sealer); /* its ticks have the time they were made with */
        hub_time_reset(u->options.hub_time, now_boottime(), w->time);
        split_history(u);
        window_reset(u->window, sealer_incarnation(u->options.sealer));
        window_set_limits(u->window, &w->window);
        take_positions(u, w);
        u->approved = w->approved;
        backoff_ready(&u->backoff, now_boottime());
        u->last_failure[0] = '\0';
        uplink_note(u, "");
        timer_stop(u->timer);
        log_event(LOG_INFO, DPIN_MSG_HUB_CONNECTED,
                  u->approved ? "joined the hub" : "joined the hub, waiting for approval",
                  "DPIN_HUB=%s", u->options.url);
        uplink_set_state(u, UPLINK_READY);
        uplink_pump(u);
}

/* Whatever it was: nothing follows, and the next attempt comes when the hub wants it. */
static void on_reject(Uplink *u, const Frame *f) {
        backoff_ask(&u->backoff, (usec_t)f->reject.retry_after * USEC_PER_SEC);
        uplink_note(u, *f->reject.reason ? f->reject.reason : f->reject.code);
        if (refusals_count(u->options.refusals, "rejected", f->reject.code, now_boottime()))
                log_event(LOG_WARNING, DPIN_MSG_HUB_REFUSED, "the hub refuses this validator",
                          "DPIN_HUB=%s\nDPIN_CODE=%s\nDPIN_REASON=%s", u->options.url,
                          f->reject.code, f->reject.reason);
        timer_stop(u->timer);
        ws_peer_close(u->peer, CLOSE_REJECTED, close_code_name(CLOSE_REJECTED));
        uplink_set_state(u, UPLINK_LEAVING);
}

/* Work ----------------------------------------------------------------------------------------- */

static void on_orders(Uplink *u, const Frame *f) {
        const FrameOrders *o = &f->orders;

        if (!pace_take(&u->limits.frames, &u->limits.frames_rule,
                       (unsigned)(o->add.n + o->removed.n), now_boottime())) {
                uplink_leave(u, CLOSE_PROTOCOL, "it sends more orders than it can mean");
                return;
        }
        if (frame_orders_verify(o, &u->scope, &u->hub) < 0) {
                uplink_leave(u, CLOSE_BAD_SIGNATURE, "its orders are not signed");
                return;
        }
        if (!o->reset && o->base != u->revision) {
                uplink_send_notice(u, CODE_ORDERS, &(FrameNotice){ .revision = u->revision });
                return;
        }
        u->revision = o->revision;
        if (u->options.orders(o, &u->scope, u->options.userdata) == -EBADMSG)
                uplink_leave(u, CLOSE_PROTOCOL, "it sent an order that is none");
}

static void on_probe(Uplink *u, const Frame *f) {
        if (frame_probe_verify(&f->probe, &u->scope, &u->hub) < 0)
                uplink_leave(u, CLOSE_BAD_SIGNATURE, "its probe is not signed");
        else
                u->options.probe(&f->probe, &u->scope, u->options.userdata);
}

static void on_bye(Uplink *u, const Frame *f) {
        if (f->bye.retry_after > 0)
                backoff_ask(&u->backoff, (usec_t)f->bye.retry_after * USEC_PER_SEC);
}

/* Frames --------------------------------------------------------------------------------------- */

static const struct {
        UplinkState state;
        void (*handle)(Uplink *u, const Frame *f);
} frame_rules[_FRAME_MAX] = {
        [FRAME_HELLO] = { UPLINK_GREETED, on_hello },
        [FRAME_WELCOME] = { UPLINK_JOINING, on_welcome },
        [FRAME_REJECT] = { UPLINK_JOINING, on_reject },
        [FRAME_ORDERS] = { UPLINK_READY, on_orders },
        [FRAME_PROBE] = { UPLINK_READY, on_probe },
        [FRAME_ACK] = { UPLINK_READY, uplink_on_ack },
        [FRAME_NOTICE] = { UPLINK_READY, uplink_on_notice },
        [FRAME_BYE] = { UPLINK_READY, on_bye },
};

static bool is_expected(const Uplink *u, FrameKind kind) {
        if (kind == FRAME_BYE || kind == FRAME_REJECT)
                return true;
        return frame_rules[kind].handle && frame_rules[kind].state == u->state;
}

static void on_received(WsPeer *p _unused_, WsKind kind, const uint8_t *data, size_t n,
                        void *userdata) {
        Uplink *u = userdata;
        _cleanup_free_ Frame *f = calloc(1, sizeof(*f));
        const char *error = NULL;

        if (!f || u->stopping || u->state == UPLINK_LEAVING)
                return;
        if (!pace_take(&u->limits.frames, &u->limits.frames_rule, 1, now_boottime())) {
                uplink_leave(u, CLOSE_PROTOCOL, "it sends more frames than it can mean");
                return;
        }
        if (kind != WS_TEXT || frame_decode((const char *)data, n, FRAME_FROM_HUB, f, &error) < 0) {
                uplink_leave(u, CLOSE_PROTOCOL,
                             error ? error : "it sent something that is no frame");
                return;
        }
        if (is_expected(u, f->kind))
                frame_rules[f->kind].handle(u, f);
        else
                uplink_leave(u, CLOSE_PROTOCOL, "it sent a frame out of state");
        frame_done(f);
}

/* Life ----------------------------------------------------------------------------------------- */

static const WsOps ops = {
        .opened = on_opened,
        .received = on_received,
        .drained = on_drained,
        .closed = on_closed,
};

int uplink_new(Uplink **ret, uv_loop_t *loop, const UplinkOptions *options) {
        _cleanup_(uplink_freep) Uplink *u = calloc(1, sizeof(*u));
        WsClientOptions client = { .url = options->url,
                                   .ca_file = options->ca_file,
                                   .failed = on_failed };
        int r;

        if (!u)
                return -ENOMEM;
        *u = (Uplink){ .loop = loop, .options = *options };
        backoff_init(&u->backoff, options->retry_max);

        r = window_new(&u->window, options->spool);
        if (r < 0)
                return r;

        r = timer_new(&u->timer, loop, on_timer, u);
        if (r < 0)
                return r;

        r = timer_new(&u->forks.timer, loop, uplink_on_reseal, u);
        if (r < 0)
                return r;

        r = ws_client_new(&u->client, loop, &client, &ops, u);
        if (r < 0)
                return r;
        timer_after(u->timer, 0);

        *ret = TAKE_PTR(u);
        return 0;
}

Uplink *uplink_free(Uplink *u) {
        if (!u)
                return NULL;
        ws_client_free(u->client);
        timer_free(u->timer);
        timer_free(u->forks.timer);
        window_free(u->window);
        free(u);
        return NULL;
}

UplinkState uplink_state(const Uplink *u) {
        return u->state;
}

bool uplink_approved(const Uplink *u) {
        return u->state == UPLINK_READY && u->approved;
}

bool uplink_ping(Uplink *u, usec_t *ret_silent) {
        if (u->far)
                *ret_silent = u->peer ? ws_peer_ping(u->peer) : USEC_INFINITY;
        return u->far;
}

const char *uplink_why(const Uplink *u) {
        return u->why;
}

void uplink_stop(Uplink *u) {
        Frame f = { .kind = FRAME_BYE };

        u->stopping = true;
        timer_stop(u->timer);
        if (!u->peer)
                return;
        memccpy(f.bye.code, code_name(CODE_SHUTDOWN), 0, sizeof(f.bye.code));
        if (u->state == UPLINK_READY)
                (void)uplink_send(u, &f);
        ws_peer_close(u->peer, CLOSE_GOING_AWAY, close_code_name(CLOSE_GOING_AWAY));
}

bool uplink_is_closed(const Uplink *u) {
        return !u->peer;
}
