/* A call is in one phase at a time: resolving, connecting to one address after the other, waiting
 * for what is expected. */
#include "event/tcp.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "event/timer.h"

#define CHUNK 4096

typedef struct Socket {
        uv_poll_t poll; /* first: it is freed when the loop has let go of it */
        int fd;
} Socket;

struct TcpCall {
        TcpRequest request; /* its texts are copied to the next members */
        char *send, *expect;
        ResolverLookup *lookup; /* while it resolves */
        ResolverResult names;
        unsigned next; /* address to try */
        Socket *socket;
        bool connected;
        Timer *timer;
        usec_t started, deadline; /* boottime */
        char *kept;               /* the end of what came, and room for more */
        size_t kept_n, read_n;
        TcpDone done;
        void *userdata;
        TcpResult result;
};

static void try_next(TcpCall *c);

/* Sockets -------------------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *poll) {
        free(poll);
}

static Socket *socket_close(Socket *s) {
        if (!s)
                return NULL;
        uv_close((uv_handle_t *)&s->poll, on_closed);
        close(s->fd);
        return NULL;
}

/* NULL, and errno says why. */
static Socket *socket_open(TcpCall *c, int family) {
        Socket *s = calloc(1, sizeof(*s));

        if (!s)
                return NULL;
        s->fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (s->fd >= 0 && uv_poll_init_socket(c->request.loop, &s->poll, s->fd) == 0) {
                s->poll.data = c;
                return s;
        }
        if (s->fd >= 0)
                close(s->fd);
        free(s);
        return NULL;
}

/* The end -------------------------------------------------------------------------------------- */

static TcpCall *call_free(TcpCall *c) {
        if (!c)
                return NULL;
        resolver_lookup_cancel(c->lookup);
        socket_close(c->socket);
        timer_free(c->timer);
        free(c->kept);
        free(c->expect);
        free(c->send);
        free(c);
        return NULL;
}
DEFINE_FREEP(TcpCall, call_free);

/* What is not in the phases before is in the one it ended in; where nothing is said or expected,
 * nothing is waited for. */
static void measure(TcpCall *c) {
        usec_t spent = now_boottime() - c->started;

        if (c->connected && !c->send && !c->expect)
                return;
        if (c->connected)
                c->result.wait = spent - c->result.dns - c->result.connect;
        else if (c->result.address.any.sa_family != AF_UNSPEC)
                c->result.connect = spent - c->result.dns;
}

static void finish(TcpCall *c, TcpError error) {
        measure(c);
        c->result.error = error;
        c->done(&c->result, c->userdata);
        call_free(c);
}

static TcpError error_of(int error) {
        switch (error) {
        case ECONNREFUSED:
                return TCP_REFUSED;
        case ETIMEDOUT:
                return TCP_TIMEOUT_CONNECT;
        case ECONNRESET:
        case EPIPE:
                return TCP_RESET;
        case ENOMEM:
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case EADDRNOTAVAIL: /* all ports of this machine are taken */
                return TCP_INTERNAL;
        default:
                return TCP_UNREACHABLE;
        }
}

/* What is expected ----------------------------------------------------------------------------- */

/* Moves the end of what came to the front: the expected bytes may have begun in it. */
static void keep_end(TcpCall *c) {
        size_t n = MIN(c->kept_n, strlen(c->expect) - 1);

        memmove(c->kept, c->kept + c->kept_n - n, n);
        c->kept_n = n;
}

static void on_bytes(TcpCall *c) {
        ssize_t n = recv(c->socket->fd, c->kept + c->kept_n, CHUNK, 0);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        if (n < 0)
                return finish(c, error_of(errno));
        if (n == 0)
                return finish(c, c->read_n > 0 ? TCP_UNEXPECTED : TCP_RESET);
        c->read_n += (size_t)n;
        c->kept_n += (size_t)n;
        if (memmem(c->kept, c->kept_n, c->expect, strlen(c->expect)))
                return finish(c, TCP_OK);
        if (c->read_n >= TCP_READ_MAX)
                return finish(c, TCP_UNEXPECTED);
        keep_end(c);
}

/* A reset is told as a failed poll: reading tells it again. */
static void on_readable(uv_poll_t *poll, int status _unused_, int events _unused_) {
        on_bytes(poll->data);
}

static void expect(TcpCall *c) {
        usec_t now = now_boottime();

        c->kept = malloc(strlen(c->expect) + CHUNK);
        if (!c->kept || uv_poll_start(&c->socket->poll, UV_READABLE, on_readable) < 0)
                return finish(c, TCP_INTERNAL);
        timer_after(c->timer, c->deadline > now ? c->deadline - now : 0);
}

