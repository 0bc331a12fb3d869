/* Which addresses may be connected to: the validator's owner decides, never the hub. Pure.
 *
 * Refused are all special-purpose addresses of IANA's IPv4 and IPv6 registries (loopback, private,
 * link-local, multicast, documentation, metadata services ...), also when they are embedded in IPv6
 * as mapped, 6to4, NAT64 or Teredo forms, unless the owner's allow-list names them; where one
 * address carries another, both have to be allowed. The owner's deny-list wins over everything. */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>

#include "base/macro.h"

typedef struct Guard Guard;

#define GUARD_RULES_MAX 256

/* Lists of addresses or prefixes separated by commas or blanks ("127.0.0.0/8, fd00::/8"), NULL:
 * empty. -EINVAL: one is malformed, *error (may be NULL) is it, freed by the caller. */
int guard_new(Guard **ret, const char *allow, const char *deny, char **error);
Guard *guard_free(Guard *g);
DEFINE_FREEP(Guard, guard_free);

/* IPv4 and IPv6 socket addresses; any other family is refused. */
bool guard_allows(const Guard *g, const struct sockaddr *address);
/* Whether the owner's allow-list names it: a network of his own. */
bool guard_is_named(const Guard *g, const struct sockaddr *address);
