/* Checks are counted as they begin; bytes when they were read, as nobody knows before. */
#include "validator/budget.h"

void budget_init(Budget *b, unsigned checks_per_second, uint64_t bytes_per_second) {
        *b = (Budget){
                .checks_rule = { .burst = checks_per_second * BUDGET_BURST_SECONDS,
                                 .interval = USEC_PER_SEC / checks_per_second },
                .bytes_per_second = bytes_per_second,
        };
}

static bool bytes_left(const Budget *b, usec_t now) {
        return b->bytes_paid <= now + BUDGET_BURST_SECONDS * USEC_PER_SEC;
}

bool budget_take(Budget *b, usec_t now) {
        return bytes_left(b, now) && pace_take(&b->checks, &b->checks_rule, 1, now);
}

void budget_spend(Budget *b, uint64_t bytes, usec_t now) {
        uint64_t whole = bytes + BUDGET_CHECK_BYTES, seconds = whole / b->bytes_per_second,
                 rest = whole % b->bytes_per_second;
        usec_t time = seconds * USEC_PER_SEC +
                      (usec_t)((double)rest * USEC_PER_SEC / (double)b->bytes_per_second);

        b->bytes_paid = MAX(b->bytes_paid, now) + time;
}
