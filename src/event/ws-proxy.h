/* Proxies whose X-Forwarded-For is believed. Pure. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#define WS_PROXIES_MAX 16

typedef struct WsProxies {
        struct in6_addr items[WS_PROXIES_MAX];
        size_t n;
} WsProxies;

/* Addresses separated by commas or blanks; NULL: none. 0; -EINVAL: one is none; -E2BIG: too many;
 * -ENOMEM. p is as it was then. */
int ws_proxies_read(WsProxies *p, const char *addresses);
/* Whether this address is one of them. */
bool ws_proxies_have(const WsProxies *p, const struct sockaddr *address);
/* Makes the address a connection comes from the peer's own: of a trusted proxy, what the last entry
 * of its X-Forwarded-For says (NULL: it sent none). IPv4 is never left in its mapped form. 0;
 * -EBADMSG: the entry is no address: the peer must not pass for the proxy then. */
int ws_proxies_resolve(const WsProxies *p, struct sockaddr_storage *address, const char *forwarded);
