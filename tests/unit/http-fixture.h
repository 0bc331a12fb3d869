/* A client and a server of our own on one loop, which answers what its path asks for. */
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "event/http.h"
#include "event/httpd.h"
#include "loop-turn.h"

typedef struct Fixture {
        uv_loop_t loop;
        Httpd *httpd;
        HttpClient *client;
        uint16_t port;
        char last[256], headers[256]; /* of the last request served */
        unsigned served;
        uint16_t refused_port; /* by the guard */
        unsigned guarded;
        bool done;
        HttpResult result;
        char detail[256], body[256];
} Fixture;

static inline int listen_on(uint16_t *ret_port, int backlog) {
        struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t n = sizeof(a);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

        assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
        assert_int_equal(listen(fd, backlog), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
        *ret_port = ntohs(a.sin_port);
        return fd;
}

static inline void reply_redirect(HttpdRequest *r, unsigned status, const char *location) {
        char line[300];
        const char *const headers[] = { line, NULL };

        snprintf(line, sizeof(line), "Location: %s", location);
        assert_int_equal(httpd_reply(r, &(HttpdReply){ .status = status, .headers = headers }), 0);
}

static inline void note_headers(Fixture *f, HttpdRequest *r) {
        static const char *const names[] = { "Authorization", "X-Key", "Accept", "X-Empty" };

        f->headers[0] = '\0';
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                const char *value = httpd_header(r, names[i]);
                size_t n = strlen(f->headers);

                snprintf(f->headers + n, sizeof(f->headers) - n, "%s;", value ? value : "-");
        }
}

static inline void on_request(HttpdRequest *r, void *userdata) {
        Fixture *f = userdata;
        const char *to = httpd_query(r, "to");
        size_t n;
        const void *body = httpd_body(r, &n);

        f->served++;
        snprintf(f->last, sizeof(f->last), "%s %s %.*s", httpd_method(r), httpd_path(r), (int)n,
                 (const char *)body);
        note_headers(f, r);
        if (to)
                return reply_redirect(r, (unsigned)strtoul(httpd_path(r) + 1, NULL, 10), to);
        if (strcmp(httpd_path(r), "/endless") == 0) {
                assert_int_equal(httpd_stream_open(r, "text/plain", NULL), 0);
                assert_int_equal(httpd_stream_write(r, "beginning", 9), 0);
                return;
        }
        if (strcmp(httpd_path(r), "/silent") == 0)
                return;
        assert_int_equal(httpd_reply(r, &(HttpdReply){ .status = 200,
                                                       .body = "0123456789",
                                                       .body_n = 10 }),
                         0);
}

static inline void on_finished(HttpdRequest *r _unused_, void *userdata _unused_) {
}

static inline void on_done(const HttpResult *result, void *userdata) {
        Fixture *f = userdata;

        assert_false(f->done);
        f->done = true;
        f->result = *result;
        snprintf(f->detail, sizeof(f->detail), "%s", result->detail ? result->detail : "");
        snprintf(f->body, sizeof(f->body), "%.*s", (int)result->kept_n,
                 result->body ? (const char *)result->body : "");
}

static inline bool guard(const struct sockaddr *address, socklen_t n, void *userdata) {
        const struct sockaddr_in *a = (const struct sockaddr_in *)address;
        Fixture *f = userdata;

        assert_int_equal(n, sizeof(*a));
        f->guarded++;
        return ntohs(a->sin_port) != f->refused_port;
}

static inline void start(Fixture *f) {
        int fd;

        *f = (Fixture){ 0 };
        assert_int_equal(uv_loop_init(&f->loop), 0);
        fd = listen_on(&f->port, 64);
        assert_int_equal(httpd_new(&f->httpd, &f->loop, &(HttpdOptions){ .fd = fd },
                                   &(HttpdOps){ .request = on_request, .finished = on_finished },
                                   f),
                         0);
        assert_int_equal(http_client_new(&f->client, &f->loop), 0);
}

static inline void stop(Fixture *f) {
        f->client = http_client_free(f->client);
        f->httpd = httpd_free(f->httpd);
        assert_int_equal(uv_run(&f->loop, UV_RUN_DEFAULT), 0);
        assert_int_equal(uv_loop_close(&f->loop), 0);
}

static const HttpRequest plain = {
        .timeout = 5 * USEC_PER_SEC,
        .redirects_max = 3,
        .body_max = 1000,
        .keep_max = 100,
};

static inline void begin(Fixture *f, HttpRequest request, const char *format, ...) _printf_(3, 4);
static inline void begin(Fixture *f, HttpRequest request, const char *format, ...) {
        char url[512];
        va_list ap;

        va_start(ap, format);
        vsnprintf(url, sizeof(url), format, ap);
        va_end(ap);
        f->done = false;
        request.url = url;
        assert_int_equal(http_start(f->client, &request, on_done, f, NULL), 0);
        assert_false(f->done);
        assert_int_equal(http_client_active(f->client), 1);
}

static inline void wait_done(Fixture *f) {
        TURN_UNTIL(f, f->done);
        assert_int_equal(http_client_active(f->client), 0);
}

static inline void assert_error(const Fixture *f, HttpError wanted) {
        if (f->result.error != wanted)
                print_error("%s: %s\n", http_error_name(f->result.error), f->detail);
        assert_string_equal(http_error_name(f->result.error), http_error_name(wanted));
}

static inline usec_t sum_phases(const HttpResult *r) {
        usec_t sum = 0;

        for (unsigned i = 0; i < _HTTP_PHASE_MAX; i++)
                sum += r->phase[i];
        return sum;
}
