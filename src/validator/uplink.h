/* The connection to the hub: handshake, send window, acks, reconnects with backoff. Sends what the
 * spool holds, live stream first, and trims it by verified receipts only. */
#pragma once

#include <uv.h>

#include "base/macro.h"
#include "base/refusals.h"
#include "validator/hubtime.h"
#include "validator/sealer.h"
#include "validator/spool.h"
#include "wire/frame.h"

typedef struct Uplink Uplink;

#define UPLINK_REFUSED "hub" /* a hub was left: the code of its refusal */

typedef enum UplinkState {
        UPLINK_AWAY, /* until the next attempt */
        UPLINK_CONNECTING,
        UPLINK_GREETED, /* connected, a hello is awaited */
        UPLINK_JOINING, /* joined, a welcome is awaited */
        UPLINK_READY,
        UPLINK_LEAVING, /* closing; nothing is heard any more */
        _UPLINK_STATE_MAX,
} UplinkState;

const char *uplink_state_name(UplinkState s);

typedef struct UplinkOptions {
        const char *url, *ca_file; /* borrowed, as all here */
        const SignKey *key;
        char *const *tags; /* ended by NULL */
        const char *const *capabilities;
        HubTime *hub_time;
        Spool *spool;
        Sealer *sealer;
        Refusals *refusals;
        usec_t retry_max;    /* the longest pause between attempts, unless the hub asks for one */
        unsigned orders_max; /* that may be held: a hub may send so many, and probes for them */
        /* frames are verified; borrowed for the call. */
        int (*orders)(const FrameOrders *f, const SignScope *scope, void *userdata);
        void (*probe)(const FrameProbe *f, const SignScope *scope, void *userdata);
        void (*changed)(void *userdata); /* state, or hub time */
        void *userdata;
} UplinkOptions;

/* Connects at once. -EINVAL: the URL. */
int uplink_new(Uplink **ret, uv_loop_t *loop, const UplinkOptions *options);
Uplink *uplink_free(Uplink *u);
DEFINE_FREEP(Uplink, uplink_free);

UplinkState uplink_state(const Uplink *u);
bool uplink_approved(const Uplink *u);
/* Why it is not ready; empty: not known yet, or it is. Borrowed. */
const char *uplink_why(const Uplink *u);
/* How long the hub has been silent, and it is asked to say something; USEC_INFINITY: it is away.
 * false: it has not been met, or in a network that is not public. */
bool uplink_ping(Uplink *u, usec_t *ret_silent);
/* The spool has something new. */
void uplink_pump(Uplink *u);
void uplink_suspect(Uplink *u, const OrderId *order, uint32_t slot);
/* Refused by the owner's policy. */
void uplink_refuse(Uplink *u, const OrderId *order, const char *reason);
/* Says bye; nothing is sent any more. */
void uplink_stop(Uplink *u);
bool uplink_is_closed(const Uplink *u);
