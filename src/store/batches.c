/* tick_batch: kept as long as the ticks are. */
#include "store/batches.h"

#include <errno.h>

#include "store/read.h"

static const PqStatement tick_batches_put = {
        .name = "tick_batches_put",
        .sql = "INSERT INTO tick_batch (id, validator_id, incarnation, sequence, hash, frame,"
               "   count, codes, created_at, arrived_at, commit_no, unsynced)"
               " SELECT unnest($1::bigint[]), unnest($2::integer[]), unnest($3::bigint[]),"
               "   unnest($4::bigint[]), unnest($5::bytea[]), unnest($6::bytea[]),"
               "   unnest($7::smallint[]), unnest($8::bytea[]), unnest($9::timestamptz[]),"
               "   unnest($10::timestamptz[]), unnest($11::bigint[]), unnest($12::boolean[])",
        .n_params = 12,
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

#define BATCH_VALUE(NAME, CALL)                                                                    \
        static void NAME(PqTransaction *t, const BatchRow *row) {                                  \
                CALL;                                                                              \
        }

BATCH_VALUE(put_id, pq_int(t, (int64_t)row->id))
BATCH_VALUE(put_validator, pq_int(t, row->validator))
BATCH_VALUE(put_incarnation, pq_int(t, (int64_t)row->incarnation))
BATCH_VALUE(put_sequence, pq_int(t, (int64_t)row->sequence))
BATCH_VALUE(put_hash, pq_bytes(t, row->hash, sizeof(row->hash)))
BATCH_VALUE(put_frame, pq_bytes(t, row->frame, row->n_frame))
BATCH_VALUE(put_count, pq_int(t, (int64_t)row->n_codes))
BATCH_VALUE(put_codes, pq_bytes(t, row->codes, row->n_codes))
BATCH_VALUE(put_created, pq_time(t, row->created))
BATCH_VALUE(put_arrived, pq_time(t, row->arrived))
BATCH_VALUE(put_commit_no, pq_int(t, (int64_t)row->commit_no))
BATCH_VALUE(put_unsynced, pq_bool(t, row->unsynced))

/* $1 to $12 of the statement. */
static const struct {
        PqArray type;
        void (*put)(PqTransaction *t, const BatchRow *row);
} columns[] = {
        { PQ_INT8, put_id },
        { PQ_INT4, put_validator },
        { PQ_INT8, put_incarnation },
        { PQ_INT8, put_sequence },
        { PQ_BYTEA, put_hash },
        { PQ_BYTEA, put_frame },
        { PQ_INT2, put_count },
        { PQ_BYTEA, put_codes },
        { PQ_TIMESTAMPTZ, put_created },
        { PQ_TIMESTAMPTZ, put_arrived },
        { PQ_INT8, put_commit_no },
        { PQ_BOOL, put_unsynced },
};

void batches_put(PqTransaction *t, const BatchRow *rows, size_t n) {
        if (n == 0)
                return;
        pq_add(t, &tick_batches_put);
        for (size_t c = 0; c < ELEMENTSOF(columns); c++) {
                pq_array_open(t, columns[c].type);
                for (size_t i = 0; i < n; i++)
                        columns[c].put(t, &rows[i]);
                pq_array_close(t);
        }
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
