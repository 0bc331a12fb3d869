/* A DNS server on loopback, UDP and TCP, on the loop of the test. The first label of a name says
 * how it is answered; its address ends with the number of the question. */
#pragma once

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <uv.h>

#include <cmocka.h>

typedef enum DnsRoot {
        DNS_ROOT_EMPTY, /* an answer without records */
        DNS_ROOT_FAILS,
        DNS_ROOT_SILENT,
} DnsRoot;

typedef struct DnsServer {
        uv_loop_t *loop;
        uv_udp_t udp;
        uv_tcp_t tcp;
        uint16_t port;
        char address[32]; /* "127.0.0.1:PORT" */
        unsigned asked, by_tcp, closed;
        DnsRoot root; /* what is said of "." */
        char buffer[2048];
} DnsServer;

typedef struct DnsReply {
        unsigned owner; /* of the records */
        uint8_t bytes[1024];
        size_t n;
} DnsReply;

typedef struct DnsLine {
        uv_tcp_t tcp;
        DnsServer *server;
        uint8_t bytes[1024];
        size_t n;
} DnsLine;

static inline void dns_put(DnsReply *r, const void *bytes, size_t n) {
        assert_true(r->n + n <= sizeof(r->bytes));
        memcpy(r->bytes + r->n, bytes, n);
        r->n += n;
}

static inline void dns_put_u16(DnsReply *r, unsigned value) {
        uint8_t bytes[2] = { (uint8_t)(value >> 8), (uint8_t)value };

        dns_put(r, bytes, 2);
}

/* A record of the name that was asked for. */
static inline void dns_put_record(DnsReply *r, unsigned type, unsigned ttl, const void *data,
                                  size_t n) {
        dns_put_u16(r, r->owner);
        dns_put_u16(r, type);
        dns_put_u16(r, 1);
        dns_put_u16(r, 0);
        dns_put_u16(r, ttl);
        dns_put_u16(r, (unsigned)n);
        dns_put(r, data, n);
        r->bytes[7]++;
}

static inline bool dns_is(const uint8_t *question, const char *label) {
        return question[12] == strlen(label) &&
               strncasecmp((const char *)question + 13, label, strlen(label)) == 0;
}

static inline void dns_put_address(DnsReply *r, unsigned type, unsigned ttl, unsigned last) {
        uint8_t v4[4] = { 192, 0, 2, (uint8_t)last };
        uint8_t v6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = (uint8_t)last };

        if (type == 1)
                dns_put_record(r, type, ttl, v4, 4);
        else if (type == 28)
                dns_put_record(r, type, ttl, v6, 16);
}

static inline void dns_put_answer(DnsReply *r, const uint8_t *q, unsigned type, unsigned count) {
        static const uint8_t loopback[4] = { 127, 0, 0, 1 }, second[4] = { 127, 0, 0, 2 },
                             alias[8] = "\5other\xc0\x12",
                             no_way[16] = { 0xfe, 0x80, [15] = 1 }; /* without a scope */

        if (dns_is(q, "long"))
                dns_put_address(r, type, 60, count);
        else if (dns_is(q, "short"))
                dns_put_address(r, type, 1, count);
        else if (dns_is(q, "now") || dns_is(q, "cut"))
                dns_put_address(r, type, 0, count);
        else if (dns_is(q, "loop") && type == 1)
                dns_put_record(r, 1, 60, loopback, 4);
        else if (dns_is(q, "both") && type == 1) {
                dns_put_record(r, 1, 60, second, 4);
                dns_put_record(r, 1, 60, loopback, 4);
        } else if (dns_is(q, "mixed") && type == 1)
                dns_put_record(r, 1, 60, loopback, 4);
        else if (dns_is(q, "mixed") && type == 28)
                dns_put_record(r, 28, 60, no_way, 16);
        else if (dns_is(q, "rebind") && type == 1)
                count > 1 ? dns_put_record(r, 1, 0, loopback, 4) : dns_put_address(r, 1, 0, 1);
        else if (dns_is(q, "four") && type == 1)
                dns_put_address(r, type, 60, count);
        else if (dns_is(q, "cname")) {
                dns_put_record(r, 5, 1, alias, 8);
                r->owner = 0xc028; /* where the alias stands */
                dns_put_address(r, type, 60, count);
        } else if (dns_is(q, "txt") && type == 16)
                dns_put_record(r, 16, 60, "\5hello\6 world", 13);
        else if (dns_is(q, "mx") && type == 15)
                dns_put_record(r, 15, 60, "\0\12\4mail\xc0\x0c", 9);
        else if (dns_is(q, "broken"))
                r->bytes[7] = 3;
}

/* false: nothing is said. */
static inline bool dns_answer(DnsServer *s, const uint8_t *q, size_t n, bool tcp, DnsReply *r) {
        size_t end = 12;

        r->owner = 0xc00c;
        s->asked++;
        s->by_tcp += tcp;
        while (end < n && q[end])
                end += q[end] + 1u;
        assert_true(end + 5 <= n);
        if (dns_is(q, "silent") || (!q[12] && s->root == DNS_ROOT_SILENT))
                return false;
        dns_put(r, q, end + 5);
        r->bytes[2] = 0x81;
        r->bytes[3] = 0x80 | (dns_is(q, "none") ? 3 : dns_is(q, "failed") ? 2 : 0);
        r->bytes[3] |= dns_is(q, "refused") ? 5 : 0;
        r->bytes[3] |= !q[12] && s->root == DNS_ROOT_FAILS ? 2 : 0;
        memset(r->bytes + 6, 0, 6);
        if (dns_is(q, "wrong"))
                r->bytes[0] ^= 0xff;
        if (dns_is(q, "cut") && !tcp)
                r->bytes[2] |= 2;
        else
                dns_put_answer(r, q, q[end + 1] * 256u + q[end + 2], s->asked);
        return true;
}

