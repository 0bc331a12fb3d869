/* What commits brought, in the order in which readers get it: by commit, its ticks before its
 * events. Only whole commits leave a page. Pure; feed-load.h reads pages from the database. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"
#include "store/events.h"

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

typedef struct FeedTick {
        uint32_t organisation;
        uint64_t commit_no;
        const char *json;
} FeedTick;

int feed_page_new(FeedPage **ret, const FeedRange *range);
FeedPage *feed_page_free(FeedPage *p);
DEFINE_FREEP(FeedPage, feed_page_free);

/* Copied; ticks of a commit in the order in which they are told. */
int feed_page_put_tick(FeedPage *p, const FeedTick *tick);
/* Rows as events_load() gives them; copied. */
int feed_page_put_events(FeedPage *p, const EventRow *rows, size_t n);
/* As many ticks came as were asked for: those of this commit and of later ones may be missing. */
void feed_page_cut(FeedPage *p, uint64_t commit_no);
/* Sorts, and drops what belongs to a commit that is not here in full. The last commit that is;
 * `after` of the range: not even one, ask for more rows. */
uint64_t feed_page_close(FeedPage *p);
/* Borrowed; of a closed page. */
const FeedEntry *feed_page_entries(const FeedPage *p, size_t *ret_n);
