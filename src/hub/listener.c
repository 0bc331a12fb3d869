/* Bytes to sessions and back: nothing is decided here. */
#include "hub/listener.h"

#include <errno.h>
#include <unistd.h>
#include <utlist.h>

typedef struct Connection {
        Listener *listener;
        WsPeer *peer;
        Session *session;
        struct Connection *prev, *next;
} Connection;

struct Listener {
        WsServer *server;
        SessionOptions options;
        Connection *connections;
        size_t n;
        bool draining;
        Code farewell; /* while draining */
        unsigned retry_after;
};

static void connection_free(Connection *c) {
        DL_DELETE(c->listener->connections, c);
        c->listener->n--;
        free(c);
}

static int on_opened(WsPeer *p, void *userdata) {
        Listener *l = userdata;
        Connection *c = calloc(1, sizeof(*c));
        int r;

        if (!c)
                return -ENOMEM;
        r = session_new(&c->session, p, &l->options);
        if (r < 0) {
                free(c);
                return r;
        }
        c->listener = l;
        c->peer = p;
        DL_APPEND(l->connections, c);
        l->n++;
        ws_peer_set_userdata(p, c);
        if (l->draining) /* it was accepted before */
                session_bye(c->session, l->farewell, l->retry_after);
        return 0;
}

static void on_received(WsPeer *p, WsKind kind, const uint8_t *data, size_t n,
                        void *userdata _unused_) {
        Connection *c = ws_peer_get_userdata(p);

        session_receive(c->session, kind, data, n);
}

static void on_drained(WsPeer *p, void *userdata _unused_) {
        Connection *c = ws_peer_get_userdata(p);

        session_drained(c->session);
}

static void on_closed(WsPeer *p, unsigned code _unused_, void *userdata _unused_) {
        Connection *c = ws_peer_get_userdata(p);

        session_closed(c->session);
        connection_free(c);
}

static const WsOps ops = {
        .opened = on_opened,
        .received = on_received,
        .drained = on_drained,
        .closed = on_closed,
};

int listener_new(Listener **ret, int fd, const char *trusted_proxies,
                 const SessionOptions *options) {
        _cleanup_(listener_freep) Listener *l = calloc(1, sizeof(*l));
        const WsServerOptions server_options = { .path = "/ws" };
        int r;

        if (!l) {
                close(fd);
                return -ENOMEM;
        }
        l->options = *options;
        r = ws_server_new(&l->server, options->loop, &server_options, &ops, l);
        if (r < 0) {
                close(fd);
                return r;
        }
        r = ws_server_set_trusted_proxies(l->server, trusted_proxies);
        if (r < 0) {
                close(fd);
                return r;
        }
        r = ws_server_listen(l->server, fd);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(l);
        return 0;
}

Listener *listener_free(Listener *l) {
        if (!l)
                return NULL;
        l->server = ws_server_free(l->server);
        while (l->connections) {
                session_free(l->connections->session);
                connection_free(l->connections);
        }
        free(l);
        return NULL;
}

void listener_drain(Listener *l, Code code, unsigned retry_after) {
        Connection *c, *next;

        l->draining = true;
        l->farewell = code;
        l->retry_after = retry_after;
        ws_server_stop_accepting(l->server);
        DL_FOREACH_SAFE(l->connections, c, next)
        session_bye(c->session, code, retry_after);
}

void listener_forget(Listener *l, Code code, unsigned retry_after) {
        Connection *c;

        DL_FOREACH(l->connections, c) {
                session_bye(c->session, code, retry_after);
                session_set_validator(c->session, NULL);
        }
}

unsigned listener_guests(const Listener *l) {
        return ws_server_guests(l->server);
}

size_t listener_sessions(const Listener *l) {
        return l->n;
}

unsigned listener_connections(const Listener *l, unsigned *ret_most) {
        return ws_server_connections(l->server, ret_most);
}

const WsCounters *listener_counters(const Listener *l) {
        return ws_server_counters(l->server);
}
