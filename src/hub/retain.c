/* Partitions first: ticks must find theirs. Then hours, as long as there are more to close. Last
 * what is older than its organisation keeps it, and what shows who was chosen for ticks that are
 * gone, in small steps and so many a minute. */
#include "hub/retain.h"

#include <errno.h>
#include <string.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "event/timer.h"
#include "hub/hour-closer.h"
#include "store/rollups.h"
#include "store/statements.h"

#define EVERY USEC_PER_MIN
#define RETRY USEC_PER_SEC
#define LATENESS                                                                                   \
        (5 * USEC_PER_MIN) /* ticks of the longest interval may vote a minute after their end; the \
                              rest is margin */
#define PART_TICKS 20000u  /* added up at once: 10 ms */
#define STEP_MOST  5000u   /* rows deleted in a transaction */
#define STEPS_MOST 100u    /* transactions a minute */

struct Retain {
        RetainOptions options;
        uv_loop_t *loop;
        Store *store;
        Timer *timer;
        HourCloser *closer;
        StoreCall *call;
        unsigned steps;     /* of this minute */
        uint64_t forgotten; /* rows by these */
};

static void on_step(int r, int64_t n, void *userdata);
static void on_choices(int r, int64_t n, void *userdata);

static bool may_work(void *userdata) {
        const Retain *k = userdata;

        return k->options.may_work(k->options.userdata);
}

static Retention retention_now(const Retain *k) {
        return (Retention){ .now = hub_clock_now(k->options.clock),
                            .days_raw = k->options.days_raw,
                            .days_hour = k->options.days_hour,
                            .step = STEP_MOST };
}

static void forget(Retain *k) {
        const Retention retention = retention_now(k);

        (void)retention_step(k->store, &retention, on_step, k, &k->call);
}

static void forget_choices(Retain *k) {
        (void)choices_forget(k->store, STEP_MOST, on_choices, k, &k->call);
}

/* Counts a step and what it deleted. Whether there may be another one now. */
static bool take_step(Retain *k, int r, int64_t n) {
        if (r >= 0 && n > 0)
                k->forgotten += (uint64_t)n;
        return r >= 0 && ++k->steps < STEPS_MOST && may_work(k);
}

static void end_steps(Retain *k, const char *message) {
        if (k->forgotten > 0)
                log_event(LOG_INFO, DPIN_MSG_FORGOTTEN, message, "DPIN_ROWS=%llu",
                          (unsigned long long)k->forgotten);
        k->steps = 0;
        k->forgotten = 0;
}

static void on_choices(int r, int64_t n, void *userdata) {
        Retain *k = userdata;

        k->call = NULL;
        if (r < 0)
                log_event(LOG_ERR, DPIN_MSG_UPKEEP_FAILED, "old epochs and orders were not deleted",
                          "DPIN_WHAT=deleting old epochs and orders\nDPIN_ERROR=%s", strerror(-r));
        if (take_step(k, r, n) && n == STEP_MOST)
                forget_choices(k);
        else
                end_steps(k, "epochs or orders to which no tick refers any more were deleted");
}

static void on_step(int r, int64_t n, void *userdata) {
        Retain *k = userdata;

        k->call = NULL;
        if (r < 0)
                log_event(LOG_ERR, DPIN_MSG_UPKEEP_FAILED, "old ticks and hours were not deleted",
                          "DPIN_WHAT=deleting old ticks and hours\nDPIN_ERROR=%s", strerror(-r));
        if (take_step(k, r, n) && n >= 0) {
                forget(k);
                return;
        }
        end_steps(k, "ticks and hours older than their organisation keeps them were deleted");
        if (may_work(k))
                forget_choices(k);
}

static void close_hour(Retain *k) {
        const HourCloserWork work = {
                .due = { .now = k->options.paged(k->options.userdata), .lateness = LATENESS },
                .lamports = k->options.lamports,
        };

        (void)hour_closer_start(k->closer, &work);
}

static void on_hour(int r, usec_t closed, void *userdata) {
        Retain *k = userdata;
        char hour[TIME_FORMAT_SIZE];

        if (r < 0 && r != -ECANCELED)
                log_event(LOG_ERR, DPIN_MSG_UPKEEP_FAILED, "hours were not closed",
                          "DPIN_WHAT=closing hours\nDPIN_ERROR=%s", strerror(-r));
        else if (closed > 0)
                log_event(LOG_INFO, DPIN_MSG_LEDGER, "an hour is rolled up and paid",
                          "DPIN_HOUR=%s", time_format(closed, hour));
        if (r < 0 || !may_work(k))
                return;
        if (closed > 0)
                close_hour(k);
        else
                forget(k);
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
        if (may_work(k))
                close_hour(k);
}

static void on_timer(void *userdata) {
        Retain *k = userdata;
        const Retention retention = retention_now(k);

        if (k->call || hour_closer_is_busy(k->closer))
                return;
        if (!may_work(k) || partitions_keep(k->store, &retention, on_partitions, k, &k->call) < 0)
                timer_every(k->timer, RETRY, EVERY);
}

static void on_state(StoreState state, const char *text, void *userdata) {
        Retain *k = userdata;

        if (state != STORE_READY && may_work(k)) /* else the writer's connection says so */
                log_event(LOG_WARNING, DPIN_MSG_UPKEEP_FAILED, "no connection for the upkeep",
                          "DPIN_WHAT=connecting\nDPIN_ERROR=%s",
                          text ? text : store_state_name(state));
}

static int open_store(Retain *k) {
        return store_new(&k->store, k->loop,
                         &(StoreOptions){
                                         .dsn = k->options.dsn,
                                         .role = STORE_UPKEEP,
                                         .statements = store_upkeep_statements(),
                                         .on_state = on_state,
                                         .userdata = k,
                         });
}

static int open_closer(Retain *k) {
        return hour_closer_new(&k->closer, &(HourCloserOptions){ .store = k->store,
                                                                 .part_ticks = PART_TICKS,
                                                                 .may_work = may_work,
                                                                 .done = on_hour,
                                                                 .userdata = k });
}

int retain_new(Retain **ret, uv_loop_t *loop, const RetainOptions *options) {
        _cleanup_(retain_freep) Retain *k = calloc(1, sizeof(*k));
        int r;

        if (!k)
                return -ENOMEM;
        k->options = *options;
        k->loop = loop;
        r = timer_new(&k->timer, loop, on_timer, k);
        if (r < 0)
                return r;
        timer_every(k->timer, 0, EVERY);
        r = open_store(k);
        if (r < 0)
                return r;
        r = open_closer(k);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(k);
        return 0;
}

Retain *retain_free(Retain *k) {
        if (!k)
                return NULL;
        store_call_cancel(k->call);
        hour_closer_free(k->closer);
        store_free(k->store);
        timer_free(k->timer);
        free(k);
        return NULL;
}
