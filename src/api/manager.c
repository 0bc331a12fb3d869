/* Wiring, and the two great states: with a database and without. */
#include "api/manager.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/assets.h"
#include "api/events.h"
#include "api/live.h"
#include "api/replica.h"
#include "api/routes.h"
#include "api/server.h"
#include "base/crowd.h"
#include "base/log-ids.h"
#include "base/log.h"
#include "event/timer.h"
#include "store/statements.h"

#define SITES_MAX       65536u              /* orders of which it is known whose they are */
#define BEAT            (15 * USEC_PER_SEC) /* keep-alive of event streams */
#define SUMMARY         USEC_PER_MIN        /* of what was refused */
#define GUESTS_PATIENCE (500 * USEC_PER_MSEC)
#define STOP_STEP       (20 * USEC_PER_MSEC)
#define PATIENCE        USEC_PER_SEC /* with a database that does not say at once how it is */

struct ApiManager {
        Daemon *daemon;
        uv_loop_t *loop;
        const ApiConf *conf; /* borrowed from main() */
        ApiManagerOptions options;
        Store *store;
        Store *ears;      /* that listens: the same, or a connection of its own */
        Replica *replica; /* NULL: there is none */
        FeedSites *sites;
        Refusals *untold;
        FeedSource feed; /* of streams that resume */
        Live *live;
        Sse *sse;
        Assets *assets; /* NULL: not installed */
        ApiContext context;
        int fd;         /* listening, until it is the server's */
        Server *server; /* NULL until it is known how the database is */
        Timer *timer;   /* beats; the end of the patience; steps of the stop */
        Timer *summary;
        bool stopping;
        usec_t stopped_at; /* boot time */
        Crowd crowd;
        char state[256];
};

static void set_state(ApiManager *m, const char *text) {
        snprintf(m->state, sizeof(m->state), "%s", text);
        daemon_status(m->daemon, "%s", text);
        m->options.changed(m->options.userdata);
}

/* With a database and without --------------------------------------------------------------------
 */

static void want_server(ApiManager *m);

static bool has_database(const ApiManager *m) {
        return store_state(m->store) == STORE_READY && store_state(m->ears) == STORE_READY;
}

/* Of both connections, if there are two. */
static void on_store_state(StoreState state, const char *text, void *userdata) {
        ApiManager *m = userdata;
        bool refused = state == STORE_REFUSED;

        if (state == STORE_READY) {
                if (!has_database(m))
                        return;
                log_event(LOG_INFO, DPIN_MSG_DATABASE_BACK, "the database is there",
                          "DPIN_STATE=%s", text ? text : "");
                live_start(m->live);
                set_state(m, "ready");
                return;
        }
        log_event(refused ? LOG_ERR : LOG_WARNING,
                  refused ? DPIN_MSG_SCHEMA_REFUSED : DPIN_MSG_DATABASE_LOST,
                  "waiting for the database", "DPIN_STATE=%s\nDPIN_ERROR=%s",
                  store_state_name(state), text ? text : "");
        live_stop(m->live);
        set_state(m, text ? text : store_state_name(state));
        want_server(m);
}

static void on_store_notify(const char *channel, const char *payload, void *userdata) {
        ApiManager *m = userdata;

        if (strcmp(channel, STORE_CHANNEL_TOKEN) == 0)
                sse_check(m->sse, (uint32_t)strtoul(payload, NULL, 10));
        else
                live_notify(m->live, payload);
}

static bool on_wanted(void *userdata) {
        ApiManager *m = userdata;

        return sse_readers(m->sse) > 0;
}

static void on_entries(const FeedEntry *entries, size_t n, void *userdata) {
        ApiManager *m = userdata;

        sse_publish(m->sse, entries, n);
        replica_told(m->replica, live_position(m->live));
}

static void on_started(void *userdata) {
        want_server(userdata);
}

static void on_reset(uint64_t position, void *userdata) {
        ApiManager *m = userdata;

        sse_reset(m->sse, position);
}

/* Beats ------------------------------------------------------------------------------------------
 */

static void give_back_memory(ApiManager *m) {
        unsigned n, most;

        if (!m->server)
                return;
        n = server_connections(m->server, &most);
        (void)crowd_watch(&m->crowd, n, most);
}

