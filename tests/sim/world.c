/* The clock of the world: one event after the other, and the machine's own moments between. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "world-parts.h"

#define EPOCH_START (UINT64_C(1750000000) * USEC_PER_SEC)
#define STUCK       400

uint64_t world_random(World *w, uint64_t limit) {
        uint64_t z = (w->random += UINT64_C(0x9e3779b97f4a7c15));

        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        return (z ^ (z >> 31)) % limit;
}

void world_put(World *w, Event e) {
        events_put(w->events, &e);
}

void world_say(World *w, WorldMoment m, const char *what) {
        w->watch.moment(m, what, w->now, w->watch.userdata);
}

void world_alarm(World *w, usec_t at) {
        world_put(w, (Event){ .at = at, .kind = EVENT_ALARM });
}

usec_t world_now(const World *w) {
        return w->now;
}

bool world_was_up(const World *w, bool up, usec_t from, usec_t to) {
        return turns_were(&w->outages, !up, from, to);
}

bool world_saw(const World *w, uint32_t validator, bool up, usec_t from, usec_t to) {
        bool there = world_region(w, validator) == 1;

        if (!up)
                return world_was_up(w, false, from, to) ||
                       (there && turns_were(&w->regional, true, from, to));
        return world_was_up(w, true, from, to) &&
               (!there || turns_were(&w->regional, false, from, to));
}

bool world_was_down_somewhere(const World *w, usec_t from, usec_t to) {
        return world_was_up(w, false, from, to) || turns_were(&w->regional, true, from, to);
}

bool world_is_down_somewhere(const World *w) {
        return turns_now(&w->outages) || turns_now(&w->regional);
}

unsigned world_region_seats(const World *w) {
        unsigned n = 0;

        for (size_t i = 0; i < PLACES; i++) {
                const Place *p = &w->desk.decided.places[i];

                n += p->row != 0 && p->order.type == ORDER_SEAT &&
                     world_is_honest(w, p->validator) && world_region(w, p->validator) == 1;
        }
        return n;
}

uint32_t world_region(const World *w, uint32_t validator) {
        return w->desk.candidates[validator - 1].region;
}

bool world_was_slow(const World *w, bool slow, usec_t from, usec_t to) {
        return turns_were(&w->slowness, slow, from, to);
}

bool world_is_up(const World *w) {
        return !turns_now(&w->outages);
}

bool world_is_slow(const World *w) {
        return turns_now(&w->slowness);
}

uint32_t world_author(const World *w, const Vote *vote) {
        for (uint8_t i = 0; i < w->scenario.validators; i++)
                if (w->desk.spoken[i].started == vote->started &&
                    w->desk.spoken[i].arrived == vote->arrived)
                        return i + 1;
        return 0;
}

bool world_is_honest(const World *w, uint32_t validator) {
        return w->nodes[validator - 1].role == ROLE_HONEST;
}

const SiteConf *world_conf(const World *w) {
        return &w->desk.conf;
}

const WorldCounts *world_counts(const World *w) {
        return &w->counts;
}

void world_count_anew(World *w) {
        w->counts = (WorldCounts){ 0 };
}

VerdictState world_stored_state(const World *w) {
        return w->desk.stored.state;
}

usec_t world_stored_since(const World *w) {
        return w->desk.stored.since;
}

bool world_stored_incident(const World *w) {
        return w->desk.stored.incident;
}

/* What happens --------------------------------------------------------------------------------- */

void world_turn(World *w) {
        turns_add(&w->outages, w->now);
        world_say(w, WORLD_TURNED, world_is_up(w) ? "the website is up" : "the website is down");
}

static usec_t next_turn(World *w) {
        usec_t interval = w->desk.conf.interval;

        if (w->scenario.trouble == TROUBLE_BLIPS && !world_is_up(w))
                return 200 * USEC_PER_MSEC + world_random(w, interval);
        return 8 * interval + world_random(w, 24 * interval);
}

static void turn(World *w) {
        world_turn(w);
        world_put(w, (Event){ .at = w->now + next_turn(w), .kind = EVENT_TRUTH });
}

static void slow_down(World *w) {
        usec_t interval = w->desk.conf.interval;

        turns_add(&w->slowness, w->now);
        world_say(w, WORLD_SLOWED, world_is_slow(w) ? "it is slow" : "it is fast");
        world_put(w, (Event){ .at = w->now + 6 * interval + world_random(w, 12 * interval),
                              .kind = EVENT_SLOWNESS });
}

static void connect_node(World *w, const Event *e) {
        if (w->nodes[e->who].absent || w->nodes[e->who].cut || world_is_connected(w, e->who))
                return;
        if (!w->desk.site) {
                world_put(w, (Event){ .at = w->now + USEC_PER_SEC,
                                      .kind = EVENT_CONNECT,
                                      .who = e->who });
                return;
        }
        w->nodes[e->who].line++;
        desk_connect(w, e->who);
        crowd_joined(w, e->who);
}

