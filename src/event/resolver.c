/* Who asks for a name that is being asked for waits with the others. Answers are told by timers:
 * never from inside of a call, nor while the library is at work. */
#include "event/resolver.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utlist.h>

#include "event/resolver-cache.h"
#include "event/resolver-internal.h"

#define NAME_BYTES  256
#define RESOLV_CONF "/etc/resolv.conf"
#define PORT_ANY    53 /* nothing is sent there */

/* A set of servers; one that was replaced goes when the last name that it was asked for is known.
 */
typedef struct Servers {
        ResolverChannel *channel;
        unsigned asked;
        struct Servers *previous, *next;
} Servers;

/* A name that is being asked for. */
typedef struct Asked {
        Resolver *resolver;
        Servers *servers;
        char name[NAME_BYTES];
        int family;
        ResolverLookup *waiting;
        struct Asked *prev, *next;
} Asked;

struct ResolverLookup {
        Resolver *resolver;
        Asked *asked; /* NULL: the result is known */
        Timer *timer; /* for the answer, or to tell it */
        ResolverDone done;
        void *userdata;
        ResolverResult result;
        ResolverLookup *prev, *next; /* in asked->waiting or resolver->known */
};

struct Resolver {
        uv_loop_t *loop;
        char *resolv_conf, *servers_csv;
        struct stat seen; /* resolv.conf as it was read */
        Servers *servers; /* the last one is asked */
        Asked *asked;
        ResolverLookup *known;
        ResolverQuery *queries;
        ResolverCache *cache;
        unsigned n_asked;
        ResolverCounters counters;
        bool closing;
};

/* Servers -------------------------------------------------------------------------------------- */

static void servers_free(Resolver *r, Servers *s) {
        DL_DELETE2(r->servers, s, previous, next);
        resolver_channel_free(s->channel);
        free(s);
}

static int servers_open(Resolver *r) {
        ResolverOptions o = { .resolv_conf = r->resolv_conf, .servers = r->servers_csv };
        Servers *s = calloc(1, sizeof(*s));
        int error;

        if (!s)
                return -ENOMEM;
        if (stat(r->resolv_conf ? r->resolv_conf : RESOLV_CONF, &r->seen) < 0)
                r->seen = (struct stat){};
        error = resolver_channel_new(&s->channel, r->loop, &o, false);
        if (error < 0) {
                free(s);
                return error;
        }
        DL_APPEND2(r->servers, s, previous, next);
        return 0;
}

