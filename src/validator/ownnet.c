/* A control check asks everybody at once; the first answer is enough, silence of all is none. */
#include "validator/ownnet.h"

#include <errno.h>
#include <string.h>
#include <utlist.h>

#include "base/time.h"
#include "event/timer.h"
#include "wire/url.h"

#define LOOK_AGAIN (25 * USEC_PER_MSEC) /* whether the hub was heard */

typedef struct Control {
        OwnNetwork *network;
        char *url;
        HttpCall *call;
} Control;

struct OwnNetworkAsk {
        OwnNetwork *network;
        OwnNetworkDone done;
        void *userdata;
        struct OwnNetworkAsk *prev, *next;
};

struct OwnNetwork {
        OwnNetworkOptions options;
        Control controls[OWN_NETWORK_CONTROLS_MAX];
        size_t n_controls;
        Timer *timer; /* set while a control check is under way */
        OwnNetworkAsk *waiting;
        usec_t begun; /* boottime */
        usec_t until; /* so long the last result holds */
        bool offline;
};

/* Controls ------------------------------------------------------------------------------------- */

/* Each word goes to take(), which may refuse it. */
static int read_controls(const char *text, int (*take)(char *word, void *userdata), void *userdata,
                         char **error) {
        _cleanup_free_ char *copy = strdup(text ? text : "");
        char *state = NULL;
        size_t n = 0;

        if (!copy)
                return -ENOMEM;
        for (char *word = strtok_r(copy, " \t", &state); word;
             word = strtok_r(NULL, " \t", &state)) {
                int r = n++ < OWN_NETWORK_CONTROLS_MAX ? url_check(word, NULL, NULL) : -EINVAL;

                if (r >= 0 && take)
                        r = take(word, userdata);
                if (r == -EINVAL && error)
                        *error = strdup(word);
                if (r < 0)
                        return r;
        }
        return 0;
}

int own_network_check_controls(const char *controls, char **error) {
        return read_controls(controls, NULL, NULL, error);
}

static int add_control(char *word, void *userdata) {
        OwnNetwork *o = userdata;
        Control *c = &o->controls[o->n_controls];

        c->network = o;
        c->url = strdup(word);
        if (!c->url)
                return -ENOMEM;
        o->n_controls++;
        return 0;
}

/* Results -------------------------------------------------------------------------------------- */

static void end_calls(OwnNetwork *o) {
        timer_stop(o->timer);
        for (size_t i = 0; i < o->n_controls; i++)
                o->controls[i].call = http_call_cancel(o->controls[i].call);
}

static void decide(OwnNetwork *o, bool offline) {
        OwnNetworkAsk *a;

        end_calls(o);
        o->offline = offline;
        o->until = now_boottime() + (offline ? OWN_NETWORK_OFFLINE_FOR : OWN_NETWORK_ONLINE_FOR);
        while ((a = o->waiting)) {
                OwnNetworkDone done = a->done;
                void *whose = a->userdata;

                own_network_cancel(a);
                done(offline, whose);
        }
}

/* Any answer of it will do. */
static void on_control(const HttpResult *r, void *userdata) {
        Control *c = userdata;

        c->call = NULL;
        if (r->error == HTTP_OK)
                decide(c->network, false);
}

static bool hub_was_heard(const OwnNetwork *o, usec_t now) {
        usec_t silent;

        return o->options.hub && o->options.hub(&silent, o->options.userdata) &&
               silent <= now - o->begun;
}

static void on_look(void *userdata) {
        OwnNetwork *o = userdata;
        usec_t now = now_boottime();

        if (hub_was_heard(o, now))
                decide(o, false);
        else if (now - o->begun >= OWN_NETWORK_PATIENCE)
                decide(o, true);
}

/* Questions ------------------------------------------------------------------------------------ */

bool own_network_may_cause(TickError error) {
        switch (error) {
        case TICK_ERROR_DNS:
        case TICK_ERROR_TIMEOUT_DNS:
        case TICK_ERROR_TIMEOUT_CONNECT:
        case TICK_ERROR_TIMEOUT_TLS:
        case TICK_ERROR_TIMEOUT_WAIT:
        case TICK_ERROR_TIMEOUT_TRANSFER:
        case TICK_ERROR_UNREACHABLE:
                return true;
        default:
                return false;
        }
}

bool own_network_can_tell(const OwnNetwork *o) {
        usec_t silent;

        return o->n_controls > 0 ||
               (o->options.hub && o->options.hub(&silent, o->options.userdata));
}

static void begin(OwnNetwork *o) {
        const OwnNetworkOptions *options = &o->options;

        o->begun = now_boottime();
        for (size_t i = 0; i < o->n_controls; i++)
                (void)http_start(options->http,
                                 &(HttpRequest){ .url = o->controls[i].url,
                                                 .method = "HEAD",
                                                 .timeout = OWN_NETWORK_PATIENCE,
                                                 .user_agent = options->user_agent,
                                                 .ca_file = options->ca_file },
                                 on_control, &o->controls[i], &o->controls[i].call);
        timer_every(o->timer, LOOK_AGAIN, LOOK_AGAIN);
}

int own_network_ask(OwnNetwork *o, OwnNetworkDone done, void *userdata, OwnNetworkAsk **ret) {
        OwnNetworkAsk *a;

        if (!timer_is_set(o->timer) && now_boottime() < o->until)
                return o->offline ? OWN_NETWORK_OFFLINE : OWN_NETWORK_ONLINE;
        if (!own_network_can_tell(o))
                return OWN_NETWORK_ONLINE;
        a = calloc(1, sizeof(*a));
        if (!a)
                return -ENOMEM;
        *a = (OwnNetworkAsk){ .network = o, .done = done, .userdata = userdata };
        DL_APPEND(o->waiting, a);
        if (!timer_is_set(o->timer))
                begin(o);
        *ret = a;
        return OWN_NETWORK_ASKED;
}

OwnNetworkAsk *own_network_cancel(OwnNetworkAsk *a) {
        if (!a)
                return NULL;
        DL_DELETE(a->network->waiting, a);
        free(a);
        return NULL;
}

/* Life ----------------------------------------------------------------------------------------- */

int own_network_new(OwnNetwork **ret, uv_loop_t *loop, const OwnNetworkOptions *options) {
        _cleanup_(own_network_freep) OwnNetwork *o = calloc(1, sizeof(*o));
        int r;

        if (!o)
                return -ENOMEM;
        o->options = *options;
        r = timer_new(&o->timer, loop, on_look, o);
        if (r < 0)
                return r;

        r = read_controls(options->controls, add_control, o, NULL);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(o);
        return 0;
}

OwnNetwork *own_network_free(OwnNetwork *o) {
        if (!o)
                return NULL;
        if (o->timer)
                end_calls(o);
        while (o->waiting)
                own_network_cancel(o->waiting);
        for (size_t i = 0; i < o->n_controls; i++)
                free(o->controls[i].url);
        timer_free(o->timer);
        free(o);
        return NULL;
}
