/* Batches and events are read at once; then, if there are any, the orders that are not known yet.
 * When all are there the page is closed. What is stored and cannot be read is passed over: the
 * commits after it are told all the same. */
#include "api/feed-load.h"

#include <errno.h>
#include <stdio.h>

#include "api/feed-ticks.h"
#include "base/encode.h"
#include "base/log-ids.h"
#include "base/log.h"

#define LIMIT_MAX (1u << 20) /* rows of one commit; a hub commits less by far */

struct FeedLoad {
        FeedSource source;
        FeedRange range;
        FeedPage *page;
        FeedTicks *ticks;
        uint64_t revision; /* of the websites, when the batches were read */
        StoreCall *batches, *orders, *events;
        int r; /* the first failure */
        FeedDone done;
        void *userdata;
};

static int start(FeedLoad *l);

static void finish(FeedLoad *l, const FeedLoaded *loaded) {
        l->done(loaded, l->userdata);
        feed_load_cancel(l);
}

static void note(FeedLoad *l, int r) {
        if (l->r == 0)
                l->r = MIN(r, 0);
}

static void step(FeedLoad *l) {
        FeedLoaded loaded = {};

        if (l->batches || l->orders || l->events)
                return;
        if (l->r == 0)
                note(l, feed_ticks_tell(l->ticks, l->page));
        loaded.r = l->r;
        if (l->r == 0) {
                loaded.upto = feed_page_close(l->page);
                loaded.entries = feed_page_entries(l->page, &loaded.n);
        }
        if (l->r == 0 && loaded.upto <= l->range.after) {
                l->range.limit *= 2;
                loaded.r = l->range.limit <= LIMIT_MAX ? start(l) : -E2BIG;
                if (loaded.r == 0)
                        return;
        }
        finish(l, &loaded);
}

/* What cannot be told ---------------------------------------------------------------------------
 */

static void pass_over(const FeedLoad *l, const char *code, const char *source, const char *object) {
        if (refusals_count(l->source.untold, code, source, now_boottime()))
                log_event(LOG_ERR, DPIN_MSG_UNTOLD, "something stored cannot be told live",
                          "DPIN_REASON=%s\nDPIN_SOURCE=%s\nDPIN_OBJECT=%s", code, source, object);
}

static void pass_over_batch(const FeedLoad *l, const FeedBatch *batch) {
        char id[24];

        (void)snprintf(id, sizeof(id), "%llu", (unsigned long long)batch->id);
        pass_over(l, "batch_unreadable", batch->validator, id);
}

/* The orders of stored ticks are in the database before them, and stay. */
static int pass_over_unknown(const FeedLoad *l) {
        _cleanup_free_ OrderId *ids = NULL;
        char text[BASE64URL_SIZE(sizeof(OrderId))];
        size_t n;
        int r;

        r = feed_ticks_unknown(l->ticks, &ids, &n);
        for (size_t i = 0; i < n; i++)
                pass_over(l, "order_unknown", "database",
                          base64url_encode(ids[i].bytes, sizeof(ids[i].bytes), text));
        return r;
}

/* Answers ---------------------------------------------------------------------------------------
 */

/* Other pages may ask for other orders, or have forgotten these: what was asked for here is known
 * here. */
static int learn(FeedLoad *l, const FeedOrder *rows, size_t n) {
        _cleanup_(feed_sites_freep) FeedSites *asked = NULL;
        int r;

        r = feed_sites_new(&asked, n);
        for (size_t i = 0; r >= 0 && i < n; i++) {
                r = feed_sites_put(asked, 0, &rows[i]);
                if (r >= 0)
                        r = feed_sites_put(l->source.sites, l->revision, &rows[i]);
        }
        if (r < 0)
                return r;

        feed_ticks_know(l->ticks, asked);
        return pass_over_unknown(l);
}

static void on_orders(int r, const FeedOrder *rows, size_t n, void *userdata) {
        FeedLoad *l = userdata;

        l->orders = NULL;
        if (r == 0)
                r = learn(l, rows, n);
        note(l, r);
        step(l);
}

static int ask_orders(FeedLoad *l) {
        _cleanup_free_ OrderId *ids = NULL;
        size_t n;
        int r;

        r = feed_ticks_unknown(l->ticks, &ids, &n);
        if (r < 0 || n == 0)
                return r;

        return feed_orders_load(l->source.store, &(OrderIds){ ids, n }, on_orders, l, &l->orders);
}

static int take(FeedLoad *l, const FeedBatch *rows, size_t n) {
        uint64_t ticks = 0;
        int r;

        for (size_t i = 0; i < n; i++) {
                ticks += rows[i].count;
                r = feed_ticks_put(l->ticks, &rows[i]);
                if (r == -EBADMSG)
                        pass_over_batch(l, &rows[i]);
                else if (r < 0)
                        return r;
        }
        if (n == 0)
                return 0;
        if (ticks >= l->range.limit)
                feed_page_cut(l->page, rows[n - 1].commit_no);
        l->revision = rows[0].revision;
        feed_sites_revise(l->source.sites, l->revision);
        feed_ticks_know(l->ticks, l->source.sites);
        return ask_orders(l);
}

static void on_batches(int r, const FeedBatch *rows, size_t n, void *userdata) {
        FeedLoad *l = userdata;

        l->batches = NULL;
        if (r == 0)
                r = take(l, rows, n);
        note(l, r);
        step(l);
}

static void on_events(int r, const EventRow *rows, size_t n, void *userdata) {
        FeedLoad *l = userdata;

        l->events = NULL;
        if (r == 0)
                r = feed_page_put_events(l->page, rows, n);
        note(l, r);
        step(l);
}

/* Asking ----------------------------------------------------------------------------------------
 */

static int renew(FeedLoad *l) {
        int r;

        l->page = feed_page_free(l->page);
        r = feed_page_new(&l->page, &l->range);
        if (r < 0)
                return r;

        l->ticks = feed_ticks_free(l->ticks);
        return feed_ticks_new(&l->ticks);
}

static int start(FeedLoad *l) {
        BatchFeed batches = { l->range.after, l->range.until, l->range.limit };
        EventFeed events = { l->range.after, l->range.limit };
        int r;

        r = renew(l);
        if (r < 0)
                return r;

        r = feed_batches_load(l->source.store, &batches, on_batches, l, &l->batches);
        if (r < 0)
                return r;

        r = events_load(l->source.store, &events, on_events, l, &l->events);
        if (r < 0)
                l->batches = store_call_cancel(l->batches);
        return r;
}

int feed_load(FeedLoad **ret, const FeedSource *source, const FeedRange *range, FeedDone done,
              void *userdata) {
        _cleanup_(feed_load_cancelp) FeedLoad *l = calloc(1, sizeof(*l));
        int r;

        if (!l)
                return -ENOMEM;
        *l = (FeedLoad){ .source = *source, .range = *range, .done = done, .userdata = userdata };

        r = start(l);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(l);
        return 0;
}

FeedLoad *feed_load_cancel(FeedLoad *l) {
        if (!l)
                return NULL;
        store_call_cancel(l->batches);
        store_call_cancel(l->orders);
        store_call_cancel(l->events);
        feed_ticks_free(l->ticks);
        feed_page_free(l->page);
        free(l);
        return NULL;
}
