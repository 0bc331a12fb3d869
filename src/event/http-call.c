/* A request as it was asked for: checked, and copied. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "event/http-internal.h"

#define USER_AGENT_DEFAULT "dpin"

/* No option of the last call, no connection and no session outlives it. */
static void put_handle(HttpCall *call) {
        HttpClient *c = call->client;

        if (c->spare_n == HTTP_SPARE_MAX) {
                curl_easy_cleanup(call->easy);
                return;
        }
        http_transfer_clear(call);
        c->spare[c->spare_n++] = call->easy;
}

static CURL *take_handle(HttpClient *c) {
        CURL *easy;

        if (c->spare_n > 0)
                return c->spare[--c->spare_n];
        easy = curl_easy_init();
        if (easy)
                http_transfer_common(easy, c->poll);
        return easy;
}

HttpCall *http_call_free(HttpCall *call) {
        if (!call)
                return NULL;

        if (call->resolve)
                http_resolve_done(call);
        http_tls_forget(call);
        if (call->easy)
                put_handle(call);
        curl_slist_free_all(call->header_list);
        for (char **h = call->headers; h && *h; h++)
                free(*h);
        free(call->headers);
        http_head_done(&call->head);
        free(call->kept);
        free(call->body);
        free(call->user_agent);
        free(call->method);
        http_target_unref(call->target);
        http_target_unref(call->first);
        free(call);
        return NULL;
}

static bool has_line_break(const char *text) {
        return text && strpbrk(text, "\r\n");
}

static int copy_string(char **ret, const char *text) {
        if (has_line_break(text))
                return -EINVAL;
        *ret = text ? strdup(text) : NULL;
        return text && !*ret ? -ENOMEM : 0;
}

/* The library takes a name without a value for one that is to be left out, and has a semicolon for
 * one whose value is empty. */
static void mark_empty(char *header) {
        size_t n = strlen(header);

        while (n > 0 && (header[n - 1] == ' ' || header[n - 1] == '\t'))
                header[--n] = '\0';
        if (n > 0 && header[n - 1] == ':' && !memchr(header, ':', n - 1))
                header[n - 1] = ';';
}

static int copy_headers(HttpCall *call, const char *const *headers) {
        size_t n = 0;
        int r = 0;

        while (headers && headers[n])
                n++;
        call->headers = calloc(n + 1, sizeof(*call->headers));
        if (!call->headers)
                return -ENOMEM;
        for (size_t i = 0; i < n && r == 0; i++) {
                r = copy_string(&call->headers[i], headers[i]);
                if (r == 0)
                        mark_empty(call->headers[i]);
        }
        return r;
}

/* As one of the headers: the library would write it twice, character by character. */
static int copy_user_agent(HttpCall *call, const char *text) {
        static const char name[] = "User-Agent: ";
        size_t n;

        for (char **h = call->headers; *h; h++)
                if (strncasecmp(*h, name, strlen("User-Agent")) == 0 &&
                    strchr(":;", (*h)[strlen("User-Agent")]))
                        return 0;
        if (!text)
                text = USER_AGENT_DEFAULT;
        if (has_line_break(text))
                return -EINVAL;
        n = strlen(text) + 1;
        call->user_agent = malloc(strlen(name) + n);
        if (!call->user_agent)
                return -ENOMEM;
        memcpy(call->user_agent, name, strlen(name));
        memcpy(call->user_agent + strlen(name), text, n);
        return 0;
}

static int copy_body(HttpCall *call, const HttpRequest *request) {
        if (request->body_n == 0)
                return 0;
        call->body = malloc(request->body_n);
        if (!call->body)
                return -ENOMEM;
        memcpy(call->body, request->body, request->body_n);
        return 0;
}

static int copy_request(HttpCall *call, const HttpRequest *request) {
        const char *method = request->method ? request->method : "GET";
        int r;

        if (!*method || strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") != strlen(method))
                return -EINVAL;

        call->request = *request;
        r = copy_string(&call->method, method);
        if (r == 0)
                r = copy_headers(call, request->headers);
        if (r == 0)
                r = copy_user_agent(call, request->user_agent);
        if (r == 0)
                r = copy_body(call, request);
        return r;
}

static int take_target(HttpCall *call, const HttpRequest *request) {
        int r = 0;

        if (request->target)
                call->first = http_target_ref(request->target);
        else
                r = request->url ? http_target_new(&call->first, request->url) : -EINVAL;
        if (r < 0)
                return r;
        call->target = http_target_ref(call->first);
        return 0;
}

int http_call_new(HttpCall **ret, HttpClient *c, const HttpRequest *request) {
        _cleanup_(http_call_freep) HttpCall *call = calloc(1, sizeof(*call));
        int r;

        if (!call)
                return -ENOMEM;
        call->client = c;

        r = copy_request(call, request);
        if (r < 0)
                return r;

        r = take_target(call, request);
        if (r < 0)
                return r;

        r = request->ca_file ? http_trust_get(&c->trust, request->ca_file, &call->trust) : 0;
        if (r < 0)
                return r;

        call->easy = take_handle(c);
        if (!call->easy)
                return -ENOMEM;

        *ret = TAKE_PTR(call);
        return 0;
}
