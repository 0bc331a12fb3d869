/* A small world around one website's machine in which everybody says what a letter of an alphabet
 * tells, and beside it rules a hub could be so naive to judge by. Time goes from event to event. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/site.h"

#define SEC      USEC_PER_SEC
#define MSEC     USEC_PER_MSEC
#define BEGIN    (UINT64_C(1750000000) * SEC)
#define PEOPLE   16
#define ANSWERS  128
#define RTT      (50 * MSEC)
#define TIMEOUT  (1 * SEC)
#define TOO_LATE (TIMEOUT + 2 * SEC + 100 * MSEC) /* a vote, and no round waits for it any more */
#define A_WHILE  (40 * SEC)                       /* whatever was said before is old */

/* What a member says whatever it sees. */
typedef enum Says {
        SAYS_UP,
        SAYS_DOWN,
        SAYS_NOTHING,
        SAYS_LATE, /* always after the round's end: what was not so before */
        SAYS_BOTH, /* one thing to one round and the other to the next */
        _SAYS_MAX,
} Says;

/* Rules that somebody who lies wins against. */
typedef enum Naive {
        NAIVE_PRESENT,   /* more than half of those that say anything */
        NAIVE_HALF,      /* half of the seats are enough */
        NAIVE_CONNECTED, /* the verdict's own rule, of as many as are connected */
        NAIVE_FORGETFUL, /* the first, of what was said since the last upheaval */
        NAIVE_PANEL,     /* a region's panel counts however small it is */
        _NAIVE_MAX,
} Naive;

typedef struct Actor {
        Says says;
        VoteOutcome next; /* of SAYS_BOTH: to the next round */
        bool seated, on_panel;
        usec_t slot, panel_slot;
        Vote last;               /* by its seat, as it came */
        VoteOutcome said, panel; /* since the last upheaval; on its panel */
} Actor;

typedef struct Answer {
        usec_t at;
        uint32_t actor;
        VoteKind kind;
        VoteOutcome outcome;
        bool panel;
} Answer;

typedef struct World {
        Candidate items[PEOPLE];
        Roster roster;
        Actor actors[PEOPLE];
        Answer answers[ANSWERS];
        size_t n_answers;
        uint8_t secret[32];
        SiteConf conf;
        Site *site;
        usec_t now;
        VoteOutcome late; /* what SAYS_LATE says */
        Epoch epoch;
        uint32_t eligible[PEOPLE];
        size_t n_eligible;
        SiteVerdict verdict;
        SiteRegion regions[2];
        unsigned seen, incidents, panels; /* seen: states, as bits */
        bool judges;                      /* naive rules too */
        unsigned naive[_NAIVE_MAX];       /* states each came to, as bits */
} World;

#define STATE(s) (1u << VERDICT_##s)

static inline void on_epoch(const Epoch *e, const uint32_t *eligible, size_t n, void *userdata) {
        World *w = userdata;

        w->epoch = *e;
        w->n_eligible = n;
        memcpy(w->eligible, eligible, n * sizeof(*eligible));
}

static inline void on_assigned(const SiteSeat *s, void *userdata) {
        Actor *a = &((World *)userdata)->actors[s->validator - 1];

        if (s->type == SEAT_MEMBER) {
                a->seated = true;
                a->slot = s->start;
        } else if (s->type == SEAT_PANEL) {
                a->on_panel = true;
                a->panel_slot = s->start;
                a->panel = VOTE_MISSING;
                ((World *)userdata)->panels++;
        }
}

static inline void on_removed(const SiteSeat *s, void *userdata) {
        Actor *a = &((World *)userdata)->actors[s->validator - 1];

        if (s->type == SEAT_MEMBER)
                a->seated = false;
        else if (s->type == SEAT_PANEL)
                a->on_panel = false;
}

static inline bool is_connected(const World *w, uint32_t actor) {
        return w->items[actor].connected_since != 0;
}

/* What it says now is on its way. */
static inline void answer(World *w, uint32_t actor, VoteKind kind, bool panel) {
        Actor *a = &w->actors[actor];
        VoteOutcome says = a->says == SAYS_UP ? VOTE_UP : VOTE_DOWN;

        if (a->says == SAYS_NOTHING || !is_connected(w, actor))
                return;
        if (a->says == SAYS_LATE)
                says = w->late;
        if (a->says == SAYS_BOTH) {
                says = a->next;
                if (kind != VOTE_SCHEDULED)
                        a->next = says == VOTE_UP ? VOTE_DOWN : VOTE_UP;
        }
        assert_true(w->n_answers < ANSWERS);
        w->answers[w->n_answers++] = (Answer){ w->now + (a->says == SAYS_LATE ? TOO_LATE : RTT),
                                               actor, kind, says, panel };
}

