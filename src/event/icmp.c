/* A socket for each call, connected to its address, so that nothing else comes to it; a random
 * nonce tells its replies from those to others. */
#include "event/icmp.h"

#include <errno.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>

#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "event/timer.h"
#include "wire/bytes.h"

#define PACKET_MAX  1500
#define IP_HEAD_MIN 20
#define READS_MAX   64 /* in one turn of the loop */

typedef struct IcmpSocket {
        uv_poll_t poll; /* first: it is freed when the loop has let go of it */
        int fd;
        bool raw;
} IcmpSocket;

struct IcmpCall {
        uv_loop_t *loop;
        NetAddress address;
        IcmpRequest request; /* its address is the member before */
        IcmpSocket *socket;
        Timer *send, *end;
        uint8_t nonce[ICMP_NONCE_SIZE];
        usec_t at[ICMP_COUNT_MAX], trip[ICMP_COUNT_MAX]; /* boottime of sending; 0: not come */
        IcmpResult result;
        IcmpDone done;
        void *userdata;
};

/* Bytes ---------------------------------------------------------------------------------------- */

/* RFC 1071 */
static uint16_t checksum(const uint8_t *bytes, size_t n) {
        uint32_t sum = 0;

        for (size_t i = 0; i + 1 < n; i += 2)
                sum += get_u16(bytes + i);
        while (sum >> 16)
                sum = (sum & 0xffff) + (sum >> 16);
        return (uint16_t)~sum;
}

/* The identifier is the first of the nonce; ping sockets have one of their own put in. Of IPv6 the
 * kernel computes the checksum. */
void icmp_echo_write(const IcmpEcho *echo, int family, uint8_t ret[static ICMP_ECHO_SIZE]) {
        uint8_t type = family == AF_INET6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO;
        ByteWriter w = byte_writer(ret, ICMP_ECHO_SIZE);

        write_u8(&w, type);
        write_u8(&w, 0);
        write_u16(&w, 0);
        write_bytes(&w, echo->nonce, 2);
        write_u16(&w, echo->sequence);
        write_bytes(&w, echo->nonce, ICMP_NONCE_SIZE);
        if (family == AF_INET) {
                uint16_t sum = htobe16(checksum(ret, ICMP_ECHO_SIZE));

                memcpy(ret + 2, &sum, sizeof(sum));
        }
}

static bool skip_header(ByteReader *r) {
        size_t n = read_left(r) > 0 ? (size_t)(*r->at & 0x0f) * 4 : 0;

        return n >= IP_HEAD_MIN && *r->at >> 4 == 4 && read_slice(r, n);
}

bool icmp_reply_read(const void *bytes, size_t n, int family, bool header, IcmpEcho *ret) {
        ByteReader r = byte_reader(bytes, n);
        IcmpEcho echo;

        if (header && family == AF_INET && !skip_header(&r))
                return false;
        if (read_u8(&r) != (family == AF_INET6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY) ||
            read_u8(&r) != 0)
                return false;
        (void)read_u32(&r); /* checksum, which the kernel looked at, and identifier */
        echo.sequence = read_u16(&r);
        read_bytes(&r, echo.nonce, sizeof(echo.nonce));
        if (read_finish(&r) < 0)
                return false;
        *ret = echo;
        return true;
}

/* Sockets -------------------------------------------------------------------------------------- */

/* -1: not allowed, or something else; errno says what. */
static int open_fd(int family, bool *ret_raw) {
        int protocol = family == AF_INET6 ? (int)IPPROTO_ICMPV6 : (int)IPPROTO_ICMP;
        int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);

        *ret_raw = fd < 0;
        return fd >= 0 ? fd : socket(family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
}

bool icmp_is_allowed(int family) {
        bool raw;
        int fd = open_fd(family, &raw);

        if (fd >= 0)
                close(fd);
        return fd >= 0;
}

