/* What follows from verdicts for one website: how unquiet they are, and its incidents. */
#include "hub/site-internal.h"
#include "wire/tick.h"

/* A verdict that changes faster than people can follow is followed more slowly: so each website
 * costs a bounded number of rows, whatever is said about it. */
static const PaceRule changes_pace = { .burst = 30, .interval = 2 * USEC_PER_SEC };

bool site_may_change(Site *s, usec_t now) {
        bool may = pace_take(&s->track.changes, &changes_pace, 1, now);

        s->track.change = may ? USEC_INFINITY : pace_ready(&s->track.changes, &changes_pace, 1);
        return may;
}

/* Flapping ------------------------------------------------------------------------------------- */

static FlapRule flap_rule(const Site *s) {
        return (FlapRule){ .begins = s->conf.flap_begins,
                           .half_life = flap_half_life(s->conf.interval) };
}

double site_flap_score(const Site *s, usec_t at) {
        const FlapRule rule = flap_rule(s);

        return flap_score(&s->track.flap, &rule, at);
}

usec_t site_flapping_until(const Site *s) {
        const FlapRule rule = flap_rule(s);

        return flap_until(&s->track.flap, &rule);
}

/* Told when it is in force: the incident it keeps open is there then, and still is at the end. */
static void tell_flapping(Site *s, usec_t now) {
        SiteFlapping f = {
                .on = s->track.flap.on,
                .score = site_flap_score(s, now),
                .at = now,
                .until = site_flapping_until(s),
        };

        if (s->track.flap_told == s->track.flap.on)
                return;
        s->track.flap_told = s->track.flap.on;
        if (s->effects->flapping_changed)
                s->effects->flapping_changed(&f, s->userdata);
}

static void wait_flapping(Site *s, usec_t now) {
        const FlapRule rule = flap_rule(s);

        if (flap_wait(&s->track.flap, &rule, now) == FLAP_ENDED)
                tell_flapping(s, now);
}

static VerdictState judged(const Site *s) {
        return s->standing.regional ? VERDICT_PARTIAL : s->standing.state;
}

/* From what was last known to what is known now: not knowing in between is no change, nor is what
 * people do while they work at it. */
void site_note_change(Site *s, usec_t now) {
        VerdictState state = judged(s);
        const FlapRule rule = flap_rule(s);

        wait_flapping(s, now);
        if (state == VERDICT_UNKNOWN || state == s->track.known || s->maintained)
                return;
        if (s->track.known != VERDICT_UNKNOWN)
                (void)flap_change(&s->track.flap, &rule, now);
        s->track.known = state;
}

/* The incident of being down ------------------------------------------------------------------- */

static IncidentView view_incident(const Site *s, bool counts) {
        IncidentView view = { .counts = counts, .flapping = s->track.flap.on };

        switch (judged(s)) {
        case VERDICT_UP:
                break;
        case VERDICT_DOWN:
                view.severity = SEVERITY_DOWN;
                break;
        case VERDICT_PARTIAL: /* one liar can make it where no fault is tolerated */
                view.severity = SEVERITY_PARTIAL;
                view.doubt = s->standing.assurance != ASSURANCE_FULL;
                break;
        default:
                view.doubt = true;
        }
        if (s->maintained) /* none opens meanwhile, and none becomes worse */
                view.severity = MIN(view.severity, s->track.incident.severity);
        return view;
}

static usec_t find_last_evidence(const Site *s, usec_t now) {
        usec_t last = s->track.last_down;

        if (s->conf.push)
                return now;
        if (judged(s) != VERDICT_UP)
                last = MAX(last, s->standing.evidence);
        for (uint8_t i = 0; i < seat_table_n(s->seats); i++)
                if (vote_table_outcome(s->votes, i, now) == VOTE_DOWN)
                        last = MAX(last, vote_table_last(s->votes, i)->started);
        return last == 0 ? now : MIN(last, now);
}

static void tell_incident(Site *s, SiteIncident *i, usec_t now) {
        SiteSeatView seats[SEATS_MAX];
        SiteRegion regions[SITE_PANELS_MAX];

        i->n = (uint8_t)site_view(s, now, seats);
        i->seats = seats;
        if (i->kind == INCIDENT_DOWN && i->open && i->cause == CAUSE_REGION)
                i->n_regions = site_panels_view(s, regions);
        i->regions = regions;
        i->at = now;
        if (s->effects->incident_changed)
                s->effects->incident_changed(i, s->userdata);
}

/* Who says what the verdict is: for its end those that see it up. */
static uint64_t find_witnesses(const Site *s, usec_t now) {
        RoundView view = site_view_round(s, now);

        return judged(s) == VERDICT_UP ? view.up : view.down;
}

static void follow_incident(Site *s, bool counts, usec_t now) {
        const IncidentView view = view_incident(s, counts);
        IncidentStep step = incident_observe(&s->track.incident, &view, now);
        SiteIncident i = {
                .kind = INCIDENT_DOWN,
                .step = step,
                .open = s->track.incident.severity != SEVERITY_NONE,
                .severity = s->track.incident.severity,
                .state = judged(s),
                .cause = s->standing.cause,
                .error_class = site_commonest_error(s, now),
                .called = s->call.seen,
                .first_evidence = s->standing.evidence,
        };

        if (step == INCIDENT_SAME)
                return;
        i.last_evidence = find_last_evidence(s, now);
        i.seen = find_witnesses(s, now);
        tell_incident(s, &i, now);
        if (step == INCIDENT_CLOSED)
                s->track.last_down = 0;
}

