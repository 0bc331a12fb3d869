/* Ids have gaps, and may have large ones: what takes less room is chosen for each set. */
#include "hub/idset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"

static int compare_ids(const void *a, const void *b) {
        const uint32_t *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

static int make_bits(IdSet *ret, const uint32_t *ids, size_t n, uint32_t last) {
        IdSet s = { .n = last / 8 + 1, .as_bits = true };

        s.bits = calloc(s.n, 1);
        if (!s.bits)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                s.bits[ids[i] / 8] |= (uint8_t)(1u << ids[i] % 8);
        *ret = s;
        return 0;
}

static int make_sorted(IdSet *ret, const uint32_t *ids, size_t n) {
        IdSet s = { .n = (uint32_t)n };

        s.ids = calloc(n, sizeof(*ids));
        if (!s.ids)
                return -ENOMEM;
        memcpy(s.ids, ids, n * sizeof(*ids));
        qsort(s.ids, n, sizeof(*ids), compare_ids);
        *ret = s;
        return 0;
}

int id_set_make(IdSet *ret, const uint32_t *ids, size_t n) {
        uint32_t last = 0;

        if (n == 0) {
                *ret = (IdSet){ 0 };
                return 0;
        }
        for (size_t i = 0; i < n; i++)
                last = MAX(last, ids[i]);
        if (last / 8 < n * sizeof(*ids))
                return make_bits(ret, ids, n, last);
        return make_sorted(ret, ids, n);
}

void id_set_done(IdSet *s) {
        free(s->bits); /* or ids */
        *s = (IdSet){ 0 };
}

bool id_set_has(const IdSet *s, uint32_t id) {
        if (s->as_bits)
                return id / 8 < s->n && (s->bits[id / 8] >> id % 8 & 1);
        return s->n > 0 && bsearch(&id, s->ids, s->n, sizeof(id), compare_ids) != NULL;
}
