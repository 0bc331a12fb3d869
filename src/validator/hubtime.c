/* The highest recent sample wins; age lowers it. */
#include "validator/hubtime.h"

#include <errno.h>

#define DRIFT_PPM 200 /* how fast the estimate sinks: faster than clocks drift */

void hub_time_guess(HubTime *t, usec_t boottime, usec_t realtime) {
        *t = (HubTime){ .offset = (int64_t)(realtime - boottime), .learned = boottime };
}

void hub_time_reset(HubTime *t, usec_t boottime, usec_t hub) {
        *t = (HubTime){ .offset = (int64_t)(hub - boottime), .learned = boottime, .synced = true };
}

int hub_time_learn(HubTime *t, usec_t boottime, usec_t hub) {
        int64_t sample = (int64_t)(hub - boottime);
        int64_t sunk = t->offset - (int64_t)((boottime - t->learned) * DRIFT_PPM / 1000000);

        if (sample > sunk && (usec_t)sample - (usec_t)sunk > HUB_TIME_JUMP_MAX)
                return -ERANGE;
        t->offset = sample > sunk ? sample : sunk;
        t->learned = boottime;
        t->synced = true;
        return 0;
}

bool hub_time_is_sane(usec_t hub, usec_t realtime) {
        return (hub > realtime ? hub - realtime : realtime - hub) <= HUB_TIME_OFF_MAX;
}

int64_t hub_time_clock_offset(const HubTime *t, usec_t boottime, usec_t realtime) {
        return (int64_t)(realtime - hub_time_at(t, boottime));
}

usec_t hub_time_at(const HubTime *t, usec_t boottime) {
        int64_t at;

        if (__builtin_add_overflow((int64_t)boottime, t->offset, &at))
                return INT64_MAX;
        return at > 0 ? (usec_t)at : 0;
}

usec_t hub_time_to_boottime(const HubTime *t, usec_t hub) {
        int64_t at = (int64_t)hub - t->offset;

        return at > 0 ? (usec_t)at : 0;
}
