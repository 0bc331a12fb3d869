/* Regional panels of one website. Two seats or more that say down and share a region start one,
 * unless the verdict is DOWN anyway; it stands until its members find the website up, the seats say
 * so, or it has come to nothing for long. One of fewer than four annotates; the word of four makes
 * the verdict PARTIAL, if more of that region say down than may be faulty among the seats.
 *
 * A panel adds nothing to what the seats decide among themselves: DOWN and UP are theirs. What a
 * region's word is asked for is limited, so that those who lie buy little with it: a panel comes
 * when rounds have come to nothing, an interval after the last at the soonest, four after one that
 * was for nothing; and who was found wrong by one is not asked about again for an hour's worth of
 * checks, unless another seat joins in or it has said up meanwhile. */
#include <errno.h>

#include "hub/site-internal.h"

#define PANEL_REST    1u  /* intervals until the next of that region */
#define PANEL_IN_VAIN 4u  /* likewise, after one that came to nothing */
#define PANEL_MEMORY  60u /* intervals a refuted complaint is remembered for */
#define PANEL_RETRY   USEC_PER_SEC

static usec_t intervals(const Site *s, unsigned n) {
        return n * s->conf.interval;
}

static SitePanels *panels_of(Site *s) {
        if (!s->panels)
                s->panels = calloc(1, sizeof(*s->panels));
        return s->panels;
}

SitePanels *site_panels_free(SitePanels *p) {
        if (!p)
                return NULL;
        for (unsigned i = 0; i < SITE_PANELS_MAX; i++)
                panel_done(&p->panels[i]);
        free(p);
        return NULL;
}

/* Orders --------------------------------------------------------------------------------------- */

static SiteSeat describe(const Site *s, const Panel *p, uint8_t place, usec_t now) {
        SeatGrid grid = { s->conf.id, s->conf.interval, p->n };

        return (SiteSeat){
                .seat = place,
                .n = p->n,
                .type = SEAT_PANEL,
                .validator = p->members[place],
                .start = now == 0 ? 0 : seat_slot(&grid, place, now),
                .epoch = &s->epoch,
        };
}

static void ask_member(Site *s, const Panel *p, uint8_t place, usec_t now) {
        SiteSeat d = describe(s, p, place, now);

        if (s->effects->seat_assigned)
                s->effects->seat_assigned(&d, s->userdata);
        site_ask(s, (SiteProbe){ place, SEAT_PANEL, d.validator, PROBE_CONFIRM,
                                 site_deadline(s, now) });
}

static void dismiss_member(Site *s, const Panel *p, uint8_t place) {
        SiteSeat d = describe(s, p, place, 0);

        if (d.validator != 0 && !p->heard && s->effects->seat_removed)
                s->effects->seat_removed(&d, s->userdata);
}

static void dismiss_all(Site *s, const Panel *p) {
        for (uint8_t i = 0; i < p->n; i++)
                dismiss_member(s, p, i);
}

/* Memory --------------------------------------------------------------------------------------- */

/* Of that region, or one that says nothing any more; NULL: there are too many. */
static PanelRest *rest_of(SitePanels *panels, uint32_t region, usec_t now) {
        PanelRest *free_one = NULL;

        for (unsigned i = 0; i < SITE_RESTS_MAX; i++) {
                PanelRest *x = &panels->rests[i];

                if (x->region == region)
                        return x;
                if (x->region == 0 || (now >= x->until && x->refuted == 0))
                        free_one = x;
        }
        if (free_one)
                *free_one = (PanelRest){ .region = region };
        return free_one;
}

/* A seat that has said up, or nothing, since it was refuted is heard again. */
static void review_rests(Site *s, uint64_t down, usec_t now) {
        for (unsigned i = 0; i < SITE_RESTS_MAX; i++) {
                PanelRest *x = &s->panels->rests[i];

                x->refuted &= now < x->forgets ? down : 0;
                if (x->refuted == 0 && now >= x->until)
                        *x = (PanelRest){ 0 };
        }
}

/* Ending --------------------------------------------------------------------------------------- */

static void end_panel(Site *s, Panel *p, bool refuted, usec_t now) {
        PanelRest *rest = rest_of(s->panels, p->region, now);
        bool in_vain = refuted || !p->told;

        if (rest) {
                rest->until = now + intervals(s, in_vain ? PANEL_IN_VAIN : PANEL_REST);
                rest->refuted = refuted ? p->complaint : 0;
                rest->forgets = now + intervals(s, PANEL_MEMORY);
        }
        s->panels->retell = s->panels->retell || p->told;
        dismiss_all(s, p);
        panel_done(p);
}

