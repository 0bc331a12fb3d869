/* Echo requests to the first address of a host that may be connected to. The round trip, on
 * average, is the phase `wait`. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "event/icmp.h"
#include "validator/check-kind.h"
#include "validator/check-seen.h"

#define INTERVAL_MAX (200 * USEC_PER_MSEC) /* between requests: what anybody may do */

typedef struct IcmpCheck {
        const CheckTools *tools;
        const Spec *spec; /* borrowed */
        ResolverLookup *lookup;
        IcmpCall *call;
        usec_t started, timeout;
        Tick seen;
        CheckStory *story; /* borrowed, or NULL */
        CheckKindDone done;
        void *userdata;
} IcmpCheck;

static void finish(IcmpCheck *c, TickError error) {
        check_seen_set_error(&c->seen, error);
        check_seen_judge_time(&c->seen, c->timeout);
        c->done(&c->seen, CHECK_NOT_REFUSED, c->userdata);
        free(c);
}

static unsigned count_of(const Spec *spec) {
        return spec->count > 0 ? (unsigned)spec->count : SPEC_ICMP_COUNT;
}

static TickError judge(const Spec *spec, const IcmpResult *r) {
        unsigned count = count_of(spec), lost = count - r->received;

        switch (r->error) {
        case ICMP_NOT_ALLOWED:
                return TICK_ERROR_NOT_ALLOWED;
        case ICMP_UNREACHABLE:
                return TICK_ERROR_UNREACHABLE;
        case ICMP_INTERNAL:
                return TICK_ERROR_INTERNAL;
        default:
                break;
        }
        if (r->received == 0)
                return TICK_ERROR_TIMEOUT_WAIT;
        return lost * 100 > count * (unsigned)spec->loss_max ? TICK_ERROR_ASSERTION
                                                             : TICK_ERROR_NONE;
}

/* What a tick has no room for. */
static void tell_figures(const IcmpCheck *c, const IcmpResult *r) {
        char detail[ASSERT_SENTENCE_SIZE];

        snprintf(detail, sizeof(detail),
                 "%u of %u came back: min %.3f, average %.3f, max %.3f, jitter %.3f ms",
                 r->received, count_of(c->spec), (double)r->min / 1000, (double)r->average / 1000,
                 (double)r->max / 1000, (double)r->jitter / 1000);
        check_story_detail(c->story, detail);
}

static void on_echoes(const IcmpResult *r, void *userdata) {
        IcmpCheck *c = userdata;
        TickError error = judge(c->spec, r);

        if (r->error == ICMP_OK)
                tell_figures(c, r);

        c->seen.phases.wait = check_seen_phase(r->average);
        if (error == TICK_ERROR_TIMEOUT_WAIT)
                c->seen.phases.wait =
                                check_seen_phase(now_boottime() - c->started) - c->seen.phases.dns;
        finish(c, error);
}

static int echo(IcmpCheck *c, const NetAddress *a) {
        usec_t left = c->timeout > c->seen.phases.dns ? c->timeout - c->seen.phases.dns : 1;
        unsigned count = count_of(c->spec);

        check_seen_set_address(&c->seen, &a->any);
        return icmp_start(c->tools->loop,
                          &(IcmpRequest){ .address = a,
                                          .count = count,
                                          .interval = MIN(INTERVAL_MAX, left / (2 * count)),
                                          .timeout = left },
                          on_echoes, c, &c->call);
}

static void on_names(const ResolverResult *names, void *userdata) {
        IcmpCheck *c = userdata;
        ResolverResult list = *names;
        const NetAddress *a = connect_first(&c->tools->options->connect, &list, 0);
        TickError error = check_seen_names(names->outcome);

        c->lookup = NULL;
        c->seen.phases.dns = check_seen_phase(names->at - c->started);
        if (error == TICK_ERROR_NONE && !a)
                error = TICK_ERROR_GUARD;
        if (error == TICK_ERROR_NONE && echo(c, a) < 0)
                error = TICK_ERROR_INTERNAL;
        if (error != TICK_ERROR_NONE)
                finish(c, error);
}

static int start(const CheckTools *tools, const CheckRequest *request, CheckKindDone done,
                 void *userdata, void **ret) {
        _cleanup_free_ IcmpCheck *c = calloc(1, sizeof(*c));
        Target target;
        int r;

        if (!c)
                return -ENOMEM;
        *c = (IcmpCheck){ .tools = tools,
                          .spec = request->spec,
                          .started = now_boottime(),
                          .timeout = request->timeout,
                          .story = request->story,
                          .done = done,
                          .userdata = userdata };
        r = target_check(request->spec->url, &target, NULL);
        if (r < 0)
                return r;
        r = resolver_lookup(tools->resolver,
                            &(ResolverName){ target.host, check_seen_family(request->family),
                                             request->timeout },
                            on_names, c, &c->lookup);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(c);
        return 0;
}

static void cancel(void *running) {
        IcmpCheck *c = running;

        resolver_lookup_cancel(c->lookup);
        icmp_cancel(c->call);
        free(c);
}

static bool is_allowed(void) {
        return icmp_is_allowed(AF_INET);
}

const CheckKind check_icmp = {
        .name = "icmp",
        .start = start,
        .cancel = cancel,
        .is_allowed = is_allowed,
};
