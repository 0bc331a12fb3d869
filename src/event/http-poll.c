/* The descriptors the library waits for, in an epoll of their own, which is one descriptor of the
 * loop. As polls of libuv each would be taken out of its epoll and put back for every change, and
 * be memory that has to outlive the transfer: seven calls of the kernel for a check instead of
 * two. What is closed leaves the epoll by itself, and most that the library does not wait for any
 * more it closes next: so that is waited for. */
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "event/http-parts.h"

#define EVENTS_MAX                                                                                 \
        64 /* of one look; what is ready beyond comes with the next round of the loop              \
            */

struct HttpPoll {
        uv_poll_t native; /* first: its address is the HttpPoll's */
        int fd;
        int leaving; /* is in the epoll, and not waited for any more; -1: none */
        CURLM *multi;
        HttpPolled polled;
        void *userdata;
};

/* An error is for the library to find where it reads or writes; what was sent before it is then
 * read first. */
static int flags_of(uint32_t events) {
        uint32_t both = EPOLLERR | EPOLLHUP;

        return (events & (EPOLLIN | both) ? CURL_CSELECT_IN : 0) |
               (events & (EPOLLOUT | both) ? CURL_CSELECT_OUT : 0);
}

static void leave(HttpPoll *p) {
        if (p->leaving >= 0)
                (void)epoll_ctl(p->fd, EPOLL_CTL_DEL, p->leaving, NULL);
        p->leaving = -1;
}

int http_poll_close(void *userdata, curl_socket_t fd) {
        HttpPoll *p = userdata;

        if (p->leaving == fd)
                p->leaving = -1;
        return close(fd);
}

/* The owner is told when all have been seen to: whatever it starts may get a descriptor that was
 * closed only now, and of which there was still something to be told. */
static void on_ready(uv_poll_t *native, int status _unused_, int events _unused_) {
        HttpPoll *p = (HttpPoll *)native;
        struct epoll_event ready[EVENTS_MAX];
        int n, running;

        leave(p);
        n = epoll_wait(p->fd, ready, EVENTS_MAX, 0);
        for (int i = 0; i < n; i++)
                (void)curl_multi_socket_action(p->multi, ready[i].data.fd,
                                               flags_of(ready[i].events), &running);
        p->polled(p->userdata);
}

static int on_socket(CURL *easy _unused_, curl_socket_t fd, int what, void *userdata, void *known) {
        HttpPoll *p = userdata;
        struct epoll_event e = { .data.fd = fd };

        leave(p);
        if (what == CURL_POLL_REMOVE) {
                p->leaving = fd;
                return 0;
        }

        e.events = (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0) |
                   (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0);
        if (epoll_ctl(p->fd, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &e) < 0)
                return -1;
        if (!known)
                (void)curl_multi_assign(p->multi, fd, p);
        return 0;
}

static void on_closed(uv_handle_t *native) {
        free(native);
}

int http_poll_new(HttpPoll **ret, uv_loop_t *loop, CURLM *multi, HttpPolled polled,
                  void *userdata) {
        HttpPoll *p = calloc(1, sizeof(*p));
        int r;

        if (!p)
                return -ENOMEM;
        *p = (HttpPoll){ .fd = epoll_create1(EPOLL_CLOEXEC),
                         .leaving = -1,
                         .multi = multi,
                         .polled = polled,
                         .userdata = userdata };
        r = p->fd < 0 ? -errno : uv_poll_init(loop, &p->native, p->fd);
        if (r < 0) {
                if (p->fd >= 0)
                        close(p->fd);
                free(p);
                return r;
        }

        (void)uv_poll_start(&p->native, UV_READABLE, on_ready);
        curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
        curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, p);
        *ret = p;
        return 0;
}

HttpPoll *http_poll_free(HttpPoll *p) {
        if (!p)
                return NULL;
        uv_close((uv_handle_t *)&p->native, on_closed);
        close(p->fd);
        return NULL;
}
