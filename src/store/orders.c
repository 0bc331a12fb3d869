/* work_order and specification: the hub's memory of what it asked for. */
#include "store/orders.h"

#include <errno.h>

#include "store/read.h"

static const PqStatement spec_put = {
        .name = "specification_put",
        .sql = "INSERT INTO specification (hash, bytes) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        .n_params = 2,
};

static const PqStatement work_order_put = {
        .name = "work_order_put",
        .sql = "INSERT INTO work_order (id, public_id, website_id, validator_id, epoch, type, seat,"
               " n, interval_ms, timeout_ms, starts_at, bytes, spec_hash)"
               " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        .n_params = 13,
};

static const PqStatement work_order_removed = {
        .name = "work_order_removed",
        .sql = "UPDATE work_order SET removed_at = $2 WHERE id = $1 AND removed_at IS NULL",
        .n_params = 2,
};

static const PqStatement work_order_sent = {
        .name = "work_order_sent",
        .sql = "UPDATE work_order SET root = $2, signature = $3, path = $4,"
               " sent_at = coalesce(sent_at, now()) WHERE id = $1",
        .n_params = 4,
};

static const PqStatement work_order_probes = {
        .name = "work_order_probes",
        .sql = "UPDATE work_order SET probes = greatest(probes, $2) WHERE id = $1",
        .n_params = 2,
};

static const PqStatement work_order_recent = {
        .name = "work_order_recent",
        .sql = "SELECT o.id, o.public_id, o.website_id, o.validator_id, o.epoch, o.type, o.seat,"
               " o.n, o.interval_ms, o.timeout_ms, usec(o.starts_at), o.bytes,"
               " o.spec_hash, o.probes, usec(o.removed_at), o.sent_at IS NOT NULL,"
               " w.public_id, v.key"
               " FROM work_order o JOIN website w ON w.id = o.website_id"
               " JOIN validator v ON v.id = o.validator_id"
               " WHERE o.removed_at IS NULL OR o.removed_at > now() - interval '48 hours'"
               " ORDER BY o.id",
        .n_params = 0,
};

const PqStatement *const orders_statements[] = {
        &spec_put,
        &work_order_put,
        &work_order_removed,
        &work_order_sent,
        &work_order_probes,
        &work_order_recent,
        NULL,
};

void specification_put(PqTransaction *t, const uint8_t hash[static 32], const void *bytes,
                       size_t n) {
        pq_add(t, &spec_put);
        pq_bytes(t, hash, 32);
        pq_bytes(t, bytes, n);
}

void order_put(PqTransaction *t, const OrderRow *row) {
        pq_add(t, &work_order_put);
        pq_int(t, (int64_t)row->id);
        pq_bytes(t, row->public_id, sizeof(row->public_id));
        pq_int(t, row->website);
        pq_int(t, row->validator);
        pq_int(t, (int64_t)row->epoch);
        pq_int(t, row->type);
        pq_int(t, row->seat);
        pq_int(t, row->n);
        pq_int(t, row->interval_ms);
        pq_int(t, row->timeout_ms);
        pq_time(t, row->starts);
        pq_bytes(t, row->bytes, row->n_bytes);
        pq_bytes(t, row->spec_hash, sizeof(row->spec_hash));
}

void order_removed_put(PqTransaction *t, uint64_t id, usec_t removed) {
        pq_add(t, &work_order_removed);
        pq_int(t, (int64_t)id);
        pq_time(t, removed);
}

void order_sent_put(PqTransaction *t, const OrderProof *proof) {
        pq_add(t, &work_order_sent);
        pq_int(t, (int64_t)proof->id);
        pq_bytes(t, proof->root, 32);
        pq_bytes(t, proof->signature, 64);
        pq_bytes(t, proof->path, proof->n_path);
}

void order_probes_put(PqTransaction *t, uint64_t id, uint64_t probes) {
        pq_add(t, &work_order_probes);
        pq_int(t, (int64_t)id);
        pq_int(t, (int64_t)probes);
}

static void read_order_numbers(const PqResult *result, size_t i, OrderRow *row) {
        row->id = (uint64_t)pq_get_int(result, i, 0);
        row->website = (uint32_t)pq_get_int(result, i, 2);
        row->validator = (uint32_t)pq_get_int(result, i, 3);
        row->epoch = (uint64_t)pq_get_int(result, i, 4);
        row->type = (uint8_t)pq_get_int(result, i, 5);
        row->seat = (uint8_t)pq_get_int(result, i, 6);
        row->n = (uint8_t)pq_get_int(result, i, 7);
        row->interval_ms = (uint32_t)pq_get_int(result, i, 8);
        row->timeout_ms = (uint32_t)pq_get_int(result, i, 9);
        row->starts = pq_get_time(result, i, 10);
        row->probes = (uint64_t)pq_get_int(result, i, 13);
        row->removed = pq_get_time(result, i, 14);
        row->sent = pq_get_bool(result, i, 15);
}

static int read_order(const PqResult *result, size_t i, void *ret) {
        OrderRow *row = ret;
        int r;

        read_order_numbers(result, i, row);
        r = store_get_bytes(result, i, 1, row->public_id, sizeof(row->public_id));
        if (r < 0)
                return r;

        r = store_get_bytes(result, i, 12, row->spec_hash, sizeof(row->spec_hash));
        if (r < 0)
                return r;

        r = pq_get_uuid(result, i, 16, &row->website_id);
        if (r < 0)
                return r;

        r = store_get_bytes(result, i, 17, row->validator_key, sizeof(row->validator_key));
        if (r < 0)
                return r;

        return store_get_blob(result, i, 11, &row->bytes, &row->n_bytes);
}

static void free_order(void *p) {
        OrderRow *row = p;

        free((void *)row->bytes);
}

STORE_READER(order_reader, OrderRow, OrderRows, read_order, free_order);

int orders_load(Store *s, OrderRows callback, void *userdata, StoreCall **ret) {
        return store_read(s, store_begin(&work_order_recent), &order_reader,
                          STORE_ANSWER(callback, userdata, ret));
}
