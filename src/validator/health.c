/* Each one is answered and closed in the callback that brings it: there is nothing to hold, hence
 * nothing to bound. */
#include "validator/health.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SOCKET_NAME "health"
#define BACKLOG     16

struct Health {
        uv_pipe_t *pipe; /* freed by the loop */
        int directory;   /* until the socket is gone from it */
        HealthStatus status;
        void *userdata;
};

static const char *const level_names[_HEALTH_LEVEL_MAX] = {
        [HEALTH_DEAD] = "dead",
        [HEALTH_ALIVE] = "alive",
        [HEALTH_READY] = "ready",
};

int health_level_from_name(const char *name) {
        if (!*name)
                return HEALTH_READY;
        for (int i = HEALTH_ALIVE; i < _HEALTH_LEVEL_MAX; i++)
                if (strcmp(name, level_names[i]) == 0)
                        return i;
        return -EINVAL;
}

void health_line(const ValidatorStatus *s, char ret[static HEALTH_LINE_SIZE]) {
        if (!s->welcomed)
                snprintf(ret, HEALTH_LINE_SIZE, "%s %s from %s%s%s\n", level_names[HEALTH_ALIVE],
                         s->state, s->hub, *s->why ? ": " : "", s->why);
        else if (!s->connected)
                snprintf(ret, HEALTH_LINE_SIZE, "%s %s has not approved %s yet\n",
                         level_names[HEALTH_READY], s->hub, s->key);
        else
                snprintf(ret, HEALTH_LINE_SIZE, "%s connected to %s, %u orders\n",
                         level_names[HEALTH_READY], s->hub, s->orders);
        ret[HEALTH_LINE_SIZE - 2] = '\n'; /* where it was cut */
}

int health_address(const char *directory, struct sockaddr_un *ret) {
        int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0)
                return -errno;
        *ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
        snprintf(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d/" SOCKET_NAME, fd);
        return fd;
}

static void on_closed(uv_handle_t *pipe) {
        free(pipe);
}

static void answer(const Health *h, uv_pipe_t *asker) {
        char line[HEALTH_LINE_SIZE];
        ValidatorStatus status;
        uv_buf_t text;

        h->status(&status, h->userdata);
        health_line(&status, line);
        text = uv_buf_init(line, (unsigned)strlen(line));
        (void)uv_try_write((uv_stream_t *)asker, &text, 1); /* a new socket has room for it */
}

static void on_asked(uv_stream_t *server, int status) {
        const Health *h = server->data;
        uv_pipe_t *asker;

        if (status < 0)
                return;
        asker = calloc(1, sizeof(*asker));
        if (!asker)
                return;
        (void)uv_pipe_init(server->loop, asker, 0);
        if (uv_accept(server, (uv_stream_t *)asker) >= 0)
                answer(h, asker);
        uv_close((uv_handle_t *)asker, on_closed);
}

/* For its user alone before anybody can connect. */
static int listen_in(Health *h, const char *directory) {
        struct sockaddr_un address;
        int r;

        h->directory = health_address(directory, &address);
        if (h->directory < 0)
                return h->directory;
        if (unlinkat(h->directory, SOCKET_NAME, 0) < 0 && errno != ENOENT)
                return -errno;
        r = uv_pipe_bind(h->pipe, address.sun_path);
        if (r < 0)
                return r;
        if (fchmodat(h->directory, SOCKET_NAME, 0600, 0) < 0)
                return -errno;
        return uv_listen((uv_stream_t *)h->pipe, BACKLOG, on_asked);
}

int health_new(Health **ret, uv_loop_t *loop, const char *directory, HealthStatus status,
               void *userdata) {
        _cleanup_(health_freep) Health *h = calloc(1, sizeof(*h));
        int r;

        if (!h)
                return -ENOMEM;
        *h = (Health){ .directory = -1, .status = status, .userdata = userdata };
        h->pipe = calloc(1, sizeof(*h->pipe));
        if (!h->pipe)
                return -ENOMEM;
        (void)uv_pipe_init(loop, h->pipe, 0);
        h->pipe->data = h;

        r = listen_in(h, directory);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(h);
        return 0;
}

/* Closing the pipe removes its socket, by way of the directory. */
Health *health_free(Health *h) {
        if (!h)
                return NULL;
        if (h->pipe)
                uv_close((uv_handle_t *)h->pipe, on_closed);
        if (h->directory >= 0)
                close(h->directory);
        free(h);
        return NULL;
}
