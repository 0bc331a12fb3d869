/* tick_batch: kept as long as the ticks are. */
#include "store/batches.h"

#include <errno.h>

#include "store/read.h"

static const PqStatement tick_batch_put = {
        .name = "tick_batch_put",
        .sql = "INSERT INTO tick_batch (id, validator_id, incarnation, sequence, hash, frame,"
               " count, codes, created_at, arrived_at, commit_no, unsynced)"
               " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
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
        &tick_batch_put,
        &tick_batch_find,
        NULL,
};

void batch_put(PqTransaction *t, const BatchRow *row) {
        pq_add(t, &tick_batch_put);
        pq_int(t, (int64_t)row->id);
        pq_int(t, row->validator);
        pq_int(t, (int64_t)row->incarnation);
        pq_int(t, (int64_t)row->sequence);
        pq_bytes(t, row->hash, sizeof(row->hash));
        pq_bytes(t, row->frame, row->n_frame);
        pq_int(t, (int64_t)row->n_codes);
        pq_bytes(t, row->codes, row->n_codes);
        pq_time(t, row->created);
        pq_time(t, row->arrived);
        pq_int(t, (int64_t)row->commit_no);
        pq_bool(t, row->unsynced);
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