void site_track(Site *s, bool counts, usec_t now) {
        wait_flapping(s, now);
        follow_incident(s, counts, now);
        tell_flapping(s, now);
}

/* The incident of a certificate that ends soon --------------------------------------------------
 *
 * Who saw it says so; a quorum opens, a quorum closes, so a liar can do neither. */

static bool says_expired(const Vote *v) {
        return v->error_class == TICK_ERROR_TLS_EXPIRED ||
               v->error_class == TICK_ERROR_TLS_EXPIRING;
}

typedef struct ExpiryTally {
        uint64_t soon, later;     /* seats that say so, as bits; the others saw none */
        uint16_t ends[SEATS_MAX]; /* days of those that say soon, sorted; unknown ones left out */
        uint8_t n_ends;
        usec_t next; /* when the next of the others becomes one that says soon */
} ExpiryTally;

static void count_end(ExpiryTally *t, uint16_t days) {
        uint8_t at = t->n_ends++;

        for (; at > 0 && t->ends[at - 1] > days; at--)
                t->ends[at] = t->ends[at - 1];
        t->ends[at] = days;
}

static void count_expiry(ExpiryTally *t, uint64_t seat, const Vote *v, unsigned ahead, usec_t now) {
        usec_t from = v->expiry_days > ahead ? (v->expiry_days - ahead) * USEC_PER_DAY : 0;
        bool soon = says_expired(v) || (v->expiry_days > 0 && now >= from);

        if (!soon && v->expiry_days == 0)
                return;
        t->soon |= soon ? seat : 0;
        t->later |= soon ? 0 : seat;
        if (!soon)
                t->next = MIN(t->next, from);
        else if (v->expiry_days > 0)
                count_end(t, v->expiry_days);
}

static ExpiryTally tally_expiries(const Site *s, usec_t now) {
        ExpiryTally t = { .next = USEC_INFINITY };

        for (uint8_t i = 0; i < seat_table_n(s->seats); i++) {
                VoteOutcome o = vote_table_outcome(s->votes, i, now);

                if (o == VOTE_UP || o == VOTE_DOWN)
                        count_expiry(&t, SEAT_BIT(i), vote_table_last(s->votes, i),
                                     s->conf.certificate_days, now);
        }
        return t;
}

static void tell_certificate(Site *s, const ExpiryTally *t, usec_t now) {
        SiteIncident i = {
                .kind = INCIDENT_CERTIFICATE,
                .step = s->track.certificate_open ? INCIDENT_OPENED : INCIDENT_CLOSED,
                .open = s->track.certificate_open,
                .severity = s->track.certificate_open ? SEVERITY_WARNING : SEVERITY_NONE,
                .state = judged(s),
                .cause = CAUSE_QUORUM,
                .expiry_days = t->n_ends > 0 ? t->ends[(t->n_ends - 1) / 2] : 0,
                .first_evidence = now,
                .last_evidence = now,
                .seen = s->track.certificate_open ? t->soon : t->later,
        };

        tell_incident(s, &i, now);
}

static void set_certificate(Site *s, const ExpiryTally *t, bool open, usec_t now) {
        if (s->track.certificate_open == open)
                return;
        s->track.certificate_open = open;
        tell_certificate(s, t, now);
}

void site_track_certificate(Site *s, usec_t now) {
        ExpiryTally t = { .next = USEC_INFINITY };
        uint8_t q = verdict_quorum(seat_table_n(s->seats));
        bool looked_at = s->conf.certificate_days > 0 && !s->conf.push;

        if (looked_at)
                t = tally_expiries(s, now);
        s->track.certificate = t.next;
        if (!looked_at || __builtin_popcountll(t.later) >= q)
                set_certificate(s, &t, false, now);
        else if (__builtin_popcountll(t.soon) >= q && !s->maintained)
                set_certificate(s, &t, true, now);
}

void site_drop_certificate(Site *s, usec_t now) {
        set_certificate(s, &(const ExpiryTally){ .next = USEC_INFINITY }, false, now);
}

/* ---------------------------------------------------------------------------------------------- */

static usec_t if_ahead(usec_t moment, usec_t now) {
        return moment > now ? moment : USEC_INFINITY;
}

usec_t site_track_next(const Site *s, usec_t now) {
        usec_t next = MIN(if_ahead(s->track.change, now), if_ahead(s->track.certificate, now));

        return MIN(next, MIN(if_ahead(incident_due(&s->track.incident), now),
                             if_ahead(site_flapping_until(s), now)));
}

void site_restore_track(Site *s, const SiteRestore *r) {
        IncidentSeverity severity = r->severity == SEVERITY_NONE ? SEVERITY_DOWN : r->severity;
        IncidentView view;

        s->track.known = judged(s);
        s->track.flap = (Flap){
                .score = CLAMP(r->flap_score, 0.0, (double)FLAP_MOST),
                .at = r->since,
                .on = r->flapping_until != 0 && r->flapping_until != USEC_INFINITY &&
                      r->flapping_until > r->heartbeat,
        };
        s->track.flap_told = s->track.flap.on;
        s->track.certificate_open = r->certificate_open;
        view = view_incident(s, false);
        incident_resume(&s->track.incident, r->incident_open ? severity : SEVERITY_NONE, &view,
                        r->since);
}
