/* What was refused, counted by code; log lines limited per source and code: the first one, then one
 * summary a minute. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/macro.h"
#include "base/time.h"

/* (code, source) pairs watched at once; more share one line per code. So many first lines and as
 * many sums are logged in a minute at most. */
#define REFUSALS_KINDS_MAX 1024

typedef struct Refusals Refusals;

int refusals_new(Refusals **ret);
Refusals *refusals_free(Refusals *r);
DEFINE_FREEP(Refusals, refusals_free);

/* Counts. true: the first of this (code, source) within a minute, so log it. Both are copied, cut
 * to 63 bytes. */
bool refusals_count(Refusals *r, const char *code, const char *source, usec_t now);

/* Calls back for every pair that was counted again since it was logged, and forgets what is older
 * than a minute. To be called about once a minute. */
typedef void (*RefusalsSummary)(const char *code, const char *source, uint64_t more,
                                void *userdata);
void refusals_summarise(Refusals *r, usec_t now, RefusalsSummary summary, void *userdata);

/* All refusals of a code since the start; for metrics. */
uint64_t refusals_total(const Refusals *r, const char *code);
/* Calls back for each code. */
typedef void (*RefusalsTotal)(const char *code, uint64_t count, void *userdata);
void refusals_totals(const Refusals *r, RefusalsTotal total, void *userdata);