static bool same_file(const struct stat *a, const struct stat *b) {
        return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
               a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static Servers *servers_now(Resolver *r) {
        return r->servers->previous; /* the head's is the tail */
}

static void drop_replaced(Resolver *r) {
        Servers *s, *next;

        for (s = r->servers; s != servers_now(r); s = next) {
                next = s->next;
                if (s->asked == 0)
                        servers_free(r, s);
        }
}

/* A machine that changes its network gets other servers. */
static void look_at_conf(Resolver *r) {
        struct stat there;

        drop_replaced(r);
        if (stat(r->resolv_conf ? r->resolv_conf : RESOLV_CONF, &there) < 0 ||
            same_file(&there, &r->seen))
                return;
        if (servers_open(r) == 0) /* else the old ones have to do */
                r->counters.reopened++;
}

/* Answers -------------------------------------------------------------------------------------- */

static void on_timer(void *userdata) {
        ResolverLookup *l = userdata;

        if (l->asked) {
                DL_DELETE(l->asked->waiting, l);
                l->result = (ResolverResult){ .outcome = RESOLVER_TIMEOUT, .at = now_boottime() };
        } else {
                DL_DELETE(l->resolver->known, l);
        }
        timer_free(l->timer);
        l->done(&l->result, l->userdata); /* may free the resolver */
        free(l);
}

static void tell_soon(ResolverLookup *l) {
        l->asked = NULL;
        DL_APPEND(l->resolver->known, l);
        timer_after(l->timer, 0);
}

static usec_t shortest(const struct ares_addrinfo *info) {
        int ttl = INT32_MAX;

        for (const struct ares_addrinfo_node *n = info->nodes; n; n = n->ai_next)
                ttl = MIN(ttl, n->ai_ttl);
        for (const struct ares_addrinfo_cname *c = info->cnames; c; c = c->next)
                ttl = MIN(ttl, c->ttl);
        return ttl > 0 ? MIN((usec_t)ttl * USEC_PER_SEC, RESOLVER_TTL_MAX) : 0;
}

/* A datagram socket that is connected asks the kernel for a way, and sends nothing. */
static bool has_way(const NetAddress *a) {
        int fd = socket(a->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        NetAddress to = *a;
        bool has;

        if (fd < 0)
                return errno != EAFNOSUPPORT;
        net_address_set_port(&to, PORT_ANY);
        has = connect(fd, &to.any, net_address_size(&to)) == 0;
        close(fd);
        return has;
}

static bool is_of_both_families(const ResolverResult *r) {
        for (unsigned i = 1; i < r->n; i++)
                if (r->addresses[i].any.sa_family != r->addresses[0].any.sa_family)
                        return true;
        return false;
}

/* A machine with one family looks at a target by that one: what it is told of the other is nothing,
 * and would be the last that it is told. */
static void drop_without_way(ResolverResult *r) {
        NetAddress kept[RESOLVER_ADDRESSES_MAX];
        unsigned n = 0;

        if (!is_of_both_families(r))
                return;
        for (unsigned i = 0; i < r->n; i++)
                if (has_way(&r->addresses[i]))
                        kept[n++] = r->addresses[i];
        if (n == 0)
                return;
        memcpy(r->addresses, kept, n * sizeof(kept[0]));
        r->n = n;
}

static void read_addresses(const struct ares_addrinfo *info, ResolverResult *ret) {
        for (const struct ares_addrinfo_node *n = info->nodes; n; n = n->ai_next)
                if (ret->n < RESOLVER_ADDRESSES_MAX &&
                    net_address_copy(n->ai_addr, &ret->addresses[ret->n]))
                        ret->n++;
        if (ret->n == 0)
                ret->outcome = RESOLVER_NONE;
        drop_without_way(ret);
}

static void asked_free(Asked *a) {
        a->servers->asked--;
        a->resolver->n_asked--;
        DL_DELETE(a->resolver->asked, a);
        free(a);
}

static void on_addresses(void *userdata, int status, int timeouts _unused_,
                         struct ares_addrinfo *info) {
        Asked *a = userdata;
        Resolver *r = a->resolver;
        ResolverResult result = { .outcome = resolver_outcome(status), .at = now_boottime() };
        usec_t ttl = result.outcome == RESOLVER_NONE ? RESOLVER_TTL_NONE : 0;
        ResolverLookup *l, *next;

        if (info && status == ARES_SUCCESS) {
                read_addresses(info, &result);
                ttl = shortest(info);
        }
        ares_freeaddrinfo(info);
        if (!r->closing)
                resolver_cache_put(r->cache, a->name, a->family, ttl ? result.at + ttl : 0,
                                   &result);
        DL_FOREACH_SAFE(a->waiting, l, next) {
                DL_DELETE(a->waiting, l);
                l->result = result;
                tell_soon(l);
        }
        asked_free(a);
}

/* Questions ------------------------------------------------------------------------------------ */

static Asked *find_asked(const Resolver *r, const ResolverName *name) {
        Asked *a;

        DL_FOREACH(r->asked, a)
        if (a->family == name->family && strcasecmp(a->name, name->text) == 0)
                return a;
        return NULL;
}

static void wait_for(ResolverLookup *l, Asked *a, usec_t timeout) {
        timer_after(l->timer, timeout);
        l->asked = a;
        DL_APPEND(a->waiting, l);
}

static int ask(ResolverLookup *l, const ResolverName *name) {
        Resolver *r = l->resolver;
        Asked *a;

        if (r->n_asked >= RESOLVER_PENDING_MAX) {
                r->counters.refused++;
                return -ENOBUFS;
        }
        a = calloc(1, sizeof(*a));
        if (!a)
                return -ENOMEM;
        *a = (Asked){ .resolver = r, .family = name->family };
        snprintf(a->name, sizeof(a->name), "%s", name->text);
        wait_for(l, a, name->timeout);
        look_at_conf(r);
        a->servers = servers_now(r);
        a->servers->asked++;
        r->n_asked++;
        r->counters.asked++;
        DL_APPEND(r->asked, a);
        resolver_channel_addresses(a->servers->channel, a->name, a->family, on_addresses, a);
        return 0;
}

/* An address is its own answer, and none at all in the other family. */
static bool is_address(const ResolverName *name, ResolverResult *ret) {
        ResolverResult result = { .n = 1, .at = now_boottime() };

        if (!net_address_parse(name->text, 0, &result.addresses[0]))
                return false;
        if (name->family != AF_UNSPEC && name->family != result.addresses[0].any.sa_family)
                result = (ResolverResult){ .outcome = RESOLVER_NONE, .at = result.at };
        *ret = result;
        return true;
}

static int begin(ResolverLookup *l, const ResolverName *name) {
        Resolver *r = l->resolver;
        bool known = is_address(name, &l->result);
        Asked *a;

        if (!known &&
            resolver_cache_get(r->cache, name->text, name->family, now_boottime(), &l->result)) {
                r->counters.cached++;
                known = true;
        }
        if (known) {
                tell_soon(l);
                return 0;
        }
        a = find_asked(r, name);
        if (!a)
                return ask(l, name);
        wait_for(l, a, name->timeout);
        return 0;
}

int resolver_lookup(Resolver *r, const ResolverName *name, ResolverDone done, void *userdata,
                    ResolverLookup **ret) {
        ResolverLookup *l;
        int error;

        if (strlen(name->text) >= NAME_BYTES)
                return -EINVAL;
        l = calloc(1, sizeof(*l));
        if (!l)
                return -ENOMEM;
        *l = (ResolverLookup){ .resolver = r, .done = done, .userdata = userdata };
        error = timer_new(&l->timer, r->loop, on_timer, l);
        if (error >= 0)
                error = begin(l, name);
        if (error < 0) {
                timer_free(l->timer);
                free(l);
                return error;
        }
        *ret = l;
        return 0;
}

/* What was asked goes on without it, and fills the cache. */
ResolverLookup *resolver_lookup_cancel(ResolverLookup *l) {
        if (!l)
                return NULL;
        if (l->asked)
                DL_DELETE(l->asked->waiting, l);
        else
                DL_DELETE(l->resolver->known, l);
        timer_free(l->timer);
        free(l);
        return NULL;
}

int resolver_ask(Resolver *r, const ResolverQuestion *question, ResolverAnswered answered,
                 void *userdata, ResolverQuery **ret) {
        ResolverOptions o = { .resolv_conf = r->resolv_conf, .servers = r->servers_csv };

        return resolver_query_new(ret, &r->queries, r->loop, &o,
                                  &(ResolverAsking){ question, answered, userdata });
}

/* The whole ------------------------------------------------------------------------------------ */

static int copy_text(const char *text, char **ret) {
        *ret = text ? strdup(text) : NULL;
        return text && !*ret ? -ENOMEM : 0;
}

static int fill(Resolver *r, const ResolverOptions *options) {
        int error;

        error = copy_text(options->resolv_conf, &r->resolv_conf);
        if (error < 0)
                return error;
        error = copy_text(options->servers, &r->servers_csv);
        if (error < 0)
                return error;
        error = resolver_cache_new(&r->cache, RESOLVER_CACHE_MAX);
        if (error < 0)
                return error;
        return servers_open(r);
}

int resolver_new(Resolver **ret, uv_loop_t *loop, const ResolverOptions *options) {
        _cleanup_(resolver_freep) Resolver *r = calloc(1, sizeof(*r));
        int error;

        if (!r)
                return -ENOMEM;
        r->loop = loop;
        error = fill(r, options);
        if (error < 0)
                return error;
        *ret = TAKE_PTR(r);
        return 0;
}

Resolver *resolver_free(Resolver *r) {
        Asked *a;

        if (!r)
                return NULL;
        r->closing = true;
        while (r->queries)
                resolver_query_cancel(r->queries);
        DL_FOREACH(r->asked, a)
        while (a->waiting)
                resolver_lookup_cancel(a->waiting);
        while (r->known)
                resolver_lookup_cancel(r->known);
        while (r->servers)
                servers_free(r, r->servers);
        resolver_cache_free(r->cache);
        free(r->servers_csv);
        free(r->resolv_conf);
        free(r);
        return NULL;
}

ResolverCounters resolver_counters(const Resolver *r) {
        return r->counters;
}
