/* The HTTP client against servers on loopback: our own, a raw socket that says anything, and
 * openssl's. */
#include <sys/resource.h>

#include "http-fixture.h"

static void answer_is_measured_and_hashed(void **state _unused_) {
        uint8_t hash[32];
        Fixture f;

        start(&f);
        begin(&f, plain, "http://127.0.0.1:%u/x", f.port);
        wait_done(&f);
        assert_error(&f, HTTP_OK);
        assert_int_equal(f.result.status, 200);
        assert_string_equal(f.body, "0123456789");
        assert_int_equal(f.result.body_n, 10);
        crypto_hash_sha256(hash, (const uint8_t *)"0123456789", 10);
        assert_memory_equal(f.result.body_sha256, hash, 32);
        assert_int_equal(f.result.address.ss_family, AF_INET);
        assert_int_equal(((struct sockaddr_in *)&f.result.address)->sin_port, htons(f.port));
        assert_true(f.result.phase[HTTP_PHASE_CONNECT] > 0);
        assert_true(f.result.phase[HTTP_PHASE_WAIT] > 0);
        assert_int_equal(f.result.phase[HTTP_PHASE_TLS], 0);
        assert_true(sum_phases(&f.result) < 5 * USEC_PER_SEC);
        assert_false(f.result.redirected || f.result.truncated);
        assert_string_equal(f.last, "GET /x ");
        stop(&f);
}

static void body_is_cut_and_kept_in_part(void **state _unused_) {
        HttpRequest request = plain;
        Fixture f;

        start(&f);
        request.body_max = 7;
        request.keep_max = 3;
        begin(&f, request, "http://127.0.0.1:%u/", f.port);
        wait_done(&f);
        assert_error(&f, HTTP_OK);
        assert_true(f.result.truncated);
        assert_int_equal(f.result.body_n, 7);
        assert_string_equal(f.body, "012");

        request.body_max = 10;
        begin(&f, request, "http://127.0.0.1:%u/", f.port);
        wait_done(&f);
        assert_false(f.result.truncated);
        assert_int_equal(f.result.body_n, 10);
        stop(&f);
}

static void methods_and_bodies_are_sent(void **state _unused_) {
        HttpRequest request = plain;
        Fixture f;

        start(&f);
        request.method = "POST";
        request.body = "abc";
        request.body_n = 3;
        begin(&f, request, "http://127.0.0.1:%u/p", f.port);
        wait_done(&f);
        assert_string_equal(f.last, "POST /p abc");

        begin(&f, request, "http://127.0.0.1:%u/302?to=/q", f.port);
        wait_done(&f);
        assert_string_equal(f.last, "GET /q ");
        begin(&f, request, "http://127.0.0.1:%u/308?to=/q", f.port);
        wait_done(&f);
        assert_string_equal(f.last, "POST /q abc");

        request = plain;
        request.method = "HEAD";
        request.headers = (const char *const[]){ "X-Key: k", NULL };
        begin(&f, request, "http://127.0.0.1:%u/h", f.port);
        wait_done(&f);
        assert_error(&f, HTTP_OK);
        assert_string_equal(f.last, "HEAD /h ");
        assert_int_equal(f.result.body_n, 0);
        assert_string_equal(f.headers, "-;k;*/*;-;");

        begin(&f, plain, "http://127.0.0.1:%u/", f.port); /* nothing of it is left */
        wait_done(&f);
        assert_string_equal(f.last, "GET / ");
        assert_string_equal(f.headers, "-;-;*/*;-;");
        stop(&f);
}

