/* The server: accepts on inherited sockets, lets the right requests through, and says no to the
 * others in HTTP. */
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "event/ws-internal.h"
#include "event/ws-proxy.h"

#define ACCEPTS_PER_EVENT 64
#define ACCEPT_PAUSE_MS   50 /* when there are no places or no descriptors left */
#define HEADER_SIZE_MAX   1024
#define WS_VERSION        "13"

typedef struct Listener Listener;

struct Listener {
        uv_poll_t poll;
        uv_timer_t pause;
        unsigned handles;
        WsServer *server;
        int fd;
        Listener *next;
};

struct WsServer {
        WsContext context; /* first: it frees the whole */
        char *path;
        Listener *listeners;
        WsProxies proxies;
};

static void on_listener_closed(uv_handle_t *handle) {
        Listener *l = handle->data;

        if (--l->handles > 0)
                return;
        close(l->fd);
        free(l);
}

static void listener_close(Listener *l) {
        uv_close((uv_handle_t *)&l->poll, on_listener_closed);
        uv_close((uv_handle_t *)&l->pause, on_listener_closed);
}

static void on_acceptable(uv_poll_t *poll, int status _unused_, int events _unused_);

static void on_pause_over(uv_timer_t *timer) {
        Listener *l = timer->data;

        (void)uv_poll_start(&l->poll, UV_READABLE, on_acceptable);
}

/* 0: taken in; -EAGAIN: none waits; else there is no room for one. */
static int accept_one(Listener *l) {
        WsContext *c = &l->server->context;
        usec_t now = uv_now(c->loop) * USEC_PER_MSEC;
        struct lws *wsi;
        int fd;

        if (!ws_door_is_open(c, now))
                return -EBUSY;
        fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
                return errno == ECONNABORTED || errno == EINTR ? 0 : -errno;

        wsi = lws_adopt_socket_vhost(c->vhost, fd); /* takes fd, also when it fails */
        if (wsi && ws_door_enter(c, wsi, now) < 0)
                lws_set_timeout(wsi, PENDING_TIMEOUT_KILLED_BY_PARENT, LWS_TO_KILL_ASYNC);
        return 0;
}

static void on_acceptable(uv_poll_t *poll, int status _unused_, int events _unused_) {
        Listener *l = poll->data;
        int r = 0;

        for (unsigned i = 0; i < ACCEPTS_PER_EVENT && r == 0; i++)
                r = accept_one(l);
        if (r == 0 || r == -EAGAIN)
                return;
        (void)uv_poll_stop(&l->poll);
        (void)uv_timer_start(&l->pause, on_pause_over, ACCEPT_PAUSE_MS, 0);
}

/* Accepted sockets inherit it: what follows a message that was not acknowledged yet would wait 40
 * ms for that. Not every socket is TCP. */
