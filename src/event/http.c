/* Requests on the loop: the library tells which descriptors and which timeout it waits for, and a
 * request goes from transfer to transfer as it is redirected, each with what is left of its time.
 */
#include "event/http.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "event/http-internal.h"

static void dispatch(HttpClient *c);

static void on_polled(void *userdata) {
        dispatch(userdata);
}

static void on_timer(uv_timer_t *timer) {
        HttpClient *c = timer->data;
        int running;

        (void)curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
        dispatch(c);
}

static int on_timeout_wanted(CURLM *multi _unused_, long milliseconds, void *userdata) {
        HttpClient *c = userdata;

        if (milliseconds < 0)
                (void)uv_timer_stop(&c->timer);
        else
                (void)uv_timer_start(&c->timer, on_timer, (uint64_t)milliseconds, 0);
        return 0;
}

static void call_unlink(HttpCall *call) {
        HttpClient *c = call->client;

        if (call->next)
                call->next->previous = call->previous;
        if (call->previous)
                call->previous->next = call->next;
        else
                c->calls = call->next;
        c->active--;
}

static void call_link(HttpCall *call, HttpClient *c) {
        call->client = c;
        call->next = c->calls;
        if (call->next)
                call->next->previous = call;
        c->calls = call;
        c->active++;
}

static void finish(HttpCall *call, HttpError error, const char *detail);
static void client_destroy(HttpClient *c);

static int transfer_begin(HttpCall *call) {
        int r = http_transfer_prepare(call, now_boottime());

        if (r < 0)
                return r;
        return curl_multi_add_handle(call->client->multi, call->easy) == CURLM_OK ? 0 : -ENOMEM;
}

static const char *name_failure(HttpError error) {
        return error == HTTP_TIMEOUT_DNS ? "the name was not resolved in time"
               : error == HTTP_DNS       ? "the name has no address"
                                         : "out of memory";
}

/* A callback may free the client. */
static void on_resolved(HttpCall *call, HttpError error) {
        HttpClient *c = call->client;

        c->dispatching = true;
        if (error == HTTP_OK && transfer_begin(call) < 0)
                error = HTTP_INTERNAL;
        if (error != HTTP_OK)
                finish(call, error, name_failure(error));
        c->dispatching = false;
        if (c->freed)
                client_destroy(c);
}

static int transfer_start(HttpCall *call) {
        int r = http_resolve_start(call, on_resolved, now_boottime());

        return r == 0 ? transfer_begin(call) : MIN(r, 0);
}

static void finish(HttpCall *call, HttpError error, const char *detail) {
        call->result.error = error;
        call->result.detail = error == HTTP_OK ? NULL : detail;
        call->result.body = call->kept;
        call->result.headers = call->head.lines;
        call->result.headers_n = call->head.n;
        call_unlink(call);
        call->done(&call->result, call->userdata);
        http_call_free(call);
}

/* Browsers' rules: a 303 is fetched, so is what a POST was redirected to by 301 or 302. */
static int redirect_method(HttpCall *call) {
        unsigned status = call->result.status;
        char *method;

        if (strcmp(call->method, "HEAD") == 0 || status == 307 || status == 308 ||
            (status != 303 && strcmp(call->method, "POST") != 0))
                return 0;

        method = strdup("GET");
        if (!method)
                return -ENOMEM;
        free(call->method);
        call->method = method;
        free(call->body);
        call->body = NULL;
        call->request.body_n = 0;
        return 0;
}

/* The call's next transfer is to there. */
static int redirect_prepare(HttpCall *call, const char *location) {
        HttpTarget *target;
        int r;

        r = http_target_resolve(&target, call->target, location);
        if (r < 0)
                return r;
        http_target_unref(call->target);
        call->target = target;

        r = redirect_method(call);
        if (r < 0)
                return r;

        call->result.redirected = true;
        call->redirects++;
        return 0;
}

static void follow(HttpCall *call) {
        int r = transfer_start(call);

        if (r < 0)
                finish(call, HTTP_INTERNAL, strerror(-r));
}

static void ask_to_follow(HttpCall *call) {
        if (!call->request.redirected)
                return follow(call);
        call->waits = now_boottime();
        call->request.redirected(call->target->text, call->userdata);
}

