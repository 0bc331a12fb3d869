/* Wiring, in the order a tick meets the modules, and the two great states: with a database and
 * without. */
#include "hub/manager.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/crowd.h"
#include "base/log-ids.h"
#include "base/log.h"
#include "event/timer.h"
#include "hub/keys.h"
#include "hub/listener.h"
#include "hub/manager-alerts.h"
#include "hub/operator-watch.h"
#include "hub/retain.h"
#include "store/statements.h"

/* A database is usually back at once, and validators back off by themselves. */
#define RETRY_SECONDS   1u
#define BEAT            (5 * USEC_PER_SEC)
#define SUMMARY_BEATS   12u /* refusals are summed up once a minute */
#define GUESTS_PATIENCE (500 * USEC_PER_MSEC)
#define STOP_STEP       (20 * USEC_PER_MSEC)

struct HubManager {
        Daemon *daemon;
        uv_loop_t *loop;
        const HubConf *conf; /* borrowed from main() */
        HubManagerOptions options;
        SignKey *key;
        uint8_t hub_secret[HUB_SECRET_SIZE];
        AlertKeys alert_keys;
        AlertWays alert_ways;
        AlertHooks *alert_hooks;
        HubClock clock;
        News *news;
        Refusals *refusals;
        Sources *sources;
        Store *store;
        Retain *retain;
        Alerts *alerts;
        DeadMan *dead_man; /* NULL: there is none */
        OperatorWatch *operator_watch;
        Core *core;         /* NULL while the database is away */
        Listener *listener; /* NULL until the first core is ready, and after a stop */
        Timer *timer;       /* beats; steps of the stop; the end of a failed core */
        unsigned beats;
        Crowd crowd;
        bool stopping, core_failed;
        usec_t stopped_at;
        usec_t failed_at; /* boot time; a second failure soon after waits for a beat */
        char state[256];
};

static void set_state(HubManager *m, const char *text) {
        snprintf(m->state, sizeof(m->state), "%s", text);
        daemon_status(m->daemon, "%s", text);
        m->options.changed(m->options.userdata);
}

/* Sessions ------------------------------------------------------------------------------------- */

static void on_join(Session *s, const FrameJoin *join, void *userdata) {
        HubManager *m = userdata;

        if (core_is_ready(m->core))
                core_join(m->core, s, join);
        else
                session_reject(s, CODE_NOT_READY, "the database is away", RETRY_SECONDS);
}

static int on_batch(Session *s, const void *data, size_t n, void *userdata) {
        HubManager *m = userdata;

        return core_is_ready(m->core) ? core_batch(m->core, s, data, n) : 0;
}

static void on_suspect(Session *s, const FrameSuspect *suspect, void *userdata) {
        HubManager *m = userdata;

        if (core_is_ready(m->core))
                core_suspect(m->core, s, suspect);
}

static void on_notice(Session *s, const FrameNotice *notice, void *userdata) {
        HubManager *m = userdata;

        if (core_is_ready(m->core))
                core_notice(m->core, s, notice);
}

static void on_drained(Session *s, void *userdata) {
        HubManager *m = userdata;

        if (core_is_ready(m->core))
                core_drained(m->core, s);
}

static void on_closed(Session *s, void *userdata) {
        HubManager *m = userdata;

        if (m->core)
                core_closed(m->core, s);
}

/* With a database and without ------------------------------------------------------------------ */

static void on_published(int r, const char *error, void *userdata _unused_) {
        if (r < 0)
                log_event(LOG_WARNING, DPIN_MSG_UPKEEP_FAILED, "a key was not published",
                          "DPIN_WHAT=publishing the key of alerts\nDPIN_ERROR=%s",
                          error ? error : strerror(-r));
}

/* To whom may add channels, but not know their secrets. */
static void publish_box(HubManager *m) {
        int r = alert_box_publish(m->store, m->alert_keys.box.public, on_published, m, NULL);

        if (r < 0)
                on_published(r, NULL, m);
}

static void on_core_ready(void *userdata) {
        HubManager *m = userdata;

        set_state(m, "ready");
        core_read_changes(m->core);
        core_read_deeds(m->core);
        alerts_wake(m->alerts);
        publish_box(m);
}

static void on_core_failed(const char *reason, void *userdata) {
        HubManager *m = userdata;
        usec_t now = now_boottime(),
               pause = m->failed_at > 0 && now - m->failed_at < BEAT ? BEAT : 0;

        m->core_failed = true; /* freed by the next turn of the timer, not inside its own call */
        m->failed_at = now;
        log_event(LOG_ERR, DPIN_MSG_STATE_REREAD, "the state is read again", "DPIN_ERROR=%s",
                  reason);
        set_state(m, reason);
        timer_every(m->timer, pause, BEAT);
}

