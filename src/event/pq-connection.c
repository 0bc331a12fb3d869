/* The connection's life: wait, connect, prepare, serve, lose, wait. One timer bounds each state. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "event/pq-dsn.h"
#include "event/pq-internal.h"

enum {
        CONNECT_MS = 10 * 1000,     /* until everything is prepared */
        CONNECT_EACH_MS = 2 * 1000, /* at least, when there are many servers to try */
        BACKOFF_MIN_MS = 100,
        BACKOFF_MAX_MS = 5 * 1000,
        ERROR_SIZE = 512,
};

struct PqWatch {
        uv_poll_t poll;
        Pq *pq;
        int events;
};

static void on_io(uv_poll_t *poll, int status, int events);
static void lose(Pq *pq, const char *error);

static void on_watch_closed(uv_handle_t *handle) {
        free(handle->data);
}

static void watch_close(Pq *pq) {
        if (!pq->watch)
                return;
        uv_close((uv_handle_t *)&pq->watch->poll, on_watch_closed);
        pq->watch = NULL;
}

static int watch_open(Pq *pq) {
        PqWatch *w;
        int r;

        w = calloc(1, sizeof(PqWatch));
        if (!w)
                return -ENOMEM;
        w->pq = pq;
        r = uv_poll_init(pq->loop, &w->poll, PQsocket(pq->conn));
        if (r < 0) {
                free(w);
                return r;
        }
        w->poll.data = w;
        pq->watch = w;
        return 0;
}

static int watch_events(Pq *pq, int events) {
        if (pq->watch->events == events)
                return 0;
        pq->watch->events = events;
        return uv_poll_start(&pq->watch->poll, events, on_io);
}

/* Between half and all of 100 ms, 200 ms, ... 5 s, so that daemons do not come back in step. */
static uint64_t backoff(unsigned attempts) {
        uint64_t ms = MIN((uint64_t)BACKOFF_MIN_MS << MIN(attempts, 6U), (uint64_t)BACKOFF_MAX_MS);
        uint32_t dice;

        if (getrandom(&dice, sizeof(dice), GRND_NONBLOCK) != (ssize_t)sizeof(dice))
                dice = (uint32_t)uv_hrtime(); /* so early at boot that there is no randomness yet */
        return ms / 2 + dice % (ms / 2 + 1);
}

static int send_prepare(Pq *pq) {
        for (const PqStatement *const *s = pq->options.statements; s && *s; s++)
                if (!PQsendPrepare(pq->conn, (*s)->name, (*s)->sql, 0, NULL))
                        return -EIO;
        return 0;
}

static int send_listen(Pq *pq) {
        for (const char *const *c = pq->options.listen; c && *c; c++) {
                char *name = PQescapeIdentifier(pq->conn, *c, strlen(*c));
                char sql[160];
                int n, ok;

                if (!name)
                        return -EIO;
                n = snprintf(sql, sizeof(sql), "LISTEN %s", name);
                PQfreemem(name);
                if (n < 0 || (size_t)n >= sizeof(sql))
                        return -ENAMETOOLONG;
                ok = PQsendQueryParams(pq->conn, sql, 0, NULL, NULL, NULL, NULL, 0);
                if (!ok)
                        return -EIO;
        }
        return 0;
}

/* Without compiling plans: what PostgreSQL expects of tables with many partitions makes it compile
 * for half a second what then runs for one millisecond. */
static int send_setup(Pq *pq) {
        static const char settings[] = "SELECT set_config('TimeZone', 'UTC', false), "
                                       "set_config('DateStyle', 'ISO', false), "
                                       "set_config('bytea_output', 'hex', false), "
                                       "set_config('jit', 'off', false)";
        int r;

        if (!PQsendQueryParams(pq->conn, settings, 0, NULL, NULL, NULL, NULL, 0))
                return -EIO;
        r = send_prepare(pq);
        if (r < 0)
                return r;
        r = send_listen(pq);
        if (r < 0)
                return r;
        return PQpipelineSync(pq->conn) == 1 ? 0 : -EIO;
}

static size_t count(const void *list) {
        const void *const *p = list;
        size_t n = 0;

        while (p && p[n])
                n++;
        return n;
}

static void on_setup(int r, PqResult *const *results _unused_, size_t n _unused_, const char *error,
                     void *userdata) {
        Pq *pq = userdata;

        if (r == -ENOTCONN) /* lose() is telling already */
                return;
        if (r < 0) {
                lose(pq, error);
                return;
        }
        pq->state = PQ_READY;
        pq->attempts = 0;
        (void)uv_timer_stop(&pq->timer);
        if (pq->options.on_state)
                pq->options.on_state(pq, true, NULL, pq->options.userdata);
}

static int setup(Pq *pq) {
        size_t n = 1 + count(pq->options.statements) + count(pq->options.listen);
        PqCall *c;
        int r;

        pq->state = PQ_PREPARING;
        if (PQsetnonblocking(pq->conn, 1) != 0 || PQenterPipelineMode(pq->conn) != 1)
                return -EIO;
        r = send_setup(pq);
        if (r < 0)
                return r;
        c = pq_call_new(n, on_setup, pq);
        if (!c)
                return -ENOMEM;
        pq_call_append(pq, c);
        r = watch_open(pq);
        if (r < 0)
                return r;
        pq_connection_flush(pq);
        return 0;
}

/* libpq may close the socket and open another under the same number in any step, so the watch never
 * outlives a step. */
