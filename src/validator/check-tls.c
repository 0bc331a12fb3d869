/* A certificate alone: a TLS handshake, and nothing is said after it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "validator/answer.h"
#include "validator/check-kind.h"
#include "validator/check-seen.h"

#define URL_ROOM (URL_HOST_MAX + 32)

typedef struct TlsCheck {
        HttpCall *call;
        const Spec *spec; /* borrowed */
        usec_t timeout;
        CheckStory *story; /* borrowed, or NULL */
        CheckKindDone done;
        void *userdata;
} TlsCheck;

static void on_done(const HttpResult *result, void *userdata) {
        TlsCheck *c = userdata;
        uint32_t today = (uint32_t)(now_realtime() / USEC_PER_DAY);
        Tick seen = check_seen_http(result);

        if (seen.error == TICK_ERROR_NONE)
                check_seen_set_error(&seen, answer_judge_certificate(c->spec, seen.expiry_days,
                                                                     today, c->story));
        else
                check_story_detail(c->story, result->detail);
        check_seen_judge_time(&seen, c->timeout);
        c->done(&seen, CHECK_NOT_REFUSED, c->userdata);
        free(c);
}

/* The client speaks of URLs. */
static int write_url(const char *target, char ret[static URL_ROOM]) {
        Target t;
        int r;

        r = target_check(target, &t, NULL);
        if (r < 0)
                return r;
        snprintf(ret, URL_ROOM, strchr(t.host, ':') ? "https://[%s]:%u/" : "https://%s:%u/", t.host,
                 t.port);
        return 0;
}

static int start(const CheckTools *tools, const CheckRequest *request, CheckKindDone done,
                 void *userdata, void **ret) {
        _cleanup_free_ TlsCheck *c = calloc(1, sizeof(*c));
        const Spec *spec = request->spec;
        char url[URL_ROOM];
        int r;

        if (!c)
                return -ENOMEM;
        *c = (TlsCheck){ .spec = spec,
                         .timeout = request->timeout,
                         .story = request->story,
                         .done = done,
                         .userdata = userdata };
        r = write_url(spec->url, url);
        if (r < 0)
                return r;
        r = http_start(tools->http,
                       &(HttpRequest){
                                       .url = url,
                                       .connect_only = true,
                                       .family = check_seen_family(request->family),
                                       .timeout = request->timeout,
                                       .tls_min = strcmp(spec->tls_min, "1.3") == 0 ? HTTP_TLS_1_3
                                                                                    : HTTP_TLS_1_2,
                                       .ca_file = tools->options->ca_file,
                                       .guard = connect_allowed,
                                       .guard_userdata = (void *)&tools->options->connect,
                       },
                       on_done, c, &c->call);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(c);
        return 0;
}

static void cancel(void *running) {
        TlsCheck *c = running;

        http_call_cancel(c->call);
        free(c);
}

const CheckKind check_tls = {
        .name = "tls",
        .start = start,
        .cancel = cancel,
};