static void arrive(World *w, const Event *e) {
        Node *n = &w->nodes[e->who];

        for (size_t i = 0; i < n->n_spool; i++) {
                const Said *s = &n->spool[i].said;

                if (s->order == e->said.order && s->number == e->said.number &&
                    s->kind == e->said.kind && s->outcome == e->said.outcome)
                        n->spool[i].state = KEPT_ARRIVED;
        }
        desk_arrive(w, e->who, &e->said);
}

/* Of the line there is now, and on it something passes. */
static bool passes(const World *w, const Event *e) {
        return w->desk.site && world_is_connected(w, e->who) && !w->nodes[e->who].cut &&
               w->nodes[e->who].line == e->line;
}

static void dispatch_message(World *w, const Event *e) {
        if (!passes(w, e))
                return;
        if (e->kind == EVENT_PROBE)
                crowd_probe(w, e);
        if (e->kind == EVENT_TOLD)
                crowd_told(w, e);
        if (e->kind == EVENT_UNTOLD)
                crowd_untold(w, e);
        if (e->kind == EVENT_ARRIVE)
                arrive(w, e);
        if (e->kind == EVENT_SUSPECT)
                desk_suspect(w, e->who, e->said.order);
}

static void dispatch_change(World *w, const Event *e) {
        if (e->kind == EVENT_CONNECT)
                connect_node(w, e);
        if (e->kind == EVENT_DISCONNECT && w->nodes[e->who].line == e->line)
                desk_disconnect(w, e->who);
        if (e->kind == EVENT_TROUBLE)
                trouble_come(w, e);
        if (e->kind == EVENT_HEAL)
                trouble_heal(w, e);
        if (e->kind == EVENT_TRUTH)
                turn(w);
        if (e->kind == EVENT_SLOWNESS)
                slow_down(w);
        if (e->kind == EVENT_ALARM)
                world_say(w, WORLD_ALARM, "");
}

static void dispatch(World *w, const Event *e) {
        switch (e->kind) {
        case EVENT_SLOT:
                crowd_slot(w, e);
                break;
        case EVENT_DONE:
                crowd_done(w, e);
                break;
        case EVENT_COMMIT:
        case EVENT_HEARTBEAT:
                if (w->desk.lives == e->line)
                        (e->kind == EVENT_COMMIT ? desk_commit : desk_heartbeat)(w);
                break;
        case EVENT_BEGIN:
                assert(desk_begin(w) == 0);
                break;
        case EVENT_PROBE:
        case EVENT_TOLD:
        case EVENT_UNTOLD:
        case EVENT_ARRIVE:
        case EVENT_SUSPECT:
                dispatch_message(w, e);
                break;
        default:
                dispatch_change(w, e);
                break;
        }
}

static usec_t machine_next(const World *w) {
        return w->desk.site ? site_next(w->desk.site) : USEC_INFINITY;
}

int world_run(World *w) {
        usec_t end = w->now + w->scenario.length, last = 0;
        unsigned stuck = 0;

        while (w->now < end) {
                usec_t due = machine_next(w), next = events_next(w->events);
                bool tick = due <= next;

                w->now = MAX(w->now, MIN(due, next));
                stuck = w->now == last ? stuck + 1 : 0;
                last = w->now;
                if (stuck > STUCK)
                        return -ELOOP;
                if (tick) {
                        site_tick(w->desk.site, w->now);
                } else {
                        Event e = events_take(w->events);

                        dispatch(w, &e);
                }
        }
        return 0;
}

/* The beginning -------------------------------------------------------------------------------- */

static void configure(World *w) {
        const Scenario *s = &w->scenario;

        w->desk.conf = (SiteConf){ .id = { { s->seed & 0xff, s->seed >> 8 & 0xff, 7 } },
                                   .interval = s->interval,
                                   .timeout = s->timeout,
                                   .seats = s->seats,
                                   .slow = s->slow,
                                   .target = 1 };
}

static void schedule(World *w) {
        for (uint8_t i = 0; i < w->scenario.validators; i++)
                world_put(w, (Event){ .at = w->now + world_random(w, 3 * USEC_PER_SEC),
                                      .kind = EVENT_CONNECT,
                                      .who = i });
        if (w->scenario.outages)
                world_put(w, (Event){ .at = w->now + 5 * USEC_PER_MIN, .kind = EVENT_TRUTH });
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
        r = events_new(&w->events);
        if (r < 0)
                return r;
        configure(w);
        crowd_populate(w);
        trouble_begin(w);
        schedule(w);
        r = desk_begin(w);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(w);
        return 0;
}

World *world_free(World *w) {
        if (!w)
                return NULL;
        desk_done(w);
        events_free(w->events);
        free(w);
        return NULL;
}