void site_panels_end(Site *s, usec_t now) {
        for (unsigned i = 0; s->panels && i < SITE_PANELS_MAX; i++)
                if (s->panels->panels[i].region != 0)
                        end_panel(s, &s->panels->panels[i], false, now);
}

/* Complaints ----------------------------------------------------------------------------------- */

static uint32_t region_of(const Site *s, uint8_t seat) {
        const Candidate *c = roster_find(s->roster, seat_table_at(s->seats, seat)->validator);

        return c ? c->region : 0;
}

/* Seats of that region among these. */
static uint64_t seats_of(const Site *s, uint32_t region, uint64_t seats) {
        uint64_t found = 0;

        for (uint8_t i = 0; i < seat_table_n(s->seats); i++)
                if ((seats & SEAT_BIT(i)) && region_of(s, i) == region)
                        found |= SEAT_BIT(i);
        return found;
}

/* Members that say down and are not among the seats that complain: nobody is counted twice. */
static uint8_t others_down(const Site *s, const Panel *p, usec_t now) {
        uint64_t down = panel_down(p, now);
        uint8_t n = 0;

        for (uint8_t i = 0; i < p->n; i++) {
                int seat = seat_table_find(s->seats, p->members[i]);

                n += (down & SEAT_BIT(i)) && (seat < 0 || !(p->complaint & SEAT_BIT(seat)));
        }
        return n;
}

/* Standing ------------------------------------------------------------------------------------- */

static void judge_panel(Site *s, Panel *p, usec_t now) {
        uint8_t faults = verdict_faults(s->epoch.n), down;

        if (!p->heard)
                p->tally = panel_tally(p, now);
        p->said = verdict_judge(p->tally);
        down = (uint8_t)(__builtin_popcountll(p->complaint) + others_down(s, p, now));
        p->counts = p->said == VERDICT_DOWN && p->n == PANEL_SEATS && down > faults;
        if (p->said == VERDICT_DOWN)
                p->undecided = 0;
        else if (p->undecided == 0)
                p->undecided = now;
}

static usec_t patience_of(const Site *s, const Panel *p) {
        if (p->undecided == 0)
                return USEC_INFINITY;
        return site_deadline(s, p->undecided + s->conf.interval);
}

/* While something is under way among the seats, what they say may be old: only an answer ends it.
 */
static void review_panel(Site *s, Panel *p, const RoundView *view, bool held, usec_t now) {
        uint64_t complaint = seats_of(s, p->region, view->down);

        if (!held)
                p->complaint = complaint;
        judge_panel(s, p, now);
        if (p->said == VERDICT_UP || now >= patience_of(s, p)) {
                end_panel(s, p, p->said == VERDICT_UP || !p->told, now);
                return;
        }
        if (!held && __builtin_popcountll(complaint) < 2) {
                end_panel(s, p, false, now);
                return;
        }
        if (p->said == VERDICT_DOWN && p->n < PANEL_SEATS && !p->heard) {
                dismiss_all(s, p);
                p->heard = true;
        }
}

/* Beginning ------------------------------------------------------------------------------------ */

static uint8_t choose(const Site *s, uint32_t region, uint64_t complaint, uint32_t *ret) {
        uint32_t seated[SEATS_MAX], complaining[SEATS_MAX];
        PanelChoice choice = { .seated = seated, .complaining = complaining };

        for (uint8_t i = 0; i < seat_table_n(s->seats); i++) {
                uint32_t validator = seat_table_at(s->seats, i)->validator;

                seated[choice.n_seated++] = validator;
                if (complaint & SEAT_BIT(i))
                        complaining[choice.n_complaining++] = validator;
        }
        return panel_choose(&s->committee, region, &choice, ret);
}

static Panel *free_panel(SitePanels *panels) {
        for (unsigned i = 0; i < SITE_PANELS_MAX; i++)
                if (panels->panels[i].region == 0)
                        return &panels->panels[i];
        return NULL;
}

static bool has_panel(const SitePanels *panels, uint32_t region) {
        for (unsigned i = 0; i < SITE_PANELS_MAX; i++)
                if (panels->panels[i].region == region)
                        return true;
        return false;
}

/* As an epoch does, it has to wait while too much is chosen, or stored, elsewhere. */
static bool may_begin(Site *s, usec_t now) {
        if (now < s->panels->retry)
                return false;
        if (!s->effects->may_open || s->effects->may_open(s->roster->n, s->userdata))
                return true;
        s->panels->retry = now + PANEL_RETRY;
        return false;
}

