/* Verdicts, pages, perhaps orders, then what is written: for each part in turn. A part is as many
 * websites as had about as many ticks as may be added up at once, by what the part before had:
 * never so many that the densest ones after sparse ones would hold up anybody. */
#include "hub/hour-closer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hub/hour-sums.h"

#define PART_FIRST 16u /* websites */
#define PART_MOST  32u

struct HourCloser {
        HourCloserOptions options;
        HourCloserWork work;
        StoreCall *call;
        ClosingHour hour;
        ClosingWebsites part;
        uint32_t size; /* of parts */
        HourRewards *rewards;
        HourSums *sums; /* borrows them */
        ClosingRows *rows;
        ClosingSpan *spans; /* of the part */
        size_t n_spans;
};

static int read_spans(HourCloser *c);

int hour_closer_new(HourCloser **ret, const HourCloserOptions *options) {
        HourCloser *c = calloc(1, sizeof(*c));

        if (!c)
                return -ENOMEM;
        c->options = *options;
        *ret = c;
        return 0;
}

static void forget_spans(HourCloser *c) {
        free(c->spans);
        c->spans = NULL;
        c->n_spans = 0;
}

static void forget(HourCloser *c) {
        c->sums = hour_sums_free(c->sums);
        c->rewards = hour_rewards_free(c->rewards);
        c->rows = closing_rows_free(c->rows);
        forget_spans(c);
}

HourCloser *hour_closer_free(HourCloser *c) {
        if (!c)
                return NULL;
        store_call_cancel(c->call);
        forget(c);
        free(c);
        return NULL;
}

/* -ESTALE: somebody else has closed it. */
static void finish(HourCloser *c, int r, usec_t closed) {
        forget(c);
        c->options.done(r == -ESTALE ? 0 : r, closed, c->options.userdata);
}

/* r of the step that was begun: it goes on when that is done. */
static void step(HourCloser *c, int r) {
        if (r < 0)
                finish(c, r, 0);
}

/* The end ---------------------------------------------------------------------------------------
 */

static void on_closed(int r, const char *error _unused_, void *userdata) {
        HourCloser *c = userdata;

        c->call = NULL;
        finish(c, r, r < 0 ? 0 : c->hour.hour);
}

static int close_hour(HourCloser *c) {
        _cleanup_(pq_transaction_freep) PqTransaction *t = pq_transaction_new();
        _cleanup_free_ ClosingReward *rewards = NULL;
        ClosingEnd end = { .hour = c->hour.hour, .lamports = c->work.lamports };
        int r;

        if (!t)
                return -ENOMEM;
        r = hour_rewards_list(c->rewards, &rewards, &end.n_rewards);
        if (r < 0)
                return r;
        end.rewards = rewards;
        closing_end(t, &end);
        return store_submit(c->options.store, TAKE_PTR(t), on_closed, c, &c->call);
}

/* A part ----------------------------------------------------------------------------------------
 */

static int next_part(HourCloser *c) {
        if (!c->options.may_work(c->options.userdata))
                return -ECANCELED;
        if (c->part.last >= c->hour.last)
                return close_hour(c);
        c->part.first = c->part.last + 1;
        c->part.last = c->part.last + MIN(c->size, c->hour.last - c->part.last);
        return read_spans(c);
}

static void on_written(int r, const char *error _unused_, void *userdata) {
        HourCloser *c = userdata;

        c->call = NULL;
        step(c, r < 0 ? r : next_part(c));
}

static int write_part(HourCloser *c, const ClosingOrder *orders, size_t n) {
        _cleanup_(pq_transaction_freep) PqTransaction *t = pq_transaction_new();
        int r;

        if (!t)
                return -ENOMEM;
        if (!c->options.may_work(c->options.userdata))
                return -ECANCELED;
        r = hour_rewards_pay(c->rewards, orders, n);
        if (r >= 0)
                r = closing_rows_put(c->rows, t, c->hour.hour);
        if (r < 0)
                return r;
        if (pq_transaction_count(t) == 0)
                return next_part(c);
        return store_submit(c->options.store, TAKE_PTR(t), on_written, c, &c->call);
}

static void on_orders(int r, const ClosingOrder *rows, size_t n, void *userdata) {
        HourCloser *c = userdata;

        c->call = NULL;
        step(c, r < 0 ? r : write_part(c, rows, n));
}

/* For the next one: twice as many at most. */
static void set_size(HourCloser *c, const TickPage *pages, size_t n) {
        uint64_t ticks = 0, wanted = c->options.part_ticks;

        for (size_t i = 0; i < n; i++)
                ticks += pages[i].n;
        if (ticks > wanted)
                c->size = (uint32_t)MAX(c->size * wanted / ticks, UINT64_C(1));
        else if (ticks < wanted / 2)
                c->size = MIN(c->size * 2, PART_MOST);
}

static int add_part(HourCloser *c, const TickPage *pages, size_t n) {
        const HourPart part = {
                .pages = pages, .n_pages = n, .spans = c->spans, .n_spans = c->n_spans
        };
        ClosingIds ids;
        int r;

        r = hour_sums_add(c->sums, &part, c->rows);
        forget_spans(c);
        if (r < 0)
                return r;
        set_size(c, pages, n);
        r = hour_rewards_orders(c->rewards, &ids);
        if (r < 0)
                return r;
        if (ids.n == 0)
                return write_part(c, NULL, 0);
        return closing_orders_load(c->options.store, &ids, on_orders, c, &c->call);
}

static void on_pages(int r, const TickPage *rows, size_t n, void *userdata) {
        HourCloser *c = userdata;

        c->call = NULL;
        step(c, r < 0 ? r : add_part(c, rows, n));
}

static int take_spans(HourCloser *c, const ClosingSpan *rows, size_t n) {
        c->spans = calloc(n + 1, sizeof(*c->spans));
        if (!c->spans)
                return -ENOMEM;
        if (n > 0)
                memcpy(c->spans, rows, n * sizeof(*rows));
        c->n_spans = n;
        return closing_pages_load(c->options.store, &c->part, on_pages, c, &c->call);
}

static void on_spans(int r, const ClosingSpan *rows, size_t n, void *userdata) {
        HourCloser *c = userdata;

        c->call = NULL;
        step(c, r < 0 ? r : take_spans(c, rows, n));
}

static int read_spans(HourCloser *c) {
        return closing_spans_load(c->options.store, &c->part, on_spans, c, &c->call);
}

/* The beginning ---------------------------------------------------------------------------------
 */

static int begin(HourCloser *c, const ClosingHour *hour) {
        int r;

        c->hour = *hour;
        c->part = (ClosingWebsites){ .hour = hour->hour };
        c->size = PART_FIRST;
        r = closing_rows_new(&c->rows);
        if (r < 0)
                return r;
        r = hour_rewards_new(&c->rewards);
        return r < 0 ? r : hour_sums_new(&c->sums, hour->hour, c->rewards);
}

static void on_hour(int r, const ClosingHour *rows, size_t n, void *userdata) {
        HourCloser *c = userdata;

        c->call = NULL;
        if (r >= 0 && n == 0) {
                finish(c, 0, 0);
                return;
        }
        if (r >= 0)
                r = begin(c, rows);
        step(c, r < 0 ? r : next_part(c));
}

bool hour_closer_is_busy(const HourCloser *c) {
        return c->call;
}

int hour_closer_start(HourCloser *c, const HourCloserWork *work) {
        c->work = *work;
        return closing_hour_load(c->options.store, &work->due, on_hour, c, &c->call);
}
