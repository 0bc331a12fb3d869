/* The inside of the connection to the hub, shared by the uplink*.c files only: uplink.c comes and
 * goes and shakes hands, uplink-send.c speaks, uplink-answer.c hears answers to batches. */
#pragma once

#include "base/pace.h"
#include "event/timer.h"
#include "event/ws.h"
#include "validator/backoff.h"
#include "validator/uplink.h"
#include "validator/window.h"

/* What a hub may ask for on one connection. One that asks for more is left. */
typedef struct UplinkLimits {
        PaceRule frames_rule;
        Pace frames;  /* and orders in them */
        Pace repeats; /* of batches that were sent before */
        Pace forks;
} UplinkLimits;

/* Streams of which the hub has other content: what is left of them is sealed anew, a few batches
 * in each turn of the loop. Nothing is sent meanwhile. */
typedef struct UplinkForks {
        Timer *timer;
        uint64_t incarnations[FRAME_INCARNATIONS_MAX];
        size_t n;
        int moved; /* batches of the first one */
} UplinkForks;

struct Uplink {
        uv_loop_t *loop;
        UplinkOptions options;
        WsClient *client;
        WsPeer *peer; /* NULL: not connected */
        Timer *timer; /* backoff, or the handshake's limit */
        UplinkState state;
        bool approved, stopping;
        bool resting; /* nothing is sent until the timer says so */
        bool far;     /* it was met at a public address */
        Backoff backoff;
        UplinkLimits limits;
        PublicKey hub;
        SignScope scope;
        FrameNonces nonces;
        uint64_t revision;
        Window *window;
        uint64_t wanted[2]; /* incarnation and sequence the hub asked for last */
        UplinkForks forks;
        char last_failure[256];
        char why[256]; /* it is not connected; empty since the last welcome */
};

void uplink_set_state(Uplink *u, UplinkState state);
/* What uplink_why() answers. */
void uplink_note(Uplink *u, const char *why);
/* Closes, and says why; nothing more is heard. */
void uplink_leave(Uplink *u, CloseCode code, const char *why);
int uplink_send(Uplink *u, const Frame *f);
void uplink_send_notice(Uplink *u, Code code, const FrameNotice *more);

void uplink_on_ack(Uplink *u, const Frame *f);
void uplink_on_notice(Uplink *u, const Frame *f);
/* Of timer, while ready. */
void uplink_rested(Uplink *u);
/* Of forks.timer. */
void uplink_on_reseal(void *userdata);
/* A connection begins, or ends: what was under way is not any more. */
void uplink_answers_reset(Uplink *u);
