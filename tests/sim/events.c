/* A binary heap. */
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "events.h"

struct Events {
        Event *items;
        size_t n, capacity;
        uint64_t turn;
};

int events_new(Events **ret) {
        *ret = calloc(1, sizeof(**ret));
        return *ret ? 0 : -ENOMEM;
}

Events *events_free(Events *e) {
        if (!e)
                return NULL;
        free(e->items);
        free(e);
        return NULL;
}

static bool earlier(const Event *a, const Event *b) {
        return a->at != b->at ? a->at < b->at : a->turn < b->turn;
}

static void make_room(Events *e) {
        if (e->n < e->capacity)
                return;
        e->capacity = MAX(2 * e->capacity, (size_t)256);
        e->items = realloc(e->items, e->capacity * sizeof(*e->items));
        assert(e->items);
}

void events_put(Events *e, const Event *event) {
        Event put = *event;
        size_t i;

        make_room(e);
        put.turn = e->turn++;
        for (i = e->n++; i > 0 && earlier(&put, &e->items[(i - 1) / 2]); i = (i - 1) / 2)
                e->items[i] = e->items[(i - 1) / 2];
        e->items[i] = put;
}

usec_t events_next(const Events *e) {
        return e->n > 0 ? e->items[0].at : USEC_INFINITY;
}

Event events_take(Events *e) {
        Event top, last;
        size_t i = 0;

        assert(e->n > 0);
        top = e->items[0];
        last = e->items[--e->n];
        for (;;) {
                size_t child = 2 * i + 1;

                if (child + 1 < e->n && earlier(&e->items[child + 1], &e->items[child]))
                        child++;
                if (child >= e->n || !earlier(&e->items[child], &last))
                        break;
                e->items[i] = e->items[child];
                i = child;
        }
        e->items[i] = last;
        return top;
}
