/* A library context on the loop: how it begins, its tick, and how it ends without leaking. */
#include <errno.h>
#include <string.h>

#include "event/ws-internal.h"

#define MESSAGE_MAX_DEFAULT      (64u * 1024)
#define MESSAGE_TIME_MAX_DEFAULT (30 * USEC_PER_SEC)
#define FRAGMENTS_MAX_DEFAULT    256u
#define QUEUE_MAX_DEFAULT        (1024u * 1024)
#define PEERS_MAX_DEFAULT        10000u
#define HANDSHAKES_MAX_DEFAULT   4096u
#define HANDSHAKE_MAX_DEFAULT    (10 * USEC_PER_SEC)
#define PING_INTERVAL_DEFAULT    (20 * USEC_PER_SEC)

/* Received at once, and room that each connection takes: with 16 KiB a large batch takes two turns
 * of the loop less and an idle connection a page more. */
#define PIECE_SIZE (4u * 1024)

static void apply_defaults(WsLimits *l) {
        if (l->message_max == 0)
                l->message_max = MESSAGE_MAX_DEFAULT;
        if (l->message_time_max == 0)
                l->message_time_max = MESSAGE_TIME_MAX_DEFAULT;
        if (l->fragments_max == 0)
                l->fragments_max = FRAGMENTS_MAX_DEFAULT;
        if (l->queue_max == 0)
                l->queue_max = QUEUE_MAX_DEFAULT;
        if (l->peers_max == 0)
                l->peers_max = PEERS_MAX_DEFAULT;
        if (l->handshakes_max == 0)
                l->handshakes_max = HANDSHAKES_MAX_DEFAULT;
        if (l->handshake_max == 0)
                l->handshake_max = HANDSHAKE_MAX_DEFAULT;
        if (l->ping_interval == 0)
                l->ping_interval = PING_INTERVAL_DEFAULT;
}

/* Silence is judged by ws_peer_check(). The library would do it too, by a timer of each connection
 * that it moves at every message, in a sorted list it walks from the front. */
static const lws_retry_bo_t no_idle_policy = { .secs_since_valid_hangup = 0 };

/* fd_limit_per_thread stays unset: with it the library searches its descriptors one by one. The
 * proxy is set empty, else it is taken from the environment. */
static void describe(WsContext *c, struct lws_context_creation_info *info, bool client,
                     const char *ca_file, void **loops) {
        unsigned seconds = (unsigned)((c->limits.handshake_max + USEC_PER_SEC - 1) / USEC_PER_SEC);

        info->port = client ? CONTEXT_PORT_NO_LISTEN : CONTEXT_PORT_NO_LISTEN_SERVER;
        info->protocols = c->protocols;
        info->gid = info->uid = -1;
        info->user = c;
        info->pt_serv_buf_size = PIECE_SIZE;
        info->foreign_loops = loops;
        info->options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_VALIDATE_UTF8;
        info->timeout_secs = info->timeout_secs_ah_idle = info->keepalive_timeout = (int)seconds;
        info->http_proxy_address = "";
        info->retry_and_idle_policy = &no_idle_policy;
        if (!client)
                return;

        info->connect_timeout_secs = seconds + 1;
        info->options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
        info->client_ssl_ca_filepath = ca_file;
}

int ws_context_start(WsContext *c, lws_callback_function *callback, bool client,
                     const char *ca_file) {
        struct lws_context_creation_info info = { 0 };
        void *loops[] = { c->loop };

        apply_defaults(&c->limits);
        if (!client)
                ws_door_fit(&c->limits);
        (void)uv_timer_init(c->loop, &c->tick); /* these two cannot fail */
        (void)uv_idle_init(c->loop, &c->reaper);
        c->tick.data = c->reaper.data = c;
        c->handles = 2;

        c->protocols[0] = (struct lws_protocols){
                .name = WS_PROTOCOL,
                .callback = callback,
                .per_session_data_size = sizeof(WsPeer *),
        };
        lws_set_log_level(0, NULL);
        describe(c, &info, client, ca_file, loops);
        c->library = lws_create_context(&info);
        if (!c->library)
                return -EIO;

        c->vhost = lws_get_vhost_by_name(c->library, "default");
        return c->vhost ? 0 : -EIO;
}

void ws_context_wake(WsContext *c) {
        lws_cancel_service(c->library);
}

static void on_handle_closed(uv_handle_t *handle) {
        WsContext *c = handle->data;

        if (--c->handles > 0)
                return;
        free(c->scratch);
        free(c);
}

static void look_for_closing(uv_handle_t *handle, void *userdata) {
        bool *found = userdata;

        *found = *found || uv_is_closing(handle);
}

/* The library closes its handles in two steps, the second from a close callback of the first, and
 * does not tell when it is done. It is when nothing on the loop is closing any more; then the
 * second call frees it. */
static void on_reaper(uv_idle_t *reaper) {
        WsContext *c = reaper->data;
        bool closing = false;

        if (c->library && !c->ending) {
                c->ending = true;
                lws_context_destroy(c->library);
                return;
        }
        if (c->library) {
                uv_walk(c->loop, look_for_closing, &closing);
                if (closing)
                        return;
                lws_context_destroy(TAKE_PTR(c->library));
        }
        uv_close((uv_handle_t *)&c->tick, on_handle_closed);
        uv_close((uv_handle_t *)&c->reaper, on_handle_closed);
}

void ws_context_end(WsContext *c) {
        c->freed = true;
        (void)uv_timer_stop(&c->tick);
        (void)uv_idle_start(&c->reaper, on_reaper);
}
