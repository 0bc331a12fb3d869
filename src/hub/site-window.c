/* Maintenance: what is told while people work at a website, and what follows when they are done. */
#include "hub/site-internal.h"

static bool is_in_window(const Site *s, usec_t now) {
        return now >= s->window.from && now < s->window.until;
}

void site_enter_window(Site *s, usec_t now) {
        VerdictState previous = site_told(s);

        if (s->maintained || !is_in_window(s, now))
                return;
        s->maintained = true;
        site_tell(s, previous, &(const Telling){ now, now }, now);
}

/* What was seen in between counts from here on. */
void site_leave_window(Site *s, usec_t now) {
        VerdictState previous = site_told(s);

        if (!s->maintained || is_in_window(s, now))
                return;
        s->maintained = false;
        site_tell(s, previous, &(const Telling){ now, s->standing.first_evidence }, now);
        site_track(s, true, now);
}

usec_t site_window_edge(const Site *s, usec_t now) {
        if (now >= s->window.until)
                return USEC_INFINITY;
        return now < s->window.from ? s->window.from : s->window.until;
}
