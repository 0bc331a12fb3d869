/* A connection to an HTTP server on the loop of the target: says the input's bytes, hears what
 * comes, hangs up, and waits until the server has let go. Needs no network: the socket is a local
 * one. */
#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <uv.h>

#include "property.h"

enum {
        HTTP_IDLE_TURNS = 8, /* of the loop, after which nothing more comes */
        HTTP_TURNS_MAX = 100000,
        HTTP_ANSWER_SIZE = 1 << 18
};

typedef struct HttpLine {
        uv_loop_t *loop;
        struct sockaddr_un address;
        socklen_t address_n;
        char answer[HTTP_ANSWER_SIZE + 1]; /* NUL-terminated */
        size_t n;
} HttpLine;

/* Returns the listening socket for the server. */
static inline int http_line_init(HttpLine *l, uv_loop_t *loop) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

        l->loop = loop;
        l->address = (struct sockaddr_un){ .sun_family = AF_UNIX };
        l->address_n = sizeof(l->address);
        PROPERTY(fd >= 0);
        /* Only the family: the kernel chooses a name without a file. */
        PROPERTY(bind(fd, (struct sockaddr *)&l->address, sizeof(sa_family_t)) == 0);
        PROPERTY(getsockname(fd, (struct sockaddr *)&l->address, &l->address_n) == 0);
        PROPERTY(listen(fd, 16) == 0);
        return fd;
}

/* What came; false: the other side is done. */
static inline bool http_line_hear(HttpLine *l, int fd, bool *ret_idle) {
        ssize_t n = recv(fd, l->answer + l->n, HTTP_ANSWER_SIZE - l->n, 0);

        if (n > 0)
                l->n += (size_t)n;
        *ret_idle = n < 0;
        return n > 0 || (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
}

static inline void http_line_talk(HttpLine *l, int fd, const uint8_t *data, size_t size) {
        size_t said = 0, idle = 0;
        bool nothing;

        while (idle < HTTP_IDLE_TURNS && l->n < HTTP_ANSWER_SIZE) {
                ssize_t n = send(fd, data + said, size - said, MSG_NOSIGNAL | MSG_DONTWAIT);

                if (n > 0) {
                        said += (size_t)n;
                        idle = 0;
                        if (said == size)
                                (void)shutdown(fd, SHUT_WR);
                }
                (void)uv_run(l->loop, UV_RUN_NOWAIT);
                if (!http_line_hear(l, fd, &nothing))
                        break;
                idle = nothing ? idle + 1 : 0;
        }
        l->answer[l->n] = '\0';
}

/* One connection. The answer stays in l. */
static inline void http_line_say(HttpLine *l, const uint8_t *data, size_t size) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

        l->n = 0;
        PROPERTY(fd >= 0);
        PROPERTY(connect(fd, (struct sockaddr *)&l->address, l->address_n) == 0);
        http_line_talk(l, fd, data, size);
        close(fd);
}

/* The head of the first answer is one: a status, then only fields. Returns the status, 0: no
 * answer. */
static inline unsigned http_line_status(const HttpLine *l) {
        const char *end = strstr(l->answer, "\r\n\r\n"), *line;
        unsigned status = 0;

        if (l->n == 0)
                return 0;
        PROPERTY(sscanf(l->answer, "HTTP/1.1 %3u ", &status) == 1 && end);
        for (line = strstr(l->answer, "\r\n") + 2; line < end; line = strstr(line, "\r\n") + 2) {
                size_t n = strcspn(line, "\r\n"), name = strcspn(line, ":");

                PROPERTY(name > 0 && name < n);
                PROPERTY(strcspn(line, " \t\"<>") > name);
        }
        return status;
}