static void every_hop_asks_the_guard(void **state _unused_) {
        HttpRequest request = plain;
        uint16_t other;
        Fixture f;
        int fd = listen_on(&other, 8);

        start(&f);
        request.guard = guard;
        request.guard_userdata = &f;
        f.refused_port = other;
        begin(&f, request, "http://127.0.0.1:%u/301?to=/303%%3Fto=/end", f.port);
        wait_done(&f);
        assert_error(&f, HTTP_OK);
        assert_true(f.result.redirected);
        assert_string_equal(f.last, "GET /end ");
        assert_int_equal(f.guarded, 3);

        begin(&f, request, "http://127.0.0.1:%u/302?to=http://127.0.0.1:%u/", f.port, other);
        wait_done(&f);
        assert_error(&f, HTTP_BLOCKED);
        assert_int_equal(f.guarded, 5);
        assert_true(accept(fd, NULL, NULL) < 0);
        close(fd);
        stop(&f);
}

static void redirects_are_limited(void **state _unused_) {
        HttpRequest request = plain;
        Fixture f;

        start(&f);
        request.redirects_max = 0;
        begin(&f, request, "http://127.0.0.1:%u/301?to=/", f.port);
        wait_done(&f);
        assert_error(&f, HTTP_OK);
        assert_int_equal(f.result.status, 301);
        assert_false(f.result.redirected);

        request.redirects_max = 1;
        begin(&f, request, "http://127.0.0.1:%u/301?to=/302%%3Fto=/x", f.port);
        wait_done(&f);
        assert_error(&f, HTTP_REDIRECTS);
        begin(&f, request, "http://127.0.0.1:%u/301?to=file:///etc/passwd", f.port);
        wait_done(&f);
        assert_error(&f, HTTP_SCHEME);
        begin(&f, request, "http://127.0.0.1:%u/301?to=gopher://127.0.0.1/", f.port);
        wait_done(&f);
        assert_error(&f, HTTP_SCHEME);
        begin(&f, request, "http://127.0.0.1:%u/301?to=http://u:p@127.0.0.1/", f.port);
        wait_done(&f);
        assert_error(&f, HTTP_PROTOCOL);
        stop(&f);
}

static void secrets_stay_with_their_server(void **state _unused_) {
        static const char *const headers[] = { "Authorization: Bearer x", "X-Key: k",
                                               "Accept: text/plain", "X-Empty: ", NULL };
        HttpRequest request = plain;
        Fixture f;

        start(&f);
        request.headers = headers;
        begin(&f, request, "http://127.0.0.1:%u/301?to=/same", f.port);
        wait_done(&f);
        assert_string_equal(f.headers, "Bearer x;k;text/plain;;");
        begin(&f, request, "http://127.0.0.1:%u/301?to=http://localhost:%u/other", f.port, f.port);
        wait_done(&f);
        assert_string_equal(f.last, "GET /other ");
        assert_string_equal(f.headers, "-;-;text/plain;-;");
        stop(&f);
}

/* Its owner lets go of it while a request is under way, which holds it until the end. */
static void target_is_read_once_for_many_requests(void **state _unused_) {
        static const char *const headers[] = { "X-Key: k", NULL };
        HttpRequest request = plain;
        HttpTarget *target;
        char url[128];
        Fixture f;

        start(&f);
        snprintf(url, sizeof(url), "http://127.0.0.1:%u/301?to=http://localhost:%u/other", f.port,
                 f.port);
        assert_int_equal(http_target_new(&target, url), 0);
        request.headers = headers;
        request.redirects_max = 0;
        for (unsigned i = 0; i < 3; i++) {
                f.done = false;
                request.target = target;
                assert_int_equal(http_start(f.client, &request, on_done, &f, NULL), 0);
                if (i == 2)
                        target = http_target_unref(target);
                wait_done(&f);
                assert_error(&f, HTTP_OK);
                assert_int_equal(f.result.status, i == 0 ? 301 : 200);
                assert_string_equal(f.headers, i == 0 ? "-;k;*/*;-;" : "-;-;*/*;-;");
                request.redirects_max = 1;
        }
        assert_string_equal(f.last, "GET /other ");
        stop(&f);
}

