/* States and frames as tables; every refusal has one answer, one counter, one limited log line. */
#include "hub/session.h"

#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "base/pace.h"
#include "event/timer.h"
#include "wire/batch.h"

#define SOURCE_SIZE   (INET6_ADDRSTRLEN + IF_NAMESIZE) /* with the zone of a link-local address */
#define RETRY_SECONDS 30u

struct Session {
        WsPeer *peer;
        const SessionOptions *options;
        SessionState state;
        Timer *timer; /* of the handshake; NULL afterwards */
        FrameNonces nonces;
        Validator *validator;
        char source[SOURCE_SIZE];
        unsigned bad;
        Pace suspects, notices;
        bool counted; /* its handshake is, with its network's */
};

/* Sending -------------------------------------------------------------------------------------- */

static void close_session(Session *s, CloseCode code) {
        s->state = SESSION_CLOSING;
        ws_peer_close(s->peer, code, close_code_name(code));
}

bool session_note(Session *s, const char *what) {
        return refusals_count(s->options->refusals, what, s->source, now_boottime());
}

/* Counts, logs the first of its kind, closes. */
static void refuse(Session *s, const char *what, const char *detail, CloseCode code) {
        if (session_note(s, what))
                log_event(LOG_WARNING, DPIN_MSG_FRAME_REFUSED, "frame refused",
                          "DPIN_REASON=%s\nDPIN_DETAIL=%s\nDPIN_SOURCE=%s", what,
                          detail ? detail : "", s->source);
        close_session(s, code);
}

static void send_text(Session *s, const Frame *frame) {
        _cleanup_free_ char *text = NULL;
        int r;

        r = frame_encode(frame, &text);
        if (r >= 0)
                r = ws_peer_send(s->peer, WS_TEXT, text, strlen(text));
        if (r == -ENOBUFS)
                refuse(s, "slow_reader", frame_kind_name(frame->kind), CLOSE_SLOW);
        else if (r < 0)
                log_debug("%s frame to %s: %s", frame_kind_name(frame->kind), s->source,
                          strerror(-r));
}

static int send_hello(Session *s) {
        Frame f = { .kind = FRAME_HELLO };
        FrameHello *h = &f.hello;
        int r;

        randombytes_buf(s->nonces.hub, sizeof(s->nonces.hub));
        h->version = FRAME_PROTOCOL;
        h->network_key = *s->options->network;
        memcpy(h->nonce, s->nonces.hub, sizeof(h->nonce));
        h->time = hub_clock_now(s->options->clock);
        h->max_frame = BATCH_FRAME_MAX;
        h->max_ticks = BATCH_TICKS_MAX;
        r = frame_hello_sign(h, s->options->key);
        if (r < 0)
                return r;
        send_text(s, &f);
        return 0;
}

/* Life ----------------------------------------------------------------------------------------- */

static void on_handshake_timeout(void *userdata) {
        Session *s = userdata;

        if (s->state == SESSION_NEW)
                refuse(s, "handshake_timeout", NULL, CLOSE_TIMEOUT);
}

static int greet(Session *s) {
        int r;

        r = sources_enter(s->options->sources, session_address(s), now_boottime());
        s->counted = r == 0;
        if (r == -EBUSY) {
                session_reject(s, CODE_TOO_MANY_CONNECTIONS, "too many handshakes at once",
                               RETRY_SECONDS);
                return 0;
        }
        return r < 0 ? r : send_hello(s);
}

/* The handshake ended: well, badly, or with the connection. */
static void handshake_done(Session *s) {
        if (s->counted)
                sources_leave(s->options->sources, session_address(s), now_boottime());
        s->counted = false;
}

int session_new(Session **ret, WsPeer *peer, const SessionOptions *options) {
        _cleanup_(session_freep) Session *s = calloc(1, sizeof(*s));
        const struct sockaddr_storage *address = ws_peer_address(peer);
        int r;

        if (!s)
                return -ENOMEM;
        s->peer = peer;
        s->options = options;
        if (getnameinfo((const struct sockaddr *)address, sizeof(*address), s->source,
                        sizeof(s->source), NULL, 0, NI_NUMERICHOST) != 0)
                snprintf(s->source, sizeof(s->source), "unknown");

        r = timer_new(&s->timer, options->loop, on_handshake_timeout, s);
        if (r < 0)
                return r;
        timer_after(s->timer, SESSION_HANDSHAKE_MAX);

        r = greet(s);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(s);
        return 0;
}

