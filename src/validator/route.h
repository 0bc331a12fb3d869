/* Whether this machine has a way out to the addresses of a family, by its routing table: no packet
 * is sent. */
#pragma once

#include <stdbool.h>

/* AF_INET or AF_INET6. */
bool route_exists(int family);
