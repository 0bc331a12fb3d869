/* The hub of the world: the website's machine, its orders and what becomes of ticks are the hub's
 * own modules; what the database would remember is kept beside them, as of the last commit. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "hub/dispose.h"
#include "world-parts.h"

#define COMMIT_EVERY    (50 * USEC_PER_MSEC)
#define HEARTBEAT_EVERY (2 * USEC_PER_SEC)
#define PROBES_RESERVED 16u

/* NULL: there is no room for another on panels. */
static Place *panel_place(Memory *m, uint32_t validator, bool fresh) {
        Place *free_one = NULL;

        for (size_t i = 2 * WORLD_VALIDATORS; i < PLACES; i++) {
                if (m->places[i].validator == validator)
                        return &m->places[i];
                if (m->places[i].row == 0)
                        free_one = &m->places[i];
        }
        return fresh ? free_one : NULL;
}

static Place *place_of(World *w, SeatType type, uint8_t seat, uint32_t validator) {
        Memory *m = &w->desk.decided;

        if (type == SEAT_PANEL)
                return panel_place(m, validator, true);
        return &m->places[2 * (size_t)seat + (type == SEAT_SPARE)];
}

static OrderId id_of(uint64_t row) {
        OrderId id = { { 0 } };

        memcpy(id.bytes, &row, sizeof(row));
        return id;
}

static void commit_soon(World *w) {
        if (w->desk.commit_due)
                return;
        w->desk.commit_due = true;
        world_put(w, (Event){ .at = w->now + COMMIT_EVERY,
                              .kind = EVENT_COMMIT,
                              .line = w->desk.lives });
}

/* Orders --------------------------------------------------------------------------------------- */

static void untell(World *w, uint32_t validator, uint64_t row) {
        uint8_t who = validator - 1;

        if (world_is_connected(w, who))
                world_put(w, (Event){ .at = w->now + COMMIT_EVERY + w->nodes[who].delay,
                                      .kind = EVENT_UNTOLD,
                                      .who = who,
                                      .line = w->nodes[who].line,
                                      .said.order = row });
}

static void end_place(World *w, Place *p) {
        WorkOrder *o = order_book_find_row(w->desk.book, p->row);

        if (o) {
                o->removed = w->now;
                o->probe_waits = false;
                untell(w, p->validator, p->row);
        }
        *p = (Place){ 0 };
        commit_soon(w);
}

static Order order_of(const World *w, const SiteSeat *s) {
        Order o = { .type = (OrderType)s->type,
                    .seat = s->type == SEAT_SPARE ? 0 : s->seat,
                    .n = s->n,
                    .interval_ms = (uint32_t)(w->desk.conf.interval / USEC_PER_MSEC),
                    .timeout_ms = (uint32_t)(w->desk.conf.timeout / USEC_PER_MSEC),
                    .start = (int64_t)s->start,
                    .epoch.number = s->epoch->number };

        memcpy(o.spec.bytes, &w->desk.conf.target, sizeof(w->desk.conf.target));
        return o;
}

static void on_assigned(const SiteSeat *s, void *userdata) {
        World *w = userdata;
        Place *p = place_of(w, s->type, s->seat, s->validator);
        OrderTerms terms;
        WorkOrder made;

        assert(p);
        end_place(w, p);
        *p = (Place){ .row = ++w->desk.row,
                      .order = order_of(w, s),
                      .validator = s->validator,
                      .probes = PROBES_RESERVED };
        made = (WorkOrder){ .id = id_of(p->row),
                            .row = p->row,
                            .validator = p->validator,
                            .order = order_keep(&p->order, &terms),
                            .probe_stored = p->probes,
                            .probe_reserved = p->probes };
        assert(order_book_add(w->desk.book, &made));
}

static void on_removed(const SiteSeat *s, void *userdata) {
        World *w = userdata;

        end_place(w, place_of(w, s->type, s->seat, s->validator));
}

/* Probes --------------------------------------------------------------------------------------- */

/* Ahead of use: a number is issued when the database knows that it may have been. */
static void reserve_probes(World *w, Place *p, WorkOrder *o) {
        if (o->probe_reserved > o->probe_stored ||
            o->probe_last + PROBES_RESERVED / 2 < o->probe_stored)
                return;
        o->probe_reserved = p->probes = o->probe_reserved + PROBES_RESERVED;
        commit_soon(w);
}

