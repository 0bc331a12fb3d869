/* The reference for what an idle connection costs: a WebSocket server of libwebsockets on libuv and
 * nothing else. Prints its port, serves until it is killed. */
#include <libwebsockets.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <uv.h>

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *data,
                    size_t n) {
        (void)wsi;
        (void)reason;
        (void)user;
        (void)data;
        (void)n;
        return 0;
}

static const struct lws_protocols protocols[] = {
        { .name = "dpin.v1", .callback = on_event, .per_session_data_size = sizeof(void *) },
        { 0 },
};

/* As in event/ws-context.c. */
static struct lws_context *start(uv_loop_t *loop) {
        void *loops[] = { loop };
        struct lws_context_creation_info info = {
                .port = 0,
                .iface = "127.0.0.1",
                .protocols = protocols,
                .gid = (gid_t)-1,
                .uid = (uid_t)-1,
                .foreign_loops = loops,
                .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_VALIDATE_UTF8,
        };

        lws_set_log_level(0, NULL);
        return lws_create_context(&info);
}

int main(void) {
        struct rlimit limit = { 0 };
        struct lws_context *context;
        uv_loop_t loop;

        (void)getrlimit(RLIMIT_NOFILE, &limit);
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
        (void)signal(SIGPIPE, SIG_IGN);
        if (uv_loop_init(&loop) < 0)
                return EXIT_FAILURE;
        context = start(&loop);
        if (!context)
                return EXIT_FAILURE;
        printf("%d\n", lws_get_vhost_listen_port(lws_get_vhost_by_name(context, "default")));
        (void)fflush(stdout);
        (void)uv_run(&loop, UV_RUN_DEFAULT);
        return EXIT_FAILURE;
}
