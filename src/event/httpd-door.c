/* Connections are taken in here rather than by the library, which knows no answer for those it has
 * no room for, and spends a buffer on each that says nothing. A guest's first head is looked at
 * where the kernel keeps it; when it is whole and right, the library reads the same bytes. */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "event/httpd-internal.h"

#define ACCEPTED_AT_ONCE 64
#define EVENTS_AT_ONCE   64
#define LEAVING_TIME     (2 * USEC_PER_SEC)
#define SILENCE_MAX_MSEC 30000u       /* of a peer that acknowledges nothing */
#define UNSENT_MAX       (64u * 1024) /* bytes: a crowd that does not read would have 4 MiB each */
#define ANSWER_SIZE      1024

const HttpdRefusal httpd_too_slow = { 408, "too_slow", "The request took too long to come." };
const HttpdRefusal httpd_too_long = { 413, "body_too_long", "The body is too long." };
const HttpdRefusal httpd_too_many = { 503, "too_many_connections",
                                      "There are too many connections." };
static const HttpdRefusal too_many_of_one = { 429, "too_many_from_address",
                                              "There are too many connections from this address." };
static const HttpdRefusal incomplete = { 400, "incomplete", "The request is not whole." };

/* Refusing ------------------------------------------------------------------------------------- */

size_t httpd_problem(const HttpdRefusal *refusal, char ret[static HTTPD_PROBLEM_SIZE]) {
        return (size_t)snprintf(ret, HTTPD_PROBLEM_SIZE,
                                "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%u,"
                                "\"detail\":\"%s\"}",
                                MHD_get_reason_phrase_for(refusal->status), refusal->status,
                                refusal->detail);
}

static const char *retry_of(unsigned status) {
        return status == MHD_HTTP_SERVICE_UNAVAILABLE || status == MHD_HTTP_TOO_MANY_REQUESTS
                               ? "Retry-After: 2\r\n"
                               : "";
}

