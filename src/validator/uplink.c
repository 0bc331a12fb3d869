/* States and frames as tables. What the hub says is believed only as far as it is signed. */
#include "validator/uplink.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "event/timer.h"
#include "event/ws.h"
#include "validator/receipts.h"
#include "validator/window.h"

#define BACKOFF_FIRST (250 * USEC_PER_MSEC)
#define BACKOFF_LAST  (30 * USEC_PER_SEC)
#define STALE         (5 * USEC_PER_SEC)  /* unsent data older than this becomes history */
#define PAUSE         USEC_PER_SEC        /* before what the hub or the disk had no room for */
#define SILENCE_MAX   (20 * USEC_PER_SEC) /* for the handshake */

struct Uplink {
        uv_loop_t *loop;
        UplinkOptions options;
        WsClient *client;
        WsPeer *peer; /* NULL: not connected */
        Timer *timer; /* backoff, or the handshake's limit */
        UplinkState state;
        bool approved, stopping;
        usec_t backoff, asked; /* asked: the hub named a time to come again */
        PublicKey hub;
        SignScope scope;
        FrameNonces nonces;
        uint64_t revision;
        Window *window;
        uint64_t wanted[2]; /* incarnation and sequence the hub asked for last */
        char last_failure[256];
};

static const char *const state_names[_UPLINK_STATE_MAX] = {
        [UPLINK_AWAY] = "away",         [UPLINK_CONNECTING] = "connecting",
        [UPLINK_GREETED] = "connected", [UPLINK_JOINING] = "joining",
        [UPLINK_READY] = "ready",       [UPLINK_LEAVING] = "leaving",
};

const char *uplink_state_name(UplinkState s) {
        return state_names[s];
}

static void set_state(Uplink *u, UplinkState state) {
        u->state = state;
        u->options.changed(u->options.userdata);
}

/* Coming and going ----------------------------------------------------------------------------- */

/* Full jitter around the middle, so that a restarted hub is not met by all at once. */
static void retry_later(Uplink *u) {
        usec_t wait = u->backoff / 2 + randombytes_uniform((uint32_t)u->backoff);

        set_state(u, UPLINK_AWAY);
        if (u->stopping)
                return;
        u->backoff = MIN(u->backoff * 2, BACKOFF_LAST);
        wait = MAX(wait, u->asked + u->asked / 10 * randombytes_uniform(3));
        u->asked = 0;
        timer_after(u->timer, wait);
}

static void on_failed(const char *reason, void *userdata) {
        Uplink *u = userdata;

        if (strcmp(u->last_failure, reason) != 0)
                log_event(LOG_WARNING, DPIN_MSG_HUB_LOST, "the hub cannot be reached",
                          "DPIN_HUB=%s\nDPIN_REASON=%s", u->options.url, reason);
        snprintf(u->last_failure, sizeof(u->last_failure), "%s", reason);
        retry_later(u);
}

static void connect_now(Uplink *u) {
        int r;

        set_state(u, UPLINK_CONNECTING);
        r = ws_client_connect(u->client);
        if (r < 0)
                on_failed(strerror(-r), u);
}

static void leave(Uplink *u, CloseCode code, const char *why) {
        log_event(LOG_WARNING, DPIN_MSG_HUB_REFUSED, "leaving the hub",
                  "DPIN_HUB=%s\nDPIN_REASON=%s", u->options.url, why);
        timer_stop(u->timer);
        ws_peer_close(u->peer, code, close_code_name(code));
        set_state(u, UPLINK_LEAVING);
}

static void on_timer(void *userdata) {
        Uplink *u = userdata;

        if (u->state == UPLINK_AWAY)
                connect_now(u);
        else if (u->state != UPLINK_READY)
                leave(u, CLOSE_TIMEOUT, "the handshake takes too long");
        else
                uplink_pump(u); /* after a pause the hub asked for */
}

static int on_opened(WsPeer *p, void *userdata) {
        Uplink *u = userdata;

        u->peer = p;
        u->approved = false;
        u->revision = 0;
        u->wanted[0] = 0;
        timer_after(u->timer, SILENCE_MAX);
        set_state(u, UPLINK_GREETED);
        return 0;
}

static void on_closed(WsPeer *p _unused_, unsigned code, void *userdata) {
        Uplink *u = userdata;

        u->peer = NULL;
        if (!u->stopping)
                log_event(LOG_INFO, DPIN_MSG_HUB_LOST, "disconnected from the hub",
                          "DPIN_HUB=%s\nDPIN_REASON=%s", u->options.url, close_code_name(code));
        retry_later(u);
}

