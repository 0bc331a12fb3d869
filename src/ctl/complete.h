/* What may stand next on a command line, for a shell, by a table of verbs. Pure. */
#pragma once

#include <stdio.h>

#include "ctl/command.h"

typedef enum CompleteMore {
        COMPLETE_NOTHING,   /* all was printed */
        COMPLETE_FILES,     /* the shell knows */
        COMPLETE_INCIDENTS, /* the hub knows */
        COMPLETE_ORGANISATIONS,
        COMPLETE_PAYOUTS,
        COMPLETE_VALIDATORS,
        COMPLETE_WEBSITES,
} CompleteMore;

/* words: n of them, after "dpinctl"; the last one is begun. Prints a candidate a line, and what it
 * is after a tab. */
CompleteMore complete_words(const Verb *table, const char *const *words, unsigned n, FILE *to);
