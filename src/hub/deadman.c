/* Looks every second: a call that is due is made when the hub judges again, not a whole interval
 * later. What is said of it is said once, when it changes, and never names the URL. */
#include "hub/deadman.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "event/connect.h"
#include "event/http.h"
#include "event/timer.h"

#define LOOK        USEC_PER_SEC
#define TIMEOUT_MAX (10 * USEC_PER_SEC)
#define ANSWER_MAX  4096u /* bytes that are read of it */

typedef enum State {
        STATE_STARTING,
        STATE_CALLED,
        STATE_FAILING, /* called, and not answered as it should be */
        STATE_HELD,    /* not called */
        _STATE_MAX,
} State;

static const char *const state_names[_STATE_MAX] = {
        [STATE_STARTING] = "starting",
        [STATE_CALLED] = "called",
        [STATE_FAILING] = "failing",
        [STATE_HELD] = "held",
};

struct DeadMan {
        DeadManOptions options;
        Guard *guard;
        ConnectRules rules;
        Resolver *resolver;
        HttpClient *http;
        HttpCall *call; /* the one under way */
        Timer *timer;
        usec_t due; /* boot time of the next call */
        State state;
        DeadManCounters counters;
};

static void turn(DeadMan *d, State state, const char *why) {
        if (d->state == state)
                return;
        d->state = state;
        if (state == STATE_CALLED)
                log_event(LOG_INFO, DPIN_MSG_DEADMAN_CALLED, "the dead man's URL is called",
                          "DPIN_STATE=%s", state_names[state]);
        else if (state == STATE_FAILING)
                log_event(LOG_WARNING, DPIN_MSG_DEADMAN_FAILED,
                          "the dead man's URL does not take calls", "DPIN_ERROR=%s", why);
        else
                log_event(LOG_WARNING, DPIN_MSG_DEADMAN_HELD, "the dead man's URL is not called",
                          "DPIN_REASON=%s", why);
}

/* Calling -------------------------------------------------------------------------------------- */

static void fail(DeadMan *d, const char *why) {
        d->counters.failed++;
        turn(d, STATE_FAILING, why);
}

static void on_answer(const HttpResult *result, void *userdata) {
        DeadMan *d = userdata;
        char why[32];

        d->call = NULL;
        if (result->error != HTTP_OK) {
                fail(d, http_error_name(result->error));
                return;
        }
        if (result->status < 200 || result->status > 299) {
                snprintf(why, sizeof(why), "it answered %u", result->status);
                fail(d, why);
                return;
        }
        d->counters.answered++;
        turn(d, STATE_CALLED, NULL);
}

static void call(DeadMan *d) {
        const HttpRequest request = {
                .url = d->options.url,
                .timeout = MIN(TIMEOUT_MAX, d->options.interval),
                .body_max = ANSWER_MAX,
                .user_agent = "dpin-hub/" DPIN_VERSION,
                .guard = connect_allowed,
                .guard_userdata = &d->rules,
        };
        int r = http_start(d->http, &request, on_answer, d, &d->call);

        if (r < 0)
                fail(d, strerror(-r));
}

static void look(DeadMan *d, usec_t now) {
        const char *idle;

        if (now < d->due || d->call)
                return;
        idle = d->options.idle(d->options.userdata);
        if (!idle) {
                d->due = now + d->options.interval;
                call(d);
                return;
        }
        d->counters.held++;
        if (now >= d->due + d->options.interval) /* a moment's rest is not worth a word */
                turn(d, STATE_HELD, idle);
}

static void on_timer(void *userdata) {
        look(userdata, now_boottime());
}

/* Life ----------------------------------------------------------------------------------------- */

static int make_client(DeadMan *d, uv_loop_t *loop) {
        int r;

        r = guard_new(&d->guard, d->options.allow, NULL, NULL);
        if (r < 0)
                return r;
        r = guard_deny_ports(d->guard, GUARD_DENY_PORTS, NULL);
        if (r < 0)
                return r;
        d->rules = (ConnectRules){ .guard = d->guard };
        r = resolver_new(&d->resolver, loop, &(ResolverOptions){ 0 });
        if (r < 0)
                return r;
        r = http_client_new(&d->http, loop);
        if (r < 0)
                return r;
        http_client_set_resolver(d->http, d->resolver);
        return 0;
}

int dead_man_new(DeadMan **ret, uv_loop_t *loop, const DeadManOptions *options) {
        _cleanup_(dead_man_freep) DeadMan *d = calloc(1, sizeof(*d));
        int r;

        if (!d)
                return -ENOMEM;
        *d = (DeadMan){ .options = *options, .due = now_boottime() };
        r = make_client(d, loop);
        if (r < 0)
                return r;
        r = timer_new(&d->timer, loop, on_timer, d);
        if (r < 0)
                return r;
        timer_every(d->timer, LOOK, LOOK);

        *ret = TAKE_PTR(d);
        return 0;
}

DeadMan *dead_man_free(DeadMan *d) {
        if (!d)
                return NULL;
        timer_free(d->timer);
        http_call_cancel(d->call);
        http_client_free(d->http);
        resolver_free(d->resolver);
        guard_free(d->guard);
        free(d);
        return NULL;
}

const char *dead_man_state(const DeadMan *d) {
        return d ? state_names[d->state] : "off";
}

DeadManCounters dead_man_counters(const DeadMan *d) {
        return d ? d->counters : (DeadManCounters){ 0 };
}
