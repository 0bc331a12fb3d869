/* Verdicts that nobody's votes made have a sentence each; all others are told by their votes. */
#include "store/why.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"

/* Where nobody is asked, and where it was not the votes that decided. */
static const struct {
        const char *state, *cause; /* NULL: any */
        const char *sentence;
} told[] = {
        { "PAUSED", NULL, "It is paused: nobody looks at it." },
        { "MAINTENANCE", NULL, "Maintenance: whatever the votes say does not count now." },
        { NULL, "hub_away", "The hub was away, and nobody judged." },
        { NULL, "heartbeat", "It called in time." },
        { NULL, "heartbeat_missing", "It did not call in time." },
        { NULL, "heartbeat_failed", "It called to say that it had failed." },
};

static _printf_(2, 3) void add(char *ret, const char *format, ...) {
        size_t n = strlen(ret);
        va_list ap;

        va_start(ap, format);
        vsnprintf(ret + n, WHY_SIZE - n, format, ap);
        va_end(ap);
}

static const char *say(unsigned n) {
        return n == 1 ? "says" : "say";
}

static const char *are(unsigned n) {
        return n == 1 ? "is" : "are";
}

/* As verdict_judge() of the hub. */
static const char *judge(const Why *w) {
        if (w->down >= w->q)
                return "DOWN";
        if (w->up >= w->q && w->down <= w->f)
                return "UP";
        return w->down > w->f ? "PARTIAL" : "UNKNOWN";
}

static bool is_judged(const Why *w) {
        const char *state = strcmp(w->state, "DEGRADED") == 0 ? "UP" : w->state;

        return *w->regions || strcmp(state, judge(w)) == 0;
}

static void add_votes(const Why *w, char *ret) {
        if (*w->regions) {
                add(ret, "It is down in a region: %s; of all seats %u of %u %s up and %u %s down",
                    w->regions, w->up, w->n, say(w->up), w->down, say(w->down));
        } else if (!is_judged(w)) {
                add(ret, "%u of %u %s up and %u %s down", w->up, w->n, say(w->up), w->down,
                    say(w->down));
        } else if (strcmp(w->state, "DOWN") == 0) {
                add(ret, "%u of %u %s down, %u %s needed", w->down, w->n, say(w->down), w->q,
                    are(w->q));
        } else if (strcmp(w->state, "PARTIAL") == 0) {
                add(ret, "%u of %u %s down: UP allows %u at most, DOWN needs %u", w->down, w->n,
                    say(w->down), w->f, w->q);
        } else if (strcmp(w->state, "UNKNOWN") == 0) {
                add(ret, "%u of %u %s up and %u %s down, %u of one kind %s needed", w->up, w->n,
                    say(w->up), w->down, say(w->down), w->q, are(w->q));
        } else {
                add(ret, "%u of %u %s up, %u %s needed", w->up, w->n, say(w->up), w->q, are(w->q));
                if (w->down > 0)
                        add(ret, "; %u %s down, at most %u may", w->down, say(w->down), w->f);
        }
        if (strcmp(w->state, "DEGRADED") == 0)
                add(ret, "; the middle one of their times is too slow");
}

static void add_others(const Why *w, char *ret) {
        const struct {
                unsigned n;
                const char *what;
        } kinds[] = { { w->away, "away" },
                      { w->silent, "silent" },
                      { w->abstained, "abstaining" },
                      { w->empty, "empty" } };
        unsigned all = w->away + w->silent + w->abstained + w->empty;
        const char *before = " (";

        if (all == 0)
                return;
        add(ret, "; %u give%s no vote", all, all == 1 ? "s" : "");
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
                if (kinds[i].n == 0)
                        continue;
                add(ret, "%s%u %s", before, kinds[i].n, kinds[i].what);
                before = ", ";
        }
        add(ret, ")");
}

static const char *find_told(const Why *w) {
        for (size_t i = 0; i < ELEMENTSOF(told); i++)
                if ((!told[i].state || strcmp(told[i].state, w->state) == 0) &&
                    (!told[i].cause || strcmp(told[i].cause, w->cause) == 0))
                        return told[i].sentence;
        if (w->n == 0 && strcmp(w->state, "UNKNOWN") == 0)
                return w->past ? "Nobody judged it then." : "Nobody has judged it yet.";
        return NULL;
}

const char *why_sentence(const Why *w, char ret[static WHY_SIZE]) {
        const char *sentence = find_told(w);

        ret[0] = '\0';
        if (sentence) {
                add(ret, "%s", sentence);
                return ret;
        }
        add_votes(w, ret);
        add_others(w, ret);
        if (!w->past && !is_judged(w))
                add(ret, ": they have changed since the verdict, which stands until the others"
                         " are heard");
        add(ret, ".");
        return ret;
}

const char *why_rule(const Why *w, char ret[static WHY_SIZE]) {
        snprintf(ret, WHY_SIZE,
                 "DOWN when at least %u of %u seats say down; UP when at least %u say up and at"
                 " most %u say down; PARTIAL when more than %u say down; else UNKNOWN",
                 w->q, w->n, w->q, w->f, w->f);
        return ret;
}
