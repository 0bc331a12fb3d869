/* One address and port of IPv4 or IPv6, as sockets take it. Pure. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

typedef union NetAddress {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
} NetAddress;

#define NET_ADDRESS_TEXT_SIZE 64

/* Decides on an address that is about to be connected to. true: it may. */
typedef bool (*NetGuard)(const struct sockaddr *address, socklen_t n, void *userdata);

/* Four decimal numbers, or IPv6 without brackets; false: that is none (a name, most likely). */
bool net_address_parse(const char *text, uint16_t port, NetAddress *ret);
/* The same with or without a port behind it, then in brackets if IPv6: "[2001:db8::1]:53". */
bool net_address_parse_port(const char *text, uint16_t port, NetAddress *ret);
/* AF_INET and AF_INET6 only; false: any other. */
bool net_address_copy(const struct sockaddr *from, NetAddress *ret);
void net_address_set_port(NetAddress *a, uint16_t port);
socklen_t net_address_size(const NetAddress *a);
/* "192.0.2.1", "2001:db8::1", with a port "192.0.2.1:53", "[2001:db8::1]:53". Returns ret. */
const char *net_address_text(const NetAddress *a, char ret[static NET_ADDRESS_TEXT_SIZE]);
const char *net_address_text_port(const NetAddress *a, char ret[static NET_ADDRESS_TEXT_SIZE]);
