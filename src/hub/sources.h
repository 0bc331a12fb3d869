/* What one network (/24, /48) may do at once: handshakes under way, and how fast they become joins.
 * This machine itself is not limited. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/macro.h"
#include "base/time.h"

#define SOURCES_HANDSHAKES_MAX 128u                  /* of a network, connected and not joined */
#define SOURCES_JOINS_MAX      256u                  /* of a network at once, ... */
#define SOURCES_JOINS_INTERVAL (250 * USEC_PER_MSEC) /* ... then one each so long */
#define SOURCES_MAX            8192u /* networks watched; what is beyond has to wait */

typedef struct Sources Sources;

int sources_new(Sources **ret);
Sources *sources_free(Sources *s);
DEFINE_FREEP(Sources, sources_free);

/* A handshake begins. 0: counted, until sources_leave(); -EBUSY: too many of this network, or of
 * networks; -ENOMEM. */
int sources_enter(Sources *s, const struct sockaddr_storage *address, usec_t now);
/* It ended, in whatever way. */
void sources_leave(Sources *s, const struct sockaddr_storage *address, usec_t now);
/* A handshake that was counted becomes a join. false: not so fast. */
bool sources_may_join(Sources *s, const struct sockaddr_storage *address, usec_t now);
size_t sources_count(const Sources *s);
