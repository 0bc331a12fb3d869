/* A table by name and family in the order of its entries' coming: the first is the oldest. */
#include "event/resolver-cache.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <uthash.h>

#define NAME_MAX_BYTES 256

typedef struct Known {
        UT_hash_handle hh;
        usec_t expires;
        ResolverOutcome outcome;
        char *key;
        unsigned n;
        NetAddress addresses[];
} Known;

struct ResolverCache {
        Known *names;
        unsigned names_max;
};

int resolver_cache_new(ResolverCache **ret, unsigned names_max) {
        ResolverCache *c = calloc(1, sizeof(*c));

        if (!c)
                return -ENOMEM;
        c->names_max = names_max;
        *ret = c;
        return 0;
}

static void forget(ResolverCache *c, Known *k) {
        HASH_DEL(c->names, k);
        free(k->key);
        free(k);
}

ResolverCache *resolver_cache_free(ResolverCache *c) {
        if (!c)
                return NULL;
        while (c->names)
                forget(c, c->names);
        free(c);
        return NULL;
}

unsigned resolver_cache_size(const ResolverCache *c) {
        return HASH_COUNT(c->names);
}

/* false: longer than a name can be. */
static bool make_key(const char *name, int family, char ret[static NAME_MAX_BYTES + 2]) {
        size_t n = strnlen(name, NAME_MAX_BYTES);

        if (n == NAME_MAX_BYTES)
                return false;
        *ret++ = family == AF_INET ? '4' : family == AF_INET6 ? '6' : '0';
        for (size_t i = 0; i <= n; i++)
                *ret++ = (char)tolower((unsigned char)name[i]);
        return true;
}

static Known *find(ResolverCache *c, const char *key) {
        Known *k;

        HASH_FIND_STR(c->names, key, k);
        return k;
}

bool resolver_cache_get(ResolverCache *c, const char *name, int family, usec_t now,
                        ResolverResult *ret) {
        char key[NAME_MAX_BYTES + 2];
        Known *k;

        if (!make_key(name, family, key))
                return false;
        k = find(c, key);
        if (k && k->expires <= now) {
                forget(c, k);
                k = NULL;
        }
        if (!k)
                return false;
        *ret = (ResolverResult){ .outcome = k->outcome, .n = k->n, .at = now };
        memcpy(ret->addresses, k->addresses, k->n * sizeof(k->addresses[0]));
        return true;
}

static Known *known_new(const char *key, const ResolverResult *result) {
        size_t size = result->n * sizeof(result->addresses[0]);
        Known *k = calloc(1, sizeof(*k) + size);

        if (!k)
                return NULL;
        k->key = strdup(key);
        if (!k->key) {
                free(k);
                return NULL;
        }
        k->outcome = result->outcome;
        k->n = result->n;
        memcpy(k->addresses, result->addresses, size);
        return k;
}

void resolver_cache_put(ResolverCache *c, const char *name, int family, usec_t expires,
                        const ResolverResult *result) {
        char key[NAME_MAX_BYTES + 2];
        Known *k;

        if (!make_key(name, family, key))
                return;
        k = find(c, key);
        if (k)
                forget(c, k);
        if (expires == 0)
                return;
        if (HASH_COUNT(c->names) >= c->names_max)
                forget(c, c->names);
        k = known_new(key, result);
        if (!k)
                return;
        k->expires = expires;
        HASH_ADD_KEYPTR(hh, c->names, k->key, strlen(k->key), k);
}
