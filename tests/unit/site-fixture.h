/* A virtual room for one website's machine: people on fast lines, a clock of 10 ms, every effect
 * recorded. */
#pragma once

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/site.h"

#define SEC     USEC_PER_SEC
#define MSEC    USEC_PER_MSEC
#define BEGIN   (UINT64_C(1750000000) * SEC)
#define PEOPLE  12
#define RTT     (50 * MSEC)
#define PENDING 64

typedef enum Manner {
        MANNER_HONEST,
        MANNER_SAYS_UP,
        MANNER_SAYS_DOWN,
        MANNER_SILENT,
} Manner;

typedef struct Person {
        Manner manner;
        usec_t latency; /* 0: 20 ms */
        uint8_t family; /* it looks over */
        uint8_t seat;
        bool seated;
        uint16_t ends; /* what it says of the certificate; 0: the truth */
        usec_t next_slot;
        bool on_panel;
        usec_t next_of_panel; /* its slot there */
        Vote last;
} Person;

typedef struct Bench {
        Candidate items[PEOPLE];
        Roster roster;
        Person people[PEOPLE];
        uint8_t secret[32];
        SiteConf conf;
        Site *site;
        usec_t now;
        bool up;
        uint32_t cut_region; /* it is down there; 0: nowhere */
        struct {
                usec_t at;
                uint32_t validator;
                VoteKind kind;
                bool panel;
        } pending[PENDING];
        size_t n_pending;
        Epoch epoch;
        uint32_t eligible[PEOPLE];
        size_t n_eligible;
        SiteVerdict verdict;
        usec_t verdict_at;
        SiteIncident incident;
        SiteRegion incident_region; /* the first of its regions */
        SiteFlapping flapping;
        unsigned verdicts, partials, unknowns, incidents, closed, confirms, refreshes, joins,
                        epochs;
        unsigned spares, assigned, panels, panel_votes; /* panels: orders of them */
        SiteRegion regions[2];
        /* a vote or a tick, which then comes at every step; NULL: nothing */
        void (*before)(Site *s);
        uint64_t emptied; /* seats whose order was taken away, as bits */
        uint64_t unable;  /* people that cannot do this check, as bits */
        bool too_many;    /* epochs begin elsewhere */
        unsigned escalated, eased, flaps, calms;
        uint16_t ends; /* of the certificate, days since 1970; 0: there is none */
        unsigned postponed;
        SiteLack lack;
        unsigned lacks; /* how often it was told */
} Bench;

static inline bool on_may_open(size_t candidates, void *userdata) {
        Bench *b = userdata;

        assert_int_equal(candidates, b->roster.n);
        b->postponed += b->too_many;
        return !b->too_many;
}

static inline bool on_admits(const Candidate *c, void *userdata) {
        const Bench *b = userdata;

        return !(b->unable & UINT64_C(1) << (c->validator - 1));
}

static inline void on_epoch(const Epoch *e, const uint32_t *eligible, size_t n, void *userdata) {
        Bench *b = userdata;

        b->epoch = *e;
        b->n_eligible = n;
        memcpy(b->eligible, eligible, n * sizeof(*eligible));
        b->epochs++;
}

static inline void on_panel_assigned(Bench *b, const SiteSeat *s) {
        Person *p = &b->people[s->validator - 1];

        assert_true(s->start > b->now && s->start <= b->now + b->conf.interval);
        assert_true(s->seat < s->n && s->n <= 4);
        assert_false(p->on_panel);
        b->panels++;
        p->on_panel = true;
        p->next_of_panel = s->start;
}

static inline void on_assigned(const SiteSeat *s, void *userdata) {
        Bench *b = userdata;
        Person *p = &b->people[s->validator - 1];

        b->spares += s->type == SEAT_SPARE;
        if (s->type == SEAT_PANEL)
                on_panel_assigned(b, s);
        if (s->type != SEAT_MEMBER)
                return;
        assert_true(s->start > b->now && s->start <= b->now + b->conf.interval);
        assert_int_equal(s->n, b->epoch.n);
        b->assigned++;
        p->seated = true;
        p->seat = s->seat;
        p->next_slot = s->start;
}

