/* A hash of websites by id; each is on the agenda for when its machine wants to be called, or
 * before. */
#include "hub/board.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <uthash.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "base/macro.h"
#include "base/pace.h"
#include "event/timer.h"
#include "hub/agenda.h"
#include "hub/decision-log.h"

/* What every vote and every call look at is in its first line of the cache. */
typedef struct Entry {
        AgendaItem item;
        usec_t wakes; /* hub time for which it is on the agenda; USEC_INFINITY: it is not */
        Board *board;
        Website website;
        UT_hash_handle hh;
} Entry;

_Static_assert(offsetof(Entry, website.site) + sizeof(Site *) <= CACHE_LINE,
               "a vote finds the site without another line");

/* Candidates that epochs are chosen from. Each costs 1.5 us: a twentieth of a second at once, then
 * a quarter of the loop's time. */
static const PaceRule choosing = { .burst = 30000, .interval = 6 };

struct Board {
        BoardOptions options;
        Agenda *agenda;
        Timer *look_around; /* set: validators came or went */
        Calendar *calendar; /* NULL: nothing is known of one */
        Entry *entries;
        uint64_t revision, heartbeats, postponed;
        Pace chosen;
        EligibleStored stored;
        DecisionLog log;
        bool started, halted;
};

static Entry *entry_of(Website *w) {
        return (Entry *)((char *)w - offsetof(Entry, website));
}

static Entry *entry_of_item(AgendaItem *item) {
        return (Entry *)((char *)item - offsetof(Entry, item));
}

static void entry_free(Entry *e) {
        agenda_remove(e->board->agenda, &e->item);
        work_orders_orphan(&e->website.all_orders);
        website_done(&e->website);
        free(e);
}

static void forget(Board *b, Entry *e) {
        HASH_DEL(b->entries, e);
        entry_free(e);
}

Board *board_free(Board *b) {
        Entry *e, *next;

        if (!b)
                return NULL;
        HASH_ITER(hh, b->entries, e, next) {
                HASH_DEL(b->entries, e);
                entry_free(e);
        }
        timer_free(b->look_around);
        agenda_free(b->agenda);
        calendar_free(b->calendar);
        free(b);
        return NULL;
}

/* Waking --------------------------------------------------------------------------------------- */

/* A call that would come too soon is left alone and looks again when it comes: nearly every vote
 * moves the machine's next moment a little further. */
static void schedule(Entry *e, usec_t now) {
        usec_t next = site_next(e->website.site);

        if (next >= e->wakes)
                return;
        e->wakes = next;
        if (agenda_put(e->board->agenda, &e->item, next > now ? next - now : 0) < 0)
                e->wakes = USEC_INFINITY; /* its next vote tries again */
}

static void open_calendar(Entry *e, usec_t now) {
        const Website *w = &e->website;

        site_maintain(w->site, calendar_next(e->board->calendar, w->organisation, w->id, now), now);
}

static void on_wake(AgendaItem *item, void *userdata _unused_) {
        Entry *e = entry_of_item(item);
        usec_t now = hub_clock_now(e->board->options.clock);

        e->wakes = USEC_INFINITY;
        if (site_next(e->website.site) <= now)
                site_tick(e->website.site, now);
        if (site_window(e->website.site).until <= now)
                open_calendar(e, now);
        schedule(e, now);
}

static void on_fetch(AgendaItem *item, unsigned step) {
        board_fetch(&entry_of_item(item)->website, step, SITE_EVERY_SEAT);
}

/* What is decided now would wait in memory for what is on its way to the database, and at the end
 * the hub for what is decided. */
static bool on_wait_asked(void *userdata) {
        const Board *b = userdata;

        return b->halted || !writer_has_room(b->options.recorder.writer);
}

static void on_look_around(void *userdata) {
        Board *b = userdata;
        usec_t now = hub_clock_now(b->options.clock);
        Entry *e, *next;

        HASH_ITER(hh, b->entries, e, next)
        if (site_others_changed(e->website.site, now) > 0)
                schedule(e, now);
}

