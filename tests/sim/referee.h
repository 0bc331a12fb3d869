/* What must hold in every world, whatever the seed: no wrong verdict, none too late, none without
 * its quorum, spans and incidents without a hole. */
#pragma once

#include "world.h"

typedef struct Ruling {
        uint64_t failures;
        uint64_t verdicts; /* told after the committee had formed */
        WorldCounts counts;
        usec_t worst; /* from a change of the website to the verdict */
        bool incomplete;
} Ruling;

/* Plays it. What fails is printed with its seed; verbose: all that happens is. */
Ruling referee_play(const Scenario *s, bool verbose);
