/* Epochs and seats of one website: when a new epoch opens, who leaves, who takes which seat. */
#include <string.h>

#include "hub/site-internal.h"
#include "wire/bytes.h"

#define GROWTH_QUIET CANDIDATE_STEADY
#define GROWTH_LIMIT (60 * USEC_PER_SEC) /* connects without end do not put growth off for ever */
#define EPOCH_RETRY  (60 * USEC_PER_SEC)
/* An epoch that has to wait for others comes again between the half and the two seconds. */
#define EPOCH_TURN        (500 * USEC_PER_MSEC)
#define EPOCH_TURN_SPREAD (1500 * USEC_PER_MSEC)

CommitteeRule site_rule(const Site *s, const uint8_t *secret) {
        return (CommitteeRule){
                .roster = s->roster,
                .website = &s->conf.id,
                .secret = secret,
                .seats = s->conf.seats,
                .minima = s->conf.minima,
                .admits = s->effects->admits,
                .userdata = s->userdata,
        };
}

uint64_t site_joining(const Site *s, usec_t now) {
        uint64_t joining = 0;

        for (uint8_t i = 0; now < s->timers.joins && i < seat_table_n(s->seats); i++) {
                const Seat *x = seat_table_at(s->seats, i);

                if (x->joined != 0 && x->away_since == 0)
                        joining |= SEAT_BIT(i);
        }
        return joining;
}

static SiteSeat describe(const Site *s, uint8_t seat, SeatType type, usec_t now) {
        const Seat *x = seat_table_at(s->seats, seat);
        SeatGrid grid = { s->conf.id, s->conf.interval, s->epoch.n };

        return (SiteSeat){
                .seat = seat,
                .n = s->epoch.n,
                .type = type,
                .validator = type == SEAT_MEMBER ? x->validator : x->spare,
                .start = now == 0 ? 0 : seat_slot(&grid, seat, now),
                .epoch = &s->epoch,
        };
}

static void tell_assigned(Site *s, uint8_t seat, SeatType type, usec_t now) {
        SiteSeat d = describe(s, seat, type, now);

        if (s->effects->seat_assigned)
                s->effects->seat_assigned(&d, s->userdata);
}

static void tell_removed(Site *s, uint8_t seat, SeatType type) {
        SiteSeat d = describe(s, seat, type, 0);

        if (d.validator != 0 && s->effects->seat_removed)
                s->effects->seat_removed(&d, s->userdata);
}

/* Who is unknown is not refused: it is released by who notices. */
static bool is_refused(const Site *s, const Seat *x) {
        const Candidate *c = roster_find(s->roster, x->validator);

        return c && !committee_admits(&s->committee, c);
}

void site_review(Site *s) {
        for (uint8_t i = 0; i < seat_table_n(s->seats); i++) {
                Seat *x = seat_table_at(s->seats, i);

                x->leaving = x->leaving || is_refused(s, x);
        }
}

void site_review_all(Site *s, usec_t now) {
        uint32_t seated[SEATS_MAX];
        uint8_t n = seat_table_n(s->seats);

        site_review(s);
        for (uint8_t i = 0; i < n; i++)
                seated[i] = seat_table_at(s->seats, i)->validator;
        if (s->lack == LACK_DIFFERENT || !committee_suffices(&s->committee, seated, n))
                s->timers.epoch = MIN(s->timers.epoch, now);
}

void site_review_rules(Site *s, usec_t now) {
        CommitteeRule rule = site_rule(s, NULL);

        site_review(s);
        s->newcomers = true;
        s->timers.fill = now;
        if (s->lack != LACK_NOTHING || committee_size(&rule, now) != s->epoch.n)
                s->timers.epoch = MIN(s->timers.epoch, now);
}

static void tell_lack(Site *s, SiteLack lack) {
        if (lack != s->lack && s->effects->lack_changed)
                s->effects->lack_changed(lack, s->userdata);
        s->lack = lack;
}

