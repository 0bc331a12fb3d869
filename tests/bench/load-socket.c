/* RFC 6455, the client's half that a load generator needs. */
#include "load-socket.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/macro.h"

#define MESSAGE_MAX  (64u * 1024)
#define HEADER_MAX   14u
#define WAITING_MAX  (256u * 1024) /* bytes the kernel has not taken yet */
#define RESPONSE_MAX 4096u

typedef enum Opcode {
        OPCODE_MORE = 0,
        OPCODE_TEXT = 1,
        OPCODE_BINARY = 2,
        OPCODE_CLOSE = 8,
        OPCODE_PING = 9,
        OPCODE_PONG = 10,
} Opcode;

typedef enum SocketState {
        SOCKET_CONNECTING,
        SOCKET_ASKING, /* the upgrade was asked for */
        SOCKET_OPEN,
        SOCKET_OVER,
} SocketState;

struct LoadSocket {
        uv_tcp_t tcp; /* first: the handle is the socket */
        uv_connect_t connect;
        SocketState state;
        const LoadArgs *args;
        const LoadSocketOps *ops;
        void *userdata;
        bool freed, binary;
        uint8_t *left; /* bytes of an unfinished frame or answer */
        size_t n_left;
        uint8_t *message; /* fragments so far */
        size_t n_message;
};

static void on_closed(uv_handle_t *handle) {
        LoadSocket *s = (LoadSocket *)handle;

        free(s->left);
        free(s->message);
        free(s);
}

LoadSocket *load_socket_free(LoadSocket *s) {
        if (!s)
                return NULL;
        s->freed = true;
        s->state = SOCKET_OVER;
        uv_close((uv_handle_t *)&s->tcp, on_closed);
        return NULL;
}

static void end(LoadSocket *s, const char *why) {
        if (s->freed || s->state == SOCKET_OVER)
                return;
        s->state = SOCKET_OVER;
        uv_read_stop((uv_stream_t *)&s->tcp);
        s->ops->closed(why, s->userdata);
}

/* Writing -------------------------------------------------------------------------------------- */

static void on_written(uv_write_t *request, int status) {
        LoadSocket *s = (LoadSocket *)request->handle;

        free(request);
        if (status < 0 && !s->freed)
                end(s, uv_strerror(status));
}

/* What the kernel does not take at once waits in a copy. */
static int write_out(LoadSocket *s, const uint8_t *data, size_t n) {
        uv_buf_t buffer = uv_buf_init((char *)data, (unsigned)n);
        int written = uv_try_write((uv_stream_t *)&s->tcp, &buffer, 1);
        uv_write_t *request;

        if (written == (int)n)
                return 0;
        if (written < 0 && written != UV_EAGAIN)
                return -ENOTCONN;
        written = MAX(written, 0);
        n -= (size_t)written;
        request = malloc(sizeof(*request) + n);
        if (!request)
                return -ENOMEM;
        memcpy(request + 1, data + written, n);
        buffer = uv_buf_init((char *)(request + 1), (unsigned)n);
        if (uv_write(request, (uv_stream_t *)&s->tcp, &buffer, 1, on_written) < 0) {
                free(request);
                return -ENOTCONN;
        }
        return 0;
}

static size_t put_header(uint8_t *out, Opcode opcode, size_t n) {
        out[0] = (uint8_t)(0x80 | opcode);
        if (n < 126) {
                out[1] = (uint8_t)(0x80 | n);
                return 2;
        }
        if (n < 65536) {
                out[1] = 0x80 | 126;
                out[2] = (uint8_t)(n >> 8);
                out[3] = (uint8_t)n;
                return 4;
        }
        out[1] = 0x80 | 127;
        memset(out + 2, 0, 4);
        for (int i = 0; i < 4; i++)
                out[6 + i] = (uint8_t)(n >> (24 - 8 * i));
        return 10;
}

static int send_frame(LoadSocket *s, Opcode opcode, const uint8_t *data, size_t n) {
        uint8_t out[HEADER_MAX + MESSAGE_MAX], mask[4];
        size_t header;

        if (s->state != SOCKET_OPEN)
                return -ENOTCONN;
        if (n > MESSAGE_MAX)
                return -EMSGSIZE;
        header = put_header(out, opcode, n);
        randombytes_buf(mask, sizeof(mask));
        memcpy(out + header, mask, sizeof(mask));
        header += sizeof(mask);
        for (size_t i = 0; i < n; i++)
                out[header + i] = data[i] ^ mask[i & 3];
        return write_out(s, out, header + n);
}

