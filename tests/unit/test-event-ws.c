/* The WebSocket server and its peers on loopback: raw sockets say what no client would. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "event/ws.h"

#define TURNS_MAX 20000
#define RAW_PEERS 200

typedef struct Fixture {
        uv_loop_t loop;
        WsServer *server;
        uint16_t port;
        unsigned opened, received, closed, drained; /* of the server */
        unsigned code;
        bool refuse, close_on_message;
        WsPeer *peer; /* the newest of the server */
        size_t last_n;
        WsKind last_kind;
        char address[64];
} Fixture;

static int on_opened(WsPeer *p, void *userdata) {
        const struct sockaddr_in *a = (const struct sockaddr_in *)ws_peer_address(p);
        Fixture *f = userdata;

        if (f->refuse)
                return -EPERM;
        f->opened++;
        f->peer = p;
        ws_peer_set_userdata(p, f);
        inet_ntop(a->sin_family, &a->sin_addr, f->address, sizeof(f->address));
        return 0;
}

static void on_received(WsPeer *p, WsKind kind, const uint8_t *data, size_t n, void *userdata) {
        Fixture *f = userdata;

        assert_ptr_equal(ws_peer_get_userdata(p), f);
        f->received++;
        f->last_n = n;
        f->last_kind = kind;
        if (f->close_on_message) {
                ws_peer_close(p, 4001, "enough");
                assert_int_equal(ws_peer_send(p, kind, data, n), -ENOTCONN);
                return;
        }
        assert_true(ws_peer_send(p, kind, data, n) >= 0);
}

static void on_drained(WsPeer *p _unused_, void *userdata) {
        Fixture *f = userdata;

        f->drained++;
}

static void on_closed(WsPeer *p, unsigned code, void *userdata) {
        Fixture *f = userdata;

        if (f->peer == p)
                f->peer = NULL;
        f->closed++;
        f->code = code;
}

static const WsOps server_ops = { on_opened, on_received, on_drained, on_closed };

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

static void start(Fixture *f, const WsLimits *limits) {
        WsServerOptions options = { .path = "/ws" };

        if (limits)
                options.limits = *limits;
        *f = (Fixture){ 0 };
        assert_int_equal(uv_loop_init(&f->loop), 0);
        assert_int_equal(ws_server_new(&f->server, &f->loop, &options, &server_ops, f), 0);
        assert_int_equal(ws_server_listen(f->server, listen_on(&f->port)), 0);
}

static void stop(Fixture *f) {
        f->server = ws_server_free(f->server);
        assert_int_equal(uv_run(&f->loop, UV_RUN_DEFAULT), 0);
        assert_int_equal(uv_loop_close(&f->loop), 0);
}

static void turn(Fixture *f, int fd) {
        struct pollfd p = { .fd = fd, .events = POLLIN };

        uv_run(&f->loop, UV_RUN_NOWAIT);
        poll(&p, 1, 1);
}

#define TURN_UNTIL(f, condition)                                                                   \
        do {                                                                                       \
                for (unsigned _i = 0; _i < TURNS_MAX && !(condition); _i++)                        \
                        turn(f, -1);                                                               \
                assert_true(condition);                                                            \
        } while (0)

static int dial(Fixture *f) {
        struct sockaddr_in a = { .sin_family = AF_INET,
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                 .sin_port = htons(f->port) };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
        return fd;
}

/* Reads exactly n bytes, or to the end if less come; their number. */
static size_t hear(Fixture *f, int fd, void *ret, size_t n) {
        size_t used = 0;

        for (unsigned i = 0; i < TURNS_MAX && used < n; i++) {
                ssize_t m = recv(fd, (uint8_t *)ret + used, n - used, MSG_DONTWAIT);

                if (m == 0 || (m < 0 && errno != EAGAIN))
                        return used;
                if (m < 0)
                        turn(f, fd);
                else
                        used += (size_t)m;
        }
        return used;
}

