/* One query after the other; each callback takes its rows and asks the next. What a website's
 * machine needs is gathered first and given to it at the end. */
#include "hub/loader.h"

#include <errno.h>
#include <string.h>
#include <uthash.h>

#include "base/log.h"
#include "hub/dispose.h"
#include "hub/listbook.h"
#include "hub/order-row.h"
#include "hub/past-votes.h"
#include "store/epochs.h"
#include "store/identities.h"
#include "store/incidents.h"
#include "store/validators.h"
#include "store/verdicts.h"

#define RECALL_TIME (2 * USEC_PER_MIN)
#define RECALL_MOST (25 * USEC_PER_HOUR)

typedef struct Gathered {
        uint32_t website;
        SiteRestore restore;
        SiteHeld held[SEATS_MAX];
        SitePanelHeld panel[PANEL_ORDERS_MAX];
        uint8_t eligible_root[SIGN_HASH_SIZE];
        UT_hash_handle hh;
} Gathered;

struct Loader {
        LoaderOptions options;
        Gathered *gathered;
        ListBook *lists;
        usec_t recalled; /* which ticks that started since then are stored is remembered */
        PastVotes *votes;
        StoreCall *call;
};

static void finish(Loader *l, int r) {
        l->options.done(r, l->options.userdata);
}

Loader *loader_free(Loader *l) {
        Gathered *g, *next;

        if (!l)
                return NULL;
        store_call_cancel(l->call);
        past_votes_free(l->votes);
        HASH_ITER(hh, l->gathered, g, next) {
                HASH_DEL(l->gathered, g);
                free(g);
        }
        list_book_free(l->lists);
        free(l);
        return NULL;
}

/* What should have ended while no hub ran ends when the last one was alive: nothing was seen since.
 */
static usec_t end_of_hub(const Loader *l) {
        return MAX(l->options.heartbeat, (usec_t)1);
}

/* NULL: the website is gone or paused, or out of memory. */
static Gathered *gathered_of(Loader *l, uint32_t website) {
        Gathered *g;

        HASH_FIND(hh, l->gathered, &website, sizeof(website), g);
        if (g || !board_find(l->options.board, website))
                return g;
        g = calloc(1, sizeof(*g));
        if (!g)
                return NULL;
        g->website = website;
        g->restore.heartbeat = l->options.heartbeat;
        HASH_ADD(hh, l->gathered, website, sizeof(website), g);
        return g;
}

/* The end: machines get what was gathered ------------------------------------------------------ */

static void restore_all(Loader *l) {
        Gathered *g, *next;
        Website *w;
        int r;

        HASH_ITER(hh, l->gathered, g, next) {
                w = board_find(l->options.board, g->website);
                g->restore.outdated |= w && g->restore.committee.n > w->seats;
                g->restore.outdated |= g->restore.n_seats == 0; /* it was paused meanwhile */
                g->restore.seats = g->held;
                g->restore.panel = g->panel;
                r = w ? board_restore(l->options.board, w, &g->restore) : 0;
                if (r != 0)
                        log_warning("website %s gets its seats anew: %s", w->id_text,
                                    r < 0 ? strerror(-r) : "its epoch cannot be continued");
        }
        finish(l, 0);
}

static SiteHeld *held_of(Gathered *g, uint32_t validator) {
        for (size_t i = 0; i < g->restore.n_seats; i++)
                if (g->held[i].validator == validator)
                        return &g->held[i];
        return NULL;
}

/* Whichever of its orders it was for, but that of a panel counts there alone. */
static void give_vote(const PastVote *v, void *userdata) {
        Gathered *g = gathered_of(userdata, v->website);
        SiteHeld *held = g && !v->panel ? held_of(g, v->validator) : NULL;

        if (held)
                held->vote = v->vote;
        for (size_t i = 0; g && v->panel && i < g->restore.n_panel; i++)
                if (g->panel[i].held.validator == v->validator)
                        g->panel[i].held.vote = v->vote;
}

static void on_votes(int r, void *userdata) {
        Loader *l = userdata;

        if (r < 0)
                finish(l, r);
        else
                restore_all(l);
}

static usec_t shortest_interval(const Website *w) {
        usec_t interval = w->interval_ms;

        for (const WorkOrder *o = w->all_orders; o; o = o->next)
                interval = MIN(interval, o->order.interval_ms);
        return MAX(interval * USEC_PER_MSEC, (usec_t)1);
}