static void redirect(HttpCall *call, const char *location) {
        int r;

        if (call->redirects >= call->request.redirects_max)
                return finish(call, HTTP_REDIRECTS, "too many redirects");

        r = redirect_prepare(call, location);
        if (r == -EPROTONOSUPPORT)
                finish(call, HTTP_SCHEME, "redirected to a scheme that is neither http nor https");
        else if (r == -EINVAL)
                finish(call, HTTP_PROTOCOL, "redirected to what is no URL");
        else if (r < 0)
                finish(call, HTTP_INTERNAL, strerror(-r));
        else
                ask_to_follow(call);
}

/* A callback may free the client. */
void http_call_follow(HttpCall *call, const char *refusal) {
        HttpClient *c = call->client;
        bool inside = c->dispatching;

        call->deadline += now_boottime() - call->waits;
        call->waits = 0;
        c->dispatching = true;
        if (refusal)
                finish(call, HTTP_BLOCKED, refusal);
        else
                follow(call);
        c->dispatching = inside;
        if (c->freed && !inside)
                client_destroy(c);
}

static void transfer_done(HttpCall *call, CURLcode code) {
        const char *location, *detail;
        HttpError error;

        http_transfer_measure(call, code, now_boottime());
        location = http_transfer_location(call);
        (void)curl_multi_remove_handle(call->client->multi, call->easy);

        error = http_error_classify(&call->outcome);
        if (error == HTTP_OK && location)
                return redirect(call, location);

        detail = call->error[0] ? call->error : curl_easy_strerror(code);
        if (error == HTTP_BLOCKED)
                detail = "the address is not allowed";
        if (call->outcome.header_too_large)
                detail = "the header is too large";
        if (call->outcome.other_version)
                detail = "the server does not speak this version of HTTP";
        finish(call, error, detail);
}

/* What the library has finished. A callback may free the client. */
static void dispatch(HttpClient *c) {
        CURLMsg *m;
        int left;

        c->dispatching = true;
        while (!c->freed && (m = curl_multi_info_read(c->multi, &left))) {
                HttpCall *call = NULL;

                if (m->msg != CURLMSG_DONE)
                        continue;
                (void)curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &call);
                transfer_done(call, m->data.result);
        }
        c->dispatching = false;
        if (c->freed)
                client_destroy(c);
}

static int multi_new(HttpClient *c) {
        c->multi = curl_multi_init();
        if (!c->multi)
                return -ENOMEM;

        curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, on_timeout_wanted);
        curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
        return http_poll_new(&c->poll, c->loop, c->multi, on_polled, c);
}

int http_client_new(HttpClient **ret, uv_loop_t *loop) {
        HttpClient *c;
        int r;

        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
                return -ENOMEM;

        c = calloc(1, sizeof(*c));
        if (!c) {
                curl_global_cleanup();
                return -ENOMEM;
        }
        c->loop = loop;
        (void)uv_timer_init(loop, &c->timer); /* cannot fail */
        c->timer.data = c;

        r = multi_new(c);
        if (r < 0) {
                http_client_free(c);
                return r;
        }
        *ret = c;
        return 0;
}

static void on_timer_closed(uv_handle_t *handle) {
        free(handle->data);
}

static void client_destroy(HttpClient *c) {
        while (c->spare_n > 0)
                curl_easy_cleanup(c->spare[--c->spare_n]);
        if (c->multi)
                (void)curl_multi_cleanup(c->multi);
        http_poll_free(c->poll);
        http_trust_free(c->trust);
        uv_close((uv_handle_t *)&c->timer, on_timer_closed);
        curl_global_cleanup();
}

HttpClient *http_client_free(HttpClient *c) {
        if (!c)
                return NULL;

        while (c->calls)
                http_call_cancel(c->calls);
        c->freed = true;
        if (!c->dispatching)
                client_destroy(c);
        return NULL;
}

void http_client_set_resolver(HttpClient *c, Resolver *resolver) {
        c->resolver = resolver;
}

unsigned http_client_active(const HttpClient *c) {
        return c->active;
}

int http_start(HttpClient *c, const HttpRequest *request, HttpDone done, void *userdata,
               HttpCall **ret) {
        _cleanup_(http_call_freep) HttpCall *call = NULL;
        int r;

        r = http_call_new(&call, c, request);
        if (r < 0)
                return r;

        call->done = done;
        call->userdata = userdata;
        call->deadline = now_boottime() + request->timeout;

        r = transfer_start(call);
        if (r < 0)
                return r;

        call_link(call, c);
        if (ret)
                *ret = call;
        TAKE_PTR(call);
        return 0;
}

HttpCall *http_call_cancel(HttpCall *call) {
        if (!call)
                return NULL;

        (void)curl_multi_remove_handle(call->client->multi, call->easy);
        call_unlink(call);
        return http_call_free(call);
}