static inline void on_removed(const SiteSeat *s, void *userdata) {
        Bench *b = userdata;

        if (s->type == SEAT_MEMBER) {
                b->people[s->validator - 1].seated = false;
                b->emptied |= UINT64_C(1) << s->seat;
        }
        if (s->type == SEAT_PANEL)
                b->people[s->validator - 1].on_panel = false;
}

static inline void on_probe(const SiteProbe *p, void *userdata) {
        Bench *b = userdata;

        b->confirms += p->reason == PROBE_CONFIRM && p->type != SEAT_PANEL;
        b->refreshes += p->reason == PROBE_REFRESH;
        b->joins += p->reason == PROBE_JOIN;
        assert_true(p->deadline > b->now);
        assert_true(b->n_pending < PENDING);
        b->pending[b->n_pending].at = b->now + RTT;
        b->pending[b->n_pending].validator = p->validator;
        b->pending[b->n_pending].panel = p->type == SEAT_PANEL;
        b->pending[b->n_pending++].kind = p->reason == PROBE_REFRESH ? VOTE_REFRESH : VOTE_CONFIRM;
}

static inline void on_verdict(const SiteVerdict *v, void *userdata) {
        Bench *b = userdata;

        b->verdict = *v;
        b->verdict.seats = NULL;
        b->verdict.regions = NULL;
        memcpy(b->regions, v->regions, v->n_regions * sizeof(*v->regions));
        b->verdict_at = b->now;
        b->verdicts++;
        b->partials += v->state == VERDICT_PARTIAL;
        b->unknowns += v->state == VERDICT_UNKNOWN;
}

static inline void on_incident(const SiteIncident *i, void *userdata) {
        Bench *b = userdata;

        b->incident = *i;
        b->incident.seats = NULL;
        b->incident.regions = NULL;
        b->incident_region = i->n_regions > 0 ? i->regions[0] : (SiteRegion){ 0 };
        b->incidents += i->step == INCIDENT_OPENED;
        b->escalated += i->step == INCIDENT_ESCALATED;
        b->eased += i->step == INCIDENT_EASED;
        b->closed += i->step == INCIDENT_CLOSED;
}

static inline void on_flapping(const SiteFlapping *f, void *userdata) {
        Bench *b = userdata;

        b->flapping = *f;
        b->flaps += f->on;
        b->calms += !f->on;
}

static inline void on_lack(SiteLack lack, void *userdata) {
        Bench *b = userdata;

        b->lack = lack;
        b->lacks++;
}

static const SiteEffects effects = { .admits = on_admits,
                                     .may_open = on_may_open,
                                     .epoch_opened = on_epoch,
                                     .seat_assigned = on_assigned,
                                     .seat_removed = on_removed,
                                     .probe = on_probe,
                                     .verdict_changed = on_verdict,
                                     .incident_changed = on_incident,
                                     .lack_changed = on_lack,
                                     .flapping_changed = on_flapping };

static inline void make_site(Bench *b) {
        assert_int_equal(site_new(&b->site, &b->conf, b->secret, &b->roster), 0);
        site_set_effects(b->site, &effects, b);
}

/* All but the machine: T = 10 s, timeout 5 s, n validators connected for long, an epoch of which
 * half an hour is left. */
static inline void bench_prepare(Bench *b, size_t n, uint8_t seats) {
        *b = (Bench){ .now = BEGIN, .up = true };
        b->conf = (SiteConf){
                .id = { { 9, 9 } }, .interval = 10 * SEC, .timeout = 5 * SEC, .seats = seats
        };
        while (epoch_boundary(&b->conf.id, b->conf.interval, BEGIN) < BEGIN + 30 * USEC_PER_MIN)
                b->conf.id.bytes[2]++;
        for (uint32_t i = 0; i < n; i++) {
                b->items[i] = (Candidate){ .validator = i + 1,
                                           .operator_id = i + 1,
                                           .prefix = i + 1,
                                           .block = i + 1,
                                           .asn = i + 1,
                                           .region = 1,
                                           .connected_since = BEGIN - 60 * SEC };
                b->items[i].key[0] = i + 1;
        }
        b->roster = (Roster){ .items = b->items, .n = n };
}

