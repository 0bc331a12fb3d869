/* Addresses as the hub groups them: whoever has one address of a network has its neighbours too.
 * Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* From numeric text. 0; -EINVAL: it is none. */
int prefix_parse(const char *text, struct sockaddr_storage *ret);
/* The /24 of IPv4 (also when mapped into IPv6), the /48 of IPv6. 0: no address. */
uint64_t prefix_of(const struct sockaddr_storage *address);
/* Likewise /16 and /32. */
uint64_t prefix_block_of(const struct sockaddr_storage *address);
/* Of this machine. */
bool prefix_is_loopback(const struct sockaddr_storage *address);
