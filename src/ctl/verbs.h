/* The table of verbs, and what a command line makes of it. */
#pragma once

#include <stdio.h>

#include "ctl/command.h"

/* Ended by a verb without noun; those of one noun are neighbours. */
extern const Verb verbs[];

/* NULL: the verb takes all this; else a sentence why not, freed by the caller. */
char *verb_refusal(const Verb *v, const Args *args, unsigned first);
/* Of one verb; of those of a noun (NULL: all of them). */
void verb_help(const Verb *v, FILE *to);
void verbs_help(const char *noun, FILE *to);
/* 1: there are verbs of this noun. */
int verbs_have(const char *noun);