/* Sends the request, and returns the status of the answer, whose header is read. */
static unsigned upgrade(Fixture *f, int fd, const char *path, const char *headers) {
        char request[4096], answer[2048] = "";
        unsigned status = 0;
        size_t used = 0;
        int n;

        n = snprintf(request, sizeof(request),
                     "GET %s HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                     "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n",
                     path, headers);
        assert_int_equal(send(fd, request, (size_t)n, MSG_NOSIGNAL), n);
        while (used < sizeof(answer) - 1 && !strstr(answer, "\r\n\r\n") &&
               hear(f, fd, answer + used, 1) == 1)
                used++;
        (void)sscanf(answer, "HTTP/1.%*u %u", &status);
        if (status == 101)
                assert_non_null(strstr(answer, "dpin.v1"));
        return status;
}

#define PROTOCOL "Sec-WebSocket-Protocol: dpin.v1\r\n"

static int dial_open(Fixture *f) {
        int fd = dial(f);

        assert_int_equal(upgrade(f, fd, "/ws", PROTOCOL), 101);
        return fd;
}

/* A masked frame with the mask 0, which leaves the bytes as they are. */
static void say_frame(int fd, unsigned head, const void *data, size_t n) {
        _cleanup_free_ uint8_t *frame = malloc(n + 14);
        size_t used = 0;

        assert_non_null(frame);
        frame[used++] = (uint8_t)head;
        if (n < 126) {
                frame[used++] = (uint8_t)(0x80 | n);
        } else {
                frame[used++] = 0x80 | 127;
                for (unsigned i = 0; i < 8; i++)
                        frame[used++] = (uint8_t)((uint64_t)n >> (56 - 8 * i));
        }
        memset(frame + used, 0, 4);
        used += 4;
        memcpy(frame + used, data, n);
        assert_int_equal(send(fd, frame, used + n, MSG_NOSIGNAL), used + n);
}

/* The next frame; its first byte, or 0 at the end. */
static unsigned hear_frame(Fixture *f, int fd, uint8_t *ret, size_t size, size_t *ret_n) {
        uint8_t head[2], length[8];
        size_t extended, n;

        if (hear(f, fd, head, 2) != 2)
                return 0;
        n = head[1] & 0x7f;
        extended = n == 126 ? 2 : n == 127 ? 8 : 0;
        assert_int_equal(hear(f, fd, length, extended), extended);
        for (size_t i = 0; i < extended; i++)
                n = (i == 0 ? 0 : n << 8) | length[i];
        assert_true(n <= size);
        assert_int_equal(hear(f, fd, ret, n), n);
        *ret_n = n;
        return head[0];
}

static void assert_close_frame(Fixture *f, int fd, unsigned code) {
        uint8_t data[256];
        size_t n;

        assert_int_equal(hear_frame(f, fd, data, sizeof(data), &n), 0x88);
        assert_true(n >= 2);
        assert_int_equal(data[0] << 8 | data[1], code);
}

static void two_hundred_peers_are_echoed(void **state _unused_) {
        int fds[RAW_PEERS];
        uint8_t data[64];
        size_t n;
        Fixture f;

        start(&f, NULL);
        for (unsigned i = 0; i < RAW_PEERS; i++)
                fds[i] = dial_open(&f);
        assert_int_equal(f.opened, RAW_PEERS);
        for (unsigned i = 0; i < RAW_PEERS; i++)
                say_frame(fds[i], 0x82, &i, sizeof(i));
        for (unsigned i = 0; i < RAW_PEERS; i++) {
                assert_int_equal(hear_frame(&f, fds[i], data, sizeof(data), &n), 0x82);
                assert_int_equal(n, sizeof(i));
                assert_memory_equal(data, &i, sizeof(i));
        }
        for (unsigned i = 0; i < RAW_PEERS / 2; i++)
                close(fds[i]);
        TURN_UNTIL(&f, f.closed == RAW_PEERS / 2);
        assert_int_equal(f.code, 1006);
        assert_int_equal(ws_server_counters(f.server)->opened, RAW_PEERS);
        assert_int_equal(ws_server_counters(f.server)->closed, RAW_PEERS / 2);
        stop(&f);
        assert_int_equal(f.closed, RAW_PEERS / 2); /* the others without a callback */
        for (unsigned i = RAW_PEERS / 2; i < RAW_PEERS; i++)
                close(fds[i]);
}

