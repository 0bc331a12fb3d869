/* The one place that decides whether a socket may be connected to an address that a stranger named:
 * of every kind of check and of alerts, for each resolved address and each redirect, with the
 * socket's own address in hand. */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>

#include "event/guard.h"
#include "event/resolver.h"
#include "event/throttle.h"

/* Borrowed. */
typedef struct ConnectRules {
        const Guard *guard;
        Throttle *throttle; /* of addresses that the owner does not name; or NULL */
} ConnectRules;

/* userdata: const ConnectRules *. true: it may be connected to now, and is counted. A NetGuard. */
bool connect_allowed(const struct sockaddr *address, socklen_t n, void *userdata);
/* The first of these addresses that may be connected to now, by this port; NULL: there is none. */
const NetAddress *connect_first(const ConnectRules *rules, ResolverResult *names, uint16_t port);
