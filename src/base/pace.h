/* How often something may be done: so much at once, then one more each interval. Pure. */
#pragma once

#include <stdbool.h>

#include "base/time.h"

typedef struct PaceRule {
        unsigned burst; /* at least 1 */
        usec_t interval;
} PaceRule;

/* Zeros: nothing was done yet. */
typedef struct Pace {
        usec_t paid; /* until when what was done so far is paid for */
} Pace;

/* true: so many may be done now, and are counted. false: there is no room for all of them, and none
 * is. */
bool pace_take(Pace *p, const PaceRule *rule, unsigned n, usec_t now);
/* When there is room for n, at most the burst, if nothing is done until then. */
usec_t pace_ready(const Pace *p, const PaceRule *rule, unsigned n);
/* As if nothing had ever been done: it need not be kept. */
bool pace_is_fresh(const Pace *p, usec_t now);
