/* Open addressing with linear steps, at most half full; what is removed is closed up, so a search
 * ends at the first empty place. */
#include "hub/idtable.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#define PLACES_FIRST 64u

typedef struct Place {
        uint64_t head; /* of the id */
        OrderId *id;   /* NULL: empty */
} Place;

struct IdTable {
        Place *places;
        size_t n, mask; /* the number of places is a power of two */
};

static uint64_t head_of(const OrderId *id) {
        uint64_t head;

        memcpy(&head, id->bytes, sizeof(head));
        return head;
}

int id_table_new(IdTable **ret) {
        _cleanup_(id_table_freep) IdTable *t = calloc(1, sizeof(*t));

        if (!t)
                return -ENOMEM;
        t->places = calloc(PLACES_FIRST, sizeof(*t->places));
        if (!t->places)
                return -ENOMEM;
        t->mask = PLACES_FIRST - 1;
        *ret = TAKE_PTR(t);
        return 0;
}

IdTable *id_table_free(IdTable *t) {
        if (!t)
                return NULL;
        free(t->places);
        free(t);
        return NULL;
}

static void settle(IdTable *t, Place place) {
        size_t at = place.head & t->mask;

        while (t->places[at].id)
                at = (at + 1) & t->mask;
        t->places[at] = place;
}

static int grow(IdTable *t) {
        Place *old = t->places, *places = calloc(2 * (t->mask + 1), sizeof(*places));
        size_t n = t->mask + 1;

        if (!places)
                return -ENOMEM;
        t->places = places;
        t->mask = 2 * n - 1;
        for (size_t i = 0; i < n; i++)
                if (old[i].id)
                        settle(t, old[i]);
        free(old);
        return 0;
}

int id_table_put(IdTable *t, OrderId *id) {
        int r;

        if (2 * (t->n + 1) > t->mask + 1) {
                r = grow(t);
                if (r < 0)
                        return r;
        }
        settle(t, (Place){ head_of(id), id });
        t->n++;
        return 0;
}

static Place *find(const IdTable *t, const OrderId *id) {
        uint64_t head = head_of(id);

        for (size_t at = head & t->mask; t->places[at].id; at = (at + 1) & t->mask) {
                Place *place = &t->places[at];

                if (place->head == head && order_id_equal(place->id, id))
                        return place;
        }
        return NULL;
}

OrderId *id_table_find(const IdTable *t, const OrderId *id) {
        const Place *place = find(t, id);

        return place ? place->id : NULL;
}

/* Whoever is after the hole and was not looked for from behind it moves into it. */
static void close_up(IdTable *t, size_t hole) {
        for (size_t at = (hole + 1) & t->mask; t->places[at].id; at = (at + 1) & t->mask) {
                size_t home = t->places[at].head & t->mask;

                if (((at - home) & t->mask) < ((at - hole) & t->mask))
                        continue;
                t->places[hole] = t->places[at];
                hole = at;
        }
        t->places[hole] = (Place){ 0 };
}

void id_table_remove(IdTable *t, const OrderId *id) {
        const Place *place = find(t, id);

        if (!place)
                return;
        close_up(t, (size_t)(place - t->places));
        t->n--;
}

void id_table_fetch(const IdTable *t, const OrderId *id) {
        __builtin_prefetch(&t->places[head_of(id) & t->mask]);
}

OrderId *id_table_guess(const IdTable *t, const OrderId *id) {
        uint64_t head = head_of(id);

        for (size_t at = head & t->mask; t->places[at].id; at = (at + 1) & t->mask)
                if (t->places[at].head == head)
                        return t->places[at].id;
        return NULL;
}
