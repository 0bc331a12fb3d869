/* Bars end where the sum so far ends, rounded, so that together they are as long as the whole. */
#include "ctl/waterfall.h"

#include <inttypes.h>

#include "base/macro.h"

static uint64_t sum(const WaterfallPhase *phases, size_t n) {
        uint64_t us = 0;

        for (size_t i = 0; i < n; i++)
                us += phases[i].us;
        return us;
}

static int column_of(uint64_t us, uint64_t total) {
        return (int)((us * WATERFALL_COLUMNS + total / 2) / total);
}

static void print_bar(uint64_t begun, uint64_t us, uint64_t total, FILE *to) {
        int from = MIN(column_of(begun, total), WATERFALL_COLUMNS - 1);
        int until = MAX(column_of(begun + us, total), from + 1);

        fprintf(to, "  %*s", from, "");
        for (int i = from; i < until; i++)
                fputc('#', to);
}

void waterfall_print(const WaterfallPhase *phases, size_t n, FILE *to) {
        uint64_t total = sum(phases, n), begun = 0;

        for (size_t i = 0; i < n && total > 0; i++) {
                fprintf(to, "%-9s %7" PRIu64 ".%" PRIu64 " ms", phases[i].name, phases[i].us / 1000,
                        phases[i].us % 1000 / 100);
                if (phases[i].us > 0)
                        print_bar(begun, phases[i].us, total, to);
                fputc('\n', to);
                begun += phases[i].us;
        }
}
