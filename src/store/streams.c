/* validator_stream: advanced by the database itself, or the transaction fails. stream_loss: what a
 * hub restored from a backup owns up to. */
#include "store/streams.h"

#include <errno.h>

#include "store/column.h"
#include "store/read.h"

/* All that are where they should be move at once. What has not moved then, one after the other: it
 * opens a stream, or takes another step of one that moved, or fails. */
static const PqStatement validator_stream_advance = {
        .name = "validator_stream_advance",
        .sql = "WITH moved AS ("
               " UPDATE validator_stream v SET last_seq = to_seq, last_hash = s.hash,"
               "   updated_at = now()"
               " FROM unnest($1::integer[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[])"
               "   WITH ORDINALITY AS s (validator, incarnation, from_seq, to_seq, hash, place)"
               " WHERE v.validator_id = s.validator AND v.incarnation = s.incarnation"
               " AND v.last_seq = from_seq RETURNING place)"
               " SELECT stream_advance(validator, incarnation, from_seq, to_seq, hash, resealed)"
               " FROM unnest($1::integer[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[],"
               "   $6::boolean[]) WITH ORDINALITY"
               "   AS s (validator, incarnation, from_seq, to_seq, hash, resealed, place)"
               " WHERE place NOT IN (SELECT place FROM moved) ORDER BY place",
        .n_params = 6,
};

static const PqStatement validator_stream_all = {
        .name = "validator_stream_all",
        .sql = "SELECT validator_id, incarnation, last_seq, last_hash, resealed, usec(opened_at), "
               "usec(updated_at) "
               "FROM validator_stream WHERE validator_id = $1"
               " ORDER BY updated_at DESC",
        .n_params = 1,
};

static const PqStatement validator_stream_forget = {
        .name = "validator_stream_forget",
        .sql = "DELETE FROM validator_stream WHERE validator_id = $1 AND incarnation = $2",
        .n_params = 2,
};

static const PqStatement validator_stream_prune = {
        .name = "validator_stream_prune",
        .sql = "DELETE FROM validator_stream WHERE updated_at < now() - interval '48 hours'",
        .n_params = 0,
};

static const PqStatement stream_loss_insert = {
        .name = "stream_loss_put",
        .sql = "INSERT INTO stream_loss (validator_id, incarnation, from_seq, to_seq, receipt)"
               " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        .n_params = 5,
};

const PqStatement *const streams_statements[] = {
        &stream_loss_insert,      &validator_stream_advance, &validator_stream_all,
        &validator_stream_forget, &validator_stream_prune,   NULL,
};

void streams_advance(PqTransaction *t, const StreamMove *moves, size_t n) {
        if (n == 0)
                return;
        pq_add(t, &validator_stream_advance);
        STORE_COLUMN(t, n, PQ_INT4, pq_int(t, moves[i].to.validator));
        STORE_COLUMN(t, n, PQ_INT8, pq_int(t, (int64_t)moves[i].to.incarnation));
        STORE_COLUMN(t, n, PQ_INT8, pq_int(t, (int64_t)moves[i].from));
        STORE_COLUMN(t, n, PQ_INT8, pq_int(t, (int64_t)moves[i].to.last_seq));
        STORE_COLUMN(t, n, PQ_BYTEA,
                     pq_bytes(t, moves[i].to.last_hash, sizeof(moves->to.last_hash)));
        STORE_COLUMN(t, n, PQ_BOOL, pq_bool(t, moves[i].to.resealed));
}

void stream_loss_put(PqTransaction *t, const StreamLoss *loss) {
        pq_add(t, &stream_loss_insert);
        pq_int(t, loss->validator);
        pq_int(t, (int64_t)loss->incarnation);
        pq_int(t, (int64_t)loss->from);
        pq_int(t, (int64_t)loss->to);
        pq_bytes(t, loss->receipt, loss->n_receipt);
}

static int read_stream(const PqResult *result, size_t i, void *ret) {
        StreamRow *row = ret;

        row->validator = (uint32_t)pq_get_int(result, i, 0);
        row->incarnation = (uint64_t)pq_get_int(result, i, 1);
        row->last_seq = (uint64_t)pq_get_int(result, i, 2);
        row->resealed = pq_get_bool(result, i, 4);
        row->opened = pq_get_time(result, i, 5);
        row->updated = pq_get_time(result, i, 6);
        return store_get_bytes(result, i, 3, row->last_hash, sizeof(row->last_hash));
}

STORE_READER(stream_reader, StreamRow, StreamRows, read_stream, NULL);

int streams_load(Store *s, uint32_t validator, StreamRows callback, void *userdata,
                 StoreCall **ret) {
        PqTransaction *t = store_begin(&validator_stream_all);

        if (!t)
                return -ENOMEM;
        pq_int(t, validator);
        return store_read(s, t, &stream_reader, STORE_ANSWER(callback, userdata, ret));
}

void stream_forget(PqTransaction *t, uint32_t validator, uint64_t incarnation) {
        pq_add(t, &validator_stream_forget);
        pq_int(t, validator);
        pq_int(t, (int64_t)incarnation);
}

void streams_prune(PqTransaction *t) {
        pq_add(t, &validator_stream_prune);
}
