/* Slots are on a grid, so nothing is remembered but the highest one. */
#include "validator/schedule.h"

ScheduleSlot schedule_next(const Order *o, int64_t highest, usec_t now) {
        usec_t start = (usec_t)o->start, interval = o->interval_ms * USEC_PER_MSEC;
        uint64_t slot = now <= start ? 0 : (now - start + interval - 1) / interval;

        if (highest >= 0 && slot <= (uint64_t)highest)
                slot = (uint64_t)highest + 1;
        if (slot > UINT32_MAX)
                return (ScheduleSlot){ .slot = UINT32_MAX, .at = USEC_INFINITY };
        return (ScheduleSlot){ .slot = (uint32_t)slot, .at = start + slot * interval };
}
