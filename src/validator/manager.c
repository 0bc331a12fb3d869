/* Wiring: orders from the uplink to the runner, ticks from the runner through the sealer and the
 * spool to the uplink. */
#include "validator/manager.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/log-ids.h"
#include "base/log.h"
#include "base/refusals.h"
#include "event/keyfile.h"
#include "event/timer.h"
#include "validator/optout.h"
#include "validator/runner.h"
#include "validator/uplink.h"

#define STOP_STEP    (10 * USEC_PER_MSEC)
#define STOP_STEPS   150
#define QUEUE_FACTOR 50 /* checks may wait for 50 times the concurrency */

/* What is refused, by code. */
#define REFUSED_ORDER "order"
#define REFUSED_PROBE "probe"

struct ValidatorManager {
        Daemon *daemon;
        uv_loop_t *loop;
        const ValidatorConf *conf; /* borrowed from main() */
        ValidatorManagerOptions options;
        Refusals *refusals;
        SignKey *key;
        char key_text[BASE64URL_SIZE(SIGN_PUBLIC_SIZE)];
        char *tags[FRAME_TAGS_MAX + 1];
        HubTime hub_time;
        bool clock_off;
        int64_t scheduled_offset; /* hub time's, when timers were set last */
        Guard *guard;
        Throttle *throttle;
        Budget budget;
        char *user_agent;
        Checker *checker;
        Spool *spool;
        Sealer *sealer;
        Runner *runner;
        Uplink *uplink;
        Timer *timer; /* summaries of what was refused */
        Timer *stopping;
        unsigned steps;
};

/* Ticks, the way to the hub -------------------------------------------------------------------- */

static const struct {
        const char *code, *id, *message, *reason;
        bool each; /* order has a line of its own, not all together */
} refusals[_CHECK_REFUSAL_MAX] = {
        [CHECK_REFUSED_TARGET] = { "target", DPIN_MSG_TARGET_REFUSED,
                                   "an order's target is not allowed: it was not connected to",
                                   "Allow=, Deny=, DenyPorts= and TargetRate=", true },
        [CHECK_REFUSED_BUDGET] = { "budget", DPIN_MSG_BUDGET_USED,
                                   "more checks are ordered than the owner allows: not all are run",
                                   "ChecksPerSecond= and BytesPerSecond=", false },
        [CHECK_REFUSED_OPT_OUT] = { "opt_out", DPIN_MSG_OPTED_OUT,
                                    "a website does not want to be checked: its order is refused",
                                    OPT_OUT_PATH, true },
        [CHECK_OWN_NETWORK] = { "own_network", DPIN_MSG_OWN_NETWORK,
                                "this machine is offline itself: its checks abstain",
                                "nothing answers", false },
};

/* The hub learns it from the tick, the owner from the log: once for all, or for each order. */
static void on_refused(const OrderId *order, CheckRefusal why, void *userdata) {
        ValidatorManager *m = userdata;
        char text[BASE64URL_SIZE(sizeof(order->bytes))];

        base64url_encode(order->bytes, sizeof(order->bytes), text);
        if (!refusals_count(m->refusals, refusals[why].code, refusals[why].each ? text : "hub",
                            now_boottime()))
                return;
        log_event(LOG_WARNING, refusals[why].id, refusals[why].message,
                  "DPIN_ORDER=%s\nDPIN_HUB=%s\nDPIN_REASON=%s", text, m->conf->hub_url,
                  refusals[why].reason);
        if (why == CHECK_REFUSED_OPT_OUT)
                uplink_refuse(m->uplink, order, "the website has opted out of being checked");
}

static void on_tick(const Tick *tick, bool urgent, void *userdata) {
        ValidatorManager *m = userdata;
        int r;

        r = sealer_add(m->sealer, tick, urgent);
        if (r < 0)
                log_debug("a tick is not sealed: %s", strerror(-r));
}