static void begin_panel(Site *s, uint32_t region, uint64_t complaint, usec_t now) {
        uint32_t members[PANEL_SEATS];
        Panel *p = free_panel(s->panels);
        PanelRest *rest = rest_of(s->panels, region, now);
        uint8_t n;

        if (!p || !rest || now < rest->until || (complaint & ~rest->refuted) == 0 ||
            !may_begin(s, now))
                return;
        rest->until = now + intervals(s, PANEL_REST); /* whatever comes of it */
        n = choose(s, region, complaint, members);
        if (n == 0 || panel_init(p, region, n, site_freshness(s)) < 0)
                return;
        p->complaint = complaint;
        p->undecided = now;
        for (uint8_t i = 0; i < n; i++)
                p->members[i] = members[i];
        for (uint8_t i = 0; i < n; i++)
                ask_member(s, p, i, now);
}

static void begin_panels(Site *s, uint64_t down, usec_t now) {
        uint64_t left = down;

        for (uint8_t i = 0; i < seat_table_n(s->seats); i++) {
                uint32_t region = (left & SEAT_BIT(i)) ? region_of(s, i) : 0;
                uint64_t complaint = region != 0 ? seats_of(s, region, left) : 0;

                left &= ~complaint;
                if (__builtin_popcountll(complaint) < 2 || !panels_of(s) ||
                    has_panel(s->panels, region))
                        continue;
                begin_panel(s, region, complaint, now);
        }
}

static bool is_forgotten(const SitePanels *panels) {
        for (unsigned i = 0; i < SITE_PANELS_MAX; i++)
                if (panels->panels[i].region != 0)
                        return false;
        for (unsigned i = 0; i < SITE_RESTS_MAX; i++)
                if (panels->rests[i].region != 0)
                        return false;
        return !panels->retell;
}

void site_panels(Site *s, usec_t now) {
        RoundView view = site_view_round(s, now);
        bool held;

        if (!s->panels && __builtin_popcountll(view.down) < 2)
                return;
        held = site_is_held(s, JUDGE_TIME, now);
        if (s->standing.state == VERDICT_DOWN)
                site_panels_end(s, now);
        for (unsigned i = 0; s->panels && i < SITE_PANELS_MAX; i++)
                if (s->panels->panels[i].region != 0)
                        review_panel(s, &s->panels->panels[i], &view, held, now);
        if (s->panels)
                review_rests(s, view.down, now);
        if (!held && s->standing.state != VERDICT_DOWN)
                begin_panels(s, view.down, now);
        if (s->panels && is_forgotten(s->panels))
                s->panels = site_panels_free(s->panels);
}

bool site_panels_stand(const Site *s) {
        for (unsigned i = 0; s->panels && i < SITE_PANELS_MAX; i++)
                if (s->panels->panels[i].region != 0)
                        return true;
        return false;
}

/* Votes and people ----------------------------------------------------------------------------- */

int site_panels_vote(Site *s, uint32_t validator, const Vote *vote) {
        for (unsigned i = 0; s->panels && i < SITE_PANELS_MAX; i++) {
                Panel *p = &s->panels->panels[i];
                int place = p->region != 0 && !p->heard ? panel_find(p, validator) : -ENOENT;

                if (place >= 0)
                        return vote_table_put(p->votes, (uint8_t)place, vote);
        }
        return 0;
}

/* Who is suspended, or of another region now, says nothing here any more. */
void site_panels_roster(Site *s) {
        for (unsigned i = 0; s->panels && i < SITE_PANELS_MAX; i++) {
                Panel *p = &s->panels->panels[i];

                for (uint8_t k = 0; k < p->n; k++) {
                        const Candidate *c = roster_find(s->roster, p->members[k]);

                        if (p->members[k] == 0 || (c && c->region == p->region))
                                continue;
                        dismiss_member(s, p, k);
                        p->members[k] = 0;
                        vote_table_clear(p->votes, k);
                }
        }
}

/* Telling -------------------------------------------------------------------------------------- */

bool site_panels_count(const Site *s) {
        for (unsigned i = 0; s->panels && i < SITE_PANELS_MAX; i++)
                if (s->panels->panels[i].counts)
                        return true;
        return false;
}

bool site_panels_news(const Site *s) {
        if (!s->panels)
                return false;
        for (unsigned i = 0; i < SITE_PANELS_MAX; i++) {
                const Panel *p = &s->panels->panels[i];

                if (p->region != 0 && (p->said == VERDICT_DOWN) != p->told)
                        return true;
        }
        return s->panels->retell;
}

static uint32_t witness_of(const Panel *p) {
        for (uint8_t i = 0; i < p->n; i++)
                if (p->members[i] != 0)
                        return p->members[i];
        return 0;
}

static SiteRegion view_panel(const Panel *p) {
        return (SiteRegion){ .region = p->region,
                             .witness = witness_of(p),
                             .n = p->tally.n,
                             .up = p->tally.up,
                             .down = p->tally.down,
                             .counts = p->counts };
}