static void open_core(HubManager *m) {
        CoreOptions options = {
                .store = m->store,
                .key = m->key,
                .network = sign_key_public(m->key),
                .clock = &m->clock,
                .hub_secret = m->hub_secret,
                .flap_begins = (unsigned)m->conf->flap_begins,
                .news = m->news,
                .open_admission = strcmp(m->conf->admission, "open") == 0,
                .ready = on_core_ready,
                .failed = on_core_failed,
                .userdata = m,
        };

        set_state(m, "reading the state from the database");
        if (core_new(&m->core, m->loop, &options) < 0)
                set_state(m, "the state cannot be read");
}

/* Validators keep what is not acked and come again. */
static void close_core(HubManager *m) {
        if (m->listener)
                listener_forget(m->listener, CODE_NOT_READY, 2);
        m->core = core_free(m->core);
        news_forget(m->news);
        m->core_failed = false;
}

static const char *absence_id(StoreState state) {
        switch (state) {
        case STORE_REFUSED:
                return DPIN_MSG_SCHEMA_REFUSED;
        case STORE_STANDBY:
                return DPIN_MSG_WRITER_TAKEN;
        default:
                return DPIN_MSG_DATABASE_LOST;
        }
}

static void on_store_state(StoreState state, const char *text, void *userdata) {
        HubManager *m = userdata;

        if (state == STORE_READY) {
                log_event(LOG_INFO, DPIN_MSG_DATABASE_BACK, "the database is there",
                          "DPIN_STATE=%s", text ? text : "");
                close_core(m);
                open_core(m);
                return;
        }
        log_event(state == STORE_REFUSED ? LOG_ERR : LOG_WARNING, absence_id(state),
                  "waiting for the database", "DPIN_STATE=%s\nDPIN_ERROR=%s",
                  store_state_name(state), text ? text : "");
        close_core(m);
        set_state(m, text ? text : store_state_name(state));
}

static void on_store_notify(const char *channel, const char *payload _unused_, void *userdata) {
        HubManager *m = userdata;

        if (!core_is_ready(m->core))
                return;
        if (strcmp(channel, STORE_CHANNEL_MAINTENANCE) == 0)
                core_read_calendar(m->core);
        else if (strcmp(channel, STORE_CHANNEL_INCIDENT) == 0)
                core_read_deeds(m->core);
        else
                core_read_changes(m->core);
}

/* Beats ---------------------------------------------------------------------------------------- */

static void on_news(const NewsItem *item, void *userdata) {
        HubManager *m = userdata;

        m->options.news(item, m->options.userdata);
}

static void on_summary(const char *code, const char *source, uint64_t more,
                       void *userdata _unused_) {
        log_event(LOG_WARNING, DPIN_MSG_SUMMARY, "refused again within a minute",
                  "DPIN_REASON=%s\nDPIN_SOURCE=%s\nDPIN_COUNT=%llu", code, source,
                  (unsigned long long)more);
}

static void give_back_memory(HubManager *m) {
        unsigned n, most;

        if (!m->listener)
                return;
        n = listener_connections(m->listener, &most);
        (void)crowd_watch(&m->crowd, n, most);
}

/* Whom systemd's socket let in right before the stop gets his farewell as well. */
static bool has_company(const HubManager *m) {
        if (!m->listener)
                return false;
        return listener_sessions(m->listener) > 0 ||
               (listener_guests(m->listener) > 0 &&
                now_boottime() < m->stopped_at + GUESTS_PATIENCE);
}

static void stop_step(HubManager *m) {
        if (has_company(m))
                return;
        if (m->core && !core_is_idle(m->core)) {
                core_stop(m->core);
                return;
        }
        timer_stop(m->timer);
        daemon_finished(m->daemon);
}

static void on_timer(void *userdata) {
        HubManager *m = userdata;

        if (m->core_failed) {
                close_core(m);
                if (store_state(m->store) == STORE_READY && !m->stopping)
                        open_core(m);
        }
        if (m->stopping) {
                stop_step(m);
                return;
        }
        if (m->core)
                core_beat(m->core);
        give_back_memory(m);
        if (++m->beats % SUMMARY_BEATS == 0)
                refusals_summarise(m->refusals, now_boottime(), on_summary, m);
}

