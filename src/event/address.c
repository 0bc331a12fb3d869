/* One address and port; see address.h. */
#include "event/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
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

/* 0: it is none. */
static uint16_t read_port(const char *text) {
        char *end;
        unsigned long value = *text >= '0' && *text <= '9' ? strtoul(text, &end, 10) : 0;

        return value > 0 && value <= UINT16_MAX && *end == '\0' ? (uint16_t)value : 0;
}

bool net_address_parse_port(const char *text, uint16_t port, NetAddress *ret) {
        const char *colon = strrchr(text, ':'), *host = text;
        char copy[NET_ADDRESS_TEXT_SIZE];
        size_t n;

        if (net_address_parse(text, port, ret))
                return true;
        port = colon ? read_port(colon + 1) : 0;
        if (port == 0)
                return false;
        n = (size_t)(colon - text);
        if (*text == '[' && n > 1 && colon[-1] == ']') {
                host++;
                n -= 2;
        } else if (strchr(text, ':') != colon) {
                return false;
        }
        if (n >= sizeof(copy))
                return false;
        memcpy(copy, host, n);
        copy[n] = '\0';
        return (*text == '[') == !!strchr(copy, ':') && net_address_parse(copy, port, ret);
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
