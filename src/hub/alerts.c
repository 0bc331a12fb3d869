/* A job is an alert under way: it is sent, then written down, then gone. One that cannot be written
 * down, for the database is away, waits for it and is not sent again. */
#include "hub/alerts.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/log-ids.h"
#include "base/log.h"
#include "event/timer.h"
#include "hub/alert-pace.h"
#include "store/statements.h"

#define POLL        (2 * USEC_PER_SEC) /* what no notification told of: its time has come */
#define PRUNE_POLLS 1800u

typedef struct Job {
        Alerts *alerts;
        struct Job *next;
        uint64_t row;
        Uuid id, channel;
        char name[208]; /* of the channel */
        unsigned tries;
        bool failing; /* the channel was when this began */
        usec_t age, started;
        AlertSending *sending; /* NULL: it has ended, and `end` says how */
        StoreCall *settling;
        AlertEnd end;
        char *served;
        char error[sizeof(((AlertVerdict *)0)->error)];
} Job;

struct Alerts {
        AlertsOptions options;
        uv_loop_t *loop;
        char *dsn;
        Store *store; /* NULL until this hub works */
        AlertSender *sender;
        Timer *timer;
        StoreCall *look, *prune;
        bool again;  /* there is more since it looked */
        bool remind; /* when it looks next */
        Job *jobs;
        AlertsCounters counters;
        unsigned polls;
};

static void look(Alerts *a);

/* Jobs ----------------------------------------------------------------------------------------- */

static void job_free(Job *job) {
        Alerts *a = job->alerts;

        for (Job **p = &a->jobs; *p; p = &(*p)->next)
                if (*p == job) {
                        *p = job->next;
                        break;
                }
        alert_sending_cancel(job->sending);
        store_call_cancel(job->settling);
        a->counters.under_way--;
        free(job->served);
        free(job);
}

static unsigned count_jobs(const Alerts *a, const Uuid *channel, unsigned *ret_failing) {
        unsigned n = 0, failing = 0;

        for (const Job *job = a->jobs; job; job = job->next) {
                n += !channel || uuid_equal(&job->channel, channel);
                failing += job->failing;
        }
        if (ret_failing)
                *ret_failing = failing;
        return n;
}

static void on_settled(int r, const char *error _unused_, void *userdata) {
        Job *job = userdata;
        Alerts *a = job->alerts;

        job->settling = NULL;
        if (r < 0)
                return; /* with the next poll, or when the database is back */
        failpoint("alert-settled");
        job_free(job);
        look(a);
}

static void settle(Job *job) {
        if (!job->settling)
                (void)alert_settle(job->alerts->store, &job->end, on_settled, job, &job->settling);
}

/* How it is told ------------------------------------------------------------------------------- */

static void tell(Job *job, const AlertVerdict *v) {
        Alerts *a = job->alerts;
        char id[UUID_TEXT_SIZE], channel[UUID_TEXT_SIZE];
        bool over = job->end.state == ALERT_FAILED;

        uuid_format(&job->id, id);
        uuid_format(&job->channel, channel);
        if (v->disable)
                log_event(LOG_WARNING, DPIN_MSG_CHANNEL_DISABLED, "an alert channel was disabled",
                          "DPIN_CHANNEL=%s\nDPIN_NAME=%s\nDPIN_ERROR=%s", channel, job->name,
                          job->error);
        if (!refusals_count(a->options.refusals, over ? "alert_given_up" : "alert_failed", channel,
                            now_boottime()))
                return;
        log_event(over ? LOG_ERR : LOG_WARNING,
                  over ? DPIN_MSG_ALERT_GIVEN_UP : DPIN_MSG_ALERT_FAILED,
                  over ? "an alert was given up" : "an alert could not be delivered",
                  "DPIN_ALERT=%s\nDPIN_CHANNEL=%s\nDPIN_NAME=%s\nDPIN_TRIES=%u\nDPIN_ERROR=%s", id,
                  channel, job->name, job->tries + 1, job->error);
}

