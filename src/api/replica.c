/* Five times a second the primary is asked for its place, and then the replica until it is there,
 * one question at a time: freshness.h judges by that. One that does not answer within the lag that
 * is allowed is let go, with the reads that wait for it, and they are made again at the primary. */
#include "api/replica.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/freshness.h"
#include "base/log-ids.h"
#include "base/log.h"
#include "event/timer.h"
#include "store/statements.h"

#define LOOK (200 * USEC_PER_MSEC)

struct Replica {
        Store *store, *primary;
        Freshness *freshness;
        Timer *timer;
        StoreCall *sampling, *reaching; /* what is asked now */
        usec_t reaching_since, lag_max;
        usec_t asked;
        Refusals *passed;
        uint64_t reads, told;
        bool told_away; /* the journal has a line that it is not used */
        char error[256];
};

static const char *const reasons[_FRESHNESS_MAX] = {
        [FRESHNESS_UNKNOWN] = "away",
        [FRESHNESS_BEHIND] = "behind",
        [FRESHNESS_TOLD] = "told",
        [FRESHNESS_WROTE] = "wrote",
};

/* What it is passed over for in the course of things is only counted. */
static bool is_trouble(const char *reason) {
        return strcmp(reason, reasons[FRESHNESS_TOLD]) != 0 &&
               strcmp(reason, reasons[FRESHNESS_WROTE]) != 0;
}

/* How far it is ----------------------------------------------------------------------------------
 */

static FreshnessVerdict verdict(const Replica *r, uint32_t organisation, uint64_t told) {
        if (store_state(r->store) != STORE_READY)
                return FRESHNESS_UNKNOWN;
        return freshness_judge(r->freshness,
                               &(FreshnessWish){ organisation, told, now_boottime() });
}

static void tell_back(Replica *r) {
        if (!r->told_away || verdict(r, 0, 0) != FRESHNESS_GOOD)
                return;
        r->told_away = false;
        log_event(LOG_INFO, DPIN_MSG_REPLICA_BACK, "reads go to the replica again", "DPIN_STATE=%s",
                  replica_state(r));
}

static void on_reached(int error, const Position *rows, size_t n, void *userdata) {
        Replica *r = userdata;

        r->reaching = NULL;
        if (error < 0 || n != 1)
                return;
        freshness_reached(r->freshness, rows);
        tell_back(r);
}

static void look(Replica *r) {
        if (r->reaching)
                return;
        r->reaching_since = now_boottime();
        (void)position_load(r->store, on_reached, r, &r->reaching);
}

static void on_sampled(int error, const Position *rows, size_t n, void *userdata) {
        Replica *r = userdata;

        r->sampling = NULL;
        if (error < 0 || n != 1 || store_state(r->store) != STORE_READY)
                return;
        freshness_sampled(r->freshness, rows, r->asked);
        look(r);
}

static void on_timer(void *userdata) {
        Replica *r = userdata;

        if (store_state(r->store) != STORE_READY)
                return;
        if (r->reaching && now_boottime() - r->reaching_since > r->lag_max) {
                store_renew(r->store, "it does not answer");
                return;
        }
        if (r->sampling)
                return;
        if (!freshness_settled(r->freshness)) {
                look(r);
                return;
        }
        r->asked = now_boottime();
        (void)position_load(r->primary, on_sampled, r, &r->sampling);
}

static void on_state(StoreState state, const char *text, void *userdata) {
        Replica *r = userdata;

        (void)snprintf(r->error, sizeof(r->error), "%s", text ? text : "");
        r->reaching = store_call_cancel(r->reaching);
        freshness_lost(r->freshness);
        if (state == STORE_READY)
                on_timer(r);
}

/* Reads ------------------------------------------------------------------------------------------
 */

static void pass(Replica *r, const char *reason, const char *error) {
        if (!refusals_count(r->passed, reason, "replica", now_boottime()) || !is_trouble(reason))
                return;
        r->told_away = true;
        log_event(LOG_WARNING, DPIN_MSG_REPLICA_PASSED, "reads go to the primary",
                  "DPIN_REASON=%s\nDPIN_ERROR=%s", reason, error);
}

Store *replica_pick(Replica *r, uint32_t organisation, uint64_t told) {
        FreshnessVerdict v;

        if (!r)
                return NULL;
        v = verdict(r, organisation, told);
        if (v != FRESHNESS_GOOD) {
                pass(r, reasons[v], r->error);
                return NULL;
        }
        r->reads++;
        return r->store;
}

void replica_failed(Replica *r, int error) {
        pass(r, "failed", strerror(-error));
}

void replica_wrote(Replica *r, uint32_t organisation) {
        if (r)
                freshness_wrote(r->freshness, organisation, now_boottime());
}

void replica_told(Replica *r, uint64_t commit_no) {
        if (!r || commit_no <= r->told)
                return;
        r->told = commit_no;
        if (store_state(r->store) == STORE_READY)
                look(r);
}

/* For whoever looks ------------------------------------------------------------------------------
 */

const char *replica_state(const Replica *r) {
        FreshnessVerdict v;

        if (!r)
                return "none";
        v = verdict(r, 0, 0);
        return v == FRESHNESS_UNKNOWN || v == FRESHNESS_BEHIND ? reasons[v] : "ready";
}

uint64_t replica_reads(const Replica *r) {
        return r ? r->reads : 0;
}

void replica_passed(const Replica *r, RefusalsTotal total, void *userdata) {
        if (r)
                refusals_totals(r->passed, total, userdata);
}

static void on_summary(const char *reason, const char *source _unused_, uint64_t more,
                       void *userdata _unused_) {
        if (is_trouble(reason))
                log_event(LOG_WARNING, DPIN_MSG_REPLICA_PASSED,
                          "reads went to the primary within a minute",
                          "DPIN_REASON=%s\nDPIN_COUNT=%llu", reason, (unsigned long long)more);
}

void replica_summarise(Replica *r) {
        if (r)
                refusals_summarise(r->passed, now_boottime(), on_summary, NULL);
}

/* Life -------------------------------------------------------------------------------------------
 */

static int open_store(Replica *r, uv_loop_t *loop, const char *dsn) {
        return store_new(&r->store, loop,
                         &(StoreOptions){
                                         .dsn = dsn,
                                         .role = STORE_READER,
                                         .statements = store_reader_statements(),
                                         .on_state = on_state,
                                         .userdata = r,
                         });
}

int replica_new(Replica **ret, uv_loop_t *loop, const ReplicaOptions *options) {
        _cleanup_(replica_freep) Replica *r = calloc(1, sizeof(*r));
        int error;

        if (!r)
                return -ENOMEM;
        r->primary = options->primary;
        r->lag_max = options->lag_max;

        error = freshness_new(&r->freshness, options->lag_max);
        if (error < 0)
                return error;

        error = refusals_new(&r->passed);
        if (error < 0)
                return error;

        error = open_store(r, loop, options->dsn);
        if (error < 0)
                return error;

        error = timer_new(&r->timer, loop, on_timer, r);
        if (error < 0)
                return error;
        timer_every(r->timer, LOOK, LOOK);

        *ret = TAKE_PTR(r);
        return 0;
}

Replica *replica_free(Replica *r) {
        if (!r)
                return NULL;
        timer_free(r->timer);
        store_call_cancel(r->sampling);
        store_call_cancel(r->reaching);
        store_free(r->store);
        refusals_free(r->passed);
        freshness_free(r->freshness);
        free(r);
        return NULL;
}