static const AgendaOps agenda_ops = {
        .call = on_wake,
        .fetch = on_fetch,
        .fetch_steps = BOARD_FETCH_STEPS,
        .must_wait = on_wait_asked,
};

int board_new(Board **ret, uv_loop_t *loop, const BoardOptions *options) {
        _cleanup_(board_freep) Board *b = calloc(1, sizeof(*b));
        int r;

        if (!b)
                return -ENOMEM;
        b->options = *options;
        b->options.recorder.stored = &b->stored;
        r = agenda_new(&b->agenda, loop, &agenda_ops, b);
        if (r < 0)
                return r;

        r = timer_new(&b->look_around, loop, on_look_around, b);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(b);
        return 0;
}

/* What a machine decides ----------------------------------------------------------------------- */

/* Nearly every epoch brings new orders. More of them than the database keeps up with would wait in
 * memory, and ticks behind them. */
static bool on_may_open(size_t candidates, void *userdata) {
        Board *b = ((Entry *)userdata)->board;
        unsigned n = (unsigned)MIN(candidates, choosing.burst);

        if (writer_takes_orders(b->options.recorder.writer) &&
            pace_take(&b->chosen, &choosing, n, now_boottime()))
                return true;
        b->postponed++;
        return false;
}

static bool on_admits(const Candidate *c, void *userdata) {
        const Website *w = &((Entry *)userdata)->website;
        uint32_t wanted = UINT32_C(1) << w->type;

        if (w->family != 0)
                wanted |= w->family == 4 ? ABILITY_IPV4 : ABILITY_IPV6;
        return (c->abilities & wanted) == wanted && rule_set_admits(w->rule_set, c);
}

static void on_lack(SiteLack lack, void *userdata) {
        static const char *const words[] = {
                [LACK_NOTHING] = "the rules of a website can be met",
                [LACK_DIFFERENT] = "too few different validators for the rules of a website",
                [LACK_ANYBODY] = "the rules of a website admit nobody",
        };
        const Website *w = &((Entry *)userdata)->website;

        if (w->rule_set)
                log_event(lack == LACK_NOTHING ? LOG_NOTICE : LOG_WARNING, DPIN_MSG_RULES,
                          words[lack], "DPIN_WEBSITE=%s\nDPIN_RULES=%s", w->id_text,
                          rule_set_text(w->rule_set));
}

static void on_epoch(const Epoch *e, const uint32_t *eligible, size_t n, void *userdata) {
        Entry *entry = userdata;

        record_epoch(&entry->board->options.recorder, &entry->website, e, eligible, n);
}

static void on_seat(const SiteSeat *s, void *userdata) {
        Entry *entry = userdata;

        assign_seat(entry->board->options.assigner, &entry->website, s);
}

static void on_seat_removed(const SiteSeat *s, void *userdata) {
        Entry *entry = userdata;

        assign_remove(entry->board->options.assigner, &entry->website, s);
}

static void on_probe(const SiteProbe *p, void *userdata) {
        Entry *entry = userdata;

        assign_probe(entry->board->options.assigner, &entry->website, p);
}

static void on_verdict(const SiteVerdict *v, void *userdata) {
        Entry *entry = userdata;
        Board *b = entry->board;

        record_verdict(&b->options.recorder, &entry->website, v);
        decision_log_verdict(&b->log, &entry->website, v);
}

static void on_incident(const SiteIncident *i, void *userdata) {
        Entry *entry = userdata;
        Board *b = entry->board;
        char summary[CAUSE_SIZE];

        record_incident(&b->options.recorder, &entry->website, i, summary);
        decision_log_incident(&b->log, &entry->website, i, summary);
}

static void on_flapping(const SiteFlapping *f, void *userdata) {
        Entry *entry = userdata;
        Board *b = entry->board;

        record_flapping(&b->options.recorder, &entry->website, f);
        decision_log_flapping(&b->log, &entry->website, f);
}

