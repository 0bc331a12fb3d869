/* Hub time: the wall clock at the start, carried on by a clock that never jumps. Over a restart it
 * does not go back either: what was dated by it stays in the past. */
#pragma once

#include "base/time.h"

typedef struct HubClock {
        usec_t offset; /* hub time - CLOCK_BOOTTIME */
} HubClock;

static inline HubClock hub_clock_new(void) {
        return (HubClock){ .offset = now_realtime() - now_boottime() };
}

static inline usec_t hub_clock_now(const HubClock *c) {
        return now_boottime() + c->offset;
}

/* How much hub time was behind `at`, which has been; it goes on from there. 0: it was not. */
static inline usec_t hub_clock_reach(HubClock *c, usec_t at) {
        usec_t now = hub_clock_now(c), behind = at > now ? at - now : 0;

        c->offset += behind;
        return behind;
}
