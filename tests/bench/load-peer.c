/* States and frames as tables, as in the validator's uplink. */
#include "load-peer.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define BACKOFF_FIRST  (100 * USEC_PER_MSEC)
#define BACKOFF_LAST   (3 * USEC_PER_SEC)
#define GREETING_MAX   64u /* handshakes at once in this process */
#define HANDSHAKE_MAX  (20 * USEC_PER_SEC)
#define CLOCK_STEP     (500 * USEC_PER_MSEC) /* a hub's clock that moved further makes a new plan */
#define TOO_FAST_PAUSE USEC_PER_SEC
#define TURN_BUSY      (10 * USEC_PER_MSEC)
#define TURN_IDLE      (100 * USEC_PER_MSEC)

typedef enum PeerState {
        PEER_AWAY,
        PEER_CONNECTING,
        PEER_JOINING,
        PEER_READY,
        _PEER_STATE_MAX,
} PeerState;

struct LoadPeer {
        LoadWorld *world;
        LoadSender sender;
        bool pinned, approved, ever;
        FrameNonces nonces;
        PeerState state;
        LoadSocket *socket;
        usec_t backoff, asked, deadline; /* deadline: next attempt, or the end of the handshake */
        uint64_t revision;
};

/* Coming and going ----------------------------------------------------------------------------- */

static void set_state(LoadPeer *p, PeerState state) {
        LoadWorld *w = p->world;

        w->greeting -= p->state == PEER_CONNECTING || p->state == PEER_JOINING;
        w->greeting += state == PEER_CONNECTING || state == PEER_JOINING;
        w->stats.ready -= p->state == PEER_READY;
        w->stats.ready += state == PEER_READY;
        p->state = state;
        p->sender.socket = state == PEER_READY && p->approved ? p->socket : NULL;
}

static void lost(LoadPeer *p, const char *why) {
        LoadStats *s = &p->world->stats;
        usec_t wait = p->backoff / 2 + randombytes_uniform((uint32_t)p->backoff);

        s->failures += p->state != PEER_READY;
        snprintf(s->last_failure, sizeof(s->last_failure), "%s", why);
        p->socket = load_socket_free(p->socket);
        set_state(p, PEER_AWAY);
        p->deadline = now_boottime() + MAX(wait, p->asked);
        p->asked = 0;
        p->backoff = MIN(2 * p->backoff, BACKOFF_LAST);
}

static int send_frame(LoadPeer *p, const Frame *f) {
        _cleanup_free_ char *text = NULL;
        int r;

        if (!p->socket)
                return -ENOTCONN;
        r = frame_encode(f, &text);
        return r < 0 ? r : load_socket_send(p->socket, false, text, strlen(text));
}

static void send_notice(LoadPeer *p, Code code, const FrameNotice *more) {
        Frame f = { .kind = FRAME_NOTICE, .notice = *more };

        memccpy(f.notice.code, code_name(code), 0, sizeof(f.notice.code));
        (void)send_frame(p, &f);
}

/* Handshake ------------------------------------------------------------------------------------ */

static int send_join(LoadPeer *p) {
        FrameStream streams[LOAD_STREAMS_MAX];
        char *capabilities[] = { (char[]){ "http" } };
        Frame f = { .kind = FRAME_JOIN };
        FrameJoin *j = &f.join;
        int r;

        randombytes_buf(p->nonces.validator, sizeof(p->nonces.validator));
        memcpy(j->nonce, p->nonces.validator, sizeof(j->nonce));
        memcpy(j->hub_nonce, p->nonces.hub, sizeof(j->hub_nonce));
        snprintf(j->authority, sizeof(j->authority), "%s", p->world->args->authority);
        snprintf(j->software, sizeof(j->software), "dpin-load");
        j->streams = (JsonArray){ streams, load_sender_streams(&p->sender, streams) };
        j->capabilities = (JsonStrings){ capabilities, 1 };
        r = frame_join_sign(j, &p->sender.scope.network, p->sender.key);
        return r < 0 ? r : send_frame(p, &f);
}

