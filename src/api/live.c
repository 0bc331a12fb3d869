/* One page under way at a time; notifications only move the target. */
#include "api/live.h"

#include <errno.h>
#include <string.h>

#include "base/log-ids.h"
#include "base/log.h"

#define PAGE_ROWS 2000u

struct Live {
        FeedSource source;
        LiveOps ops;
        bool started;
        uint64_t position, target;
        StoreCall *bounds;
        FeedLoad *load;
};

static void step(Live *l);

int live_new(Live **ret, const FeedSource *source, const LiveOps *ops) {
        Live *l = calloc(1, sizeof(*l));

        if (!l)
                return -ENOMEM;
        *l = (Live){ .source = *source, .ops = *ops };
        *ret = l;
        return 0;
}

Live *live_free(Live *l) {
        if (!l)
                return NULL;
        live_stop(l);
        free(l);
        return NULL;
}

/* A page that failed is read again after the next commit or reconnection. */
static void on_page(const FeedLoaded *loaded, void *userdata) {
        Live *l = userdata;

        l->load = NULL;
        if (loaded->r < 0) {
                log_warning("what the last commits brought cannot be read: %s",
                            strerror(-loaded->r));
                return;
        }
        l->position = loaded->upto;
        l->ops.entries(loaded->entries, loaded->n, l->ops.userdata);
        step(l);
}

static void step(Live *l) {
        FeedRange range = { .after = l->position, .until = l->target, .limit = PAGE_ROWS };

        if (l->load || l->bounds || l->position >= l->target)
                return;
        if (!l->ops.wanted(l->ops.userdata)) {
                l->position = l->target;
                return;
        }
        (void)feed_load(&l->load, &l->source, &range, on_page, l);
}

static void find_place(Live *l, const EventBounds *bounds) {
        if (!l->started) {
                l->started = true;
                l->position = l->target = bounds->newest;
                l->ops.started(l->ops.userdata);
                return;
        }
        if (l->position < bounds->resumable || l->position > bounds->newest) {
                l->position = l->target = bounds->newest;
                l->ops.reset(l->position, l->ops.userdata);
                return;
        }
        l->target = MAX(l->target, bounds->newest);
        step(l);
}

static void on_bounds(int r, const EventBounds *rows, size_t n, void *userdata) {
        Live *l = userdata;

        l->bounds = NULL;
        if (r == 0 && n == 1)
                find_place(l, rows);
        else if (r != -ENOTCONN)
                log_event(LOG_ERR, DPIN_MSG_REQUEST_FAILED, "the hub's position cannot be read",
                          "DPIN_REQUEST=live events\nDPIN_ERROR=%s", strerror(-r));
}

void live_start(Live *l) {
        live_stop(l);
        if (event_bounds_load(l->source.store, on_bounds, l, &l->bounds) < 0)
                log_debug("the database is gone again");
}

void live_stop(Live *l) {
        l->bounds = store_call_cancel(l->bounds);
        l->load = feed_load_cancel(l->load);
}

void live_notify(Live *l, const char *payload) {
        char *end;
        uint64_t commit_no;

        errno = 0;
        commit_no = strtoull(payload, &end, 10);
        if (errno || *end || end == payload || !l->started)
                return;
        l->target = MAX(l->target, commit_no);
        step(l);
}

bool live_is_started(const Live *l) {
        return l->started;
}

uint64_t live_position(const Live *l) {
        return l->position;
}
