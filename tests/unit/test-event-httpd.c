/* The HTTP server on real loopback sockets: one loop runs server and a raw client side by side. */
#include "httpd-fixture.h"

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
        assert_int_equal(strncmp(answer, "HTTP/1.1 411", 12), 0); /* no length, no body */
        assert_non_null(strstr(answer, "application/problem+json"));
        assert_int_equal(f.requests, 1);
        assert_int_equal(f.refused, 3);
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
                loop_turn(&f.loop, fd);
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
                loop_turn(&f.loop, fd);

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

static void head_of_a_stream_ends_with_its_header(void **state _unused_) {
        char answer[4096] = "";
        Fixture f;
        int fd;

        start(&f, NULL);
        fd = dial(&f);
        say(fd, "HEAD /later HTTP/1.1\r\nHost: x\r\n\r\n" ONE);
        TURN_UNTIL(&f, f.kept);
        assert_int_equal(httpd_stream_open(f.kept, "text/event-stream", NULL), 0);
        httpd_stream_close(f.kept);
        hear_until(&f, fd, answer, sizeof(answer), NULL);
        assert_int_equal(strncmp(answer, "HTTP/1.1 200", 12), 0);
        assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
        close(fd);
        stop(&f);
}

static HttpdRequest *stream_of(Fixture *f, int *ret_fd) {
        HttpdRequest *r;

        *ret_fd = dial(f);
        say(*ret_fd, "GET /later" END);
        f->kept = NULL;
        TURN_UNTIL(f, f->kept);
        r = f->kept;
        assert_int_equal(httpd_stream_open(r, "text/event-stream", NULL), 0);
        return r;
}

