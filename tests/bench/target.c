/* What checks are pointed at when they are measured: a server that costs little and is exact.
 *
 *      /       an answer of 512 bytes at once
 *      /50     the same, 50 ms after the request was read, to some microseconds
 *      /hold   no answer, the connection stays
 *      /open   an answer that is the number of connections, this one included
 *
 * `target [CERTIFICATE KEY]` prints its ports, HTTP and (0 without a certificate) HTTPS, and serves
 * until it is killed. A connection is closed by the client, so that its port is soon free, unless
 * it asks for the end of it. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define DELAY       50000000ull /* ns */
#define NSEC        1000000000ull
#define BODY_SIZE   512
#define REQUEST_MAX 2048
#define EVENTS      256

typedef struct Line {
        int fd;
        SSL *ssl;
        uint64_t due;                 /* of an answer that waits, or 0 */
        struct Line *previous, *next; /* in target.waiting */
        size_t n;
        char request[REQUEST_MAX];
} Line;

typedef struct Target {
        int epoll, timer;
        int listener[2]; /* HTTP, HTTPS */
        SSL_CTX *tls;
        Line *waiting, *last; /* by due: all wait for the same time */
        unsigned open;
} Target;

static void give_up(const char *what) {
        fprintf(stderr, "target: %s: %s\n", what, strerror(errno));
        exit(EXIT_FAILURE);
}

static uint64_t now(void) {
        struct timespec t;

        (void)clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t)t.tv_sec * NSEC + (uint64_t)t.tv_nsec;
}

/* Answers that wait ---------------------------------------------------------------------------- */

