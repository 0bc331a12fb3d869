/* epoch: secrets in here are revealed a day after the end, and by the hub only. */
#include "store/epochs.h"

#include "store/read.h"

static const PqStatement epoch_end = {
        .name = "epoch_end",
        .sql = "UPDATE epoch SET ends_at = $2 WHERE website_id = $1 AND number ="
               "   (SELECT max(number) FROM epoch WHERE website_id = $1)"
               " AND ends_at > $2",
        .n_params = 2,
};

static const PqStatement epoch_insert = {
        .name = "epoch_insert",
        .sql = "INSERT INTO epoch (website_id, number, starts_at, ends_at, n, secret, eligible,"
               " eligible_root) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        .n_params = 8,
};

static const PqStatement epoch_newest = {
        .name = "epoch_newest",
        .sql = "SELECT e.website_id, e.number, usec(e.starts_at), usec(e.ends_at), e.n, e.secret, "
               "e.eligible, e.eligible_root"
               " FROM website w CROSS JOIN LATERAL (SELECT * FROM epoch"
               "   WHERE website_id = w.id ORDER BY number DESC LIMIT 1) AS e"
               " WHERE w.removed_at IS NULL ORDER BY e.website_id",
        .n_params = 0,
};

const PqStatement *const epochs_statements[] = {
        &epoch_end,
        &epoch_insert,
        &epoch_newest,
        NULL,
};

void epoch_put(PqTransaction *t, const EpochRow *row) {
        pq_add(t, &epoch_end);
        pq_int(t, row->website);
        pq_time(t, row->starts);

        pq_add(t, &epoch_insert);
        pq_int(t, row->website);
        pq_int(t, (int64_t)row->number);
        pq_time(t, row->starts);
        pq_time(t, row->ends);
        pq_int(t, row->n);
        pq_bytes(t, row->secret, sizeof(row->secret));
        pq_bytes(t, row->eligible, row->n_eligible);
        pq_bytes(t, row->eligible_root, sizeof(row->eligible_root));
}

static int read_epoch(const PqResult *result, size_t i, void *ret) {
        EpochRow *row = ret;
        int r;

        row->website = (uint32_t)pq_get_int(result, i, 0);
        row->number = (uint64_t)pq_get_int(result, i, 1);
        row->starts = pq_get_time(result, i, 2);
        row->ends = pq_get_time(result, i, 3);
        row->n = (uint8_t)pq_get_int(result, i, 4);

        r = store_get_bytes(result, i, 5, row->secret, sizeof(row->secret));
        if (r < 0)
                return r;

        r = store_get_bytes(result, i, 7, row->eligible_root, sizeof(row->eligible_root));
        if (r < 0)
                return r;

        return store_get_blob(result, i, 6, &row->eligible, &row->n_eligible);
}

static void free_epoch(void *p) {
        EpochRow *row = p;

        free((void *)row->eligible);
}

STORE_READER(epoch_reader, EpochRow, EpochRows, read_epoch, free_epoch);

int epochs_load(Store *s, EpochRows callback, void *userdata, StoreCall **ret) {
        return store_read(s, store_begin(&epoch_newest), &epoch_reader,
                          STORE_ANSWER(callback, userdata, ret));
}
