/* A hash table that keeps the order in which its entries came. */
#include "api/feed-sites.h"

#include <errno.h>
#include <uthash.h>

typedef struct Entry {
        OrderId id;
        FeedSite site;
        UT_hash_handle hh;
} Entry;

struct FeedSites {
        Entry *entries; /* the oldest first */
        size_t most;
        uint64_t revision;
};

int feed_sites_new(FeedSites **ret, size_t most) {
        FeedSites *s = calloc(1, sizeof(*s));

        if (!s)
                return -ENOMEM;
        s->most = most;
        *ret = s;
        return 0;
}

static void forget(FeedSites *s, Entry *e) {
        HASH_DEL(s->entries, e);
        free(e);
}

static void forget_all(FeedSites *s) {
        while (s->entries)
                forget(s, s->entries);
}

FeedSites *feed_sites_free(FeedSites *s) {
        if (!s)
                return NULL;
        forget_all(s);
        free(s);
        return NULL;
}

void feed_sites_revise(FeedSites *s, uint64_t revision) {
        if (s->revision == revision)
                return;
        s->revision = revision;
        forget_all(s);
}

static Entry *find(const FeedSites *s, const OrderId *id) {
        Entry *e;

        HASH_FIND(hh, s->entries, id, sizeof(*id), e);
        return e;
}

int feed_sites_put(FeedSites *s, uint64_t revision, const FeedOrder *row) {
        Entry *e;

        if (revision != s->revision || find(s, &row->id))
                return 0;
        e = malloc(sizeof(*e));
        if (!e)
                return -ENOMEM;
        *e = (Entry){ .id = row->id, .site = { row->organisation, row->website } };
        HASH_ADD(hh, s->entries, id, sizeof(e->id), e);
        if (feed_sites_count(s) > s->most)
                forget(s, s->entries);
        return 0;
}

const FeedSite *feed_sites_find(const FeedSites *s, const OrderId *id) {
        const Entry *e = find(s, id);

        return e ? &e->site : NULL;
}

size_t feed_sites_count(const FeedSites *s) {
        return HASH_COUNT(s->entries);
}
