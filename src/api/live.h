/* Follows the hub's commits: told of each by the database, reads what it brought, and passes it on
 * in order, each commit once. */
#pragma once

#include <stdbool.h>

#include "api/feed-load.h"

typedef struct Live Live;

typedef struct LiveOps {
        /* Nobody listens: commits are passed over unread. */
        bool (*wanted)(void *userdata);
        void (*entries)(const FeedEntry *entries, size_t n, void *userdata);
        /* What happened up to here cannot be told any more. */
        void (*reset)(uint64_t position, void *userdata);
        /* It has its place for the first time. */
        void (*started)(void *userdata);
        void *userdata;
} LiveOps;

int live_new(Live **ret, const FeedSource *source, const LiveOps *ops);
Live *live_free(Live *l);
DEFINE_FREEP(Live, live_free);

/* The database is there (again): finds its place, then whatever was missed. */
void live_start(Live *l);
/* It is gone; the place is kept. */
void live_stop(Live *l);
/* A notification of STORE_CHANNEL_COMMIT. */
void live_notify(Live *l, const char *payload);

/* Whether there is a place yet. */
bool live_is_started(const Live *l);
/* All commits up to this one were passed on. */
uint64_t live_position(const Live *l);
