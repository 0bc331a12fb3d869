/* An HTTP server on loopback, and raw clients of it on the same loop. */
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "event/httpd.h"
#include "loop-turn.h"

typedef struct Fixture {
        uv_loop_t loop;
        Httpd *httpd;
        uint16_t port;
        unsigned requests, finished;
        HttpdRequest *kept; /* answered by the test */
        unsigned refused;
        HttpdRefusal refusal; /* the last one */
        char path[256], query[256], method[16];
        char *body;
        size_t body_n;
} Fixture;

static const char *const cors[] = { "X-Test: yes", NULL };

static inline void on_request(HttpdRequest *r, void *userdata) {
        Fixture *f = userdata;
        const char *query = httpd_query(r, "q");
        const void *body = httpd_body(r, &f->body_n);

        f->requests++;
        snprintf(f->path, sizeof(f->path), "%s", httpd_path(r));
        snprintf(f->query, sizeof(f->query), "%s", query ? query : "(none)");
        snprintf(f->method, sizeof(f->method), "%s", httpd_method(r));
        free(f->body);
        f->body = malloc(f->body_n + 1);
        assert_non_null(f->body);
        memcpy(f->body, body, f->body_n);
        assert_int_equal(httpd_peer(r)->sa_family, AF_INET);

        if (strncmp(f->path, "/later", 6) == 0) {
                f->kept = r;
                return;
        }
        assert_int_equal(httpd_reply(r, &(HttpdReply){ .status = 200,
                                                       .content_type = "text/plain",
                                                       .headers = cors,
                                                       .body = "hello",
                                                       .body_n = 5 }),
                         0);
        assert_int_equal(httpd_reply(r, &(HttpdReply){ .status = 200 }), -EALREADY);
}

static inline void on_finished(HttpdRequest *r, void *userdata) {
        Fixture *f = userdata;

        if (f->kept == r)
                f->kept = NULL;
        f->finished++;
}

static inline void on_refused(const HttpdRefusal *refusal, const struct sockaddr *peer,
                              void *userdata) {
        Fixture *f = userdata;

        assert_true(!peer || peer->sa_family == AF_INET);
        f->refused++;
        f->refusal = *refusal;
}

static const HttpdOps server_ops = { .request = on_request,
                                     .finished = on_finished,
                                     .refused = on_refused };

static inline void start(Fixture *f, const HttpdLimits *limits) {
        struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t n = sizeof(a);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        HttpdOptions options = { .fd = fd };

        if (limits)
                options.limits = *limits;
        *f = (Fixture){ 0 };
        assert_int_equal(uv_loop_init(&f->loop), 0);
        assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
        assert_int_equal(listen(fd, 64), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
        f->port = ntohs(a.sin_port);
        assert_int_equal(httpd_new(&f->httpd, &f->loop, &options, &server_ops, f), 0);
}

static inline void stop(Fixture *f) {
        f->httpd = httpd_free(f->httpd);
        assert_int_equal(uv_run(&f->loop, UV_RUN_DEFAULT), 0);
        assert_int_equal(uv_loop_close(&f->loop), 0);
        assert_int_equal(f->requests, f->finished);
        free(f->body);
}

static inline int dial(Fixture *f) {
        struct sockaddr_in a = { .sin_family = AF_INET,
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                 .sin_port = htons(f->port) };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
        return fd;
}

static inline void say(int fd, const char *text) {
        assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Appends what is there; false at the end of the connection. */
static inline bool hear(int fd, char *ret, size_t size) {
        size_t used = strlen(ret);
        ssize_t n = recv(fd, ret + used, size - used - 1, MSG_DONTWAIT);

        if (n > 0)
                ret[used + (size_t)n] = '\0';
        return n > 0 || (n < 0 && errno == EAGAIN);
}

/* Until `text` is heard, or the end if NULL. */
static inline void hear_until(Fixture *f, int fd, char *ret, size_t size, const char *text) {
        bool open = true;

        for (unsigned i = 0; i < TURNS_MAX && open && !(text && strstr(ret, text)); i++) {
                loop_turn(&f->loop, fd);
                open = hear(fd, ret, size);
        }
        if (text)
                assert_non_null(strstr(ret, text));
        else
                assert_false(open);
}

static inline void ask(Fixture *f, const char *request, char *ret, size_t size) {
        int fd = dial(f);

        ret[0] = '\0';
        say(fd, request);
        hear_until(f, fd, ret, size, NULL);
        close(fd);
}

#define END " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
#define ONE "GET /one HTTP/1.1\r\nHost: x\r\n\r\n"

/* Until the other side says something, or closes; the status. */
static inline unsigned status_after(Fixture *f, int fd) {
        char answer[4096] = "";
        unsigned status = 0;

        hear_until(f, fd, answer, sizeof(answer), NULL);
        (void)sscanf(answer, "HTTP/1.1 %u", &status);
        return status;
}