static void send_probe(World *w, Place *p, WorkOrder *o) {
        uint8_t who = o->validator - 1;
        bool refreshes = o->probe.reason != PROBE_CONFIRM;

        reserve_probes(w, p, o);
        o->probe_waits = o->probe_last >= o->probe_stored;
        if (o->probe_waits)
                return;
        o->probe_last++;
        if (w->scenario.loss > 0 && world_random(w, w->scenario.loss) == 0)
                return;
        world_put(w, (Event){ .at = w->now + w->nodes[who].delay,
                              .kind = EVENT_PROBE,
                              .who = who,
                              .line = w->nodes[who].line,
                              .said = { .order = o->row,
                                        .number = o->probe_last,
                                        .kind = refreshes ? TICK_REFRESH : TICK_CONFIRM } });
}

static void tell_probe(World *w, const SiteProbe *p) {
        static const char *const types[] = {
                [SEAT_SPARE] = ", as spare", [SEAT_PANEL] = ", on the panel", [SEAT_MEMBER] = ""
        };
        char text[96];

        snprintf(text, sizeof(text), "        seat %u: %u is asked (%s%s)", p->seat, p->validator,
                 probe_reason_name(p->reason), types[p->type]);
        world_say(w, WORLD_VOTED, text);
}

static void on_probe(const SiteProbe *p, void *userdata) {
        World *w = userdata;
        Place *place = place_of(w, p->type, p->seat, p->validator);
        WorkOrder *o = order_book_find_row(w->desk.book, place->row);
        bool connected = world_is_connected(w, p->validator - 1);

        tell_probe(w, p);
        w->counts.confirms += p->reason == PROBE_CONFIRM;
        w->counts.refreshes += p->reason == PROBE_REFRESH;
        w->counts.joins += p->reason == PROBE_JOIN;
        if (p->reason == PROBE_CONFIRM)
                trouble_round(w);
        if (!o || o->validator != p->validator)
                return;
        o->probe = *p;
        o->probe_waits = !o->sent || (!o->told && connected);
        if (o->told && connected)
                send_probe(w, place, o);
}

static void tell(World *w, Place *p, WorkOrder *o) {
        uint8_t who = p->validator - 1;

        o->told = o->sent = p->sent = true;
        if (p->order.type != ORDER_SPARE)
                world_put(w, (Event){ .at = w->now + w->nodes[who].delay,
                                      .kind = EVENT_TOLD,
                                      .who = who,
                                      .line = w->nodes[who].line,
                                      .said.order = p->row });
}

/* The order is stored: its validator is told of it, and of the probe that waited for that. */
static void pursue(World *w, Place *p) {
        WorkOrder *o = order_book_find_row(w->desk.book, p->row);

        if (!o || !world_is_connected(w, p->validator - 1))
                return;
        if (!o->told)
                tell(w, p, o);
        if (o->probe_waits)
                send_probe(w, p, o);
}

static void note_reserved(World *w, const Place *p) {
        WorkOrder *o = order_book_find_row(w->desk.book, p->row);

        if (o)
                o->probe_stored = p->probes;
}

void desk_commit(World *w) {
        Desk *d = &w->desk;

        d->commit_due = false;
        d->decided.heartbeat = w->now; /* nothing that is stored is dated later */
        d->stored = d->decided;
        crowd_acknowledged(w);
        for (size_t i = 0; i < PLACES; i++) {
                if (d->decided.places[i].row == 0)
                        continue;
                note_reserved(w, &d->decided.places[i]);
                pursue(w, &d->decided.places[i]);
        }
}

/* Decisions ------------------------------------------------------------------------------------ */

static void on_epoch(const Epoch *e, const uint32_t *eligible, size_t n, void *userdata) {
        World *w = userdata;
        Memory *m = &w->desk.decided;

        w->counts.epochs++;
        m->epoch = *e;
        m->n_eligible = n;
        memcpy(m->eligible, eligible, n * sizeof(*eligible));
        commit_soon(w);
}

static void on_verdict(const SiteVerdict *v, void *userdata) {
        World *w = userdata;
        Memory *m = &w->desk.decided;

        m->state = v->state;
        m->cause = v->cause;
        m->regions_told = v->n_regions > 0;
        m->flap_score = v->flap_score;
        m->assurance = v->assurance;
        m->since = v->since;
        m->first_evidence = v->first_evidence;
        w->told_before = w->told;
        w->told = v->state;
        w->told_at = w->now;
        commit_soon(w);
        w->watch.verdict(v, w->now, w->watch.userdata);
}

static void on_incident(const SiteIncident *i, void *userdata) {
        World *w = userdata;

        if (i->kind != INCIDENT_DOWN)
                return;
        w->desk.decided.incident = i->open;
        w->desk.decided.severity = i->severity;
        commit_soon(w);
        w->watch.incident(i, w->now, w->watch.userdata);
}