void site_release(Site *s, uint8_t seat) {
        tell_removed(s, seat, SEAT_SPARE);
        tell_removed(s, seat, SEAT_MEMBER);
        *seat_table_at(s->seats, seat) = (Seat){ 0 };
        vote_table_clear(s->votes, seat);
        round_forget(s->round, seat);
}

static void abandon_round(Site *s) {
        const RoundView silence = { .verdict = VOTE_MISSING };

        if (!round_is_open(s->round))
                return;
        (void)round_end(s->round, &silence);
        site_release_spares(s);
}

void site_dismiss(Site *s) {
        abandon_round(s);
        for (uint8_t i = 0; i < seat_table_n(s->seats); i++)
                site_release(s, i);
        seat_table_set_n(s->seats, 0);
        s->epoch.n = 0;
}

/* One vote wherever it sits: what it said in the place of another ends when it sits elsewhere. */
static void recall_vote(Site *s, uint32_t validator, uint8_t seat) {
        for (uint8_t i = 0; i < seat_table_n(s->seats); i++) {
                Seat *x = seat_table_at(s->seats, i);

                if (i == seat || x->voter != validator || x->validator == validator)
                        continue;
                x->voter = 0;
                vote_table_clear(s->votes, i);
                round_forget(s->round, i);
        }
}

static void seat_member(Site *s, uint8_t seat, uint32_t validator, usec_t now) {
        usec_t deadline = site_deadline(s, now);

        recall_vote(s, validator, seat);
        site_release(s, seat);
        *seat_table_at(s->seats, seat) = (Seat){ .validator = validator, .joined = now };
        tell_assigned(s, seat, SEAT_MEMBER, now);
        s->timers.joins = deadline;
        site_ask(s, (SiteProbe){ seat, SEAT_MEMBER, validator, PROBE_JOIN, deadline });
}

void site_start_afresh(Site *s, usec_t now) {
        s->settled = VOTE_MISSING;
        s->afresh = true;
        s->timers.joins = site_deadline(s, now);
        abandon_round(s);
        for (uint8_t i = 0; i < seat_table_n(s->seats); i++) {
                Seat *x = seat_table_at(s->seats, i);

                vote_table_clear(s->votes, i);
                round_forget(s->round, i);
                x->joined = x->validator != 0 ? now : 0;
        }
}

void site_seat_spare(Site *s, uint8_t seat, uint32_t validator, usec_t now) {
        recall_vote(s, validator, seat);
        seat_table_at(s->seats, seat)->spare = validator;
        tell_assigned(s, seat, SEAT_SPARE, now);
}

void site_release_spares(Site *s) {
        for (uint8_t i = 0; i < seat_table_n(s->seats); i++) {
                tell_removed(s, i, SEAT_SPARE);
                seat_table_at(s->seats, i)->spare = 0;
        }
}

/* How many new holders have not voted yet; one who never does stops to count when its silence has
 * lasted as long as a vote. */
static uint8_t count_changing(const Site *s, usec_t now) {
        uint8_t n = 0;

        for (uint8_t i = 0; i < seat_table_n(s->seats); i++) {
                const Seat *x = seat_table_at(s->seats, i);

                n += x->joined != 0 && now < x->joined + site_freshness(s);
        }
        return n;
}

/* Filling a seat that says nothing costs no vote; changing one that does is rationed. Who is not
 * admitted any more sits until its successor comes, if there is one. */
static void fill_seat(Site *s, uint8_t seat, uint8_t *changing, usec_t now) {
        const Seat *x = seat_table_at(s->seats, seat);
        uint32_t successor;

        if (is_refused(s, x) && seat_table_successor(s->seats, &s->committee, seat) == 0) {
                site_release(s, seat);
                return;
        }
        if (vote_table_outcome(s->votes, seat, now) != VOTE_MISSING &&
            *changing >= seat_changes_allowed(s->epoch.n)) {
                s->timers.fill = MIN(s->timers.fill, now + site_freshness(s));
                return;
        }
        successor = seat_table_successor(s->seats, &s->committee, seat);
        if (successor == 0) {
                s->newcomers = s->newcomers || !x->leaving;
                return;
        }
        seat_member(s, seat, successor, now);
        (*changing)++;
}

