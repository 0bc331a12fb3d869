/* What time it is at the hub: CLOCK_BOOTTIME plus an offset learned from its frames. Pure.
 *
 * A frame's time was true when it was sent, so each gives a lower bound of the offset, short by the
 * delay on the way: the highest of recent ones is the best. The clocks may drift apart, so the
 * estimate sinks slowly until a frame lifts it again. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

#define HUB_TIME_OFF_MAX  USEC_PER_DAY
#define HUB_TIME_JUMP_MAX (20 * USEC_PER_SEC) /* as long as a handshake may have been delayed */

typedef struct HubTime {
        int64_t offset; /* hub time - boottime, us */
        usec_t learned; /* boottime of the last frame */
        bool synced;    /* heard since the connection opened or before */
} HubTime;

/* Until the hub was heard: this machine's own idea. */
void hub_time_guess(HubTime *t, usec_t boottime, usec_t realtime);
/* The first frame of a connection: forgets what was, as the hub may be another process now. */
void hub_time_reset(HubTime *t, usec_t boottime, usec_t hub);
/* -ERANGE: a hub's clock does not jump ahead while it is connected; nothing is learned. */
int hub_time_learn(HubTime *t, usec_t boottime, usec_t hub);
/* Whether a hub's clock and the own one can both be right within a day, or nearly. */
bool hub_time_is_sane(usec_t hub, usec_t realtime);
/* How far this machine's own wall clock is ahead of hub time; below zero: behind. */
int64_t hub_time_clock_offset(const HubTime *t, usec_t boottime, usec_t realtime);
/* Within 0..INT64_MAX whatever the hub said, so that it fits a statement. */
usec_t hub_time_at(const HubTime *t, usec_t boottime);
/* When this hub time comes, on the own clock; 0 when it lies before the boot. */
usec_t hub_time_to_boottime(const HubTime *t, usec_t hub);
