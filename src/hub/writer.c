/* The group collects until its timer, or until the one under way is done. */
#include "hub/writer.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/failpoint.h"
#include "event/timer.h"
#include "hub/gather.h"
#include "hub/pages.h"
#include "store/hub-state.h"

struct Writer {
        Timer *timer;
        WriterOptions options;
        StoreCall *call;
        uint64_t collecting; /* number of the group being collected */
        uint64_t committed;
        usec_t committed_at; /* boot time; 0: not yet */
        PqTransaction *group;
        PqTransaction *spare; /* takes what is thrown away when there is no memory for a group */
        bool out_of_memory, due, failed, finishing;
        bool urgent, stretched; /* the group being collected is */
        usec_t beaten;          /* last; 0: not yet */
        uint32_t ordinal;
        Gather *rows;
        Pages *pages;
        usec_t paged;                 /* see writer_paged(); of the commit under way */
        usec_t ticks_at;              /* when the ticks came that are being added */
        size_t flying, orders_flying; /* ticks and orders of the commit under way, ... */
        size_t statements_flying;     /* ... and what came as statements */
};

static_assert(WRITER_FETCH_STEPS == PAGES_FETCH_STEPS, "each step is theirs");

static void on_company(void *userdata);

int writer_new(Writer **ret, uv_loop_t *loop, const WriterOptions *options) {
        _cleanup_(writer_freep) Writer *w = calloc(1, sizeof(*w));
        int r;

        if (!w)
                return -ENOMEM;
        w->options = *options;
        w->committed = options->commit_no;
        w->collecting = options->commit_no + 1;
        w->paged = USEC_INFINITY;

        w->spare = pq_transaction_new();
        if (!w->spare)
                return -ENOMEM;

        r = gather_new(&w->rows);
        if (r < 0)
                return r;

        r = pages_new(&w->pages);
        if (r < 0)
                return r;

        r = timer_new(&w->timer, loop, on_company, w);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(w);
        return 0;
}

Writer *writer_free(Writer *w) {
        if (!w)
                return NULL;
        store_call_cancel(w->call);
        pq_transaction_free(w->group);
        pq_transaction_free(w->spare);
        timer_free(w->timer);
        gather_free(w->rows);
        pages_free(w->pages);
        free(w);
        return NULL;
}

/* What is collected from here on goes nowhere: it was decided on what is not in the database. */
static void fail(Writer *w, int r, const char *error) {
        if (w->failed)
                return;
        w->failed = true;
        timer_stop(w->timer);
        w->options.ops.failed(r, error, w->options.ops.userdata);
}

static void send_group(Writer *w);

static void on_committed(int r, const char *error, void *userdata) {
        Writer *w = userdata;

        w->call = NULL;
        w->flying = w->orders_flying = w->statements_flying = 0;
        if (r < 0) {
                fail(w, r, error);
                return;
        }
        failpoint("hub-committed"); /* durable, and nobody was told */
        w->committed = w->collecting - 1;
        w->committed_at = now_boottime();
        w->paged = USEC_INFINITY;
        w->options.ops.committed(w->committed, hub_clock_now(w->options.clock),
                                 w->options.ops.userdata);
        if (!pages_is_empty(w->pages))
                (void)writer_group_unhurried(w);
        if (w->due && !w->failed)
                send_group(w);
}

/* What there is for the group being collected becomes its transaction. */
static int fill_group(Writer *w, PqTransaction *t) {
        const PagesCommit commit = { .commit_no = w->collecting,
                                     .now = hub_clock_now(w->options.clock),
                                     .all = w->finishing };
        uint64_t paged_no;
        int r;

        w->flying = gather_ticks(w->rows);
        w->orders_flying = gather_orders(w->rows);
        w->statements_flying = pq_transaction_count(t);
        w->paged = pages_since(w->pages);
        r = pages_send(w->pages, t, &commit, &paged_no);
        if (r < 0)
                return r;
        gather_put(w->rows, t);
        hub_heartbeat_put(t, &(const HubHeartbeat){
                                             .now = commit.now, /* nothing in here is dated later */
                                             .paged_no = paged_no,
                                             .paged = MIN(pages_since(w->pages), commit.now),
                             });
        return 0;
}

static void send_group(Writer *w) {
        _cleanup_(pq_transaction_freep) PqTransaction *t = NULL;
        int r;

        timer_stop(w->timer);
        if (w->out_of_memory || fill_group(w, w->group) < 0) {
                fail(w, -ENOMEM, NULL);
                return;
        }
        t = TAKE_PTR(w->group);
        w->ordinal = 0;
        w->due = w->urgent = w->stretched = false;
        w->collecting++;

        r = store_submit(w->options.store, TAKE_PTR(t), on_committed, w, &w->call);
        if (r < 0)
                fail(w, r, NULL);
}

/* With many ticks a second a commit takes many. */
static bool may_stretch(const Writer *w) {
        return !w->urgent && !w->stretched && gather_ticks(w->rows) >= WRITER_MANY;
}

/* Asked before anything is written: of all that is due after a standstill the beat may be the last.
 */