static void set_timer(const Target *t) {
        uint64_t due = t->waiting ? t->waiting->due : 0;
        struct itimerspec when = { .it_value = { (time_t)(due / NSEC), (long)(due % NSEC) } };

        (void)timerfd_settime(t->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void put_off(Target *t, Line *l) {
        bool first = !t->waiting;

        l->due = now() + DELAY;
        l->next = NULL;
        l->previous = t->last;
        if (t->last)
                t->last->next = l;
        else
                t->waiting = l;
        t->last = l;
        if (first)
                set_timer(t);
}

static void take_back(Target *t, Line *l) {
        if (l->due == 0)
                return;
        l->due = 0;
        if (l->previous)
                l->previous->next = l->next;
        else
                t->waiting = l->next;
        if (l->next)
                l->next->previous = l->previous;
        else
                t->last = l->previous;
}

/* Connections ---------------------------------------------------------------------------------- */

static void end(Target *t, Line *l) {
        take_back(t, l);
        t->open--;
        if (l->ssl)
                SSL_free(l->ssl);
        close(l->fd);
        free(l);
}

static void answer(Line *l, const char *body, size_t n) {
        char text[BODY_SIZE + 256];
        int head = snprintf(text, sizeof(text),
                            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                            "Content-Length: %zu\r\n\r\n",
                            n);

        memcpy(text + head, body, n);
        if (l->ssl)
                (void)SSL_write(l->ssl, text, head + (int)n);
        else
                (void)!send(l->fd, text, (size_t)head + n, MSG_NOSIGNAL);
        if (strcasestr(l->request, "\r\nConnection: close\r\n")) {
                if (l->ssl)
                        (void)SSL_shutdown(l->ssl);
                (void)shutdown(l->fd, SHUT_WR);
        }
        l->n = 0;
}

static void answer_page(Line *l) {
        char body[BODY_SIZE];

        memset(body, 'x', sizeof(body));
        answer(l, body, sizeof(body));
}

static void take_request(Target *t, Line *l) {
        char count[16];

        if (strncmp(l->request, "GET /50 ", 8) == 0)
                return put_off(t, l);
        if (strncmp(l->request, "GET /hold ", 10) == 0)
                return;
        if (strncmp(l->request, "GET /open ", 10) != 0)
                return answer_page(l);
        (void)snprintf(count, sizeof(count), "%u", t->open);
        answer(l, count, strlen(count));
}

/* 1: more may come; 0: not now; -1: it ended. */
static int read_some(Line *l) {
        size_t room = sizeof(l->request) - 1 - l->n;
        ssize_t n = l->ssl ? SSL_read(l->ssl, l->request + l->n, (int)room)
                           : recv(l->fd, l->request + l->n, room, 0);
        int error;

        if (n > 0) {
                l->n += (size_t)n;
                l->request[l->n] = '\0';
                return 1;
        }
        if (!l->ssl)
                return n < 0 && errno == EAGAIN ? 0 : -1;
        error = SSL_get_error(l->ssl, (int)n);
        return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

static void serve(Target *t, Line *l) {
        int r;

        while ((r = read_some(l)) > 0) {
                if (strstr(l->request, "\r\n\r\n"))
                        take_request(t, l);
                else if (l->n == sizeof(l->request) - 1)
                        r = -1;
                if (r < 0 || l->n > 0)
                        break;
        }
        if (r < 0)
                end(t, l);
}

static void take(Target *t, int listener) {
        int fd, one = 1;

        while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
                Line *l = calloc(1, sizeof(*l));
                struct epoll_event e = { .events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.ptr = l };

                if (!l)
                        give_up("memory");
                l->fd = fd;
                (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
                if (listener == t->listener[1]) {
                        l->ssl = SSL_new(t->tls);
                        if (!l->ssl || SSL_set_fd(l->ssl, fd) != 1)
                                give_up("TLS");
                        SSL_set_accept_state(l->ssl);
                }
                t->open++;
                if (epoll_ctl(t->epoll, EPOLL_CTL_ADD, fd, &e) < 0)
                        give_up("epoll");
                serve(t, l);
        }
}

static void on_time(Target *t) {
        uint64_t times;

        (void)!read(t->timer, &times, sizeof(times));
        while (t->waiting && t->waiting->due <= now()) {
                Line *l = t->waiting;

                take_back(t, l);
                answer_page(l);
        }
        set_timer(t);
}

static void on_event(Target *t, void *which) {
        if (which == &t->timer)
                on_time(t);
        else if (which == &t->listener[0] || which == &t->listener[1])
                take(t, *(int *)which);
        else
                serve(t, which);
}

/* Start ---------------------------------------------------------------------------------------- */

static void watch(const Target *t, int *fd) {
        struct epoll_event e = { .events = EPOLLIN, .data.ptr = fd };

        if (epoll_ctl(t->epoll, EPOLL_CTL_ADD, *fd, &e) < 0)
                give_up("epoll");
}

/* Its port. */
static unsigned open_listener(Target *t, int i) {
        struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t n = sizeof(a);

        t->listener[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (t->listener[i] < 0 || bind(t->listener[i], (struct sockaddr *)&a, n) < 0 ||
            listen(t->listener[i], 4096) < 0 ||
            getsockname(t->listener[i], (struct sockaddr *)&a, &n) < 0)
                give_up("listen");
        watch(t, &t->listener[i]);
        return ntohs(a.sin_port);
}

static SSL_CTX *make_tls(const char *certificate, const char *key) {
        SSL_CTX *c = SSL_CTX_new(TLS_server_method());

        if (!c || SSL_CTX_use_certificate_chain_file(c, certificate) != 1 ||
            SSL_CTX_use_PrivateKey_file(c, key, SSL_FILETYPE_PEM) != 1)
                give_up("certificate");
        SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
        return c;
}

static void prepare(Target *t) {
        struct rlimit limit = { 0 };

        (void)getrlimit(RLIMIT_NOFILE, &limit);
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
        (void)signal(SIGPIPE, SIG_IGN);
        (void)prctl(PR_SET_TIMERSLACK, 1);
        t->epoll = epoll_create1(EPOLL_CLOEXEC);
        t->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
        if (t->epoll < 0 || t->timer < 0)
                give_up("epoll");
        watch(t, &t->timer);
}

int main(int argc, char **argv) {
        struct epoll_event events[EVENTS];
        Target t = { .listener = { -1, -1 } };
        unsigned port, tls_port = 0;
        int n;

        prepare(&t);
        port = open_listener(&t, 0);
        if (argc > 2) {
                t.tls = make_tls(argv[1], argv[2]);
                tls_port = open_listener(&t, 1);
        }
        printf("%u %u\n", port, tls_port);
        (void)fflush(stdout);
        while ((n = epoll_wait(t.epoll, events, EVENTS, -1)) >= 0 || errno == EINTR)
                for (int i = 0; i < n; i++)
                        on_event(&t, events[i].data.ptr);
        give_up("epoll");
}