/* Who was let in a moment ago is about to ask. */
static bool has_company(const ApiManager *m) {
        return server_active(m->server) > 0 ||
               (server_guests(m->server) > 0 && now_boottime() < m->stopped_at + GUESTS_PATIENCE);
}

static void on_timer(void *userdata) {
        ApiManager *m = userdata;

        if (!m->stopping) {
                sse_beat(m->sse);
                give_back_memory(m);
                want_server(m);
                return;
        }
        if (m->server && has_company(m))
                return;
        timer_stop(m->timer);
        daemon_finished(m->daemon);
}

static void on_summary(void *userdata) {
        ApiManager *m = userdata;

        if (m->server)
                refusal_summarise(server_refusals(m->server));
        refusal_summarise(m->untold);
        replica_summarise(m->replica);
}

static int start_timers(ApiManager *m) {
        int r;

        r = timer_new(&m->timer, m->loop, on_timer, m);
        if (r < 0)
                return r;
        timer_every(m->timer, PATIENCE, BEAT);

        r = timer_new(&m->summary, m->loop, on_summary, m);
        if (r < 0)
                return r;
        timer_every(m->summary, SUMMARY, SUMMARY);
        return 0;
}

/* Building ---------------------------------------------------------------------------------------
 */

static int connect_store(ApiManager *m, Store **ret, const char *dsn, StoreRole role) {
        return store_new(ret, m->loop,
                         &(StoreOptions){
                                         .dsn = dsn,
                                         .role = role,
                                         .statements = store_service_statements(),
                                         .on_state = on_store_state,
                                         .on_notify = on_store_notify,
                                         .userdata = m,
                         });
}

static int open_store(ApiManager *m) {
        const char *direct = m->conf->database_direct_url;
        int r;

        r = connect_store(m, &m->store, m->conf->database_url, direct ? STORE_READER : STORE_API);
        if (r < 0)
                return r;

        m->ears = m->store;
        return direct ? connect_store(m, &m->ears, direct, STORE_API) : 0;
}

static int open_feed(ApiManager *m) {
        int r;

        r = feed_sites_new(&m->sites, SITES_MAX);
        if (r < 0)
                return r;

        r = refusals_new(&m->untold);
        if (r < 0)
                return r;

        m->feed = (FeedSource){ .store = m->store, .sites = m->sites, .untold = m->untold };
        return 0;
}

static int open_live(ApiManager *m) {
        FeedSource source = m->feed;
        const LiveOps ops = {
                .wanted = on_wanted,
                .entries = on_entries,
                .reset = on_reset,
                .started = on_started,
                .userdata = m,
        };

        source.store = m->ears;
        return live_new(&m->live, &source, &ops);
}

static int open_replica(ApiManager *m) {
        const ReplicaOptions options = {
                .dsn = m->conf->database_read_url,
                .primary = m->store,
                .lag_max = m->conf->read_lag_max,
        };

        return options.dsn ? replica_new(&m->replica, m->loop, &options) : 0;
}

/* The API serves scripts as well: it runs without a dashboard, and says so. */
static int load_assets(ApiManager *m) {
        int r;

        r = assets_load(&m->assets, m->conf->dashboard);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                log_event(LOG_WARNING, DPIN_MSG_DASHBOARD_ABSENT, "no dashboard",
                          "DPIN_PATH=%s\nDPIN_ERROR=%s", m->conf->dashboard, strerror(-r));
        return 0;
}

static int open_socket(ApiManager *m) {
        m->fd = daemon_listen(m->daemon, "http", m->conf->listen);
        if (m->fd < 0)
                log_event(LOG_ERR, DPIN_MSG_LISTEN_FAILED, "cannot listen",
                          "DPIN_ADDRESS=%s\nDPIN_ERROR=%s", m->conf->listen, strerror(-m->fd));
        return MIN(m->fd, 0);
}

