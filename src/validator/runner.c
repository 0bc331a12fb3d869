/* A hash of orders; a run per check under way, which copies what it needs and outlives its order.
 */
#include "validator/runner.h"

#include <errno.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

#include "base/pace.h"
#include "event/timer.h"
#include "validator/schedule.h"

static const PaceRule probes_rule = { RUNNER_PROBES_BURST, USEC_PER_SEC };

typedef struct Work {
        OrderId id;
        Order order;
        Spec spec;
        HttpTarget *target; /* NULL: none is known, or it is none of HTTP */
        Runner *runner;
        Timer *timer;
        ScheduleSlot due;
        int64_t slot_max, probe_max;
        unsigned probes;  /* under way */
        Pace asked;       /* probes */
        TickOutcome last; /* up before the first: a start with many orders is no news */
        bool marked;
        struct Work *prev, *next; /* of a spare: in runner->spares */
        UT_hash_handle hh;
} Work;

/* A check under way, or a probe's that waits for the one before it. */
typedef struct Run {
        Runner *runner;
        Check *check; /* NULL: over, and this was found */
        CheckResult found;
        usec_t suspect_at; /* boottime; 0: it is not told of */
        OrderId order;
        TickKind kind;
        uint32_t number;
        usec_t scheduled, interval;
        struct Run *prev, *next; /* in runner->awaited, or in runner->runs: as they began */
} Run;

struct Runner {
        uv_loop_t *loop;
        RunnerOptions options;
        Work *works, *spares; /* spares: the one held longest first */
        Run *runs, *awaited;  /* awaited: told of when they are late, by suspect_at */
        Timer *suspect;       /* of the first of them, or of one that was before it */
        uint64_t dropped, late;
};

static Work *work_free(Work *w) {
        if (!w)
                return NULL;
        timer_free(w->timer);
        http_target_unref(w->target);
        spec_done(&w->spec);
        free(w);
        return NULL;
}
DEFINE_FREEP(Work, work_free);

static usec_t hub_now(const Runner *r) {
        return hub_time_at(r->options.hub_time, now_boottime());
}

/* Runs ----------------------------------------------------------------------------------------- */

static void run_free(Run *run) {
        Runner *r = run->runner;

        if (run->suspect_at > 0)
                DL_DELETE(r->awaited, run);
        else
                DL_DELETE(r->runs, run);
        free(run);
}

/* All are awaited for the same time, so the last one is the last to be told of. One timer for all:
 * nearly every check is over before. */
static void await(Run *run) {
        Runner *r = run->runner;

        run->suspect_at = now_boottime() + RUNNER_SUSPECT_AFTER;
        DL_APPEND(r->awaited, run);
        if (!timer_is_set(r->suspect))
                timer_after(r->suspect, RUNNER_SUSPECT_AFTER);
}

static void suspect(Run *run) {
        const RunnerOptions *o = &run->runner->options;

        DL_DELETE(run->runner->awaited, run);
        if (!check_is_active(run->check)) { /* it is this machine that is slow */
                await(run);
                return;
        }
        run->suspect_at = 0;
        DL_APPEND(run->runner->runs, run);
        o->suspect(&run->order, run->number, o->userdata);
}

static void on_suspect(void *userdata) {
        Runner *r = userdata;
        usec_t now = now_boottime();

        while (r->awaited && r->awaited->suspect_at <= now)
                suspect(r->awaited);
        if (r->awaited)
                timer_after(r->suspect, r->awaited->suspect_at - now);
}

/* A start too far from its slot is nobody's tick: the machine slept or was overloaded. */
static bool on_schedule(const Run *run, usec_t start) {
        usec_t off = start > run->scheduled ? start - run->scheduled : run->scheduled - start;

        return run->kind != TICK_SCHEDULED || off < run->interval / 2;
}

static Work *find(const Runner *r, const OrderId *id) {
        Work *w;

        HASH_FIND(hh, r->works, id, sizeof(*id), w);
        return w;
}

/* An answer to a probe, or a change of mind: the hub shall not wait for company. */
static bool is_urgent(const Run *run, TickOutcome outcome) {
        Work *w = find(run->runner, &run->order);
        bool changed = w && w->last != outcome, probe = run->kind != TICK_SCHEDULED;

        if (w)
                w->last = outcome;
        if (w && probe)
                w->probes -= MIN(w->probes, 1u); /* it may have gone and come again meanwhile */
        return changed || probe;
}

