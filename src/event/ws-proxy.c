/* Whose word about a peer's address is believed. Who comes from loopback may be let in without
 * asking (hub/admission), so a stranger must never pass for the proxy in front of him. */
#include "event/ws-proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/macro.h"

static const struct in6_addr mapped = { .s6_addr = { [10] = 0xff, [11] = 0xff } };

/* IPv4 as ::ffff:a.b.c.d, so that both spellings are one. */
static bool parse_address(const char *text, struct in6_addr *ret) {
        struct in6_addr a = mapped;

        if (inet_pton(AF_INET6, text, &a) != 1 && inet_pton(AF_INET, text, &a.s6_addr[12]) != 1)
                return false;
        *ret = a;
        return true;
}

static bool get_address(const struct sockaddr_storage *s, struct in6_addr *ret) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)s;
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)s;

        if (s->ss_family != AF_INET && s->ss_family != AF_INET6)
                return false;
        *ret = s->ss_family == AF_INET6 ? v6->sin6_addr : mapped;
        if (s->ss_family == AF_INET)
                memcpy(&ret->s6_addr[12], &v4->sin_addr, sizeof(v4->sin_addr));
        return true;
}

static void set_address(struct sockaddr_storage *s, const struct in6_addr *a) {
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)s;
        struct sockaddr_in *v4 = (struct sockaddr_in *)s;

        *s = (struct sockaddr_storage){ 0 };
        if (IN6_IS_ADDR_V4MAPPED(a)) {
                v4->sin_family = AF_INET;
                memcpy(&v4->sin_addr, &a->s6_addr[12], sizeof(v4->sin_addr));
        } else {
                v6->sin6_family = AF_INET6;
                v6->sin6_addr = *a;
        }
}

int ws_proxies_read(WsProxies *p, const char *addresses) {
        _cleanup_free_ char *copy = strdup(addresses ? addresses : "");
        WsProxies found = { 0 };
        char *state, *token;

        if (!copy)
                return -ENOMEM;
        for (token = strtok_r(copy, ", ", &state); token; token = strtok_r(NULL, ", ", &state)) {
                if (found.n == WS_PROXIES_MAX)
                        return -E2BIG;
                if (!parse_address(token, &found.items[found.n++]))
                        return -EINVAL;
        }
        *p = found;
        return 0;
}

static bool is_trusted(const WsProxies *p, const struct in6_addr *a) {
        for (size_t i = 0; i < p->n; i++)
                if (memcmp(&p->items[i], a, sizeof(*a)) == 0)
                        return true;
        return false;
}

bool ws_proxies_have(const WsProxies *p, const struct sockaddr *address) {
        struct in6_addr a = mapped;

        if (address->sa_family == AF_INET6)
                a = ((const struct sockaddr_in6 *)address)->sin6_addr;
        else if (address->sa_family == AF_INET)
                memcpy(&a.s6_addr[12], &((const struct sockaddr_in *)address)->sin_addr, 4);
        else
                return false;
        return is_trusted(p, &a);
}

/* The last entry is the one the trusted proxy itself wrote. */
static bool read_last(const char *forwarded, struct in6_addr *ret) {
        const char *comma = strrchr(forwarded, ','), *last = comma ? comma + 1 : forwarded;
        char text[INET6_ADDRSTRLEN];
        size_t n;

        last += strspn(last, " \t");
        n = strcspn(last, " \t");
        if (n >= sizeof(text) || last[n + strspn(last + n, " \t")])
                return false;
        memcpy(text, last, n);
        text[n] = '\0';
        return parse_address(text, ret);
}

int ws_proxies_resolve(const WsProxies *p, struct sockaddr_storage *address,
                       const char *forwarded) {
        struct in6_addr a;

        if (!get_address(address, &a))
                return -EBADMSG;
        if (forwarded && is_trusted(p, &a) && !read_last(forwarded, &a))
                return -EBADMSG;
        set_address(address, &a);
        return 0;
}
