/* Partitions first: ticks must find theirs. Then hours, as long as there are more to close. */
#include "hub/retain.h"

#include <errno.h>
#include <string.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "event/timer.h"
#include "store/rollups.h"

#define EVERY USEC_PER_MIN
#define LATENESS                                                                                   \
        (5 * USEC_PER_MIN) /* ticks of the longest interval may vote a minute after their end; the \
                              rest is margin */
#define HOURS_MOST 24u

struct Retain {
        RetainOptions options;
        Timer *timer;
        StoreCall *call;
};

static void on_hours(int r, int64_t n, void *userdata);

static void close_hours(Retain *k) {
        HoursClose close = {
                .now = hub_clock_now(k->options.clock),
                .lateness = LATENESS,
                .lamports = k->options.lamports,
                .most = HOURS_MOST,
        };

        (void)hours_close(k->options.store, &close, on_hours, k, &k->call);
}

static void on_hours(int r, int64_t n, void *userdata) {
        Retain *k = userdata;

        k->call = NULL;
        if (r < 0)
                log_event(LOG_ERR, DPIN_MSG_UPKEEP_FAILED, "hours were not closed",
                          "DPIN_WHAT=closing hours\nDPIN_ERROR=%s", strerror(-r));
        else if (n > 0)
                log_event(LOG_INFO, DPIN_MSG_LEDGER, "hours rolled up and paid", "DPIN_HOURS=%lld",
                          (long long)n);
        if (r >= 0 && n == HOURS_MOST)
                close_hours(k);
}

static void on_partitions(int r, int64_t n, void *userdata) {
        Retain *k = userdata;

        k->call = NULL;
        if (r < 0)
                log_event(LOG_ERR, DPIN_MSG_UPKEEP_FAILED, "partitions were not kept",
                          "DPIN_WHAT=keeping partitions\nDPIN_ERROR=%s", strerror(-r));
        else if (n > 0)
                log_event(LOG_INFO, DPIN_MSG_RETENTION, "partitions made and dropped",
                          "DPIN_PARTITIONS=%lld", (long long)n);
        close_hours(k);
}

static void on_timer(void *userdata) {
        Retain *k = userdata;
        Retention retention = {
                .now = hub_clock_now(k->options.clock),
                .days_raw = k->options.days_raw,
                .days_hour = k->options.days_hour,
        };

        if (!k->call && store_state(k->options.store) == STORE_READY)
                (void)partitions_keep(k->options.store, &retention, on_partitions, k, &k->call);
}

int retain_new(Retain **ret, uv_loop_t *loop, const RetainOptions *options) {
        _cleanup_(retain_freep) Retain *k = calloc(1, sizeof(*k));
        int r;

        if (!k)
                return -ENOMEM;
        k->options = *options;
        r = timer_new(&k->timer, loop, on_timer, k);
        if (r < 0)
                return r;
        timer_every(k->timer, 0, EVERY);

        *ret = TAKE_PTR(k);
        return 0;
}

Retain *retain_free(Retain *k) {
        if (!k)
                return NULL;
        store_call_cancel(k->call);
        timer_free(k->timer);
        free(k);
        return NULL;
}