/* Building ------------------------------------------------------------------------------------- */

static bool on_may_deliver(void *userdata) {
        const HubManager *m = userdata;

        return m->core && !m->core_failed && core_is_ready(m->core) && !m->stopping;
}

static int open_alerts(HubManager *m) {
        const HubConf *c = m->conf;
        int r;

        r = hub_alert_keys_load(c->state_directory, &m->alert_keys);
        if (r >= 0)
                r = alert_hooks_new(&m->alert_hooks, c->alert_exec, NULL);
        if (r < 0)
                return r;
        m->alert_ways = hub_alert_ways(c);
        m->alert_ways.keys = &m->alert_keys;
        m->alert_ways.network_key = m->key;
        m->alert_ways.hooks = m->alert_hooks;
        return alerts_new(&m->alerts, m->loop,
                          &(AlertsOptions){ .dsn = hub_conf_dsn(c),
                                            .clock = &m->clock,
                                            .refusals = m->refusals,
                                            .ways = &m->alert_ways,
                                            .may_work = on_may_deliver,
                                            .userdata = m });
}

static Store *on_view(OperatorView *ret, void *userdata) {
        const HubManager *m = userdata;

        if (!on_may_deliver(userdata))
                return NULL;
        ret->now = hub_clock_now(&m->clock);
        ret->validators = (unsigned)registry_serving(core_registry(m->core));
        return m->store;
}

static int open_operator_watch(HubManager *m) {
        return operator_watch_new(&m->operator_watch, m->loop,
                                  &(OperatorWatchOptions){ .directory = m->conf->state_directory,
                                                           .refusals = m->refusals,
                                                           .view = on_view,
                                                           .userdata = m });
}

static const char *on_idle(void *userdata) {
        const HubManager *m = userdata;

        if (!on_may_deliver(userdata))
                return m->state;
        if (now_boottime() - writer_committed_at(core_writer(m->core)) > 3 * BEAT)
                return "nothing was written to the database for 15 seconds";
        return board_is_blind(core_board(m->core)) ? "no website has a verdict" : NULL;
}

static int open_dead_man(HubManager *m) {
        if (!m->conf->dead_man_url)
                return 0;
        return dead_man_new(&m->dead_man, m->loop,
                            &(DeadManOptions){ .url = m->conf->dead_man_url,
                                               .allow = m->conf->alert_allow,
                                               .interval = m->conf->dead_man_interval,
                                               .idle = on_idle,
                                               .userdata = m });
}

static int open_listener(HubManager *m) {
        SessionOptions options = {
                .loop = m->loop,
                .key = m->key,
                .network = sign_key_public(m->key),
                .clock = &m->clock,
                .refusals = m->refusals,
                .sources = m->sources,
                .authorities = m->conf->authorities,
                .ops = { on_join, on_batch, on_suspect, on_notice, on_drained, on_closed, m },
        };
        char name[128] = "";
        int fd, r;

        fd = daemon_listen(m->daemon, "ws", m->conf->listen);
        if (fd < 0) {
                log_event(LOG_ERR, DPIN_MSG_LISTEN_FAILED, "cannot listen",
                          "DPIN_ADDRESS=%s\nDPIN_ERROR=%s", m->conf->listen, strerror(-fd));
                return fd;
        }
        (void)socket_name(fd, name, sizeof(name));
        r = listener_new(&m->listener, fd, m->conf->trusted_proxies, &options);
        if (r >= 0)
                log_event(LOG_INFO, DPIN_MSG_STARTED, "listening for validators", "DPIN_ADDRESS=%s",
                          name);
        return r;
}

static bool on_may_upkeep(void *userdata) {
        const HubManager *m = userdata;

        return m->core && !m->core_failed && core_is_settled(m->core);
}

static usec_t on_paged_asked(void *userdata) {
        const HubManager *m = userdata;

        return writer_paged(core_writer(m->core));
}

static int open_store(HubManager *m) {
        int r;

        r = store_new(&m->store, m->loop,
                      &(StoreOptions){
                                      .dsn = hub_conf_dsn(m->conf),
                                      .role = STORE_HUB,
                                      .statements = store_service_statements(),
                                      .on_state = on_store_state,
                                      .on_notify = on_store_notify,
                                      .userdata = m,
                      });
        if (r < 0)
                return r;
        return retain_new(&m->retain, m->loop,
                          &(RetainOptions){
                                          .dsn = hub_conf_dsn(m->conf),
                                          .clock = &m->clock,
                                          .days_raw = (unsigned)m->conf->days_raw,
                                          .days_hour = (unsigned)m->conf->days_hour,
                                          .lamports = (int64_t)m->conf->reward,
                                          .may_work = on_may_upkeep,
                                          .paged = on_paged_asked,
                                          .userdata = m,
                          });
}