static inline void on_probe(const SiteProbe *p, void *userdata) {
        answer(userdata, p->validator - 1, p->reason == PROBE_CONFIRM ? VOTE_CONFIRM : VOTE_REFRESH,
               p->type == SEAT_PANEL);
}

static inline void on_verdict(const SiteVerdict *v, void *userdata) {
        World *w = userdata;

        w->verdict = *v;
        memcpy(w->regions, v->regions, v->n_regions * sizeof(*v->regions));
        w->seen |= 1u << v->state;
}

static inline void on_incident(const SiteIncident *i, void *userdata) {
        ((World *)userdata)->incidents += i->open;
}

static const SiteEffects effects = { .epoch_opened = on_epoch,
                                     .seat_assigned = on_assigned,
                                     .seat_removed = on_removed,
                                     .probe = on_probe,
                                     .verdict_changed = on_verdict,
                                     .incident_changed = on_incident };

/* Naive rules ---------------------------------------------------------------------------------- */

static inline VerdictState more_than_half(Tally t) {
        if (t.up == t.down)
                return VERDICT_UNKNOWN;
        return t.down > t.up ? VERDICT_DOWN : VERDICT_UP;
}

static inline Tally tally_of_region(const World *w) {
        Tally t = { 0 };

        for (uint32_t i = 0; i < w->roster.n; i++) {
                t.n += w->actors[i].on_panel;
                t.up += w->actors[i].on_panel && w->actors[i].panel == VOTE_UP;
                t.down += w->actors[i].on_panel && w->actors[i].panel == VOTE_DOWN;
        }
        return t;
}

static inline void judge_naively(World *w) {
        SiteSeatView seats[SEATS_MAX];
        size_t n = site_view(w->site, w->now, seats);
        Tally all = { .n = (uint8_t)n }, since = all, connected = { 0 };

        for (size_t i = 0; i < n; i++) {
                VoteOutcome said = seats[i].validator ? w->actors[seats[i].validator - 1].said
                                                      : VOTE_MISSING;

                all.up += seats[i].outcome == VOTE_UP;
                all.down += seats[i].outcome == VOTE_DOWN;
                since.up += said == VOTE_UP;
                since.down += said == VOTE_DOWN;
                if (seats[i].validator == 0 || !is_connected(w, seats[i].validator - 1))
                        continue;
                connected.n++;
                connected.up += seats[i].outcome == VOTE_UP;
                connected.down += seats[i].outcome == VOTE_DOWN;
        }
        w->naive[NAIVE_PRESENT] |= 1u << more_than_half(all);
        w->naive[NAIVE_HALF] |= 2 * all.down >= n ? STATE(DOWN) : STATE(UNKNOWN);
        w->naive[NAIVE_CONNECTED] |= 1u << verdict_judge(connected);
        w->naive[NAIVE_FORGETFUL] |= 1u << more_than_half(since);
}

/* From now on it is looked at what was seen, and those who forget begin anew. */
static inline void watch(World *w) {
        w->seen = 1u << site_state(w->site);
        memset(w->naive, 0, sizeof(w->naive));
        for (uint32_t i = 0; i < w->roster.n; i++)
                w->actors[i].said = VOTE_MISSING;
}

/* Time ----------------------------------------------------------------------------------------- */

static inline void deliver(World *w, const Answer *x) {
        Actor *a = &w->actors[x->actor];
        Vote v = { .outcome = x->outcome,
                   .kind = x->kind,
                   .error_class = x->outcome == VOTE_DOWN ? 3 : 0,
                   .latency = 20 * MSEC,
                   .started = w->now - (a->says == SAYS_LATE ? TOO_LATE : RTT) + RTT / 2,
                   .arrived = w->now };
        SiteVoter voter = { .validator = x->actor + 1, .panel = x->panel };

        if (!is_connected(w, x->actor))
                return;
        if (x->panel) {
                a->panel = v.outcome;
                w->naive[NAIVE_PANEL] |= verdict_judge(tally_of_region(w)) == VERDICT_DOWN
                                                         ? STATE(PARTIAL)
                                                         : STATE(UNKNOWN);
        } else {
                a->said = v.outcome;
        }
        if (site_vote(w->site, voter, &v, w->now) > 0 && !x->panel)
                a->last = v;
        if (w->judges)
                judge_naively(w);
}

static inline usec_t next_event(const World *w) {
        usec_t next = site_next(w->site);

        for (size_t i = 0; i < w->n_answers; i++)
                next = MIN(next, w->answers[i].at);
        for (uint32_t i = 0; i < w->roster.n; i++) {
                if (w->actors[i].seated)
                        next = MIN(next, w->actors[i].slot);
                if (w->actors[i].on_panel)
                        next = MIN(next, w->actors[i].panel_slot);
        }
        return next;
}

