/* One connection of a validator: handshake, states, limits. What frames mean is decided by who gave
 * the callbacks. */
#pragma once

#include <stdint.h>
#include <sys/socket.h>

#include "base/macro.h"
#include "base/refusals.h"
#include "event/ws.h"
#include "hub/clock.h"
#include "hub/sources.h"
#include "wire/frame.h"

typedef struct Session Session;
typedef struct Validator Validator;

typedef enum SessionState {
        SESSION_NEW,     /* hello sent, a join is awaited */
        SESSION_JOINING, /* the join is genuine, the database is asked */
        SESSION_READY,   /* welcomed */
        SESSION_CLOSING,
        _SESSION_STATE_MAX,
} SessionState;

typedef struct SessionOps {
        /* The join's signature and challenge hold. Answer with session_welcome() or
         * session_reject(), now or later. join is borrowed for the call. */
        void (*join)(Session *s, const FrameJoin *join, void *userdata);
        /* 0; -EBADMSG: malformed or badly signed; -EACCES: not approved. */
        int (*batch)(Session *s, const void *data, size_t n, void *userdata);
        void (*suspect)(Session *s, const FrameSuspect *suspect, void *userdata);
        /* The validator cannot apply a difference, or could not run an order. */
        void (*notice)(Session *s, const FrameNotice *notice, void *userdata);
        /* What waited to be sent is. */
        void (*drained)(Session *s, void *userdata);
        /* The session is gone after this. */
        void (*closed)(Session *s, void *userdata);
        void *userdata;
} SessionOps;

typedef struct SessionOptions {
        uv_loop_t *loop;
        const SignKey *key; /* borrowed, as all here */
        const PublicKey *network;
        const HubClock *clock;
        Refusals *refusals;
        Sources *sources;
        const char *authorities; /* names this hub is dialled by; NULL or "": any */
        SessionOps ops;
} SessionOptions;

#define SESSION_HANDSHAKE_MAX (10 * USEC_PER_SEC)
#define SESSION_BAD_MAX       10 /* batches refused and forgiven per connection */

/* Hints and remarks cost the hub more than their sender. Faster than this they are counted and not
 * looked at; both go lost without harm. */
#define SESSION_SUSPECTS ((PaceRule){ .burst = 1000, .interval = 10 * USEC_PER_MSEC })
#define SESSION_NOTICES  ((PaceRule){ .burst = 256, .interval = 100 * USEC_PER_MSEC })

/* Sends hello, or rejects at once where too many handshakes of its network are under way. options
 * are borrowed for its life: there are thousands of sessions. */
int session_new(Session **ret, WsPeer *peer, const SessionOptions *options);
/* Without the closed callback. */
Session *session_free(Session *s);
DEFINE_FREEP(Session, session_free);

/* From the listener. */
void session_receive(Session *s, WsKind kind, const uint8_t *data, size_t n);
void session_drained(Session *s);
void session_closed(Session *s);

SessionState session_state(const Session *s);
const struct sockaddr_storage *session_address(const Session *s);
/* The remote address without port, for logs; borrowed. */
const char *session_source(const Session *s);
/* Counts something of this peer that is to be told seldom. true: not told within the last minute,
 * so log it. */
bool session_note(Session *s, const char *what);
void session_set_validator(Session *s, Validator *v);
Validator *session_validator(const Session *s); /* NULL before the join was accepted */

/* Fills in time, nonces and signature; streams and window are the caller's. -ENOTCONN: the session
 * has been closed since it joined. */
int session_welcome(Session *s, FrameWelcome *welcome, const PublicKey *validator);
void session_reject(Session *s, Code code, const char *reason, unsigned retry_after);
/* To a ready session. A peer that does not read is closed. */
void session_send(Session *s, const Frame *frame);
/* Bytes that wait to be sent. */
size_t session_queued(const Session *s);
/* It does not read what it is sent. */
void session_drop_slow(Session *s);
/* Says bye and closes. */
void session_bye(Session *s, Code code, unsigned retry_after);
