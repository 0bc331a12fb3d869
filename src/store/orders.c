/* work_order and specification: the hub's memory of what it asked for. */
#include "store/orders.h"

#include <errno.h>

#include "store/column.h"
#include "store/read.h"

static const PqStatement spec_put = {
        .name = "specification_put",
        .sql = "INSERT INTO specification (hash, bytes) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        .n_params = 2,
};

static const PqStatement work_orders_put = {
        .name = "work_orders_put",
        .sql = "INSERT INTO work_order (id, public_id, website_id, validator_id, epoch, type, seat,"
               "   n, interval_ms, timeout_ms, starts_at, bytes, spec_hash, probes)"
               " SELECT unnest($1::bigint[]), unnest($2::bytea[]), unnest($3::integer[]),"
               "   unnest($4::integer[]), unnest($5::bigint[]), unnest($6::smallint[]),"
               "   unnest($7::smallint[]), unnest($8::smallint[]), unnest($9::integer[]),"
               "   unnest($10::integer[]), unnest($11::timestamptz[]), unnest($12::bytea[]),"
               "   unnest($13::bytea[]), unnest($14::bigint[])",
        .n_params = 14,
};

static const PqStatement work_orders_end = {
        .name = "work_orders_end",
        .sql = "UPDATE work_order o SET removed_at = e.removed_at"
               " FROM unnest($1::bigint[], $2::timestamptz[]) AS e (id, removed_at)"
               " WHERE o.id = e.id AND o.removed_at IS NULL",
        .n_params = 2,
};

static const PqStatement work_orders_prove = {
        .name = "work_orders_prove",
        .sql = "UPDATE work_order o SET root = p.root, signature = p.signature, path = p.path,"
               "   sent_at = coalesce(o.sent_at, now())"
               " FROM unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::bytea[])"
               "   AS p (id, root, signature, path) WHERE o.id = p.id",
        .n_params = 4,
};

static const PqStatement work_orders_reserve_probes = {
        .name = "work_orders_reserve_probes",
        .sql = "UPDATE work_order o SET probes = greatest(o.probes, p.probes)"
               " FROM (SELECT id, max(probes) AS probes"
               "   FROM unnest($1::bigint[], $2::bigint[]) AS u (id, probes) GROUP BY id) AS p"
               " WHERE o.id = p.id",
        .n_params = 2,
};

#define COLUMNS                                                                                    \
        "SELECT o.id, o.public_id, o.website_id, o.validator_id, o.epoch, o.type, o.seat,"         \
        " o.n, o.interval_ms, o.timeout_ms, usec(o.starts_at), o.bytes,"                           \
        " o.spec_hash, o.probes, usec(o.removed_at), o.sent_at IS NOT NULL,"                       \
        " w.public_id, v.key"
#define ORDERS                                                                                     \
        COLUMNS " FROM work_order o JOIN website w ON w.id = o.website_id"                         \
                " JOIN validator v ON v.id = o.validator_id"

/* Of the slow websites each asks for its own: one bound for all would be one for none, and the
 * whole table is read then. */
static const PqStatement work_order_recent = {
        .name = "work_order_recent",
        .sql = ORDERS " WHERE o.removed_at IS NULL OR o.removed_at > $2"
                      " UNION ALL " COLUMNS " FROM (SELECT id, public_id,"
                      "   $1::timestamptz - $3::integer * interval '1 ms' * interval_ms AS since"
                      "   FROM website) AS w"
                      " CROSS JOIN LATERAL (SELECT * FROM work_order WHERE website_id = w.id"
                      "   AND removed_at > w.since AND removed_at <= $2 OFFSET 0) AS o"
                      " JOIN validator v ON v.id = o.validator_id WHERE w.since < $2"
                      " ORDER BY 1",
        .n_params = 3,
};

static const PqStatement work_order_named = {
        .name = "work_order_named",
        .sql = ORDERS " WHERE o.public_id = ANY ($1) AND o.validator_id = $2 AND o.removed_at > $3",
        .n_params = 3,
};

const PqStatement *const orders_statements[] = {
        &spec_put,
        &work_orders_put,
        &work_orders_end,
        &work_orders_prove,
        &work_orders_reserve_probes,
        &work_order_recent,
        &work_order_named,
        NULL,
};

void specification_put(PqTransaction *t, const uint8_t hash[static 32], const void *bytes,
                       size_t n) {
        pq_add(t, &spec_put);
        pq_bytes(t, hash, 32);
        pq_bytes(t, bytes, n);
}

