/* The order of refusals is deliberate: what does not exist, what has no such method, what carries
 * its token in the address, what cannot be decided now, who is not known, who may not. */
#include "api/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/reply.h"
#include "event/httpd.h"
#include "event/ws-proxy.h"

#define STREAM_QUEUE_MAX (1024u * 1024) /* one page of live.c fits */

struct Server {
        Httpd *httpd;
        Refusals *refusals;
        WsProxies proxies;
        const Route *routes;
        const ApiContext *api;
};

static ApiCall *call_free(ApiCall *c) {
        if (!c)
                return NULL;
        store_call_cancel(c->open);
        if (c->state)
                c->state_free(c->state);
        free(c);
        return NULL;
}

/* Refusing ------------------------------------------------------------------------------------- */

static void refuse_method(ApiCall *c) {
        static const HttpdRefusal refusal = { 405, "no_such_method",
                                              "This address has no such method." };
        char header[ROUTE_ALLOW_SIZE + 16];

        snprintf(header, sizeof(header), "Allow: %s", c->match.allow);
        call_refuse(c, &refusal, header);
}

static void refuse_unknown(ApiCall *c, int r) {
        static const HttpdRefusal missing = {
                401, "token_missing", "The header Authorization: Bearer TOKEN is missing."
        };
        static const HttpdRefusal wrong = {
                401, "token_unknown", "The token is malformed, unknown, expired or revoked."
        };

        if (r == -ENOENT)
                call_refuse(c, &missing, "WWW-Authenticate: Bearer realm=\"dpin\"");
        else
                call_refuse(c, &wrong,
                            "WWW-Authenticate: Bearer realm=\"dpin\", error=\"invalid_token\"");
}

static void refuse_scope(ApiCall *c) {
        const char *scope = auth_scope_name(c->match.route->scope);
        char detail[64], header[128];

        snprintf(detail, sizeof(detail), "The token lacks the scope \"%s\".", scope);
        snprintf(header, sizeof(header),
                 "WWW-Authenticate: Bearer realm=\"dpin\", error=\"insufficient_scope\","
                 " scope=\"%s\"",
                 scope);
        call_refuse(c, &(HttpdRefusal){ 403, "scope_missing", detail }, header);
}

static void refuse_address(ApiCall *c) {
        static const HttpdRefusal refusal = { 404, "no_such_address",
                                              "There is nothing at this address." };

        call_refuse(c, &refusal, NULL);
}

static void refuse_query(ApiCall *c) {
        static const HttpdRefusal refusal = { 400, "token_in_address",
                                              "A token belongs in the header Authorization, never"
                                              " in the address." };

        call_refuse(c, &refusal, NULL);
}

/* Requests ------------------------------------------------------------------------------------- */

static void admit(ApiCall *c, int r, const TokenRow *rows, size_t n) {
        if (r < 0) {
                call_fail(c, r);
                return;
        }
        if (n == 0) {
                refuse_unknown(c, -EACCES);
                return;
        }
        principal_set(&c->who, rows);
        if (!(c->who.scopes & c->match.route->scope))
                refuse_scope(c);
        else
                c->match.route->handle(c);
}

static void on_token(int r, const TokenRow *rows, size_t n, void *userdata) {
        ApiCall *c = userdata;

        c->open = NULL;
        admit(c, r, rows, n);
}

static void authenticate(ApiCall *c) {
        int r;

        if (auth_in_query(c->http)) {
                refuse_query(c);
                return;
        }
        r = auth_read(httpd_header(c->http, "Authorization"), c->who.secret_sha256);
        if (r < 0) {
                refuse_unknown(c, r);
                return;
        }
        if (!api_is_ready(c->api)) {
                call_unavailable(c);
                return;
        }
        call_started(c, token_find(c->api->store, c->who.secret_sha256, on_token, c, &c->open));
}

/* What a path can do, or, of "*", any path. */
static bool answer_options(ApiCall *c, int r) {
        char header[ROUTE_ALLOW_SIZE + 16] = "Allow: GET, HEAD, POST, PATCH, DELETE, OPTIONS";

        if (strcmp(httpd_method(c->http), "OPTIONS") != 0 ||
            (r == -ENOENT && strcmp(httpd_path(c->http), "*") != 0))
                return false;
        if (r != -ENOENT)
                snprintf(header, sizeof(header), "Allow: %s", c->match.allow);
        reply_options(c->http, header);
        return true;
}

static void dispatch(Server *s, ApiCall *c) {
        int r;

        r = router_find(s->routes, httpd_method(c->http), httpd_path(c->http), &c->match);
        if (answer_options(c, r))
                return;
        if (r == -ENOENT)
                refuse_address(c);
        else if (r < 0)
                refuse_method(c);
        else if (c->match.route->scope)
                authenticate(c);
        else
                c->match.route->handle(c);
}

static void on_request(HttpdRequest *http, void *userdata) {
        Server *s = userdata;
        ApiCall *c = calloc(1, sizeof(*c));

        if (!c) {
                reply_problem(http, &(Problem){ .status = 503, .header = "Retry-After: 2" });
                return;
        }
        *c = (ApiCall){ .http = http, .api = s->api, .refusals = s->refusals };
        httpd_set_userdata(http, c);
        dispatch(s, c);
}

static void on_finished(HttpdRequest *http, void *userdata _unused_) {
        call_free(httpd_get_userdata(http));
}

static void on_refused(const HttpdRefusal *refusal, const struct sockaddr *peer, void *userdata) {
        Server *s = userdata;

        refusal_note(s->refusals, refusal, peer);
}

static bool is_unlimited(const struct sockaddr *peer, void *userdata) {
        const Server *s = userdata;

        return ws_proxies_have(&s->proxies, peer);
}

/* Life ----------------------------------------------------------------------------------------- */

static const HttpdOps ops = {
        .request = on_request,
        .finished = on_finished,
        .refused = on_refused,
        .unlimited = is_unlimited,
};

int server_new(Server **ret, uv_loop_t *loop, const ServerOptions *options) {
        HttpdOptions http = {
                .fd = options->fd,
                .limits = {
                        .connections_max = options->connections,
                        .per_address_max = options->connections_per_address,
                        .stream_queue_max = STREAM_QUEUE_MAX,
                },
        };
        _cleanup_(server_freep) Server *s = calloc(1, sizeof(*s));
        int r;

        if (!s)
                return -ENOMEM;
        *s = (Server){ .routes = options->routes, .api = options->api };

        r = refusals_new(&s->refusals);
        if (r < 0)
                return r;

        r = ws_proxies_read(&s->proxies, options->trusted_proxies);
        if (r < 0)
                return r;

        r = httpd_new(&s->httpd, loop, &http, &ops, s);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(s);
        return 0;
}

Server *server_free(Server *s) {
        if (!s)
                return NULL;
        httpd_free(s->httpd);
        refusals_free(s->refusals);
        free(s);
        return NULL;
}

void server_drain(Server *s) {
        httpd_drain(s->httpd);
}

unsigned server_active(const Server *s) {
        return httpd_active(s->httpd);
}

unsigned server_guests(const Server *s) {
        return httpd_guests(s->httpd);
}

unsigned server_connections(const Server *s, unsigned *ret_most) {
        return httpd_connections(s->httpd, ret_most);
}

Refusals *server_refusals(Server *s) {
        return s->refusals;
}