static void count(Alerts *a, const AlertVerdict *v, AlertState state) {
        a->counters.delivered += state == ALERT_DELIVERED;
        a->counters.failed_tries += state != ALERT_DELIVERED;
        a->counters.given_up += state == ALERT_FAILED;
        a->counters.disabled += v->disable;
}

/* Trying --------------------------------------------------------------------------------------- */

/* The timer goes on polling after it. */
static void wake_in(Alerts *a, usec_t pause) {
        if (pause < timer_left(a->timer))
                timer_every(a->timer, pause, POLL);
}

static void plan(Job *job, const AlertVerdict *v, usec_t now) {
        usec_t pause = alert_pace_next(&(const AlertTry){ .tries = job->tries + 1,
                                                          .age = job->age,
                                                          .asked = v->asked,
                                                          .random = randombytes_random() });

        if (pause == 0) {
                job->end.state = ALERT_FAILED;
                return;
        }
        job->end.next = now + pause;
        wake_in(job->alerts, pause + USEC_PER_MSEC);
}

/* The other end had a hand in it. */
static void copy_error(Job *job, const AlertVerdict *v) {
        memcpy(job->error, v->error, sizeof(job->error));
        for (char *p = job->error; *p; p++)
                if (*p < ' ' || *p > '~')
                        *p = '?';
}

static void end(Job *job, const AlertVerdict *v, unsigned status) {
        usec_t now = hub_clock_now(job->alerts->options.clock);

        job->sending = NULL;
        copy_error(job, v);
        job->served = v->served ? strdup(v->served) : NULL;
        job->end = (AlertEnd){ .row = job->row,
                               .state = v->state,
                               .took = now - job->started,
                               .status = status,
                               .error = job->error,
                               .served = job->served,
                               .disable = v->disable };
        if (v->state == ALERT_PENDING)
                plan(job, v, now);
        count(job->alerts, v, job->end.state);
        if (*job->error)
                tell(job, v);
        failpoint("alert-sent");
        settle(job);
}

static void on_sent(const AlertVerdict *verdict, unsigned status, void *userdata) {
        end(userdata, verdict, status);
}

static void start(Alerts *a, const AlertDueRow *row) {
        AlertVerdict verdict;
        Job *job = calloc(1, sizeof(*job));
        int r;

        if (!job)
                return;
        *job = (Job){ .alerts = a,
                      .next = a->jobs,
                      .row = row->row,
                      .id = row->id,
                      .channel = row->channel,
                      .tries = row->tries,
                      .failing = row->failures > 0,
                      .age = row->age,
                      .started = hub_clock_now(a->options.clock) };
        snprintf(job->name, sizeof(job->name), "%s", row->channel_name);
        a->jobs = job;
        a->counters.under_way++;
        r = alert_sender_start(a->sender,
                               &(const AlertOrder){ .row = row,
                                                    .now = job->started,
                                                    .sent = on_sent,
                                                    .userdata = job },
                               &job->sending, &verdict);
        if (r == 0)
                end(job, &verdict, 0);
}

/* Looking for what is due ---------------------------------------------------------------------- */

static bool has_room(const Alerts *a, const AlertDueRow *row) {
        unsigned most = row->failures > 0 ? 1 : ALERTS_CHANNEL;

        return a->counters.under_way < ALERTS_MOST && count_jobs(a, &row->channel, NULL) < most;
}

static void on_due(int r, const AlertDueRow *rows, size_t n, void *userdata) {
        Alerts *a = userdata;

        a->look = NULL;
        for (size_t i = 0; r >= 0 && i < n && a->options.may_work(a->options.userdata); i++)
                if (has_room(a, &rows[i]))
                        start(a, &rows[i]);
        if (a->again)
                look(a);
}