static void note_refusal(const Run *run, CheckRefusal why) {
        const RunnerOptions *o = &run->runner->options;

        if (why != CHECK_NOT_REFUSED && o->refused)
                o->refused(&run->order, why, o->userdata);
}

static void tell(Run *run) {
        Runner *r = run->runner;
        Tick tick = run->found.seen;
        usec_t start = hub_time_at(r->options.hub_time, run->found.started);
        bool urgent = is_urgent(run, tick.outcome), fits = on_schedule(run, start);

        tick.order = run->order;
        tick.kind = run->kind;
        tick.number = run->number;
        tick.start = (int64_t)start;
        note_refusal(run, run->found.refusal);
        run_free(run);
        if (fits)
                r->options.tick(&tick, urgent, r->options.userdata);
        else
                r->late++;
}

static Run *first_probe(const Runner *r, const OrderId *order) {
        Run *run;

        DL_FOREACH(r->runs, run) {
                if (run->kind != TICK_SCHEDULED && order_id_equal(&run->order, order))
                        return run;
        }
        return NULL;
}

/* The numbers that are signed of an order's probes rise: one that overtakes another waits for it.
 */
static void tell_probes(Runner *r, OrderId order) {
        Run *run;

        while ((run = first_probe(r, &order)) && !run->check)
                tell(run);
}

static void on_checked(const CheckResult *result, void *userdata) {
        Run *run = userdata;

        run->check = NULL;
        run->found = *result;
        if (run->kind == TICK_SCHEDULED)
                tell(run);
        else
                tell_probes(run->runner, run->order);
}

static int start_run(Work *w, TickKind kind, uint32_t number, usec_t scheduled) {
        Runner *r = w->runner;
        CheckRequest request = {
                .spec = &w->spec,
                .target = w->target,
                .family = w->order.family,
                .timeout = w->order.timeout_ms * USEC_PER_MSEC,
        };
        Run *run = calloc(1, sizeof(*run));
        int code;

        if (!run)
                return -ENOMEM;
        *run = (Run){ .runner = r,
                      .order = w->id,
                      .kind = kind,
                      .number = number,
                      .scheduled = scheduled,
                      .interval = w->order.interval_ms * USEC_PER_MSEC };
        if (kind == TICK_SCHEDULED)
                await(run);
        else
                DL_APPEND(r->runs, run);
        code = checker_start(r->options.checker, &request, on_checked, run, &run->check);
        if (code < 0)
                run_free(run);
        return code;
}

/* Schedule ------------------------------------------------------------------------------------- */

static void schedule(Work *w) {
        usec_t now = hub_now(w->runner);

        w->due = schedule_next(&w->order, w->slot_max, now);
        uv_update_time(w->runner->loop);
        timer_after(w->timer, w->due.at > now ? w->due.at - now : 0);
}

static void on_due(void *userdata) {
        Work *w = userdata;
        int r;

        if (hub_now(w->runner) + USEC_PER_MSEC <
            w->due.at) { /* the estimate of hub time moved meanwhile */
                schedule(w);
                return;
        }
        w->slot_max = w->due.slot;
        r = start_run(w, TICK_SCHEDULED, w->due.slot, w->due.at);
        if (r < 0)
                w->runner->dropped++;
        schedule(w);
}

/* Orders --------------------------------------------------------------------------------------- */

int runner_new(Runner **ret, uv_loop_t *loop, const RunnerOptions *options) {
        Runner *r = calloc(1, sizeof(*r));
        int code;

        if (!r)
                return -ENOMEM;
        r->loop = loop;
        r->options = *options;
        code = timer_new(&r->suspect, loop, on_suspect, r);
        if (code < 0) {
                free(r);
                return code;
        }
        *ret = r;
        return 0;
}

static void forget(Runner *r, Work *w) {
        HASH_DEL(r->works, w);
        if (w->order.type == ORDER_SPARE)
                DL_DELETE(r->spares, w);
        work_free(w);
}

