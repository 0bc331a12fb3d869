/* What an hour comes to: of each website the rollups of its ticks and verdicts. The rules are those
 * of rollup_hour_close() in sql/, which it is held against; see sql/README.md, "Rollups and
 * rewards". Pure. */
#pragma once

#include "base/macro.h"
#include "hub/hour-rewards.h"

typedef struct HourSums HourSums;

/* Ticks claim their reward of `rewards`, which is borrowed. */
int hour_sums_new(HourSums **ret, usec_t hour, HourRewards *rewards);
HourSums *hour_sums_free(HourSums *s);
DEFINE_FREEP(HourSums, hour_sums_free);

/* Some websites, whole: nothing of them is added again. */
typedef struct HourPart {
        const TickPage *pages; /* of the hour, in any order */
        size_t n_pages;
        const ClosingSpan *spans; /* that did not end before it, by website and start */
        size_t n_spans;
} HourPart;

/* Adds their rollups to `to`. 0, -ENOMEM. */
int hour_sums_add(HourSums *s, const HourPart *part, ClosingRows *to);
