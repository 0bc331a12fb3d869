/* Two reads in flight at once; when both are there the page is closed. */
#include "api/feed-load.h"

#include <errno.h>

#define LIMIT_MAX (1u << 20) /* rows of one commit; a hub commits less by far */

struct FeedLoad {
        Store *store;
        FeedRange range;
        FeedPage *page;
        StoreCall *ticks, *events;
        int r; /* the first failure */
        FeedDone done;
        void *userdata;
};

static int start(FeedLoad *l);

static void finish(FeedLoad *l, const FeedLoaded *loaded) {
        l->done(loaded, l->userdata);
        feed_load_cancel(l);
}

static void step(FeedLoad *l) {
        FeedLoaded loaded = { .r = l->r };

        if (l->ticks || l->events)
                return;
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

static void on_ticks(int r, const TickLive *rows, size_t n, void *userdata) {
        FeedLoad *l = userdata;

        l->ticks = NULL;
        if (r == 0)
                r = feed_page_put_ticks(l->page, rows, n);
        if (l->r == 0)
                l->r = r;
        step(l);
}

static void on_events(int r, const EventRow *rows, size_t n, void *userdata) {
        FeedLoad *l = userdata;

        l->events = NULL;
        if (r == 0)
                r = feed_page_put_events(l->page, rows, n);
        if (l->r == 0)
                l->r = r;
        step(l);
}

static int start(FeedLoad *l) {
        TickFeed ticks = { l->range.after, l->range.until, l->range.limit };
        EventFeed events = { l->range.after, l->range.limit };
        int r;

        l->page = feed_page_free(l->page);
        r = feed_page_new(&l->page, &l->range);
        if (r < 0)
                return r;

        r = ticks_live_load(l->store, &ticks, on_ticks, l, &l->ticks);
        if (r < 0)
                return r;

        r = events_load(l->store, &events, on_events, l, &l->events);
        if (r < 0)
                l->ticks = store_call_cancel(l->ticks);
        return r;
}

int feed_load(FeedLoad **ret, Store *store, const FeedRange *range, FeedDone done, void *userdata) {
        _cleanup_(feed_load_cancelp) FeedLoad *l = calloc(1, sizeof(*l));
        int r;

        if (!l)
                return -ENOMEM;
        *l = (FeedLoad){ .store = store, .range = *range, .done = done, .userdata = userdata };

        r = start(l);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(l);
        return 0;
}

FeedLoad *feed_load_cancel(FeedLoad *l) {
        if (!l)
                return NULL;
        store_call_cancel(l->ticks);
        store_call_cancel(l->events);
        feed_page_free(l->page);
        free(l);
        return NULL;
}
