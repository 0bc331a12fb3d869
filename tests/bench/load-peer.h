/* One validator: connects, proves its key, verifies all the hub says. */
#pragma once

#include "base/macro.h"
#include "load-sender.h"

typedef struct LoadPeer LoadPeer;

/* world is borrowed. Its key follows from seed and index. */
int load_peer_new(LoadPeer **ret, LoadWorld *world, unsigned index);
LoadPeer *load_peer_free(LoadPeer *p);
DEFINE_FREEP(LoadPeer, load_peer_free);

/* Does what is due. The boot time when it wants to be called again. */
usec_t load_peer_turn(LoadPeer *p, usec_t now);
/* A hint about a random order. 1: sent. */
int load_peer_suspect(LoadPeer *p);
/* Plans nothing more: what is due is still sent. */
void load_peer_stop(LoadPeer *p, usec_t now);
/* Whether something waits for its receipt. */
bool load_peer_waits(const LoadPeer *p, usec_t now);
/* Says bye. */
void load_peer_leave(LoadPeer *p);
