/* HTTP and HTTPS: what the client saw becomes the fields of a tick. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "validator/answer.h"
#include "validator/check-kind.h"
#include "validator/check-seen.h"

typedef struct HttpCheck {
        HttpCall *call;
        OptOutAsk *asking;       /* where it is redirected to */
        const CheckTools *tools; /* borrowed, as the next */
        const Spec *spec;
        CheckRefusal refusal;
        usec_t timeout;
        CheckStory *story; /* borrowed, or NULL */
        CheckKindDone done;
        void *userdata;
} HttpCheck;

static TickError judge(const HttpCheck *c, const HttpResult *r, TickError error) {
        uint32_t today = (uint32_t)(now_realtime() / USEC_PER_DAY);

        if (error == TICK_ERROR_NONE)
                return answer_judge(c->spec, r, today, c->story);
        check_story_detail(c->story, r->detail);
        return error;
}

static void on_done(const HttpResult *result, void *userdata) {
        HttpCheck *c = userdata;
        Tick seen = check_seen_http(result);

        check_seen_set_error(&seen, judge(c, result, seen.error));
        check_seen_judge_time(&seen, c->timeout);
        c->done(&seen, c->refusal, c->userdata);
        free(c);
}

/* What a website is redirected to is another's, who may not want it. */
static void go_on(HttpCheck *c, bool out) {
        if (out)
                c->refusal = CHECK_REFUSED_OPT_OUT;
        http_call_follow(c->call,
                         out ? "redirected to a website that has opted out of being checked"
                             : NULL);
}

static void on_opt_out(bool out, void *userdata) {
        HttpCheck *c = userdata;

        c->asking = NULL;
        go_on(c, out);
}

static void on_redirected(const char *url, void *userdata) {
        HttpCheck *c = userdata;
        int r = OPT_OUT_NO;

        if (c->tools->opt_outs)
                r = opt_outs_ask(c->tools->opt_outs,
                                 &(OptOutQuestion){ url, now_boottime(), on_opt_out, c },
                                 &c->asking);
        if (r != OPT_OUT_ASKED)
                go_on(c, r == OPT_OUT_YES);
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
                .target = request->target,
                .method = spec->method,
                .body = spec->body,
                .body_n = spec->body ? strlen(spec->body) : 0,
                .family = check_seen_family(request->family),
                .timeout = request->timeout,
                .redirects_max = (unsigned)spec->redirects,
                .body_max = options->body_max,
                .tls_min = strcmp(spec->tls_min, "1.3") == 0 ? HTTP_TLS_1_3 : HTTP_TLS_1_2,
                .version = strcmp(spec->http_version, "2") == 0 ? HTTP_VERSION_2 : HTTP_VERSION_1_1,
                .user_agent = options->user_agent,
                .ca_file = options->ca_file,
                .guard = connect_allowed,
                .guard_userdata = (void *)&options->connect,
                .redirected = on_redirected,
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
        *c = (HttpCheck){ .tools = tools,
                          .spec = request->spec,
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

        opt_out_cancel(c->asking);
        http_call_cancel(c->call);
        free(c);
}

const CheckKind check_http = {
        .name = "http",
        .start = start,
        .cancel = cancel,
};
