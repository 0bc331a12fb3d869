/* Options and plain words are told apart first; then it is known which verb, and which word of it.
 */
#include "ctl/complete.h"

#include <stdbool.h>
#include <string.h>

#include "base/macro.h"
#include "ctl/grammar.h"

typedef struct Line {
        const char *begun; /* the last word */
        int value_of;      /* the option whose value that is; -1: none's */
        Args args;         /* plain words before it */
} Line;

/* Values that options and words may have, by the name in the help. */
static const struct {
        const char *name, *noun; /* noun NULL: of every verb */
        const char *values[9];
} known[] = {
        { "DAEMON", NULL, { "hub", "api", "validator" } },
        { "LEVEL",
          NULL,
          { "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug" } },
        { "DAYS", "organisation", { "default" } },
        { "WHAT", "organisation", { "raw", "hour" } },
        { "ROLE", NULL, { "viewer", "editor", "admin" } },
        { "METHOD", NULL, { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS" } },
        { "LIST", NULL, { "read", "write", "payouts" } },
        { "STATE", "validator", { "pending", "approved", "suspended" } },
        { "STATE", "incident", { "open", "all" } },
        { "KIND", "alert", { "webhook", "email", "alertmanager", "exec", "apprise" } },
        { "STATE", "alert", { "pending", "delivered", "failed", "dropped", "grouped" } },
        { "STATE", "payout", { "requested", "approved", "settled" } },
};

static const struct {
        const char *name, *noun;
        CompleteMore more;
} elsewhere[] = {
        { "FILE", NULL, COMPLETE_FILES },
        { "ID", "incident", COMPLETE_INCIDENTS },
        { "ID", "organisation", COMPLETE_ORGANISATIONS },
        { "ID", "payout", COMPLETE_PAYOUTS },
        { "KEY", "validator", COMPLETE_VALIDATORS },
        { "ID", "website", COMPLETE_WEBSITES },
        { "WEBSITE", NULL, COMPLETE_WEBSITES },
};

static void offer(const Line *l, const char *word, const char *what, FILE *to) {
        if (strncmp(word, l->begun, strlen(l->begun)) == 0)
                fprintf(to, "%s\t%s\n", word, what);
}

static int option_of(const char *word) {
        size_t n = strcspn(word, "=");

        for (int o = 0; o < _OPTION_MAX && strncmp(word, "--", 2) == 0; o++)
                if (strlen(option_text((Option)o)->name) == n - 2 &&
                    strncmp(option_text((Option)o)->name, word + 2, n - 2) == 0)
                        return o;
        return -1;
}

static Line read_line(const char *const *words, unsigned n) {
        Line l = { .begun = words[n - 1], .value_of = -1 };
        int open = -1; /* an option that waits for its value */

        for (unsigned i = 0; i + 1 < n; i++) {
                if (open >= 0) {
                        open = -1;
                } else if (words[i][0] == '-') {
                        open = strchr(words[i], '=') ? -1 : option_of(words[i]);
                        if (open >= 0 && !option_text((Option)open)->metavar)
                                open = -1;
                } else if (l.args.n_words < ARGS_WORDS_MAX) {
                        l.args.words[l.args.n_words++] = words[i];
                }
        }
        l.value_of = open;
        return l;
}

/* The values of what the help calls so. prefix: what stands before each on the command line. */
static CompleteMore offer_values(const Line *l, const char *name, const char *prefix, FILE *to) {
        const char *noun = l->args.n_words > 0 ? l->args.words[0] : "";
        char word[64];

        for (size_t i = 0; i < ELEMENTSOF(known); i++) {
                if (strcmp(known[i].name, name) != 0 ||
                    (known[i].noun && strcmp(known[i].noun, noun) != 0))
                        continue;
                for (const char *const *v = known[i].values; *v; v++) {
                        snprintf(word, sizeof(word), "%s%s", prefix, *v);
                        offer(l, word, "", to);
                }
        }
        for (size_t i = 0; i < ELEMENTSOF(elsewhere); i++)
                if (strcmp(elsewhere[i].name, name) == 0 &&
                    (!elsewhere[i].noun || strcmp(elsewhere[i].noun, noun) == 0))
                        return elsewhere[i].more;
        return COMPLETE_NOTHING;
}

static void offer_options(const Line *l, const Verb *v, FILE *to) {
        char word[64];

        for (int o = 0; o < _OPTION_MAX; o++) {
                const OptionText *t = option_text((Option)o);

                if (!verb_takes(v, (Option)o))
                        continue;
                snprintf(word, sizeof(word), "--%s%s", t->name, t->metavar ? "=" : "");
                offer(l, word, t->help, to);
        }
}

static CompleteMore offer_option(const Line *l, const Verb *v, FILE *to) {
        const char *equals = strchr(l->begun, '=');
        int o = equals ? option_of(l->begun) : -1;
        char prefix[32];

        if (!equals) {
                offer_options(l, v, to);
                return COMPLETE_NOTHING;
        }
        if (o < 0 || !option_text((Option)o)->metavar)
                return COMPLETE_NOTHING;
        snprintf(prefix, sizeof(prefix), "--%s=", option_text((Option)o)->name);
        return offer_values(l, option_text((Option)o)->metavar, prefix, to);
}

static void offer_nouns(const Line *l, const Verb *table, FILE *to) {
        const char *last = "";

        for (const Verb *v = table; v->noun; last = v->noun, v++)
                if (strcmp(v->noun, last) != 0)
                        offer(l, v->noun, v->name ? "" : v->summary, to);
}

/* The next word of the names that go on like this; neighbours with the same one offer it once. */
static void offer_names(const Line *l, const Verb *table, FILE *to) {
        unsigned n = l->args.n_words - 1;
        const char *rest;
        char word[64], last[64] = "";

        for (const Verb *v = table; v->noun; v++) {
                if (!v->name || strcmp(v->noun, l->args.words[0]) != 0 ||
                    verb_name_words(v, l->args.words + 1, n, &rest) < n || !*rest)
                        continue;
                snprintf(word, sizeof(word), "%.*s", (int)strcspn(rest, " "), rest);
                if (strcmp(word, last) != 0)
                        offer(l, word, strchr(rest, ' ') ? "" : v->summary, to);
                memcpy(last, word, sizeof(last));
        }
}

/* The i-th of "ID TRANSACTION" or "[DAEMON [LEVEL]]", without its brackets; of "[DAEMON...]" any.
 */
static void word_name(const char *words, unsigned i, char *ret, size_t size) {
        const char *p = words + strspn(words, " [");

        for (; i > 0 && !strstr(p, "..."); i--) {
                p += strcspn(p, " ");
                p += strspn(p, " [");
        }
        snprintf(ret, size, "%.*s", (int)strcspn(p, " ].["), p);
}

CompleteMore complete_words(const Verb *table, const char *const *words, unsigned n, FILE *to) {
        unsigned taken = 0;
        const Verb *v;
        char name[32];
        Line l;

        if (n == 0)
                return COMPLETE_NOTHING;
        l = read_line(words, n);
        v = verb_find(table, &l.args, &taken);
        if (l.value_of >= 0)
                return offer_values(&l, option_text((Option)l.value_of)->metavar, "", to);
        if (l.begun[0] == '-')
                return offer_option(&l, v, to);
        if (!v) {
                if (l.args.n_words == 0)
                        offer_nouns(&l, table, to);
                else
                        offer_names(&l, table, to);
                return COMPLETE_NOTHING;
        }
        if (l.args.n_words - taken >= v->max)
                return COMPLETE_NOTHING;
        word_name(v->words, l.args.n_words - taken, name, sizeof(name));
        return offer_values(&l, name, "", to);
}