static int on_hello(LoadPeer *p, const Frame *f, usec_t now _unused_) {
        const FrameHello *h = &f->hello;

        if (h->version != FRAME_PROTOCOL || frame_hello_verify(h) < 0)
                return -EBADMSG;
        if (p->pinned && !public_key_equal(&p->sender.scope.network, &h->network_key))
                return -EKEYREJECTED;
        p->pinned = true;
        p->sender.hub = h->hub_key;
        p->sender.scope.network = h->network_key;
        memcpy(p->nonces.hub, h->nonce, sizeof(h->nonce));
        set_state(p, PEER_JOINING);
        return send_join(p);
}

static int take_positions(LoadPeer *p, const FrameWelcome *w, usec_t now) {
        const FrameStream *streams = w->streams.items;

        for (size_t i = 0; i < w->streams.n; i++)
                if (streams[i].receipt.n > 0 &&
                    load_sender_acknowledge(&p->sender, &streams[i].receipt, NULL, now) < 0)
                        return -EBADMSG;
        return 0;
}

static void count_join(LoadPeer *p, usec_t now) {
        LoadStats *s = &p->world->stats;

        s->joins++;
        s->joined += !p->ever;
        p->ever = true;
        if (s->joined == p->world->args->validators && s->all_joined == 0)
                s->all_joined = now;
}

/* true: what was signed for later is void. */
static bool set_clock(LoadSender *s, int64_t offset) {
        int64_t moved = offset - s->offset;

        s->offset = offset;
        return llabs(moved) > (int64_t)CLOCK_STEP;
}

static int on_welcome(LoadPeer *p, const Frame *f, usec_t now) {
        const FrameWelcome *w = &f->welcome;
        LoadSender *s = &p->sender;
        bool stepped;

        if (frame_welcome_verify(w, &p->nonces, &s->scope, &s->hub) < 0)
                return -EBADMSG;
        stepped = set_clock(s, (int64_t)(w->time - now));
        s->window = w->window;
        p->approved = w->approved;
        p->backoff = BACKOFF_FIRST;
        p->revision = 0;
        set_state(p, PEER_READY);
        count_join(p, now);
        if (take_positions(p, w, now) < 0)
                return -EBADMSG;
        if (stepped)
                load_sender_plan_anew(s, now, true);
        load_sender_connected(s, now);
        load_sender_pump(s, now);
        return 0;
}

static int on_reject(LoadPeer *p, const Frame *f, usec_t now _unused_) {
        p->world->stats.rejects++;
        p->world->stats.notices[code_from_name(f->reject.code)]++;
        p->asked = (usec_t)CLAMP(f->reject.retry_after, INT64_C(0), INT64_C(3600)) * USEC_PER_SEC;
        return 0;
}

static int on_bye(LoadPeer *p, const Frame *f, usec_t now _unused_) {
        p->world->stats.notices[code_from_name(f->bye.code)]++;
        p->asked = (usec_t)CLAMP(f->bye.retry_after, INT64_C(0), INT64_C(3600)) * USEC_PER_SEC;
        p->backoff = BACKOFF_FIRST;
        return 0;
}

/* Work ----------------------------------------------------------------------------------------- */

static int on_orders(LoadPeer *p, const Frame *f, usec_t now) {
        const FrameOrders *o = &f->orders;
        LoadSender *s = &p->sender;
        LoadStats *stats = &p->world->stats;
        int r;

        if (frame_orders_verify(o, &s->scope, &s->hub) < 0)
                return -EBADMSG;
        if (!o->reset && o->base != p->revision) {
                send_notice(p, CODE_ORDERS, &(FrameNotice){ .revision = p->revision });
                return 0;
        }
        p->revision = o->revision;
        stats->orders -= load_work_count(s->work);
        r = load_work_change(s->work, o, &s->scope);
        stats->orders += load_work_count(s->work);
        s->changed = now;
        load_sender_plan_anew(s, now, false);
        return r;
}

