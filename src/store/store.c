/* The way to READY: a connection without prepared statements looks at the schema's version; then
 * the real one prepares everything and, for a hub, takes the writer's lock. Any loss starts over.
 */
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "event/timer.h"
#include "store/call.h"

#define RETRY  USEC_PER_SEC
#define REOPEN (50 * USEC_PER_MSEC)

enum {
        TEXT_SIZE = 512
};

typedef enum StorePhase {
        PHASE_CHECK, /* the connection knows only version_statements */
        PHASE_WORK,
} StorePhase;

struct Store {
        uv_loop_t *loop;
        char *dsn;
        StoreOptions options;           /* dsn is the copy */
        const PqStatement **statements; /* all lists in one, and the lock */
        Pq *pq;
        StorePhase phase;
        StoreState state;
        char text[TEXT_SIZE];
        unsigned turn; /* the server that answered last is tried first */
        PqCall *step;  /* version or lock, while asked for */
        Timer *timer;  /* the next step */
        StoreCalls calls;
};

/* The migrator keeps "VERSION OLDEST_PROGRAM" as the table's comment: readable whether or not the
 * table exists. The comparison is of dotted numbers. */
static const PqStatement version_get = {
        .name = "version_get",
        .sql = "SELECT coalesce(split_part(c, ' ', 1)::integer, 0),"
               " coalesce(string_to_array(split_part(c, ' ', 2), '.')::integer[]"
               "   <= string_to_array($1, '.')::integer[], false)"
               " FROM obj_description(to_regclass('schema_migration'), 'pg_class') AS c",
        .n_params = 1,
};

/* A session that has just begun holds no lock. One that does is lent to several of us in turn, by a
 * pool that should not: there it would be had by each of them. */
static const PqStatement writer_lock = {
        .name = "writer_lock",
        .sql = "WITH held AS MATERIALIZED (SELECT EXISTS (SELECT FROM pg_locks"
               "   WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted) AS lent)"
               " SELECT CASE WHEN lent THEN false"
               "   ELSE pg_try_advisory_lock(hashtext('dpin.writer')) END, lent FROM held",
        .n_params = 0,
};

static const PqStatement *const version_statements[] = { &version_get, NULL };

const char *store_state_name(StoreState s) {
        static const char *const names[_STORE_STATE_MAX] = {
                [STORE_AWAY] = "away",
                [STORE_REFUSED] = "refused",
                [STORE_STANDBY] = "standby",
                [STORE_READY] = "ready",
        };

        return names[s];
}

/* Connection ------------------------------------------------------------------------------------
 */

static void set_state(Store *s, StoreState state, const char *text) {
        char copy[TEXT_SIZE];

        (void)snprintf(copy, sizeof(copy), "%s", text ? text : "");
        if (s->state == state && !strcmp(s->text, copy))
                return;

        s->state = state;
        memcpy(s->text, copy, sizeof(copy));
        s->options.on_state(state, s->text, s->options.userdata);
}

/* The version's answer. 0: this program fits. */
static int judge_version(int64_t version, bool runs_with, char *ret, size_t size) {
        if (version > STORE_SCHEMA_VERSION && !runs_with)
                (void)snprintf(ret, size, "database schema %lld is newer than this program's %d",
                               (long long)version, STORE_SCHEMA_VERSION);
        else if (version == 0)
                (void)snprintf(ret, size, "the database has no schema: run dpin-hub --migrate");
        else if (version < STORE_SCHEMA_VERSION)
                (void)snprintf(ret, size,
                               "database schema %lld is older than this program's %d: "
                               "run dpin-hub --migrate",
                               (long long)version, STORE_SCHEMA_VERSION);
        else
                return 0;
        return -EPROTO;
}

/* What the server says to a question that any schema of ours answers, the operator has to know;
 * a connection that ended speaks for itself. */
static void on_question_failed(Store *s, const char *error) {
        char text[TEXT_SIZE];

        timer_after(s->timer, RETRY);
        if (!error || !pq_connected(s->pq))
                return;
        (void)snprintf(text, sizeof(text), "the database answers: %s", error);
        set_state(s, STORE_REFUSED, text);
}

