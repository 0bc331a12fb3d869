/* The WebSocket client: against our own server, and against ones that do not want it. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "event/ws.h"
#include "loop-turn.h"
#include "tls-server.h"

typedef struct Fixture {
        uv_loop_t loop;
        WsServer *server;
        WsClient *client;
        uint16_t port;
        unsigned closed, code;
        bool greet, refuse;
        WsPeer *peer; /* the newest of the server */
        WsPeer *client_peer;
        unsigned client_opened, client_received, client_closed, client_failed, client_code;
        char client_last[256], reason[256];
} Fixture;

static int on_opened(WsPeer *p, void *userdata) {
        Fixture *f = userdata;

        f->peer = p;
        if (f->greet)
                assert_int_equal(ws_peer_send(p, WS_TEXT, "welcome", 7), 0);
        return f->refuse ? -EPERM : 0;
}

static void on_received(WsPeer *p, WsKind kind, const uint8_t *data, size_t n,
                        void *userdata _unused_) {
        assert_true(ws_peer_send(p, kind, data, n) >= 0);
}

static void on_closed(WsPeer *p _unused_, unsigned code, void *userdata) {
        Fixture *f = userdata;

        f->closed++;
        f->code = code;
}

static const WsOps server_ops = { on_opened, on_received, NULL, on_closed };

static int on_client_opened(WsPeer *p, void *userdata) {
        Fixture *f = userdata;

        f->client_peer = p;
        f->client_opened++;
        return 0;
}

static void on_client_received(WsPeer *p _unused_, WsKind kind _unused_, const uint8_t *data,
                               size_t n, void *userdata) {
        Fixture *f = userdata;

        f->client_received++;
        snprintf(f->client_last, sizeof(f->client_last), "%.*s", (int)n, (const char *)data);
}

static void on_client_closed(WsPeer *p _unused_, unsigned code, void *userdata) {
        Fixture *f = userdata;

        f->client_peer = NULL;
        f->client_closed++;
        f->client_code = code;
}

static void on_client_failed(const char *reason, void *userdata) {
        Fixture *f = userdata;

        f->client_failed++;
        snprintf(f->reason, sizeof(f->reason), "%s", reason);
}

static const WsOps client_ops = { on_client_opened, on_client_received, NULL, on_client_closed };