static int ask_votes_of(Loader *l, const Website *w) {
        const PastWebsite past = {
                .website = w->id,
                .seats = w->seats,
                .interval = shortest_interval(w),
                .fresh = vote_freshness(w->interval_ms * USEC_PER_MSEC,
                                        w->timeout_ms * USEC_PER_MSEC),
        };

        return past_votes_add(l->votes, &past);
}

static int load_votes(Loader *l) {
        const PastVotesOptions options = {
                .store = l->options.store,
                .book = l->options.book,
                .now = hub_clock_now(l->options.clock),
                .take = give_vote,
                .done = on_votes,
                .userdata = l,
        };
        Gathered *g, *next;
        int r = past_votes_new(&l->votes, &options);

        HASH_ITER(hh, l->gathered, g, next) {
                const Website *w = board_find(l->options.board, g->website);

                if (r >= 0 && w && g->restore.n_seats + g->restore.n_panel > 0)
                        r = ask_votes_of(l, w);
        }
        return r < 0 ? r : past_votes_begin(l->votes);
}

/* Incidents and verdicts ----------------------------------------------------------------------- */

static void end_incident(Loader *l, const IncidentRow *row) {
        incident_close(writer_group(l->options.writer),
                       &(const IncidentChange){ .id = &row->id,
                                                .kind = "closed",
                                                .at = MAX(end_of_hub(l), row->opened) },
                       0);
}

/* Those that people opened are theirs to close. */
static void take_incident(Loader *l, const IncidentRow *row) {
        IncidentKind kind = incident_kind_from_name(row->kind);
        Website *w = board_find(l->options.board, row->website);
        Gathered *g = gathered_of(l, row->website);

        if (kind == _INCIDENT_KIND_MAX)
                return;
        if (!w)
                end_incident(l, row);
        if (!w || !g)
                return;
        w->incidents[kind] = (WebsiteIncident){ .id = row->id, .open = true };
        if (kind == INCIDENT_CERTIFICATE) {
                g->restore.certificate_open = true;
                return;
        }
        g->restore.incident_open = true;
        g->restore.severity = incident_severity_from_name(row->severity);
}

static void on_incidents(int r, const IncidentRow *rows, size_t n, void *userdata) {
        Loader *l = userdata;

        l->call = NULL;
        for (size_t i = 0; r >= 0 && i < n; i++)
                take_incident(l, &rows[i]);
        if (r >= 0)
                r = load_votes(l);
        if (r == -ENODATA)
                restore_all(l);
        else if (r < 0)
                finish(l, r);
}

static void on_verdicts(int r, const VerdictRow *rows, size_t n, void *userdata) {
        Loader *l = userdata;
        Gathered *g;

        l->call = NULL;
        for (size_t i = 0; r >= 0 && i < n; i++) {
                g = gathered_of(l, rows[i].website);
                if (!board_find(l->options.board, rows[i].website))
                        verdict_close(writer_group(l->options.writer), rows[i].website,
                                      MAX(end_of_hub(l), rows[i].started));
                if (!g)
                        continue;
                g->restore.state = verdict_state_from_name(rows[i].state);
                g->restore.cause = verdict_cause_from_name(rows[i].cause);
                g->restore.regions_told = rows[i].regions != NULL;
                g->restore.assurance = assurance_from_name(rows[i].assurance);
                g->restore.since = rows[i].started;
                g->restore.first_evidence = rows[i].first_evidence;
                g->restore.flap_score = rows[i].flap_score;
                g->restore.flapping_until = rows[i].flapping_until;
        }
        if (r >= 0)
                r = incidents_load(l->options.store, on_incidents, l, &l->call);
        if (r < 0)
                finish(l, r);
}

/* Epochs --------------------------------------------------------------------------------------- */

/* Rules that are asked for no more: it ends as if the website had been changed. */
static bool asks_for_others(const Website *w, const EpochRow *row) {
        return row->asked > 0 && strcmp(row->rules, rule_set_text(w->rule_set)) != 0;
}

static int take_epoch(Loader *l, Gathered *g, const EpochRow *row) {
        int r = list_book_recall(l->lists, row, &g->restore.committee);

        if (r < 0)
                return r;
        g->restore.epoch = row->number;
        g->restore.starts = row->starts;
        g->restore.ends = row->ends;
        g->restore.outdated |= asks_for_others(board_find(l->options.board, row->website), row);
        memcpy(g->eligible_root, row->eligible_root, sizeof(g->eligible_root));
        g->restore.eligible_root = g->eligible_root;
        return 0;
}

