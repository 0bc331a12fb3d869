/* A checker on a loop with a server on loopback: /NUMBER answers with that status, ?to= redirects,
 * /silent never answers, and whether it wants to be checked is what the test says. */
#pragma once

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "event/httpd.h"
#include "loop-turn.h"
#include "validator/check.h"
#include "validator/optout.h"

typedef struct CheckFixture {
        uv_loop_t loop;
        Httpd *httpd;
        Guard *guard;
        Checker *checker;
        uint16_t port, closed_port; /* nobody listens on the second */
        int closed_fd;
        unsigned served, done, asked; /* asked: whether it wants to be checked */
        unsigned opt_out_status;      /* 0: no answer */
        const char *opt_out;
        char last[8];  /* method of the last request */
        char said[64]; /* its header X-Key and its body */
        CheckResult result;
} CheckFixture;

static inline int loopback_socket(uint16_t *ret_port) {
        struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t n = sizeof(a);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

        assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
        *ret_port = ntohs(a.sin_port);
        return fd;
}

static inline void check_fixture_opt_out(CheckFixture *f, HttpdRequest *r) {
        f->asked++;
        assert_string_equal(httpd_header(r, "Accept"), "text/plain");
        if (f->opt_out_status > 0)
                assert_int_equal(httpd_reply(r, &(HttpdReply){ .status = f->opt_out_status,
                                                               .body = f->opt_out,
                                                               .body_n = strlen(f->opt_out) }),
                                 0);
}

static inline void check_fixture_request(HttpdRequest *r, void *userdata) {
        CheckFixture *f = userdata;
        const char *path = httpd_path(r), *to = httpd_query(r, "to");
        const char *key = httpd_header(r, "X-Key"), *body;
        char line[300];
        const char *const headers[] = { line, NULL };
        unsigned status = (unsigned)strtoul(path + 1, NULL, 10);
        size_t n;

        if (strcmp(path, OPT_OUT_PATH) == 0) {
                check_fixture_opt_out(f, r);
                return;
        }
        body = httpd_body(r, &n);
        f->served++;
        snprintf(f->last, sizeof(f->last), "%s", httpd_method(r));
        snprintf(f->said, sizeof(f->said), "%s %.*s", key ? key : "-", (int)n, body);
        if (strcmp(path, "/silent") == 0 || (strcmp(path, "/200-later") == 0 && f->served == 1))
                return;
        snprintf(line, sizeof(line), to ? "Location: %s" : "X-Nothing: 0%s", to ? to : "");
        assert_int_equal(httpd_reply(r, &(HttpdReply){ .status = status,
                                                       .headers = headers,
                                                       .body = "0123456789",
                                                       .body_n = status == 204 ? 0 : 10 }),
                         0);
}

static inline void check_fixture_finished(HttpdRequest *r, void *userdata) {
        (void)r, (void)userdata;
}

/* With these, and what is the same for all. */
static inline void check_fixture_start_with(CheckFixture *f, const char *allow, CheckerOptions o) {
        assert_int_equal(guard_new(&f->guard, allow, NULL, NULL), 0);
        o.connect.guard = f->guard;
        o.queue_max = MAX(o.queue_max, 3u);
        o.body_max = 1000;
        assert_int_equal(checker_new(&f->checker, &f->loop, &o), 0);
}

static inline void check_fixture_start(CheckFixture *f, const char *allow, unsigned concurrency) {
        check_fixture_start_with(f, allow, (CheckerOptions){ .concurrency = concurrency });
}

static inline void check_fixture_stop(CheckFixture *f) {
        f->checker = checker_free(f->checker);
        f->guard = guard_free(f->guard);
}

static inline void check_fixture_open(CheckFixture *f) {
        static const HttpdOps ops = { .request = check_fixture_request,
                                      .finished = check_fixture_finished };
        HttpdOptions options = { .fd = loopback_socket(&f->port) };

        uv_loop_init(&f->loop);
        assert_int_equal(listen(options.fd, 64), 0);
        assert_int_equal(httpd_new(&f->httpd, &f->loop, &options, &ops, f), 0);
        f->closed_fd = loopback_socket(&f->closed_port);
        check_fixture_start(f, "127.0.0.0/8", 2);
}

static inline void check_fixture_close(CheckFixture *f) {
        check_fixture_stop(f);
        httpd_free(f->httpd);
        close(f->closed_fd);
        uv_run(&f->loop, UV_RUN_DEFAULT);
        assert_int_equal(uv_loop_close(&f->loop), 0);
}

static inline int check_fixture_setup(void **state) {
        CheckFixture *f = calloc(1, sizeof(*f));

        if (!f)
                return -1;
        check_fixture_open(f);
        *state = f;
        return 0;
}

static inline int check_fixture_teardown(void **state) {
        check_fixture_close(*state);
        free(*state);
        return 0;
}

static inline Spec check_fixture_spec(uint16_t port, const char *path) {
        char url[URL_MAX];
        Spec s;

        snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", port, path);
        assert_int_equal(spec_default(&s, url), 0);
        return s;
}

static inline void check_fixture_done(const CheckResult *result, void *userdata) {
        CheckFixture *f = userdata;

        f->result = *result;
        f->done++;
}

static inline int check_fixture_ask(CheckFixture *f, const Spec *spec, usec_t timeout,
                                    Check **ret) {
        CheckRequest request = { .spec = spec, .timeout = timeout };

        return checker_start(f->checker, &request, check_fixture_done, f, ret);
}

static inline void check_fixture_await(CheckFixture *f, const unsigned *counter, unsigned n) {
        TURN_UNTIL(f, *counter >= n);
        assert_int_equal(*counter, n);
}
