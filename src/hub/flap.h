/* How unquiet a verdict is. Each change adds one to a score that loses half of itself in a
 * half-life; above a threshold it flaps, until the score has fallen to two fifths of that. The
 * method is that of RFC 2439, section 4.2 (figure of merit, cutoff and reuse thresholds, ceiling);
 * what flapping means, and that it takes two thresholds, is Nagios': weighted changes of state in
 * the last 21 checks, above 20 to 50 %. So it costs one multiplication and three numbers a website,
 * however often it changes, and not a list of its changes. Pure. */
#pragma once

#include <stdbool.h>

#include "base/time.h"

#define FLAP_BEGINS 5u  /* by default: three outages, one after the other */
#define FLAP_MOST   16u /* more changes do not make it last longer: by default three half-lives */

typedef struct FlapRule {
        unsigned begins; /* above it, and below FLAP_MOST; 0: never */
        usec_t half_life;
} FlapRule;

/* Zeros: nothing has changed yet. */
typedef struct Flap {
        double score; /* as of `at` */
        usec_t at;    /* of the last change */
        bool on;      /* it flaps */
} Flap;

typedef enum FlapStep {
        FLAP_SAME,
        FLAP_BEGUN,
        FLAP_ENDED,
} FlapStep;

/* Ten intervals, at least 10 min, at most a day. */
usec_t flap_half_life(usec_t interval);
double flap_score(const Flap *f, const FlapRule *rule, usec_t now);
/* The verdict has changed. Never ENDED. */
FlapStep flap_change(Flap *f, const FlapRule *rule, usec_t now);
/* Time has passed. Never BEGUN. */
FlapStep flap_wait(Flap *f, const FlapRule *rule, usec_t now);
/* When it ends if nothing changes any more; USEC_INFINITY: it does not flap. */
usec_t flap_until(const Flap *f, const FlapRule *rule);
