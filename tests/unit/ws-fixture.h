/* A WebSocket server on loopback, and raw sockets that say to it what no client would. */
#pragma once

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

typedef struct Fixture {
        uv_loop_t loop;
        WsServer *server;
        uint16_t port;
        unsigned opened, received, closed, drained; /* of the server */
        unsigned code;
        bool refuse, close_on_message, linger; /* linger: nobody is settled */
        WsPeer *peer;                          /* the newest of the server */
        size_t last_n;
        WsKind last_kind;
        char address[64];
} Fixture;

static inline int on_opened(WsPeer *p, void *userdata) {
        const struct sockaddr_in *a = (const struct sockaddr_in *)ws_peer_address(p);
        Fixture *f = userdata;

        if (f->refuse)
                return -EPERM;
        f->opened++;
        f->peer = p;
        if (!f->linger)
                assert_int_equal(ws_peer_settle(p), 0);
        ws_peer_set_userdata(p, f);
        inet_ntop(a->sin_family, &a->sin_addr, f->address, sizeof(f->address));
        return 0;
}

static inline void on_received(WsPeer *p, WsKind kind, const uint8_t *data, size_t n,
                               void *userdata) {
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

static inline void on_drained(WsPeer *p _unused_, void *userdata) {
        Fixture *f = userdata;

        f->drained++;
}

static inline void on_closed(WsPeer *p, unsigned code, void *userdata) {
        Fixture *f = userdata;

        if (f->peer == p)
                f->peer = NULL;
        f->closed++;
        f->code = code;
}

static const WsOps server_ops = { on_opened, on_received, on_drained, on_closed };

static inline int listen_on(uint16_t *ret_port) {
        struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t n = sizeof(a);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

        assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
        assert_int_equal(listen(fd, 512), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
        *ret_port = ntohs(a.sin_port);
        return fd;
}

static inline void start(Fixture *f, const WsLimits *limits) {
        WsServerOptions options = { .path = "/ws" };

        if (limits)
                options.limits = *limits;
        *f = (Fixture){ 0 };
        assert_int_equal(uv_loop_init(&f->loop), 0);
        assert_int_equal(ws_server_new(&f->server, &f->loop, &options, &server_ops, f), 0);
        assert_int_equal(ws_server_listen(f->server, listen_on(&f->port)), 0);
}

static inline void stop(Fixture *f) {
        f->server = ws_server_free(f->server);
        assert_int_equal(uv_run(&f->loop, UV_RUN_DEFAULT), 0);
        assert_int_equal(uv_loop_close(&f->loop), 0);
}

static inline int dial(Fixture *f) {
        struct sockaddr_in a = { .sin_family = AF_INET,
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                 .sin_port = htons(f->port) };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
        return fd;
}

/* Reads exactly n bytes, or to the end if less come; their number. */
static inline size_t hear(Fixture *f, int fd, void *ret, size_t n) {
        size_t used = 0;

        for (unsigned i = 0; i < TURNS_MAX && used < n; i++) {
                ssize_t m = recv(fd, (uint8_t *)ret + used, n - used, MSG_DONTWAIT);

                if (m == 0 || (m < 0 && errno != EAGAIN))
                        return used;
                if (m < 0)
                        loop_turn(&f->loop, fd);
                else
                        used += (size_t)m;
        }
        return used;
}

/* Sends the request, and returns the status of the answer, whose header is read. */
static inline unsigned upgrade(Fixture *f, int fd, const char *path, const char *headers) {
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

static inline int dial_open(Fixture *f) {
        int fd = dial(f);

        assert_int_equal(upgrade(f, fd, "/ws", PROTOCOL), 101);
        return fd;
}

/* A masked frame with the mask 0, which leaves the bytes as they are. */
static inline void say_frame(int fd, unsigned head, const void *data, size_t n) {
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
static inline unsigned hear_frame(Fixture *f, int fd, uint8_t *ret, size_t size, size_t *ret_n) {
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

static inline void assert_close_frame(Fixture *f, int fd, unsigned code) {
        uint8_t data[256];
        size_t n;

        assert_int_equal(hear_frame(f, fd, data, sizeof(data), &n), 0x88);
        assert_true(n >= 2);
        assert_int_equal(data[0] << 8 | data[1], code);
}
