/* A list of waiting checks before a bounded number of running ones. */
#include "validator/check.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <utlist.h>

#include "validator/check-kind.h"
#include "validator/ownnames.h"
#include "validator/ownnet.h"
#include "validator/route.h"

#define STARTS_MAX 4 /* in one round of the loop */

static const CheckKind *const kinds[] = {
        &check_dns, &check_http, &check_icmp, &check_tcp, &check_tls,
};

struct Check {
        Checker *checker;
        const CheckKind *kind;
        Spec *spec; /* own copy */
        CheckRequest request;
        CheckDone done;
        void *userdata, *running;
        OptOutAsk *asking;       /* its origin, before */
        OwnNetworkAsk *doubting; /* whether what it saw is true, after */
        OwnNamesAsk *naming;     /* and then, whether this machine finds names at all */
        Tick seen;               /* that */
        CheckRefusal refusal;    /* by its kind */
        usec_t started;
        bool active;
        struct Check *prev, *next;
};

struct Checker {
        CheckerOptions options;
        CheckTools tools;
        const char *capabilities[ELEMENTSOF(kinds) + 3];
        OwnNetwork *own_network;
        OwnNames *own_names;
        uv_idle_t *wake; /* runs once in each round of the loop while something may be begun */
        Check *waiting, *active;
        size_t n_waiting, n_active;
};

static void start_waiting(Checker *c);

static void on_wake(uv_idle_t *idle) {
        start_waiting(idle->data);
}

static void on_wake_closed(uv_handle_t *h) {
        free(h);
}

/* A kind that this machine can not do is not declared; ordered all the same, it abstains. */
static void find_capabilities(Checker *c) {
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                if (!kinds[i]->is_allowed || kinds[i]->is_allowed())
                        c->capabilities[n++] = kinds[i]->name;
        if (route_exists(AF_INET))
                c->capabilities[n++] = "ipv4";
        if (route_exists(AF_INET6))
                c->capabilities[n++] = "ipv6";
}

/* From the loop, so that callbacks never run inside. */
static void wake(Checker *c) {
        (void)uv_idle_start(c->wake, on_wake);
}

const char *const *checker_capabilities(const Checker *c) {
        return c->capabilities;
}

static int make_opt_outs(Checker *c) {
        const CheckerOptions *o = &c->options;

        if (o->origins_max == 0)
                return 0;
        return opt_outs_new(&c->tools.opt_outs, &(OptOutsOptions){ .http = c->tools.http,
                                                                   .connect = &o->connect,
                                                                   .ca_file = o->ca_file,
                                                                   .user_agent = o->user_agent,
                                                                   .origins_max = o->origins_max });
}

static int make_own_network(Checker *c, uv_loop_t *loop) {
        const CheckerOptions *o = &c->options;

        return own_network_new(&c->own_network, loop,
                               &(OwnNetworkOptions){ .http = c->tools.http,
                                                     .controls = o->controls,
                                                     .ca_file = o->ca_file,
                                                     .user_agent = o->user_agent,
                                                     .hub = o->hub,
                                                     .userdata = o->hub_userdata });
}

int checker_new(Checker **ret, uv_loop_t *loop, const CheckerOptions *options) {
        _cleanup_(checker_freep) Checker *c = calloc(1, sizeof(*c));
        int r;

        if (!c)
                return -ENOMEM;
        c->options = *options;
        c->tools.options = &c->options;
        c->tools.loop = loop;
        r = http_client_new(&c->tools.http, loop);
        if (r < 0)
                return r;

        r = resolver_new(&c->tools.resolver, loop,
                         &(ResolverOptions){ .servers = options->resolvers });
        if (r < 0)
                return r;

        http_client_set_resolver(c->tools.http, c->tools.resolver);
        find_capabilities(c);

        r = make_opt_outs(c);
        if (r < 0)
                return r;

        r = make_own_network(c, loop);
        if (r < 0)
                return r;

        r = own_names_new(&c->own_names, c->tools.resolver);
        if (r < 0)
                return r;

        c->wake = malloc(sizeof(*c->wake));
        if (!c->wake)
                return -ENOMEM;
        (void)uv_idle_init(loop, c->wake); /* cannot fail */
        c->wake->data = c;

        *ret = TAKE_PTR(c);
        return 0;
}

Checker *checker_free(Checker *c) {
        if (!c)
                return NULL;
        while (c->waiting)
                check_cancel(c->waiting);
        while (c->active)
                check_cancel(c->active);
        own_names_free(c->own_names);
        own_network_free(c->own_network);
        opt_outs_free(c->tools.opt_outs);
        http_client_free(c->tools.http);
        resolver_free(c->tools.resolver);
        if (c->wake)
                uv_close((uv_handle_t *)c->wake, on_wake_closed);
        free(c);
        return NULL;
}

