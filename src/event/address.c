/* One address and port; see address.h. */
#include "event/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

bool net_address_parse(const char *text, uint16_t port, NetAddress *ret) {
        NetAddress a = {};

        if (inet_pton(AF_INET, text, &a.v4.sin_addr) == 1)
                a.v4.sin_family = AF_INET;
        else if (inet_pton(AF_INET6, text, &a.v6.sin6_addr) == 1)
                a.v6.sin6_family = AF_INET6;
        else
                return false;
        net_address_set_port(&a, port);
        *ret = a;
        return true;
}

bool net_address_copy(const struct sockaddr *from, NetAddress *ret) {
        if (from->sa_family == AF_INET)
                memcpy(&ret->v4, from, sizeof(ret->v4));
        else if (from->sa_family == AF_INET6)
                memcpy(&ret->v6, from, sizeof(ret->v6));
        else
                return false;
        return true;
}

void net_address_set_port(NetAddress *a, uint16_t port) {
        if (a->any.sa_family == AF_INET6)
                a->v6.sin6_port = htons(port);
        else
                a->v4.sin_port = htons(port);
}

socklen_t net_address_size(const NetAddress *a) {
        return a->any.sa_family == AF_INET6 ? sizeof(a->v6) : sizeof(a->v4);
}

const char *net_address_text(const NetAddress *a, char ret[static NET_ADDRESS_TEXT_SIZE]) {
        const void *bytes = a->any.sa_family == AF_INET6 ? (const void *)&a->v6.sin6_addr
                                                         : (const void *)&a->v4.sin_addr;

        if (!inet_ntop(a->any.sa_family, bytes, ret, NET_ADDRESS_TEXT_SIZE))
                ret[0] = '\0';
        return ret;
}

const char *net_address_text_port(const NetAddress *a, char ret[static NET_ADDRESS_TEXT_SIZE]) {
        char host[NET_ADDRESS_TEXT_SIZE];
        bool v6 = a->any.sa_family == AF_INET6;

        net_address_text(a, host);
        snprintf(ret, NET_ADDRESS_TEXT_SIZE, v6 ? "[%.*s]:%u" : "%.*s:%u", INET6_ADDRSTRLEN, host,
                 ntohs(v6 ? a->v6.sin6_port : a->v4.sin_port));
        return ret;
}
