/* The world: a heap of events, one website, a handful of validators. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

#define EPOCH_START (UINT64_C(1750000000) * USEC_PER_SEC)
#define FLIPS_MAX   1024
#define STUCK       200

typedef enum EventKind {
        EVENT_SLOT,
        EVENT_PROBE,
        EVENT_VOTE,
        EVENT_SUSPECT,
        EVENT_TRUTH,
        EVENT_CONNECT,
        EVENT_DISCONNECT,
        EVENT_RESTART,
        EVENT_ALARM,
} EventKind;

typedef struct Event {
        usec_t at;
        uint64_t order; /* of insertion: ties are decided */
        EventKind kind;
        uint8_t who;
        uint32_t generation; /* a slot of an order that is gone is void */
        VoteKind vote_kind;
        Vote vote;
} Event;

typedef struct Node {
        Role role;
        usec_t delay;
        uint32_t generation;
        bool flip;
        bool seated;
        SiteSeat seat;
        Vote last; /* as stored */
} Node;

struct World {
        Scenario scenario;
        WorldWatch watch;
        uint64_t random;
        usec_t now;
        Event *heap;
        size_t n_heap, capacity;
        uint64_t inserted;
        Site *site;
        uint8_t secret[32];
        Candidate candidates[WORLD_VALIDATORS];
        Roster roster;
        Node nodes[WORLD_VALIDATORS];
        usec_t flips[FLIPS_MAX]; /* the website starts up; each flip changes it */
        size_t n_flips;
        Epoch epoch;
        uint32_t eligible[WORLD_VALIDATORS];
        size_t n_eligible;
        SiteVerdict verdict;
        bool incident;
        usec_t restarted;
        WorldCounts counts;
};

uint64_t world_random(World *w, uint64_t limit) {
        uint64_t z = (w->random += UINT64_C(0x9e3779b97f4a7c15));

        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        return (z ^ (z >> 31)) % limit;
}

