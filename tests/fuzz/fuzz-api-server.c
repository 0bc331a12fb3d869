/* Any bytes on a connection to the API, with its own handlers and a database that is away; tokens
 * are not asked for, so that requests get as far as their handler. Nothing is done then, nothing
 * fails inside, and what is answered is HTTP. */
#include <errno.h>

#include "api/assets.h"
#include "api/events.h"
#include "api/live.h"
#include "api/routes.h"
#include "api/server.h"
#include "api/sse.h"
#include "http-line.h"
#include "store/statements.h"

enum {
        ROUTES_MAX = 64
};

typedef struct World {
        uv_loop_t loop;
        HttpLine line;
        Route routes[ROUTES_MAX];
        FeedSource feed;
        ApiContext api;
        Server *server;
} World;

static void on_state(StoreState state, const char *text _unused_, void *userdata _unused_) {
        PROPERTY(state != STORE_READY);
}

static bool on_wanted(void *userdata _unused_) {
        return false;
}

static void open_routes(World *w) {
        size_t n = 0;

        for (const Route *r = api_routes; r->path; r++) {
                PROPERTY(n + 1 < ROUTES_MAX);
                w->routes[n] = *r;
                w->routes[n++].scope = 0;
        }
}

static World *world_new(void) {
        World *w = calloc(1, sizeof(*w));
        StoreOptions store = { .dsn = "host=/nonexistent",
                               .role = STORE_API,
                               .statements = store_statements(),
                               .on_state = on_state };
        LiveOps live = { .wanted = on_wanted };
        ServerOptions options;
        Store *s;
        Live *l;
        Sse *e;

        PROPERTY(w && uv_loop_init(&w->loop) == 0);
        PROPERTY(store_new(&s, &w->loop, &store) == 0);
        w->feed = (FeedSource){ .store = s };
        PROPERTY(live_new(&l, &w->feed, &live) == 0);
        PROPERTY(sse_new(&e, &events_sse_ops, 100) == 0);
        open_routes(w);
        w->api = (ApiContext){ .store = s, .feed = &w->feed, .live = l, .sse = e };
        options = (ServerOptions){ .routes = w->routes, .api = &w->api };
        options.fd = http_line_init(&w->line, &w->loop);
        PROPERTY(server_new(&w->server, &w->loop, &options) == 0);
        return w;
}

/* A stream notices that its reader is gone when something is written to it. */
static void let_go(World *w) {
        for (size_t i = 0; server_active(w->server) > 0 && i < HTTP_TURNS_MAX; i++) {
                sse_beat(w->api.sse);
                (void)uv_run(&w->loop, UV_RUN_NOWAIT);
        }
        PROPERTY(server_active(w->server) == 0 && sse_readers(w->api.sse) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static World *w; /* for all inputs: starting the library costs more than a request */
        unsigned status;

        if (!w)
                w = world_new();
        http_line_say(&w->line, data, size);
        let_go(w);
        status = http_line_status(&w->line);
        PROPERTY(status <= 100 || status == 200 || status == 304 || status >= 400);
        PROPERTY(status != 500 || strstr(w->line.answer, "libmicrohttpd"));
        return 0;
}
