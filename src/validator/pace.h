/* How often one address may be connected to, whoever orders it and under whatever name: a hub can
 * not make an attack of its validators. Of IPv6 an address is its /64. Pure. */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>

#include "base/macro.h"
#include "base/time.h"

typedef struct Pace Pace;

#define PACE_ADDRESSES_MAX 4096 /* remembered; the one not asked for longest makes room */
#define PACE_BURST_SECONDS 2    /* so many seconds' worth at once */

int pace_new(Pace **ret, unsigned per_second);
Pace *pace_free(Pace *p);
DEFINE_FREEP(Pace, pace_free);

/* false: too often, and this time does not count. Other families than IP are never too often. */
bool pace_take(Pace *p, const struct sockaddr *address, usec_t now);