static int on_probe(LoadPeer *p, const Frame *f, usec_t now) {
        LoadSender *s = &p->sender;
        usec_t hub_now = load_sender_hub_time(s, now);
        LoadWindow window = { hub_now, hub_now, s->offset };
        Tick tick;
        int r;

        if (frame_probe_verify(&f->probe, &s->scope, &s->hub) < 0)
                return -EBADMSG;
        r = load_work_probe(s->work, &f->probe, &s->scope, &window, &tick);
        if (r <= 0 || p->world->args->idle || p->world->stopping)
                return r == -EBADMSG ? r : 0;
        p->world->stats.probes++;
        load_sender_answer(s, &tick, now);
        return 0;
}

/* A frame was true when it was sent: of two the one that says more was under way for less. */
static int on_ack(LoadPeer *p, const Frame *f, usec_t now) {
        int64_t offset = (int64_t)(f->ack.time - now);
        int r;

        p->world->stats.acks++;
        if (set_clock(&p->sender, MAX(offset, p->sender.offset)))
                load_sender_plan_anew(&p->sender, now, true);
        p->sender.window = f->ack.window;
        r = load_sender_acknowledge(&p->sender, &f->ack.receipt, &f->ack, now);
        if (r < 0) {
                load_sender_wrong(&p->sender, "a receipt does not hold", r);
                send_notice(p, CODE_BAD_RECEIPT, &(FrameNotice){ .reason = "it does not hold" });
        }
        load_sender_pump(&p->sender, now);
        return 0;
}

static void slow_down(LoadPeer *p, const FrameNotice *n, usec_t now) {
        LoadStream *s = load_sender_find(&p->sender, n->incarnation);

        if (s)
                load_stream_rewind(s);
        p->sender.pause_until = now + TOO_FAST_PAUSE;
        p->sender.pace = 1;
}

static int on_notice(LoadPeer *p, const Frame *f, usec_t now) {
        const FrameNotice *n = &f->notice;
        Code code = code_from_name(n->code);

        p->world->stats.notices[code]++;
        switch (code) {
        case CODE_SEQUENCE:
                load_sender_expect(&p->sender, n, now);
                break;
        case CODE_FORK:
                load_sender_fork(&p->sender, n, now);
                break;
        case CODE_APPROVED:
                p->approved = true;
                set_state(p, PEER_READY);
                break;
        case CODE_TOO_FAST:
        case CODE_TOO_MANY_STREAMS:
                slow_down(p, n, now);
                break;
        default:
                break;
        }
        return 0;
}

/* Frames --------------------------------------------------------------------------------------- */

static const struct {
        PeerState state; /* _PEER_STATE_MAX: any */
        int (*handle)(LoadPeer *p, const Frame *f, usec_t now);
} frame_rules[_FRAME_MAX] = {
        [FRAME_HELLO] = { PEER_CONNECTING, on_hello },
        [FRAME_WELCOME] = { PEER_JOINING, on_welcome },
        [FRAME_REJECT] = { _PEER_STATE_MAX, on_reject },
        [FRAME_ORDERS] = { PEER_READY, on_orders },
        [FRAME_PROBE] = { PEER_READY, on_probe },
        [FRAME_ACK] = { PEER_READY, on_ack },
        [FRAME_NOTICE] = { PEER_READY, on_notice },
        [FRAME_BYE] = { _PEER_STATE_MAX, on_bye },
};

static int take_frame(LoadPeer *p, const Frame *f) {
        PeerState state = frame_rules[f->kind].state;

        if (!frame_rules[f->kind].handle || (state != _PEER_STATE_MAX && state != p->state))
                return -EPROTO;
        return frame_rules[f->kind].handle(p, f, now_boottime());
}

static void on_received(bool binary, const uint8_t *data, size_t n, void *userdata) {
        LoadPeer *p = userdata;
        _cleanup_free_ Frame *f = calloc(1, sizeof(*f));
        int r = binary ? -EPROTO : f ? 0 : -ENOMEM;

        if (r >= 0)
                r = frame_decode((const char *)data, n, FRAME_FROM_HUB, f, NULL);
        if (r >= 0) {
                r = take_frame(p, f);
                frame_done(f);
        }
        if (r < 0) {
                load_sender_wrong(&p->sender, "what the hub said is wrong", r);
                lost(p, "left the hub");
        }
}

