/* Which addresses may be connected to: the machine's owner decides, never who orders it. Pure.
 *
 * Refused are all special-purpose addresses of IANA's IPv4 and IPv6 registries (loopback, private,
 * link-local, multicast, documentation, metadata services ...), also when they are embedded in IPv6
 * as mapped, 6to4, NAT64 or Teredo forms, unless the owner's allow-list names them; where one
 * address carries another, both have to be allowed. The owner's deny-lists, of addresses and of
 * ports, win over everything. */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>

#include "base/macro.h"

typedef struct Guard Guard;

#define GUARD_RULES_MAX 256

/* Ports where a stranger's check would be held against the owner of this machine: what is sent to
 * mail's (25, 465, 587) is mail, remote logins (22, 23), Windows' shares (135, 137-139, 445) and
 * IRC (194, 6660-6669, 6697) take every connection for a break-in or a bot, and its address is put
 * on lists. */
#define GUARD_DENY_PORTS "22,23,25,135,137-139,194,445,465,587,6660-6669,6697"

/* Lists of addresses or prefixes separated by commas or blanks ("127.0.0.0/8, fd00::/8"), NULL:
 * empty. -EINVAL: one is malformed, *error (may be NULL) is it, freed by the caller. */
int guard_new(Guard **ret, const char *allow, const char *deny, char **error);
Guard *guard_free(Guard *g);
DEFINE_FREEP(Guard, guard_free);

/* Never to these ports ("25, 6660-6669"), whatever the address; NULL: none more. -EINVAL: as
 * guard_new(). */
int guard_deny_ports(Guard *g, const char *ports, char **error);

/* IPv4 and IPv6 socket addresses, with their port; any other family is refused. */
bool guard_allows(const Guard *g, const struct sockaddr *address);
/* Neither special nor carrying what is. */
bool guard_is_public(const struct sockaddr *address);
/* Whether the owner's allow-list names it: a network of his own. */
bool guard_is_named(const Guard *g, const struct sockaddr *address);
