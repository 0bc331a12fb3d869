/* How a website's machine comes to be: new, configured, or restored from what the database knows.
 */
#include <errno.h>
#include <string.h>

#include "hub/site-internal.h"

static bool conf_is_valid(const SiteConf *c) {
        return c->interval > 0 && c->timeout > 0 && c->timeout <= c->interval / 2 && c->seats > 0 &&
               c->seats <= SEATS_MAX;
}

static void take_conf(Site *s, const SiteConf *conf) {
        s->conf = *conf;
        s->track.incident.rule = (IncidentRule){
                .confirm_down = conf->confirm_down,
                .confirm_up = conf->confirm_up,
                .confirm_down_time = conf->confirm_down_time,
                .confirm_up_time = conf->confirm_up_time,
        };
        vote_table_set_freshness(s->votes, site_freshness(s));
        s->settled = VOTE_MISSING;
}

static const SiteEffects no_effects = { 0 };

int site_new(Site **ret, const SiteConf *conf, const uint8_t *hub_secret, const Roster *roster) {
        _cleanup_(site_freep) Site *s = NULL;
        int r;

        if (!conf_is_valid(conf))
                return -EINVAL;
        s = line_alloc(sizeof(*s));
        if (!s)
                return -ENOMEM;
        *s = (Site){ .hub_secret = hub_secret,
                     .roster = roster,
                     .effects = &no_effects,
                     .track = { .change = USEC_INFINITY, .certificate = USEC_INFINITY } };
        s->timers = (SiteTimers){ .grow = USEC_INFINITY,
                                  .fill = USEC_INFINITY,
                                  .epoch = USEC_INFINITY,
                                  .round = USEC_INFINITY,
                                  .next = USEC_INFINITY };

        r = seat_table_new(&s->seats, conf->seats);
        if (r < 0)
                return r;

        r = vote_table_new(&s->votes, conf->seats, 0);
        if (r < 0)
                return r;

        r = round_new(&s->round);
        if (r < 0)
                return r;

        take_conf(s, conf);
        *ret = TAKE_PTR(s);
        return 0;
}

Site *site_free(Site *s) {
        if (!s)
                return NULL;
        round_free(s->round);
        vote_table_free(s->votes);
        seat_table_free(s->seats);
        site_panels_free(s->panels);
        committee_done(&s->committee);
        free(s);
        return NULL;
}

void site_set_effects(Site *s, const SiteEffects *effects, void *userdata) {
        s->effects = effects;
        s->userdata = userdata;
}

static bool asks_the_same(const SiteConf *a, const SiteConf *b) {
        return a->interval == b->interval && a->timeout == b->timeout && a->seats == b->seats &&
               a->target == b->target && a->push == b->push;
}

/* Votes about something else, or that are not fresh for as long as they were thought to be. */
static bool voids_votes(const Site *s, const SiteConf *conf) {
        return conf->target != s->conf.target ||
               vote_freshness(conf->interval, conf->timeout) < site_freshness(s);
}

int site_reconfigure(Site *s, const SiteConf *conf, usec_t now) {
        bool afresh = voids_votes(s, conf), same = asks_the_same(conf, &s->conf);
        bool rechoose = !same || memcmp(&conf->minima, &s->conf.minima, sizeof(Minima)) != 0;
        bool other_target = conf->target != s->conf.target;

        if (!conf_is_valid(conf) || !uuid_equal(&conf->id, &s->conf.id))
                return -EINVAL;
        if (seat_table_reserve(&s->seats, conf->seats) < 0 ||
            vote_table_reserve(&s->votes, conf->seats) < 0)
                return -ENOMEM;
        site_panels_end(s, now);
        take_conf(s, conf);
        s->reissue = s->reissue || !same;
        if (rechoose)
                s->timers.epoch = now;
        else
                site_review_rules(s, now);
        s->deaf.from = 0;
        s->deaf.until = now;
        if (conf->push)
                site_dismiss(s);
        else if (afresh)
                site_start_afresh(s, now);
        site_tick(s, now);
        if (other_target)
                site_drop_certificate(s, now);
        site_tick(s, now);
        return 0;
}

