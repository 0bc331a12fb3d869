/* A queue in the order of commits, and a pace for each kind, so that a crowd of one kind leaves
 * room for the others. */
#include "hub/news.h"

#include <errno.h>
#include <string.h>
#include <utlist.h>

#include "base/pace.h"

typedef struct Entry {
        NewsItem item; /* texts point into this entry */
        uint64_t commit_no;
        struct Entry *prev, *next;
        char bytes[];
} Entry;

struct News {
        NewsTold told;
        void *userdata;
        Entry *waiting;
        unsigned n_waiting;
        Pace paces[_NEWS_MAX];
        uint64_t dropped, seen;
};

/* Strangers come as they like; all else is work of this hub. */
static const PaceRule paces[_NEWS_MAX] = {
        [NEWS_INCIDENT_CHANGED] = { .burst = 200, .interval = 20 * USEC_PER_MSEC },
        [NEWS_INCIDENT_CLOSED] = { .burst = 200, .interval = 20 * USEC_PER_MSEC },
        [NEWS_INCIDENT_OPENED] = { .burst = 200, .interval = 20 * USEC_PER_MSEC },
        [NEWS_VALIDATOR_OFFLINE] = { .burst = 200, .interval = 20 * USEC_PER_MSEC },
        [NEWS_VALIDATOR_ONLINE] = { .burst = 200, .interval = 20 * USEC_PER_MSEC },
        [NEWS_VALIDATOR_WAITING] = { .burst = 20, .interval = USEC_PER_SEC },
        [NEWS_WEBSITE_ADDED] = { .burst = 200, .interval = 20 * USEC_PER_MSEC },
        [NEWS_WEBSITE_FLAPPING] = { .burst = 200, .interval = 20 * USEC_PER_MSEC },
        [NEWS_WEBSITE_REMOVED] = { .burst = 200, .interval = 20 * USEC_PER_MSEC },
        [NEWS_WEBSITE_STATE_CHANGED] = { .burst = 200, .interval = 20 * USEC_PER_MSEC },
};

int news_new(News **ret, NewsTold told, void *userdata) {
        News *n = calloc(1, sizeof(*n));

        if (!n)
                return -ENOMEM;
        n->told = told;
        n->userdata = userdata;
        *ret = n;
        return 0;
}

static void take_out(News *n, Entry *e) {
        DL_DELETE(n->waiting, e);
        n->n_waiting--;
}

News *news_free(News *n) {
        if (!n)
                return NULL;
        news_forget(n);
        free(n);
        return NULL;
}

static Entry *copy(uint64_t commit_no, const NewsItem *item) {
        size_t size = 0;
        Entry *e;
        char *p;

        for (size_t i = 0; i < NEWS_TEXTS_MAX && item->texts[i]; i++)
                size += strlen(item->texts[i]) + 1;
        e = malloc(sizeof(*e) + size);
        if (!e)
                return NULL;
        *e = (Entry){ .item = *item, .commit_no = commit_no };
        p = e->bytes;
        for (size_t i = 0; i < NEWS_TEXTS_MAX && item->texts[i]; i++) {
                e->item.texts[i] = p;
                p = stpcpy(p, item->texts[i]) + 1;
        }
        return e;
}

void news_put(News *n, uint64_t commit_no, const NewsItem *item) {
        Entry *e;

        if (!n)
                return;
        n->seen++;
        e = n->n_waiting < NEWS_WAITING_MAX ? copy(commit_no, item) : NULL;
        if (!e) {
                n->dropped++;
                return;
        }
        DL_APPEND(n->waiting, e);
        n->n_waiting++;
}

void news_committed(News *n, uint64_t commit_no, usec_t now) {
        while (n->waiting && n->waiting->commit_no <= commit_no) {
                _cleanup_free_ Entry *e = n->waiting;
                NewsKind kind = e->item.kind;

                take_out(n, e);
                if (pace_take(&n->paces[kind], &paces[kind], 1, now))
                        n->told(&e->item, n->userdata);
                else
                        n->dropped++;
        }
}

void news_forget(News *n) {
        while (n->waiting) {
                _cleanup_free_ Entry *e = n->waiting;

                take_out(n, e);
        }
}

uint64_t news_dropped(const News *n) {
        return n->dropped;
}

uint64_t news_seen(const News *n) {
        return n->seen;
}