static void on_suspect(const OrderId *order, uint32_t slot, void *userdata) {
        ValidatorManager *m = userdata;

        uplink_suspect(m->uplink, order, slot);
}

static void on_sealed(void *userdata) {
        ValidatorManager *m = userdata;

        uplink_pump(m->uplink);
}

/* Orders, the other way ------------------------------------------------------------------------ */

static void refuse_order(ValidatorManager *m, const OrderId *order, int r) {
        const char *why = r == -ENOBUFS  ? "too many orders"
                          : r == -ERANGE ? "a longer timeout than this validator allows"
                                         : "not a check this validator can do";

        uplink_refuse(m->uplink, order, why);
        if (refusals_count(m->refusals, REFUSED_ORDER, why, now_boottime()))
                log_event(LOG_WARNING, DPIN_MSG_ORDER_REFUSED, "an order of the hub is refused",
                          "DPIN_HUB=%s\nDPIN_REASON=%s", m->conf->hub_url, why);
}

static int add_order(ValidatorManager *m, const FrameOrder *entry, const SignScope *scope) {
        _cleanup_(spec_done) Spec spec = {};
        RunnerOrder order;
        int r;

        r = frame_order_open(entry, scope, &order.order, &order.id);
        if (r == -EBADMSG)
                return r;
        if (r < 0 && order_id(scope, entry->order.data, entry->order.n, &order.id) < 0)
                return -EBADMSG;
        order.spec = &spec;
        if (r >= 0)
                r = spec_parse(entry->spec.data, entry->spec.n, &spec, NULL);
        if (r >= 0)
                r = checker_can(&spec) ? runner_add(m->runner, &order) : -EPROTONOSUPPORT;
        if (r < 0)
                refuse_order(m, &order.id, r);
        return 0;
}

/* Of what is held, only what is in this frame stays. */
static void keep_orders(ValidatorManager *m, const FrameOrders *f, const SignScope *scope) {
        const FrameOrder *add = f->add.items;
        OrderId id;

        runner_mark(m->runner);
        for (size_t i = 0; i < f->add.n; i++)
                if (order_id(scope, add[i].order.data, add[i].order.n, &id) >= 0)
                        runner_keep(m->runner, &id);
        runner_sweep(m->runner);
}

static int on_orders(const FrameOrders *f, const SignScope *scope, void *userdata) {
        ValidatorManager *m = userdata;
        const FrameOrder *add = f->add.items;
        const FrameRemoved *removed = f->removed.items;
        int r = 0;

        if (f->reset)
                keep_orders(m, f, scope);
        for (size_t i = 0; i < f->add.n && r >= 0; i++)
                r = add_order(m, &add[i], scope);
        for (size_t i = 0; i < f->removed.n; i++)
                runner_remove(m->runner, &removed[i].order);
        daemon_status(m->daemon, "%s, %zu orders", uplink_state_name(uplink_state(m->uplink)),
                      runner_count(m->runner));
        m->options.changed(m->options.userdata);
        return r;
}

static void on_probe(const FrameProbe *f, const SignScope *scope, void *userdata) {
        ValidatorManager *m = userdata;
        FrameOrder spare = { .order = f->spare.order, .spec = f->spare.spec };
        int kind = frame_probe_kind(f), r;

        if (f->spare.order.n > 0 && add_order(m, &spare, scope) < 0)
                return;
        if (kind < 0)
                return;
        r = runner_probe(m->runner, &(RunnerProbe){
                                                    .order = f->order,
                                                    .kind = (TickKind)kind,
                                                    .number = (uint32_t)f->number,
                                                    .deadline = f->deadline,
                                    });
        if (r < 0 && refusals_count(m->refusals, REFUSED_PROBE, strerror(-r), now_boottime()))
                log_event(LOG_INFO, DPIN_MSG_ORDER_REFUSED, "a probe is not answered",
                          "DPIN_HUB=%s\nDPIN_REASON=%s", m->conf->hub_url, strerror(-r));
}