static void on_version(int r, PqResult *const *results, size_t n _unused_, const char *error,
                       void *userdata) {
        Store *s = userdata;
        char text[TEXT_SIZE];

        s->step = NULL;
        if (r < 0) {
                on_question_failed(s, error);
                return;
        }

        r = judge_version(pq_get_int(results[0], 0, 0), pq_get_bool(results[0], 0, 1), text,
                          sizeof(text));
        timer_after(s->timer, r < 0 ? RETRY : 0);
        if (r < 0)
                set_state(s, STORE_REFUSED, text);
        else
                s->phase = PHASE_WORK;
}

static void on_lock(int r, PqResult *const *results, size_t n _unused_, const char *error,
                    void *userdata) {
        Store *s = userdata;

        s->step = NULL;
        if (r < 0) {
                on_question_failed(s, error);
        } else if (pq_get_bool(results[0], 0, 0)) {
                set_state(s, STORE_READY, NULL);
        } else if (pq_get_bool(results[0], 0, 1)) {
                timer_after(s->timer, RETRY);
                set_state(s, STORE_REFUSED,
                          "a pool lends this connection to others, too: it needs session mode, "
                          "or DatabaseDirectUrl the address of the database itself");
        } else {
                timer_after(s->timer, RETRY);
                set_state(s, STORE_STANDBY, "another hub holds the writer's lock");
        }
}

static void ask(Store *s, const PqStatement *statement, PqDone done) {
        PqTransaction *t;

        t = pq_transaction_new();
        if (t)
                pq_add(t, statement);
        if (t && statement->n_params > 0)
                pq_text(t, DPIN_VERSION);
        if (!t || pq_submit(s->pq, t, done, s, &s->step) < 0)
                timer_after(s->timer, RETRY);
}

static void next_step(Store *s) {
        if (s->phase == PHASE_CHECK)
                ask(s, &version_get, on_version);
        else if (s->options.role == STORE_HUB)
                ask(s, &writer_lock, on_lock);
        else
                set_state(s, STORE_READY, NULL);
}

/* Without the connection: it would come back by itself, with the statements of its phase. */
static void start_over(Store *s, usec_t delay, const char *text) {
        s->step = pq_call_cancel(s->step);
        s->phase = PHASE_CHECK;
        timer_after(s->timer, delay);
        set_state(s, STORE_AWAY, text);
        store_calls_fail(&s->calls, -ENOTCONN);
        s->pq = pq_free(s->pq);
}

static void on_pq_state(Pq *pq, bool connected, const char *error, void *userdata) {
        Store *s = userdata;

        s->step = pq_call_cancel(s->step);
        s->turn = pq_turn(pq);
        if (connected) {
                next_step(s);
        } else if (s->phase == PHASE_WORK) {
                start_over(s, s->state == STORE_READY ? REOPEN : RETRY, error);
        } else {
                timer_stop(s->timer);
                set_state(s, STORE_AWAY, error);
        }
}

static void on_pq_notify(const char *channel, const char *payload, void *userdata) {
        const Store *s = userdata;

        if (s->options.on_notify && s->state == STORE_READY)
                s->options.on_notify(channel, payload, s->options.userdata);
}

static int connect_pq(Store *s) {
        static const char *const hub_channels[] = { STORE_CHANNEL_WEBSITE, STORE_CHANNEL_HEARTBEAT,
                                                    STORE_CHANNEL_MAINTENANCE,
                                                    STORE_CHANNEL_INCIDENT, NULL };
        static const char *const api_channels[] = { STORE_CHANNEL_COMMIT, STORE_CHANNEL_TOKEN,
                                                    NULL };
        static const char *const alert_channels[] = { STORE_CHANNEL_ALERT, NULL };
        static const char *const *const channels[_STORE_ROLE_MAX] = {
                [STORE_HUB] = hub_channels,
                [STORE_API] = api_channels,
                [STORE_ALERTS] = alert_channels,
        };
        bool work = s->phase == PHASE_WORK;

        return pq_new(&s->pq, s->loop,
                      &(const PqOptions){
                                      .dsn = s->dsn,
                                      .statements = work ? s->statements : version_statements,
                                      .listen = work ? channels[s->options.role] : NULL,
                                      .queue_max = s->options.queue_max,
                                      .turn = s->turn,
                                      .on_state = on_pq_state,
                                      .on_notify = on_pq_notify,
                                      .userdata = s,
                      });
}

