/* A table ends with a verb without noun. */
#include "ctl/grammar.h"

#include <stddef.h>
#include <string.h>

#define TAKES(o) OPTION_BIT(OPTION_##o)
#define ALWAYS   (TAKES(BUS) | TAKES(HELP) | TAKES(JSON) | TAKES(NO_ASK_PASSWORD) | TAKES(NO_PAGER))

const Verb *verb_find(const Verb *table, const Args *args, unsigned *ret_rest) {
        for (const Verb *v = table; v->noun; v++) {
                unsigned n = v->name ? 2 : 1;

                if (args->n_words < n || strcmp(args->words[0], v->noun) != 0)
                        continue;
                if (v->name && strcmp(args->words[1], v->name) != 0)
                        continue;
                *ret_rest = n;
                return v;
        }
        return NULL;
}

bool verb_takes(const Verb *v, Option o) {
        return ((v ? v->options : 0) | ALWAYS) & OPTION_BIT(o);
}