Session *session_free(Session *s) {
        if (!s)
                return NULL;
        handshake_done(s);
        timer_free(s->timer);
        free(s);
        return NULL;
}

void session_drained(Session *s) {
        if (s->state == SESSION_READY)
                s->options->ops.drained(s, s->options->ops.userdata);
}

void session_closed(Session *s) {
        s->options->ops.closed(s, s->options->ops.userdata);
        session_free(s);
}

SessionState session_state(const Session *s) {
        return s->state;
}

const struct sockaddr_storage *session_address(const Session *s) {
        return ws_peer_address(s->peer);
}

const char *session_source(const Session *s) {
        return s->source;
}

void session_set_validator(Session *s, Validator *v) {
        s->validator = v;
}

Validator *session_validator(const Session *s) {
        return s->validator;
}

/* Frames that arrive --------------------------------------------------------------------------- */

/* Names of hosts know no case. */
static bool is_dialled_by(const char *authorities, const char *authority) {
        size_t n = strlen(authority), span;

        if (!authorities || !*authorities)
                return true;
        for (const char *p = authorities; *p; p += span) {
                p += strspn(p, ", ");
                span = strcspn(p, ", ");
                if (span > 0 && span == n && strncasecmp(p, authority, n) == 0)
                        return true;
        }
        return false;
}

static void on_join(Session *s, const Frame *f) {
        const FrameJoin *join = &f->join;

        if (sodium_memcmp(join->hub_nonce, s->nonces.hub, sizeof(s->nonces.hub)) != 0)
                session_reject(s, CODE_BAD_CHALLENGE, "the join answers another challenge", 0);
        else if (frame_join_verify(join, s->options->network) < 0)
                session_reject(s, CODE_BAD_SIGNATURE,
                               "the join is not signed by its key for this network", 0);
        else if (!is_dialled_by(s->options->authorities, join->authority))
                session_reject(s, CODE_BAD_AUTHORITY,
                               "the join is signed for a hub of another name", 0);
        else if (!sources_may_join(s->options->sources, session_address(s), now_boottime()))
                session_reject(s, CODE_TOO_MANY_CONNECTIONS, "too many joins of this network",
                               RETRY_SECONDS);
        else if (ws_peer_settle(s->peer) < 0)
                session_reject(s, CODE_TOO_MANY_CONNECTIONS, "no more validators can connect",
                               RETRY_SECONDS);
        else {
                handshake_done(s);
                memcpy(s->nonces.validator, join->nonce, sizeof(s->nonces.validator));
                s->state = SESSION_JOINING;
                s->options->ops.join(s, join, s->options->ops.userdata);
        }
}

static bool in_pace(Session *s, Pace *pace, const PaceRule *rule, FrameKind kind) {
        if (pace_take(pace, rule, 1, now_boottime()))
                return true;
        if (session_note(s, "frames_too_fast"))
                log_event(LOG_WARNING, DPIN_MSG_FRAME_REFUSED, "frames come too fast: passed over",
                          "DPIN_REASON=frames_too_fast\nDPIN_DETAIL=%s\nDPIN_SOURCE=%s",
                          frame_kind_name(kind), s->source);
        return false;
}

static void on_suspect(Session *s, const Frame *f) {
        if (in_pace(s, &s->suspects, &SESSION_SUSPECTS, f->kind))
                s->options->ops.suspect(s, &f->suspect, s->options->ops.userdata);
}

static void on_notice(Session *s, const Frame *f) {
        if (in_pace(s, &s->notices, &SESSION_NOTICES, f->kind))
                s->options->ops.notice(s, &f->notice, s->options->ops.userdata);
}

static void on_bye(Session *s, const Frame *f _unused_) {
        close_session(s, CLOSE_NORMAL);
}

static const struct {
        SessionState state;
        void (*handle)(Session *s, const Frame *f);
} frame_rules[_FRAME_MAX] = {
        [FRAME_JOIN] = { SESSION_NEW, on_join },
        [FRAME_SUSPECT] = { SESSION_READY, on_suspect },
        [FRAME_NOTICE] = { SESSION_READY, on_notice },
        [FRAME_BYE] = { SESSION_READY, on_bye },
};