/* Said once; half as much is right again. */
static void judge_clock(ValidatorManager *m) {
        int64_t offset = hub_time_clock_offset(&m->hub_time, now_boottime(), now_realtime());
        int64_t limit = BATCH_CLOCK_OFFSET_MAX / (m->clock_off ? 2 : 1);
        bool off = m->hub_time.synced && (offset > limit || offset < -limit);

        if (off == m->clock_off)
                return;
        m->clock_off = off;
        log_event(off ? LOG_WARNING : LOG_INFO, DPIN_MSG_CLOCK_OFF,
                  off ? "this machine's clock is not the hub's" : "this machine's clock is right",
                  "DPIN_HUB=%s\nDPIN_OFFSET=%lld", m->conf->hub_url,
                  (long long)(offset / (int64_t)USEC_PER_MSEC));
}

/* A corrected clock moves every slot. */
static void on_changed(void *userdata) {
        ValidatorManager *m = userdata;
        int64_t off = m->hub_time.offset - m->scheduled_offset;

        judge_clock(m);
        if (!m->uplink)
                return;
        if (off > (int64_t)USEC_PER_SEC / 10 || off < -(int64_t)USEC_PER_SEC / 10) {
                m->scheduled_offset = m->hub_time.offset;
                runner_reschedule(m->runner);
        }
        daemon_status(m->daemon, "%s, %zu orders", uplink_state_name(uplink_state(m->uplink)),
                      runner_count(m->runner));
        m->options.changed(m->options.userdata);
}

/* Time ----------------------------------------------------------------------------------------- */

static void on_summary(const char *code, const char *source, uint64_t more,
                       void *userdata _unused_) {
        log_event(LOG_WARNING, DPIN_MSG_SUMMARY, "refused again within a minute",
                  "DPIN_REASON=%s\nDPIN_SOURCE=%s\nDPIN_COUNT=%llu", code, source,
                  (unsigned long long)more);
}

static void on_minute(void *userdata) {
        ValidatorManager *m = userdata;

        judge_clock(m);
        refusals_summarise(m->refusals, now_boottime(), on_summary, m);
}

/* Building ------------------------------------------------------------------------------------- */

static int load_key(ValidatorManager *m) {
        _cleanup_free_ char *path = NULL;
        KeySource source;
        int r;

        if (asprintf(&path, "%s/validator.key", m->conf->state_directory) < 0)
                return -ENOMEM;
        r = keyfile_load("validator.key", path, &m->key, &source);
        if (r < 0) {
                log_event(LOG_ERR, DPIN_MSG_KEY_REFUSED, "the validator's key is refused",
                          "DPIN_SOURCE=%s\nDPIN_PATH=%s\nDPIN_ERROR=%s", key_source_name(source),
                          path, keyfile_error(r));
                return r;
        }
        base64url_encode(sign_key_public(m->key)->bytes, SIGN_PUBLIC_SIZE, m->key_text);
        log_event(LOG_INFO, source == KEY_CREATED ? DPIN_MSG_KEY_CREATED : DPIN_MSG_STARTED,
                  source == KEY_CREATED ? "a validator key was made" : "validator key loaded",
                  "DPIN_VALIDATOR=%s\nDPIN_SOURCE=%s", m->key_text, key_source_name(source));
        return 0;
}

/* The name travels as a tag, first. */
static int split_tags(ValidatorManager *m) {
        _cleanup_free_ char *copy = strdup(m->conf->tags ? m->conf->tags : "");
        char *state = NULL;
        size_t n = 0;

        if (!copy)
                return -ENOMEM;
        if (m->conf->name && asprintf(&m->tags[n++], "name=%.58s", m->conf->name) < 0)
                return -ENOMEM;
        for (char *t = strtok_r(copy, ", ", &state); t && n < FRAME_TAGS_MAX;
             t = strtok_r(NULL, ", ", &state)) {
                m->tags[n] = strndup(t, 64);
                if (!m->tags[n++])
                        return -ENOMEM;
        }
        return 0;
}