static void fragments_are_joined(void **state _unused_) {
        static uint8_t large[60000], data[60000];
        Fixture f;
        size_t n;
        int fd;

        memset(large, 'x', sizeof(large));
        start(&f, NULL);
        fd = dial_open(&f);
        say_frame(fd, 0x01, "one,", 4);
        say_frame(fd, 0x00, "two,", 4);
        say_frame(fd, 0x89, "?", 1); /* a ping in between */
        assert_int_equal(hear_frame(&f, fd, data, sizeof(data), &n), 0x8a);
        say_frame(fd, 0x80, "three", 5);
        assert_int_equal(hear_frame(&f, fd, data, sizeof(data), &n), 0x81);
        assert_int_equal(n, 13);
        assert_memory_equal(data, "one,two,three", 13);
        assert_int_equal(f.last_kind, WS_TEXT);

        say_frame(fd, 0x82, large, sizeof(large));
        assert_int_equal(hear_frame(&f, fd, data, sizeof(data), &n), 0x82);
        assert_int_equal(n, sizeof(large));
        assert_memory_equal(data, large, n);
        say_frame(fd, 0x82, "", 0);
        assert_int_equal(hear_frame(&f, fd, data, sizeof(data), &n), 0x82);
        assert_int_equal(n, 0);
        assert_int_equal(f.received, 3);
        close(fd);
        stop(&f);
}

static void too_long_is_closed_with_1009(void **state _unused_) {
        uint8_t data[1100] = { 0 };
        Fixture f;
        int fd;

        start(&f, &(WsLimits){ .message_max = 1000 });
        fd = dial_open(&f);
        say_frame(fd, 0x82, data, 1001);
        assert_close_frame(&f, fd, 1009);
        say_frame(fd, 0x88, "\x03\xf1", 2);
        TURN_UNTIL(&f, f.closed == 1);
        assert_int_equal(f.code, 1009);
        close(fd);

        fd = dial_open(&f);
        say_frame(fd, 0x02, data, 600);
        say_frame(fd, 0x80, data, 401);
        assert_close_frame(&f, fd, 1009);
        close(fd);
        TURN_UNTIL(&f, f.closed == 2);
        assert_int_equal(f.received, 0);
        assert_int_equal(ws_server_counters(f.server)->too_long, 2);
        stop(&f);
}

static void wrong_requests_are_refused(void **state _unused_) {
        static const struct {
                const char *path, *headers;
                unsigned status;
        } cases[] = {
                { "/ws", PROTOCOL "Origin: https://evil.example\r\n", 403 },
                { "/other", PROTOCOL, 404 },
                { "/ws", "", 400 },
                { "/ws", "Sec-WebSocket-Protocol: dpin.v2\r\n", 400 },
                { "/ws", "Sec-WebSocket-Protocol: other, dpin.v1\r\n", 101 },
        };
        char answer[64] = "";
        Fixture f;
        int fd;

        start(&f, NULL);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                fd = dial(&f);
                assert_int_equal(upgrade(&f, fd, cases[i].path, cases[i].headers), cases[i].status);
                close(fd);
        }
        fd = dial(&f);
        assert_int_equal(send(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27, MSG_NOSIGNAL), 27);
        assert_int_equal(hear(&f, fd, answer, 12), 12);
        assert_string_equal(answer + 8, " 404");
        close(fd);
        assert_int_equal(f.opened, 1);
        assert_int_equal(ws_server_counters(f.server)->refused_origin, 1);
        assert_int_equal(ws_server_counters(f.server)->refused_protocol, 2);

        f.refuse = true;
        fd = dial(&f);
        (void)upgrade(&f, fd, "/ws", PROTOCOL);
        assert_int_equal(hear(&f, fd, answer, 1), 0);
        close(fd);
        assert_int_equal(f.opened, 1);
        stop(&f);
}

static void peers_are_counted_and_limited(void **state _unused_) {
        int one, two, three;
        Fixture f;

        start(&f, &(WsLimits){ .peers_max = 2 });
        one = dial_open(&f);
        two = dial_open(&f);
        three = dial(&f);
        assert_int_equal(upgrade(&f, three, "/ws", PROTOCOL), 503);
        close(three);
        close(one);
        TURN_UNTIL(&f, f.closed == 1);
        three = dial_open(&f);
        assert_int_equal(ws_server_counters(f.server)->refused_full, 1);
        close(two);
        close(three);
        stop(&f);
}