static void on_epochs(int r, const EpochRow *rows, size_t n, void *userdata) {
        Loader *l = userdata;
        Gathered *g;

        l->call = NULL;
        for (size_t i = 0; r >= 0 && i < n; i++) {
                g = gathered_of(l, rows[i].website);
                if (g)
                        r = take_epoch(l, g, &rows[i]);
        }
        if (r >= 0)
                r = verdicts_load(l->options.store, on_verdicts, l, &l->call);
        if (r < 0)
                finish(l, r);
}

static void on_lists(int r, const EligibleListRow *rows, size_t n, void *userdata) {
        Loader *l = userdata;

        l->call = NULL;
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = list_book_add(l->lists, &rows[i]);
        if (r >= 0)
                r = epochs_load(l->options.store, on_epochs, l, &l->call);
        if (r < 0)
                finish(l, r);
}

/* Orders --------------------------------------------------------------------------------------- */

/* The website was changed while no hub ran. */
static bool is_outdated(const WorkOrder *o) {
        const Website *w = o->website;

        return o->order.interval_ms != w->interval_ms || o->order.timeout_ms != w->timeout_ms ||
               o->order.family != w->family || !hash_equal(&o->order.terms->spec, &w->spec_hash);
}

static void seat_order(Loader *l, WorkOrder *o) {
        Gathered *g = gathered_of(l, o->website->id);

        if (!g || o->order.seat >= SEATS_MAX || g->restore.n_seats == SEATS_MAX)
                return;
        if (assign_put(o->website, SEAT_MEMBER, o, o->order.seat) < 0)
                return;
        g->restore.outdated |= is_outdated(o);
        g->held[g->restore.n_seats++] =
                        (SiteHeld){ .seat = o->order.seat, .validator = o->validator };
}

static void end_order(Loader *l, WorkOrder *o) {
        o->removed = end_of_hub(l);
        writer_end_order(l->options.writer, &(OrderEnd){ o->row, o->removed });
}

static void panel_order(Loader *l, WorkOrder *o) {
        Gathered *g = gathered_of(l, o->website->id);

        if (!g || assign_put(o->website, SEAT_PANEL, o, o->order.seat) < 0) {
                end_order(l, o); /* more than there can be */
                return;
        }
        g->panel[g->restore.n_panel++] = (SitePanelHeld){
                .held = { .seat = o->order.seat, .validator = o->validator },
                .n = o->order.n,
        };
}

/* Nobody would end it any more: its website is gone, or asks for something else of its panel, or it
 * is a spare's, which does not outlive its round. */
static bool is_orphan(const WorkOrder *o) {
        if (o->removed > 0)
                return false;
        return !o->website || o->order.type == ORDER_SPARE ||
               (o->order.type == ORDER_PANEL && is_outdated(o));
}

/* The hub's last minutes, so that what is under way and what is sent again asks nothing of the
 * database. But what is older than a day is expired, whoever sends it: a hub that never was would
 * look through half a century. */
static usec_t recall_since(const Loader *l, usec_t now) {
        return MAX(l->options.heartbeat - MIN(l->options.heartbeat, RECALL_TIME),
                   now - MIN(now, RECALL_MOST));
}

static void place_order(Loader *l, WorkOrder *o) {
        if (o->order.type == ORDER_PANEL)
                panel_order(l, o);
        else
                seat_order(l, o);
}

static int take_order(Loader *l, const OrderRow *row) {
        const OrderRead read = {
                .website = board_find(l->options.board, row->website),
                .restored = MAX(hub_clock_now(l->options.clock), l->options.heartbeat),
                .recalled = l->recalled,
        };
        WorkOrder *added;
        int r;

        r = order_row_read(l->options.book, row, &read, &added);
        if (r < 0)
                return r;
        if (is_orphan(added))
                end_order(l, added);
        if (added->website && added->removed == 0)
                place_order(l, added);
        return 0;
}

static void on_identities(int r, const TickIdentity *rows, size_t n, void *userdata) {
        Loader *l = userdata;

        l->call = NULL;
        if (r >= 0)
                r = dispose_mark_stored(l->options.book, rows, n);
        if (r >= 0)
                r = eligible_lists_load(l->options.store, on_lists, l, &l->call);
        if (r < 0)
                finish(l, r);
}

