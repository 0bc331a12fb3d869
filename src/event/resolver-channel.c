/* c-ares on the loop: it tells which sockets it waits for, and how long. */
#include <errno.h>
#include <string.h>
#include <sys/select.h> /* struct timeval */

#include "event/resolver-internal.h"

#define TRY_MS 2000 /* of one server; doubled when all were asked in vain */
#define TRIES  3

typedef struct Watch {
        uv_poll_t poll;
        ResolverChannel *channel;
        ares_socket_t fd;
        int events;
        struct Watch *previous, *next;
} Watch;

struct ResolverChannel {
        uv_loop_t *loop;
        ares_channel native;
        Timer *timer;
        Watch *watches;
};

static void set_timer(ResolverChannel *c) {
        struct timeval tv, *left = ares_timeout(c->native, NULL, &tv);

        if (left)
                timer_after(c->timer, (usec_t)left->tv_sec * USEC_PER_SEC + (usec_t)left->tv_usec);
        else
                timer_stop(c->timer);
}

static void on_timer(void *userdata) {
        ResolverChannel *c = userdata;

        ares_process_fd(c->native, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
        set_timer(c);
}

/* A socket with an error is told as a failed poll, which is then polled no more: the library has
 * to read the error. */
static void on_event(uv_poll_t *poll, int status, int events) {
        Watch *w = poll->data;
        ResolverChannel *c = w->channel;

        if (status < 0)
                (void)uv_poll_start(poll, w->events, on_event);
        ares_process_fd(c->native, status < 0 || events & UV_READABLE ? w->fd : ARES_SOCKET_BAD,
                        status < 0 || events & UV_WRITABLE ? w->fd : ARES_SOCKET_BAD);
        set_timer(c);
}

static void on_watch_closed(uv_handle_t *handle) {
        free(handle->data);
}

static void watch_close(Watch *w) {
        if (w->next)
                w->next->previous = w->previous;
        if (w->previous)
                w->previous->next = w->next;
        else
                w->channel->watches = w->next;
        uv_close((uv_handle_t *)&w->poll, on_watch_closed);
}

static Watch *watch_open(ResolverChannel *c, ares_socket_t fd) {
        Watch *w = calloc(1, sizeof(*w));

        if (!w)
                return NULL;
        if (uv_poll_init_socket(c->loop, &w->poll, fd) < 0) {
                free(w);
                return NULL;
        }
        w->poll.data = w;
        w->channel = c;
        w->fd = fd;
        w->next = c->watches;
        if (w->next)
                w->next->previous = w;
        c->watches = w;
        return w;
}

static Watch *watch_find(ResolverChannel *c, ares_socket_t fd) {
        Watch *w = c->watches;

        while (w && w->fd != fd)
                w = w->next;
        return w;
}

/* Without memory for a watch the library's own time limits end what waits for it. */
static void on_socket(void *userdata, ares_socket_t fd, int readable, int writable) {
        ResolverChannel *c = userdata;
        Watch *w = watch_find(c, fd);

        if (!readable && !writable) {
                if (w)
                        watch_close(w);
                return;
        }
        if (!w)
                w = watch_open(c, fd);
        if (!w)
                return;
        w->events = (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0);
        (void)uv_poll_start(&w->poll, w->events, on_event);
}

static int errno_of(int status) {
        return status == ARES_SUCCESS ? 0 : status == ARES_ENOMEM ? -ENOMEM : -EIO;
}

/* Newer libraries keep answers of their own, for longer than we want to, unless told how long: for
 * 0 seconds. The header may be older than the library that runs, whose options have more members.
 */
#define OPT_QUERY_CACHE     (1 << 21)
#define HAS_QUERY_CACHE(v)  ((v) >= 0x011f00) /* 1.31 */
#define OPTIONS_SIZE_NEWEST 512

typedef union NativeOptions {
        struct ares_options known;
        char all[OPTIONS_SIZE_NEWEST];
} NativeOptions;

static int native_new(ResolverChannel *c, const ResolverOptions *o, bool raw) {
        NativeOptions all;
        int version, status, mask;

        memset(&all, 0, sizeof(all));
        all.known = (struct ares_options){
                .flags = ARES_FLAG_NOSEARCH | ARES_FLAG_EDNS,
                .ndomains = 0, /* Debian 12's searches for addresses in spite of the flag */
                .timeout = TRY_MS,
                .tries = TRIES,
                .ednspsz = 1232, /* does not fragment */
                .sock_state_cb = on_socket,
                .sock_state_cb_data = c,
                .resolvconf_path = (char *)o->resolv_conf,
        };
        mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ |
               ARES_OPT_SOCK_STATE_CB | ARES_OPT_DOMAINS |
               (o->resolv_conf ? ARES_OPT_RESOLVCONF : 0);
        (void)ares_version(&version);
        mask |= HAS_QUERY_CACHE(version) ? OPT_QUERY_CACHE : 0;
        if (raw)
                all.known.flags |= ARES_FLAG_NOCHECKRESP;
        status = ares_init_options(&c->native, &all.known, mask);
        if (status == ARES_SUCCESS && o->servers)
                status = ares_set_servers_ports_csv(c->native, o->servers);
        return errno_of(status);
}

int resolver_channel_new(ResolverChannel **ret, uv_loop_t *loop, const ResolverOptions *options,
                         bool raw) {
        _cleanup_(resolver_channel_freep) ResolverChannel *c = NULL;
        int r;

        r = errno_of(ares_library_init(ARES_LIB_INIT_ALL));
        if (r < 0)
                return r;

        c = calloc(1, sizeof(*c));
        if (!c) {
                ares_library_cleanup();
                return -ENOMEM;
        }
        c->loop = loop;
        r = timer_new(&c->timer, loop, on_timer, c);
        if (r < 0)
                return r;

        r = native_new(c, options, raw);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(c);
        return 0;
}

ResolverChannel *resolver_channel_free(ResolverChannel *c) {
        if (!c)
                return NULL;
        if (c->native)
                ares_destroy(c->native);
        while (c->watches)
                watch_close(c->watches);
        timer_free(c->timer);
        ares_library_cleanup();
        free(c);
        return NULL;
}

void resolver_channel_addresses(ResolverChannel *c, const char *name, int family,
                                ares_addrinfo_callback callback, void *userdata) {
        struct ares_addrinfo_hints hints = { .ai_family = family };

        ares_getaddrinfo(c->native, name, NULL, &hints, callback, userdata);
        set_timer(c);
}

int resolver_channel_query(ResolverChannel *c, const char *name, uint16_t type,
                           ares_callback callback, void *userdata) {
        unsigned char *bytes = NULL;
        int n = 0, status;

        status = ares_create_query(name, 1 /* IN */, type, 0, 1, &bytes, &n, 1232);
        if (status != ARES_SUCCESS)
                return status == ARES_ENOMEM ? -ENOMEM : -EINVAL;
        ares_send(c->native, bytes, n, callback, userdata);
        ares_free_string(bytes);
        set_timer(c);
        return 0;
}

ResolverOutcome resolver_outcome(int status) {
        switch (status) {
        case ARES_SUCCESS:
                return RESOLVER_FOUND;
        case ARES_ENOTFOUND:
        case ARES_ENODATA:
        case ARES_EBADNAME:
        case ARES_EBADFAMILY:
                return RESOLVER_NONE;
        case ARES_ETIMEOUT:
                return RESOLVER_TIMEOUT;
        case ARES_ECONNREFUSED:
                return RESOLVER_REFUSED;
        case ARES_ENOMEM:
                return RESOLVER_NO_MEMORY;
        default:
                return RESOLVER_FAILED;
        }
}
