/* How long the phases of a check took, as bars one behind the other. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define WATERFALL_COLUMNS 40

typedef struct WaterfallPhase {
        const char *name;
        uint64_t us;
} WaterfallPhase;

/* A line for each phase, none when nothing took any time: name, milliseconds, and a bar that begins
 * where the one before ended. What took any time is seen. */
void waterfall_print(const WaterfallPhase *phases, size_t n, FILE *to);