static int make_guard(ValidatorManager *m) {
        _cleanup_free_ char *error = NULL;
        int r = validator_conf_guard(m->conf, &m->guard, &error);

        if (r < 0)
                log_event(LOG_ERR, DPIN_MSG_CONFIG_INVALID, "settings refused", "DPIN_ERROR=%s",
                          error ? error : strerror(-r));
        return r;
}

static bool ping_hub(usec_t *ret_silent, void *userdata) {
        ValidatorManager *m = userdata;

        return m->uplink && uplink_ping(m->uplink, ret_silent);
}

static int make_checks(ValidatorManager *m) {
        _cleanup_free_ char *resolvers = NULL, *error = NULL;
        int r;

        r = make_guard(m);
        if (r < 0)
                return r;

        r = validator_conf_resolvers(m->conf, &resolvers, &error);
        if (r < 0)
                return r;

        r = throttle_new(&m->throttle, (unsigned)m->conf->target_rate);
        if (r < 0)
                return r;

        r = opt_out_user_agent(&m->user_agent, m->conf->contact_url);
        if (r < 0)
                return r;

        budget_init(&m->budget, (unsigned)m->conf->checks_per_second, m->conf->bytes_per_second);

        return checker_new(
                        &m->checker, m->loop,
                        &(CheckerOptions){
                                        .connect = { m->guard, m->throttle },
                                        .budget = &m->budget,
                                        .origins_max = (unsigned)m->conf->orders_max,
                                        .user_agent = m->user_agent,
                                        .controls = m->conf->control_targets,
                                        .hub = ping_hub,
                                        .hub_userdata = m,
                                        .resolvers = resolvers,
                                        .ca_file = m->conf->ca_file,
                                        .concurrency = (unsigned)m->conf->concurrency,
                                        .queue_max = (unsigned)m->conf->concurrency * QUEUE_FACTOR,
                                        .body_max = m->conf->body_max,
                        });
}

static int make_spool(ValidatorManager *m) {
        _cleanup_free_ char *path = NULL;
        int r;

        if (asprintf(&path, "%s/spool.sqlite", m->conf->state_directory) < 0)
                return -ENOMEM;
        r = spool_new(&m->spool, path, m->conf->spool_max);
        if (r < 0)
                log_event(LOG_ERR, DPIN_MSG_SPOOL_UNUSABLE, "the spool cannot be opened",
                          "DPIN_PATH=%s\nDPIN_ERROR=%s", path,
                          r == -EBUSY ? "another process has it" : strerror(-r));
        return r;
}

static int make_way(ValidatorManager *m) {
        int r;

        r = make_spool(m);
        if (r < 0)
                return r;

        r = sealer_new(&m->sealer, m->loop,
                       &(SealerOptions){ .key = m->key,
                                         .hub_time = &m->hub_time,
                                         .spool = m->spool,
                                         .sealed = on_sealed,
                                         .userdata = m });
        if (r < 0)
                return r;

        r = runner_new(&m->runner, m->loop,
                       &(RunnerOptions){
                                       .checker = m->checker,
                                       .hub_time = &m->hub_time,
                                       .spool = m->spool,
                                       .orders_max = (unsigned)m->conf->orders_max,
                                       .timeout_max = m->conf->timeout_max,
                                       .tick = on_tick,
                                       .refused = on_refused,
                                       .suspect = on_suspect,
                                       .userdata = m,
                       });
        if (r < 0)
                return r;

        return uplink_new(&m->uplink, m->loop,
                          &(UplinkOptions){
                                          .url = m->conf->hub_url,
                                          .ca_file = m->conf->ca_file,
                                          .key = m->key,
                                          .tags = m->tags,
                                          .capabilities = checker_capabilities(m->checker),
                                          .hub_time = &m->hub_time,
                                          .spool = m->spool,
                                          .sealer = m->sealer,
                                          .refusals = m->refusals,
                                          .retry_max = m->conf->retry_max,
                                          .orders_max = (unsigned)m->conf->orders_max,
                                          .orders = on_orders,
                                          .probe = on_probe,
                                          .changed = on_changed,
                                          .userdata = m,
                          });
}