static void fill_seats(Site *s, usec_t now) {
        uint8_t changing = count_changing(s, now);

        s->timers.fill = USEC_INFINITY;
        for (uint8_t i = 0; i < seat_table_n(s->seats); i++) {
                const Seat *x = seat_table_at(s->seats, i);

                if (seat_wants_change(x, s->conf.interval, now))
                        fill_seat(s, i, &changing, now);
                else if (x->away_since != 0)
                        s->timers.fill = MIN(s->timers.fill,
                                             x->away_since + seat_grace(s->conf.interval));
        }
}

/* A seat below n that its holder does not need. */
static int find_free_seat(const Site *s, uint8_t n) {
        for (uint8_t i = 0; i < n; i++) {
                const Seat *x = seat_table_at(s->seats, i);

                if (x->validator == 0 || x->leaving)
                        return i;
        }
        return -1;
}

/* The seats from n on vanish; who stays among their holders takes a freed seat with its vote. */
static void shrink(Site *s, uint8_t n) {
        for (uint8_t i = n; i < seat_table_n(s->seats); i++) {
                Seat *x = seat_table_at(s->seats, i);
                int to = x->validator != 0 && !x->leaving ? find_free_seat(s, n) : -1;

                if (to < 0) {
                        site_release(s, i);
                        continue;
                }
                tell_removed(s, i, SEAT_MEMBER);
                site_release(s, to);
                *seat_table_at(s->seats, to) = *x;
                *x = (Seat){ 0 };
                vote_table_move(s->votes, i, to);
                round_move(s->round, i, to);
        }
}

static void reissue_orders(Site *s, usec_t now) {
        usec_t deadline = site_deadline(s, now);

        for (uint8_t i = 0; i < s->epoch.n; i++) {
                const Seat *x = seat_table_at(s->seats, i);

                if (x->validator == 0)
                        continue;
                tell_assigned(s, i, SEAT_MEMBER, now);
                if (s->afresh && x->away_since == 0)
                        site_ask(s,
                                 (SiteProbe){ i, SEAT_MEMBER, x->validator, PROBE_JOIN, deadline });
        }
        s->reissue = s->afresh = false;
}

static void enter_epoch(Site *s, usec_t now) {
        if (s->effects->epoch_opened)
                s->effects->epoch_opened(&s->epoch, s->committee.order, s->committee.n_order,
                                         s->userdata);
        seat_table_mark_leaving(s->seats, &s->committee, s->conf.interval, now);
        if (s->epoch.n != seat_table_n(s->seats)) {
                shrink(s, s->epoch.n);
                seat_table_set_n(s->seats, s->epoch.n);
                s->reissue = true;
        }
        round_configure(s->round, s->epoch.n, s->conf.interval);
        if (s->reissue)
                reissue_orders(s, now);
        s->timers.epoch = s->epoch.ends;
        s->timers.fill = now;
}

/* Who is admitted sits on, for as long as it is known. */
static void go_on_without_anybody(Site *s, usec_t now) {
        site_review(s);
        s->committee.assurance = ASSURANCE_SINGLE;
        s->timers.fill = now;
        tell_lack(s, LACK_ANYBODY);
}

static void enter(Site *s, const Epoch *next, const Committee *c, usec_t now) {
        committee_done(&s->committee);
        s->committee = *c;
        s->epoch = *next;
        enter_epoch(s, now);
        committee_compact(&s->committee);
        tell_lack(s, c->unmet ? LACK_DIFFERENT : LACK_NOTHING);
}