static void receive_text(Session *s, const uint8_t *data, size_t n) {
        _cleanup_free_ Frame *f = calloc(1, sizeof(*f));
        const char *error = NULL;
        int r;

        if (!f)
                return;
        r = frame_decode((const char *)data, n, FRAME_FROM_VALIDATOR, f, &error);
        if (r < 0) {
                refuse(s, "malformed_frame", error, CLOSE_PROTOCOL);
                return;
        }
        if (!frame_rules[f->kind].handle || frame_rules[f->kind].state != s->state)
                refuse(s, "frame_out_of_state", frame_kind_name(f->kind), CLOSE_PROTOCOL);
        else
                frame_rules[f->kind].handle(s, f);
        frame_done(f);
}

static void receive_binary(Session *s, const uint8_t *data, size_t n) {
        int r;

        if (s->state != SESSION_READY || !s->validator) {
                refuse(s, "batch_out_of_state", NULL, CLOSE_PROTOCOL);
                return;
        }
        r = s->options->ops.batch(s, data, n, s->options->ops.userdata);
        if (r == -EBADMSG && session_note(s, "bad_batch"))
                log_event(LOG_WARNING, DPIN_MSG_BAD_SIGNATURE,
                          "batch refused: malformed or badly signed", "DPIN_SOURCE=%s", s->source);
        if (r == -EACCES && session_note(s, "batch_of_stranger"))
                log_event(LOG_INFO, DPIN_MSG_FRAME_REFUSED,
                          "batch refused: this validator waits for approval", "DPIN_SOURCE=%s",
                          s->source);
        if ((r == -EBADMSG || r == -EACCES) && ++s->bad > SESSION_BAD_MAX)
                close_session(s, CLOSE_BAD_SIGNATURE);
}

void session_receive(Session *s, WsKind kind, const uint8_t *data, size_t n) {
        if (s->state == SESSION_CLOSING)
                return;
        if (kind == WS_TEXT)
                receive_text(s, data, n);
        else
                receive_binary(s, data, n);
}

/* Answers -------------------------------------------------------------------------------------- */

int session_welcome(Session *s, FrameWelcome *welcome, const PublicKey *validator) {
        SignScope scope = { .network = *s->options->network, .subject = *validator };
        Frame f = { .kind = FRAME_WELCOME };
        int r;

        if (s->state != SESSION_JOINING)
                return -ENOTCONN;
        welcome->time = hub_clock_now(s->options->clock);
        r = frame_welcome_sign(welcome, &s->nonces, &scope, s->options->key);
        if (r < 0)
                return r;
        f.welcome = *welcome;
        s->state = SESSION_READY;
        s->timer = timer_free(s->timer);
        send_text(s, &f);
        return 0;
}

void session_reject(Session *s, Code code, const char *reason, unsigned retry_after) {
        Frame f = { .kind = FRAME_REJECT };

        if (s->state == SESSION_CLOSING)
                return;
        if (session_note(s, code_name(code)))
                log_event(LOG_INFO, DPIN_MSG_VALIDATOR_REFUSED, "validator refused",
                          "DPIN_REASON=%s\nDPIN_SOURCE=%s", code_name(code), s->source);
        memccpy(f.reject.code, code_name(code), 0, sizeof(f.reject.code));
        snprintf(f.reject.reason, sizeof(f.reject.reason), "%s", reason);
        f.reject.retry_after = retry_after;
        send_text(s, &f);
        close_session(s, CLOSE_REJECTED);
}

void session_send(Session *s, const Frame *frame) {
        if (s->state == SESSION_READY)
                send_text(s, frame);
}

size_t session_queued(const Session *s) {
        return ws_peer_queued(s->peer);
}

void session_drop_slow(Session *s) {
        if (s->state != SESSION_CLOSING)
                refuse(s, "slow_reader", NULL, CLOSE_SLOW);
}

void session_bye(Session *s, Code code, unsigned retry_after) {
        Frame f = { .kind = FRAME_BYE };

        if (s->state == SESSION_CLOSING)
                return;
        memccpy(f.bye.code, code_name(code), 0, sizeof(f.bye.code));
        f.bye.retry_after = retry_after;
        send_text(s, &f);
        close_session(s, code == CODE_REPLACED ? CLOSE_REPLACED : CLOSE_GOING_AWAY);
}
