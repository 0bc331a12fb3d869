/* The question and its answer are one statement, of which one is under way at most: a database that
 * is slow is looked at less often. Nothing is remembered here, so a hub that takes over, or starts
 * again, tells nothing twice. */
#include "hub/operator-watch.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "event/timer.h"

#define INTERVAL (5 * USEC_PER_SEC)

struct OperatorWatch {
        OperatorWatchOptions options;
        Timer *timer;
        StoreCall *look;
};

static void read_room(const char *directory, OperatorView *ret) {
        struct statvfs v;

        if (statvfs(directory, &v) < 0)
                return;
        ret->free = (uint64_t)v.f_bavail * v.f_frsize;
        ret->room = (uint64_t)v.f_blocks * v.f_frsize;
}

static void count_refusal(OperatorWatch *w, const OperatorRefusal *refusal) {
        char channel[UUID_TEXT_SIZE];

        uuid_format(&refusal->channel, channel);
        if (refusals_count(w->options.refusals, "alert_refused", channel, now_boottime()))
                log_event(LOG_WARNING, DPIN_MSG_ALERT_REFUSED, "an alert about dpin was refused",
                          "DPIN_CHANNEL=%s\nDPIN_NAME=%s", channel, refusal->name);
}

static void on_looked(int r, const OperatorRefusal *rows, size_t n, void *userdata) {
        OperatorWatch *w = userdata;

        w->look = NULL;
        for (size_t i = 0; i < n; i++)
                count_refusal(w, &rows[i]);
        if (r < 0)
                log_event(LOG_WARNING, DPIN_MSG_UPKEEP_FAILED, "dpin was not looked at",
                          "DPIN_WHAT=looking whether dpin is well\nDPIN_ERROR=%s", strerror(-r));
}

static void on_timer(void *userdata) {
        OperatorWatch *w = userdata;
        OperatorView view = { 0 };
        Store *store;

        if (w->look)
                return;
        store = w->options.view(&view, w->options.userdata);
        if (!store)
                return;
        read_room(w->options.directory, &view);
        (void)operator_look(store, &view, on_looked, w, &w->look);
}

int operator_watch_new(OperatorWatch **ret, uv_loop_t *loop, const OperatorWatchOptions *options) {
        _cleanup_(operator_watch_freep) OperatorWatch *w = calloc(1, sizeof(*w));
        int r;

        if (!w)
                return -ENOMEM;
        w->options = *options;
        r = timer_new(&w->timer, loop, on_timer, w);
        if (r < 0)
                return r;
        timer_every(w->timer, INTERVAL, INTERVAL);

        *ret = TAKE_PTR(w);
        return 0;
}

OperatorWatch *operator_watch_free(OperatorWatch *w) {
        if (!w)
                return NULL;
        store_call_cancel(w->look);
        timer_free(w->timer);
        free(w);
        return NULL;
}
