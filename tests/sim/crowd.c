/* The validators: each has a clock, a line, a spool, and a role. */
#include <stdlib.h>
#include <string.h>

#include "world-parts.h"

static usec_t clock_of(const World *w, const Node *n) {
        return w->now + n->skew;
}

static bool is_online(const World *w, uint8_t who) {
        return world_is_connected(w, who) && !w->nodes[who].cut;
}

/* Orders --------------------------------------------------------------------------------------- */

static Job *find_job(Node *n, uint64_t row) {
        for (size_t i = 0; i < ELEMENTSOF(n->jobs); i++)
                if (n->jobs[i].row == row)
                        return &n->jobs[i];
        return NULL;
}

static const Order *find_order(const World *w, uint64_t row) {
        for (size_t i = 0; i < PLACES; i++)
                if (w->desk.decided.places[i].row == row)
                        return &w->desk.decided.places[i].order;
        return NULL;
}

static void plan(World *w, uint8_t who, const Job *j) {
        const Node *n = &w->nodes[who];
        int64_t slot = j->highest + 1, now = (int64_t)clock_of(w, n),
                interval = j->order.interval_ms * (int64_t)USEC_PER_MSEC, at;

        at = j->order.start + slot * interval;
        if (at < now) {
                slot += (now - at + interval - 1) / interval;
                at = j->order.start + slot * interval;
        }
        world_put(w, (Event){ .at = (usec_t)(at - n->skew),
                              .kind = EVENT_SLOT,
                              .who = who,
                              .said = { .order = j->row, .number = (uint32_t)slot } });
}

void crowd_told(World *w, const Event *e) {
        Node *n = &w->nodes[e->who];
        const Order *order = find_order(w, e->said.order);
        Job *j = find_job(n, e->said.order);

        if (j || !order)
                return;
        j = find_job(n, 0);
        if (!j)
                j = &n->jobs[0];
        *j = (Job){ .row = e->said.order, .order = *order, .highest = -1 };
        plan(w, e->who, j);
}

void crowd_untold(World *w, const Event *e) {
        Job *j = find_job(&w->nodes[e->who], e->said.order);

        if (j)
                *j = (Job){ 0 };
}

/* Checks --------------------------------------------------------------------------------------- */

static TickOutcome outcome_of(bool up) {
        return up ? TICK_UP : TICK_DOWN;
}

/* What the verdict was half an interval ago. */
static TickOutcome copy(const World *w) {
        bool old = w->now < w->told_at + w->desk.conf.interval / 2;

        return outcome_of((old ? w->told_before : w->told) != VERDICT_DOWN);
}

static TickOutcome observe(const World *w, uint8_t who, Node *n) {
        bool up = world_is_up(w) && !(turns_now(&w->regional) && world_region(w, who + 1) == 1);

        switch (n->role) {
        case ROLE_ALWAYS_UP:
                return TICK_UP;
        case ROLE_ALWAYS_DOWN:
        case ROLE_REGION:
                return TICK_DOWN;
        case ROLE_CONTRARY:
        case ROLE_DATING:
                return outcome_of(!up);
        case ROLE_COPYCAT:
                return copy(w);
        case ROLE_FLIPPING:
        case ROLE_EQUIVOCATE:
                return outcome_of(++n->turn % 2);
        case ROLE_PATIENT:
                return outcome_of(++n->turn % 5 != 0);
        case ROLE_ABSTAINING:
                return TICK_ABSTAIN;
        default:
                return outcome_of(up);
        }
}

static bool is_candid(const Node *n) {
        return n->role == ROLE_HONEST || n->role == ROLE_SKEWED || n->role == ROLE_CRYING;
}

/* By the order, which may be one that has ended. */
static usec_t timeout_of(const World *w, Node *n, uint64_t row) {
        const Job *j = find_job(n, row);
        const Order *o = j ? &j->order : find_order(w, row);

        return o ? o->timeout_ms * USEC_PER_MSEC : w->desk.conf.timeout;
}

static usec_t check_time(World *w, Node *n, uint64_t row, TickOutcome outcome) {
        usec_t time = (50 + world_random(w, 200)) * USEC_PER_MSEC;

        if (is_candid(n) && outcome == TICK_DOWN && w->scenario.hanging)
                return timeout_of(w, n, row);
        if (outcome == TICK_DOWN)
                return 20 * USEC_PER_MSEC;
        if (world_is_slow(w) && is_candid(n))
                time += 550 * USEC_PER_MSEC;
        if (w->scenario.stumbling && world_random(w, 50) == 0)
                time += USEC_PER_SEC + world_random(w, USEC_PER_SEC / 2);
        return time;
}

/* How far it lies about its start: as far as the hub believes it. */
static int64_t misdate(World *w, const Node *n) {
        int64_t half = (int64_t)w->desk.conf.interval / 2 - 1;

        if (n->role != ROLE_DATING)
                return 0;
        return world_random(w, 2) ? (int64_t)(2 * USEC_PER_SEC) : -half;
}

static void hint(World *w, uint8_t who, uint64_t row, usec_t after) {
        if (is_online(w, who))
                world_put(w, (Event){ .at = w->now + after + w->nodes[who].delay,
                                      .kind = EVENT_SUSPECT,
                                      .who = who,
                                      .line = w->nodes[who].line,
                                      .said.order = row });
}

