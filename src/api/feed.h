/* What commits brought, in the order in which readers get it: by commit, its ticks before its
 * events. Only whole commits leave a page. Pure; feed-load.h reads pages from the database. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"
#include "store/events.h"
#include "store/ticks.h"

typedef struct FeedPage FeedPage;

typedef struct FeedEntry {
        uint64_t commit_no;
        uint32_t organisation; /* 0: for everybody */
        const char *kind;      /* "tick", "verdict.changed" ... */
        const char *payload;   /* JSON object */
        size_t rank;           /* the page's own, for its order */
} FeedEntry;

typedef struct FeedRange {
        uint64_t after, until; /* after < commit_no <= until */
        unsigned limit;        /* rows asked for of each kind; as many: there may be more */
} FeedRange;

int feed_page_new(FeedPage **ret, const FeedRange *range);
FeedPage *feed_page_free(FeedPage *p);
DEFINE_FREEP(FeedPage, feed_page_free);

/* Rows as ticks_live_load() and events_load() give them; copied. */
int feed_page_put_ticks(FeedPage *p, const TickLive *rows, size_t n);
int feed_page_put_events(FeedPage *p, const EventRow *rows, size_t n);
/* Sorts, and drops what belongs to a commit that is not here in full. The last commit that is;
 * `after` of the range: not even one, ask for more rows. */
uint64_t feed_page_close(FeedPage *p);
/* Borrowed; of a closed page. */
const FeedEntry *feed_page_entries(const FeedPage *p, size_t *ret_n);
