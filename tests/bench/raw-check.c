/* The reference for what a check costs: one epoll, non-blocking sockets, and OpenSSL with one
 * context for all; a new connection and a full handshake for each. It is told an address, sends one
 * request, reads the answer, and knows nothing of redirects, limits or what may go wrong. */
#include <errno.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "paced.h"

#define ANSWER_MAX 16384
#define EVENTS     256

typedef struct Line {
        int fd;
        SSL *ssl;
        bool sent;
        uint64_t began;
        size_t n;
        struct Line *next;
        char answer[ANSWER_MAX];
} Line;

typedef struct Client {
        Paced paced;
        SSL_CTX *tls;
        Line *spare;
        int epoll;
        size_t request_n;
        char request[2048];
} Client;

static void give_up(const char *what) {
        fprintf(stderr, "%s: %s\n", what, strerror(errno));
        exit(EXIT_FAILURE);
}

/* The authorities of the system and one more, as the validator has them; parsed once. */
static SSL_CTX *make_tls(const char *ca_file) {
        SSL_CTX *c = SSL_CTX_new(TLS_client_method());

        if (!c || (ca_file && SSL_CTX_load_verify_file(c, ca_file) != 1))
                give_up("TLS");
        (void)SSL_CTX_load_verify_file(c, "/etc/ssl/certs/ca-certificates.crt");
        SSL_CTX_set_verify(c, SSL_VERIFY_PEER, NULL);
        SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
        SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS);
        return c;
}

static void make_request(Client *c) {
        const char *close = c->paced.find ? "Connection: close\r\n" : "";
        int n = snprintf(c->request, sizeof(c->request),
                         "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: raw\r\nAccept: */*\r\n%s\r\n",
                         c->paced.path, c->paced.host, close);

        if (n < 0 || (size_t)n >= sizeof(c->request))
                give_up("the URL is too long");
        c->request_n = (size_t)n;
}

static Line *take_line(Client *c) {
        Line *l = c->spare;

        if (!l)
                l = malloc(sizeof(*l));
        else
                c->spare = l->next;
        if (!l)
                give_up("memory");
        l->ssl = NULL;
        l->sent = false;
        l->n = 0;
        return l;
}

static void end_line(Client *c, Line *l, bool ok) {
        l->answer[l->n] = '\0';
        if (l->ssl)
                SSL_free(l->ssl);
        close(l->fd);
        paced_end(&c->paced, l->began, ok ? l->answer : NULL);
        l->next = c->spare;
        c->spare = l;
}

static SSL *make_ssl(Client *c, int fd) {
        SSL *ssl = SSL_new(c->tls);

        if (!ssl || SSL_set_fd(ssl, fd) != 1)
                give_up("TLS");
        (void)X509_VERIFY_PARAM_set1_ip(SSL_get0_param(ssl),
                                        (const unsigned char *)&c->paced.address.sin_addr, 4);
        SSL_set_connect_state(ssl);
        return ssl;
}

static void begin(Client *c) {
        Line *l = take_line(c);
        struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = l };

        l->began = paced_now();
        l->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (l->fd < 0)
                give_up("socket");
        if (c->tls)
                l->ssl = make_ssl(c, l->fd);
        if (connect(l->fd, (struct sockaddr *)&c->paced.address, sizeof(c->paced.address)) < 0 &&
            errno != EINPROGRESS)
                give_up("connect");
        if (epoll_ctl(c->epoll, EPOLL_CTL_ADD, l->fd, &e) < 0)
                give_up("epoll");
}

/* What was sent or read; 0 at the end, -1: not now, -2: never. */
static ssize_t result_of(Line *l, ssize_t n) {
        int error;

        if (n > 0)
                return n;
        if (!l->ssl)
                return n == 0 ? 0 : errno == EAGAIN ? -1 : -2;
        error = SSL_get_error(l->ssl, (int)n);
        if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
                return -1;
        return error == SSL_ERROR_ZERO_RETURN ? 0 : -2;
}

static ssize_t line_send(Client *c, Line *l) {
        return result_of(l, l->ssl ? SSL_write(l->ssl, c->request, (int)c->request_n)
                                   : send(l->fd, c->request, c->request_n, MSG_NOSIGNAL));
}

static ssize_t line_read(Line *l) {
        size_t room = sizeof(l->answer) - 1 - l->n;

        return result_of(l, l->ssl ? SSL_read(l->ssl, l->answer + l->n, (int)room)
                                   : recv(l->fd, l->answer + l->n, room, 0));
}

static bool is_whole(Line *l) {
        const char *body, *length;

        l->answer[l->n] = '\0';
        body = strstr(l->answer, "\r\n\r\n");
        length = body ? strcasestr(l->answer, "\r\nContent-Length:") : NULL;
        return length && length < body &&
               (size_t)(body + 4 - l->answer) + strtoul(length + 17, NULL, 10) <= l->n;
}

static bool is_good(const Line *l) {
        return l->n > 12 && memcmp(l->answer, "HTTP/1.1 200", 12) == 0;
}

static void go_on(Client *c, Line *l) {
        ssize_t n;

        if (!l->sent) {
                n = line_send(c, l);
                if (n == -1 || (n < 0 && errno == ENOTCONN))
                        return;
                if (n <= 0)
                        return end_line(c, l, false);
                l->sent = true;
        }
        while ((n = line_read(l)) > 0) {
                l->n += (size_t)n;
                if (is_whole(l) || l->n == sizeof(l->answer) - 1)
                        return end_line(c, l, is_good(l));
        }
        if (n != -1)
                end_line(c, l, n == 0 && is_good(l));
}

static void serve(Client *c) {
        struct epoll_event events[EVENTS];
        int n = epoll_wait(c->epoll, events, EVENTS, -1);
        uint64_t times;

        for (int i = 0; i < n; i++)
                if (events[i].data.ptr)
                        go_on(c, events[i].data.ptr);
                else
                        (void)!read(c->paced.timer, &times, sizeof(times));
        while (paced_take(&c->paced))
                begin(c);
}

int main(int argc, char **argv) {
        struct epoll_event e = { .events = EPOLLIN };
        Client c = { .epoll = epoll_create1(EPOLL_CLOEXEC) };

        paced_init(&c.paced, argc, argv);
        if (c.paced.tls)
                c.tls = make_tls(c.paced.ca_file);
        make_request(&c);
        if (epoll_ctl(c.epoll, EPOLL_CTL_ADD, c.paced.timer, &e) < 0)
                give_up("epoll");
        paced_begin(&c.paced);
        while (!paced_is_over(&c.paced))
                serve(&c);
        paced_print(&c.paced);
        paced_done(&c.paced);
        while (c.spare) {
                Line *l = c.spare;

                c.spare = l->next;
                free(l);
        }
        SSL_CTX_free(c.tls);
        close(c.epoll);
        return EXIT_SUCCESS;
}