static void check(World *w, uint8_t who, const Said *asked) {
        Node *n = &w->nodes[who];
        Event done = { .kind = EVENT_DONE, .who = who, .said = *asked };
        usec_t lasts;

        if (n->role == ROLE_SILENT)
                return;
        done.said.outcome = observe(w, who, n);
        lasts = check_time(w, n, asked->order, done.said.outcome);
        done.said.latency = (uint32_t)lasts;
        done.said.start = (usec_t)((int64_t)clock_of(w, n) + misdate(w, n));
        done.at = w->now + lasts;
        if (n->role == ROLE_COPYCAT)
                done.at += w->desk.conf.timeout + USEC_PER_SEC;
        world_put(w, done);
        if (n->role == ROLE_EQUIVOCATE) {
                done.said.outcome = outcome_of(done.said.outcome == TICK_DOWN);
                done.at += world_random(w, 50) * USEC_PER_MSEC;
                world_put(w, done);
        }
        if (lasts > USEC_PER_SEC || n->role == ROLE_CRYING)
                hint(w, who, asked->order, lasts > USEC_PER_SEC ? USEC_PER_SEC : 0);
}

static void count_slot(World *w, const Job *j) {
        WorldCounts *c = &w->counts;
        usec_t gap = w->now - c->last_slot;

        if (j->order.type == ORDER_PANEL) {
                c->panel++;
                return;
        }
        c->scheduled++;
        if (c->last_slot != 0 && (c->least_gap == 0 || gap < c->least_gap))
                c->least_gap = gap;
        c->last_slot = w->now;
}

void crowd_slot(World *w, const Event *e) {
        Job *j = find_job(&w->nodes[e->who], e->said.order);

        if (!j || e->said.order == 0 || (int64_t)e->said.number <= j->highest)
                return;
        count_slot(w, j);
        j->highest = e->said.number;
        check(w, e->who, &e->said);
        plan(w, e->who, j);
}

/* A spare's probe brings its order; a member's that does not know the order yet, or any more, is
 * not for it. */
void crowd_probe(World *w, const Event *e) {
        Node *n = &w->nodes[e->who];
        const Order *order = find_order(w, e->said.order);
        Job *j = find_job(n, e->said.order);

        if (n->cut || (!j && !(order && order->type == ORDER_SPARE)))
                return;
        if (j && e->said.number <= j->probe)
                return;
        if (j)
                j->probe = e->said.number;
        check(w, e->who, &e->said);
}

/* The spool ------------------------------------------------------------------------------------ */

static void send(World *w, uint8_t who, Kept *k) {
        const Node *n = &w->nodes[who];

        k->state = KEPT_SENT;
        world_put(w, (Event){ .at = w->now + n->delay,
                              .kind = EVENT_ARRIVE,
                              .who = who,
                              .line = n->line,
                              .said = k->said });
}

void crowd_done(World *w, const Event *e) {
        Node *n = &w->nodes[e->who];

        if (w->scenario.loss > 0 && world_random(w, w->scenario.loss) == 0)
                return;
        if (n->n_spool == SPOOL)
                memmove(n->spool, n->spool + 1, --n->n_spool * sizeof(*n->spool));
        n->spool[n->n_spool++] = (Kept){ .said = e->said };
        if (is_online(w, e->who))
                send(w, e->who, &n->spool[n->n_spool - 1]);
}

void crowd_joined(World *w, uint8_t who) {
        Node *n = &w->nodes[who];

        for (size_t i = n->n_spool; i-- > 0;) /* live ones first */
                send(w, who, &n->spool[i]);
}

void crowd_acknowledged(World *w) {
        for (uint8_t who = 0; who < w->scenario.validators; who++) {
                Node *n = &w->nodes[who];
                size_t kept = 0;

                for (size_t i = 0; i < n->n_spool; i++)
                        if (n->spool[i].state != KEPT_ARRIVED)
                                n->spool[kept++] = n->spool[i];
                n->n_spool = kept;
        }
}

/* Who they are --------------------------------------------------------------------------------- */

static int64_t pick_skew(World *w, const Node *n) {
        int64_t sign = world_random(w, 2) ? 1 : -1;

        if (n->role == ROLE_SKEWED)
                return sign * (int64_t)(2500 * USEC_PER_MSEC + world_random(w, 30 * USEC_PER_SEC));
        if (w->scenario.trouble == TROUBLE_SKEW)
                return sign * (int64_t)world_random(w, 1900 * USEC_PER_MSEC);
        return 0;
}

static usec_t pick_delay(World *w) {
        if (w->scenario.trouble == TROUBLE_LINES)
                return (100 + world_random(w, 800)) * USEC_PER_MSEC;
        return (5 + world_random(w, 120)) * USEC_PER_MSEC;
}

static Candidate make_candidate(World *w, uint8_t who) {
        Candidate c = { .validator = who + 1,
                        .operator_id = who + 1,
                        .prefix = who + 100,
                        .block = who + 200,
                        .asn = who + 300,
                        .region = 1 + who % WORLD_REGIONS };

        if (w->nodes[who].role == ROLE_REGION)
                c.region = 1;
        for (size_t k = 0; k < sizeof(c.key); k++)
                c.key[k] = world_random(w, 256);
        return c;
}

void crowd_populate(World *w) {
        const Scenario *s = &w->scenario;

        for (uint8_t i = 0; i < s->validators; i++) {
                Node *n = &w->nodes[i];

                n->role = i < s->faulty ? s->role : ROLE_HONEST;
                n->delay = pick_delay(w) + i; /* no two votes are alike */
                n->skew = pick_skew(w, n);
                w->desk.candidates[i] = make_candidate(w, i);
        }
        w->desk.roster = (Roster){ .items = w->desk.candidates, .n = s->validators };
}