/* Of everything that a raw socket is given a copy of, replies alone. */
static void filter_replies(int fd, int family) {
        struct icmp_filter v4 = { .data = ~(1u << ICMP_ECHOREPLY) };
        struct icmp6_filter v6;

        ICMP6_FILTER_SETBLOCKALL(&v6);
        ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &v6);
        if (family == AF_INET6)
                (void)setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &v6, sizeof(v6));
        else
                (void)setsockopt(fd, SOL_RAW, ICMP_FILTER, &v4, sizeof(v4));
}

static void on_closed(uv_handle_t *poll) {
        free(poll);
}

static IcmpSocket *socket_close(IcmpSocket *s) {
        if (!s)
                return NULL;
        uv_close((uv_handle_t *)&s->poll, on_closed);
        close(s->fd);
        return NULL;
}

static IcmpError error_of(int error) {
        switch (error) {
        case EPERM:
        case EACCES:
        case EPROTONOSUPPORT:
                return ICMP_NOT_ALLOWED;
        case ENOMEM:
        case EMFILE:
        case ENFILE:
        case ENOBUFS: /* what is to be sent first fills this machine's queue */
        case EAGAIN:
                return ICMP_INTERNAL;
        default:
                return ICMP_UNREACHABLE;
        }
}

static IcmpError socket_open(IcmpCall *c) {
        IcmpSocket *s = calloc(1, sizeof(*s));
        int family = c->address.any.sa_family;

        if (!s)
                return ICMP_INTERNAL;
        s->fd = open_fd(family, &s->raw);
        if (s->fd < 0 || uv_poll_init_socket(c->loop, &s->poll, s->fd) < 0) {
                IcmpError error = s->fd < 0 ? error_of(errno) : ICMP_INTERNAL;

                if (s->fd >= 0)
                        close(s->fd);
                free(s);
                return error;
        }
        s->poll.data = c;
        c->socket = s;
        if (s->raw)
                filter_replies(s->fd, family);
        return connect(s->fd, &c->address.any, net_address_size(&c->address)) < 0
                               ? error_of(errno == EACCES ? ENETUNREACH : errno)
                               : ICMP_OK;
}

/* The end -------------------------------------------------------------------------------------- */

static IcmpCall *call_free(IcmpCall *c) {
        if (!c)
                return NULL;
        socket_close(c->socket);
        timer_free(c->send);
        timer_free(c->end);
        free(c);
        return NULL;
}
DEFINE_FREEP(IcmpCall, call_free);

static usec_t distance(usec_t a, usec_t b) {
        return a > b ? a - b : b - a;
}

static void measure(IcmpCall *c) {
        IcmpResult *r = &c->result;
        usec_t sum = 0, changes = 0, last = 0;

        for (unsigned i = 0; i < r->sent; i++) {
                usec_t trip = c->trip[i];

                if (trip == 0)
                        continue;
                r->min = r->received == 0 ? trip : MIN(r->min, trip);
                r->max = MAX(r->max, trip);
                changes += r->received > 0 ? distance(trip, last) : 0;
                sum += trip;
                last = trip;
                r->received++;
        }
        r->average = r->received > 0 ? sum / r->received : 0;
        r->jitter = r->received > 1 ? changes / (r->received - 1) : 0;
}

static void finish(IcmpCall *c, IcmpError error) {
        measure(c);
        c->result.error = error;
        c->done(&c->result, c->userdata);
        call_free(c);
}

static bool all_came(const IcmpCall *c) {
        unsigned n = 0;

        for (unsigned i = 0; i < c->result.sent; i++)
                n += c->trip[i] > 0;
        return n == c->request.count;
}

/* Echoes --------------------------------------------------------------------------------------- */

static void take(IcmpCall *c, const uint8_t *bytes, size_t n) {
        IcmpEcho echo;

        if (!icmp_reply_read(bytes, n, c->address.any.sa_family, c->socket->raw, &echo) ||
            memcmp(echo.nonce, c->nonce, sizeof(c->nonce)) != 0 ||
            echo.sequence >= c->result.sent || c->trip[echo.sequence] > 0)
                return; /* another's, or a second one */
        c->trip[echo.sequence] = MAX(now_boottime() - c->at[echo.sequence], (usec_t)1);
}

