/* How often one address may be connected to, whoever orders it and under whatever name: a hub can
 * not make an attack of its validators. Of IPv6 an address is its /64. Pure. */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>

#include "base/macro.h"
#include "base/time.h"

typedef struct Throttle Throttle;

#define THROTTLE_ADDRESSES_MAX 4096 /* remembered; the one not asked for longest makes room */
#define THROTTLE_BURST_SECONDS 2    /* so many seconds' worth at once */

int throttle_new(Throttle **ret, unsigned per_second);
Throttle *throttle_free(Throttle *p);
DEFINE_FREEP(Throttle, throttle_free);

/* false: too often, and this time does not count. Other families than IP are never too often. */
bool throttle_take(Throttle *p, const struct sockaddr *address, usec_t now);