static void open_server(ApiManager *m) {
        const ServerOptions options = {
                .fd = m->fd,
                .routes = api_routes,
                .api = &m->context,
                .connections = (unsigned)m->conf->connections,
                .connections_per_address = (unsigned)m->conf->connections_per_address,
                .trusted_proxies = m->conf->trusted_proxies,
        };
        char name[128] = "";
        int r;

        m->context = (ApiContext){
                .store = m->store,
                .replica = m->replica,
                .feed = &m->feed,
                .live = m->live,
                .sse = m->sse,
                .assets = m->assets,
        };
        (void)socket_name(m->fd, name, sizeof(name));
        r = server_new(&m->server, m->loop, &options);
        if (r < 0) {
                log_event(LOG_ERR, DPIN_MSG_REQUEST_FAILED, "cannot serve requests",
                          "DPIN_REQUEST=all\nDPIN_ERROR=%s", strerror(-r));
                return;
        }
        m->fd = -EBADF;
        log_event(LOG_INFO, DPIN_MSG_STARTED, "listening for requests", "DPIN_ADDRESS=%s", name);
}

/* Who connects while it is not known how the database is waits: after a restart nobody is told that
 * it is away, while it is not. A failure is tried again by the next beat. */
static void want_server(ApiManager *m) {
        if (!m->server && !m->stopping)
                open_server(m);
}

int api_manager_new(ApiManager **ret, Daemon *daemon, const ApiManagerOptions *options) {
        _cleanup_(api_manager_freep) ApiManager *m = calloc(1, sizeof(*m));
        int r;

        if (!m)
                return -ENOMEM;
        *m = (ApiManager){ .daemon = daemon,
                           .loop = daemon_loop(daemon),
                           .conf = options->conf,
                           .options = *options,
                           .fd = -EBADF };

        r = open_socket(m);
        if (r < 0)
                return r;

        r = start_timers(m);
        if (r < 0)
                return r;

        r = sse_new(&m->sse, &events_sse_ops, m->conf->streams);
        if (r < 0)
                return r;

        r = load_assets(m);
        if (r < 0)
                return r;

        r = open_store(m);
        if (r < 0)
                return r;

        r = open_feed(m);
        if (r < 0)
                return r;

        r = open_live(m);
        if (r < 0)
                return r;

        r = open_replica(m);
        if (r < 0)
                return r;

        set_state(m, "connecting to the database");

        *ret = TAKE_PTR(m);
        return 0;
}

ApiManager *api_manager_free(ApiManager *m) {
        if (!m)
                return NULL;
        server_free(m->server); /* its open requests hold reads and places in the streams */
        live_free(m->live);
        replica_free(m->replica); /* asks the store, too */
        if (m->ears != m->store)
                store_free(m->ears);
        store_free(m->store);
        feed_sites_free(m->sites);
        refusals_free(m->untold);
        assets_free(m->assets);
        sse_free(m->sse);
        timer_free(m->timer);
        timer_free(m->summary);
        if (m->fd >= 0)
                close(m->fd);
        free(m);
        return NULL;
}

void api_manager_stop(ApiManager *m) {
        m->stopping = true;
        m->stopped_at = now_boottime();
        set_state(m, "stopping");
        if (m->server)
                server_drain(m->server);
        timer_every(m->timer, USEC_PER_MSEC, STOP_STEP);
}

/* For the bus ------------------------------------------------------------------------------------
 */

Store *api_manager_store(ApiManager *m) {
        return m->store;
}

uv_loop_t *api_manager_loop(ApiManager *m) {
        return m->loop;
}

int api_manager_reload(ApiManager *m, char **error) {
        return m->options.reload(error, m->options.userdata);
}

unsigned api_manager_requests(const ApiManager *m) {
        return m->server ? server_active(m->server) : 0;
}

size_t api_manager_streams(const ApiManager *m) {
        return sse_readers(m->sse);
}

const Replica *api_manager_replica(const ApiManager *m) {
        return m->replica;
}

const char *api_manager_state(const ApiManager *m) {
        return m->state;
}

unsigned api_manager_connections(const ApiManager *m) {
        return m->server ? server_connections(m->server, NULL) : 0;
}

void api_manager_refused(ApiManager *m, RefusalsTotal total, void *userdata) {
        if (m->server)
                refusals_totals(server_refusals(m->server), total, userdata);
        refusals_totals(m->untold, total, userdata);
}