uint8_t site_panels_tell(Site *s, SiteRegion ret[static SITE_PANELS_MAX]) {
        uint8_t n = 0;

        if (!s->panels)
                return 0;
        s->panels->retell = false;
        for (unsigned i = 0; i < SITE_PANELS_MAX; i++) {
                Panel *p = &s->panels->panels[i];

                p->told = p->region != 0 && p->said == VERDICT_DOWN;
                if (p->told)
                        ret[n++] = view_panel(p);
        }
        return n;
}

uint8_t site_panels_view(const Site *s, SiteRegion ret[static SITE_PANELS_MAX]) {
        uint8_t n = 0;

        for (unsigned i = 0; s->panels && i < SITE_PANELS_MAX; i++)
                if (s->panels->panels[i].counts)
                        ret[n++] = view_panel(&s->panels->panels[i]);
        return n;
}

/* Of seats that were outvoted the round says only that they were wrong: their last word counts. */
usec_t site_panels_evidence(const Site *s, usec_t now) {
        usec_t first = now;

        for (unsigned i = 0; s->panels && i < SITE_PANELS_MAX; i++) {
                const Panel *p = &s->panels->panels[i];

                if (!p->counts)
                        continue;
                first = MIN(first, panel_evidence(p, now));
                for (uint8_t k = 0; k < seat_table_n(s->seats); k++) {
                        const Vote *last = vote_table_last(s->votes, k);

                        if ((p->complaint & SEAT_BIT(k)) && last)
                                first = MIN(first, last->started);
                }
        }
        return MAX(first, s->standing.first_evidence);
}

static usec_t panel_next(const Site *s, const Panel *p, usec_t now) {
        usec_t patience = patience_of(s, p);
        usec_t next = p->heard ? USEC_INFINITY : vote_table_next(p->votes, p->n, now);

        return patience > now ? MIN(next, patience) : next;
}

usec_t site_panels_next(const Site *s, usec_t now) {
        usec_t next = USEC_INFINITY;

        if (!s->panels)
                return next;
        if (s->panels->retry > now)
                next = s->panels->retry;
        for (unsigned i = 0; i < SITE_PANELS_MAX; i++)
                if (s->panels->panels[i].region != 0)
                        next = MIN(next, panel_next(s, &s->panels->panels[i], now));
        for (unsigned i = 0; i < SITE_RESTS_MAX; i++) {
                const PanelRest *x = &s->panels->rests[i];

                if (x->region != 0 && x->until > now)
                        next = MIN(next, x->until);
                if (x->refuted != 0 && x->forgets > now)
                        next = MIN(next, x->forgets);
        }
        return next;
}

/* What the database knows ---------------------------------------------------------------------- */

static Panel *restored_panel(Site *s, uint32_t region, const SitePanelHeld *h) {
        Panel *p;

        if (region == 0 || h->n == 0 || h->n > PANEL_SEATS || h->held.seat >= h->n || !panels_of(s))
                return NULL;
        for (unsigned i = 0; i < SITE_PANELS_MAX; i++)
                if (s->panels->panels[i].region == region)
                        return s->panels->panels[i].n == h->n ? &s->panels->panels[i] : NULL;
        p = free_panel(s->panels);
        if (!p || panel_init(p, region, h->n, site_freshness(s)) < 0)
                return NULL;
        return p;
}

/* Whose order belongs to none any more is not asked any more. */
static void refuse_held(Site *s, const SitePanelHeld *h) {
        SiteSeat d = { .seat = h->held.seat,
                       .n = h->n,
                       .type = SEAT_PANEL,
                       .validator = h->held.validator,
                       .epoch = &s->epoch };

        if (s->effects->seat_removed)
                s->effects->seat_removed(&d, s->userdata);
}

void site_panels_restore(Site *s, const SiteRestore *r, usec_t now) {
        for (size_t i = 0; i < r->n_panel; i++) {
                const SitePanelHeld *h = &r->panel[i];
                const Candidate *c = roster_find(s->roster, h->held.validator);
                Panel *p = restored_panel(s, c ? c->region : 0, h);

                if (!p || p->members[h->held.seat] != 0) {
                        refuse_held(s, h);
                        continue;
                }
                p->members[h->held.seat] = h->held.validator;
                p->undecided = now + site_freshness(s); /* they may return first */
                p->told = p->n == PANEL_SEATS && r->cause == CAUSE_REGION;
                if (h->held.vote.outcome != VOTE_MISSING)
                        vote_table_put(p->votes, h->held.seat, &h->held.vote);
        }
        if (r->regions_told && panels_of(s))
                s->panels->retell = !site_panels_stand(s);
}
