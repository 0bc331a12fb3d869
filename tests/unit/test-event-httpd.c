/* The HTTP server on real loopback sockets: one loop runs server and a raw client side by side. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "event/httpd.h"

#define TURNS_MAX 20000

typedef struct Fixture {
        uv_loop_t loop;
        Httpd *httpd;
        uint16_t port;
        unsigned requests, finished;
        HttpdRequest *kept; /* answered by the test */
        char path[256], query[256], method[16];
        char *body;
        size_t body_n;
} Fixture;

static const char *const cors[] = { "X-Test: yes", NULL };

static void on_request(HttpdRequest *r, void *userdata) {
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

static void on_finished(HttpdRequest *r, void *userdata) {
        Fixture *f = userdata;

        if (f->kept == r)
                f->kept = NULL;
        f->finished++;
}

static void start(Fixture *f, const HttpdLimits *limits) {
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
        assert_int_equal(httpd_new(&f->httpd, &f->loop, &options,
                                   &(HttpdOps){ on_request, on_finished }, f),
                         0);
}

static void stop(Fixture *f) {
        f->httpd = httpd_free(f->httpd);
        assert_int_equal(uv_run(&f->loop, UV_RUN_DEFAULT), 0);
        assert_int_equal(uv_loop_close(&f->loop), 0);
        assert_int_equal(f->requests, f->finished);
        free(f->body);
}

static int dial(Fixture *f) {
        struct sockaddr_in a = { .sin_family = AF_INET,
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                 .sin_port = htons(f->port) };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
        return fd;
}

static void say(int fd, const char *text) {
        assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Appends what is there; false at the end of the connection. */
static bool hear(int fd, char *ret, size_t size) {
        size_t used = strlen(ret);
        ssize_t n = recv(fd, ret + used, size - used - 1, MSG_DONTWAIT);

        if (n > 0)
                ret[used + (size_t)n] = '\0';
        return n > 0 || (n < 0 && errno == EAGAIN);
}

static void turn(Fixture *f, int fd) {
        struct pollfd p = { .fd = fd, .events = POLLIN };

        uv_run(&f->loop, UV_RUN_NOWAIT);
        poll(&p, 1, 1);
}

/* Until `text` is heard, or the end if NULL. */
static void hear_until(Fixture *f, int fd, char *ret, size_t size, const char *text) {
        bool open = true;

        for (unsigned i = 0; i < TURNS_MAX && open && !(text && strstr(ret, text)); i++) {
                turn(f, fd);
                open = hear(fd, ret, size);
        }
        if (text)
                assert_non_null(strstr(ret, text));
        else
                assert_false(open);
}

static void ask(Fixture *f, const char *request, char *ret, size_t size) {
        int fd = dial(f);

        ret[0] = '\0';
        say(fd, request);
        hear_until(f, fd, ret, size, NULL);
        close(fd);
}

#define END " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

static void request_is_decoded_and_answered(void **state _unused_) {
        char answer[4096];
        Fixture f;

        start(&f, NULL);
        ask(&f, "GET /a%2Fb%20c?q=1%2B1+2&q=x&empty=" END, answer, sizeof(answer));
        assert_int_equal(strncmp(answer, "HTTP/1.1 200", 12), 0);
        assert_non_null(strstr(answer, "X-Test: yes\r\n"));
        assert_non_null(strstr(answer, "\r\n\r\nhello"));
        assert_string_equal(f.path, "/a/b c");
        assert_string_equal(f.query, "1+1 2");
        assert_int_equal(f.body_n, 0);
        stop(&f);
        assert_int_equal(f.finished, 1);
}

static void head_has_length_and_no_body(void **state _unused_) {
        char answer[4096];
        Fixture f;

        start(&f, NULL);
        ask(&f, "HEAD /" END, answer, sizeof(answer));
        assert_non_null(strstr(answer, "Content-Length: 5\r\n"));
        assert_null(strstr(answer, "hello"));
        stop(&f);
}

static void broken_escapes_are_refused(void **state _unused_) {
        static const char *const requests[] = {
                "GET /a%00b" END, "GET /a%" END,     "GET /a%2" END,
                "GET /%zz" END,   "GET /?q=%00" END, "GET /?%=1" END,
        };
        char answer[4096];
        Fixture f;

        start(&f, NULL);
        for (size_t i = 0; i < ELEMENTSOF(requests); i++) {
                ask(&f, requests[i], answer, sizeof(answer));
                assert_int_equal(strncmp(answer, "HTTP/1.1 400", 12), 0);
        }
        assert_int_equal(f.requests, 0);
        stop(&f);
}

static void body_is_collected_up_to_the_limit(void **state _unused_) {
        char answer[4096], request[4096], body[2001];
        Fixture f;

        memset(body, 'b', 2000);
        body[2000] = '\0';
        start(&f, &(HttpdLimits){ .body_max = 1000 });

        ask(&f, "POST /p HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc",
            answer, sizeof(answer));
        assert_int_equal(f.body_n, 3);
        assert_memory_equal(f.body, "abc", 3);

        snprintf(request, sizeof(request),
                 "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\n%s", body);
        ask(&f, request, answer, sizeof(answer));
        assert_int_equal(strncmp(answer, "HTTP/1.1 413", 12), 0);

        /* What is announced is refused before it comes. */
        ask(&f, "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n", answer,
            sizeof(answer));
        assert_int_equal(strncmp(answer, "HTTP/1.1 413", 12), 0);

        snprintf(request, sizeof(request),
                 "POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "7d0\r\n%s\r\n0\r\n\r\n",
                 body);
        ask(&f, request, answer, sizeof(answer));
        assert_int_equal(strncmp(answer, "HTTP/1.1 413", 12), 0);
        assert_non_null(strstr(answer, "application/problem+json"));
        assert_int_equal(f.requests, 1);
        stop(&f);
}

static void late_answer_wakes_the_connection(void **state _unused_) {
        char answer[4096] = "";
        Fixture f;
        int fd;

        start(&f, NULL);
        fd = dial(&f);
        say(fd, "GET /later" END);
        for (unsigned i = 0; i < TURNS_MAX && !f.kept; i++)
                turn(&f, fd);
        assert_non_null(f.kept);
        assert_int_equal(httpd_active(f.httpd), 1);
        assert_int_equal(httpd_reply(f.kept, &(HttpdReply){ .status = 204 }), 0);
        hear_until(&f, fd, answer, sizeof(answer), NULL);
        assert_int_equal(strncmp(answer, "HTTP/1.1 204", 12), 0);
        assert_int_equal(httpd_active(f.httpd), 0);
        close(fd);
        stop(&f);
}

static void stream_is_written_bounded_and_ended(void **state _unused_) {
        char answer[65536] = "", block[1000];
        Fixture f;
        int fd;

        memset(block, 's', sizeof(block));
        start(&f, &(HttpdLimits){ .stream_queue_max = 4000 });
        fd = dial(&f);
        say(fd, "GET /later" END);
        for (unsigned i = 0; i < TURNS_MAX && !f.kept; i++)
                turn(&f, fd);

        assert_int_equal(httpd_stream_write(f.kept, "x", 1), -ENOTCONN);
        assert_int_equal(httpd_stream_open(f.kept, "text/event-stream", NULL), 0);
        assert_int_equal(httpd_stream_write(f.kept, "data: one\n\n", 11), 0);
        hear_until(&f, fd, answer, sizeof(answer), "data: one\n\n");
        assert_int_equal(httpd_stream_write(f.kept, "data: two\n\n", 11), 0);
        hear_until(&f, fd, answer, sizeof(answer), "data: two\n\n");

        for (unsigned i = 0; i < 4; i++)
                assert_int_equal(httpd_stream_write(f.kept, block, sizeof(block)), 0);
        assert_int_equal(httpd_stream_write(f.kept, "x", 1), -ENOBUFS);

        httpd_drain(f.httpd);
        hear_until(&f, fd, answer, sizeof(answer), NULL);
        assert_null(f.kept);
        assert_int_equal(httpd_active(f.httpd), 0);
        close(fd);
        stop(&f);
}

static void client_gone_ends_its_stream(void **state _unused_) {
        char answer[65536] = "";
        Fixture f;
        int fd;

        start(&f, NULL);
        fd = dial(&f);
        say(fd, "GET /later" END);
        for (unsigned i = 0; i < TURNS_MAX && !f.kept; i++)
                turn(&f, fd);
        assert_int_equal(httpd_stream_open(f.kept, "text/event-stream", NULL), 0);
        hear_until(&f, fd, answer, sizeof(answer), "\r\n\r\n");
        close(fd);
        for (unsigned i = 0; i < TURNS_MAX && f.kept; i++) {
                (void)httpd_stream_write(f.kept, ":\n\n", 3);
                turn(&f, -1);
        }
        assert_null(f.kept);
        stop(&f);
}

static void free_finishes_what_is_open(void **state _unused_) {
        Fixture f;
        int fd;

        start(&f, NULL);
        fd = dial(&f);
        say(fd, "GET /later" END);
        for (unsigned i = 0; i < TURNS_MAX && !f.kept; i++)
                turn(&f, fd);
        stop(&f);
        assert_int_equal(f.finished, 1);
        close(fd);
}

static void garbage_is_answered_400(void **state _unused_) {
        char answer[4096];
        Fixture f;

        start(&f, NULL);
        ask(&f, "NONSENSE\r\n\r\n", answer, sizeof(answer));
        assert_int_equal(f.requests, 0);
        ask(&f, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -3\r\n\r\n", answer, sizeof(answer));
        assert_int_equal(strncmp(answer, "HTTP/1.1 400", 12), 0);
        assert_int_equal(f.requests, 0);
        stop(&f);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(request_is_decoded_and_answered),
                cmocka_unit_test(head_has_length_and_no_body),
                cmocka_unit_test(broken_escapes_are_refused),
                cmocka_unit_test(body_is_collected_up_to_the_limit),
                cmocka_unit_test(late_answer_wakes_the_connection),
                cmocka_unit_test(stream_is_written_bounded_and_ended),
                cmocka_unit_test(client_gone_ends_its_stream),
                cmocka_unit_test(free_finishes_what_is_open),
                cmocka_unit_test(garbage_is_answered_400),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