static void on_flapping(const SiteFlapping *f, void *userdata) {
        World *w = userdata;

        w->desk.decided.flapping_until = f->on ? f->until : 0;
        commit_soon(w);
        world_say(w, f->on ? WORLD_FLAPS : WORLD_FLAPS_NOT,
                  f->on ? "it flaps" : "it flaps no more");
}

/* Ticks ---------------------------------------------------------------------------------------- */

static Tick tick_of(const Said *said) {
        return (Tick){ .order = id_of(said->order),
                       .kind = said->kind,
                       .outcome = said->outcome,
                       .error = said->outcome == TICK_DOWN ? TICK_ERROR_REFUSED : TICK_ERROR_NONE,
                       .number = said->number,
                       .start = (int64_t)said->start,
                       .phases.wait = said->latency };
}

static void tell_vote(World *w, SiteVoter voter, const Vote *vote) {
        static const char *const kinds[] = { "scheduled", "confirm", "manual", "refresh" };
        char text[96];

        snprintf(text, sizeof(text), "        seat %u: %u says %c (%s), of %.3f s before",
                 voter.seat, voter.validator, "-uda"[vote->outcome], kinds[vote->kind],
                 (double)(int64_t)(w->now - vote->started) / 1e6);
        world_say(w, WORLD_VOTED, text);
}

void desk_arrive(World *w, uint8_t who, const Said *said) {
        Tick tick = tick_of(said);
        WorkOrder *o = order_book_find(w->desk.book, &tick.order);
        DisposeTime when = { .now = w->now };
        SiteVoter voter = { .validator = who + 1 };
        bool votes;
        Vote vote;

        commit_soon(w);
        if (dispose_tick(o, who + 1, &tick, &when, &votes) != DISPOSITION_ACCEPTED || !votes)
                return;
        vote = dispose_vote(&tick, w->now);
        if (vote.started > w->desk.decided.votes[who].started)
                w->desk.decided.votes[who] = vote;
        if (o->removed != 0)
                return;
        w->counts.votes++;
        voter.seat = o->order.seat;
        voter.panel = o->order.type == ORDER_PANEL;
        if (!voter.panel && vote.started > w->desk.spoken[who].started)
                w->desk.spoken[who] = vote;
        tell_vote(w, voter, &vote);
        site_vote(w->desk.site, voter, &vote, w->now);
}

void desk_suspect(World *w, uint8_t who, uint64_t row) {
        const WorkOrder *o = order_book_find_row(w->desk.book, row);
        char text[64];

        if (!o || o->removed != 0)
                return;
        snprintf(text, sizeof(text), "        %u says that its check hangs", who + 1);
        world_say(w, WORLD_VOTED, text);
        site_suspect(w->desk.site, who + 1, w->now);
}

/* Validators come and go ----------------------------------------------------------------------- */

/* All its orders, from nothing: what it has beside them ended while it was away. */
static void welcome(World *w, uint8_t who) {
        const Node *node = &w->nodes[who];

        for (size_t i = 0; i < ELEMENTSOF(node->jobs); i++) {
                WorkOrder *o = order_book_find_row(w->desk.book, node->jobs[i].row);

                if (node->jobs[i].row != 0 && (!o || o->removed != 0))
                        untell(w, who + 1, node->jobs[i].row);
        }
        for (size_t i = 0; i < PLACES; i++)
                if (w->desk.stored.places[i].validator == who + 1u &&
                    w->desk.stored.places[i].row == w->desk.decided.places[i].row)
                        pursue(w, &w->desk.decided.places[i]);
}

void desk_connect(World *w, uint8_t who) {
        Candidate *c = &w->desk.candidates[who];

        c->connected_since = w->now;
        welcome(w, who);
        site_connected(w->desk.site, c->validator, w->now);
}

static void forget_connection(World *w, uint8_t who) {
        Candidate *c = &w->desk.candidates[who];

        if (w->now >= c->connected_since + CANDIDATE_STEADY)
                c->steady_until = w->now;
        c->connected_since = 0;
}

void desk_disconnect(World *w, uint8_t who) {
        WorkOrder *o = NULL;

        if (!world_is_connected(w, who))
                return;
        forget_connection(w, who);
        if (!w->desk.site)
                return;
        while ((o = order_book_next_of(w->desk.book, who + 1u, o)))
                o->told = false;
        site_disconnected(w->desk.site, who + 1, w->now);
}

void desk_reconfigure(World *w, const SiteConf *conf) {
        w->desk.conf = *conf;
        if (w->desk.site)
                assert(site_reconfigure(w->desk.site, conf, w->now) == 0);
}

/* The hub comes and goes ----------------------------------------------------------------------- */