static void connect_step(Pq *pq, PostgresPollingStatusType status) {
        int r = -EIO;

        if (status == PGRES_POLLING_OK) {
                r = setup(pq);
        } else if (status != PGRES_POLLING_FAILED) {
                r = watch_open(pq);
                if (r >= 0)
                        r = watch_events(pq, status == PGRES_POLLING_READING ? UV_READABLE
                                                                             : UV_WRITABLE);
        }
        if (r < 0)
                lose(pq, PQerrorMessage(pq->conn));
}

static void ignore_notice(void *arg _unused_, const PGresult *result _unused_) {
}

static void on_timer(uv_timer_t *timer);

/* Of what follows dbname NULL changes nothing. */
static PGconn *open_connection(const Pq *pq, const PqHosts *hosts) {
        static const char *const keywords[] = { "tcp_user_timeout",
                                                "keepalives_idle",
                                                "dbname",
                                                "host",
                                                "hostaddr",
                                                "port",
                                                "client_encoding",
                                                "fallback_application_name",
                                                NULL };
        const char *const values[] = { "20000",
                                       "30",
                                       pq->dsn,
                                       hosts->host,
                                       hosts->address,
                                       hosts->port,
                                       "UTF8",
                                       program_invocation_short_name,
                                       NULL };

        return PQconnectStartParams(keywords, values, 1);
}

/* A server that answers nothing, as a machine that is gone, must not be the first one each time: it
 * would use up all the time there is. libpq's connect_timeout does not count here. */
static void connect_start(Pq *pq) {
        PqHosts hosts = { .n = 1 };

        (void)pq_hosts_read(pq->dsn, pq->options.turn, &hosts); /* else libpq says what is wrong */
        pq->state = PQ_CONNECTING;
        pq->conn = open_connection(pq, &hosts);
        (void)uv_timer_start(&pq->timer, on_timer,
                             MAX((uint64_t)CONNECT_MS / hosts.n, (uint64_t)CONNECT_EACH_MS), 0);
        pq_hosts_done(&hosts);
        if (!pq->conn) {
                lose(pq, "Out of memory");
                return;
        }
        (void)PQsetNoticeReceiver(pq->conn, ignore_notice, NULL);
        connect_step(pq, PQstatus(pq->conn) == CONNECTION_BAD ? PGRES_POLLING_FAILED
                                                              : PGRES_POLLING_WRITING);
}

static void on_timer(uv_timer_t *timer) {
        Pq *pq = timer->data;

        switch (pq->state) {
        case PQ_WAITING:
                connect_start(pq);
                break;
        case PQ_BROKEN:
                lose(pq, PQerrorMessage(pq->conn));
                break;
        case PQ_CONNECTING:
        case PQ_PREPARING:
        case PQ_READY:
                lose(pq, "Connecting took too long");
                break;
        }
}

static void serve(Pq *pq) {
        bool alive = PQconsumeInput(pq->conn) == 1;

        pq_call_receive(pq);
        if (!pq->conn)
                return;
        if (!alive || PQstatus(pq->conn) == CONNECTION_BAD)
                lose(pq, PQerrorMessage(pq->conn));
        else
                pq_call_send(pq);
}

/* A reset connection is told as a failed poll, which the loop then polls no more: there may be
 * something to read before the reset is, so the next flush has it polled again. */
static void on_io(uv_poll_t *poll, int status, int events _unused_) {
        PqWatch *w = poll->data;
        Pq *pq = w->pq;

        if (status < 0)
                w->events = 0;
        if (pq->state == PQ_CONNECTING) {
                watch_close(pq);
                connect_step(pq, PQconnectPoll(pq->conn));
        } else {
                serve(pq);
        }
}

/* The rest of a call that is being sent waits for room as well: the server says nothing before it
 * has the sync at its end. */
void pq_connection_flush(Pq *pq) {
        int r;

        if (pq->state == PQ_BROKEN)
                return;
        r = PQflush(pq->conn);
        if (r >= 0)
                r = watch_events(pq, UV_READABLE | (r > 0 || pq->sending ? UV_WRITABLE : 0));
        if (r < 0)
                pq_connection_break(pq);
}

void pq_connection_break(Pq *pq) {
        pq->state = PQ_BROKEN;
        (void)uv_timer_start(&pq->timer, on_timer, 0, 0);
}

void pq_connection_close(Pq *pq) {
        watch_close(pq);
        PQfinish(pq->conn);
        pq->conn = NULL;
}

/* Callbacks may free pq, whose memory lasts until the loop has closed its handles: so they come
 * last, and what they left is looked at. */
static void lose(Pq *pq, const char *error) {
        char text[ERROR_SIZE];

        (void)snprintf(text, sizeof(text), "%s", error ? error : "");
        text[strcspn(text, "\n")] = '\0';
        pq_connection_close(pq);
        pq->options.turn += pq->state == PQ_CONNECTING || pq->state == PQ_PREPARING;
        pq->state = PQ_WAITING;
        (void)uv_timer_start(&pq->timer, on_timer, backoff(pq->attempts++), 0);

        pq_call_drop_all(pq, false);
        if (!uv_is_closing((uv_handle_t *)&pq->timer) && pq->options.on_state)
                pq->options.on_state(pq, false, text, pq->options.userdata);
}

void pq_connection_init(Pq *pq) {
        pq->state = PQ_WAITING;
        (void)uv_timer_init(pq->loop, &pq->timer);
        pq->timer.data = pq;
        (void)uv_timer_start(&pq->timer, on_timer, 0, 0);
}
