/* Reads one page of the feed from the database: ticks, out of their batches, and events of whole
 * commits. */
#pragma once

#include "api/feed-sites.h"
#include "api/feed.h"
#include "base/refusals.h"
#include "store/store.h"

typedef struct FeedLoad FeedLoad; /* a page under way; gone when its callback is called */

/* All borrowed; they outlive the pages. Several sources may share sites and refusals. */
typedef struct FeedSource {
        Store *store;
        FeedSites *sites;
        Refusals *untold; /* what is stored and cannot be told */
} FeedSource;

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
int feed_load(FeedLoad **ret, const FeedSource *source, const FeedRange *range, FeedDone done,
              void *userdata);
/* The callback will not come. Takes NULL, returns NULL. */
FeedLoad *feed_load_cancel(FeedLoad *l);
DEFINE_FREEP(FeedLoad, feed_load_cancel);
