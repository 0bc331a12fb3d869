/* Part by part: the pages of some websites, the newest few ticks of each validator on them, and
 * whether the batches of those may vote. A batch that came so early that it is not found has no
 * tick that counts, in this part or another. */
#include "hub/past-votes.h"

#include <errno.h>
#include <stdlib.h>
#include <uthash.h>

#include "base/array.h"
#include "hub/dispose.h"
#include "hub/website.h"
#include "store/recent.h"

#define AHEAD (2 * USEC_PER_MIN) /* more than a tick may be of hub time */
#define EARLY USEC_PER_MIN       /* more than a batch may come before its ticks start */

typedef struct PastTick {
        const WorkOrder *order;
        usec_t started;
        PageTick tick;
} PastTick;

/* What is known of a batch. */
typedef struct Arrival {
        uint64_t batch;
        usec_t arrived; /* 0: it does not vote */
        UT_hash_handle hh;
} Arrival;

struct PastVotes {
        PastVotesOptions options;
        PastWebsite *websites;
        size_t n, max;
        size_t part, next; /* this part is from here to there */
        PastTick *ticks;
        size_t n_ticks, max_ticks;
        size_t thin_out_at; /* so many */
        Arrival *arrivals;
        StoreCall *call;
};

int past_votes_new(PastVotes **ret, const PastVotesOptions *options) {
        PastVotes *p = calloc(1, sizeof(*p));

        if (!p)
                return -ENOMEM;
        p->options = *options;
        *ret = p;
        return 0;
}

PastVotes *past_votes_free(PastVotes *p) {
        Arrival *a, *next;

        if (!p)
                return NULL;
        store_call_cancel(p->call);
        HASH_ITER(hh, p->arrivals, a, next) {
                HASH_DEL(p->arrivals, a);
                free(a);
        }
        free(p->ticks);
        free(p->websites);
        free(p);
        return NULL;
}

int past_votes_add(PastVotes *p, const PastWebsite *w) {
        int r = array_reserve(&p->websites, &p->max, p->n + 1, sizeof(*p->websites));

        if (r < 0)
                return r;
        p->websites[p->n++] = *w;
        return 0;
}

static int compare_websites(const void *x, const void *y) {
        const PastWebsite *a = x, *b = y;

        return COMPARE(a->website, b->website);
}

static const PastWebsite *find_website(const PastVotes *p, uint32_t website) {
        const PastWebsite key = { .website = website };

        return bsearch(&key, p->websites, p->n, sizeof(key), compare_websites);
}

static usec_t since_of(const PastVotes *p, const PastWebsite *w) {
        return p->options.now - MIN(p->options.now, w->fresh);
}

static void finish(PastVotes *p, int r) {
        p->options.done(r, p->options.userdata);
}

/* Votes ---------------------------------------------------------------------------------------- */

/* A page knows neither family nor certificate. */
static Vote vote_of(const PastTick *c, usec_t arrived) {
        const Tick tick = {
                .start = (int64_t)c->started,
                .kind = c->tick.kind,
                .outcome = c->tick.outcome,
                .error = c->tick.error,
                .phases = c->tick.phases,
        };

        return dispose_vote(&tick, arrived);
}

static bool is_panel(const WorkOrder *o) {
        return o->order.type == ORDER_PANEL;
}

static bool same_voter(const WorkOrder *a, const WorkOrder *b) {
        return a->website == b->website && a->validator == b->validator &&
               is_panel(a) == is_panel(b);
}

/* By voter, the newest first. */
static int compare_ticks(const void *x, const void *y) {
        const PastTick *a = x, *b = y;
        int r = COMPARE(a->order->website->id, b->order->website->id);

        if (r == 0)
                r = COMPARE(a->order->validator, b->order->validator);
        if (r == 0)
                r = COMPARE(is_panel(a->order), is_panel(b->order));
        return r != 0 ? r : COMPARE(b->started, a->started);
}

/* The newest few of each voter, sorted. */
static void thin_out(PastVotes *p) {
        size_t n = 0, of_voter = 0;

        if (p->n_ticks > 0)
                qsort(p->ticks, p->n_ticks, sizeof(*p->ticks), compare_ticks);
        for (size_t i = 0; i < p->n_ticks; i++) {
                bool same = i > 0 && same_voter(p->ticks[n - 1].order, p->ticks[i].order);

                of_voter = same ? of_voter + 1 : 1;
                if (of_voter <= PAST_NEWEST_MAX)
                        p->ticks[n++] = p->ticks[i];
        }
        p->n_ticks = n;
        p->thin_out_at = 2 * MAX(n, (size_t)PAST_TICKS_MAX);
}

static Arrival *find_arrival(const PastVotes *p, uint64_t batch) {
        Arrival *a;

        HASH_FIND(hh, p->arrivals, &batch, sizeof(batch), a);
        return a;
}

static void take(const PastVotes *p, const PastTick *c, usec_t arrived) {
        const PastVote vote = {
                .website = c->order->website->id,
                .validator = c->order->validator,
                .panel = is_panel(c->order),
                .vote = vote_of(c, arrived),
        };

        p->options.take(&vote, p->options.userdata);
}

/* Of each voter the newest that may vote. */
static void take_part(PastVotes *p) {
        const WorkOrder *taken = NULL;

        for (size_t i = 0; i < p->n_ticks; i++) {
                const PastTick *c = &p->ticks[i];
                const Arrival *a = find_arrival(p, c->tick.batch);

                if (!a || a->arrived == 0 || (taken && same_voter(taken, c->order)))
                        continue;
                take(p, c, a->arrived);
                taken = c->order;
        }
        p->n_ticks = 0;
}

