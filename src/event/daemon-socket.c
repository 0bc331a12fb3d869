/* Text to listening socket and back. Names are not looked up: a daemon binds addresses. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "event/daemon.h"

typedef union SocketAddress {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_un un;
        struct sockaddr_storage storage;
} SocketAddress;

static int parse_port(const char *text, in_port_t *ret) {
        unsigned long port = 0;

        if (!*text || strlen(text) > 5)
                return -EINVAL;
        for (const char *p = text; *p; p++) {
                if (*p < '0' || *p > '9')
                        return -EINVAL;
                port = port * 10 + (unsigned long)(*p - '0');
        }
        if (port > UINT16_MAX)
                return -EINVAL;
        *ret = htons((in_port_t)port);
        return 0;
}

/* host is without brackets; *bracketed tells which family is meant. */
static int split_address(const char *address, char host[static INET6_ADDRSTRLEN], bool *bracketed,
                         in_port_t *port) {
        const char *colon = strrchr(address, ':');
        size_t n;

        if (!colon)
                return -EINVAL;
        n = (size_t)(colon - address);
        *bracketed = n >= 2 && address[0] == '[' && colon[-1] == ']';
        if (*bracketed) {
                address++;
                n -= 2;
        }
        if (n == 0 || n >= INET6_ADDRSTRLEN)
                return -EINVAL;
        memcpy(host, address, n);
        host[n] = '\0';
        return parse_port(colon + 1, port);
}

static int parse_address(const char *address, SocketAddress *ret) {
        char host[INET6_ADDRSTRLEN];
        bool bracketed;
        in_port_t port;
        int r;

        r = split_address(address, host, &bracketed, &port);
        if (r < 0)
                return r;

        *ret = (SocketAddress){};
        if (bracketed || strcmp(host, "*") == 0) {
                ret->in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = port };
                if (bracketed && inet_pton(AF_INET6, host, &ret->in6.sin6_addr) != 1)
                        return -EINVAL;
                return 0;
        }
        ret->in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = port };
        return inet_pton(AF_INET, host, &ret->in.sin_addr) == 1 ? 0 : -EINVAL;
}

static int bind_and_listen(int fd, const SocketAddress *a) {
        const int yes = 1, no = 0;
        socklen_t n = a->any.sa_family == AF_INET6 ? sizeof(a->in6) : sizeof(a->in);

        if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0)
                return -errno;
        if (a->any.sa_family == AF_INET6 &&
            setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no)) < 0)
                return -errno;
        if (bind(fd, &a->any, n) < 0)
                return -errno;
        return listen(fd, SOMAXCONN) < 0 ? -errno : 0;
}

static int open_socket(const SocketAddress *a) {
        int fd, r;

        fd = socket(a->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        r = bind_and_listen(fd, a);
        if (r < 0) {
                close(fd);
                return r;
        }
        return fd;
}

int listen_socket(const char *address) {
        SocketAddress a;
        int r;

        r = parse_address(address, &a);
        if (r < 0)
                return r;
        r = open_socket(&a);
        if (address[0] != '*' || (r != -EAFNOSUPPORT && r != -EADDRNOTAVAIL))
                return r;

        /* A kernel without IPv6. */
        a.in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = a.in6.sin6_port };
        return open_socket(&a);
}

int socket_name(int fd, char *ret, size_t size) {
        char host[INET6_ADDRSTRLEN] = "";
        socklen_t n = sizeof(SocketAddress);
        SocketAddress a = {};
        int k;

        if (getsockname(fd, &a.any, &n) < 0)
                return -errno;
        if (a.any.sa_family == AF_INET6) {
                (void)inet_ntop(AF_INET6, &a.in6.sin6_addr, host, sizeof(host));
                k = snprintf(ret, size, "[%s]:%u", host, ntohs(a.in6.sin6_port));
        } else if (a.any.sa_family == AF_INET) {
                (void)inet_ntop(AF_INET, &a.in.sin_addr, host, sizeof(host));
                k = snprintf(ret, size, "%s:%u", host, ntohs(a.in.sin_port));
        } else if (a.any.sa_family == AF_UNIX) {
                k = snprintf(ret, size, "%s", a.un.sun_path);
        } else {
                return -EAFNOSUPPORT;
        }
        return k < 0 || (size_t)k >= size ? -ENOBUFS : 0;
}