static void connected(TcpCall *c) {
        c->result.connect = now_boottime() - c->started - c->result.dns;
        c->connected = true;
        if (c->send && send(c->socket->fd, c->send, strlen(c->send), MSG_NOSIGNAL) < 0)
                return finish(c, error_of(errno));
        if (!c->expect)
                return finish(c, TCP_OK);
        expect(c);
}

/* Connecting ----------------------------------------------------------------------------------- */

static void failed(TcpCall *c, TcpError error) {
        c->socket = socket_close(c->socket);
        c->result.error = error;
        try_next(c);
}

static void on_connected(uv_poll_t *poll, int status, int events _unused_) {
        TcpCall *c = poll->data;
        int error = 0;
        socklen_t n = sizeof(error);

        if (getsockopt(c->socket->fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0)
                error = errno;
        if (error == 0 && status < 0)
                error = -status;
        if (error)
                return failed(c, error_of(error));
        (void)uv_poll_stop(poll);
        connected(c);
}

/* What is left of the time is shared by the addresses that are left. */
static void set_timer(TcpCall *c, unsigned left) {
        usec_t now = now_boottime();

        timer_after(c->timer, c->deadline > now ? (c->deadline - now) / MAX(left, 1u) : 0);
}

static void try_address(TcpCall *c, const NetAddress *a) {
        c->result.address = *a;
        c->socket = socket_open(c, a->any.sa_family);
        if (!c->socket)
                return failed(c, error_of(errno));
        if (connect(c->socket->fd, &a->any, net_address_size(a)) < 0 && errno != EINPROGRESS)
                return failed(c, error_of(errno));
        if (uv_poll_start(&c->socket->poll, UV_WRITABLE, on_connected) < 0)
                return failed(c, TCP_INTERNAL);
        set_timer(c, c->names.n - c->next + 1);
}

static bool may_connect(const TcpCall *c, const NetAddress *a) {
        return !c->request.guard ||
               c->request.guard(&a->any, net_address_size(a), c->request.guard_userdata);
}

/* The first that is allowed; when there is none, what the last one failed with. */
static void try_next(TcpCall *c) {
        while (c->next < c->names.n) {
                NetAddress *a = &c->names.addresses[c->next++];

                net_address_set_port(a, c->request.port);
                if (may_connect(c, a))
                        return try_address(c, a);
        }
        finish(c, c->result.error);
}

static void on_timeout(void *userdata) {
        TcpCall *c = userdata;

        if (c->connected)
                return finish(c, TCP_TIMEOUT_WAIT);
        failed(c, TCP_TIMEOUT_CONNECT);
}

static void on_resolved(const ResolverResult *names, void *userdata) {
        TcpCall *c = userdata;

        c->lookup = NULL;
        c->names = *names;
        c->result.dns = names->at - c->started;
        c->result.error = TCP_BLOCKED; /* until one is tried */
        if (names->outcome == RESOLVER_NO_MEMORY)
                return finish(c, TCP_INTERNAL);
        if (names->outcome == RESOLVER_TIMEOUT)
                return finish(c, TCP_TIMEOUT_DNS);
        if (names->outcome != RESOLVER_FOUND)
                return finish(c, TCP_DNS);
        try_next(c);
}

/* The beginning -------------------------------------------------------------------------------- */

static int copy_text(const char *text, char **ret) {
        *ret = text && *text ? strdup(text) : NULL;
        return text && *text && !*ret ? -ENOMEM : 0;
}

static int fill(TcpCall *c, const TcpRequest *request) {
        int r;

        c->request = *request;
        c->started = now_boottime();
        c->deadline = c->started + request->timeout;
        r = copy_text(request->send, &c->send);
        if (r < 0)
                return r;
        r = copy_text(request->expect, &c->expect);
        if (r < 0)
                return r;
        return timer_new(&c->timer, request->loop, on_timeout, c);
}

int tcp_start(const TcpRequest *request, TcpDone done, void *userdata, TcpCall **ret) {
        _cleanup_(call_freep) TcpCall *c = calloc(1, sizeof(*c));
        int r;

        if (!c)
                return -ENOMEM;
        r = fill(c, request);
        if (r < 0)
                return r;
        c->done = done;
        c->userdata = userdata;
        r = resolver_lookup(request->resolver,
                            &(ResolverName){ request->host, request->family, request->timeout },
                            on_resolved, c, &c->lookup);
        if (r < 0)
                return r;
        c->request.host = c->request.send = c->request.expect = NULL;
        *ret = TAKE_PTR(c);
        return 0;
}

TcpCall *tcp_cancel(TcpCall *c) {
        return call_free(c);
}
