/* Reads one page of the feed from the database: ticks and events of whole commits. */
#pragma once

#include "api/feed.h"
#include "store/store.h"

typedef struct FeedLoad FeedLoad; /* a page under way; gone when its callback is called */

/* r 0: entries of all commits after the range's `after` up to `upto` (which is `until` when nothing
 * is left), borrowed for the call. Negative errno: nothing was read. */
typedef struct FeedLoaded {
        int r;
        const FeedEntry *entries;
        size_t n;
        uint64_t upto;
} FeedLoaded;
typedef void (*FeedDone)(const FeedLoaded *loaded, void *userdata);

/* The range's limit is where asking begins: a commit with more rows is asked for again. The
 * callback never runs inside. */
int feed_load(FeedLoad **ret, Store *store, const FeedRange *range, FeedDone done, void *userdata);
/* The callback will not come. Takes NULL, returns NULL. */
FeedLoad *feed_load_cancel(FeedLoad *l);
DEFINE_FREEP(FeedLoad, feed_load_cancel);
