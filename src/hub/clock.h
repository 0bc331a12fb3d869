/* Hub time: the wall clock at the start, carried on by a clock that never jumps. */
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