static void send_at_once(int fd) {
        int on = 1;

        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

int ws_server_listen(WsServer *s, int fd) {
        Listener *l = calloc(1, sizeof(*l));
        int r;

        r = l ? uv_poll_init(s->context.loop, &l->poll, fd) : -ENOMEM;
        if (r < 0) {
                close(fd);
                free(l);
                return r;
        }
        (void)uv_timer_init(s->context.loop, &l->pause);
        l->poll.data = l->pause.data = l;
        l->handles = 2;
        l->server = s;
        l->fd = fd;
        send_at_once(fd);
        l->next = s->listeners;
        s->listeners = l;
        return uv_poll_start(&l->poll, UV_READABLE, on_acceptable);
}

void ws_server_stop_accepting(WsServer *s) {
        while (s->listeners) {
                Listener *l = s->listeners;

                s->listeners = l->next;
                listener_close(l);
        }
}

unsigned ws_server_guests(const WsServer *s) {
        return s->context.door.n;
}

int ws_server_set_trusted_proxies(WsServer *s, const char *addresses) {
        return ws_proxies_read(&s->proxies, addresses);
}

/* The whole X-Forwarded-For, all its lines joined; "" when it cannot be had whole, NULL: there is
 * none. */
static const char *forwarded_header(struct lws *wsi, char ret[static HEADER_SIZE_MAX]) {
        int n = lws_hdr_total_length(wsi, WSI_TOKEN_X_FORWARDED_FOR);

        if (n <= 0)
                return NULL;
        if (lws_hdr_copy(wsi, ret, HEADER_SIZE_MAX, WSI_TOKEN_X_FORWARDED_FOR) != n ||
            strlen(ret) != (size_t)n)
                return "";
        return ret;
}

/* Who the peer is, as ws_proxies_resolve() says. */
static int peer_address(const WsServer *s, struct lws *wsi, struct sockaddr_storage *ret) {
        char header[HEADER_SIZE_MAX];
        socklen_t n = sizeof(*ret);

        *ret = (struct sockaddr_storage){ 0 };
        if (getpeername(lws_get_socket_fd(wsi), (struct sockaddr *)ret, &n) < 0)
                return -EBADMSG;
        return ws_proxies_resolve(&s->proxies, ret, forwarded_header(wsi, header));
}

static bool has_token(const char *list, const char *wanted) {
        size_t n;

        for (; *list; list += n) {
                list += strspn(list, ", \t");
                n = strcspn(list, ", \t");
                if (n == strlen(wanted) && strncmp(list, wanted, n) == 0)
                        return true;
        }
        return false;
}

/* 0, or the HTTP status the upgrade is refused with. */
static unsigned judge_upgrade(WsServer *s, struct lws *wsi, const char *to) {
        char path[256] = "", protocols[256] = "", version[4] = "";
        WsCounters *counters = &s->context.counters;
        struct sockaddr_storage address;

        (void)lws_hdr_copy(wsi, path, sizeof(path), WSI_TOKEN_GET_URI);
        (void)lws_hdr_copy(wsi, protocols, sizeof(protocols), WSI_TOKEN_PROTOCOL);
        (void)lws_hdr_copy(wsi, version, sizeof(version), WSI_TOKEN_VERSION);
        if (lws_hdr_total_length(wsi, WSI_TOKEN_ORIGIN) > 0) {
                counters->refused_origin++;
                return HTTP_STATUS_FORBIDDEN;
        }
        if (strcmp(path, s->path) != 0)
                return HTTP_STATUS_NOT_FOUND;
        if (strcasecmp(to, "websocket") != 0 || strcmp(version, WS_VERSION) != 0 ||
            !has_token(protocols, WS_PROTOCOL)) {
                counters->refused_protocol++;
                return HTTP_STATUS_BAD_REQUEST;
        }
        if (peer_address(s, wsi, &address) < 0) {
                counters->refused_address++;
                return HTTP_STATUS_BAD_REQUEST;
        }
        if (s->context.settled_n >= s->context.limits.peers_max) {
                counters->refused_full++;
                return HTTP_STATUS_SERVICE_UNAVAILABLE;
        }
        return 0;
}

static int refuse(struct lws *wsi, unsigned status) {
        (void)lws_return_http_status(wsi, status, NULL);
        return -1;
}

static int on_upgrade_asked(WsServer *s, struct lws *wsi, const char *to) {
        unsigned status;

        if (s->context.freed)
                return -1;
        status = judge_upgrade(s, wsi, to);
        return status == 0 ? 0 : refuse(wsi, status);
}

static int on_opened(WsServer *s, struct lws *wsi, WsPeer **ret) {
        struct sockaddr_storage address;
        WsPeer *p;
        int r;

        if (s->context.freed || peer_address(s, wsi, &address) < 0 ||
            ws_peer_new(&p, &s->context, wsi) < 0)
                return -1;

        p->address = address;
        *ret = p;
        r = s->context.ops.opened(p, s->context.userdata);
        if (r < 0) {
                *ret = ws_peer_free(p);
                return -1;
        }
        s->context.counters.opened++;
        return 0;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *data,
                    size_t n) {
        WsServer *s = lws_context_user(lws_get_context(wsi));
        WsPeer **peer = user;

        switch (reason) {
        case LWS_CALLBACK_HTTP:
                return refuse(wsi, HTTP_STATUS_NOT_FOUND);
        case LWS_CALLBACK_RAW_ADOPT: /* CONNECT makes a tunnel of it, which nobody watches */
                return -1;
        case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
                return on_upgrade_asked(s, wsi, data);
        case LWS_CALLBACK_ESTABLISHED:
                return on_opened(s, wsi, peer);
        case LWS_CALLBACK_WSI_DESTROY:
                ws_door_leave(&s->context, wsi);
                return 0;
        default:
                return peer && *peer ? ws_peer_on_event(*peer, reason, data, n) : 0;
        }
}

int ws_server_new(WsServer **ret, uv_loop_t *loop, const WsServerOptions *options, const WsOps *ops,
                  void *userdata) {
        WsServer *s = calloc(1, sizeof(*s));
        int r;

        if (!s)
                return -ENOMEM;

        s->context.loop = loop;
        s->context.ops = *ops;
        s->context.userdata = userdata;
        s->context.limits = options->limits;
        s->path = strdup(options->path);
        r = ws_context_start(&s->context, on_event, false, NULL);
        if (r == 0 && !s->path)
                r = -ENOMEM;
        if (r < 0) {
                ws_server_free(s);
                return r;
        }
        *ret = s;
        return 0;
}

const WsCounters *ws_server_counters(const WsServer *s) {
        return &s->context.counters;
}

unsigned ws_server_connections(WsServer *s, unsigned *ret_most) {
        unsigned n = s->context.door.n + s->context.settled_n;

        *ret_most = MAX(s->context.door.most, n);
        s->context.door.most = 0;
        return n;
}

WsServer *ws_server_free(WsServer *s) {
        if (!s)
                return NULL;

        ws_server_stop_accepting(s);
        free(TAKE_PTR(s->path));
        ws_context_end(&s->context);
        return NULL;
}