static void streams_are_bounded_together(void **state _unused_) {
        static char block[3000];
        HttpdRequest *slow, *fast;
        char answer[65536] = "";
        int slow_fd, fast_fd;
        Fixture f;

        memset(block, 's', sizeof(block));
        start(&f, &(HttpdLimits){ .streams_queue_max = 4000 });
        slow = stream_of(&f, &slow_fd);
        fast = stream_of(&f, &fast_fd);
        assert_int_equal(httpd_stream_write(slow, block, sizeof(block)), 0);
        assert_int_equal(httpd_stream_write(fast, block, sizeof(block)), 0); /* it keeps up */
        assert_int_equal(httpd_stream_write(slow, "x", 1), -ENOBUFS);
        assert_int_equal(httpd_stream_write(fast, "x", 1), -ENOBUFS);
        hear_until(&f, fast_fd, answer, sizeof(answer), "sss");
        loop_turn(&f.loop, -1);
        assert_int_equal(httpd_stream_write(slow, "x", 1), 0);
        assert_int_equal(httpd_stream_write(slow, block, sizeof(block)), 0);
        close(slow_fd);
        close(fast_fd);
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
                loop_turn(&f.loop, fd);
        assert_int_equal(httpd_stream_open(f.kept, "text/event-stream", NULL), 0);
        hear_until(&f, fd, answer, sizeof(answer), "\r\n\r\n");
        close(fd);
        for (unsigned i = 0; i < TURNS_MAX && f.kept; i++) {
                (void)httpd_stream_write(f.kept, ":\n\n", 3);
                loop_turn(&f.loop, -1);
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
                loop_turn(&f.loop, fd);
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

/* A second request on a connection, after a good one, is looked at as closely as a first. */
static void a_later_head_is_as_strict(void **state _unused_) {
        static const struct {
                const char *request;
                unsigned status;
        } rows[] = {
                { "GET /two HTTP/1.1\nHost: x\r\n\r\n", 400 },
                { "GET /two HTTP/1.1\r\nHost: x\n\r\n", 400 },
                { "GET /two HTTP/1.1\r\nHost: x\r\n\n", 400 },
                { "GET  /two HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
                { "GET /two HTTP/1.1 \r\nHost: x\r\n\r\n", 400 },
                { "GET /t wo HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
                { "GET /two HTTP/1.1\r\n\r\n", 400 },
                { "GET /two HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400 },
                { "GET /two HTTP/1.1\r\nHost : x\r\n\r\n", 400 },
                { "GET /two HTTP/1.1\r\nHost: x\r\nX : y\r\n\r\n", 400 },
                { "GET /two HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n", 400 },
                { "GET /two HTTP/1.1\r\nX: a\r\n b\r\nHost: x\r\n\r\n", 400 },
                { "POST /two HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1"
                  "\r\n\r\na",
                  400 },
                { "POST /two HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                  "Content-Length: 4\r\n\r\n0\r\n\r\n",
                  400 },
                { "POST /two HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                  411 },
                { "POST /two HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n", 501 },
                { "POST /two HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n", 413 },
                { "POST /two HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400 },
                { "GET two HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
                { "CONNECT a:1 HTTP/1.1\r\nHost: x\r\n\r\n", 501 },
                { "GET /two HTTP/1.9\r\nHost: x\r\n\r\n", 505 },
                { "GET /two HTTP/1.1\r\nHost: x\r\n\r\n", 200 },
                { "GET http://x/two HTTP/1.1\r\nHost: x\r\nA:b\r\nB:  c\t\r\nC:\r\n\r\n", 200 },
        };
        Fixture f;

        start(&f, NULL);
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                char answer[4096] = "";
                unsigned status = 0;
                int fd = dial(&f);

                say(fd, ONE);
                hear_until(&f, fd, answer, sizeof(answer), "hello");
                answer[0] = '\0';
                f.refused = 0;
                say(fd, rows[i].request);
                hear_until(&f, fd, answer, sizeof(answer), "\r\n\r\n");
                assert_int_equal(sscanf(answer, "HTTP/1.1 %u ", &status), 1);
                /* newer libraries refuse a coding by themselves, with 400 */
                if (status != rows[i].status && (rows[i].status != 501 || status != 400))
                        fail_msg("%s: %.20s", rows[i].request, answer);
                assert_string_equal(f.path, rows[i].status == 200 ? "/two" : "/one");
                assert_int_equal(f.refused, rows[i].status != 200);
                close(fd);
        }
        stop(&f);
}

static void zeros_in_a_later_head_are_seen(void **state _unused_) {
        static const char *const requests[] = {
                "GET /t~wo HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET /two HTTP/1.1\r\nHost: x\r\nX: a~b\r\n\r\n",
                "GET /two HTTP/1.1\r\nHost: x\r\nX: a~\r\nY: b\r\n\r\n",
                "GET /two?a~=b HTTP/1.1\r\nHost: x\r\n\r\n",
        };
        Fixture f;

        start(&f, NULL);
        for (size_t i = 0; i < ELEMENTSOF(requests); i++) {
                char answer[4096] = "", request[200];
                size_t n = strlen(requests[i]);
                int fd = dial(&f);

                memcpy(request, requests[i], n);
                *(char *)memchr(request, '~', n) = '\0';
                say(fd, ONE);
                hear_until(&f, fd, answer, sizeof(answer), "hello");
                answer[0] = '\0';
                assert_int_equal(send(fd, request, n, MSG_NOSIGNAL), n);
                hear_until(&f, fd, answer, sizeof(answer), NULL);
                if (answer[0]) /* newer libraries hang up at one in the request line */
                        assert_int_equal(strncmp(answer, "HTTP/1.1 400", 12), 0);
                close(fd);
                assert_int_equal(f.requests, i + 1);
        }
        assert_string_equal(f.path, "/one");
        stop(&f);
}

static void what_is_pipelined_is_answered_in_order(void **state _unused_) {
        char answer[8192] = "";
        Fixture f;
        int fd;

        start(&f, NULL);
        fd = dial(&f);
        say(fd, ONE ONE "POST /three HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
                        "GET /four" END);
        hear_until(&f, fd, answer, sizeof(answer), NULL);
        assert_int_equal(f.requests, 4);
        assert_string_equal(f.path, "/four");
        close(fd);
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
                cmocka_unit_test(head_of_a_stream_ends_with_its_header),
                cmocka_unit_test(streams_are_bounded_together),
                cmocka_unit_test(client_gone_ends_its_stream),
                cmocka_unit_test(free_finishes_what_is_open),
                cmocka_unit_test(garbage_is_answered_400),
                cmocka_unit_test(a_later_head_is_as_strict),
                cmocka_unit_test(zeros_in_a_later_head_are_seen),
                cmocka_unit_test(what_is_pipelined_is_answered_in_order),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
