/* Ids have gaps, and may have large ones: what takes less room is chosen for each set, bits or
 * sorted ids. */
#include "hub/idset.h"

#include <stdlib.h>
#include <string.h>

struct IdSet {
        size_t users;
        uint32_t n; /* bytes of bits, or ids */
        bool as_bits;
        uint32_t data[];
};

static int compare_ids(const void *a, const void *b) {
        const uint32_t *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

static size_t data_size(const IdSet *s) {
        return s->as_bits ? s->n : s->n * sizeof(s->data[0]);
}

size_t id_set_size(const IdSet *s) {
        return sizeof(*s) + data_size(s);
}

static IdSet *new_with(size_t size, IdSet head) {
        IdSet *s = calloc(1, sizeof(*s) + size);

        if (!s)
                return NULL;
        *s = head;
        s->users = 1;
        return s;
}

static IdSet *new_bits(const uint32_t *ids, size_t n, uint32_t last) {
        uint32_t size = last / 8 + 1;
        IdSet *s = new_with(size, (IdSet){ .n = size, .as_bits = true });
        uint8_t *bits = s ? (uint8_t *)s->data : NULL;

        for (size_t i = 0; s && i < n; i++)
                bits[ids[i] / 8] |= (uint8_t)(1u << ids[i] % 8);
        return s;
}

static IdSet *new_sorted(const uint32_t *ids, size_t n) {
        IdSet *s = new_with(n * sizeof(*ids), (IdSet){ .n = (uint32_t)n });

        if (s && n > 0) {
                memcpy(s->data, ids, n * sizeof(*ids));
                qsort(s->data, n, sizeof(*ids), compare_ids);
        }
        return s;
}

IdSet *id_set_new(const uint32_t *ids, size_t n) {
        uint32_t last = 0;

        for (size_t i = 0; i < n; i++)
                last = MAX(last, ids[i]);
        if (last / 8 < n * sizeof(*ids))
                return new_bits(ids, n, last);
        return new_sorted(ids, n);
}

IdSet *id_set_unref(IdSet *s) {
        if (s && --s->users == 0)
                free(s);
        return NULL;
}

bool id_set_has(const IdSet *s, uint32_t id) {
        if (!s)
                return false;
        if (s->as_bits)
                return id / 8 < s->n && (((const uint8_t *)s->data)[id / 8] >> id % 8 & 1);
        return s->n > 0 && bsearch(&id, s->data, s->n, sizeof(id), compare_ids) != NULL;
}

/* Many that are the same ---------------------------------------------------------------------- */

static bool are_same(const IdSet *a, const IdSet *b) {
        return a->n == b->n && a->as_bits == b->as_bits &&
               memcmp(a->data, b->data, data_size(a)) == 0;
}

IdSet *id_set_memo_share(IdSetMemo *m, IdSet *s) {
        for (size_t i = 0; i < ELEMENTSOF(m->recent); i++) {
                IdSet *other = m->recent[i];

                if (!other || !are_same(other, s))
                        continue;
                id_set_unref(s);
                other->users++;
                return other;
        }
        id_set_unref(m->recent[m->next]);
        m->recent[m->next] = s;
        m->next = (m->next + 1) % ELEMENTSOF(m->recent);
        s->users++;
        return s;
}

void id_set_memo_done(IdSetMemo *m) {
        for (size_t i = 0; i < ELEMENTSOF(m->recent); i++)
                m->recent[i] = id_set_unref(m->recent[i]);
}
