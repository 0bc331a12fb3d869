/* A lead (what was seen), who saw it, and what the others say. */
#include "hub/cause.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "wire/tick.h"

typedef struct Text {
        char *bytes;
        size_t n;
} Text;

/* What does not fit is left out: regions have long names at most once. */
static _printf_(2, 3) void add(Text *t, const char *format, ...) {
        va_list ap;
        int n;

        va_start(ap, format);
        n = vsnprintf(t->bytes + t->n, CAUSE_SIZE - t->n, format, ap);
        va_end(ap);
        if (n > 0)
                t->n = MIN(t->n + (size_t)n, (size_t)CAUSE_SIZE - 1);
}

static bool is_among(const char *const *names, size_t n, const char *name) {
        for (size_t i = 0; i < n; i++)
                if (strcmp(names[i], name) == 0)
                        return true;
        return false;
}

size_t cause_regions(const CauseFacts *f, const char *ret[static SEATS_MAX]) {
        size_t n = 0;

        for (size_t i = 0; i < f->n_regions && n < SEATS_MAX; i++)
                if (*f->regions[i].name && !is_among(ret, n, f->regions[i].name))
                        ret[n++] = f->regions[i].name;
        for (size_t i = 0; i < f->n && n < SEATS_MAX; i++) {
                const char *region = f->seats[i].region;

                if (f->seats[i].sees && region && *region && !is_among(ret, n, region))
                        ret[n++] = region;
        }
        return n;
}

/* The commonest error of those who see it; of equally many the one with the lower number. */
static uint8_t commonest(const CauseFacts *f, size_t *ret_times) {
        size_t count[UINT8_MAX + 1] = { 0 };
        uint8_t best = 0;

        for (size_t i = 0; i < f->n; i++)
                if (f->seats[i].sees)
                        count[f->seats[i].error_class]++;
        for (unsigned e = 1; e <= UINT8_MAX; e++)
                if (count[e] > (best ? count[best] : 0))
                        best = (uint8_t)e;
        *ret_times = count[best]; /* all of them if none names an error */
        return best;
}

typedef struct Counts {
        size_t seen, up, down, missing; /* of the others: up, down, and neither */
} Counts;

static Counts count(const CauseFacts *f) {
        Counts c = { 0 };

        for (size_t i = 0; i < f->n; i++) {
                const CauseSeat *s = &f->seats[i];

                c.seen += s->sees;
                c.up += !s->sees && s->outcome == VOTE_UP;
                c.down += !s->sees && s->outcome == VOTE_DOWN;
                c.missing += !s->sees && s->outcome != VOTE_UP && s->outcome != VOTE_DOWN;
        }
        return c;
}

static void add_witnesses(Text *t, const CauseFacts *f, size_t seen) {
        const char *regions[SEATS_MAX];
        size_t n = cause_regions(f, regions);

        add(t, ", seen by %zu of %zu", seen, f->n);
        if (n == 1)
                add(t, " in the region %s", regions[0]);
        else if (n > 1)
                add(t, " in %zu regions", n);
}

static void add_others(Text *t, size_t n, const char *one, const char *many) {
        if (n > 0)
                add(t, "; %zu %s", n, n == 1 ? one : many);
}

static void add_missing(Text *t, const Counts *c) {
        add_others(t, c->missing, "is missing", "are missing");
}

static void say_down(Text *t, const CauseFacts *f) {
        const Counts c = count(f);
        size_t times;
        uint8_t error = commonest(f, &times);

        add(t, "%s", error ? tick_error_text(error) : "It is down");
        add_witnesses(t, f, times);
        add_others(t, c.seen - times, "sees another failure", "see other failures");
        add_others(t, c.up, "sees it up", "see it up");
        add_missing(t, &c);
}

static void say_regions(Text *t, const CauseFacts *f) {
        const Counts c = count(f);

        add(t, "It is down");
        for (size_t i = 0; i < f->n_regions; i++) {
                const CauseRegion *r = &f->regions[i];

                add(t, "%s in %s%s, seen by %u of %u there", i == 0 ? "" : ", and",
                    *r->name ? "the region " : "a region", r->name, r->down, r->n);
        }
        add(t, "; of all seats %zu of %zu see%s it up and %zu down", c.up, f->n,
            c.up == 1 ? "s" : "", c.seen + c.down);
        add_missing(t, &c);
}

static void say_up(Text *t, const CauseFacts *f) {
        const Counts c = count(f);

        if (f->cause == CAUSE_CALL) {
                add(t, "It called again");
                return;
        }
        add(t, "It is up again");
        add_witnesses(t, f, c.seen);
        add_others(t, c.down, "sees it down", "see it down");
        add_missing(t, &c);
}

static void say_certificate(Text *t, const CauseFacts *f) {
        uint64_t today = f->now / USEC_PER_DAY;
        char at[TIME_FORMAT_SIZE];

        if (!f->open)
                add(t, f->n > 0 && count(f).seen > 0 ? "The certificate was renewed"
                                                     : "The certificate is not watched any more");
        else if (f->expiry_days == 0)
                add(t, "The certificate ends soon, or has ended");
        else
                add(t, "The certificate %s on %.10s", f->expiry_days < today ? "ended" : "ends",
                    time_format(f->expiry_days * USEC_PER_DAY, at));
        if (f->open && f->expiry_days > today)
                add(t, ", in %u day%s", (unsigned)(f->expiry_days - today),
                    f->expiry_days == today + 1 ? "" : "s");
        if (count(f).seen > 0)
                add_witnesses(t, f, count(f).seen);
}

static void say_no_call(Text *t, const CauseFacts *f) {
        char at[TIME_FORMAT_SIZE];

        if (f->called == 0) {
                add(t, "It has never called");
                return;
        }
        time_format(f->called, at);
        add(t, "It has not called since %.10s %.8s UTC", at, at + 11);
}

const char *cause_sentence(const CauseFacts *f, char ret[static CAUSE_SIZE]) {
        Text t = { .bytes = ret };

        ret[0] = '\0';
        if (f->kind == INCIDENT_CERTIFICATE)
                say_certificate(&t, f);
        else if (!f->open)
                say_up(&t, f);
        else if (f->cause == CAUSE_NO_CALL)
                say_no_call(&t, f);
        else if (f->cause == CAUSE_FAILED_CALL)
                add(&t, "It called to say that it failed");
        else if (f->n_regions > 0)
                say_regions(&t, f);
        else
                say_down(&t, f);
        return ret;
}