static inline void check_on_schedule(World *w, uint32_t actor) {
        Actor *a = &w->actors[actor];

        if (a->seated && a->slot <= w->now) {
                a->slot += w->conf.interval;
                answer(w, actor, VOTE_SCHEDULED, false);
        }
        if (a->on_panel && a->panel_slot <= w->now) {
                a->panel_slot += w->conf.interval;
                answer(w, actor, VOTE_SCHEDULED, true);
        }
}

static inline void happen(World *w) {
        for (size_t i = 0; i < w->n_answers;) {
                Answer x = w->answers[i];

                if (x.at > w->now) {
                        i++;
                        continue;
                }
                w->answers[i] = w->answers[--w->n_answers];
                deliver(w, &x);
        }
        for (uint32_t i = 0; i < w->roster.n; i++)
                check_on_schedule(w, i);
        if (site_next(w->site) <= w->now)
                site_tick(w->site, w->now);
}

static inline void run(World *w, usec_t span) {
        usec_t end = w->now + span, next;

        for (unsigned calls = 0; (next = next_event(w)) < end; calls++) {
                assert_true(calls < 100000);
                w->now = MAX(w->now, next);
                happen(w);
        }
        w->now = end;
}

/* People --------------------------------------------------------------------------------------- */

static inline void make_site(World *w) {
        assert_int_equal(site_new(&w->site, &w->conf, w->secret, &w->roster), 0);
        site_set_effects(w->site, &effects, w);
}

/* `people`, of whom n have seats: all of different operators, networks and no region. */
static inline void world_prepare(World *w, uint8_t people, uint8_t n) {
        *w = (World){ .now = BEGIN };
        w->conf = (SiteConf){
                .id = { { 9, 9 } }, .interval = 10 * SEC, .timeout = TIMEOUT, .seats = n
        };
        while (epoch_boundary(&w->conf.id, w->conf.interval, BEGIN) < BEGIN + 30 * USEC_PER_MIN)
                w->conf.id.bytes[2]++;
        for (uint32_t i = 0; i < people; i++) {
                w->items[i] = (Candidate){ .validator = i + 1,
                                           .operator_id = i + 1,
                                           .prefix = i + 1,
                                           .block = i + 1,
                                           .asn = i + 1,
                                           .connected_since = BEGIN - 60 * SEC };
                w->items[i].key[0] = (uint8_t)(i + 1);
        }
        w->roster = (Roster){ .items = w->items, .n = people };
        make_site(w);
}

static inline void world_done(World *w) {
        w->site = site_free(w->site);
}

static inline void all_say(World *w, Says says) {
        for (uint32_t i = 0; i < PEOPLE; i++)
                w->actors[i].says = says;
}

/* The holders of seats, by seat, as places of actors. */
static inline uint8_t seat_holders(const World *w, uint32_t *ret) {
        SiteSeatView seats[SEATS_MAX];
        size_t n = site_view(w->site, w->now, seats);

        for (size_t i = 0; i < n; i++)
                ret[i] = seats[i].validator - 1;
        return (uint8_t)n;
}

static inline void set_connected(World *w, uint32_t actor, bool connected) {
        if (connected == is_connected(w, actor))
                return;
        w->items[actor].connected_since = connected ? w->now : 0;
        if (!connected)
                w->items[actor].steady_until = w->now;
        if (connected)
                site_connected(w->site, actor + 1, w->now);
        else
                site_disconnected(w->site, actor + 1, w->now);
}

/* A hub that knows what its database knows. */
static inline void restart_hub(World *w) {
        SiteHeld held[SEATS_MAX];
        uint32_t holders[SEATS_MAX];
        SiteRestore r = {
                .epoch = w->epoch.number,
                .starts = w->epoch.starts,
                .ends = w->epoch.ends,
                .committee = { .order = w->eligible, .n_order = w->n_eligible, .n = w->epoch.n },
                .seats = held,
                .state = w->verdict.state,
                .assurance = w->verdict.assurance,
                .since = w->verdict.since,
                .first_evidence = w->verdict.first_evidence,
                .heartbeat = w->now
        };
        uint8_t n = seat_holders(w, holders);

        for (uint8_t i = 0; i < n; i++)
                if (holders[i] < PEOPLE)
                        held[r.n_seats++] =
                                        (SiteHeld){ i, holders[i] + 1, w->actors[holders[i]].last };
        for (uint32_t i = 0; i < w->roster.n; i++)
                w->items[i].connected_since = 0;
        site_free(w->site);
        make_site(w);
        w->n_answers = 0;
        assert_int_equal(site_restore(w->site, &r, w->now), 0);
        site_start(w->site, w->now);
}