int hub_manager_new(HubManager **ret, Daemon *daemon, const HubManagerOptions *options) {
        _cleanup_(hub_manager_freep) HubManager *m = calloc(1, sizeof(*m));
        int r;

        if (!m)
                return -ENOMEM;
        *m = (HubManager){ .daemon = daemon,
                           .loop = daemon_loop(daemon),
                           .conf = options->conf,
                           .options = *options,
                           .clock = hub_clock_new() };

        r = refusals_new(&m->refusals);
        if (r < 0)
                return r;

        r = news_new(&m->news, on_news, m);
        if (r < 0)
                return r;

        r = sources_new(&m->sources);
        if (r < 0)
                return r;

        r = hub_key_load(m->conf->state_directory, &m->key);
        if (r >= 0)
                r = hub_secret_derive(m->key, m->hub_secret);
        if (r < 0)
                return r;

        r = timer_new(&m->timer, m->loop, on_timer, m);
        if (r < 0)
                return r;
        timer_every(m->timer, BEAT, BEAT);

        set_state(m, "connecting to the database");
        r = open_alerts(m);
        if (r < 0)
                return r;

        r = open_dead_man(m);
        if (r >= 0)
                r = open_operator_watch(m);
        if (r < 0)
                return r;

        r = open_store(m);
        if (r < 0)
                return r;

        r = open_listener(m);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(m);
        return 0;
}

HubManager *hub_manager_free(HubManager *m) {
        if (!m)
                return NULL;
        listener_free(m->listener);
        core_free(m->core);
        operator_watch_free(m->operator_watch);
        dead_man_free(m->dead_man);
        alerts_free(m->alerts);
        alert_hooks_free(m->alert_hooks);
        retain_free(m->retain);
        store_free(m->store);
        timer_free(m->timer);
        sources_free(m->sources);
        news_free(m->news);
        refusals_free(m->refusals);
        sign_key_free(m->key);
        alert_keys_wipe(&m->alert_keys);
        free(m);
        return NULL;
}

void hub_manager_stop(HubManager *m) {
        m->stopping = true;
        m->stopped_at = now_boottime();
        set_state(m, "stopping");
        if (m->core)
                core_stop(m->core);
        if (m->listener)
                listener_drain(m->listener, CODE_SHUTDOWN, 2);
        timer_every(m->timer, USEC_PER_MSEC, STOP_STEP);
}

/* For the bus ---------------------------------------------------------------------------------- */

Store *hub_manager_store(HubManager *m) {
        return m->store;
}

Core *hub_manager_core(HubManager *m) {
        return core_is_ready(m->core) ? m->core : NULL;
}

const PublicKey *hub_manager_network(const HubManager *m) {
        return sign_key_public(m->key);
}

const uint8_t *hub_manager_secret(const HubManager *m) {
        return m->hub_secret;
}

Retention hub_manager_retention(const HubManager *m) {
        return (Retention){ .now = hub_clock_now(&m->clock),
                            .days_raw = (unsigned)m->conf->days_raw,
                            .days_hour = (unsigned)m->conf->days_hour };
}

const AlertKeys *hub_manager_alert_keys(const HubManager *m) {
        return &m->alert_keys;
}

const DeadMan *hub_manager_dead_man(const HubManager *m) {
        return m->dead_man;
}

const AlertHooks *hub_manager_alert_hooks(const HubManager *m) {
        return m->alert_hooks;
}

AlertsCounters hub_manager_alerts(const HubManager *m) {
        return alerts_counters(m->alerts);
}

usec_t hub_manager_now(const HubManager *m) {
        return hub_clock_now(&m->clock);
}

size_t hub_manager_sessions(const HubManager *m) {
        return m->listener ? listener_sessions(m->listener) : 0;
}

int hub_manager_reload(HubManager *m, char **error) {
        return m->options.reload(error, m->options.userdata);
}

const News *hub_manager_news(const HubManager *m) {
        return m->news;
}

const Refusals *hub_manager_refusals(const HubManager *m) {
        return m->refusals;
}

const WsCounters *hub_manager_connections(const HubManager *m) {
        return m->listener ? listener_counters(m->listener) : NULL;
}

const char *hub_manager_state(const HubManager *m) {
        return m->state;
}
