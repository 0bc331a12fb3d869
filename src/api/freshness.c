/* One place of the primary is awaited at a time. When the replica has reached it, the replica has
 * all that was committed before that place was asked for: that moment is as_of, and what happened
 * before it is there. */
#include "api/freshness.h"

#include <errno.h>

typedef struct Writer {
        uint32_t organisation;
        usec_t at;
} Writer;

struct Freshness {
        usec_t lag_max;
        usec_t as_of; /* 0: not known */
        uint64_t commit_no;
        Position awaited;
        usec_t asked;  /* when that was asked for; 0: nothing is awaited */
        usec_t others; /* when one that is not remembered wrote last */
        Writer writers[FRESHNESS_WRITERS_MAX];
        size_t n;
};

int freshness_new(Freshness **ret, usec_t lag_max) {
        Freshness *f = calloc(1, sizeof(*f));

        if (!f)
                return -ENOMEM;
        f->lag_max = lag_max;
        *ret = f;
        return 0;
}

Freshness *freshness_free(Freshness *f) {
        free(f);
        return NULL;
}

/* The replica -------------------------------------------------------------------------------------
 */

void freshness_sampled(Freshness *f, const Position *primary, usec_t asked) {
        f->awaited = *primary;
        f->asked = asked;
}

bool freshness_settled(const Freshness *f) {
        return f->asked == 0;
}

/* What it has seen need not be remembered. */
static void forget_writers(Freshness *f) {
        for (size_t i = 0; i < f->n;) {
                if (f->writers[i].at < f->as_of)
                        f->writers[i] = f->writers[--f->n];
                else
                        i++;
        }
}

void freshness_reached(Freshness *f, const Position *replica) {
        f->commit_no = replica->commit_no;
        if (f->asked == 0 || replica->lsn < f->awaited.lsn ||
            replica->commit_no < f->awaited.commit_no)
                return;
        f->as_of = f->asked;
        f->asked = 0;
        forget_writers(f);
}

void freshness_lost(Freshness *f) {
        f->as_of = f->commit_no = f->asked = 0;
}

/* Who asks ----------------------------------------------------------------------------------------
 */

static Writer *find_writer(Freshness *f, uint32_t organisation) {
        for (size_t i = 0; i < f->n; i++)
                if (f->writers[i].organisation == organisation)
                        return &f->writers[i];
        return NULL;
}

void freshness_wrote(Freshness *f, uint32_t organisation, usec_t now) {
        Writer *w = find_writer(f, organisation);

        if (!w && f->n < FRESHNESS_WRITERS_MAX)
                w = &f->writers[f->n++];
        if (w)
                *w = (Writer){ organisation, now };
        else
                f->others = now;
}

static usec_t written_at(const Freshness *f, uint32_t organisation) {
        usec_t at = f->others;

        for (size_t i = 0; i < f->n; i++)
                if (f->writers[i].organisation == organisation)
                        at = MAX(at, f->writers[i].at);
        return at;
}

FreshnessVerdict freshness_judge(const Freshness *f, const FreshnessWish *wish) {
        if (f->as_of == 0)
                return FRESHNESS_UNKNOWN;
        if (wish->now - f->as_of > f->lag_max)
                return FRESHNESS_BEHIND;
        if (f->commit_no < wish->told)
                return FRESHNESS_TOLD;
        if (written_at(f, wish->organisation) >= f->as_of)
                return FRESHNESS_WROTE;
        return FRESHNESS_GOOD;
}
