/* When an order's next check is due. Pure. */
#pragma once

#include <stdint.h>

#include "base/time.h"
#include "wire/order.h"

typedef struct ScheduleSlot {
        uint32_t slot;
        usec_t at; /* hub time; USEC_INFINITY: there is none any more */
} ScheduleSlot;

/* The first slot at or after now and above `highest` (the highest one checked already; -1: none).
 */
ScheduleSlot schedule_next(const Order *o, int64_t highest, usec_t now);
