/* The other end, in a process of its own. It may block: it does nothing else. */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "validator/health.h"

static int connect_to(const char *directory) {
        struct sockaddr_un address;
        int fd, place, r = 0;

        place = health_address(directory, &address);
        if (place < 0)
                return place;
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
                r = -errno;
        close(place);
        if (r >= 0)
                return fd;
        if (fd >= 0)
                close(fd);
        return r == -EAGAIN ? -ETIMEDOUT : r; /* so many wait already */
}

static int wait_for(int fd, usec_t end) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        usec_t now = now_boottime();
        int r;

        if (now >= end)
                return -ETIMEDOUT;
        r = poll(&p, 1, (int)((end - now) / USEC_PER_MSEC) + 1);
        return r < 0 && errno != EINTR ? -errno : 0;
}

/* Up to the end that the other side makes: the line without its end, or -EPROTO. */
static int read_line(int fd, usec_t end, char ret[static HEALTH_LINE_SIZE]) {
        size_t n = 0;
        ssize_t got;
        int r;

        for (;;) {
                r = wait_for(fd, end);
                if (r < 0)
                        return r;
                got = read(fd, ret + n, HEALTH_LINE_SIZE - n);
                if (got > 0)
                        n += (size_t)got;
                else if (got == 0 || errno != EAGAIN)
                        break;
        }
        if (got < 0)
                return -errno;
        if (n == 0 || n >= HEALTH_LINE_SIZE || ret[n - 1] != '\n')
                return -EPROTO;
        ret[n - 1] = '\0';
        return 0;
}

static int ask(const char *directory, usec_t patience, char ret[static HEALTH_LINE_SIZE]) {
        int fd, r;

        fd = connect_to(directory);
        if (fd < 0)
                return fd;
        r = read_line(fd, now_boottime() + patience, ret);
        close(fd);
        return r;
}

/* What a hub said is in it. */
static void clean(char *text) {
        for (; *text; text++)
                if ((unsigned char)*text < ' ' || *text == '\x7f')
                        *text = '?';
}

static int print_answer(char *line, HealthLevel wanted, FILE *to) {
        char *text = strchr(line, ' ');
        int level;

        clean(line);
        if (text)
                *text++ = '\0';
        level = text ? health_level_from_name(line) : -EPROTO;
        if (level < 0) {
                fprintf(to, "unknown: what answers is another version: restart it\n");
                return 1;
        }
        if (level >= (int)wanted) {
                fprintf(to, "%s: %s\n", line, text);
                return 0;
        }
        fprintf(to, "not ready: %s; it goes on trying, its log says more\n", text);
        return 1;
}

static int print_failure(int r, const char *directory, usec_t patience, FILE *to) {
        switch (r) {
        case -ENOENT:
        case -ENOTDIR:
        case -ECONNREFUSED:
                fprintf(to,
                        "not running: no validator has %s: start it, or name its StateDirectory\n",
                        directory);
                break;
        case -ETIMEDOUT:
                fprintf(to, "not alive: no answer within %u s: restart it\n",
                        (unsigned)(patience / USEC_PER_SEC));
                break;
        case -EACCES:
        case -EPERM:
                fprintf(to, "unknown: %s is closed to this user: ask as the validator's, or root\n",
                        directory);
                break;
        default:
                fprintf(to, "unknown: asking in %s: %s\n", directory, strerror(-r));
                break;
        }
        return 1;
}

int health_ask(const char *directory, HealthLevel wanted, usec_t patience, FILE *to) {
        char line[HEALTH_LINE_SIZE];
        int r;

        r = ask(directory, patience, line);
        if (r < 0)
                return print_failure(r, directory, patience, to);
        return print_answer(line, wanted, to);
}