void desk_heartbeat(World *w) {
        w->desk.decided.heartbeat = w->desk.stored.heartbeat = w->now;
        order_book_expire(w->desk.book, w->now, NULL, NULL);
        world_put(w, (Event){ .at = w->now + HEARTBEAT_EVERY,
                              .kind = EVENT_HEARTBEAT,
                              .line = w->desk.lives });
}

static void restore_order(World *w, const Place *p) {
        OrderTerms terms;
        WorkOrder o = { .id = id_of(p->row),
                        .row = p->row,
                        .validator = p->validator,
                        .order = order_keep(&p->order, &terms),
                        .sent = p->sent,
                        .probe_last = p->probes,
                        .probe_stored = p->probes,
                        .probe_reserved = p->probes,
                        .probe_restored = p->probes,
                        .restored = w->now };

        assert(order_book_add(w->desk.book, &o));
}

static bool is_outdated(const World *w, const Place *p) {
        const SiteConf *c = &w->desk.conf;

        return p->order.interval_ms * USEC_PER_MSEC != c->interval ||
               p->order.timeout_ms * USEC_PER_MSEC != c->timeout ||
               memcmp(p->order.spec.bytes, &c->target, sizeof(c->target)) != 0;
}

static void hold(SiteRestore *r, SiteHeld *held, SitePanelHeld *panel, const Place *p,
                 const Vote *vote) {
        SiteHeld h = { p->order.seat, p->validator, *vote };

        if (p->order.type == ORDER_SEAT)
                held[r->n_seats++] = h;
        if (p->order.type == ORDER_PANEL)
                panel[r->n_panel++] = (SitePanelHeld){ h, p->order.n };
}

/* As the loader does. */
static int restore(World *w) {
        const Memory *m = &w->desk.stored;
        SiteHeld held[WORLD_VALIDATORS];
        SitePanelHeld panel[PANEL_PLACES];
        SiteRestore r = {
                .epoch = m->epoch.number,
                .starts = m->epoch.starts,
                .ends = m->epoch.ends,
                .committee = { .order = m->eligible, .n_order = m->n_eligible, .n = m->epoch.n },
                .eligible_root = m->epoch.eligible_root,
                .seats = held,
                .panel = panel,
                .state = m->state,
                .cause = m->cause,
                .regions_told = m->regions_told,
                .assurance = m->assurance,
                .since = m->since,
                .first_evidence = m->first_evidence,
                .heartbeat = m->heartbeat,
                .outdated = m->epoch.n > w->desk.conf.seats,
                .incident_open = m->incident,
                .severity = m->severity,
                .flap_score = m->flap_score,
                .flapping_until = m->flapping_until
        };

        for (size_t i = 0; i < PLACES; i++) {
                const Place *p = &m->places[i];

                if (p->row == 0 || (p->order.type == ORDER_PANEL && is_outdated(w, p)))
                        continue;
                r.outdated |= is_outdated(w, p);
                restore_order(w, p);
                hold(&r, held, panel, p, &m->votes[p->validator - 1]);
        }
        r.outdated |= r.n_seats == 0;
        return m->epoch.number > 0 ? site_restore(w->desk.site, &r, w->now) : 0;
}

int desk_begin(World *w) {
        static const SiteEffects effects = { .epoch_opened = on_epoch,
                                             .seat_assigned = on_assigned,
                                             .seat_removed = on_removed,
                                             .probe = on_probe,
                                             .verdict_changed = on_verdict,
                                             .incident_changed = on_incident,
                                             .flapping_changed = on_flapping };
        Desk *d = &w->desk;
        int r;

        r = order_book_new(&d->book, d->row);
        if (r < 0)
                return r;
        r = site_new(&d->site, &d->conf, d->secret, &d->roster);
        if (r < 0)
                return r;
        site_set_effects(d->site, &effects, w);
        assert(restore(w) == 0);
        if (d->stored.heartbeat != 0)
                world_say(w, WORLD_RESTARTED, "a hub starts");
        site_start(d->site, w->now);
        desk_heartbeat(w);
        return 0;
}

void desk_done(World *w) {
        w->desk.site = site_free(w->desk.site);
        w->desk.book = order_book_free(w->desk.book);
}

void desk_die(World *w) {
        for (uint8_t i = 0; i < w->scenario.validators; i++)
                if (world_is_connected(w, i))
                        forget_connection(w, i);
        desk_done(w);
        w->desk.decided = w->desk.stored;
        memcpy(w->desk.spoken, w->desk.stored.votes, sizeof(w->desk.spoken));
        w->desk.commit_due = false;
        w->desk.lives++;
        w->told = w->desk.stored.state;
        w->counts.restarts++;
}
