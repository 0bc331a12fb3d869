/* When to try the hub again. Pauses double, with jitter, until it welcomes; and from one short
 * connection to the next until one has lasted: a hub that welcomes and hangs up again and again is
 * no better than one that is away. A hub may ask for a longer pause, within limits, as it asks
 * unsigned. Pure. */
#pragma once

#include <stdint.h>

#include "base/time.h"

#define BACKOFF_FIRST     (250 * USEC_PER_MSEC)
#define BACKOFF_LASTED    (10 * USEC_PER_SEC) /* ready for so long: all is well */
#define BACKOFF_ASKED_MAX USEC_PER_HOUR

typedef struct Backoff {
        usec_t longest;      /* of the pauses that are not asked for */
        usec_t pause, brief; /* after the next failure; after the next short connection */
        usec_t asked;
        usec_t ready; /* since then, own clock; 0: not */
} Backoff;

void backoff_init(Backoff *b, usec_t longest);
/* The handshake succeeded. */
void backoff_ready(Backoff *b, usec_t now);
/* The hub named a time to come again; 0: it names none, but wants rest. */
void backoff_ask(Backoff *b, usec_t pause);
/* The connection, or the attempt, is over: how long to wait. random is even over its range. */
usec_t backoff_next(Backoff *b, usec_t now, uint32_t random);
