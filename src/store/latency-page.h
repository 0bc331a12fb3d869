/* How long a website took over a window of time, added up by bucket: of all validators by phase,
 * and of each validator; then the JSON of it. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"
#include "base/time.h"

typedef struct LatencyPage LatencyPage;

typedef struct LatencySpan {
        usec_t begin, end; /* end: of what is in closed hours */
        usec_t window, width;
} LatencySpan;

/* Buckets are of span->width, which divides a day, and begin at multiples of it. There is room for
 * those of the window and, for clocks that differ, of an hour after it: whatever is elsewhere is
 * left out. */
int latency_page_new(LatencyPage **ret, const LatencySpan *span);
LatencyPage *latency_page_free(LatencyPage *p);
DEFINE_FREEP(LatencyPage, latency_page_free);

/* What PostgreSQL's latency_sums() made, as hex digits: for a bucket, for a validator in a bucket
 * (of two sums), or for both (ticks of that validator). 0; -EBADMSG; -ENOMEM. */
int latency_page_add_points(LatencyPage *p, usec_t at, const char *sums);
int latency_page_add_line(LatencyPage *p, uint32_t validator, usec_t at, const char *sums);
int latency_page_add_ticks(LatencyPage *p, uint32_t validator, usec_t at, const char *sums);
/* A closed hour: rollup_hour.quarters. Those outside of the span are left out. As above. */
int latency_page_add_hour(LatencyPage *p, usec_t hour, const char *quarters);
/* Members of a JSON object, as text, that say who a validator is. Copied. */
int latency_page_name(LatencyPage *p, uint32_t validator, const char *members);

/* {"bucketMs", "phases": [by time], "validators": [by number: members, "points": [by time]]}, which
 * the caller frees. Validators without members are left out. */
int latency_page_write(const LatencyPage *p, char **ret, size_t *ret_n);
