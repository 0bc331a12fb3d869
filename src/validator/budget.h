/* What all checks together may cost the machine's owner: so many begin in a second, and so many
 * bytes are read; a bucket of tokens for each. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/macro.h"
#include "base/pace.h"
#include "base/time.h"

#define BUDGET_BURST_SECONDS 2 /* so many seconds' worth at once */
/* Bytes reckoned for a check beside what its answer has: heads, and a chain of certificates. */
#define BUDGET_CHECK_BYTES 4096

typedef struct Budget {
        PaceRule checks_rule;
        Pace checks;
        uint64_t bytes_per_second;
        usec_t bytes_paid; /* until when what was read so far is paid for */
} Budget;

/* Both at least 1, checks at most a million. */
void budget_init(Budget *b, unsigned checks_per_second, uint64_t bytes_per_second);
/* true: one more check may begin, and is counted. false: the budget is used up. */
bool budget_take(Budget *b, usec_t now);
/* A check has ended and read an answer of so many bytes. What is too much is paid back by those
 * that do not begin. */
void budget_spend(Budget *b, uint64_t bytes, usec_t now);
