/* Connections by phase, each list in the order in which they came into it; and how many an address
 * has. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <utlist.h>

#include "event/httpd-internal.h"

#define SWEEP_INTERVAL USEC_PER_SEC

static usec_t now_of(const Httpd *h) {
        return uv_now(h->loop) * USEC_PER_MSEC;
}

/* Hosts ---------------------------------------------------------------------------------------- */

/* false: it is no network address, or not to be counted. */
static bool host_key(const Httpd *h, const HttpdAddress *address, uint8_t ret[static 9]) {
        const uint8_t *v6 = address->v6.sin6_addr.s6_addr;

        memset(ret, 0, 9);
        if (h->limits.per_address_max == 0 ||
            (h->ops.unlimited && h->ops.unlimited(&address->any, h->userdata)))
                return false;
        if (address->any.sa_family == AF_INET) {
                memcpy(ret, &address->v4.sin_addr, 4);
                return true;
        }
        if (address->any.sa_family != AF_INET6)
                return false;
        if (IN6_IS_ADDR_V4MAPPED(&address->v6.sin6_addr)) {
                memcpy(ret, v6 + 12, 4);
                return true;
        }
        memcpy(ret, v6, 8);
        ret[8] = 6;
        return true;
}

static int host_enter(HttpdConnection *c) {
        Httpd *h = c->server;
        uint8_t key[9];
        HttpdHost *host;

        if (!host_key(h, &c->address, key))
                return 0;
        HASH_FIND(hh, h->lines.hosts, key, sizeof(key), host);
        if (!host) {
                host = calloc(1, sizeof(*host));
                if (!host)
                        return -ENOMEM;
                memcpy(host->key, key, sizeof(key));
                HASH_ADD(hh, h->lines.hosts, key, sizeof(key), host);
        }
        if (host->n >= h->limits.per_address_max)
                return -EUSERS;
        host->n++;
        c->host = host;
        return 0;
}

static void host_leave(HttpdConnection *c) {
        if (!c->host || --c->host->n > 0)
                return;
        HASH_DEL(c->server->lines.hosts, c->host);
        free(c->host);
}

/* Life ----------------------------------------------------------------------------------------- */

int httpd_connection_new(HttpdConnection **ret, Httpd *h, int fd, const HttpdAddress *address) {
        HttpdConnection *c = calloc(1, sizeof(*c));
        int r;

        if (!c)
                return -ENOMEM;
        *c = (HttpdConnection){ .server = h, .fd = fd, .address = *address };
        r = host_enter(c);
        if (r < 0) {
                free(c);
                return r;
        }
        c->deadline = now_of(h) + h->limits.head_time;
        DL_APPEND(h->lines.lists[CONNECTION_GUEST], c);
        h->lines.n[CONNECTION_GUEST]++;
        h->lines.most = MAX(h->lines.most, httpd_connections(h, NULL));
        httpd_sweep_soon(h);
        *ret = c;
        return 0;
}

HttpdConnection *httpd_connection_free(HttpdConnection *c) {
        HttpdLines *l = &c->server->lines;

        DL_DELETE(l->lists[c->phase], c);
        l->n[c->phase]--;
        host_leave(c);
        free(c);
        return NULL;
}

void httpd_connection_move(HttpdConnection *c, ConnectionPhase phase, usec_t time) {
        HttpdLines *l = &c->server->lines;

        DL_DELETE(l->lists[c->phase], c);
        l->n[c->phase]--;
        c->phase = phase;
        c->deadline = time == USEC_INFINITY ? time : now_of(c->server) + time;
        DL_APPEND(l->lists[phase], c);
        l->n[phase]++;
}

void httpd_connection_end(HttpdConnection *c) {
        (void)shutdown(c->fd, SHUT_RDWR);
        httpd_connection_move(c, CONNECTION_GOING, USEC_INFINITY);
        httpd_loop_turn_soon(c->server);
}

/* The library begins with them in the order in which they came. */
HttpdConnection *httpd_connection_settling(Httpd *h, int fd) {
        HttpdConnection *c;

        DL_SEARCH_SCALAR(h->lines.lists[CONNECTION_SETTLING], c, fd, fd);
        return c;
}

void httpd_connections_settled(Httpd *h) {
        while (h->lines.lists[CONNECTION_SETTLING])
                httpd_connection_free(h->lines.lists[CONNECTION_SETTLING]);
}

/* Deadlines ------------------------------------------------------------------------------------ */

void httpd_sweep_soon(Httpd *h) {
        if (!timer_is_set(h->sweep))
                timer_every(h->sweep, SWEEP_INTERVAL, SWEEP_INTERVAL);
}

/* What a peer does not take would stay queued in the kernel, behind a closed socket. */
static void discard(HttpdConnection *c) {
        const struct linger at_once = { .l_onoff = 1 };

        (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
        httpd_connection_end(c);
}

static void expire(HttpdConnection *c) {
        if (c->phase == CONNECTION_LEAVING)
                httpd_door_forget(c);
        else if (c->phase == CONNECTION_GUEST || c->reading)
                httpd_door_refuse(c, &httpd_too_slow);
        else if (c->phase == CONNECTION_BUSY)
                discard(c);
        else
                httpd_connection_end(c);
}

/* The peer said that it sends no more, though its body is not whole. Where that came together with
 * the last bytes, the library never reads far enough to learn of it. */
static bool broke_off(const HttpdConnection *c) {
        char byte;

        return c->phase == CONNECTION_BUSY && c->reading &&
               recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

void httpd_connections_sweep(void *userdata) {
        Httpd *h = userdata;
        usec_t now = now_of(h);
        bool any = false;

        for (ConnectionPhase phase = 0; phase < _CONNECTION_PHASE_MAX; phase++) {
                HttpdConnection *c, *next;

                any = any || h->lines.lists[phase];
                DL_FOREACH_SAFE(h->lines.lists[phase], c, next) {
                        if (broke_off(c))
                                httpd_connection_end(c);
                        else if (c->deadline <= now)
                                expire(c);
                        else if (phase != CONNECTION_BUSY)
                                break; /* these have all the same time */
                }
        }
        httpd_door_resume(h);
        if (!any)
                timer_stop(h->sweep);
}
