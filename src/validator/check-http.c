/* HTTP and HTTPS: what the client saw becomes the fields of a tick. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "validator/answer.h"
#include "validator/check-kind.h"

/* A tick whose phases take longer than timeout + this never votes. */
#define STALL_MAX USEC_PER_SEC

typedef struct HttpCheck {
        HttpCall *call;
        const Spec *spec; /* borrowed */
        usec_t timeout;
        CheckStory *story; /* borrowed, or NULL */
        CheckKindDone done;
        void *userdata;
} HttpCheck;

static const TickError errors[_HTTP_ERROR_MAX] = {
        [HTTP_OK] = TICK_ERROR_NONE,
        [HTTP_BLOCKED] = TICK_ERROR_GUARD,
        [HTTP_SCHEME] = TICK_ERROR_REDIRECT,
        [HTTP_DNS] = TICK_ERROR_DNS,
        [HTTP_REFUSED] = TICK_ERROR_REFUSED,
        [HTTP_UNREACHABLE] = TICK_ERROR_UNREACHABLE,
        [HTTP_RESET] = TICK_ERROR_RESET,
        [HTTP_TIMEOUT_DNS] = TICK_ERROR_TIMEOUT_DNS,
        [HTTP_TIMEOUT_CONNECT] = TICK_ERROR_TIMEOUT_CONNECT,
        [HTTP_TIMEOUT_TLS] = TICK_ERROR_TIMEOUT_TLS,
        [HTTP_TIMEOUT_WAIT] = TICK_ERROR_TIMEOUT_WAIT,
        [HTTP_TIMEOUT_TRANSFER] = TICK_ERROR_TIMEOUT_TRANSFER,
        [HTTP_TLS_EXPIRED] = TICK_ERROR_TLS_EXPIRED,
        [HTTP_TLS_NAME] = TICK_ERROR_TLS_NAME,
        [HTTP_TLS_UNTRUSTED] = TICK_ERROR_TLS_UNTRUSTED,
        [HTTP_TLS_HANDSHAKE] = TICK_ERROR_TLS_HANDSHAKE,
        [HTTP_TLS_VERSION] = TICK_ERROR_TLS_VERSION,
        [HTTP_TLS_WEAK] = TICK_ERROR_TLS_WEAK,
        [HTTP_REDIRECTS] = TICK_ERROR_REDIRECT,
        [HTTP_PROTOCOL] = TICK_ERROR_PROTOCOL,
        [HTTP_INTERNAL] = TICK_ERROR_INTERNAL,
};

static uint32_t saturate(uint64_t v) {
        return v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
}

static void set_address(Tick *t, const struct sockaddr_storage *a) {
        if (a->ss_family == AF_INET) {
                t->family = 4;
                memcpy(t->address, &((const struct sockaddr_in *)a)->sin_addr, 4);
        } else if (a->ss_family == AF_INET6) {
                t->family = 6;
                memcpy(t->address, &((const struct sockaddr_in6 *)a)->sin6_addr, 16);
        }
}

/* The owner's policy and failures of this machine are no verdict on the target. */
static TickOutcome outcome_of(TickError error) {
        switch (error) {
        case TICK_ERROR_NONE:
                return TICK_UP;
        case TICK_ERROR_GUARD:
        case TICK_ERROR_OWN_NETWORK:
        case TICK_ERROR_INTERNAL:
                return TICK_ABSTAIN;
        default:
                return TICK_DOWN;
        }
}

static uint8_t flags_of(const HttpResult *r) {
        uint8_t flags = r->redirected ? TICK_REDIRECTED : 0;

        return r->truncated ? flags | TICK_TRUNCATED : flags;
}

static Tick tick_of(const HttpResult *r, TickError error) {
        Tick t = {
                .flags = flags_of(r),
                .status = (uint16_t)r->status,
                .expiry_days = (uint16_t)MIN(r->certificate_expiry_days, (uint32_t)UINT16_MAX),
                .phases = {
                        .dns = saturate(r->phase[HTTP_PHASE_DNS]),
                        .connect = saturate(r->phase[HTTP_PHASE_CONNECT]),
                        .tls = saturate(r->phase[HTTP_PHASE_TLS]),
                        .wait = saturate(r->phase[HTTP_PHASE_WAIT]),
                        .transfer = saturate(r->phase[HTTP_PHASE_TRANSFER]),
                },
                .body_length = saturate(r->body_n),
        };

        t.error = (uint8_t)error;
        t.outcome = outcome_of(error);
        if (r->body_n > 0)
                memcpy(t.body_hash, r->body_sha256, sizeof(t.body_hash));
        set_address(&t, &r->address);
        return t;
}