/* Errors that are read here are routers' opinions: a reply may come all the same. */
static void read_replies(IcmpCall *c) {
        uint8_t packet[PACKET_MAX];

        for (int i = 0; i < READS_MAX; i++) {
                ssize_t n = recv(c->socket->fd, packet, sizeof(packet), 0);

                if (n < 0)
                        break;
                take(c, packet, (size_t)n);
        }
}

static void on_readable(uv_poll_t *poll, int status, int events _unused_) {
        IcmpCall *c = poll->data;

        read_replies(c);
        if (all_came(c))
                return finish(c, ICMP_OK);
        if (status < 0)
                (void)uv_poll_start(poll, UV_READABLE, on_readable);
}

/* When the loop stood still, what came meanwhile is not read yet, and not all is sent. */
static void on_end(void *userdata) {
        IcmpCall *c = userdata;

        if (c->socket)
                read_replies(c);
        finish(c, c->result.sent == c->request.count ? ICMP_OK : ICMP_INTERNAL);
}

/* 0, or errno. */
static int send_one(IcmpCall *c) {
        IcmpEcho echo = { .sequence = (uint16_t)c->result.sent };
        uint8_t bytes[ICMP_ECHO_SIZE];

        memcpy(echo.nonce, c->nonce, sizeof(c->nonce));
        icmp_echo_write(&echo, c->address.any.sa_family, bytes);
        c->at[c->result.sent++] = now_boottime();
        return send(c->socket->fd, bytes, sizeof(bytes), 0) < 0 ? errno : 0;
}

/* The first one tells whether there is a way at all; of others it is a loss, unless it is this
 * machine that cannot send. */
static void on_send(void *userdata) {
        IcmpCall *c = userdata;
        IcmpError error = c->socket ? ICMP_OK : socket_open(c);
        int r;

        if (error == ICMP_OK && c->result.sent == 0 &&
            uv_poll_start(&c->socket->poll, UV_READABLE, on_readable) < 0)
                error = ICMP_INTERNAL;
        if (error != ICMP_OK)
                return finish(c, error);
        r = send_one(c);
        if (r && (c->result.sent == 1 || error_of(r) == ICMP_INTERNAL))
                return finish(c, r == EPERM || r == EACCES ? ICMP_UNREACHABLE : error_of(r));
        if (c->result.sent < c->request.count)
                timer_after(c->send, c->request.interval);
}

/* The beginning -------------------------------------------------------------------------------- */

int icmp_start(uv_loop_t *loop, const IcmpRequest *request, IcmpDone done, void *userdata,
               IcmpCall **ret) {
        _cleanup_(call_freep) IcmpCall *c = calloc(1, sizeof(*c));
        int r;

        if (!c)
                return -ENOMEM;
        *c = (IcmpCall){ .loop = loop,
                         .address = *request->address,
                         .request = *request,
                         .done = done,
                         .userdata = userdata };
        net_address_set_port(&c->address, 0);
        c->request.address = NULL;
        c->request.count = CLAMP(request->count, 1u, (unsigned)ICMP_COUNT_MAX);
        if (getrandom(c->nonce, sizeof(c->nonce), GRND_NONBLOCK) != sizeof(c->nonce))
                return -EIO;
        r = timer_new(&c->send, loop, on_send, c);
        if (r < 0)
                return r;
        r = timer_new(&c->end, loop, on_end, c);
        if (r < 0)
                return r;
        timer_after(c->send, 0);
        timer_after(c->end, request->timeout);
        *ret = TAKE_PTR(c);
        return 0;
}

IcmpCall *icmp_cancel(IcmpCall *c) {
        return call_free(c);
}
