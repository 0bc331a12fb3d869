/* When a failed alert is tried again, and when it is given up. Pure. */
#pragma once

#include <stdint.h>

#include "base/time.h"

#define ALERT_PAUSE_FIRST USEC_PER_SEC
#define ALERT_PAUSE_MAX   USEC_PER_HOUR
#define ALERT_ASKED_MAX   (6 * USEC_PER_HOUR) /* what a receiver may ask for */
#define ALERT_TRIES_MAX   40u
#define ALERT_AGE_MAX     (24 * USEC_PER_HOUR)

typedef struct AlertTry {
        unsigned tries;  /* with the one that has just failed: at least 1 */
        usec_t age;      /* since it was queued */
        usec_t asked;    /* the receiver named this pause; 0: none */
        uint32_t random; /* even over its range */
} AlertTry;

/* The pause until the next try: twice that of the last one, give or take a quarter, but never less
 * than what was asked for. 0: there is none. */
usec_t alert_pace_next(const AlertTry *t);
