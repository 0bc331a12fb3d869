/* How a command line is taken apart by a table of verbs; which table is the caller's. Pure. */
#pragma once

#include <stdbool.h>

#include "ctl/command.h"

/* The verb that the words begin with, *ret_rest the number of words it took; NULL: none. */
const Verb *verb_find(const Verb *table, const Args *args, unsigned *ret_rest);
/* How many of these words the verb's name begins with; *rest: what of it comes after them. */
unsigned verb_name_words(const Verb *v, const char *const *words, unsigned n, const char **rest);
/* v NULL: every verb. */
bool verb_takes(const Verb *v, Option o);
