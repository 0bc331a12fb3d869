/* Batches are found by their commit, and read until they have as many ticks as were asked for. */
#include "store/feed.h"

#include <errno.h>

#include "store/read.h"

/* Each has a tick at least, so that the first $3 of them are enough. Late history may be a day old,
 * but it arrived with its commit; two days of partitions are more than any listener is behind. */
static const PqStatement feed_batches = {
        .name = "feed_batches",
        .sql = "SELECT b.id, b.commit_no, b.count, b.codes, b.frame || b.rest, key_text(v.key),"
               "   v.region, (SELECT max(revision) FROM website)"
               " FROM (SELECT *, sum(count) OVER (ORDER BY commit_no, id) - count AS before"
               "       FROM (SELECT id, commit_no, validator_id, count, codes, frame, rest"
               "             FROM tick_batch WHERE commit_no > $1 AND commit_no <= $2 AND count > 0"
               "             AND arrived_at > now() - interval '2 days'"
               "             ORDER BY commit_no LIMIT $3) AS first) AS b"
               " JOIN validator v ON v.id = b.validator_id"
               " WHERE b.before < $3 ORDER BY b.commit_no, b.id",
        .n_params = 3,
};

static const PqStatement feed_orders = {
        .name = "feed_orders",
        .sql = "SELECT o.public_id, w.organisation_id, w.public_id"
               " FROM work_order o JOIN website w ON w.id = o.website_id"
               " WHERE o.public_id = ANY ($1::bytea[])",
        .n_params = 1,
};

const PqStatement *const feed_statements[] = { &feed_batches, &feed_orders, NULL };

static int read_batch(const PqResult *result, size_t i, void *ret) {
        FeedBatch *row = ret;
        int r;

        row->id = (uint64_t)pq_get_int(result, i, 0);
        row->commit_no = (uint64_t)pq_get_int(result, i, 1);
        row->count = (uint32_t)pq_get_int(result, i, 2);
        row->validator = pq_get_text(result, i, 5);
        row->region = pq_get_text(result, i, 6);
        row->revision = (uint64_t)pq_get_int(result, i, 7);

        r = store_get_blob(result, i, 3, &row->codes, &row->n_codes);
        if (r < 0)
                return r;

        return store_get_blob(result, i, 4, &row->frame, &row->n_frame);
}

static void free_batch(void *p) {
        FeedBatch *row = p;

        free((void *)row->codes);
        free((void *)row->frame);
}

STORE_READER(batch_reader, FeedBatch, FeedBatches, read_batch, free_batch);

int feed_batches_load(Store *s, const BatchFeed *feed, FeedBatches callback, void *userdata,
                      StoreCall **ret) {
        PqTransaction *t = store_begin(&feed_batches);

        if (!t)
                return -ENOMEM;
        pq_int(t, (int64_t)feed->after);
        pq_int(t, (int64_t)feed->until);
        pq_int(t, feed->limit);
        return store_read(s, t, &batch_reader, STORE_ANSWER(callback, userdata, ret));
}

static int read_order(const PqResult *result, size_t i, void *ret) {
        FeedOrder *row = ret;
        int r;

        r = store_get_bytes(result, i, 0, row->id.bytes, sizeof(row->id.bytes));
        if (r < 0)
                return r;

        row->organisation = (uint32_t)pq_get_int(result, i, 1);
        return pq_get_uuid(result, i, 2, &row->website);
}

STORE_READER(order_reader, FeedOrder, FeedOrders, read_order, NULL);

int feed_orders_load(Store *s, const OrderIds *ids, FeedOrders callback, void *userdata,
                     StoreCall **ret) {
        PqTransaction *t = store_begin(&feed_orders);

        if (!t)
                return -ENOMEM;
        pq_array_open(t, PQ_BYTEA);
        for (size_t i = 0; i < ids->n; i++)
                pq_bytes(t, ids->ids[i].bytes, sizeof(ids->ids[i].bytes));
        pq_array_close(t);
        return store_read(s, t, &order_reader, STORE_ANSWER(callback, userdata, ret));
}