static inline void dns_room(uv_handle_t *h, size_t wanted, uv_buf_t *ret) {
        DnsServer *s = h->data;

        (void)wanted;
        *ret = uv_buf_init(s->buffer, sizeof(s->buffer));
}

static inline void dns_on_question(uv_udp_t *udp, ssize_t n, const uv_buf_t *b,
                                   const struct sockaddr *from, unsigned flags) {
        DnsReply r = {};
        uv_buf_t out;

        (void)flags;
        if (n < 17 || !from || !dns_answer(udp->data, (uint8_t *)b->base, (size_t)n, false, &r))
                return;
        out = uv_buf_init((char *)r.bytes, (unsigned)r.n);
        assert_int_equal(uv_udp_try_send(udp, &out, 1, from), r.n);
}

static inline void dns_line_closed(uv_handle_t *h) {
        free(h->data);
}

static inline void dns_line_room(uv_handle_t *h, size_t wanted, uv_buf_t *ret) {
        DnsLine *l = h->data;

        (void)wanted;
        *ret = uv_buf_init((char *)l->bytes + l->n, (unsigned)(sizeof(l->bytes) - l->n));
}

static inline void dns_on_bytes(uv_stream_t *stream, ssize_t n, const uv_buf_t *b) {
        DnsLine *l = stream->data;
        DnsReply r = {}, framed = {};
        uv_buf_t out;

        (void)b;
        if (n <= 0) {
                uv_close((uv_handle_t *)stream, dns_line_closed);
                return;
        }
        l->n += (size_t)n;
        if (l->n < 2 || l->n < 2u + l->bytes[0] * 256u + l->bytes[1])
                return;
        if (dns_answer(l->server, l->bytes + 2, l->n - 2, true, &r)) {
                dns_put_u16(&framed, (unsigned)r.n);
                dns_put(&framed, r.bytes, r.n);
                out = uv_buf_init((char *)framed.bytes, (unsigned)framed.n);
                assert_int_equal(uv_try_write(stream, &out, 1), framed.n);
        }
        l->n = 0;
}

static inline void dns_on_line(uv_stream_t *stream, int status) {
        DnsServer *s = stream->data;
        DnsLine *l = calloc(1, sizeof(*l));

        assert_int_equal(status, 0);
        assert_non_null(l);
        l->server = s;
        assert_int_equal(uv_tcp_init(s->loop, &l->tcp), 0);
        l->tcp.data = l;
        assert_int_equal(uv_accept(stream, (uv_stream_t *)&l->tcp), 0);
        assert_int_equal(uv_read_start((uv_stream_t *)&l->tcp, dns_line_room, dns_on_bytes), 0);
}

static inline int dns_socket(int type, uint16_t *port) {
        struct sockaddr_in a = { .sin_family = AF_INET,
                                 .sin_port = htons(*port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t n = sizeof(a);
        int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

        assert_true(fd >= 0);
        if (bind(fd, (struct sockaddr *)&a, n) < 0) {
                close(fd);
                return -1;
        }
        assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
        *port = ntohs(a.sin_port);
        return fd;
}

static inline void dns_server_start(DnsServer *s, uv_loop_t *loop) {
        int tcp, udp = -1;

        *s = (DnsServer){ .loop = loop };
        while (udp < 0) { /* a port that is free for both */
                s->port = 0;
                tcp = dns_socket(SOCK_STREAM, &s->port);
                udp = dns_socket(SOCK_DGRAM, &s->port);
                if (udp < 0)
                        close(tcp);
        }
        assert_int_equal(uv_udp_init(loop, &s->udp), 0);
        assert_int_equal(uv_tcp_init(loop, &s->tcp), 0);
        s->udp.data = s->tcp.data = s;
        assert_int_equal(uv_udp_open(&s->udp, udp), 0);
        assert_int_equal(uv_tcp_open(&s->tcp, tcp), 0);
        assert_int_equal(uv_listen((uv_stream_t *)&s->tcp, 8, dns_on_line), 0);
        assert_int_equal(uv_udp_recv_start(&s->udp, dns_room, dns_on_question), 0);
        snprintf(s->address, sizeof(s->address), "127.0.0.1:%u", s->port);
}

static inline void dns_on_closed(uv_handle_t *h) {
        ((DnsServer *)h->data)->closed++;
}

/* Its memory may go then: the loop has let go of it. */
static inline void dns_server_stop(DnsServer *s) {
        uv_close((uv_handle_t *)&s->udp, dns_on_closed);
        uv_close((uv_handle_t *)&s->tcp, dns_on_closed);
        while (s->closed < 2)
                uv_run(s->udp.loop, UV_RUN_NOWAIT);
}