int validator_manager_new(ValidatorManager **ret, Daemon *daemon,
                          const ValidatorManagerOptions *options) {
        _cleanup_(validator_manager_freep) ValidatorManager *m = calloc(1, sizeof(*m));
        int r;

        if (!m)
                return -ENOMEM;
        *m = (ValidatorManager){ .daemon = daemon,
                                 .loop = daemon_loop(daemon),
                                 .conf = options->conf,
                                 .options = *options };
        hub_time_guess(&m->hub_time, now_boottime(), now_realtime());

        r = refusals_new(&m->refusals);
        if (r < 0)
                return r;

        r = timer_new(&m->timer, m->loop, on_minute, m);
        if (r < 0)
                return r;
        timer_every(m->timer, USEC_PER_MIN, USEC_PER_MIN);

        r = load_key(m);
        if (r < 0)
                return r;

        r = split_tags(m);
        if (r < 0)
                return r;

        r = make_checks(m);
        if (r < 0)
                return r;

        r = make_way(m);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(m);
        return 0;
}

ValidatorManager *validator_manager_free(ValidatorManager *m) {
        if (!m)
                return NULL;
        timer_free(m->timer);
        timer_free(m->stopping);
        uplink_free(m->uplink);
        runner_free(m->runner);
        sealer_free(m->sealer);
        spool_free(m->spool);
        checker_free(m->checker);
        free(m->user_agent);
        throttle_free(m->throttle);
        guard_free(m->guard);
        for (size_t i = 0; i < ELEMENTSOF(m->tags); i++)
                free(m->tags[i]);
        sign_key_free(m->key);
        refusals_free(m->refusals);
        free(m);
        return NULL;
}

/* Stopping ------------------------------------------------------------------------------------- */

static void on_stop_step(void *userdata) {
        ValidatorManager *m = userdata;

        if (!uplink_is_closed(m->uplink) && ++m->steps < STOP_STEPS)
                return;
        timer_stop(m->stopping);
        daemon_finished(m->daemon);
}

void validator_manager_stop(ValidatorManager *m) {
        (void)sealer_flush(m->sealer);
        uplink_stop(m->uplink);
        if (timer_new(&m->stopping, m->loop, on_stop_step, m) < 0)
                daemon_finished(m->daemon);
        else
                timer_every(m->stopping, 0, STOP_STEP);
}

void validator_manager_status(const ValidatorManager *m, ValidatorStatus *ret) {
        SpoolStats stats;

        spool_stats(m->spool, &stats);
        *ret = (ValidatorStatus){
                .key = m->key_text,
                .state = uplink_state_name(uplink_state(m->uplink)),
                .hub = m->conf->hub_url,
                .why = uplink_why(m->uplink),
                .welcomed = uplink_state(m->uplink) == UPLINK_READY,
                .connected = uplink_approved(m->uplink),
                .clock_off = m->clock_off,
                .orders = (uint32_t)runner_count(m->runner),
                .spool_batches = stats.batches,
                .checks = (uint32_t)checker_active(m->checker),
                .spool_bytes = stats.bytes,
                .spool_max = m->conf->spool_max,
                .ticks_sealed = sealer_ticks(m->sealer),
                .ticks_lost = stats.dropped_ticks + sealer_refused(m->sealer),
        };
}

int validator_manager_reload(ValidatorManager *m, char **error) {
        return m->options.reload(error, m->options.userdata);
}

Checker *validator_manager_checker(ValidatorManager *m) {
        return m->checker;
}

void validator_manager_refused(const ValidatorManager *m, RefusalsTotal total, void *userdata) {
        refusals_totals(m->refusals, total, userdata);
        total("no_room_for_check", runner_dropped(m->runner), userdata);
        total("too_late", runner_late(m->runner), userdata);
}
