/* Two lists made one: rows are kept as they came, with their rank, and sorted once. */
#include "api/feed.h"

#include <errno.h>
#include <string.h>

#include "base/array.h"

#define EVENT_RANK (SIZE_MAX / 2) /* behind any tick of the commit */

struct FeedPage {
        FeedRange range;
        uint64_t whole; /* the last commit that may be here in full */
        FeedEntry *entries;
        size_t n, allocated;
        size_t whole_n; /* of closed pages: those up to `whole` */
};

int feed_page_new(FeedPage **ret, const FeedRange *range) {
        FeedPage *p = calloc(1, sizeof(*p));

        if (!p)
                return -ENOMEM;
        *p = (FeedPage){ .range = *range, .whole = range->until };
        *ret = p;
        return 0;
}

FeedPage *feed_page_free(FeedPage *p) {
        if (!p)
                return NULL;
        for (size_t i = 0; i < p->n; i++) {
                free((char *)p->entries[i].kind);
                free((char *)p->entries[i].payload);
        }
        free(p->entries);
        free(p);
        return NULL;
}

/* Room for n more. */
static int reserve(FeedPage *p, size_t n) {
        return array_reserve(&p->entries, &p->allocated, p->n + n, sizeof(*p->entries));
}

static int put(FeedPage *p, const FeedEntry *entry) {
        _cleanup_free_ char *kind = strdup(entry->kind), *payload = strdup(entry->payload);
        FeedEntry *e = &p->entries[p->n];

        if (!kind || !payload)
                return -ENOMEM;
        *e = *entry;
        e->rank += p->n++;
        e->kind = TAKE_PTR(kind);
        e->payload = TAKE_PTR(payload);
        return 0;
}

void feed_page_cut(FeedPage *p, uint64_t commit_no) {
        p->whole = MIN(p->whole, commit_no - 1);
}

int feed_page_put_tick(FeedPage *p, const FeedTick *tick) {
        int r;

        r = reserve(p, 1);
        if (r < 0)
                return r;

        return put(p, &(FeedEntry){ .commit_no = tick->commit_no,
                                    .organisation = tick->organisation,
                                    .kind = "tick",
                                    .payload = tick->json });
}

int feed_page_put_events(FeedPage *p, const EventRow *rows, size_t n) {
        int r = reserve(p, n);

        if (n > 0 && n >= p->range.limit)
                feed_page_cut(p, rows[n - 1].commit_no);
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = put(p, &(FeedEntry){ .commit_no = rows[i].commit_no,
                                         .organisation = rows[i].organisation,
                                         .kind = rows[i].kind,
                                         .payload = rows[i].payload,
                                         .rank = EVENT_RANK });
        return r;
}

static int compare(const void *a, const void *b) {
        const FeedEntry *x = a, *y = b;

        if (x->commit_no != y->commit_no)
                return x->commit_no < y->commit_no ? -1 : 1;
        return x->rank < y->rank ? -1 : x->rank > y->rank;
}

uint64_t feed_page_close(FeedPage *p) {
        if (p->n > 0)
                qsort(p->entries, p->n, sizeof(*p->entries), compare);
        for (p->whole_n = p->n; p->whole_n > 0; p->whole_n--)
                if (p->entries[p->whole_n - 1].commit_no <= p->whole)
                        break;
        return p->whole;
}

const FeedEntry *feed_page_entries(const FeedPage *p, size_t *ret_n) {
        *ret_n = p->whole_n;
        return p->entries;
}
