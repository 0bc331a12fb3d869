/* Sorted spans; a website has two rows of them, its own and its organisation's. */
#include "hub/calendar.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define AGE USEC_PER_HOUR /* at which it is read again */

static const PaceRule changes_rule = { .burst = 30, .interval = 5 * USEC_PER_SEC };

struct Calendar {
        size_t n;
        MaintenanceSpan spans[];
};

int calendar_new(Calendar **ret, const MaintenanceSpan *spans, size_t n) {
        Calendar *c = malloc(sizeof(*c) + n * sizeof(*spans));

        if (!c)
                return -ENOMEM;
        c->n = n;
        if (n > 0)
                memcpy(c->spans, spans, n * sizeof(*spans));
        *ret = c;
        return 0;
}

Calendar *calendar_free(Calendar *c) {
        free(c);
        return NULL;
}

bool calendar_changed(CalendarDue *due, usec_t now) {
        if (!pace_take(&due->changes, &changes_rule, 1, now)) {
                due->at = MIN(due->at, pace_ready(&due->changes, &changes_rule, 1));
                return false;
        }
        due->at = 0;
        return true;
}

void calendar_was_read(CalendarDue *due, usec_t now) {
        due->at = now + AGE;
}

/* Whose is over by `now` comes before it. */
static bool comes_before(const MaintenanceSpan *s, const MaintenanceSpan *key, usec_t now) {
        if (s->organisation != key->organisation)
                return s->organisation < key->organisation;
        if (s->website != key->website)
                return s->website < key->website;
        return s->until <= now;
}

/* The first of a row that is not over; NULL: none. */
static const MaintenanceSpan *find(const Calendar *c, const MaintenanceSpan *key, usec_t now) {
        size_t low = 0, high = c->n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (comes_before(&c->spans[middle], key, now))
                        low = middle + 1;
                else
                        high = middle;
        }
        if (low == c->n || c->spans[low].organisation != key->organisation ||
            c->spans[low].website != key->website)
                return NULL;
        return &c->spans[low];
}

/* Longer by what of the row overlaps it or touches it. */
static bool extend(const Calendar *c, const MaintenanceSpan *key, SiteWindow *w) {
        const MaintenanceSpan *s = find(c, key, w->until);

        if (!s || s->from > w->until)
                return false;
        w->until = s->until;
        return true;
}

SiteWindow calendar_next(const Calendar *c, uint32_t organisation, uint32_t website, usec_t now) {
        const MaintenanceSpan keys[] = { { organisation, 0, 0, 0 },
                                         { organisation, website, 0, 0 } };
        const MaintenanceSpan *first = NULL;
        SiteWindow w = { 0, 0 };

        for (size_t i = 0; c && i < ELEMENTSOF(keys); i++) {
                const MaintenanceSpan *s = find(c, &keys[i], now);

                if (s && (!first || s->from < first->from))
                        first = s;
        }
        if (!first)
                return w;
        w = (SiteWindow){ first->from, first->until };
        while (extend(c, &keys[0], &w) || extend(c, &keys[1], &w))
                ;
        return w;
}