static void environment_has_no_say(void **state _unused_) {
        uint16_t proxy;
        Fixture f;
        int fd = listen_on(&proxy, 8);
        char text[64];

        snprintf(text, sizeof(text), "http://127.0.0.1:%u", proxy);
        setenv("http_proxy", text, 1);
        setenv("all_proxy", text, 1);
        start(&f);
        begin(&f, plain, "http://127.0.0.1:%u/", f.port);
        wait_done(&f);
        assert_error(&f, HTTP_OK);
        assert_true(accept(fd, NULL, NULL) < 0);
        unsetenv("http_proxy");
        unsetenv("all_proxy");
        close(fd);
        stop(&f);
}

static void bad_requests_do_not_start(void **state _unused_) {
        static const char *const urls[] = {
                "",
                "no scheme",
                "127.0.0.1",
                "file:///etc/passwd",
                "ftp://127.0.0.1/",
                "http://",
                "http://u:p@127.0.0.1/",
                "http://127.0.0.1:99999/",
                "http://a b/",
                "http://a%7f/",
                "http://a%2541/",
                "http://07%333331/",
                "http://a/\r\nX: y",
        };
        static const char *const headers[] = { "A: b\r\nC: d", NULL };
        HttpRequest request = plain;
        HttpTarget *target;
        Fixture f;

        start(&f);
        for (size_t i = 0; i < ELEMENTSOF(urls); i++) {
                request.url = urls[i];
                assert_int_equal(http_start(f.client, &request, on_done, &f, NULL), -EINVAL);
                assert_int_equal(http_target_new(&target, urls[i]), -EINVAL);
        }
        request.url = "http://127.0.0.1/";
        request.method = "GET /\r\n";
        assert_int_equal(http_start(f.client, &request, on_done, &f, NULL), -EINVAL);
        request.method = NULL;
        request.headers = headers;
        assert_int_equal(http_start(f.client, &request, on_done, &f, NULL), -EINVAL);
        request.headers = NULL;
        request.ca_file = "/nonexistent";
        assert_int_equal(http_start(f.client, &request, on_done, &f, NULL), -ENOENT);
        assert_int_equal(http_client_active(f.client), 0);
        stop(&f);
}

static void refused_and_unknown_hosts_are_told_apart(void **state _unused_) {
        HttpRequest request = plain;
        uint16_t port;
        Fixture f;

        start(&f);
        close(listen_on(&port, 1));
        begin(&f, request, "http://127.0.0.1:%u/", port);
        wait_done(&f);
        assert_error(&f, HTTP_REFUSED);
        assert_int_equal(f.result.status, 0);
        assert_true(strlen(f.detail) > 0);

        /* Without a network the resolver is slow; it must not be waited for. */
        request.timeout = USEC_PER_SEC;
        begin(&f, request, "http://nobody.invalid/");
        wait_done(&f);
        if (f.result.error != HTTP_TIMEOUT_DNS)
                assert_error(&f, HTTP_DNS);
        assert_true(sum_phases(&f.result) < 2 * USEC_PER_SEC);
        assert_int_equal(f.result.address.ss_family, AF_UNSPEC);
        stop(&f);
}

/* Descriptors below the limit are taken, so that there is none for a connection. */
static void want_of_descriptors_is_not_the_targets_fault(void **state _unused_) {
        struct rlimit before, none;
        Fixture f;
        int fd;

        start(&f);
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
        none = before;
        fd = dup(STDERR_FILENO); /* the lowest one that is free */
        close(fd);
        none.rlim_cur = (rlim_t)fd;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
        begin(&f, plain, "http://127.0.0.1:%u/", f.port);
        wait_done(&f);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        assert_error(&f, HTTP_INTERNAL);
        begin(&f, plain, "http://127.0.0.1:%u/", f.port);
        wait_done(&f);
        assert_error(&f, HTTP_OK);
        stop(&f);
}