static const SiteEffects effects = {
        .admits = on_admits,
        .lack_changed = on_lack,
        .may_open = on_may_open,
        .epoch_opened = on_epoch,
        .seat_assigned = on_seat,
        .seat_removed = on_seat_removed,
        .probe = on_probe,
        .verdict_changed = on_verdict,
        .incident_changed = on_incident,
        .flapping_changed = on_flapping,
};

/* Websites ------------------------------------------------------------------------------------- */

/* One that was paused goes on after its last epoch: each number is given once. */
static void resume(Entry *e, const WebsiteRow *row) {
        const SiteRestore before = { .epoch = row->epoch, .outdated = true };

        if (row->epoch > 0)
                (void)site_restore(e->website.site, &before,
                                   hub_clock_now(e->board->options.clock));
}

static int add(Board *b, const WebsiteRow *row) {
        usec_t now = hub_clock_now(b->options.clock);
        Entry *e = line_alloc(sizeof(*e));
        SiteConf conf;
        int r;

        if (!e)
                return -ENOMEM;
        e->board = b;
        e->wakes = USEC_INFINITY;
        e->website.id = row->id;
        HASH_ADD(hh, b->entries, website.id, sizeof(row->id), e);

        r = website_fill(&e->website, row);
        if (r >= 0) {
                conf = website_conf(&e->website, &row->settings, b->options.flap_begins);
                r = site_new(&e->website.site, &conf, b->options.hub_secret,
                             registry_roster(b->options.registry));
        }
        if (r < 0) {
                forget(b, e);
                return r;
        }
        site_set_effects(e->website.site, &effects, e);
        open_calendar(e, now);
        if (!b->started)
                return 0;

        record_website(&b->options.recorder, &e->website,
                       row->epoch > 0 ? WEBSITE_RESUMED : WEBSITE_ADDED);
        resume(e, row);
        site_start(e->website.site, now);
        schedule(e, now);
        return 0;
}

static void remove_website(Board *b, Entry *e, WebsiteChange change) {
        assign_remove_all(b->options.assigner, &e->website);
        record_website(&b->options.recorder, &e->website, change);
        forget(b, e);
}

/* One that was paused is in no hub's memory, but others still know it. */
static void remove_paused(Board *b, const WebsiteRow *row) {
        Website w = { .id = row->id, .organisation = row->organisation, .url = (char *)row->url };

        uuid_format(&row->public_id, w.id_text);
        if (b->started)
                record_website(&b->options.recorder, &w, WEBSITE_REMOVED);
}

/* What cannot be checked any more is not checked as it was before either. */
static int change(Board *b, Entry *e, const WebsiteRow *row) {
        usec_t now = hub_clock_now(b->options.clock);
        SiteConf conf;
        int r;

        r = website_fill(&e->website, row);
        if (r < 0) {
                remove_website(b, e, WEBSITE_REMOVED);
                return r;
        }
        conf = website_conf(&e->website, &row->settings, b->options.flap_begins);
        r = site_reconfigure(e->website.site, &conf, now);
        schedule(e, now);
        return r;
}

int board_put(Board *b, const WebsiteRow *row) {
        Entry *e;

        b->revision = MAX(b->revision, row->revision);
        HASH_FIND(hh, b->entries, &row->id, sizeof(row->id), e);
        if (row->removed || row->paused) {
                if (e)
                        remove_website(b, e, row->removed ? WEBSITE_REMOVED : WEBSITE_PAUSED);
                else if (row->removed)
                        remove_paused(b, row);
                return 0;
        }
        return e ? change(b, e, row) : add(b, row);
}

Website *board_find(const Board *b, uint32_t id) {
        Entry *e;

        HASH_FIND(hh, b->entries, &id, sizeof(id), e);
        return e ? &e->website : NULL;
}

size_t board_count(const Board *b) {
        return HASH_COUNT(b->entries);
}

uint64_t board_revision(const Board *b) {
        return b->revision;
}

void board_states(const Board *b, unsigned ret[static _VERDICT_MAX]) {
        Entry *e, *next;

        memset(ret, 0, _VERDICT_MAX * sizeof(*ret));
        HASH_ITER(hh, b->entries, e, next)
        ret[site_state(e->website.site)]++;
}