static void write_refusal(int fd, const HttpdRefusal *refusal, bool is_head) {
        char body[HTTPD_PROBLEM_SIZE], text[ANSWER_SIZE], date[40];
        size_t n = httpd_problem(refusal, body);
        time_t now = time(NULL);
        struct tm tm;
        int used;

        strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &tm));
        used = snprintf(text, sizeof(text),
                        "HTTP/1.1 %u %s\r\nDate: %s\r\nContent-Type: application/problem+json\r\n"
                        "Content-Length: %zu\r\nCache-Control: no-store\r\n"
                        "X-Content-Type-Options: nosniff\r\n%sConnection: close\r\n\r\n%s",
                        refusal->status, MHD_get_reason_phrase_for(refusal->status), date, n,
                        retry_of(refusal->status), is_head ? "" : body);
        (void)send(fd, text, (size_t)used, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void tell(Httpd *h, const HttpdRefusal *refusal, const HttpdAddress *address) {
        if (h->ops.refused)
                h->ops.refused(refusal, &address->any, h->userdata);
}

/* Reads what has come, so that closing does not reset the connection and with it the answer. 0:
 * there may come more. */
static int throw_away(Httpd *h, int fd) {
        ssize_t n = 1;

        for (unsigned i = 0; i < 16 && n > 0; i++)
                n = recv(fd, h->door.scratch, HTTPD_HEAD_MAX, MSG_DONTWAIT);
        return n > 0 || (n < 0 && errno == EAGAIN) ? 0 : -ENOTCONN;
}

void httpd_door_forget(HttpdConnection *c) {
        int fd = c->fd;

        httpd_connection_free(c);
        close(fd);
}

/* For whom there is no place, not even to be told in good order. */
static void turn_away(Httpd *h, int fd, const HttpdRefusal *refusal, const HttpdAddress *address) {
        tell(h, refusal, address);
        write_refusal(fd, refusal, false);
        (void)shutdown(fd, SHUT_WR);
        (void)throw_away(h, fd);
        close(fd);
}

/* false: it is gone. */
static bool refuse_guest(HttpdConnection *c, const HttpdRefusal *refusal) {
        Httpd *h = c->server;

        tell(h, refusal, &c->address);
        write_refusal(c->fd, refusal, c->head.is_head);
        (void)shutdown(c->fd, SHUT_WR);
        if (throw_away(h, c->fd) < 0 || h->lines.n[CONNECTION_LEAVING] >= h->lines.ended_max) {
                httpd_door_forget(c);
                return false;
        }
        httpd_connection_move(c, CONNECTION_LEAVING, LEAVING_TIME);
        return true;
}

void httpd_door_refuse(HttpdConnection *c, const HttpdRefusal *refusal) {
        if (c->phase == CONNECTION_GUEST) {
                (void)refuse_guest(c, refusal);
                return;
        }
        tell(c->server, refusal, &c->address);
        write_refusal(c->fd, refusal, c->head.is_head);
        httpd_connection_end(c);
}

/* Coming in ------------------------------------------------------------------------------------ */

/* A place among those the library has: the one idle for longest may have to go. */
static bool make_room(Httpd *h) {
        HttpdLines *l = &h->lines;

        if (l->n[CONNECTION_SETTLING] + l->n[CONNECTION_IDLE] + l->n[CONNECTION_BUSY] <
            h->limits.connections_max)
                return true;
        if (!l->lists[CONNECTION_IDLE] || l->n[CONNECTION_GOING] >= l->ended_max)
                return false;
        httpd_connection_end(l->lists[CONNECTION_IDLE]);
        return true;
}

/* From here on the library has the socket, and closes it. true: there was no place for it. */
static bool settle(HttpdConnection *c) {
        Httpd *h = c->server;
        int fd = c->fd;

        if (!make_room(h))
                return refuse_guest(c, &httpd_too_many);
        if (c->watched)
                (void)epoll_ctl(h->door.epoll_fd, EPOLL_CTL_DEL, c->fd, NULL);
        httpd_connection_move(c, CONNECTION_SETTLING, USEC_INFINITY);
        if (MHD_add_connection(h->daemon, fd, &c->address.any, c->address.n) != MHD_YES) {
                c = httpd_connection_settling(h, fd);
                if (c)
                        httpd_connection_free(c);
        }
        httpd_loop_turn_soon(h);
        return false;
}

/* ended: nothing more will come. false: it is gone, or the library has it. */
static bool look(HttpdConnection *c, bool ended) {
        Httpd *h = c->server;
        const HttpdRefusal *refusal = NULL;
        ssize_t n = recv(c->fd, h->door.scratch, HTTPD_HEAD_MAX + 1, MSG_PEEK | MSG_DONTWAIT);
        int r;

        if (n < 0 && errno == EAGAIN)
                return true;
        if (n <= 0) {
                httpd_door_forget(c);
                return false;
        }
        r = httpd_head_scan(&c->head, h->door.scratch, (size_t)n, &refusal);
        if (r > 0 && c->head.length > h->limits.body_max)
                refusal = &httpd_too_long;
        else if (r == 0 && ended)
                refusal = &incomplete;
        if (refusal)
                return refuse_guest(c, refusal);
        return r > 0 ? settle(c) : true;
}

static void on_guests(uv_poll_t *poll, int status _unused_, int events_ _unused_) {
        Httpd *h = poll->data;
        struct epoll_event events[EVENTS_AT_ONCE];
        int n = epoll_wait(h->door.epoll_fd, events, EVENTS_AT_ONCE, 0);

        for (int i = 0; i < n; i++) {
                HttpdConnection *c = events[i].data.ptr;

                if (c->phase == CONNECTION_GUEST)
                        (void)look(c, events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR));
                else if (throw_away(h, c->fd) < 0)
                        httpd_door_forget(c);
        }
}

static void watch_guest(HttpdConnection *c) {
        struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.ptr = c };

        c->watched = epoll_ctl(c->server->door.epoll_fd, EPOLL_CTL_ADD, c->fd, &event) == 0;
        if (!c->watched)
                httpd_door_forget(c);
}