static void timeouts_name_their_phase(void **state _unused_) {
        HttpRequest request = plain;
        uint16_t full, mute;
        int fd = listen_on(&full, 0), silent = listen_on(&mute, 8), fill[3];
        struct sockaddr_in a = { .sin_family = AF_INET,
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                 .sin_port = htons(full) };
        Fixture f;

        for (unsigned i = 0; i < ELEMENTSOF(fill); i++) { /* a full backlog answers no SYN */
                fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
                (void)connect(fill[i], (struct sockaddr *)&a, sizeof(a));
        }
        start(&f);
        request.timeout = 200 * USEC_PER_MSEC;
        begin(&f, request, "http://127.0.0.1:%u/", full);
        wait_done(&f);
        assert_error(&f, HTTP_TIMEOUT_CONNECT);
        assert_true(f.result.phase[HTTP_PHASE_CONNECT] >= 150 * USEC_PER_MSEC);
        begin(&f, request, "https://127.0.0.1:%u/", mute);
        wait_done(&f);
        assert_error(&f, HTTP_TIMEOUT_TLS);
        assert_true(f.result.phase[HTTP_PHASE_TLS] >= 150 * USEC_PER_MSEC);
        begin(&f, request, "http://127.0.0.1:%u/silent", f.port);
        wait_done(&f);
        assert_error(&f, HTTP_TIMEOUT_WAIT);
        begin(&f, request, "http://127.0.0.1:%u/endless", f.port);
        wait_done(&f);
        assert_error(&f, HTTP_TIMEOUT_TRANSFER);
        assert_int_equal(f.result.status, 200);
        assert_int_equal(f.result.body_n, 9);
        stop(&f);
        for (unsigned i = 0; i < ELEMENTSOF(fill); i++)
                close(fill[i]);
        close(silent);
        close(fd);
}

static void phases_are_summed_over_redirects(void **state _unused_) {
        HttpRequest request = plain;
        Fixture f;

        start(&f);
        request.timeout = 200 * USEC_PER_MSEC;
        begin(&f, request, "http://127.0.0.1:%u/301?to=/302%%3Fto=/silent", f.port);
        wait_done(&f);
        assert_error(&f, HTTP_TIMEOUT_WAIT);
        assert_true(f.result.redirected);
        assert_true(sum_phases(&f.result) >= 190 * USEC_PER_MSEC);
        assert_true(sum_phases(&f.result) < USEC_PER_SEC);
        stop(&f);
}

/* Serves one connection of a raw listener with these bytes, then closes it. */
static void serve_raw(Fixture *f, int fd, const char *bytes, size_t n) {
        int peer = -1;
        char request[4096];

        while (!f->done) {
                uv_run(&f->loop, UV_RUN_NOWAIT);
                if (peer < 0)
                        peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK);
                if (peer < 0 || recv(peer, request, sizeof(request), 0) <= 0)
                        continue;
                for (size_t sent = 0; sent < n && !f->done;) {
                        ssize_t m = send(peer, bytes + sent, n - sent, MSG_NOSIGNAL);

                        if (m < 0 && errno != EAGAIN)
                                break;
                        sent += m > 0 ? (size_t)m : 0;
                        uv_run(&f->loop, UV_RUN_NOWAIT);
                }
                close(peer);
                wait_done(f);
        }
}