uint64_t board_postponed(const Board *b) {
        return b->postponed;
}

uint64_t board_unlogged(const Board *b) {
        return b->log.unlogged;
}

bool board_is_blind(const Board *b) {
        unsigned n[_VERDICT_MAX];

        board_states(b, n);
        return n[VERDICT_UNKNOWN] > 0 &&
               n[VERDICT_UP] + n[VERDICT_DOWN] + n[VERDICT_PARTIAL] + n[VERDICT_DEGRADED] == 0;
}

size_t board_incidents(const Board *b) {
        size_t n = 0;
        Entry *e, *next;

        HASH_ITER(hh, b->entries, e, next)
        for (int k = 0; k < _INCIDENT_KIND_MAX; k++)
                n += e->website.incidents[k].open;
        return n;
}

int board_restore(Board *b, Website *w, const SiteRestore *restore) {
        int r = site_restore(w->site, restore, hub_clock_now(b->options.clock));

        if (r != 0)
                assign_remove_all(b->options.assigner, w);
        return r;
}

void board_start(Board *b) {
        usec_t now = hub_clock_now(b->options.clock);
        Entry *e, *next;

        b->started = true;
        HASH_ITER(hh, b->entries, e, next) {
                site_start(e->website.site, now);
                schedule(e, now);
        }
}

void board_halt(Board *b) {
        b->halted = true;
}

/* Events --------------------------------------------------------------------------------------- */

void board_fetch(Website *w, unsigned step, uint8_t seat) {
        if (step == 0)
                __builtin_prefetch(entry_of(w));
        else
                site_fetch(w->site, step - 1, seat);
}

int board_vote(Website *w, SiteVoter voter, const Vote *vote, usec_t now) {
        int r = site_vote(w->site, voter, vote, now);

        schedule(entry_of(w), now);
        return r;
}

void board_heartbeat(Board *b, const HeartbeatRow *row) {
        usec_t now = hub_clock_now(b->options.clock);
        Website *w = board_find(b, row->website);

        b->heartbeats = MAX(b->heartbeats, row->revision);
        if (!w)
                return;
        site_heartbeat(w->site,
                       &(const SiteCall){ row->revision, now - MIN(row->age, now - 1), row->ok },
                       now);
        if (b->started)
                schedule(entry_of(w), now);
}

void board_put_calendar(Board *b, Calendar *calendar) {
        usec_t now = hub_clock_now(b->options.clock);
        Entry *e, *next;

        calendar_free(b->calendar);
        b->calendar = calendar;
        HASH_ITER(hh, b->entries, e, next) {
                open_calendar(e, now);
                if (b->started)
                        schedule(e, now);
        }
}

uint64_t board_heartbeats(const Board *b) {
        return b->heartbeats;
}

void board_suspect(Website *w, uint32_t validator, usec_t now) {
        site_suspect(w->site, validator, now);
        schedule(entry_of(w), now);
}

/* A website that has all it wants is not looked at but by whom it has: there are as many walks as
 * validators, and where all come or go at once each would be through all websites. */
static void tell_presence(Board *b, uint32_t validator,
                          int (*tell)(Site *s, uint32_t validator, usec_t now)) {
        usec_t now = hub_clock_now(b->options.clock);
        WorkOrder *o = NULL;

        while (!b->halted && (o = order_book_next_of(b->options.book, validator, o)))
                if (o->removed == 0 && o->website && tell(o->website->site, validator, now) > 0)
                        schedule(entry_of(o->website), now);
        if (!timer_is_set(b->look_around))
                timer_after(b->look_around, BOARD_LOOK_AROUND);
}

void board_connected(Board *b, uint32_t validator) {
        tell_presence(b, validator, site_connected);
}

void board_disconnected(Board *b, uint32_t validator) {
        tell_presence(b, validator, site_disconnected);
}

void board_roster_changed(Board *b) {
        usec_t now = hub_clock_now(b->options.clock);
        Entry *e, *next;

        HASH_ITER(hh, b->entries, e, next) {
                site_roster_changed(e->website.site, now);
                schedule(e, now);
        }
}