static void slow_reader_fills_a_bounded_queue(void **state _unused_) {
        static uint8_t block[10000], data[10000];
        unsigned sent = 0, heard = 0;
        Fixture f;
        size_t n;
        int fd, r;

        start(&f, &(WsLimits){ .queue_max = 100000 });
        fd = dial_open(&f);
        while ((r = ws_peer_send(f.peer, WS_BINARY, block, sizeof(block))) >= 0) {
                sent++;
                assert_true(sent < 10000);
        }
        assert_int_equal(r, -ENOBUFS);
        assert_true(ws_peer_queued(f.peer) <= 100000);
        assert_int_equal(f.drained, 0);
        assert_int_equal(ws_server_counters(f.server)->send_refused, 1);
        while (heard < sent) {
                assert_int_equal(hear_frame(&f, fd, data, sizeof(data), &n), 0x82);
                assert_int_equal(n, sizeof(block));
                heard++;
        }
        TURN_UNTIL(&f, f.drained == 1);
        assert_int_equal(ws_peer_queued(f.peer), 0);
        close(fd);
        stop(&f);
}

static void close_codes_travel_both_ways(void **state _unused_) {
        uint8_t data[64];
        size_t n;
        Fixture f;
        int fd;

        start(&f, NULL);
        fd = dial_open(&f);
        say_frame(fd, 0x88, "\x0f\xa2gone", 6); /* 4002 */
        assert_close_frame(&f, fd, 4002);
        TURN_UNTIL(&f, f.closed == 1);
        assert_int_equal(f.code, 4002);
        close(fd);

        fd = dial_open(&f);
        f.close_on_message = true;
        assert_int_equal(send(fd, "\x81\x81\0\0\0\0x\x81\x81\0\0\0\0y", 14, MSG_NOSIGNAL), 14);
        assert_int_equal(hear_frame(&f, fd, data, sizeof(data), &n), 0x88);
        assert_memory_equal(data,
                            "\x0f\xa1"
                            "enough",
                            8);
        say_frame(fd, 0x88, data, 2);
        TURN_UNTIL(&f, f.closed == 2);
        assert_int_equal(f.code, 4001);
        assert_int_equal(f.received, 1);
        close(fd);
        stop(&f);
}

static void protocol_errors_end_the_connection(void **state _unused_) {
        static const unsigned heads[] = {
                0xc2, /* compressed, which was not negotiated */
                0x83, /* unknown opcode */
                0x80, /* continues nothing */
                0x09, /* fragmented ping */
        };
        Fixture f;

        start(&f, NULL);
        for (unsigned i = 0; i < ELEMENTSOF(heads); i++) {
                int fd = dial_open(&f);

                say_frame(fd, heads[i], "x", 1);
                assert_close_frame(&f, fd, 1002);
                close(fd);
                TURN_UNTIL(&f, f.closed == i + 1);
        }
        assert_int_equal(f.received, 0);
        stop(&f);
}

static void silent_peer_is_pinged_then_dropped(void **state _unused_) {
        uint8_t data[64];
        size_t n;
        Fixture f;
        int fd;

        start(&f, &(WsLimits){ .ping_interval = 100 * USEC_PER_MSEC });
        fd = dial_open(&f);
        for (unsigned i = 0; i < 4; i++) {
                assert_int_equal(hear_frame(&f, fd, data, sizeof(data), &n), 0x89);
                say_frame(fd, 0x8a, data, n);
        }
        assert_int_equal(f.closed, 0);
        assert_int_equal(hear_frame(&f, fd, data, sizeof(data), &n), 0x89);
        assert_int_equal(hear(&f, fd, data, 1), 0); /* unanswered */
        assert_int_equal(f.closed, 1);
        assert_int_equal(f.code, 1006);
        close(fd);
        stop(&f);
}

