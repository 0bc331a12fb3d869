/* An open connection, on either side: whole messages in, a bounded queue out, pings, and the
 * closing handshake. */
#include "event/ws.h"

#include <errno.h>
#include <string.h>
#include <utlist.h>

#include "event/ws-internal.h"

#define CLOSE_NO_CODE    1005u
#define CLOSE_ABNORMAL   1006u
#define CLOSE_POLICY     1008u
#define CLOSE_TOO_LONG   1009u
#define CLOSE_FLUSH_MAX  USEC_PER_SEC
#define CLOSE_WAIT_MAX   (2 * USEC_PER_SEC)
#define WRITES_PER_EVENT 16
#define CLOSES_AT_ONCE   512u /* the library walks a list of them for each */

struct WsMessage {
        WsMessage *next;
        WsKind kind;
        size_t n;
        uint8_t bytes[]; /* LWS_PRE for the library, then n */
};

static usec_t now_of(const WsContext *c) {
        return uv_now(c->loop) * USEC_PER_MSEC;
}

static usec_t tick_period(const WsContext *c) {
        return CLAMP(c->limits.ping_interval / 4, 20 * USEC_PER_MSEC, USEC_PER_SEC / 4);
}

/* Of one peer: thousands are not all walked through at each tick. */
static usec_t check_period(const WsContext *c) {
        return MAX(MIN(c->limits.ping_interval, c->limits.message_time_max) / 8, tick_period(c));
}

static void check_peers(WsContext *c, usec_t now) {
        WsPeer *p, *next;

        DL_FOREACH_SAFE(c->closing, p, next)
        ws_peer_check(p, now);
        while ((p = c->open) && p->check_due <= now) {
                DL_DELETE(c->open, p);
                p->check_due = now + check_period(c);
                DL_APPEND(c->open, p);
                ws_peer_check(p, now);
        }
}

static void on_tick(uv_timer_t *timer) {
        WsContext *c = timer->data;

        ws_door_sweep(c, now_of(c));
        check_peers(c, now_of(c));
        if (c->peers_n == 0 && c->door.n == 0)
                (void)uv_timer_stop(timer);
}

static void tick_soon(WsContext *c) {
        if (!c->freed)
                (void)uv_timer_start(&c->tick, on_tick, 0, tick_period(c) / USEC_PER_MSEC);
}

void ws_context_tick(WsContext *c) {
        if (!uv_is_active((uv_handle_t *)&c->tick))
                tick_soon(c);
}

int ws_peer_new(WsPeer **ret, WsContext *c, struct lws *wsi) {
        WsPeer *p = calloc(1, sizeof(*p));
        socklen_t n = sizeof(p->address);

        if (!p)
                return -ENOMEM;

        *p = (WsPeer){
                .context = c,
                .wsi = wsi,
                .close_code = CLOSE_ABNORMAL,
                .heard = now_of(c),
                .check_due = now_of(c) + check_period(c),
        };
        DL_APPEND(c->open, p);
        c->peers_n++;
        (void)getpeername(lws_get_socket_fd(wsi), (struct sockaddr *)&p->address, &n);
        ws_context_tick(c);
        *ret = p;
        return 0;
}

static WsMessage *queue_take(WsPeer *p) {
        WsMessage *m = p->head;

        p->head = m->next;
        if (!p->head)
                p->tail = NULL;
        p->queued -= sizeof(*m) + m->n;
        return m;
}

WsPeer *ws_peer_free(WsPeer *p) {
        WsContext *c = p->context;

        if (p->closing)
                DL_DELETE(c->closing, p);
        else
                DL_DELETE(c->open, p);
        c->closes -= p->close_begun;
        if (p->close_begun && c->closes == CLOSES_AT_ONCE / 2)
                tick_soon(c);
        c->settled_n -= p->settled;
        c->peers_n--;
        while (p->head)
                free(queue_take(p));
        free(p->message);
        free(p);
        return NULL;
}

/* Nothing more is wanted of it but its end. */
static void set_closing(WsPeer *p) {
        if (p->closing)
                return;
        p->closing = true;
        DL_DELETE(p->context->open, p);
        DL_APPEND(p->context->closing, p);
}

/* The connection ends without a handshake, soon, in a callback of the library's own. */
static void kill_peer(WsPeer *p) {
        if (p->broken)
                return;
        p->broken = true;
        set_closing(p);
        lws_set_timeout(p->wsi, PENDING_TIMEOUT_KILLED_BY_PARENT, LWS_TO_KILL_ASYNC);
        ws_context_wake(p->context);
}

/* bytes has LWS_PRE before it. What the kernel did not take, the library keeps. */
static int write_bytes(WsPeer *p, WsKind kind, uint8_t *bytes, size_t n) {
        if (lws_write(p->wsi, bytes, n, kind == WS_TEXT ? LWS_WRITE_TEXT : LWS_WRITE_BINARY) <
            (int)n) {
                kill_peer(p);
                return -ENOTCONN;
        }
        if (!lws_partial_buffered(p->wsi))
                return 0;
        p->stalled = n;
        return 1;
}

