/* The host of a transfer is looked up before it begins: the library's own way is a thread for each
 * name. It gets the addresses in a cache of the call's own, and the guard decides on each as ever.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "event/http-internal.h"

#define NAME_MAX_BYTES 256

struct HttpResolve {
        ResolverLookup *lookup; /* while it is under way */
        usec_t began;
        char host[NAME_MAX_BYTES];
        unsigned port;
        CURLSH *share;                /* has the cache */
        struct curl_slist *addresses; /* one line; NULL: none are known */
        HttpResolved resolved;
};

static void forget(HttpResolve *h) {
        resolver_lookup_cancel(h->lookup);
        curl_slist_free_all(h->addresses);
        h->lookup = NULL;
        h->addresses = NULL;
}

static HttpResolve *resolve_free(HttpResolve *h) {
        if (!h)
                return NULL;
        forget(h);
        (void)curl_share_cleanup(h->share);
        free(h);
        return NULL;
}
DEFINE_FREEP(HttpResolve, resolve_free);

/* The handle outlives the call, and what it shares is in use. */
void http_resolve_done(HttpCall *call) {
        if (call->easy) {
                curl_easy_setopt(call->easy, CURLOPT_SHARE, NULL);
                curl_easy_setopt(call->easy, CURLOPT_RESOLVE, NULL);
        }
        call->resolve = resolve_free(call->resolve);
}

static int resolve_new(HttpResolve **ret) {
        _cleanup_(resolve_freep) HttpResolve *h = calloc(1, sizeof(*h));

        if (!h)
                return -ENOMEM;
        h->share = curl_share_init();
        if (!h->share ||
            curl_share_setopt(h->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS) != CURLSHE_OK)
                return -ENOMEM;
        *ret = TAKE_PTR(h);
        return 0;
}

/* 1: a name. 0: an address, which needs no resolver. */
static int read_host(const HttpCall *call, char ret_host[static NAME_MAX_BYTES],
                     unsigned *ret_port) {
        const char *host = strstr(call->target->origin, "://") + 3;
        const char *colon = strrchr(host, ':'); /* there always is a port */
        NetAddress address;

        if (*host == '[')
                return 0;
        if (colon - host >= NAME_MAX_BYTES)
                return -EINVAL;
        snprintf(ret_host, NAME_MAX_BYTES, "%.*s", (int)(colon - host), host);
        *ret_port = (unsigned)strtoul(colon + 1, NULL, 10);
        return !net_address_parse(ret_host, 0, &address);
}

/* HOST:PORT:ADDRESS,ADDRESS; NULL without memory. */
static void write_addresses(HttpResolve *h, const ResolverResult *names) {
        char text[NAME_MAX_BYTES + 16 + RESOLVER_ADDRESSES_MAX * (NET_ADDRESS_TEXT_SIZE + 3)];
        char address[NET_ADDRESS_TEXT_SIZE];
        size_t n = (size_t)snprintf(text, sizeof(text), "%s:%u:", h->host, h->port);

        for (unsigned i = 0; i < names->n; i++) {
                const NetAddress *a = &names->addresses[i];
                bool v6 = a->any.sa_family == AF_INET6;

                n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s%s%s", i > 0 ? "," : "",
                                      v6 ? "[" : "", net_address_text(a, address), v6 ? "]" : "");
        }
        h->addresses = curl_slist_append(NULL, text);
}

static HttpError error_of(const HttpResolve *h, const ResolverResult *names) {
        switch (names->outcome) {
        case RESOLVER_FOUND:
                return h->addresses ? HTTP_OK : HTTP_INTERNAL;
        case RESOLVER_TIMEOUT:
                return HTTP_TIMEOUT_DNS;
        case RESOLVER_NO_MEMORY:
                return HTTP_INTERNAL;
        default:
                return HTTP_DNS;
        }
}

static void on_names(const ResolverResult *names, void *userdata) {
        HttpCall *call = userdata;
        HttpResolve *h = call->resolve;

        h->lookup = NULL;
        call->result.phase[HTTP_PHASE_DNS] += names->at - h->began;
        if (names->outcome == RESOLVER_FOUND)
                write_addresses(h, names);
        h->resolved(call, error_of(h, names));
}

static int begin(HttpCall *call, usec_t now) {
        HttpResolve *h = call->resolve;
        ResolverName name = {
                .text = h->host,
                .family = call->request.family,
                .timeout = call->deadline > now ? call->deadline - now : 1,
        };

        h->began = now;
        return resolver_lookup(call->client->resolver, &name, on_names, call, &h->lookup);
}

int http_resolve_start(HttpCall *call, HttpResolved resolved, usec_t now) {
        char host[NAME_MAX_BYTES];
        unsigned port = 0;
        int r;

        if (call->resolve)
                forget(call->resolve); /* of the hop before */
        if (!call->client->resolver)
                return 0;
        r = read_host(call, host, &port);
        if (r <= 0)
                return r;
        r = call->resolve ? 0 : resolve_new(&call->resolve);
        if (r < 0)
                return r;
        memcpy(call->resolve->host, host, sizeof(host));
        call->resolve->port = port;
        call->resolve->resolved = resolved;
        r = begin(call, now);
        return r < 0 ? r : 1;
}

void http_resolve_prepare(HttpCall *call) {
        HttpResolve *h = call->resolve;

        curl_easy_setopt(call->easy, CURLOPT_SHARE, h && h->addresses ? h->share : NULL);
        curl_easy_setopt(call->easy, CURLOPT_RESOLVE, h ? h->addresses : NULL);
}

bool http_resolve_is_done(const HttpCall *call) {
        return call->resolve && call->resolve->addresses;
}
