/* Whether it is this machine that is offline, when a website seems to be: asked after failures that
 * could mean that, and then the check is no verdict. What tells are pages that the owner trusts to
 * be there, and the hub, where it is not in a network of the owner's own. One control check is
 * under way at a time, and its result holds for some seconds. */
#pragma once

#include <uv.h>

#include "event/http.h"
#include "wire/tick.h"

#define OWN_NETWORK_CONTROLS_MAX 8
#define OWN_NETWORK_PATIENCE     (3 * USEC_PER_SEC / 2) /* for a control check */
#define OWN_NETWORK_ONLINE_FOR   USEC_PER_SEC           /* so long a result holds */
#define OWN_NETWORK_OFFLINE_FOR  (5 * USEC_PER_SEC)

typedef struct OwnNetwork OwnNetwork;
typedef struct OwnNetworkAsk OwnNetworkAsk; /* somebody waits for the result */

typedef struct OwnNetworkOptions {
        HttpClient *http;     /* borrowed, as all here */
        const char *controls; /* http and https URLs separated by blanks, or NULL */
        const char *ca_file, *user_agent;
        /* How long the hub has been silent, which it is asked to end; USEC_INFINITY: it is away.
         * false: it tells nothing about this machine's network. Or NULL. */
        bool (*hub)(usec_t *ret_silent, void *userdata);
        void *userdata;
} OwnNetworkOptions;

typedef void (*OwnNetworkDone)(bool offline, void *userdata);

/* -EINVAL: a control is no such URL, or there are too many: *error, freed by the caller. */
int own_network_check_controls(const char *controls, char **error);
int own_network_new(OwnNetwork **ret, uv_loop_t *loop, const OwnNetworkOptions *options);
/* Who waits is forgotten without a callback; not inside of one. */
OwnNetwork *own_network_free(OwnNetwork *o);
DEFINE_FREEP(OwnNetwork, own_network_free);

/* Whether this failure could be the own network's. */
bool own_network_may_cause(TickError error);

/* Whether anybody is there to ask. */
bool own_network_can_tell(const OwnNetwork *o);

typedef enum OwnNetworkState {
        OWN_NETWORK_ONLINE, /* as far as anybody can tell */
        OWN_NETWORK_OFFLINE,
        OWN_NETWORK_ASKED, /* the callback comes within the patience, never inside */
} OwnNetworkState;

/* An OwnNetworkState, or negative. */
int own_network_ask(OwnNetwork *o, OwnNetworkDone done, void *userdata, OwnNetworkAsk **ret);
OwnNetworkAsk *own_network_cancel(OwnNetworkAsk *a);