static int write_at_once(WsPeer *p, WsKind kind, const void *data, size_t n) {
        WsContext *c = p->context;

        if (c->scratch_n < LWS_PRE + n) {
                uint8_t *scratch = realloc(c->scratch, LWS_PRE + n);

                if (!scratch)
                        return -ENOMEM;
                c->scratch = scratch;
                c->scratch_n = LWS_PRE + n;
        }
        if (n > 0)
                memcpy(c->scratch + LWS_PRE, data, n);
        return write_bytes(p, kind, c->scratch + LWS_PRE, n);
}

static int enqueue(WsPeer *p, WsKind kind, const void *data, size_t n) {
        WsMessage *m = malloc(sizeof(*m) + LWS_PRE + n);

        if (!m)
                return -ENOMEM;
        m->next = NULL;
        m->kind = kind;
        m->n = n;
        if (n > 0)
                memcpy(m->bytes + LWS_PRE, data, n);
        if (p->tail)
                p->tail->next = m;
        else
                p->head = m;
        p->tail = m;
        p->queued += sizeof(*m) + n;
        return 1;
}

int ws_peer_send(WsPeer *p, WsKind kind, const void *data, size_t n) {
        int r;

        if (p->closing)
                return -ENOTCONN;
        if (p->queued + p->stalled + sizeof(WsMessage) + n > p->context->limits.queue_max) {
                p->context->counters.send_refused++;
                return -ENOBUFS;
        }

        if (!p->head && !lws_partial_buffered(p->wsi))
                r = write_at_once(p, kind, data, n);
        else
                r = enqueue(p, kind, data, n);
        if (r > 0) {
                p->drain_wanted = true;
                (void)lws_callback_on_writable(p->wsi);
        }
        return r;
}

void ws_peer_close(WsPeer *p, unsigned code, const char *reason) {
        if (p->closing)
                return;

        set_closing(p);
        p->close_code = code;
        p->close_deadline = now_of(p->context) + CLOSE_FLUSH_MAX;
        p->close_reason = reason ? reason : "";
        tick_soon(p->context);
}

/* Outside of the library's callbacks only. The documented way, an error returned from one of them
 * with a reason set, closes twice on libuv, and the second time for good, before the close frame is
 * sent. */
static void send_close(WsPeer *p) {
        p->close_sent = p->close_begun = true;
        p->context->closes++;
        p->close_deadline = now_of(p->context) + CLOSE_WAIT_MAX;
        lws_close_reason(p->wsi, (enum lws_close_status)p->close_code,
                         (unsigned char *)p->close_reason, strlen(p->close_reason));
        lws_set_timeout(p->wsi, PENDING_TIMEOUT_KILLED_BY_PARENT, LWS_TO_KILL_SYNC);
}

static void refuse_message(WsPeer *p, uint64_t *counter, unsigned code, const char *reason) {
        (*counter)++;
        ws_peer_close(p, code, reason);
}

/* With a payload, because the library keeps an empty answer for itself. */
static void ping(WsPeer *p) {
        uint8_t frame[LWS_PRE + 1] = { [LWS_PRE] = '?' };

        p->pinged = true;
        p->ping_due = lws_partial_buffered(p->wsi);
        if (p->ping_due)
                (void)lws_callback_on_writable(p->wsi);
        else if (lws_write(p->wsi, frame + LWS_PRE, 1, LWS_WRITE_PING) < 0)
                kill_peer(p);
}

usec_t ws_peer_ping(WsPeer *p) {
        usec_t silent = now_of(p->context) - MIN(p->heard, now_of(p->context));

        if (!p->pinged && !p->closing && !p->broken)
                ping(p);
        return silent;
}

static bool may_close(const WsPeer *p) {
        return p->closing && !p->close_sent && !p->broken && !p->head &&
               !lws_partial_buffered(p->wsi);
}

void ws_peer_check(WsPeer *p, usec_t now) {
        usec_t interval = p->context->limits.ping_interval, silent = now - MIN(p->heard, now);

        if (p->message && !p->closing && now > p->message_deadline)
                refuse_message(p, &p->context->counters.too_slow, CLOSE_POLICY, "message too slow");
        if (may_close(p)) {
                if (p->context->closes < CLOSES_AT_ONCE)
                        send_close(p); /* else its turn comes */
        } else if (silent > 2 * interval || (p->closing && now > p->close_deadline))
                kill_peer(p);
        else if (silent >= interval && !p->pinged && !p->closing)
                ping(p);
}

static int on_writable(WsPeer *p) {
        if (lws_partial_buffered(p->wsi) || p->broken)
                return 0;

        p->stalled = 0;
        if (p->ping_due)
                ping(p);
        for (unsigned i = 0; i < WRITES_PER_EVENT && p->head && p->stalled == 0; i++) {
                WsMessage *m = queue_take(p);

                (void)write_bytes(p, m->kind, m->bytes + LWS_PRE, m->n);
                free(m);
        }
        if (p->broken)
                return 0;
        if (p->head || p->stalled > 0)
                return lws_callback_on_writable(p->wsi) < 0 ? -1 : 0;
        if (p->closing && !p->close_sent)
                tick_soon(p->context);
        else if (p->drain_wanted && !p->closing) {
                p->drain_wanted = false;
                if (p->context->ops.drained && !p->context->freed)
                        p->context->ops.drained(p, p->context->userdata);
        }
        return 0;
}

