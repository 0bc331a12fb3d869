/* An epoch of before the lists has one of its own, in the order of scores. */
#include "hub/listbook.h"

#include <errno.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

#include "hub/eligible.h"

typedef struct Listed {
        uint8_t digest[SHA256_SIZE];
        uint32_t *ids;
        size_t n;
        UT_hash_handle hh;
} Listed;

/* What an epoch's committee borrows. */
typedef struct Order {
        uint32_t *ids;
        struct Order *next;
} Order;

struct ListBook {
        Listed *lists;
        Order *orders;
};

int list_book_new(ListBook **ret) {
        ListBook *b = calloc(1, sizeof(*b));

        if (!b)
                return -ENOMEM;
        *ret = b;
        return 0;
}

ListBook *list_book_free(ListBook *b) {
        Listed *list, *next_list;
        Order *order, *next_order;

        if (!b)
                return NULL;
        HASH_ITER(hh, b->lists, list, next_list) {
                HASH_DEL(b->lists, list);
                free(list->ids);
                free(list);
        }
        LL_FOREACH_SAFE(b->orders, order, next_order) {
                free(order->ids);
                free(order);
        }
        free(b);
        return NULL;
}

static Listed *list_of(const ListBook *b, const uint8_t *digest) {
        Listed *list;

        HASH_FIND(hh, b->lists, digest, SHA256_SIZE, list);
        return list;
}

int list_book_add(ListBook *b, const EligibleListRow *row) {
        Listed *list;

        if (list_of(b, row->digest))
                return 0;
        list = calloc(1, sizeof(*list));
        if (!list)
                return -ENOMEM;
        memcpy(list->digest, row->digest, sizeof(list->digest));
        list->ids = eligible_ids(row->list, row->n, ELIGIBLE_SIZE, &list->n);
        HASH_ADD(hh, b->lists, digest, sizeof(list->digest), list);
        return list->ids ? 0 : -ENOMEM;
}

/* Takes the ids. */
static int keep_order(ListBook *b, uint32_t *ids, CommitteePast *past) {
        Order *order = ids ? calloc(1, sizeof(*order)) : NULL;

        if (!order) {
                free(ids);
                return -ENOMEM;
        }
        order->ids = ids;
        LL_PREPEND(b->orders, order);
        past->order = ids;
        return 0;
}

static int recall_own(ListBook *b, const EpochRow *e, CommitteePast *past) {
        uint32_t *ids = eligible_ids(e->eligible, e->n_eligible, ELIGIBLE_SIZE, &past->n_order);

        return keep_order(b, ids, past);
}

static int recall_listed(ListBook *b, const EpochRow *e, CommitteePast *past) {
        const Listed *list = list_of(b, e->list);

        if (!list)
                return -EBADMSG;
        past->listed = list->ids;
        past->n_listed = list->n;
        return keep_order(b, eligible_ids(e->ranking, e->n_ranking, RANKED_SIZE, &past->n_order),
                          past);
}

int list_book_recall(ListBook *b, const EpochRow *e, CommitteePast *ret) {
        int caps = cap_level_from_name(e->caps);
        CommitteePast past = { .n = e->n, .unmet = e->unmet };
        int r = e->n_ranking > 0 ? recall_listed(b, e, &past) : recall_own(b, e, &past);

        if (r < 0)
                return r;
        past.settled = e->asked > 0 && caps >= 0;
        past.caps = past.settled ? (CapLevel)caps : CAPS_ALL;
        *ret = past;
        return 0;
}
