/* Open addressing with linear steps, at most three quarters full; what is removed is closed up, so
 * a search ends at the first empty place. */
#include "hub/keytable.h"

#include <errno.h>
#include <stdlib.h>

#define PLACES_FIRST 64u

typedef struct Place {
        uint64_t key;
        void *item; /* NULL: empty */
} Place;

struct KeyTable {
        Place *places;
        size_t n, mask; /* the number of places is a power of two */
};

int key_table_new(KeyTable **ret) {
        _cleanup_(key_table_freep) KeyTable *t = calloc(1, sizeof(*t));

        if (!t)
                return -ENOMEM;
        t->places = calloc(PLACES_FIRST, sizeof(*t->places));
        if (!t->places)
                return -ENOMEM;
        t->mask = PLACES_FIRST - 1;
        *ret = TAKE_PTR(t);
        return 0;
}

KeyTable *key_table_free(KeyTable *t) {
        if (!t)
                return NULL;
        free(t->places);
        free(t);
        return NULL;
}

static void settle(KeyTable *t, Place place) {
        size_t at = place.key & t->mask;

        while (t->places[at].item)
                at = (at + 1) & t->mask;
        t->places[at] = place;
}

static int grow(KeyTable *t) {
        Place *old = t->places, *places = calloc(2 * (t->mask + 1), sizeof(*places));
        size_t n = t->mask + 1;

        if (!places)
                return -ENOMEM;
        t->places = places;
        t->mask = 2 * n - 1;
        for (size_t i = 0; i < n; i++)
                if (old[i].item)
                        settle(t, old[i]);
        free(old);
        return 0;
}

int key_table_put(KeyTable *t, uint64_t key, void *item) {
        int r;

        if (t->n + 1 > (t->mask + 1) / 4 * 3) {
                r = grow(t);
                if (r < 0)
                        return r;
        }
        settle(t, (Place){ key, item });
        t->n++;
        return 0;
}

void *key_table_next(const KeyTable *t, uint64_t key, const void *after) {
        for (size_t at = key & t->mask; t->places[at].item; at = (at + 1) & t->mask) {
                const Place *place = &t->places[at];

                if (place->key != key)
                        continue;
                if (!after)
                        return place->item;
                if (place->item == after)
                        after = NULL;
        }
        return NULL;
}

/* Whoever is after the hole and was not looked for from behind it moves into it. */
static void close_up(KeyTable *t, size_t hole) {
        for (size_t at = (hole + 1) & t->mask; t->places[at].item; at = (at + 1) & t->mask) {
                size_t home = t->places[at].key & t->mask;

                if (((at - home) & t->mask) < ((at - hole) & t->mask))
                        continue;
                t->places[hole] = t->places[at];
                hole = at;
        }
        t->places[hole] = (Place){ 0 };
}

void key_table_remove(KeyTable *t, uint64_t key, const void *item) {
        size_t at = key & t->mask;

        while (t->places[at].item && t->places[at].item != item)
                at = (at + 1) & t->mask;
        if (!t->places[at].item)
                return;
        close_up(t, at);
        t->n--;
}

void key_table_fetch(const KeyTable *t, uint64_t key) {
        __builtin_prefetch(&t->places[key & t->mask]);
}