/* For n bytes more and all that follow them in their fragment. */
static int make_room(WsPeer *p, size_t n) {
        size_t room = p->message_n + n + lws_remaining_packet_payload(p->wsi) + 1;
        uint8_t *message;

        if (p->message && room <= p->message_room)
                return 0;
        message = realloc(p->message, room);
        if (!message)
                return -ENOMEM;
        if (!p->message) {
                p->fragments = 0;
                p->message_deadline = now_of(p->context) + p->context->limits.message_time_max;
        }
        p->message = message;
        p->message_room = room;
        return 0;
}

static int keep_piece(WsPeer *p, const void *data, size_t n) {
        if (make_room(p, n) < 0)
                return -ENOMEM;
        if (n > 0)
                memcpy(p->message + p->message_n, data, n);
        p->message_n += n;
        return 0;
}

static void deliver(WsPeer *p, const uint8_t *data, size_t n) {
        WsKind kind = lws_frame_is_binary(p->wsi) ? WS_BINARY : WS_TEXT;

        p->context->ops.received(p, kind, data, n, p->context->userdata);
}

static void deliver_kept(WsPeer *p) {
        _cleanup_free_ uint8_t *message = TAKE_PTR(p->message);
        size_t n = p->message_n;

        p->message_n = 0;
        deliver(p, message, n);
}

/* Of a message that comes in pieces: the library hands on what it has, so a piece may be a part of
 * a fragment. */
static int on_piece(WsPeer *p, const uint8_t *data, size_t n) {
        WsContext *c = p->context;

        if (keep_piece(p, data, n) < 0)
                return -1;
        if (lws_is_final_fragment(p->wsi))
                deliver_kept(p);
        else if (lws_remaining_packet_payload(p->wsi) == 0 &&
                 ++p->fragments >= c->limits.fragments_max)
                refuse_message(p, &c->counters.too_fragmented, CLOSE_POLICY, "too many fragments");
        return 0;
}

static int on_received(WsPeer *p, const uint8_t *data, size_t n) {
        WsContext *c = p->context;

        p->heard = now_of(c);
        p->pinged = false;
        if (p->closing || c->freed)
                return 0;

        if (p->message_n + n + lws_remaining_packet_payload(p->wsi) > c->limits.message_max) {
                refuse_message(p, &c->counters.too_long, CLOSE_TOO_LONG, "message too long");
                return 0;
        }
        if (p->message || !lws_is_final_fragment(p->wsi))
                return on_piece(p, data, n);
        deliver(p, n > 0 ? data : (const uint8_t *)"", n);
        return 0;
}

/* The library answers it itself. */
static int on_close_received(WsPeer *p, const uint8_t *data, size_t n) {
        if (!p->closing)
                p->close_code = n >= 2 ? (unsigned)data[0] << 8 | data[1] : CLOSE_NO_CODE;
        set_closing(p);
        p->close_sent = true;
        p->close_deadline = now_of(p->context) + CLOSE_WAIT_MAX;
        return 0;
}

static int on_closed(WsPeer *p) {
        WsContext *c = p->context;

        set_closing(p);
        c->counters.closed++;
        if (!c->freed)
                c->ops.closed(p, p->close_code, c->userdata);
        ws_peer_free(p);
        return 0;
}

int ws_peer_on_event(WsPeer *p, enum lws_callback_reasons reason, void *data, size_t n) {
        switch (reason) {
        case LWS_CALLBACK_RECEIVE:
        case LWS_CALLBACK_CLIENT_RECEIVE:
                return on_received(p, data, n);
        case LWS_CALLBACK_SERVER_WRITEABLE:
        case LWS_CALLBACK_CLIENT_WRITEABLE:
                return on_writable(p);
        case LWS_CALLBACK_RECEIVE_PONG:
        case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
                p->heard = now_of(p->context);
                p->pinged = false;
                return 0;
        case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
                return on_close_received(p, data, n);
        case LWS_CALLBACK_CLOSED:
        case LWS_CALLBACK_CLIENT_CLOSED:
                return on_closed(p);
        default:
                return 0;
        }
}

int ws_peer_settle(WsPeer *p) {
        WsContext *c = p->context;

        if (p->settled)
                return 0;
        if (c->settled_n >= c->limits.peers_max) {
                c->counters.refused_full++;
                return -EBUSY;
        }
        p->settled = true;
        c->settled_n++;
        ws_door_leave(c, p->wsi);
        return 0;
}

void ws_peer_set_userdata(WsPeer *p, void *userdata) {
        p->userdata = userdata;
}

void *ws_peer_get_userdata(const WsPeer *p) {
        return p->userdata;
}

const struct sockaddr_storage *ws_peer_address(const WsPeer *p) {
        return &p->address;
}

size_t ws_peer_queued(const WsPeer *p) {
        return p->queued + p->stalled;
}