/* This machine stood still in between: what it measured is no verdict on the target. */
static void stalled(Tick *t) {
        t->outcome = TICK_ABSTAIN;
        t->error = TICK_ERROR_INTERNAL;
}

static TickError judge(const HttpCheck *c, const HttpResult *r) {
        uint32_t today = (uint32_t)(now_realtime() / USEC_PER_DAY);

        if (r->error == HTTP_OK)
                return answer_judge(c->spec, r, today, c->story);
        check_story_detail(c->story, r->detail);
        return errors[r->error];
}

static void on_done(const HttpResult *result, void *userdata) {
        HttpCheck *c = userdata;
        Tick seen = tick_of(result, judge(c, result));

        if (tick_total(&seen) > c->timeout + STALL_MAX)
                stalled(&seen);
        c->done(&seen, c->userdata);
        free(c);
}

static int family_of(uint8_t family) {
        return family == 4 ? AF_INET : family == 6 ? AF_INET6 : AF_UNSPEC;
}

static void free_lines(char ***lines) {
        for (char **line = *lines; line && *line; line++)
                free(*line);
        free(*lines);
}

static int make_lines(const JsonArray *headers, char ***ret) {
        _cleanup_(free_lines) char **lines = calloc(headers->n + 1, sizeof(*lines));
        const SpecHeader *h = headers->items;

        if (!lines)
                return -ENOMEM;
        for (size_t i = 0; i < headers->n; i++)
                if (asprintf(&lines[i], "%s: %s", h[i].name, h[i].value) < 0) {
                        lines[i] = NULL;
                        return -ENOMEM;
                }
        *ret = TAKE_PTR(lines);
        return 0;
}

static int request_start(HttpCheck *c, const CheckTools *tools, const CheckRequest *request) {
        const CheckerOptions *options = tools->options;
        const Spec *spec = c->spec;
        _cleanup_(free_lines) char **lines = NULL;
        HttpRequest http = {
                .url = spec->url,
                .method = spec->method,
                .body = spec->body,
                .body_n = spec->body ? strlen(spec->body) : 0,
                .family = family_of(request->family),
                .timeout = request->timeout,
                .redirects_max = (unsigned)spec->redirects,
                .body_max = options->body_max,
                .tls_min = strcmp(spec->tls_min, "1.3") == 0 ? HTTP_TLS_1_3 : HTTP_TLS_1_2,
                .version = strcmp(spec->http_version, "2") == 0 ? HTTP_VERSION_2 : HTTP_VERSION_1_1,
                .user_agent = options->user_agent,
                .ca_file = options->ca_file,
                .guard = connect_allowed,
                .guard_userdata = (void *)&options->connect,
        };
        int r;

        r = make_lines(&spec->headers, &lines);
        if (r < 0)
                return r;
        http.headers = (const char *const *)lines;
        answer_prepare(spec, &http);
        return http_start(tools->http, &http, on_done, c, &c->call);
}

static int start(const CheckTools *tools, const CheckRequest *request, CheckKindDone done,
                 void *userdata, void **ret) {
        HttpCheck *c = calloc(1, sizeof(*c));
        int r;

        if (!c)
                return -ENOMEM;
        *c = (HttpCheck){ .spec = request->spec,
                          .timeout = request->timeout,
                          .story = request->story,
                          .done = done,
                          .userdata = userdata };
        r = request_start(c, tools, request);
        if (r < 0) {
                free(c);
                return r;
        }
        *ret = c;
        return 0;
}

static void cancel(void *running) {
        HttpCheck *c = running;

        http_call_cancel(c->call);
        free(c);
}

const CheckKind check_http = {
        .name = "http",
        .start = start,
        .cancel = cancel,
};