static void look(Alerts *a) {
        uint64_t but[ALERTS_MOST];
        unsigned failing, n = count_jobs(a, NULL, &failing), k = 0;
        AlertDue due = { .now = hub_clock_now(a->options.clock),
                         .remind = a->remind,
                         .but = but,
                         .but_n = n,
                         .most = ALERTS_MOST - n,
                         .most_failing = ALERTS_FAILING - MIN(failing, ALERTS_FAILING),
                         .most_channel = ALERTS_CHANNEL };

        a->again = a->look != NULL;
        if (a->look || n >= ALERTS_MOST || !a->options.may_work(a->options.userdata))
                return;
        due.most_failing = MIN(due.most_failing, due.most);
        for (const Job *job = a->jobs; job; job = job->next)
                but[k++] = job->row;
        a->remind = false;
        (void)alerts_due(a->store, &due, on_due, a, &a->look);
}

static void settle_all(Alerts *a) {
        for (Job *job = a->jobs; job; job = job->next)
                if (!job->sending)
                        settle(job);
}

static void on_pruned(int r _unused_, const char *error _unused_, void *userdata) {
        ((Alerts *)userdata)->prune = NULL;
}

static void on_notify(const char *channel _unused_, const char *payload _unused_, void *userdata) {
        look(userdata);
}

/* Calls of before have ended by now. */
static void on_state(StoreState state, const char *text, void *userdata) {
        Alerts *a = userdata;

        if (state == STORE_READY)
                wake_in(a, 0);
        else if (a->options.may_work(a->options.userdata))
                log_event(LOG_WARNING, DPIN_MSG_UPKEEP_FAILED, "no connection for alerts",
                          "DPIN_WHAT=delivering alerts\nDPIN_ERROR=%s",
                          text ? text : store_state_name(state));
}

/* As soon as this hub is the one that works, and not before: a connection is left to others. */
static bool connect_store(Alerts *a) {
        const StoreOptions options = {
                .dsn = a->dsn,
                .role = STORE_ALERTS,
                .statements = store_alert_statements(),
                .on_state = on_state,
                .on_notify = on_notify,
                .userdata = a,
        };

        if (!a->store && a->options.may_work(a->options.userdata))
                (void)store_new(&a->store, a->loop, &options);
        return a->store != NULL;
}

static void on_timer(void *userdata) {
        Alerts *a = userdata;

        if (!connect_store(a))
                return;
        settle_all(a);
        a->remind = true;
        look(a);
        if (a->polls++ % PRUNE_POLLS == 0 && !a->prune && a->options.may_work(a->options.userdata))
                (void)alerts_prune(a->store, ALERTS_KEEP_DAYS, on_pruned, a, &a->prune);
}

/* Life ----------------------------------------------------------------------------------------- */

int alerts_new(Alerts **ret, uv_loop_t *loop, const AlertsOptions *options) {
        _cleanup_(alerts_freep) Alerts *a = calloc(1, sizeof(*a));
        int r;

        if (!a)
                return -ENOMEM;
        a->options = *options;
        a->loop = loop;
        a->dsn = strdup(options->dsn);
        if (!a->dsn)
                return -ENOMEM;
        r = timer_new(&a->timer, loop, on_timer, a);
        if (r < 0)
                return r;
        timer_every(a->timer, POLL, POLL);
        r = alert_sender_new(&a->sender, loop, options->ways);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(a);
        return 0;
}

Alerts *alerts_free(Alerts *a) {
        if (!a)
                return NULL;
        if (a->sender)
                alert_sender_stop(a->sender);
        while (a->jobs)
                job_free(a->jobs);
        store_call_cancel(a->look);
        store_call_cancel(a->prune);
        alert_sender_free(a->sender);
        store_free(a->store);
        timer_free(a->timer);
        free(a->dsn);
        free(a);
        return NULL;
}

void alerts_wake(Alerts *a) {
        if (connect_store(a))
                look(a);
}

AlertsCounters alerts_counters(const Alerts *a) {
        return a->counters;
}
