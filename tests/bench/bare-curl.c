/* The reference for what dpin adds to libcurl: its multi_socket interface on one epoll, handles
 * used again, and no option beyond those that make every check a new connection. */
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "paced.h"

#define EVENTS 256

typedef struct Transfer {
        CURL *easy;
        uint64_t began;
        struct Transfer *next;
} Transfer;

typedef struct Client {
        Paced paced;
        CURLM *multi;
        Transfer *spare;
        int epoll;
        long timeout;      /* ms, as the library wants it; below 0: none */
        uint64_t deadline; /* ns */
} Client;

static void give_up(const char *what) {
        fprintf(stderr, "%s: %s\n", what, strerror(errno));
        exit(EXIT_FAILURE);
}

static size_t on_body(char *data, size_t size, size_t n, void *userdata) {
        (void)data;
        (void)userdata;
        return size * n;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *userdata, void *known) {
        Client *c = userdata;
        struct epoll_event e = { .data.fd = fd };

        (void)easy;
        if (what == CURL_POLL_REMOVE) {
                (void)epoll_ctl(c->epoll, EPOLL_CTL_DEL, fd, &e);
                return 0;
        }
        e.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
        if (epoll_ctl(c->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &e) < 0)
                give_up("epoll");
        if (!known)
                (void)curl_multi_assign(c->multi, fd, c);
        return 0;
}

static int on_timeout(CURLM *multi, long milliseconds, void *userdata) {
        Client *c = userdata;

        (void)multi;
        c->timeout = milliseconds;
        c->deadline = paced_now() + (milliseconds > 0 ? (uint64_t)milliseconds * 1000000 : 0);
        return 0;
}

static Transfer *make_transfer(const Paced *p) {
        Transfer *t = malloc(sizeof(*t));

        if (!t)
                give_up("memory");
        t->easy = curl_easy_init();
        if (!t->easy)
                give_up("memory");
        (void)curl_easy_setopt(t->easy, CURLOPT_URL, p->url);
        (void)curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
        (void)curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
        (void)curl_easy_setopt(t->easy, CURLOPT_FRESH_CONNECT, 1L);
        (void)curl_easy_setopt(t->easy, CURLOPT_FORBID_REUSE, 1L);
        (void)curl_easy_setopt(t->easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
        (void)curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, 5000L);
        (void)curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_body);
        (void)curl_easy_setopt(t->easy, CURLOPT_CAPATH, NULL);
        if (p->ca_file)
                (void)curl_easy_setopt(t->easy, CURLOPT_CAINFO, p->ca_file);
        return t;
}

static void begin(Client *c) {
        Transfer *t = c->spare;

        if (t)
                c->spare = t->next;
        else
                t = make_transfer(&c->paced);
        t->began = paced_now();
        if (curl_multi_add_handle(c->multi, t->easy) != CURLM_OK)
                give_up("libcurl");
}

static void end(Client *c, CURL *easy, CURLcode code) {
        Transfer *t = NULL;
        long status = 0;

        (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &t);
        (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        (void)curl_multi_remove_handle(c->multi, easy);
        paced_end(&c->paced, t->began, code == CURLE_OK && status == 200 ? "\n" : NULL);
        t->next = c->spare;
        c->spare = t;
}

static void act(Client *c, curl_socket_t fd, unsigned events) {
        int flags = (events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                    (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                    (events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
        int running, left;
        CURLMsg *m;

        (void)curl_multi_socket_action(c->multi, fd, flags, &running);
        while ((m = curl_multi_info_read(c->multi, &left)))
                if (m->msg == CURLMSG_DONE)
                        end(c, m->easy_handle, m->data.result);
}

static int wait_ms(const Client *c) {
        uint64_t now = paced_now();

        if (c->timeout < 0)
                return -1;
        return c->deadline <= now ? 0 : (int)((c->deadline - now + 999999) / 1000000);
}

static void serve(Client *c) {
        struct epoll_event events[EVENTS];
        int n = epoll_wait(c->epoll, events, EVENTS, wait_ms(c));
        uint64_t times;

        for (int i = 0; i < n; i++)
                if (events[i].data.fd == c->paced.timer)
                        (void)!read(c->paced.timer, &times, sizeof(times));
                else
                        act(c, events[i].data.fd, events[i].events);
        while (paced_take(&c->paced))
                begin(c);
        if (c->timeout >= 0 && c->deadline <= paced_now())
                act(c, CURL_SOCKET_TIMEOUT, 0);
}

static void init(Client *c, int argc, char **argv) {
        struct epoll_event e = { .events = EPOLLIN };

        *c = (Client){ .epoll = epoll_create1(EPOLL_CLOEXEC), .timeout = -1 };
        paced_init(&c->paced, argc, argv);
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
                give_up("libcurl");
        c->multi = curl_multi_init();
        e.data.fd = c->paced.timer;
        if (!c->multi || epoll_ctl(c->epoll, EPOLL_CTL_ADD, c->paced.timer, &e) < 0)
                give_up("libcurl");
        (void)curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
        (void)curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
        (void)curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
        (void)curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
}

static void done(Client *c) {
        while (c->spare) {
                Transfer *t = c->spare;

                c->spare = t->next;
                curl_easy_cleanup(t->easy);
                free(t);
        }
        (void)curl_multi_cleanup(c->multi);
        curl_global_cleanup();
        paced_done(&c->paced);
        close(c->epoll);
}

int main(int argc, char **argv) {
        Client c;

        init(&c, argc, argv);
        paced_begin(&c.paced);
        while (!paced_is_over(&c.paced))
                serve(&c);
        paced_print(&c.paced);
        done(&c);
        return EXIT_SUCCESS;
}