/* By hub time, which is past the heartbeat; a hub lives on for a moment after its last one. */
static int load_identities(Loader *l, usec_t now) {
        return tick_identities_load_all(
                        l->options.store,
                        &(const TickQuestion){ .from = l->recalled, .to = now + RECALL_TIME },
                        on_identities, l, &l->call);
}

static void on_orders(int r, const OrderRow *rows, size_t n, void *userdata) {
        Loader *l = userdata;
        usec_t now = hub_clock_now(l->options.clock);

        l->call = NULL;
        l->recalled = recall_since(l, now);
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = take_order(l, &rows[i]);
        if (r >= 0)
                r = load_identities(l, now);
        if (r < 0)
                finish(l, r);
}

/* Maintenance and heartbeats ------------------------------------------------------------------- */

static int load_orders(Loader *l) {
        const OrdersRecent recent = { .now = hub_clock_now(l->options.clock),
                                      .least = ORDER_KEPT_LEAST,
                                      .intervals = ORDER_KEPT_INTERVALS };

        return orders_load(l->options.store, &recent, on_orders, l, &l->call);
}

static void on_windows(int r, const MaintenanceSpan *spans, size_t n, void *userdata) {
        Loader *l = userdata;
        Calendar *calendar = NULL;

        l->call = NULL;
        if (r >= 0)
                r = calendar_new(&calendar, spans, n);
        if (r >= 0) {
                board_put_calendar(l->options.board, calendar);
                r = load_orders(l);
        }
        if (r < 0)
                finish(l, r);
}

static int load_windows(Loader *l) {
        usec_t now = hub_clock_now(l->options.clock);

        return maintenance_load(l->options.store,
                                &(const MaintenancePeriod){ now, now + CALENDAR_AHEAD }, on_windows,
                                l, &l->call);
}

/* Page by page. */
static void on_heartbeats(int r, const HeartbeatRow *rows, size_t n, void *userdata) {
        Loader *l = userdata;

        l->call = NULL;
        for (size_t i = 0; r >= 0 && i < n; i++)
                board_heartbeat(l->options.board, &rows[i]);
        if (r >= 0 && n == HEARTBEATS_PAGE)
                r = heartbeats_load(l->options.store, rows[n - 1].revision, on_heartbeats, l,
                                    &l->call);
        else if (r >= 0)
                r = load_windows(l);
        if (r < 0)
                finish(l, r);
}

/* Websites and validators ---------------------------------------------------------------------- */

static void on_websites(int r, const WebsiteRow *rows, size_t n, void *userdata) {
        Loader *l = userdata;

        l->call = NULL;
        for (size_t i = 0; r >= 0 && i < n; i++)
                if (board_put(l->options.board, &rows[i]) == -ENOMEM)
                        r = -ENOMEM;
        if (r >= 0)
                r = heartbeats_load(l->options.store, 0, on_heartbeats, l, &l->call);
        if (r < 0)
                finish(l, r);
}

/* One that still counts as connected was so until the hub died. A connection that was short does
 * not undo what was known before it. */
static usec_t steady_until(const ValidatorRow *row, usec_t heartbeat) {
        usec_t seen = row->connected ? MAX(row->last_seen, heartbeat) : row->last_seen;
        usec_t before = row->steady == USEC_INFINITY ? 0 : row->steady;

        if (row->last_seen == USEC_INFINITY || row->last_connected == USEC_INFINITY)
                return before;
        return seen >= row->last_connected + CANDIDATE_STEADY ? seen : before;
}

static int take_validator(Loader *l, const ValidatorRow *row) {
        usec_t steady = steady_until(row, l->options.heartbeat);

        return registry_put_row(l->options.registry, row, steady) ? 0 : -ENOMEM;
}

static void on_validators(int r, const ValidatorRow *rows, size_t n, void *userdata) {
        Loader *l = userdata;

        l->call = NULL;
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = take_validator(l, &rows[i]);
        if (r >= 0)
                r = websites_load(l->options.store, 0, on_websites, l, &l->call);
        if (r < 0)
                finish(l, r);
}

int loader_new(Loader **ret, const LoaderOptions *options) {
        _cleanup_(loader_freep) Loader *l = calloc(1, sizeof(*l));
        int r;

        if (!l)
                return -ENOMEM;
        l->options = *options;
        r = list_book_new(&l->lists);
        if (r < 0)
                return r;

        r = validators_load(options->store, on_validators, l, &l->call);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(l);
        return 0;
}