static void set_bounds(int fd) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &(unsigned){ SILENCE_MAX_MSEC },
                         sizeof(unsigned));
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &(unsigned){ UNSENT_MAX },
                         sizeof(unsigned));
}

static void let_in(Httpd *h, int fd, const HttpdAddress *address) {
        HttpdConnection *c = NULL;
        int r;

        if (h->lines.n[CONNECTION_GUEST] >= h->limits.guests_max)
                (void)refuse_guest(h->lines.lists[CONNECTION_GUEST], &httpd_too_many);
        r = httpd_connection_new(&c, h, fd, address);
        if (r < 0) {
                turn_away(h, fd, r == -EUSERS ? &too_many_of_one : &httpd_too_many, address);
                return;
        }
        set_bounds(fd);
        if (look(c, false))
                watch_guest(c);
}

/* No descriptor is left: the sweep tries again. */
static void pause_accepting(Httpd *h) {
        (void)uv_poll_stop(&h->door.poll);
        h->door.paused = true;
        httpd_sweep_soon(h);
}

static void on_listening(uv_poll_t *poll, int status _unused_, int events _unused_) {
        Httpd *h = poll->data;

        for (unsigned i = 0; i < ACCEPTED_AT_ONCE; i++) {
                HttpdAddress address = { .n = sizeof(address.v6) };
                int fd = accept4(h->door.fd, &address.any, &address.n,
                                 SOCK_NONBLOCK | SOCK_CLOEXEC);

                address.n = MIN(address.n, (socklen_t)sizeof(address.v6));
                if (fd >= 0)
                        let_in(h, fd, &address);
                else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
                        pause_accepting(h);
                if (fd < 0 && errno != ECONNABORTED && errno != EINTR)
                        return;
        }
}

void httpd_door_resume(Httpd *h) {
        if (h->door.paused && h->door.fd >= 0)
                (void)uv_poll_start(&h->door.poll, UV_READABLE, on_listening);
        h->door.paused = false;
}

/* Opening and closing -------------------------------------------------------------------------- */

static int watch(Httpd *h, uv_poll_t *poll, int fd, uv_poll_cb callback) {
        int r = uv_poll_init(h->loop, poll, fd);

        if (r < 0)
                return r;
        poll->data = h;
        h->handles++;
        h->door.handles++;
        return uv_poll_start(poll, UV_READABLE, callback);
}

int httpd_door_open(Httpd *h, int fd) {
        HttpdDoor *d = &h->door;
        int r;

        d->scratch = malloc(HTTPD_HEAD_MAX + 1);
        if (!d->scratch)
                return -ENOMEM;
        d->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        if (d->epoll_fd < 0)
                return -errno;
        r = watch(h, &d->guests, d->epoll_fd, on_guests);
        if (r < 0)
                return r;
        r = watch(h, &d->poll, fd, on_listening);
        if (r < 0)
                return r;
        d->fd = fd;
        return 0;
}

void httpd_door_stop_accepting(Httpd *h) {
        HttpdDoor *d = &h->door;

        if (d->handles > 1)
                uv_close((uv_handle_t *)&d->poll, httpd_loop_on_closed);
        d->handles = MIN(d->handles, 1u);
        if (d->fd >= 0)
                close(d->fd);
        d->fd = -1;
}

static void forget_all(Httpd *h, ConnectionPhase phase) {
        while (h->lines.lists[phase])
                httpd_door_forget(h->lines.lists[phase]);
}

void httpd_door_close(Httpd *h) {
        HttpdDoor *d = &h->door;

        httpd_door_stop_accepting(h);
        forget_all(h, CONNECTION_GUEST);
        forget_all(h, CONNECTION_LEAVING);
        if (d->handles > 0)
                uv_close((uv_handle_t *)&d->guests, httpd_loop_on_closed);
        d->handles = 0;
        if (d->epoll_fd >= 0)
                close(d->epoll_fd);
        d->epoll_fd = -1;
        free(TAKE_PTR(d->scratch));
}
