/* The server: accepts on inherited sockets, lets the right requests through, and says no to the
 * others in HTTP. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "event/ws-internal.h"

#define ACCEPTS_PER_EVENT 64
#define PROXIES_MAX       16
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
        struct in6_addr proxies[PROXIES_MAX];
        size_t proxies_n;
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

/* IPv4 as ::ffff:a.b.c.d, so that both spellings are one. */
static struct in6_addr mapped_address(const struct in_addr *v4) {
        struct in6_addr a = { .s6_addr = { [10] = 0xff, [11] = 0xff } };

        memcpy(&a.s6_addr[12], v4, sizeof(*v4));
        return a;
}

static bool parse_address(const char *text, struct in6_addr *ret) {
        struct in_addr v4;

        if (inet_pton(AF_INET6, text, ret) == 1)
                return true;
        if (inet_pton(AF_INET, text, &v4) != 1)
                return false;
        *ret = mapped_address(&v4);
        return true;
}

static void set_address(struct sockaddr_storage *s, const struct in6_addr *a) {
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)s;
        struct sockaddr_in *v4 = (struct sockaddr_in *)s;

        *s = (struct sockaddr_storage){ 0 };
        if (IN6_IS_ADDR_V4MAPPED(a)) {
                v4->sin_family = AF_INET;
                memcpy(&v4->sin_addr, &a->s6_addr[12], sizeof(v4->sin_addr));
        } else {
                v6->sin6_family = AF_INET6;
                v6->sin6_addr = *a;
        }
}

int ws_server_set_trusted_proxies(WsServer *s, const char *addresses) {
        _cleanup_free_ char *copy = strdup(addresses ? addresses : "");
        struct in6_addr proxies[PROXIES_MAX];
        char *state, *token;
        size_t n = 0;

        if (!copy)
                return -ENOMEM;
        for (token = strtok_r(copy, ", ", &state); token; token = strtok_r(NULL, ", ", &state)) {
                if (n == PROXIES_MAX)
                        return -E2BIG;
                if (!parse_address(token, &proxies[n++]))
                        return -EINVAL;
        }
        memcpy(s->proxies, proxies, n * sizeof(*proxies));
        s->proxies_n = n;
        return 0;
}

static bool is_trusted_proxy(const WsServer *s, const struct in6_addr *a) {
        for (size_t i = 0; i < s->proxies_n; i++)
                if (memcmp(&s->proxies[i], a, sizeof(*a)) == 0)
                        return true;
        return false;
}

/* The peer of the connection itself, without the proxies' word. */
static bool connected_address(struct lws *wsi, struct in6_addr *ret) {
        struct sockaddr_storage s = { 0 };
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&s;
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)&s;
        socklen_t n = sizeof(s);

        if (getpeername(lws_get_socket_fd(wsi), (struct sockaddr *)&s, &n) < 0)
                return false;
        if (s.ss_family == AF_INET)
                *ret = mapped_address(&v4->sin_addr);
        else
                *ret = v6->sin6_addr;
        return s.ss_family == AF_INET || s.ss_family == AF_INET6;
}

/* Who the peer is. Of a trusted proxy's header the last entry counts, which it wrote itself.
 * -EBADMSG: there is one, but it names no address: the peer must not pass for the proxy then. */
static int peer_address(const WsServer *s, struct lws *wsi, struct in6_addr *ret) {
        char header[HEADER_SIZE_MAX] = "", *last;
        struct in6_addr a;
        int n;

        if (!connected_address(wsi, &a))
                return -EBADMSG;
        *ret = a;
        if (!is_trusted_proxy(s, &a))
                return 0;
        n = lws_hdr_copy(wsi, header, sizeof(header), WSI_TOKEN_X_FORWARDED_FOR);
        if (n == 0)
                return 0;

        last = strrchr(header, ',');
        last = last ? last + 1 : header;
        last += strspn(last, " ");
        last[strcspn(last, " ")] = '\0';
        if (n < 0 || !parse_address(last, &a))
                return -EBADMSG;
        *ret = a;
        return 0;
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
        struct in6_addr address;

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
        struct in6_addr address;
        WsPeer *p;
        int r;

        if (s->context.freed || peer_address(s, wsi, &address) < 0 ||
            ws_peer_new(&p, &s->context, wsi) < 0)
                return -1;

        set_address(&p->address, &address);
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