static void unfinished_handshake_is_ended(void **state _unused_) {
        uint8_t data[1];
        usec_t begun = now_boottime();
        Fixture f;
        int idle, slow;

        start(&f, &(WsLimits){ .handshake_max = USEC_PER_SEC });
        idle = dial(&f);
        slow = dial(&f);
        assert_int_equal(send(slow, "GET /ws HTTP/1.1\r\nHost:", 23, MSG_NOSIGNAL), 23);
        assert_int_equal(hear(&f, idle, data, 1), 0);
        assert_int_equal(hear(&f, slow, data, 1), 0);
        assert_true(now_boottime() - begun < 5 * USEC_PER_SEC);
        close(idle);
        close(slow);
        stop(&f);
}

static void trusted_proxy_names_the_peer(void **state _unused_) {
        static const char *const header = PROTOCOL "X-Forwarded-For: 1.1.1.1, 192.0.2.7\r\n";
        Fixture f;
        int fd;

        start(&f, NULL);
        fd = dial(&f);
        assert_int_equal(upgrade(&f, fd, "/ws", header), 101);
        assert_string_equal(f.address, "127.0.0.1");
        close(fd);

        assert_int_equal(ws_server_set_trusted_proxies(f.server, "nonsense"), -EINVAL);
        assert_int_equal(ws_server_set_trusted_proxies(f.server, "::1, 127.0.0.1"), 0);
        fd = dial(&f);
        assert_int_equal(upgrade(&f, fd, "/ws", header), 101);
        assert_string_equal(f.address, "192.0.2.7");
        close(fd);
        fd = dial(&f);
        assert_int_equal(upgrade(&f, fd, "/ws", PROTOCOL), 101);
        assert_string_equal(f.address, "127.0.0.1"); /* the proxy speaks for itself */
        close(fd);
        fd = dial(&f);
        assert_int_equal(upgrade(&f, fd, "/ws",
                                 PROTOCOL "X-Forwarded-For: 127.0.0.1\r\n"
                                          "X-Forwarded-For: 192.0.2.8\r\n"),
                         101);
        assert_string_equal(f.address, "192.0.2.8");
        close(fd);
        stop(&f);
}

/* Whoever can spoil the header must not pass for the proxy, which may be a neighbour. */
static void unreadable_forwarded_address_is_refused(void **state _unused_) {
        static const char *const addresses[] = { "junk", "192.0.2.7, unknown", "192.0.2.7:80",
                                                 "127.0.0.1,", "[::1]" };
        char headers[2048], spaces[1100];
        Fixture f;
        int fd;

        start(&f, NULL);
        assert_int_equal(ws_server_set_trusted_proxies(f.server, "127.0.0.1"), 0);
        for (size_t i = 0; i < ELEMENTSOF(addresses); i++) {
                snprintf(headers, sizeof(headers), PROTOCOL "X-Forwarded-For: %s\r\n",
                         addresses[i]);
                fd = dial(&f);
                assert_int_equal(upgrade(&f, fd, "/ws", headers), 400);
                close(fd);
        }
        memset(spaces, 'x', sizeof(spaces));
        snprintf(headers, sizeof(headers), PROTOCOL "X-Forwarded-For: %.1024s, 192.0.2.7\r\n",
                 spaces);
        fd = dial(&f);
        assert_int_equal(upgrade(&f, fd, "/ws", headers), 400);
        close(fd);
        assert_int_equal(ws_server_counters(f.server)->refused_address, ELEMENTSOF(addresses) + 1);
        assert_int_equal(f.opened, 0);
        stop(&f);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(two_hundred_peers_are_echoed),
                cmocka_unit_test(fragments_are_joined),
                cmocka_unit_test(too_long_is_closed_with_1009),
                cmocka_unit_test(wrong_requests_are_refused),
                cmocka_unit_test(peers_are_counted_and_limited),
                cmocka_unit_test(slow_reader_fills_a_bounded_queue),
                cmocka_unit_test(close_codes_travel_both_ways),
                cmocka_unit_test(protocol_errors_end_the_connection),
                cmocka_unit_test(silent_peer_is_pinged_then_dropped),
                cmocka_unit_test(unfinished_handshake_is_ended),
                cmocka_unit_test(trusted_proxy_names_the_peer),
                cmocka_unit_test(unreadable_forwarded_address_is_refused),
        };

        signal(SIGPIPE, SIG_IGN);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