/* Without anybody eligible, or memory, the running epoch goes on and it is tried again. */
static void open_epoch(Site *s, usec_t now) {
        Epoch next = { .number = s->epoch.number + 1, .starts = now };
        Committee c = { 0 };
        CommitteeRule rule;
        int r;

        s->timers.epoch = now + EPOCH_RETRY;
        epoch_derive(&next, s->hub_secret, &s->conf.id);
        rule = site_rule(s, next.secret);
        r = committee_form(&c, &rule, now);
        if (r >= 0 && c.n > 0)
                r = epoch_commit(&next, s->hub_secret, s->roster, c.order, c.n_order);
        if (r < 0 || c.n == 0) {
                committee_done(&c);
                if (r >= 0)
                        go_on_without_anybody(s, now);
                return;
        }
        next.n = c.n;
        next.seats = s->conf.seats;
        next.caps = c.caps;
        next.minima = s->conf.minima;
        next.unmet = c.unmet;
        next.ends = epoch_boundary(&s->conf.id, s->conf.interval, now);
        enter(s, &next, &c, now);
}

static bool has_vacancy(const Site *s, usec_t now) {
        for (uint8_t i = 0; i < seat_table_n(s->seats); i++) {
                const Seat *x = seat_table_at(s->seats, i);

                if (!x->leaving && seat_wants_change(x, s->conf.interval, now))
                        return true;
        }
        return false;
}

bool site_has_room(const Site *s, usec_t now) {
        return s->reissue || s->committee.unmet || s->epoch.n < s->conf.seats ||
               has_vacancy(s, now);
}

static bool is_newcomer(const Site *s, const Candidate *c) {
        if (c->connected_since == 0 ||
            (s->lack != LACK_ANYBODY && committee_lists(&s->committee, c->validator)))
                return false;
        return !s->effects->admits || s->effects->admits(c, s->userdata);
}

/* When the newcomers have been quiet for ten seconds, or the first has waited for a minute more. */
static usec_t growth_due(const Site *s, usec_t now) {
        usec_t first = USEC_INFINITY, last = 0;

        if (!site_has_room(s, now))
                return USEC_INFINITY;
        for (size_t i = 0; i < s->roster->n; i++) {
                const Candidate *c = &s->roster->items[i];

                if (!is_newcomer(s, c))
                        continue;
                first = MIN(first, c->connected_since);
                last = MAX(last, c->connected_since);
        }
        if (last == 0)
                return USEC_INFINITY;
        return MIN(last + GROWTH_QUIET, first + GROWTH_QUIET + GROWTH_LIMIT);
}

static bool could_grow(const Site *s, usec_t now) {
        CommitteeRule rule = site_rule(s, NULL);

        return s->committee.unmet || has_vacancy(s, now) ||
               committee_size(&rule, now) > (s->reissue ? 0 : s->epoch.n);
}

/* What was changed does not wait: the orders that are out say what is no longer asked for. */
static bool may_open(const Site *s) {
        return s->reissue || !s->effects->may_open ||
               s->effects->may_open(s->roster->n, s->userdata);
}

/* Those that wait come at different times. */
static usec_t next_turn(const Site *s, usec_t now) {
        const uint8_t *id = s->conf.id.bytes;

        return now + EPOCH_TURN + get_u16(id + 14) * EPOCH_TURN_SPREAD / 65536;
}

static void renew(Site *s, usec_t now) {
        if (now >= s->timers.epoch) {
                if (may_open(s))
                        open_epoch(s, now);
                else
                        s->timers.epoch = next_turn(s, now);
        }
        if (now >= s->timers.fill)
                fill_seats(s, now);
}

/* Nothing moves while a round is open: its answers belong to those who were asked. */
void site_staff(Site *s, usec_t now) {
        if (round_is_open(s->round))
                return;
        renew(s, now);
        if (s->newcomers) {
                s->newcomers = false;
                s->timers.grow = growth_due(s, now);
                if (s->epoch.n == 0 && s->timers.grow == USEC_INFINITY)
                        tell_lack(s, LACK_ANYBODY);
        }
        if (now < s->timers.grow)
                return;
        s->timers.grow = USEC_INFINITY;
        if (could_grow(s, now)) {
                s->timers.epoch = now;
                renew(s, now);
        }
}