/* Sending -------------------------------------------------------------------------------------- */

static int send_frame(Uplink *u, const Frame *f) {
        _cleanup_free_ char *text = NULL;
        int r;

        if (!u->peer)
                return -ENOTCONN;
        r = frame_encode(f, &text);
        if (r < 0)
                return r;
        r = ws_peer_send(u->peer, WS_TEXT, text, strlen(text));
        return r < 0 ? r : 0;
}

static void send_notice(Uplink *u, Code code, const FrameNotice *more) {
        Frame f = { .kind = FRAME_NOTICE, .notice = *more };

        memccpy(f.notice.code, code_name(code), 0, sizeof(f.notice.code));
        (void)send_frame(u, &f);
}

typedef struct Sending {
        WsPeer *peer;
        uint64_t incarnation, sequence;
        int r;
} Sending;

static void on_send(const SpoolBatch *b, void *userdata) {
        Sending *s = userdata;

        s->incarnation = b->incarnation;
        s->sequence = b->sequence;
        s->r = ws_peer_send(s->peer, WS_BINARY, b->frame, b->n);
}

/* What the connection cannot take now goes when it has drained. */
void uplink_pump(Uplink *u) {
        Sending s = { .peer = u->peer };

        if (!uplink_approved(u) || !u->peer)
                return;
        while (s.r >= 0 && window_next(u->window, on_send, &s) > 0)
                ;
        if (s.r < 0)
                window_unsent(u->window, s.incarnation, s.sequence);
}

static void on_drained(WsPeer *p _unused_, void *userdata) {
        uplink_pump(userdata);
}

void uplink_suspect(Uplink *u, const OrderId *order, uint32_t slot) {
        Frame f = { .kind = FRAME_SUSPECT, .suspect = { .order = *order, .slot = slot } };

        if (u->state == UPLINK_READY)
                (void)send_frame(u, &f);
}

void uplink_refuse(Uplink *u, const OrderId *order, const char *reason) {
        FrameNotice n = { .order = *order };

        snprintf(n.reason, sizeof(n.reason), "%s", reason);
        send_notice(u, CODE_REFUSED, &n);
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
        return r < 0 ? r : send_frame(u, &f);
}

