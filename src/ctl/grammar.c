/* A table ends with a verb without noun. */
#include "ctl/grammar.h"

#include <stddef.h>
#include <string.h>

#define TAKES(o) OPTION_BIT(OPTION_##o)
#define ALWAYS   (TAKES(BUS) | TAKES(HELP) | TAKES(JSON) | TAKES(NO_ASK_PASSWORD) | TAKES(NO_PAGER))

unsigned verb_name_words(const Verb *v, const char *const *words, unsigned n, const char **rest) {
        const char *name = v->name ? v->name : "";
        unsigned i = 0;

        for (; i < n && *name; i++) {
                size_t length = strcspn(name, " ");

                if (strlen(words[i]) != length || memcmp(words[i], name, length) != 0)
                        break;
                name += length + strspn(name + length, " ");
        }
        *rest = name;
        return i;
}

const Verb *verb_find(const Verb *table, const Args *args, unsigned *ret_rest) {
        for (const Verb *v = table; v->noun; v++) {
                const char *missing;
                unsigned n;

                if (args->n_words < 1 || strcmp(args->words[0], v->noun) != 0)
                        continue;
                n = verb_name_words(v, args->words + 1, args->n_words - 1, &missing);
                if (*missing)
                        continue;
                *ret_rest = n + 1;
                return v;
        }
        return NULL;
}

bool verb_takes(const Verb *v, Option o) {
        return ((v ? v->options : 0) | ALWAYS) & OPTION_BIT(o);
}