/* The hub speaks first; a bare server never. */
static void on_opened(void *userdata) {
        LoadPeer *p = userdata;

        if (!p->world->args->bare)
                return;
        set_state(p, PEER_READY);
        count_join(p, now_boottime());
}

static void on_closed(const char *why, void *userdata) {
        lost(userdata, why);
}

static const LoadSocketOps socket_ops = {
        .opened = on_opened,
        .received = on_received,
        .closed = on_closed,
};

/* Life ----------------------------------------------------------------------------------------- */

static int make_key(const LoadWorld *world, unsigned index, SignKey **ret) {
        uint8_t seed[SIGN_SEED_SIZE];
        char text[64];
        Hash hash;

        snprintf(text, sizeof(text), "dpin-load %llu %u", (unsigned long long)world->args->seed,
                 index);
        hash_bytes(text, strlen(text), &hash);
        memcpy(seed, hash.bytes, sizeof(seed));
        return sign_key_from_seed(seed, ret);
}

int load_peer_new(LoadPeer **ret, LoadWorld *world, unsigned index) {
        _cleanup_(load_peer_freep) LoadPeer *p = calloc(1, sizeof(*p));
        SignKey *key;
        int r;

        if (!p)
                return -ENOMEM;
        p->world = world;
        p->backoff = BACKOFF_FIRST;
        r = make_key(world, index, &key);
        if (r < 0)
                return r;
        r = load_sender_init(&p->sender, world, index, key);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(p);
        return 0;
}

LoadPeer *load_peer_free(LoadPeer *p) {
        if (!p)
                return NULL;
        load_socket_free(p->socket);
        load_sender_done(&p->sender);
        free(p);
        return NULL;
}

static void connect_now(LoadPeer *p, usec_t now) {
        int r;

        if (p->world->greeting >= GREETING_MAX ||
            (p->world->stopping && !load_sender_waits(&p->sender, now)))
                return;
        p->deadline = now + HANDSHAKE_MAX;
        set_state(p, PEER_CONNECTING);
        r = load_socket_new(&p->socket, p->world->loop, p->world->args, &socket_ops, p);
        if (r < 0)
                lost(p, strerror(-r));
}

usec_t load_peer_turn(LoadPeer *p, usec_t now) {
        if (p->state == PEER_AWAY && now >= p->deadline)
                connect_now(p, now);
        else if (p->state != PEER_READY && p->state != PEER_AWAY && now >= p->deadline)
                lost(p, "the handshake took too long");
        load_sender_plan(&p->sender, now);
        load_sender_pump(&p->sender, now);
        return now + (p->state == PEER_READY && load_work_count(p->sender.work) == 0 ? TURN_IDLE
                                                                                     : TURN_BUSY);
}

int load_peer_suspect(LoadPeer *p) {
        Frame f = { .kind = FRAME_SUSPECT };

        if (p->state != PEER_READY)
                return 0;
        randombytes_buf(&f.suspect.order, sizeof(f.suspect.order));
        if (send_frame(p, &f) < 0)
                return 0;
        p->world->stats.suspects++;
        return 1;
}

void load_peer_stop(LoadPeer *p, usec_t now) {
        load_sender_plan_anew(&p->sender, now, false);
}

bool load_peer_waits(const LoadPeer *p, usec_t now) {
        return load_sender_waits(&p->sender, now);
}

void load_peer_leave(LoadPeer *p) {
        Frame f = { .kind = FRAME_BYE };

        memccpy(f.bye.code, code_name(CODE_SHUTDOWN), 0, sizeof(f.bye.code));
        if (p->state == PEER_READY)
                (void)send_frame(p, &f);
        if (p->socket)
                load_socket_close(p->socket, CLOSE_GOING_AWAY);
}