static inline void bench_open(Bench *b, size_t n, uint8_t seats) {
        bench_prepare(b, n, seats);
        make_site(b);
        site_start(b->site, b->now);
}

static inline void bench_close(Bench *b) {
        site_free(b->site);
}

static inline void cast_vote(Bench *b, uint32_t validator, VoteKind kind, bool panel) {
        Person *p = &b->people[validator - 1];
        VoteOutcome says = b->up ? VOTE_UP : VOTE_DOWN;
        Vote v = { .kind = kind,
                   .latency = (uint32_t)(p->latency ? p->latency : 20 * MSEC),
                   .started = b->now - RTT / 2,
                   .arrived = b->now };

        if (p->manner == MANNER_SILENT || b->items[validator - 1].connected_since == 0)
                return;
        if (p->manner != MANNER_HONEST)
                says = p->manner == MANNER_SAYS_UP ? VOTE_UP : VOTE_DOWN;
        else if (b->items[validator - 1].region != 0 &&
                 b->items[validator - 1].region == b->cut_region)
                says = VOTE_DOWN;
        v.outcome = says;
        v.family = p->family;
        v.error_class = says == VOTE_DOWN ? 3 : 0;
        v.expiry_days = p->ends ? p->ends : b->ends;
        if (b->before)
                b->before(b->site);
        b->panel_votes += panel;
        if (site_vote(b->site, (SiteVoter){ .validator = validator, .panel = panel }, &v, b->now) >
            0)
                p->last = v;
}

static inline void run_due(Bench *b) {
        for (size_t i = 0; i < b->n_pending;) {
                uint32_t validator = b->pending[i].validator;
                VoteKind kind = b->pending[i].kind;
                bool panel = b->pending[i].panel;

                if (b->pending[i].at > b->now) {
                        i++;
                        continue;
                }
                b->pending[i] = b->pending[--b->n_pending];
                cast_vote(b, validator, kind, panel);
        }
        for (uint32_t i = 0; i < b->roster.n; i++) {
                Person *p = &b->people[i];

                if (p->seated && p->next_slot + RTT <= b->now) {
                        p->next_slot += b->conf.interval;
                        cast_vote(b, i + 1, VOTE_SCHEDULED, false);
                }
                if (p->on_panel && p->next_of_panel + RTT <= b->now) {
                        p->next_of_panel += b->conf.interval;
                        cast_vote(b, i + 1, VOTE_SCHEDULED, true);
                }
        }
        if (b->before)
                b->before(b->site);
        if (b->before || site_next(b->site) <= b->now)
                site_tick(b->site, b->now);
}

/* In steps of 10 ms: time is cheap here, and everything is on a grid of it. */
static inline void run(Bench *b, usec_t span) {
        for (usec_t end = b->now + span; b->now < end; b->now += 10 * MSEC)
                run_due(b);
}

static inline void connect(Bench *b, uint32_t validator, bool connected) {
        b->items[validator - 1].connected_since = connected ? b->now : 0;
        if (!connected)
                b->items[validator - 1].steady_until = b->now;
        if (!b->people[validator - 1].seated)
                site_others_changed(b->site, b->now);
        else if (connected)
                site_connected(b->site, validator, b->now);
        else
                site_disconnected(b->site, validator, b->now);
}

/* From now until the verdict is `state`. */
static inline usec_t time_until(Bench *b, VerdictState state, usec_t limit) {
        usec_t begun = b->now;

        while (site_state(b->site) != state && b->now < begun + limit)
                run(b, 10 * MSEC);
        assert_int_equal(site_state(b->site), state);
        return b->now - begun;
}
