/* Delivers what waits in the outbox, at least once: what is due is read after the commit that put
 * it there, and again from time to time; how it went is written down before it is forgotten. On a
 * connection of its own, so that no commit waits for it. Many are under way at once, few of one
 * channel and fewer of all that fail: a dead receiver does not delay a live one. */
#pragma once

#include <uv.h>

#include "base/refusals.h"
#include "hub/alert-sender.h"
#include "hub/clock.h"

#define ALERTS_MOST      64u /* under way at once */
#define ALERTS_FAILING   32u /* of these to channels whose last try failed */
#define ALERTS_CHANNEL   4u  /* to one channel; one, if that fails */
#define ALERTS_KEEP_DAYS 30u /* what is over is shown for so long */

typedef struct Alerts Alerts;

typedef struct AlertsOptions {
        const char *dsn;       /* copied */
        const HubClock *clock; /* borrowed, as the next two */
        Refusals *refusals;    /* limits lines of the log */
        const AlertWays *ways;
        bool (*may_work)(void *userdata); /* whether this hub is the writer */
        void *userdata;
} AlertsOptions;

/* Since the start. */
typedef struct AlertsCounters {
        uint64_t delivered, failed_tries, given_up, disabled;
        unsigned under_way;
} AlertsCounters;

int alerts_new(Alerts **ret, uv_loop_t *loop, const AlertsOptions *options);
Alerts *alerts_free(Alerts *a);
DEFINE_FREEP(Alerts, alerts_free);
/* This hub may work from now on. */
void alerts_wake(Alerts *a);
AlertsCounters alerts_counters(const Alerts *a);
