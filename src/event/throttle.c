/* A hash of paces, in the order of their last use. */
#include "event/throttle.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <uthash.h>

#include "base/pace.h"

typedef struct ThrottleKey {
        uint8_t bytes[9]; /* IPv4: 4, and zeros; IPv6: 8, and 6 */
} ThrottleKey;

typedef struct Entry {
        ThrottleKey key;
        Pace pace;
        UT_hash_handle hh;
} Entry;

struct Throttle {
        PaceRule rule;
        Entry *entries; /* the one used last is the last one */
};

int throttle_new(Throttle **ret, unsigned per_second) {
        Throttle *p = calloc(1, sizeof(*p));

        if (!p)
                return -ENOMEM;
        p->rule = (PaceRule){ .burst = per_second * THROTTLE_BURST_SECONDS,
                              .interval = USEC_PER_SEC / per_second };
        *ret = p;
        return 0;
}

static void forget(Throttle *p, Entry *e) {
        HASH_DEL(p->entries, e);
        free(e);
}

Throttle *throttle_free(Throttle *p) {
        if (!p)
                return NULL;
        while (p->entries)
                forget(p, p->entries);
        free(p);
        return NULL;
}

static bool key_of(const struct sockaddr *address, ThrottleKey *ret) {
        *ret = (ThrottleKey){ 0 };
        if (address->sa_family == AF_INET) {
                memcpy(ret->bytes, &((const struct sockaddr_in *)address)->sin_addr, 4);
                return true;
        }
        if (address->sa_family != AF_INET6)
                return false;
        memcpy(ret->bytes, &((const struct sockaddr_in6 *)address)->sin6_addr, 8);
        ret->bytes[8] = 6;
        return true;
}

static Entry *remember(Throttle *p, const ThrottleKey *key) {
        Entry *e = calloc(1, sizeof(*e));

        if (!e)
                return NULL;
        if (HASH_COUNT(p->entries) >= THROTTLE_ADDRESSES_MAX)
                forget(p, p->entries);
        e->key = *key;
        return e;
}

bool throttle_take(Throttle *p, const struct sockaddr *address, usec_t now) {
        ThrottleKey key;
        Entry *e;

        if (!key_of(address, &key))
                return true;
        HASH_FIND(hh, p->entries, &key, sizeof(key), e);
        if (e)
                HASH_DEL(p->entries, e);
        else
                e = remember(p, &key);
        if (!e)
                return false;
        HASH_ADD(hh, p->entries, key, sizeof(key), e);
        return pace_take(&e->pace, &p->rule, 1, now);
}