static void on_hello(Uplink *u, const Frame *f) {
        const FrameHello *h = &f->hello;
        int pinned;

        if (h->version != FRAME_PROTOCOL || frame_hello_verify(h) < 0) {
                leave(u, CLOSE_PROTOCOL,
                      "its hello is not signed by its key, or of another version");
                return;
        }
        pinned = spool_pin(u->options.spool, &h->network_key);
        if (pinned < 0) {
                leave(u, CLOSE_INTERNAL, strerror(-pinned));
                return;
        }
        if (pinned == 0) {
                log_event(LOG_ERR, DPIN_MSG_HUB_KEY_CHANGED,
                          "this hub is not of the network that was pinned at first contact: "
                          "nothing is sent to it",
                          "DPIN_HUB=%s", u->options.url);
                u->asked = 10 * USEC_PER_SEC;
                leave(u, CLOSE_REJECTED, "another network key");
                return;
        }
        u->hub = h->hub_key;
        u->scope = (SignScope){ .network = h->network_key,
                                .subject = *sign_key_public(u->options.key) };
        memcpy(u->nonces.hub, h->nonce, sizeof(u->nonces.hub));
        sealer_set_network(u->options.sealer, &h->network_key);
        u->state = UPLINK_JOINING;
        if (send_join(u) < 0)
                leave(u, CLOSE_INTERNAL, "the join could not be sent");
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

static void take_positions(Uplink *u, const FrameWelcome *w) {
        const FrameStream *streams = w->streams.items;
        Receipt receipt;

        for (size_t i = 0; i < w->streams.n; i++)
                if (receipt_apply(u->options.spool, &streams[i].receipt, &u->hub, &u->scope,
                                  &receipt) >= 0)
                        window_move(u->window, receipt.incarnation, receipt.to);
}

static void on_welcome(Uplink *u, const Frame *f) {
        const FrameWelcome *w = &f->welcome;

        if (frame_welcome_verify(w, &u->nonces, &u->scope, &u->hub) < 0) {
                leave(u, CLOSE_BAD_SIGNATURE, "its welcome is not signed for this connection");
                return;
        }
        (void)sealer_flush(u->options.sealer); /* its ticks have the time they were made with */
        hub_time_reset(u->options.hub_time, now_boottime(), w->time);
        split_history(u);
        window_reset(u->window, sealer_incarnation(u->options.sealer));
        window_set_limits(u->window, &w->window);
        take_positions(u, w);
        u->approved = w->approved;
        u->backoff = BACKOFF_FIRST;
        u->last_failure[0] = '\0';
        timer_stop(u->timer);
        log_event(LOG_INFO, DPIN_MSG_HUB_CONNECTED,
                  u->approved ? "joined the hub" : "joined the hub, waiting for approval",
                  "DPIN_HUB=%s", u->options.url);
        set_state(u, UPLINK_READY);
        uplink_pump(u);
}

static void on_reject(Uplink *u, const Frame *f) {
        u->asked = (usec_t)MIN(f->reject.retry_after, INT64_C(86400)) * USEC_PER_SEC;
        if (u->asked == 0)
                u->asked = BACKOFF_LAST;
        log_event(LOG_WARNING, DPIN_MSG_HUB_REFUSED, "the hub refuses this validator",
                  "DPIN_HUB=%s\nDPIN_CODE=%s\nDPIN_REASON=%s", u->options.url, f->reject.code,
                  f->reject.reason);
}

/* Work ----------------------------------------------------------------------------------------- */

static void on_orders(Uplink *u, const Frame *f) {
        const FrameOrders *o = &f->orders;

        if (frame_orders_verify(o, &u->scope, &u->hub) < 0) {
                leave(u, CLOSE_BAD_SIGNATURE, "its orders are not signed");
                return;
        }
        if (!o->reset && o->base != u->revision) {
                send_notice(u, CODE_ORDERS, &(FrameNotice){ .revision = u->revision });
                return;
        }
        u->revision = o->revision;
        if (u->options.orders(o, &u->scope, u->options.userdata) == -EBADMSG)
                leave(u, CLOSE_PROTOCOL, "it sent an order that is none");
}

static void on_probe(Uplink *u, const Frame *f) {
        if (frame_probe_verify(&f->probe, &u->scope, &u->hub) < 0)
                leave(u, CLOSE_BAD_SIGNATURE, "its probe is not signed");
        else
                u->options.probe(&f->probe, &u->scope, u->options.userdata);
}

/* Answers to batches --------------------------------------------------------------------------- */

/* What was answered, but not in a way that counts, goes again after a pause. */
static void send_again(Uplink *u, uint64_t incarnation, uint64_t sequence) {
        window_rewind(u->window, incarnation, sequence);
        timer_after(u->timer, PAUSE);
}

/* A receipt that contradicts its ack trims nothing either. */
static int check_ack(Uplink *u, const FrameAck *ack, Receipt *ret) {
        Hash dispositions;
        int r;

        r = receipt_parse(ack->receipt.data, ack->receipt.n, ret);
        if (r < 0)
                return r;
        r = frame_ack_dispositions(ack, &dispositions);
        if (r < 0)
                return r;
        if (!hash_equal(&dispositions, &ret->dispositions))
                return -EBADMSG;
        return receipt_apply(u->options.spool, &ack->receipt, &u->hub, &u->scope, ret);
}

static void on_ack(Uplink *u, const Frame *f) {
        const FrameAck *ack = &f->ack;
        Receipt receipt = { 0 };
        int r;

        r = check_ack(u, ack, &receipt);
        if (r == -EBADMSG || r == -ESTALE) {
                FrameNotice n = { .incarnation = receipt.incarnation, .sequence = receipt.to };

                snprintf(n.reason, sizeof(n.reason), "a receipt does not hold: %s", strerror(-r));
                send_notice(u, CODE_BAD_RECEIPT, &n);
                return;
        }
        hub_time_learn(u->options.hub_time, now_boottime(), ack->time);
        window_set_limits(u->window, &ack->window);
        if (r < 0) { /* good, and the spool could not note it: its disk is full */
                log_debug("a receipt is not noted: %s", strerror(-r));
                send_again(u, receipt.incarnation, receipt.from);
                return;
        }
        window_answered(u->window, receipt.incarnation, MAX(ack->batches.n, (size_t)1));
        uplink_pump(u);
}

/* The batch the hub wants may be gone: dropped, or trimmed by a receipt of a hub that was restored
 * since. */
typedef struct Expected {
        Uplink *uplink;
        uint64_t sequence; /* to go on from */
} Expected;

static void on_first_kept(const SpoolBatch *b, void *userdata) {
        Expected *e = userdata;
        _cleanup_free_ uint8_t *frame = malloc(BATCH_FRAME_MAX);
        int n;

        if (!frame || b->sequence <= e->sequence)
                return;
        n = sealer_gap_before(e->uplink->options.sealer, b, e->sequence, frame);
        if (n > 0)
                (void)ws_peer_send(e->uplink->peer, WS_BINARY, frame, (size_t)n);
        e->sequence = b->count > 0 ? b->sequence : b->sequence + 1;
}

static void on_sequence(Uplink *u, const FrameNotice *n) {
        Expected e = { .uplink = u, .sequence = n->sequence };

        if (n->sequence == 0 || !u->peer)
                return;
        if (u->wanted[0] == n->incarnation && u->wanted[1] == n->sequence)
                return; /* it says so for each batch that was under way behind */
        u->wanted[0] = n->incarnation;
        u->wanted[1] = n->sequence;
        (void)spool_next(u->options.spool, n->incarnation, n->sequence - 1, on_first_kept, &e);
        window_rewind(u->window, n->incarnation, e.sequence);
        uplink_pump(u);
}

static void on_fork(Uplink *u, const FrameNotice *n) {
        int moved = sealer_reseal(u->options.sealer, n->incarnation);

        log_event(LOG_WARNING, DPIN_MSG_STREAM_FORK,
                  "the hub has other content for a stream: what is left is sealed anew",
                  "DPIN_BATCHES=%d", moved);
        window_reset(u->window, sealer_incarnation(u->options.sealer));
        uplink_pump(u);
}

static void on_notice(Uplink *u, const Frame *f) {
        const FrameNotice *n = &f->notice;

        switch (code_from_name(n->code)) {
        case CODE_SEQUENCE:
                on_sequence(u, n);
                break;
        case CODE_FORK:
                on_fork(u, n);
                break;
        case CODE_APPROVED:
                u->approved = true;
                set_state(u, UPLINK_READY);
                uplink_pump(u);
                break;
        case CODE_TOO_FAST:
                send_again(u, n->incarnation, n->sequence);
                break;
        default:
                log_debug("notice from the hub: %s %s", n->code, n->reason);
                break;
        }
}

static void on_bye(Uplink *u, const Frame *f) {
        u->asked = (usec_t)CLAMP(f->bye.retry_after, INT64_C(0), INT64_C(86400)) * USEC_PER_SEC;
        u->backoff = BACKOFF_FIRST;
}

static const struct {
        UplinkState state;
        void (*handle)(Uplink *u, const Frame *f);
} frame_rules[_FRAME_MAX] = {
        [FRAME_HELLO] = { UPLINK_GREETED, on_hello },
        [FRAME_WELCOME] = { UPLINK_JOINING, on_welcome },
        [FRAME_REJECT] = { UPLINK_JOINING, on_reject },
        [FRAME_ORDERS] = { UPLINK_READY, on_orders },
        [FRAME_PROBE] = { UPLINK_READY, on_probe },
        [FRAME_ACK] = { UPLINK_READY, on_ack },
        [FRAME_NOTICE] = { UPLINK_READY, on_notice },
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
        if (kind != WS_TEXT || frame_decode((const char *)data, n, FRAME_FROM_HUB, f, &error) < 0) {
                leave(u, CLOSE_PROTOCOL, error ? error : "it sent something that is no frame");
                return;
        }
        if (is_expected(u, f->kind))
                frame_rules[f->kind].handle(u, f);
        else
                leave(u, CLOSE_PROTOCOL, "it sent a frame out of state");
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
        *u = (Uplink){ .loop = loop, .options = *options, .backoff = BACKOFF_FIRST };

        r = window_new(&u->window, options->spool);
        if (r < 0)
                return r;

        r = timer_new(&u->timer, loop, on_timer, u);
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

void uplink_stop(Uplink *u) {
        Frame f = { .kind = FRAME_BYE };

        u->stopping = true;
        timer_stop(u->timer);
        if (!u->peer)
                return;
        memccpy(f.bye.code, code_name(CODE_SHUTDOWN), 0, sizeof(f.bye.code));
        if (u->state == UPLINK_READY)
                (void)send_frame(u, &f);
        ws_peer_close(u->peer, CLOSE_GOING_AWAY, close_code_name(CLOSE_GOING_AWAY));
}

bool uplink_is_closed(const Uplink *u) {
        return !u->peer;
}