static bool seats_are_valid(const SiteRestore *r) {
        uint64_t taken = 0;

        if (r->committee.n > SEATS_MAX || (r->epoch == 0 && r->committee.n != 0))
                return false;
        for (size_t i = 0; i < r->n_seats; i++) {
                const SiteHeld *h = &r->seats[i];

                if (h->seat >= r->committee.n || h->validator == 0 || (taken & SEAT_BIT(h->seat)))
                        return false;
                taken |= SEAT_BIT(h->seat);
        }
        return true;
}

static void restore_seats(Site *s, const SiteRestore *r, usec_t now) {
        seat_table_set_n(s->seats, r->committee.n);
        for (size_t i = 0; i < r->n_seats; i++) {
                const SiteHeld *h = &r->seats[i];
                const Candidate *c = roster_find(s->roster, h->validator);
                bool present = c && c->connected_since != 0;

                if (!c || seat_table_find(s->seats, h->validator) >= 0)
                        continue;
                *seat_table_at(s->seats, h->seat) = (Seat){ .validator = h->validator,
                                                            .voter = h->validator,
                                                            .away_since = present ? 0 : now };
                if (h->vote.outcome != VOTE_MISSING)
                        vote_table_put(s->votes, h->seat, &h->vote);
        }
}

static int restore_epoch(Site *s, const SiteRestore *r, usec_t now) {
        CommitteeRule rule;
        Epoch e = { .number = r->epoch, .starts = r->starts, .ends = r->ends, .n = r->committee.n };
        int k;

        if (r->epoch == 0)
                return 0;
        epoch_derive(&e, s->hub_secret, &s->conf.id);
        rule = site_rule(s, e.secret);
        k = committee_restore(&s->committee, &rule, &r->committee);
        if (k < 0)
                return k;
        s->committee.assurance = r->assurance;
        s->lack = s->committee.unmet ? LACK_DIFFERENT : LACK_NOTHING;
        if (r->eligible_root)
                memcpy(e.eligible_root, r->eligible_root, sizeof(e.eligible_root));
        s->epoch = e;
        if (r->outdated)
                s->timers.epoch = 0;
        else
                s->timers.epoch = r->ends > now ? r->ends : epoch_overdue_end(&s->conf.id, now);
        s->reissue = r->outdated;
        round_configure(s->round, r->committee.n, s->conf.interval);
        return 0;
}

static void restore_standing(Site *s, const SiteRestore *r) {
        VerdictState state = r->state < _VERDICT_MAX ? r->state : VERDICT_UNKNOWN;

        s->maintained = state == VERDICT_MAINTENANCE; /* what was seen meanwhile is in the votes */
        if (s->maintained)
                state = VERDICT_UNKNOWN;
        s->standing = (Standing){ .state = state == VERDICT_DEGRADED ? VERDICT_UP : state,
                                  .slow = state == VERDICT_DEGRADED,
                                  .assurance = MIN(r->assurance, _ASSURANCE_MAX - 1),
                                  .cause = verdict_cause(state),
                                  .since = r->since,
                                  .first_evidence = r->first_evidence,
                                  .evidence = r->first_evidence };
        site_restore_track(s, r);
        s->heartbeat = r->heartbeat;
        s->epoch.number = r->epoch;
        s->timers.epoch = 0;
}

/* What the seats say beneath it is found again from their votes. */
static void restore_panels(Site *s, const SiteRestore *r, usec_t now) {
        site_panels_restore(s, r, now);
        if (r->cause != CAUSE_REGION || r->state != VERDICT_PARTIAL || !site_panels_stand(s))
                return;
        s->standing.state = VERDICT_UNKNOWN;
        s->standing.regional = true;
        s->standing.cause = CAUSE_REGION;
}

int site_restore(Site *s, const SiteRestore *r, usec_t now) {
        int k;

        restore_standing(s, r);
        if (!seats_are_valid(r))
                return 1;
        if (seat_table_reserve(&s->seats, r->committee.n) < 0 ||
            vote_table_reserve(&s->votes, r->committee.n) < 0)
                return -ENOMEM;
        k = restore_epoch(s, r, now);
        if (k < 0)
                return k;
        restore_seats(s, r, now);
        restore_panels(s, r, now);
        return 0;
}
