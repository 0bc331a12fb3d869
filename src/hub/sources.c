/* One hash by prefix; a network that has nothing under way and has rested is forgotten. */
#include "hub/sources.h"

#include <errno.h>
#include <stdlib.h>
#include <uthash.h>

#include "base/pace.h"
#include "hub/prefix.h"

#define SWEEP_INTERVAL USEC_PER_SEC

typedef struct Source {
        uint64_t prefix;
        unsigned handshakes;
        Pace joins;
        UT_hash_handle hh;
} Source;

struct Sources {
        Source *sources;
        usec_t swept;
};

static const PaceRule join_rule = { SOURCES_JOINS_MAX, SOURCES_JOINS_INTERVAL };

int sources_new(Sources **ret) {
        Sources *s = calloc(1, sizeof(*s));

        if (!s)
                return -ENOMEM;
        *ret = s;
        return 0;
}

static void forget(Sources *s, Source *source) {
        HASH_DEL(s->sources, source);
        free(source);
}

Sources *sources_free(Sources *s) {
        Source *source, *next;

        if (!s)
                return NULL;
        HASH_ITER(hh, s->sources, source, next)
        forget(s, source);
        free(s);
        return NULL;
}

static Source *find(const Sources *s, const struct sockaddr_storage *address) {
        uint64_t prefix = prefix_of(address);
        Source *source;

        HASH_FIND(hh, s->sources, &prefix, sizeof(prefix), source);
        return source;
}

static void forget_if_idle(Sources *s, Source *source, usec_t now) {
        if (source->handshakes == 0 && pace_is_fresh(&source->joins, now))
                forget(s, source);
}

static void sweep(Sources *s, usec_t now) {
        Source *source, *next;

        if (now - s->swept < SWEEP_INTERVAL)
                return;
        s->swept = now;
        HASH_ITER(hh, s->sources, source, next)
        forget_if_idle(s, source, now);
}

static int add(Sources *s, const struct sockaddr_storage *address, Source **ret, usec_t now) {
        Source *source;

        if (HASH_COUNT(s->sources) >= SOURCES_MAX)
                sweep(s, now);
        if (HASH_COUNT(s->sources) >= SOURCES_MAX)
                return -EBUSY;
        source = calloc(1, sizeof(*source));
        if (!source)
                return -ENOMEM;
        source->prefix = prefix_of(address);
        HASH_ADD(hh, s->sources, prefix, sizeof(source->prefix), source);
        *ret = source;
        return 0;
}

int sources_enter(Sources *s, const struct sockaddr_storage *address, usec_t now) {
        Source *source;
        int r;

        if (prefix_is_loopback(address))
                return 0;
        source = find(s, address);
        if (!source) {
                r = add(s, address, &source, now);
                if (r < 0)
                        return r;
        }
        if (source->handshakes >= SOURCES_HANDSHAKES_MAX)
                return -EBUSY;
        source->handshakes++;
        return 0;
}

void sources_leave(Sources *s, const struct sockaddr_storage *address, usec_t now) {
        Source *source = find(s, address);

        if (!source)
                return;
        source->handshakes -= source->handshakes > 0;
        forget_if_idle(s, source, now);
}

bool sources_may_join(Sources *s, const struct sockaddr_storage *address, usec_t now) {
        Source *source = find(s, address);

        return !source || pace_take(&source->joins, &join_rule, 1, now);
}

size_t sources_count(const Sources *s) {
        return HASH_COUNT(s->sources);
}