static bool phase_connected(const Store *s, StorePhase phase) {
        return s->pq && s->phase == phase && pq_connected(s->pq);
}

static void on_timer(void *userdata) {
        Store *s = userdata;
        bool same;

        /* asked again on the same connection: a schema that was refused, a lock not got */
        same = (phase_connected(s, PHASE_CHECK) && s->state == STORE_REFUSED) ||
               (phase_connected(s, PHASE_WORK) && s->state == STORE_STANDBY);
        if (same) {
                next_step(s);
                return;
        }

        store_calls_fail(&s->calls, -ENOTCONN);
        s->pq = pq_free(s->pq);
        if (connect_pq(s) < 0)
                timer_after(s->timer, RETRY);
}

static int join_statements(Store *s) {
        size_t n = 2, k = 0;

        for (const StoreStatements *l = s->options.statements; *l; l++)
                for (StoreStatements p = *l; *p; p++)
                        n++;

        s->statements = calloc(n, sizeof(PqStatement *));
        if (!s->statements)
                return -ENOMEM;

        s->statements[k++] = &writer_lock;
        for (const StoreStatements *l = s->options.statements; *l; l++)
                for (StoreStatements p = *l; *p; p++)
                        s->statements[k++] = *p;
        return 0;
}

/* Life ------------------------------------------------------------------------------------------
 */

int store_new(Store **ret, uv_loop_t *loop, const StoreOptions *options) {
        _cleanup_(store_freep) Store *s = NULL;
        int r;

        s = calloc(1, sizeof(Store));
        if (!s)
                return -ENOMEM;

        *s = (Store){ .loop = loop, .options = *options };
        s->dsn = strdup(options->dsn);
        if (!s->dsn)
                return -ENOMEM;
        s->options.dsn = s->dsn;

        r = join_statements(s);
        if (r < 0)
                return r;

        r = timer_new(&s->timer, loop, on_timer, s);
        if (r < 0)
                return r;

        r = connect_pq(s);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(s);
        return 0;
}

Store *store_free(Store *s) {
        if (!s)
                return NULL;

        store_calls_cancel(&s->calls);
        pq_call_cancel(s->step);
        pq_free(s->pq);
        timer_free(s->timer);
        free(s->statements);
        free(s->dsn);
        free(s);
        return NULL;
}

StoreState store_state(const Store *s) {
        return s->state;
}

void store_renew(Store *s, const char *text) {
        s->turn++;
        start_over(s, REOPEN, text);
}

/* Calls -----------------------------------------------------------------------------------------
 */

int store_call(Store *s, PqTransaction *t, const StoreCall *prototype, StoreCall **ret) {
        if (s->state != STORE_READY || !t) {
                pq_transaction_free(t);
                return t ? -ENOTCONN : -ENOMEM;
        }
        return store_calls_add(&s->calls, s->pq, t, prototype, ret);
}

static void finish_done(const StoreCall *c, int r, const PqResult *last _unused_,
                        const char *error) {
        ((StoreDone)c->callback)(r, error, c->userdata);
}

int store_submit(Store *s, PqTransaction *t, StoreDone done, void *userdata, StoreCall **ret) {
        const StoreCall c = { .finish = finish_done,
                              .callback = (StoreCallback)done,
                              .userdata = userdata };

        return store_call(s, t, &c, ret);
}

StoreCall *store_call_cancel(StoreCall *c) {
        return store_calls_forget(c);
}
