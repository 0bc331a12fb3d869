/* Why a verdict is what it is, in one sentence: made here alone, so that REST, dashboard and
 * dpinctl say the same. Pure. */
#pragma once

#include <stdbool.h>

#define WHY_SIZE 512

typedef struct Why {
        const char *state, *cause;               /* names of hub/verdict.h; cause may be "" */
        unsigned n, f, q;                        /* the rule's */
        unsigned up, down;                       /* of n seats */
        unsigned away, silent, abstained, empty; /* the others */
        const char *regions; /* that make it PARTIAL: "4 of 4 say so in eu"; "": none do */
        bool past;           /* the votes are those of the decision, not those of now */
} Why;

/* The rule as it is for every verdict of so many seats. Returns ret, as why_sentence() does. */
const char *why_rule(const Why *w, char ret[static WHY_SIZE]);
/* What of it applied: "3 of 4 say down, 3 are needed." */
const char *why_sentence(const Why *w, char ret[static WHY_SIZE]);
