/* A hash of buckets, in the order of their last use. */
#include "validator/pace.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <uthash.h>

#include "validator/bucket.h"

typedef struct PaceKey {
        uint8_t bytes[9]; /* IPv4: 4, and zeros; IPv6: 8, and 6 */
} PaceKey;

typedef struct Entry {
        PaceKey key;
        Bucket bucket;
        UT_hash_handle hh;
} Entry;

struct Pace {
        BucketRate rate;
        Entry *entries; /* the one used last is the last one */
};

int pace_new(Pace **ret, unsigned per_second) {
        Pace *p = calloc(1, sizeof(*p));

        if (!p)
                return -ENOMEM;
        p->rate = (BucketRate){ (double)per_second * PACE_BURST_SECONDS, per_second };
        *ret = p;
        return 0;
}

static void forget(Pace *p, Entry *e) {
        HASH_DEL(p->entries, e);
        free(e);
}

Pace *pace_free(Pace *p) {
        if (!p)
                return NULL;
        while (p->entries)
                forget(p, p->entries);
        free(p);
        return NULL;
}

static bool key_of(const struct sockaddr *address, PaceKey *ret) {
        *ret = (PaceKey){ 0 };
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

static Entry *remember(Pace *p, const PaceKey *key, usec_t now) {
        Entry *e = calloc(1, sizeof(*e));

        if (!e)
                return NULL;
        if (HASH_COUNT(p->entries) >= PACE_ADDRESSES_MAX)
                forget(p, p->entries);
        e->key = *key;
        bucket_init(&e->bucket, &p->rate, now);
        return e;
}

bool pace_take(Pace *p, const struct sockaddr *address, usec_t now) {
        PaceKey key;
        Entry *e;

        if (!key_of(address, &key))
                return true;
        HASH_FIND(hh, p->entries, &key, sizeof(key), e);
        if (e)
                HASH_DEL(p->entries, e);
        else
                e = remember(p, &key, now);
        if (!e)
                return false;
        HASH_ADD(hh, p->entries, key, sizeof(key), e);
        return bucket_take(&e->bucket, 1, now);
}