static void notice_standstill(Writer *w) {
        usec_t now = hub_clock_now(w->options.clock);

        if (!w->finishing && w->beaten > 0 && now - w->beaten > WRITER_STANDSTILL)
                fail(w, -ETIME, "the hub stood still");
}

static void on_company(void *userdata) {
        Writer *w = userdata;

        notice_standstill(w);
        if (w->failed)
                return;
        if (may_stretch(w)) {
                w->stretched = true;
                timer_after(w->timer, WRITER_PATIENCE_MANY - WRITER_PATIENCE);
                return;
        }
        if (w->call)
                w->due = true; /* goes when the one under way is done */
        else
                send_group(w);
}

static void open_group(Writer *w) {
        if (w->group)
                return;

        w->group = pq_transaction_new();
        if (!w->group) {
                w->out_of_memory = true;
                w->group = TAKE_PTR(w->spare); /* never sent, so one is enough */
        }
        hub_commit(w->group, w->collecting);
}

/* Sooner than it was due, never later. */
static PqTransaction *group_within(Writer *w, usec_t delay) {
        notice_standstill(w);
        open_group(w);
        if (!w->failed && !w->due && timer_left(w->timer) > delay)
                timer_after(w->timer, delay);
        return w->group;
}

PqTransaction *writer_group(Writer *w) {
        w->urgent = true;
        return group_within(w, WRITER_COMPANY);
}

/* A group that was given more time for company keeps it. */
PqTransaction *writer_group_unhurried(Writer *w) {
        return group_within(w, w->stretched ? WRITER_PATIENCE_MANY : WRITER_PATIENCE);
}

void writer_beat(Writer *w) {
        (void)writer_group(w);
        w->beaten = hub_clock_now(w->options.clock);
}

uint64_t writer_commit_no(const Writer *w) {
        return w->collecting;
}

usec_t writer_committed_at(const Writer *w) {
        return w->committed_at;
}

uint64_t writer_committed(const Writer *w) {
        return w->committed;
}

uint32_t writer_take_ordinal(Writer *w) {
        return w->ordinal++;
}

void writer_expect_ticks(Writer *w, usec_t now) {
        w->ticks_at = now;
        (void)writer_group_unhurried(w);
}

void writer_fetch(const Writer *w, uint32_t website, unsigned step) {
        pages_fetch(w->pages, website, step);
}

static void kept(Writer *w, int r) {
        if (r < 0)
                w->out_of_memory = true;
}

static void send_at_once(Writer *w) {
        w->urgent = true;
        (void)group_within(w, 0);
}

void writer_add_tick(Writer *w, const TickRow *row) {
        assert(w->ticks_at > 0); /* they are expected */
        kept(w, gather_tick(w->rows, row->validator));
        kept(w, pages_add(w->pages, row, w->collecting, w->ticks_at));
        if (gather_ticks(w->rows) == WRITER_ENOUGH)
                send_at_once(w);
}

void writer_add_batch(Writer *w, const BatchRow *row) {
        (void)writer_group_unhurried(w);
        kept(w, gather_batch(w->rows, row));
}

void writer_add_move(Writer *w, const StreamMove *move) {
        (void)writer_group_unhurried(w);
        kept(w, gather_move(w->rows, move));
}

void writer_add_order(Writer *w, const OrderRow *row) {
        (void)writer_group_unhurried(w);
        kept(w, gather_order(w->rows, row));
        if (gather_orders(w->rows) == WRITER_ORDERS_ENOUGH)
                send_at_once(w);
}

void writer_end_order(Writer *w, const OrderEnd *row) {
        (void)writer_group_unhurried(w);
        kept(w, gather_order_end(w->rows, row));
}

void writer_prove_order(Writer *w, const OrderProof *row) {
        (void)writer_group_unhurried(w);
        kept(w, gather_order_proof(w->rows, row));
}

void writer_reserve_probes(Writer *w, const OrderProbes *row) {
        (void)writer_group(w);
        kept(w, gather_order_probes(w->rows, row));
}

static size_t statements(const Writer *w) {
        return w->statements_flying + (w->group ? pq_transaction_count(w->group) : 0);
}

bool writer_is_full(const Writer *w) {
        return gather_ticks(w->rows) + w->flying >= WRITER_TICKS_MAX ||
               statements(w) >= WRITER_STATEMENTS_MAX || w->out_of_memory || w->failed;
}

bool writer_has_room(const Writer *w) {
        return statements(w) < WRITER_STATEMENTS_ENOUGH && !w->out_of_memory && !w->failed;
}

bool writer_takes_orders(const Writer *w) {
        return gather_orders(w->rows) + w->orders_flying < WRITER_ORDERS_MAX;
}

bool writer_is_idle(const Writer *w) {
        return w->failed || (!w->group && !w->call);
}

void writer_flush(Writer *w) {
        if (w->group && !w->call && !w->failed)
                send_group(w);
}

void writer_finish(Writer *w) {
        w->finishing = true;
        writer_flush(w);
}

void writer_hurry_ticks(Writer *w, uint32_t website) {
        pages_hurry(w->pages, website, hub_clock_now(w->options.clock));
}

usec_t writer_paged(const Writer *w) {
        return MIN(MIN(w->paged, pages_since(w->pages)), hub_clock_now(w->options.clock));
}