size_t checker_active(const Checker *c) {
        return c->n_active;
}

static const CheckKind *kind_of(const Spec *spec) {
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                if (strcmp(kinds[i]->name, spec->type) == 0)
                        return kinds[i];
        return NULL;
}

bool checker_can(const Spec *spec) {
        return kind_of(spec) != NULL;
}

static void leave(Check *x) {
        Checker *c = x->checker;

        if (x->active) {
                DL_DELETE(c->active, x);
                c->n_active--;
        } else {
                DL_DELETE(c->waiting, x);
                c->n_waiting--;
        }
}

static void check_free(Check *x) {
        http_target_unref(x->request.target);
        spec_done(x->spec);
        free(x->spec);
        free(x);
}

static void finish(Check *x, const Tick *seen, CheckRefusal refusal) {
        CheckResult result = { .started = x->started, .seen = *seen, .refusal = refusal };
        CheckDone done = x->done;
        void *userdata = x->userdata;
        Checker *c = x->checker;

        leave(x);
        check_free(x);
        if (c->waiting)
                wake(c);
        done(&result, userdata);
}

/* Upside down: that the target fails is what is expected of it. Who abstains has seen neither. */
static Tick inverted(const Check *x, const Tick *seen) {
        Tick t = *seen;

        if (seen->outcome == TICK_UP) {
                t.outcome = TICK_DOWN;
                t.error = TICK_ERROR_ASSERTION;
                check_story_detail(x->request.story, "it works, and a failure is expected");
        } else if (seen->outcome == TICK_DOWN) {
                t.outcome = TICK_UP;
                t.error = TICK_ERROR_NONE;
        }
        return t;
}

static void judge(Check *x, bool offline) {
        CheckRefusal refusal = x->refusal;
        Tick seen = x->spec->invert ? inverted(x, &x->seen) : x->seen;

        if (offline) {
                seen.outcome = TICK_ABSTAIN;
                seen.error = TICK_ERROR_OWN_NETWORK;
                refusal = CHECK_OWN_NETWORK;
        }
        finish(x, &seen, refusal);
}

/* A failure of the resolvers; of a DNS check, those it asks are its target unless it names none. */
static bool is_of_names(const Check *x) {
        bool own = x->kind == &check_dns && x->seen.family == 0;

        switch (x->seen.error) {
        case TICK_ERROR_DNS:
        case TICK_ERROR_TIMEOUT_DNS:
                return true;
        case TICK_ERROR_STATUS:
        case TICK_ERROR_REFUSED:
        case TICK_ERROR_TIMEOUT_WAIT:
                return own;
        default:
                return false;
        }
}

/* A failure that this machine could have caused; not with what is in the owner's own networks. */
static bool is_doubtful(const Check *x) {
        const Tick *t = &x->seen;
        struct sockaddr_in v4 = { .sin_family = AF_INET };
        struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
        const struct sockaddr *address = (const struct sockaddr *)&v4;

        if (!own_network_may_cause(t->error) && !is_of_names(x))
                return false;
        memcpy(&v4.sin_addr, t->address, sizeof(v4.sin_addr));
        memcpy(&v6.sin6_addr, t->address, sizeof(v6.sin6_addr));
        if (t->family == 6)
                address = (const struct sockaddr *)&v6;
        return t->family == 0 || !guard_is_named(x->checker->options.connect.guard, address);
}

/* It has addresses of a family that this machine has no way out for. */
static bool lacks_route(const Check *x) {
        return x->seen.error == TICK_ERROR_UNREACHABLE && x->seen.family != 0 &&
               !route_exists(x->seen.family == 6 ? AF_INET6 : AF_INET);
}

static void on_own_names(bool broken, void *userdata) {
        Check *x = userdata;

        x->naming = NULL;
        judge(x, broken);
}

/* The network is there, as far as anybody can tell. */
static void judge_online(Check *x) {
        Checker *c = x->checker;
        int r = OWN_NAMES_GOOD;

        if (is_of_names(x) && is_doubtful(x) && own_network_can_tell(c->own_network))
                r = own_names_ask(c->own_names, on_own_names, x, &x->naming);
        if (r != OWN_NAMES_ASKED)
                judge(x, r == OWN_NAMES_BROKEN);
}

static void on_own_network(bool offline, void *userdata) {
        Check *x = userdata;

        x->doubting = NULL;
        if (offline)
                judge(x, true);
        else
                judge_online(x);
}