int load_socket_send(LoadSocket *s, bool binary, const void *data, size_t n) {
        if (uv_stream_get_write_queue_size((uv_stream_t *)&s->tcp) > WAITING_MAX)
                return -EAGAIN;
        return send_frame(s, binary ? OPCODE_BINARY : OPCODE_TEXT, data, n);
}

void load_socket_close(LoadSocket *s, unsigned code) {
        uint8_t payload[2] = { (uint8_t)(code >> 8), (uint8_t)code };

        (void)send_frame(s, OPCODE_CLOSE, payload, sizeof(payload));
}

/* Reading -------------------------------------------------------------------------------------- */

typedef struct Piece {
        Opcode opcode;
        bool final;
        const uint8_t *data;
        size_t n;
} Piece;

/* Bytes used; 0: it is not whole yet; -EPROTO. */
static ssize_t parse(const uint8_t *in, size_t n, Piece *ret) {
        size_t header = 2, length;

        if (n < header)
                return 0;
        if (in[0] & 0x70 || in[1] & 0x80)
                return -EPROTO;
        length = in[1];
        if (length == 126) {
                header = 4;
                length = n < header ? 0 : (size_t)in[2] << 8 | in[3];
        } else if (length == 127) {
                header = 10;
                length = 0;
                for (size_t i = 2; i < header && n >= header; i++)
                        length = length << 8 | in[i];
        }
        if (length > MESSAGE_MAX)
                return -EPROTO;
        if (n < header || n < header + length)
                return 0;
        *ret = (Piece){ (Opcode)(in[0] & 15), in[0] & 0x80, in + header, length };
        return (ssize_t)(header + length);
}

static int keep_fragment(LoadSocket *s, const Piece *p) {
        uint8_t *message;

        if (s->n_message + p->n > MESSAGE_MAX)
                return -EPROTO;
        message = realloc(s->message, s->n_message + p->n + 1);
        if (!message)
                return -ENOMEM;
        memcpy(message + s->n_message, p->data, p->n);
        s->message = message;
        s->n_message += p->n;
        return 0;
}

static int take_data(LoadSocket *s, const Piece *p) {
        _cleanup_free_ uint8_t *message = NULL;
        size_t n;
        int r;

        if (p->opcode != OPCODE_MORE)
                s->binary = p->opcode == OPCODE_BINARY;
        if (p->final && !s->message) {
                s->ops->received(s->binary, p->data, p->n, s->userdata);
                return 0;
        }
        r = keep_fragment(s, p);
        if (r < 0 || !p->final)
                return r;
        message = TAKE_PTR(s->message);
        n = s->n_message;
        s->n_message = 0;
        s->ops->received(s->binary, message, n, s->userdata);
        return 0;
}

static int take_piece(LoadSocket *s, const Piece *p) {
        switch (p->opcode) {
        case OPCODE_MORE:
        case OPCODE_TEXT:
        case OPCODE_BINARY:
                return take_data(s, p);
        case OPCODE_PING:
                return send_frame(s, OPCODE_PONG, p->data, p->n);
        case OPCODE_PONG:
                return 0;
        case OPCODE_CLOSE:
                (void)send_frame(s, OPCODE_CLOSE, p->data, MIN(p->n, (size_t)2));
                return -ECONNRESET;
        default:
                return -EPROTO;
        }
}

/* Bytes of the HTTP answer; 0: not whole yet; -EPROTO: it is a refusal. */
static ssize_t take_answer(const uint8_t *in, size_t n) {
        const uint8_t *found = memmem(in, n, "\r\n\r\n", 4);
        char text[RESPONSE_MAX + 1];

        if (!found)
                return n > RESPONSE_MAX ? -EPROTO : 0;
        n = (size_t)(found - in) + 4;
        if (n > RESPONSE_MAX)
                return -EPROTO;
        memcpy(text, in, n);
        text[n] = '\0';
        if (strncmp(text, "HTTP/1.1 101", 12) != 0 ||
            !strcasestr(text, "sec-websocket-protocol: dpin.v1\r\n"))
                return -EPROTO;
        return (ssize_t)n;
}

