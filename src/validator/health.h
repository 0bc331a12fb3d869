/* How a validator is, for another process of the same machine or container: whoever connects to a
 * socket in its state directory is told in one line, by the loop, so that a loop that does not turn
 * says nothing. Nothing is written to the disk, and no clock is compared. */
#pragma once

#include <stdio.h>
#include <sys/un.h>
#include <uv.h>

#include "base/macro.h"
#include "base/time.h"
#include "validator/status.h"

#define HEALTH_LINE_SIZE 1024

typedef enum HealthLevel {
        HEALTH_DEAD,  /* no answer */
        HEALTH_ALIVE, /* the loop turns */
        HEALTH_READY, /* it is welcomed by its hub, and may wait for approval */
        _HEALTH_LEVEL_MAX,
} HealthLevel;

typedef struct Health Health;
typedef void (*HealthStatus)(ValidatorStatus *ret, void *userdata);

/* The directory belongs to the caller alone (the spool's lock sees to that): a socket that an
 * earlier process left there is replaced. Negative errno: it cannot be made there. */
int health_new(Health **ret, uv_loop_t *loop, const char *directory, HealthStatus status,
               void *userdata);
Health *health_free(Health *h);
DEFINE_FREEP(Health, health_free);

/* "LEVEL TEXT\n", as it is sent. */
void health_line(const ValidatorStatus *s, char ret[static HEALTH_LINE_SIZE]);
/* "alive" or "ready", and "" for the latter; -EINVAL. */
int health_level_from_name(const char *name);

/* Opens the directory and names the socket in it by that descriptor, which the caller closes when
 * the address was used: a path has no limit, an address of a socket has 107 bytes. */
int health_address(const char *directory, struct sockaddr_un *ret);

/* Asks, waits for at most `patience`, and prints one line: how it is, and what to do. 0: as well as
 * wanted; 1: it is not. */
int health_ask(const char *directory, HealthLevel wanted, usec_t patience, FILE *to);