static bool earlier(const Event *a, const Event *b) {
        return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void push(World *w, Event e) {
        size_t i = w->n_heap++;

        if (w->n_heap > w->capacity) {
                w->capacity = MAX(2 * w->capacity, 256u);
                w->heap = realloc(w->heap, w->capacity * sizeof(*w->heap));
                assert(w->heap);
        }
        e.order = w->inserted++;
        for (; i > 0 && earlier(&e, &w->heap[(i - 1) / 2]); i = (i - 1) / 2)
                w->heap[i] = w->heap[(i - 1) / 2];
        w->heap[i] = e;
}

static Event pop(World *w) {
        Event top = w->heap[0], last = w->heap[--w->n_heap];
        size_t i = 0;

        for (;;) {
                size_t child = 2 * i + 1;

                if (child + 1 < w->n_heap && earlier(&w->heap[child + 1], &w->heap[child]))
                        child++;
                if (child >= w->n_heap || !earlier(&w->heap[child], &last))
                        break;
                w->heap[i] = w->heap[child];
                i = child;
        }
        w->heap[i] = last;
        return top;
}

static bool is_up(const World *w, usec_t at) {
        bool up = true;

        for (size_t i = 0; i < w->n_flips && w->flips[i] <= at; i++)
                up = !up;
        return up;
}

static bool was(const World *w, bool up, usec_t from, usec_t to) {
        if (is_up(w, from) == up)
                return true;
        for (size_t i = 0; i < w->n_flips; i++)
                if (w->flips[i] > from && w->flips[i] <= to && is_up(w, w->flips[i]) == up)
                        return true;
        return false;
}

bool world_was_down(const World *w, usec_t from, usec_t to) {
        return was(w, false, from, to);
}

bool world_was_up(const World *w, usec_t from, usec_t to) {
        return was(w, true, from, to);
}

usec_t world_now(const World *w) {
        return w->now;
}

usec_t world_restarted(const World *w) {
        return w->restarted;
}

const WorldCounts *world_counts(const World *w) {
        return &w->counts;
}

void world_alarm(World *w, usec_t at) {
        push(w, (Event){ .at = at, .kind = EVENT_ALARM });
}

static bool is_connected(const World *w, uint8_t who) {
        return w->candidates[who].connected_since != 0;
}

/* What this validator says about the website as it is now. */
static VoteOutcome observe(World *w, Node *node) {
        VoteOutcome truth = is_up(w, w->now) ? VOTE_UP : VOTE_DOWN;

        switch (node->role) {
        case ROLE_ALWAYS_UP:
                return VOTE_UP;
        case ROLE_ALWAYS_DOWN:
                return VOTE_DOWN;
        case ROLE_FLIPPING:
                node->flip = !node->flip;
                return node->flip ? VOTE_UP : VOTE_DOWN;
        default:
                return truth;
        }
}

static usec_t check_time(World *w, const Node *node, VoteOutcome outcome) {
        if (node->role == ROLE_HONEST && outcome == VOTE_DOWN && w->scenario.hanging)
                return w->scenario.timeout;
        return outcome == VOTE_DOWN ? 20 * USEC_PER_MSEC
                                    : (50 + world_random(w, 200)) * USEC_PER_MSEC;
}

static void check(World *w, uint8_t who, VoteKind kind) {
        Node *node = &w->nodes[who];
        VoteOutcome outcome = observe(w, node);
        usec_t duration = check_time(w, node, outcome);
        Vote vote = { .outcome = outcome,
                      .kind = kind,
                      .error_class = outcome == VOTE_DOWN ? 3 : 0,
                      .latency = duration,
                      .started = w->now };

        if (node->role == ROLE_SILENT)
                return;
        if (w->scenario.disturbance == DISTURB_LOSS && node->role == ROLE_HONEST &&
            world_random(w, 50) == 0)
                return;
        vote.arrived = w->now + duration + node->delay;
        push(w, (Event){ .at = vote.arrived, .kind = EVENT_VOTE, .who = who, .vote = vote });
        if (duration > USEC_PER_SEC)
                push(w, (Event){ .at = w->now + USEC_PER_SEC + node->delay,
                                 .kind = EVENT_SUSPECT,
                                 .who = who });
}

static void on_epoch(const Epoch *e, const uint32_t *eligible, size_t n, void *userdata) {
        World *w = userdata;

        w->epoch = *e;
        w->n_eligible = n;
        memcpy(w->eligible, eligible, n * sizeof(*eligible));
}

static void on_assigned(const SiteSeat *s, void *userdata) {
        World *w = userdata;
        Node *node = &w->nodes[s->validator - 1];
        usec_t first = s->start;

        if (s->type == SEAT_SPARE)
                return;
        node->seated = true;
        node->seat = *s;
        node->generation++;
        while (first < w->now + node->delay)
                first += w->scenario.interval;
        push(w, (Event){ .at = first,
                         .kind = EVENT_SLOT,
                         .who = s->validator - 1,
                         .generation = node->generation });
}

static void on_removed(const SiteSeat *s, void *userdata) {
        World *w = userdata;
        Node *node = &w->nodes[s->validator - 1];

        if (s->type == SEAT_SPARE)
                return;
        node->seated = false;
        node->generation++;
        node->last = (Vote){ 0 };
}

static void on_probe(const SiteProbe *p, void *userdata) {
        World *w = userdata;
        uint8_t who = p->validator - 1;
        VoteKind kind = p->reason == PROBE_REFRESH ? VOTE_REFRESH : VOTE_CONFIRM;

        w->counts.confirms += p->reason == PROBE_CONFIRM;
        w->counts.refreshes += p->reason == PROBE_REFRESH;
        w->counts.joins += p->reason == PROBE_JOIN;
        if (is_connected(w, who))
                push(w, (Event){ .at = w->now + w->nodes[who].delay,
                                 .kind = EVENT_PROBE,
                                 .who = who,
                                 .vote_kind = kind });
}

static void on_verdict(const SiteVerdict *v, void *userdata) {
        World *w = userdata;

        w->verdict = *v;
        w->watch.verdict(v, w->now, w->watch.userdata);
}

static void on_incident(const SiteIncident *i, void *userdata) {
        World *w = userdata;

        w->incident = i->open;
        w->watch.incident(i, w->now, w->watch.userdata);
}

static int make_site(World *w) {
        static const SiteEffects effects = { .epoch_opened = on_epoch,
                                             .seat_assigned = on_assigned,
                                             .seat_removed = on_removed,
                                             .probe = on_probe,
                                             .verdict_changed = on_verdict,
                                             .incident_changed = on_incident };
        SiteConf conf = { .id = { { w->scenario.seed & 0xff, w->scenario.seed >> 8 & 0xff, 7 } },
                          .interval = w->scenario.interval,
                          .timeout = w->scenario.timeout,
                          .seats = w->scenario.seats };
        int r = site_new(&w->site, &conf, w->secret, &w->roster);

        if (r >= 0)
                site_set_effects(w->site, &effects, w);
        return r;
}

static void disconnect(World *w, uint8_t who) {
        Candidate *c = &w->candidates[who];

        if (c->connected_since == 0)
                return;
        if (w->now >= c->connected_since + CANDIDATE_STEADY)
                c->steady_until = w->now;
        c->connected_since = 0;
        if (w->site)
                site_disconnected(w->site, c->validator, w->now);
}

static void restart(World *w) {
        SiteHeld held[WORLD_VALIDATORS];
        SiteRestore state = { .epoch = w->epoch.number,
                              .starts = w->epoch.starts,
                              .ends = w->epoch.ends,
                              .n = w->epoch.n,
                              .eligible = w->eligible,
                              .n_eligible = w->n_eligible,
                              .eligible_root = w->epoch.eligible_root,
                              .seats = held,
                              .state = w->verdict.state,
                              .assurance = w->verdict.assurance,
                              .since = w->verdict.since,
                              .first_evidence = w->verdict.first_evidence,
                              .heartbeat = w->now - 2 * USEC_PER_SEC,
                              .incident_open = w->incident };

        w->restarted = w->now;
        w->site = site_free(w->site);
        for (uint8_t i = 0; i < w->scenario.validators; i++) {
                if (w->nodes[i].seated)
                        held[state.n_seats++] = (SiteHeld){ w->nodes[i].seat.seat, i + 1,
                                                            w->nodes[i].last };
                if (is_connected(w, i))
                        push(w, (Event){ .at = w->now + USEC_PER_SEC +
                                               world_random(w, 4 * USEC_PER_SEC),
                                         .kind = EVENT_CONNECT,
                                         .who = i });
                disconnect(w, i);
        }
        assert(make_site(w) == 0);
        assert(site_restore(w->site, &state, w->now) == 0);
        site_start(w->site, w->now);
}

static void arrive(World *w, const Event *e) {
        if (!is_connected(w, e->who))
                return;
        w->counts.votes++;
        if (site_vote(w->site, (SiteVoter){ .validator = e->who + 1 }, &e->vote, w->now) > 0)
                w->nodes[e->who].last = e->vote;
}

static void run_slot(World *w, const Event *e) {
        Event next = *e;

        if (w->nodes[e->who].generation != e->generation)
                return;
        w->counts.scheduled++;
        check(w, e->who, VOTE_SCHEDULED);
        next.at += w->scenario.interval;
        push(w, next);
}

static void flip(World *w) {
        assert(w->n_flips < FLIPS_MAX);
        w->flips[w->n_flips++] = w->now;
        w->watch.truth(is_up(w, w->now), w->now, w->watch.userdata);
        push(w, (Event){ .at = w->now + 8 * w->scenario.interval +
                               world_random(w, 24 * w->scenario.interval),
                         .kind = EVENT_TRUTH });
}

/* One honest member goes, comes back, and then another may go. */
static void go_away(World *w, uint8_t who) {
        usec_t away = 5 * USEC_PER_SEC + world_random(w, 90 * USEC_PER_SEC);
        uint8_t honest = w->scenario.validators - w->scenario.faulty;

        disconnect(w, who);
        push(w, (Event){ .at = w->now + away, .kind = EVENT_CONNECT, .who = who });
        push(w, (Event){ .at = w->now + away + w->scenario.interval * 3 +
                               world_random(w, 20 * w->scenario.interval),
                         .kind = EVENT_DISCONNECT,
                         .who = w->scenario.faulty + world_random(w, honest) });
}

static void dispatch(World *w, const Event *e) {
        Candidate *c = &w->candidates[e->who];

        switch (e->kind) {
        case EVENT_SLOT:
                run_slot(w, e);
                break;
        case EVENT_PROBE:
                check(w, e->who, e->vote_kind);
                break;
        case EVENT_VOTE:
                arrive(w, e);
                break;
        case EVENT_SUSPECT:
                if (is_connected(w, e->who))
                        site_suspect(w->site, e->who + 1, w->now);
                break;
        case EVENT_TRUTH:
                flip(w);
                break;
        case EVENT_CONNECT:
                c->connected_since = c->connected_since ? c->connected_since : w->now;
                site_connected(w->site, c->validator, w->now);
                break;
        case EVENT_DISCONNECT:
                go_away(w, e->who);
                break;
        case EVENT_RESTART:
                restart(w);
                push(w, (Event){ .at = w->now + 40 * USEC_PER_MIN, .kind = EVENT_RESTART });
                break;
        case EVENT_ALARM:
                w->watch.alarm(w->now, w->watch.userdata);
                break;
        }
}

int world_run(World *w) {
        usec_t end = w->now + w->scenario.length, last = 0;
        unsigned stuck = 0;

        while (w->now < end) {
                usec_t due = site_next(w->site);
                bool tick = due <= w->heap[0].at;

                w->now = MAX(w->now, tick ? due : w->heap[0].at);
                stuck = w->now == last ? stuck + 1 : 0;
                last = w->now;
                if (stuck > STUCK)
                        return -ELOOP;
                if (tick) {
                        site_tick(w->site, w->now);
                } else {
                        Event e = pop(w);

                        dispatch(w, &e);
                }
        }
        return 0;
}

static void populate(World *w) {
        for (uint8_t i = 0; i < w->scenario.validators; i++) {
                Candidate *c = &w->candidates[i];

                *c = (Candidate){ .validator = i + 1,
                                  .operator_id = i + 1,
                                  .prefix = i + 100,
                                  .block = i + 200,
                                  .asn = i + 300,
                                  .region = 1 + i % 3 };
                for (size_t k = 0; k < sizeof(c->key); k++)
                        c->key[k] = world_random(w, 256);
                w->nodes[i].role = i < w->scenario.faulty ? w->scenario.role : ROLE_HONEST;
                w->nodes[i].delay = (5 + world_random(w, 120)) * USEC_PER_MSEC;
                push(w, (Event){ .at = w->now + world_random(w, 3 * USEC_PER_SEC),
                                 .kind = EVENT_CONNECT,
                                 .who = i });
        }
        w->roster = (Roster){ w->candidates, w->scenario.validators };
}

int world_new(World **ret, const Scenario *scenario, const WorldWatch *watch) {
        _cleanup_(world_freep) World *w = calloc(1, sizeof(*w));
        int r;

        if (!w)
                return -ENOMEM;
        w->scenario = *scenario;
        w->watch = *watch;
        w->random = scenario->seed;
        w->now = EPOCH_START + world_random(w, USEC_PER_DAY);
        populate(w);
        r = make_site(w);
        if (r < 0)
                return r;
        push(w, (Event){ .at = w->now + 5 * USEC_PER_MIN, .kind = EVENT_TRUTH });
        if (scenario->disturbance == DISTURB_CHURN)
                push(w, (Event){ .at = w->now + 4 * USEC_PER_MIN,
                                 .kind = EVENT_DISCONNECT,
                                 .who = scenario->faulty });
        if (scenario->disturbance == DISTURB_RESTART)
                push(w, (Event){ .at = w->now + 11 * USEC_PER_MIN, .kind = EVENT_RESTART });
        site_start(w->site, w->now);
        *ret = TAKE_PTR(w);
        return 0;
}

World *world_free(World *w) {
        if (!w)
                return NULL;
        site_free(w->site);
        free(w->heap);
        free(w);
        return NULL;
}
