/* Rows are collected in a buffer of the transaction; pq-copying.c sends them. */
#include "event/pq-copy.h"

#include <assert.h>

#include "event/pq-internal.h"

PqField8 pq_field_time(usec_t v) {
        return pq_field8((int64_t)v - PQ_EPOCH);
}

void *pq_copy(PqTransaction *t, const PqCopy *copy, size_t n) {
        size_t place = t->n_rows_bytes;

        assert(!t->copy || t->copy == copy);
        t->copy = copy;
        if (!pq_transaction_grow(t, &t->rows, &t->rows_max, place + n, 1))
                return NULL;
        t->n_rows_bytes += n;
        return t->rows + place;
}