static void servers_that_misbehave_are_classified(void **state _unused_) {
        static char large[80000], line[200000];
        const struct {
                const char *bytes;
                HttpError error;
        } cases[] = {
                { "", HTTP_RESET },
                { "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", HTTP_RESET },
                { "SSH-2.0-OpenSSH_9.2\r\n", HTTP_PROTOCOL },
                { "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
                  HTTP_PROTOCOL },
                { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", HTTP_PROTOCOL },
                { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", HTTP_RESET },
                { "HTTP/1.0 200 OK\r\n\r\nto the end", HTTP_OK },
                { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: trailer\r\n\r\n",
                  HTTP_OK },
                { "HTTP/1.1 200 OK\r\nServer: a\r\n", HTTP_RESET },
                { "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n", HTTP_RESET },
                { "<html>HTTP/0.9</html>", HTTP_PROTOCOL },
                { large, HTTP_PROTOCOL },
                { line, HTTP_PROTOCOL },
        };
        uint16_t port;
        Fixture f;
        int fd = listen_on(&port, 8);
        size_t used = (size_t)snprintf(large, sizeof(large), "HTTP/1.1 200 OK\r\n");

        while (used < sizeof(large) - 100)
                used += (size_t)snprintf(large + used, 100, "X-%zu: %060d\r\n", used, 0);
        memset(line, 'a', sizeof(line) - 1);
        memcpy(line, "HTTP/1.1 200 OK\r\nX: ", 20);
        start(&f);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                begin(&f, plain, "http://127.0.0.1:%u/", port);
                serve_raw(&f, fd, cases[i].bytes, strlen(cases[i].bytes));
                assert_error(&f, cases[i].error);
        }
        close(fd);
        stop(&f);
}

static void headers_of_the_answer_are_kept_if_wanted(void **state _unused_) {
        static const char answer[] = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                                     "HTTP/1.1 200 OK\r\nX: 1\r\nContent-Length: 0\r\n\r\n";
        HttpRequest request = plain;
        uint16_t port;
        Fixture f;
        int fd = listen_on(&port, 8);

        start(&f);
        for (unsigned i = 0; i < 2; i++) {
                request.keep_headers = i > 0;
                begin(&f, request, "http://127.0.0.1:%u/302?to=http://127.0.0.1:%u/", f.port, port);
                serve_raw(&f, fd, answer, sizeof(answer) - 1);
                assert_error(&f, HTTP_OK);
                assert_int_equal(f.result.headers_n, i > 0 ? sizeof("X: 1\0Content-Length: 0") : 0);
        }
        close(fd);
        stop(&f);
}

static void cancelled_call_is_silent(void **state _unused_) {
        HttpRequest request = plain;
        HttpCall *call;
        char url[64];
        Fixture f;

        start(&f);
        snprintf(url, sizeof(url), "http://127.0.0.1:%u/silent", f.port);
        request.url = url;
        assert_int_equal(http_start(f.client, &request, on_done, &f, &call), 0);
        TURN_UNTIL(&f, f.served > 0);
        call = http_call_cancel(call);
        assert_int_equal(http_client_active(f.client), 0);
        assert_int_equal(http_start(f.client, &request, on_done, &f, &call), 0);
        stop(&f);
        assert_false(f.done);
}

static void on_done_free_client(const HttpResult *result _unused_, void *userdata) {
        Fixture *f = userdata;

        f->done = true;
        f->client = http_client_free(f->client);
}

static void client_may_be_freed_by_a_callback(void **state _unused_) {
        HttpRequest request = plain;
        char url[64];
        Fixture f;

        start(&f);
        snprintf(url, sizeof(url), "http://127.0.0.1:%u/", f.port);
        request.url = url;
        for (unsigned i = 0; i < 3; i++)
                assert_int_equal(http_start(f.client, &request, on_done_free_client, &f, NULL), 0);
        TURN_UNTIL(&f, !f.client);
        stop(&f);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(answer_is_measured_and_hashed),
                cmocka_unit_test(body_is_cut_and_kept_in_part),
                cmocka_unit_test(methods_and_bodies_are_sent),
                cmocka_unit_test(every_hop_asks_the_guard),
                cmocka_unit_test(redirects_are_limited),
                cmocka_unit_test(secrets_stay_with_their_server),
                cmocka_unit_test(target_is_read_once_for_many_requests),
                cmocka_unit_test(environment_has_no_say),
                cmocka_unit_test(bad_requests_do_not_start),
                cmocka_unit_test(refused_and_unknown_hosts_are_told_apart),
                cmocka_unit_test(want_of_descriptors_is_not_the_targets_fault),
                cmocka_unit_test(timeouts_name_their_phase),
                cmocka_unit_test(phases_are_summed_over_redirects),
                cmocka_unit_test(servers_that_misbehave_are_classified),
                cmocka_unit_test(headers_of_the_answer_are_kept_if_wanted),
                cmocka_unit_test(cancelled_call_is_silent),
                cmocka_unit_test(client_may_be_freed_by_a_callback),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