static int listen_on(uint16_t *ret_port) {
        struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t n = sizeof(a);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

        assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
        assert_int_equal(listen(fd, 512), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
        *ret_port = ntohs(a.sin_port);
        return fd;
}

static void start(Fixture *f) {
        const WsServerOptions options = { .path = "/ws" };

        *f = (Fixture){ 0 };
        assert_int_equal(uv_loop_init(&f->loop), 0);
        assert_int_equal(ws_server_new(&f->server, &f->loop, &options, &server_ops, f), 0);
        assert_int_equal(ws_server_listen(f->server, listen_on(&f->port)), 0);
}

static void stop(Fixture *f) {
        f->client = ws_client_free(f->client);
        f->server = ws_server_free(f->server);
        assert_int_equal(uv_run(&f->loop, UV_RUN_DEFAULT), 0);
        assert_int_equal(uv_loop_close(&f->loop), 0);
}

static void new_client(Fixture *f, const char *url, const char *ca_file, usec_t handshake_max) {
        const WsClientOptions options = {
                .url = url,
                .ca_file = ca_file,
                .limits.handshake_max = handshake_max,
                .failed = on_client_failed,
        };

        assert_null(f->client);
        assert_int_equal(ws_client_new(&f->client, &f->loop, &options, &client_ops, f), 0);
}

static void count_handle(uv_handle_t *handle _unused_, void *userdata) {
        unsigned *n = userdata;

        (*n)++;
}

static unsigned count_handles(Fixture *f) {
        unsigned n = 0;

        uv_walk(&f->loop, count_handle, &n);
        return n;
}

static void expect_failure(Fixture *f, const char *url, const char *ca_file, const char *reason) {
        unsigned failed = f->client_failed, handles = count_handles(f);
        usec_t patience = !strcmp(reason, "timed out") ? USEC_PER_SEC / 2 : 20 * USEC_PER_SEC;

        new_client(f, url, ca_file, patience);
        assert_int_equal(ws_client_connect(f->client), 0);
        TURN_UNTIL(f, f->client_failed > failed);
        if (!strstr(f->reason, reason))
                print_error("reason: %s\n", f->reason);
        assert_non_null(strstr(f->reason, reason));
        f->client = ws_client_free(f->client);
        TURN_UNTIL(f, count_handles(f) == handles); /* there must not be two at a time */
}

/* The server's owner refuses when the upgrade is through. */
static void expect_late_end(Fixture *f, const char *url) {
        new_client(f, url, NULL, 0);
        assert_int_equal(ws_client_connect(f->client), 0);
        TURN_UNTIL(f, f->client_closed == 1);
        assert_int_equal(f->client_opened, 1);
        assert_int_equal(f->client_code, 1006);
}

static void client_talks_and_comes_back(void **state _unused_) {
        char url[64], authority[64];
        Fixture f;

        start(&f);
        f.greet = true;
        snprintf(url, sizeof(url), "WS://LocalHost:%u/ws", f.port);
        snprintf(authority, sizeof(authority), "localhost:%u", f.port);
        new_client(&f, url, NULL, 0);
        assert_string_equal(ws_client_authority(f.client), authority);
        for (unsigned i = 1; i <= 3; i++) {
                assert_int_equal(ws_client_connect(f.client), 0);
                assert_int_equal(ws_client_connect(f.client), -EALREADY);
                TURN_UNTIL(&f, f.client_received == 2 * i - 1);
                assert_string_equal(f.client_last, "welcome");
                assert_int_equal(ws_peer_send(f.client_peer, WS_TEXT, "hello", 5), 0);
                TURN_UNTIL(&f, f.client_received == 2 * i);
                assert_string_equal(f.client_last, "hello");
                if (i == 2)
                        ws_peer_close(f.client_peer, 4003, "bye");
                else
                        ws_peer_close(f.peer, 4004, "bye");
                TURN_UNTIL(&f, f.closed == i && f.client_closed == i);
                assert_int_equal(f.code, i == 2 ? 4003 : 4004);
                assert_int_equal(f.client_code, i == 2 ? 4003 : 4004);
        }
        assert_int_equal(f.client_failed, 0);
        assert_int_equal(ws_client_connect(f.client), 0);
        TURN_UNTIL(&f, f.client_opened == 4);
        stop(&f);
}

static void client_says_why_it_failed(void **state _unused_) {
        uint16_t closed_port, mute_port;
        char url[64];
        Fixture f;
        int mute;

        start(&f);
        close(listen_on(&closed_port));
        mute = listen_on(&mute_port);
        snprintf(url, sizeof(url), "ws://127.0.0.1:%u/ws", closed_port);
        expect_failure(&f, url, NULL, "connection refused");
        snprintf(url, sizeof(url), "ws://localhost:%u/ws", closed_port);
        expect_failure(&f, url, NULL, "connection refused");
        snprintf(url, sizeof(url), "ws://127.0.0.1:%u/other", f.port);
        expect_failure(&f, url, NULL, "HTTP status 404");
        snprintf(url, sizeof(url), "ws://127.0.0.1:%u/ws", mute_port);
        expect_failure(&f, url, NULL, "timed out");
        snprintf(url, sizeof(url), "wss://127.0.0.1:%u/ws", mute_port);
        expect_failure(&f, url, NULL, "timed out");
        f.refuse = true;
        snprintf(url, sizeof(url), "ws://127.0.0.1:%u/ws", f.port);
        expect_late_end(&f, url);
        close(mute);
        stop(&f);
}

static void hang_up(uv_poll_t *poll, int status _unused_, int events _unused_) {
        int *fd = poll->data, peer = accept(*fd, NULL, NULL);

        if (peer >= 0)
                close(peer);
}

static void client_hears_that_a_server_hung_up(void **state _unused_) {
        uint16_t port;
        int fd = listen_on(&port);
        uv_poll_t poll = { .data = &fd };
        char url[64];
        Fixture f;

        start(&f);
        uv_poll_init(&f.loop, &poll, fd);
        uv_poll_start(&poll, UV_READABLE, hang_up);
        snprintf(url, sizeof(url), "ws://127.0.0.1:%u/ws", port);
        new_client(&f, url, NULL, 0);
        for (unsigned i = 1; i <= 3; i++) {
                f.reason[0] = '\0';
                assert_int_equal(ws_client_connect(f.client), 0);
                TURN_UNTIL(&f, f.client_failed == i);
                assert_non_null(strstr(f.reason, "closed"));
        }
        uv_close((uv_handle_t *)&poll, NULL);
        stop(&f);
        close(fd);
}

static void client_urls_are_checked(void **state _unused_) {
        static const char *const urls[] = {
                "",           "http://a/",   "ws://",      "ws://a:0/",   "ws://a:65536/",
                "ws://a:/",   "ws://u:p@a/", "ws://u@a/",  "ws://a b/",   "ws://a/ b",
                "ws://a/#f",  "ws://a]/",    "ws://[a]/",  "ws://127.1/", "ws://a/\x7f",
                "ws://[::1/", "ws://[]:1/",  "ws://a:1x/", "ws://a\r\n/",
        };
        WsClientOptions options = { .failed = on_client_failed };
        uv_loop_t loop;
        WsClient *c;

        assert_int_equal(uv_loop_init(&loop), 0);
        for (size_t i = 0; i < ELEMENTSOF(urls); i++) {
                options.url = urls[i];
                assert_int_equal(ws_client_new(&c, &loop, &options, &client_ops, NULL), -EINVAL);
        }
        options.url = "wss://a/";
        options.ca_file = "/nonexistent";
        assert_int_equal(ws_client_new(&c, &loop, &options, &client_ops, NULL), -ENOENT);
        options.ca_file = NULL;
        options.url = "wss://[2001:DB8::1]";
        assert_int_equal(ws_client_new(&c, &loop, &options, &client_ops, NULL), 0);
        assert_string_equal(ws_client_authority(c), "[2001:db8::1]:443");
        ws_client_free(c);
        assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
        assert_int_equal(uv_loop_close(&loop), 0);
}

/* -www answers every request with 200: who comes so far has accepted the certificate. */
static void client_verifies_certificates(void **state _unused_) {
        static const struct {
                const char *name;
                int days;
                bool trusted;
                const char *reason;
        } cases[] = {
                { "IP:127.0.0.1", 10, true, "HTTP status 200" },
                { "DNS:localhost", 10, true, "HTTP status 200" },
                { "DNS:localhost", 10, false, "certificate: unknown authority" },
                { "DNS:elsewhere.example", 10, true, "certificate: issued for another name" },
                { "IP:127.0.0.1", -1, true, "certificate: expired" },
        };
        TlsServer s;
        char url[64];
        Fixture f;

        start(&f);
        tls_server_prepare(&s);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                tls_server_start(&s, cases[i].name, cases[i].days);
                snprintf(url, sizeof(url), "wss://%s:%u/ws",
                         cases[i].name[0] == 'I' ? "127.0.0.1" : "localhost", s.port);
                expect_failure(&f, url, cases[i].trusted ? s.ca_file : NULL, cases[i].reason);
                tls_server_stop(&s);
        }
        tls_server_remove(&s);
        stop(&f);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(client_talks_and_comes_back),
                cmocka_unit_test(client_says_why_it_failed),
                cmocka_unit_test(client_hears_that_a_server_hung_up),
                cmocka_unit_test(client_urls_are_checked),
                cmocka_unit_test(client_verifies_certificates),
        };

        signal(SIGPIPE, SIG_IGN);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
