/* A port that listens, and says what is expected. */
#include <errno.h>
#include <stdlib.h>

#include "event/tcp.h"
#include "validator/check-kind.h"
#include "validator/check-seen.h"

typedef struct TcpCheck {
        TcpCall *call;
        usec_t timeout;
        CheckKindDone done;
        void *userdata;
} TcpCheck;

static const TickError errors[_TCP_ERROR_MAX] = {
        [TCP_OK] = TICK_ERROR_NONE,
        [TCP_BLOCKED] = TICK_ERROR_GUARD,
        [TCP_DNS] = TICK_ERROR_DNS,
        [TCP_REFUSED] = TICK_ERROR_REFUSED,
        [TCP_UNREACHABLE] = TICK_ERROR_UNREACHABLE,
        [TCP_RESET] = TICK_ERROR_RESET,
        [TCP_UNEXPECTED] = TICK_ERROR_ASSERTION,
        [TCP_TIMEOUT_DNS] = TICK_ERROR_TIMEOUT_DNS,
        [TCP_TIMEOUT_CONNECT] = TICK_ERROR_TIMEOUT_CONNECT,
        [TCP_TIMEOUT_WAIT] = TICK_ERROR_TIMEOUT_WAIT,
        [TCP_INTERNAL] = TICK_ERROR_INTERNAL,
};

static void on_done(const TcpResult *r, void *userdata) {
        TcpCheck *c = userdata;
        Tick seen = {
                .phases = {
                        .dns = check_seen_phase(r->dns),
                        .connect = check_seen_phase(r->connect),
                        .wait = check_seen_phase(r->wait),
                },
        };

        check_seen_set_error(&seen, errors[r->error]);
        check_seen_set_address(&seen, &r->address.any);
        check_seen_judge_time(&seen, c->timeout);
        c->done(&seen, CHECK_NOT_REFUSED, c->userdata);
        free(c);
}

static int start(const CheckTools *tools, const CheckRequest *request, CheckKindDone done,
                 void *userdata, void **ret) {
        _cleanup_free_ TcpCheck *c = calloc(1, sizeof(*c));
        const Spec *spec = request->spec;
        Target target;
        int r;

        if (!c)
                return -ENOMEM;
        *c = (TcpCheck){ .timeout = request->timeout, .done = done, .userdata = userdata };
        r = target_check(spec->url, &target, NULL);
        if (r < 0)
                return r;
        r = tcp_start(&(TcpRequest){ .loop = tools->loop,
                                     .resolver = tools->resolver,
                                     .host = target.host,
                                     .port = target.port,
                                     .family = check_seen_family(request->family),
                                     .timeout = request->timeout,
                                     .send = spec->send,
                                     .expect = spec->expect,
                                     .guard = connect_allowed,
                                     .guard_userdata = (void *)&tools->options->connect },
                      on_done, c, &c->call);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(c);
        return 0;
}

static void cancel(void *running) {
        TcpCheck *c = running;

        tcp_cancel(c->call);
        free(c);
}

const CheckKind check_tcp = {
        .name = "tcp",
        .start = start,
        .cancel = cancel,
};