static void put_names(PqTransaction *t, const OrderRow *rows, size_t n) {
        STORE_COLUMN(t, n, PQ_INT8, pq_int(t, (int64_t)rows[i].id));
        STORE_COLUMN(t, n, PQ_BYTEA, pq_bytes(t, rows[i].public_id, sizeof(rows->public_id)));
        STORE_COLUMN(t, n, PQ_INT4, pq_int(t, rows[i].website));
        STORE_COLUMN(t, n, PQ_INT4, pq_int(t, rows[i].validator));
        STORE_COLUMN(t, n, PQ_INT8, pq_int(t, (int64_t)rows[i].epoch));
}

static void put_seats(PqTransaction *t, const OrderRow *rows, size_t n) {
        STORE_COLUMN(t, n, PQ_INT2, pq_int(t, rows[i].type));
        STORE_COLUMN(t, n, PQ_INT2, pq_int(t, rows[i].seat));
        STORE_COLUMN(t, n, PQ_INT2, pq_int(t, rows[i].n));
        STORE_COLUMN(t, n, PQ_INT4, pq_int(t, rows[i].interval_ms));
        STORE_COLUMN(t, n, PQ_INT4, pq_int(t, rows[i].timeout_ms));
        STORE_COLUMN(t, n, PQ_TIMESTAMPTZ, pq_time(t, rows[i].starts));
}

void orders_put(PqTransaction *t, const OrderRow *rows, size_t n) {
        if (n == 0)
                return;
        pq_add(t, &work_orders_put);
        put_names(t, rows, n);
        put_seats(t, rows, n);
        STORE_COLUMN(t, n, PQ_BYTEA, pq_bytes(t, rows[i].bytes, rows[i].n_bytes));
        STORE_COLUMN(t, n, PQ_BYTEA, pq_bytes(t, rows[i].spec_hash, sizeof(rows->spec_hash)));
        STORE_COLUMN(t, n, PQ_INT8, pq_int(t, (int64_t)rows[i].probes));
}

void orders_end(PqTransaction *t, const OrderEnd *rows, size_t n) {
        if (n == 0)
                return;
        pq_add(t, &work_orders_end);
        STORE_COLUMN(t, n, PQ_INT8, pq_int(t, (int64_t)rows[i].id));
        STORE_COLUMN(t, n, PQ_TIMESTAMPTZ, pq_time(t, rows[i].removed));
}

void orders_prove(PqTransaction *t, const OrderProof *rows, size_t n) {
        if (n == 0)
                return;
        pq_add(t, &work_orders_prove);
        STORE_COLUMN(t, n, PQ_INT8, pq_int(t, (int64_t)rows[i].id));
        STORE_COLUMN(t, n, PQ_BYTEA, pq_bytes(t, rows[i].root, 32));
        STORE_COLUMN(t, n, PQ_BYTEA, pq_bytes(t, rows[i].signature, 64));
        STORE_COLUMN(t, n, PQ_BYTEA, pq_bytes(t, rows[i].path, rows[i].n_path));
}

void orders_reserve_probes(PqTransaction *t, const OrderProbes *rows, size_t n) {
        if (n == 0)
                return;
        pq_add(t, &work_orders_reserve_probes);
        STORE_COLUMN(t, n, PQ_INT8, pq_int(t, (int64_t)rows[i].id));
        STORE_COLUMN(t, n, PQ_INT8, pq_int(t, (int64_t)rows[i].probes));
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

int orders_load(Store *s, const OrdersRecent *recent, OrderRows callback, void *userdata,
                StoreCall **ret) {
        PqTransaction *t = store_begin(&work_order_recent);

        if (!t)
                return -ENOMEM;
        pq_time(t, recent->now);
        pq_time(t, recent->now - MIN(recent->now, recent->least));
        pq_int(t, recent->intervals);
        return store_read(s, t, &order_reader, STORE_ANSWER(callback, userdata, ret));
}

int orders_find(Store *s, const OrdersNamed *named, OrderRows callback, void *userdata,
                StoreCall **ret) {
        PqTransaction *t = store_begin(&work_order_named);

        if (!t)
                return -ENOMEM;
        STORE_COLUMN(t, named->n, PQ_BYTEA, pq_bytes(t, named->ids[i].bytes, sizeof(*named->ids)));
        pq_int(t, named->validator);
        pq_time(t, named->since);
        return store_read(s, t, &order_reader, STORE_ANSWER(callback, userdata, ret));
}