static void on_kind_done(const Tick *seen, CheckRefusal refusal, void *userdata) {
        Check *x = userdata;
        Checker *c = x->checker;
        int r = OWN_NETWORK_ONLINE;

        x->running = NULL;
        x->seen = *seen;
        x->refusal = refusal;
        if (refusal == CHECK_NOT_REFUSED && seen->error == TICK_ERROR_GUARD)
                x->refusal = CHECK_REFUSED_TARGET;
        if (c->options.budget)
                budget_spend(c->options.budget, seen->body_length, now_boottime());
        if (is_doubtful(x) && lacks_route(x))
                r = OWN_NETWORK_OFFLINE;
        else if (is_doubtful(x))
                r = own_network_ask(c->own_network, on_own_network, x, &x->doubting);
        if (r == OWN_NETWORK_OFFLINE)
                judge(x, true);
        else if (r != OWN_NETWORK_ASKED)
                judge_online(x);
}

/* It was not run. */
static void refuse(Check *x, CheckRefusal why) {
        static const char *const reasons[_CHECK_REFUSAL_MAX] = {
                [CHECK_REFUSED_BUDGET] = "ChecksPerSecond= or BytesPerSecond= is used up",
                [CHECK_REFUSED_OPT_OUT] = "the website has opted out of being checked",
        };

        check_story_detail(x->request.story, reasons[why]);
        finish(x, &(Tick){ .outcome = TICK_ABSTAIN, .error = TICK_ERROR_GUARD }, why);
}

static void run(Check *x) {
        Tick failed = { .outcome = TICK_ABSTAIN, .error = TICK_ERROR_INTERNAL };

        x->started = now_boottime();
        if (x->kind->start(&x->checker->tools, &x->request, on_kind_done, x, &x->running) < 0)
                finish(x, &failed, CHECK_NOT_REFUSED);
}

static void on_opt_out(bool out, void *userdata) {
        Check *x = userdata;

        x->asking = NULL;
        if (out)
                refuse(x, CHECK_REFUSED_OPT_OUT);
        else
                run(x);
}

static void begin(Check *x) {
        Checker *c = x->checker;
        int r = OPT_OUT_NO;

        leave(x);
        x->active = true;
        DL_APPEND(c->active, x);
        c->n_active++;
        x->started = now_boottime();
        x->request.spec = x->spec;
        if (c->options.budget && !budget_take(c->options.budget, x->started)) {
                refuse(x, CHECK_REFUSED_BUDGET);
                return;
        }
        if (c->tools.opt_outs)
                r = opt_outs_ask(c->tools.opt_outs,
                                 &(OptOutQuestion){ x->spec->url, x->started, on_opt_out, x },
                                 &x->asking);
        if (r == OPT_OUT_YES)
                refuse(x, CHECK_REFUSED_OPT_OUT);
        else if (r != OPT_OUT_ASKED)
                run(x);
}

/* A few in each round, so that those under way are not kept waiting by a crowd that is due at once:
 * what they waited would count as their target's. */
static void start_waiting(Checker *c) {
        for (int i = 0; i < STARTS_MAX && c->waiting && c->n_active < c->options.concurrency; i++)
                begin(c->waiting);
        if (!c->waiting || c->n_active >= c->options.concurrency)
                (void)uv_idle_stop(c->wake);
}

int checker_start(Checker *c, const CheckRequest *request, CheckDone done, void *userdata,
                  Check **ret) {
        const CheckKind *kind = kind_of(request->spec);
        Check *x;
        int r;

        if (!kind)
                return -EPROTONOSUPPORT;
        if (c->n_waiting >= c->options.queue_max)
                return -ENOBUFS;
        x = calloc(1, sizeof(*x));
        if (!x)
                return -ENOMEM;
        x->spec = malloc(sizeof(*x->spec));
        if (!x->spec) {
                free(x);
                return -ENOMEM;
        }
        r = spec_copy(x->spec, request->spec);
        if (r < 0) {
                free(x->spec);
                free(x);
                return r;
        }
        x->checker = c;
        x->kind = kind;
        x->request = *request;
        x->request.target = http_target_ref(request->target);
        x->done = done;
        x->userdata = userdata;
        DL_APPEND(c->waiting, x);
        c->n_waiting++;
        wake(c);
        *ret = x;
        return 0;
}

bool check_is_active(const Check *x) {
        return x->running;
}

Check *check_cancel(Check *x) {
        if (!x)
                return NULL;
        if (x->running)
                x->kind->cancel(x->running);
        opt_out_cancel(x->asking);
        own_network_cancel(x->doubting);
        own_names_cancel(x->naming);
        leave(x);
        if (x->checker->waiting)
                wake(x->checker);
        check_free(x);
        return NULL;
}