/* Batches -------------------------------------------------------------------------------------- */

static int ask_part(PastVotes *p);

static void next_part(PastVotes *p) {
        int r;

        take_part(p);
        if (p->next == p->n) {
                finish(p, 0);
                return;
        }
        r = ask_part(p);
        if (r < 0)
                finish(p, r);
}

static void on_arrivals(int r, const BatchArrival *rows, size_t n, void *userdata) {
        PastVotes *p = userdata;

        p->call = NULL;
        if (r < 0) {
                finish(p, r);
                return;
        }
        for (size_t i = 0; i < n; i++)
                find_arrival(p, rows[i].id)->arrived = rows[i].arrived;
        next_part(p);
}

static int expect_arrival(PastVotes *p, uint64_t batch) {
        Arrival *a = calloc(1, sizeof(*a));

        if (!a)
                return -ENOMEM;
        a->batch = batch;
        HASH_ADD(hh, p->arrivals, batch, sizeof(batch), a);
        return 0;
}

/* How many of the batches are new, or -ENOMEM. */
static int64_t list_batches(PastVotes *p, uint64_t *ids) {
        int64_t n = 0;
        int r;

        for (size_t i = 0; i < p->n_ticks; i++) {
                uint64_t batch = p->ticks[i].tick.batch;

                if (find_arrival(p, batch))
                        continue;
                r = expect_arrival(p, batch);
                if (r < 0)
                        return r;
                ids[n++] = batch;
        }
        return n;
}

static usec_t since_of_part(const PastVotes *p) {
        usec_t since = USEC_INFINITY;

        for (size_t i = p->part; i < p->next; i++)
                since = MIN(since, since_of(p, &p->websites[i]));
        return since;
}

/* 1: asked; 0: all are known. */
static int ask_arrivals(PastVotes *p) {
        _cleanup_free_ uint64_t *ids = calloc(p->n_ticks + 1, sizeof(*ids));
        usec_t since = since_of_part(p);
        BatchQuestion q = { .ids = ids, .since = since - MIN(since, EARLY) };
        int64_t n;
        int r;

        if (!ids)
                return -ENOMEM;
        n = list_batches(p, ids);
        if (n <= 0)
                return (int)n;
        q.n = (size_t)n;
        r = batch_arrivals_load(p->options.store, &q, on_arrivals, p, &p->call);
        return r < 0 ? r : 1;
}

/* Pages ---------------------------------------------------------------------------------------- */

static int take_tick(PastVotes *p, const PageTick *tick, usec_t started) {
        const WorkOrder *o = order_book_find_row(p->options.book, tick->order);
        int r;

        if (tick->late || !o || !o->website ||
            !dispose_is_credible(o, tick_phases_total(&tick->phases)))
                return 0;
        r = array_reserve(&p->ticks, &p->max_ticks, p->n_ticks + 1, sizeof(*p->ticks));
        if (r < 0)
                return r;
        p->ticks[p->n_ticks++] = (PastTick){ o, started, *tick };
        if (p->n_ticks >= p->thin_out_at)
                thin_out(p);
        return 0;
}

static int take_page(PastVotes *p, const TickPage *page) {
        const PastWebsite *w = find_website(p, page->website);
        int r = 0;

        for (uint32_t i = 0; w && i < page->n && r >= 0; i++) {
                const PageTick tick = page_decode(page->ticks + (size_t)i * PAGE_TICK_SIZE);
                usec_t started = page->span + tick.started;

                if (started > since_of(p, w))
                        r = take_tick(p, &tick, started);
        }
        return r;
}

static void on_pages(int r, const TickPage *rows, size_t n, void *userdata) {
        PastVotes *p = userdata;

        p->call = NULL;
        for (size_t i = 0; i < n && r >= 0; i++)
                r = take_page(p, &rows[i]);
        if (r >= 0) {
                thin_out(p);
                r = ask_arrivals(p);
        }
        if (r < 0)
                finish(p, r);
        else if (r == 0)
                next_part(p);
}

static usec_t until(const PastVotes *p) {
        return p->options.now + AHEAD;
}

static usec_t weight_of(const PastVotes *p, const PastWebsite *w) {
        usec_t spans = until(p) / PAGE_SPAN - since_of(p, w) / PAGE_SPAN + 1;

        return spans * page_span_ticks(w->seats, w->interval);
}

/* At least one. */
static int ask_part(PastVotes *p) {
        _cleanup_free_ RecentPages *pages = NULL;
        RecentQuery q = { .until = until(p) };
        usec_t weight = 0;

        for (p->part = p->next; p->next < p->n; p->next++) {
                weight += weight_of(p, &p->websites[p->next]);
                if (p->next > p->part && weight > PAST_TICKS_MAX)
                        break;
        }
        pages = calloc(p->next - p->part, sizeof(*pages));
        if (!pages)
                return -ENOMEM;
        for (q.n = 0; q.n < p->next - p->part; q.n++) {
                const PastWebsite *w = &p->websites[p->part + q.n];

                pages[q.n] = (RecentPages){ w->website, since_of(p, w) };
        }
        q.websites = pages;
        return recent_pages_load(p->options.store, &q, on_pages, p, &p->call);
}

int past_votes_begin(PastVotes *p) {
        if (p->n == 0)
                return -ENODATA;
        qsort(p->websites, p->n, sizeof(*p->websites), compare_websites);
        p->thin_out_at = 2 * PAST_TICKS_MAX;
        return ask_part(p);
}
