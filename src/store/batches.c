/* tick_batch: kept as long as the ticks are. */
#include "store/batches.h"

#include <errno.h>

#include "store/column.h"
#include "store/read.h"

/* In bytes; of it four fill a page. See sql/035-whole-pieces.sql. */
#define PIECE 1996u

static const PqStatement tick_batches_put = {
        .name = "tick_batches_put",
        .sql = "INSERT INTO tick_batch (id, validator_id, incarnation, sequence, hash, frame,"
               "   count, codes, created_at, arrived_at, commit_no, unsynced, rest)"
               " SELECT unnest($1::bigint[]), unnest($2::integer[]), unnest($3::bigint[]),"
               "   unnest($4::bigint[]), unnest($5::bytea[]), unnest($6::bytea[]),"
               "   unnest($7::smallint[]), unnest($8::bytea[]), unnest($9::timestamptz[]),"
               "   unnest($10::timestamptz[]), unnest($11::bigint[]), unnest($12::boolean[]),"
               "   unnest($13::bytea[])",
        .n_params = 13,
};

static const PqStatement tick_batch_find = {
        .name = "tick_batch_find",
        .sql = "SELECT id, validator_id, incarnation, sequence, hash, codes, usec(created_at), "
               "usec(arrived_at), commit_no FROM tick_batch"
               " WHERE validator_id = $1 AND incarnation = $2 AND sequence = $3"
               " AND arrived_at > now() - interval '48 hours' ORDER BY arrived_at LIMIT 1",
        .n_params = 3,
};

const PqStatement *const batches_statements[] = {
        &tick_batches_put,
        &tick_batch_find,
        NULL,
};

static void put_place(PqTransaction *t, const BatchRow *rows, size_t n) {
        STORE_COLUMN(t, n, PQ_INT8, pq_int(t, (int64_t)rows[i].id));
        STORE_COLUMN(t, n, PQ_INT4, pq_int(t, rows[i].validator));
        STORE_COLUMN(t, n, PQ_INT8, pq_int(t, (int64_t)rows[i].incarnation));
        STORE_COLUMN(t, n, PQ_INT8, pq_int(t, (int64_t)rows[i].sequence));
}

/* How much of a frame is kept beside the row: the rest is in it. */
static size_t beside(const BatchRow *row) {
        return row->n_frame < PIECE ? row->n_frame : row->n_frame - row->n_frame % PIECE;
}

void batches_put(PqTransaction *t, const BatchRow *rows, size_t n) {
        if (n == 0)
                return;
        pq_add(t, &tick_batches_put);
        put_place(t, rows, n);
        STORE_COLUMN(t, n, PQ_BYTEA, pq_bytes(t, rows[i].hash, sizeof(rows->hash)));
        STORE_COLUMN(t, n, PQ_BYTEA, pq_bytes(t, rows[i].frame, beside(&rows[i])));
        STORE_COLUMN(t, n, PQ_INT2, pq_int(t, (int64_t)rows[i].n_codes));
        STORE_COLUMN(t, n, PQ_BYTEA, pq_bytes(t, rows[i].codes, rows[i].n_codes));
        STORE_COLUMN(t, n, PQ_TIMESTAMPTZ, pq_time(t, rows[i].created));
        STORE_COLUMN(t, n, PQ_TIMESTAMPTZ, pq_time(t, rows[i].arrived));
        STORE_COLUMN(t, n, PQ_INT8, pq_int(t, (int64_t)rows[i].commit_no));
        STORE_COLUMN(t, n, PQ_BOOL, pq_bool(t, rows[i].unsynced));
        STORE_COLUMN(t, n, PQ_BYTEA,
                     pq_bytes(t, rows[i].frame + beside(&rows[i]),
                              rows[i].n_frame - beside(&rows[i])));
}

static int read_batch(const PqResult *result, size_t i, void *ret) {
        BatchRow *row = ret;
        int r;

        row->id = (uint64_t)pq_get_int(result, i, 0);
        row->validator = (uint32_t)pq_get_int(result, i, 1);
        row->incarnation = (uint64_t)pq_get_int(result, i, 2);
        row->sequence = (uint64_t)pq_get_int(result, i, 3);
        row->created = pq_get_time(result, i, 6);
        row->arrived = pq_get_time(result, i, 7);
        row->commit_no = (uint64_t)pq_get_int(result, i, 8);

        r = store_get_bytes(result, i, 4, row->hash, sizeof(row->hash));
        if (r < 0)
                return r;

        return store_get_blob(result, i, 5, &row->codes, &row->n_codes);
}

static void free_batch(void *p) {
        BatchRow *row = p;

        free((void *)row->codes);
}

STORE_READER(batch_reader, BatchRow, BatchRows, read_batch, free_batch);

int batch_find(Store *s, const BatchQuery *query, BatchRows callback, void *userdata,
               StoreCall **ret) {
        PqTransaction *t = store_begin(&tick_batch_find);

        if (!t)
                return -ENOMEM;
        pq_int(t, query->validator);
        pq_int(t, (int64_t)query->incarnation);
        pq_int(t, (int64_t)query->sequence);
        return store_read(s, t, &batch_reader, STORE_ANSWER(callback, userdata, ret));
}