Runner *runner_free(Runner *r) {
        Work *w, *next;

        if (!r)
                return NULL;
        HASH_ITER(hh, r->works, w, next)
        forget(r, w);
        while (r->runs || r->awaited) {
                Run *run = r->runs ? r->runs : r->awaited;

                check_cancel(run->check);
                run_free(run);
        }
        timer_free(r->suspect);
        free(r);
        return NULL;
}

/* How far the order got before: 0; or why that is not known, so that nothing is checked twice. */
static int recall(Work *w) {
        Spool *spool = w->runner->options.spool;
        int64_t slot = spool_progress(spool, &w->id, false);
        int64_t probe = spool_progress(spool, &w->id, true);

        if (slot < 0 && slot != -ENOENT)
                return (int)slot;
        if (probe < 0 && probe != -ENOENT)
                return (int)probe;
        w->slot_max = slot < 0 ? -1 : slot;
        w->probe_max = probe < 0 ? 0 : probe;
        return 0;
}

static int work_new(Work **ret, Runner *r, const RunnerOrder *o) {
        _cleanup_(work_freep) Work *w = calloc(1, sizeof(*w));
        int code;

        if (!w)
                return -ENOMEM;
        code = spec_copy(&w->spec, o->spec);
        if (code < 0)
                return code;
        if (strcmp(w->spec.type, "http") == 0)
                (void)http_target_new(&w->target, w->spec.url);
        code = timer_new(&w->timer, r->loop, on_due, w);
        if (code < 0)
                return code;

        w->id = o->id;
        w->order = o->order;
        w->order.extension = (Extension){ 0 };
        w->runner = r;
        w->last = TICK_UP;
        code = recall(w);
        if (code < 0)
                return code;
        *ret = TAKE_PTR(w);
        return 0;
}

static int add(Runner *r, const RunnerOrder *o) {
        Work *w;
        int code;

        code = work_new(&w, r, o);
        if (code < 0)
                return code;
        HASH_ADD(hh, r->works, id, sizeof(w->id), w);
        if (w->order.type == ORDER_SPARE)
                DL_APPEND(r->spares, w);
        else
                schedule(w);
        return 0;
}

/* Spares come with probes and are not taken back one by one: the one held longest makes room. */
static bool forget_spare(Runner *r) {
        if (!r->spares)
                return false;
        forget(r, r->spares);
        return true;
}

int runner_add(Runner *r, const RunnerOrder *order) {
        Work *w = find(r, &order->id);

        if (w)
                return 0;
        if (order->order.timeout_ms * USEC_PER_MSEC > r->options.timeout_max)
                return -ERANGE;
        if (HASH_COUNT(r->works) >= r->options.orders_max && !forget_spare(r))
                return -ENOBUFS;
        return add(r, order);
}

void runner_remove(Runner *r, const OrderId *id) {
        Work *w = find(r, id);

        if (w)
                forget(r, w);
}

void runner_mark(Runner *r) {
        Work *w, *next;

        HASH_ITER(hh, r->works, w, next)
        w->marked = true;
}

void runner_keep(Runner *r, const OrderId *id) {
        Work *w = find(r, id);

        if (w)
                w->marked = false;
}

void runner_sweep(Runner *r) {
        Work *w, *next;

        HASH_ITER(hh, r->works, w, next)
        if (w->marked)
                forget(r, w);
}

int runner_probe(Runner *r, const RunnerProbe *probe) {
        Work *w = find(r, &probe->order);
        int code;

        if (!w)
                return -ENOENT;
        if (probe->number <= w->probe_max)
                return -EALREADY;
        if (probe->deadline < hub_now(r))
                return -ETIME;
        if (w->probes >= RUNNER_PROBES_MAX ||
            !pace_take(&w->asked, &probes_rule, 1, now_boottime()))
                return -EBUSY;
        w->probe_max = probe->number;
        code = start_run(w, probe->kind, probe->number, 0);
        w->probes += code >= 0;
        return code;
}

size_t runner_count(const Runner *r) {
        return HASH_COUNT(r->works);
}

uint64_t runner_dropped(const Runner *r) {
        return r->dropped;
}

uint64_t runner_late(const Runner *r) {
        return r->late;
}

void runner_reschedule(Runner *r) {
        Work *w, *next;

        HASH_ITER(hh, r->works, w, next)
        if (w->order.type != ORDER_SPARE)
                schedule(w);
}
