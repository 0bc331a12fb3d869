/* Any bytes on a connection to the HTTP server: each request it delivers is within its limits,
 * decoded as it says, and finished exactly once; what is answered is HTTP. */
#include <errno.h>

#include "event/httpd-internal.h"
#include "http-line.h"

enum {
        BODY_MAX = 1000
};

typedef struct World {
        uv_loop_t loop;
        HttpLine line;
        Httpd *server;
        unsigned delivered, finished;
} World;

static void check_request(const HttpdRequest *r) {
        size_t n;

        PROPERTY(httpd_body(r, &n) != NULL && n <= BODY_MAX);
        PROPERTY(*httpd_method(r) && httpd_path(r));
        PROPERTY(r->arguments_n <= 64);
        for (size_t i = 0; i < r->arguments_n; i++) {
                const char *name = r->arguments[i].name, *value = httpd_query(r, name);
                size_t k = 0;

                PROPERTY(value);
                while (strcmp(r->arguments[k].name, name) != 0)
                        k++;
                PROPERTY(value == r->arguments[k].value); /* the first of its name */
        }
        PROPERTY(!httpd_query(r, "no such name") || r->arguments_n > 0);
}

static void on_request(HttpdRequest *r, void *userdata) {
        World *w = userdata;
        size_t n;
        const void *body = httpd_body(r, &n);
        HttpdReply reply = { .status = 200, .content_type = "text/plain", .body = body };

        w->delivered++;
        check_request(r);
        reply.body_n = n;
        PROPERTY(httpd_reply(r, &reply) == 0);
        PROPERTY(httpd_reply(r, &reply) == -EALREADY);
}

static void on_finished(HttpdRequest *r _unused_, void *userdata) {
        World *w = userdata;

        w->finished++;
        PROPERTY(w->finished <= w->delivered);
}

static World *world_new(void) {
        static const HttpdOps ops = { .request = on_request, .finished = on_finished };
        World *w = calloc(1, sizeof(*w));
        HttpdOptions options = { .limits = { .body_max = BODY_MAX } };

        PROPERTY(w && uv_loop_init(&w->loop) == 0);
        options.fd = http_line_init(&w->line, &w->loop);
        PROPERTY(httpd_new(&w->server, &w->loop, &options, &ops, w) == 0);
        return w;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static World *w; /* for all inputs: starting the library costs more than a request */
        unsigned status;

        if (!w)
                w = world_new();
        http_line_say(&w->line, data, size);
        for (size_t i = 0; httpd_active(w->server) > 0 && i < HTTP_TURNS_MAX; i++)
                (void)uv_run(&w->loop, UV_RUN_NOWAIT);
        PROPERTY(httpd_active(w->server) == 0 && w->finished == w->delivered);
        status = http_line_status(&w->line);
        PROPERTY(status == 0 || status == 100 || status == 200 || (status >= 400 && status < 600));
        return 0;
}
