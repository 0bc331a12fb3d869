/* Rows are collected in a buffer of the transaction; pq-copying.c sends them. */
#include "event/pq-copy.h"

#include <assert.h>
#include <string.h>

#include "event/pq-internal.h"

PqField8 pq_field_time(usec_t v) {
        return pq_field8((int64_t)v - PQ_EPOCH);
}

void pq_copy(PqTransaction *t, const PqCopy *copy, const void *rows, size_t n) {
        assert(!t->copy || t->copy == copy);
        t->copy = copy;
        if (!pq_transaction_grow(t, &t->rows, &t->rows_max, t->n_rows_bytes + n, 1))
                return;
        if (n > 0)
                memcpy(t->rows + t->n_rows_bytes, rows, n);
        t->n_rows_bytes += n;
}