/* Bytes used, or what ended it. May free nothing but close: s->freed is looked at by the caller. */
static ssize_t take_bytes(LoadSocket *s, const uint8_t *in, size_t n) {
        Piece piece;
        ssize_t used;
        int r;

        if (s->state == SOCKET_ASKING) {
                used = take_answer(in, n);
                if (used > 0) {
                        s->state = SOCKET_OPEN;
                        s->ops->opened(s->userdata);
                }
                return used;
        }
        used = parse(in, n, &piece);
        if (used <= 0)
                return used;
        r = take_piece(s, &piece);
        return r < 0 ? r : used;
}

static const char *describe(ssize_t r, bool asking) {
        if (asking)
                return "the upgrade was refused";
        return r == -ECONNRESET ? "closed by the hub" : "no WebSocket frame";
}

/* All that is whole; the rest is kept. */
static void digest(LoadSocket *s, const uint8_t *in, size_t n) {
        _cleanup_free_ uint8_t *joined = NULL, *rest = NULL;
        ssize_t used = 1;

        if (s->n_left > 0) {
                joined = realloc(s->left, s->n_left + n);
                if (!joined) {
                        end(s, "out of memory");
                        return;
                }
                s->left = NULL;
                memcpy(joined + s->n_left, in, n);
                n += s->n_left;
                in = joined;
                s->n_left = 0;
        }
        while (n > 0 && used > 0 && s->state != SOCKET_OVER) {
                used = take_bytes(s, in, n);
                if (used > 0) {
                        in += used;
                        n -= (size_t)used;
                }
        }
        if (used < 0)
                end(s, describe(used, s->state == SOCKET_ASKING));
        if (s->state == SOCKET_OVER || n == 0)
                return;
        rest = malloc(n);
        if (!rest) {
                end(s, "out of memory");
                return;
        }
        memcpy(rest, in, n);
        s->left = TAKE_PTR(rest);
        s->n_left = n;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret) {
        uint8_t *bytes = malloc(MESSAGE_MAX);

        (void)handle;
        (void)suggested;
        *ret = uv_buf_init((char *)bytes, bytes ? MESSAGE_MAX : 0);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer) {
        _cleanup_free_ char *bytes = buffer->base;
        LoadSocket *s = (LoadSocket *)stream;

        if (n < 0)
                end(s, n == UV_EOF ? "closed by the hub" : uv_strerror((int)n));
        else if (n > 0)
                digest(s, (const uint8_t *)bytes, (size_t)n);
}

/* Opening -------------------------------------------------------------------------------------- */

static int ask(LoadSocket *s) {
        uint8_t nonce[16];
        char key[32], text[512];
        int n;

        randombytes_buf(nonce, sizeof(nonce));
        sodium_bin2base64(key, sizeof(key), nonce, sizeof(nonce), sodium_base64_VARIANT_ORIGINAL);
        n = snprintf(text, sizeof(text),
                     "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n"
                     "Sec-WebSocket-Protocol: dpin.v1\r\n\r\n",
                     s->args->path, s->args->authority, key);
        return write_out(s, (const uint8_t *)text, (size_t)n);
}

static void on_connected(uv_connect_t *request, int status) {
        LoadSocket *s = request->data;

        if (s->freed)
                return;
        if (status < 0) {
                end(s, uv_strerror(status));
                return;
        }
        s->state = SOCKET_ASKING;
        (void)uv_tcp_nodelay(&s->tcp, 1);
        if (ask(s) < 0 || uv_read_start((uv_stream_t *)&s->tcp, on_alloc, on_read) < 0)
                end(s, "cannot write");
}

int load_socket_new(LoadSocket **ret, uv_loop_t *loop, const LoadArgs *args,
                    const LoadSocketOps *ops, void *userdata) {
        LoadSocket *s = calloc(1, sizeof(*s));
        int r;

        if (!s)
                return -ENOMEM;
        s->args = args;
        s->ops = ops;
        s->userdata = userdata;
        s->connect.data = s;
        r = uv_tcp_init(loop, &s->tcp);
        if (r < 0) {
                free(s);
                return r;
        }
        r = uv_tcp_connect(&s->connect, &s->tcp, (const struct sockaddr *)&args->address,
                           on_connected);
        if (r < 0) {
                load_socket_free(s);
                return r;
        }
        *ret = s;
        return 0;
}
