/* Both look up what they are asked for one by one, in the partitions that can have it. */
#include "store/recent.h"

#include <errno.h>

#include "store/column.h"
#include "store/read.h"

static const PqStatement tick_page_recent = {
        .name = "tick_page_recent",
        .sql = "SELECT p.website_id, p.span, p.ticks"
               " FROM unnest($1::integer[], $2::timestamptz[]) AS w (id, since)"
               " CROSS JOIN LATERAL generate_series(tick_span(w.since), tick_span($4),"
               "   interval '5 minutes') AS s (span)"
               " CROSS JOIN LATERAL (SELECT website_id, span, ticks FROM tick_page"
               "   WHERE span = s.span AND website_id = w.id"
               "     AND span >= tick_span($3) AND span <= tick_span($4) OFFSET 0) AS p",
        .n_params = 4,
        .binary = true,
};

static const PqStatement tick_batch_arrivals = {
        .name = "tick_batch_arrivals",
        .sql = "SELECT b.id, b.arrived_at FROM unnest($1::bigint[]) AS i (id)"
               " CROSS JOIN LATERAL (SELECT id, arrived_at FROM tick_batch"
               "   WHERE id = i.id AND NOT unsynced AND arrived_at >= $2 LIMIT 1) AS b",
        .n_params = 2,
        .binary = true,
};

const PqStatement *const recent_statements[] = {
        &tick_page_recent,
        &tick_batch_arrivals,
        NULL,
};

static int read_page(const PqResult *result, size_t i, void *ret) {
        TickPage *page = ret;
        int n = page_find_ticks(result, i, 2, &page->ticks);

        page->website = (uint32_t)pq_raw_int(result, i, 0);
        page->span = pq_raw_time(result, i, 1);
        page->n = (uint32_t)MAX(n, 0);
        return MIN(n, 0);
}

STORE_READER(page_reader, TickPage, RecentTicks, read_page, NULL);

int recent_pages_load(Store *s, const RecentQuery *q, RecentTicks callback, void *userdata,
                      StoreCall **ret) {
        PqTransaction *t = store_begin(&tick_page_recent);
        usec_t since = USEC_INFINITY;

        if (!t)
                return -ENOMEM;
        for (size_t i = 0; i < q->n; i++)
                since = MIN(since, q->websites[i].since);
        STORE_COLUMN(t, q->n, PQ_INT4, pq_int(t, q->websites[i].website));
        STORE_COLUMN(t, q->n, PQ_TIMESTAMPTZ, pq_time(t, q->websites[i].since));
        pq_time(t, since);
        pq_time(t, q->until);
        return store_read(s, t, &page_reader, STORE_ANSWER(callback, userdata, ret));
}

static int read_arrival(const PqResult *result, size_t i, void *ret) {
        *(BatchArrival *)ret = (BatchArrival){
                .id = (uint64_t)pq_raw_int(result, i, 0),
                .arrived = pq_raw_time(result, i, 1),
        };
        return 0;
}

STORE_READER(arrival_reader, BatchArrival, BatchArrivals, read_arrival, NULL);

int batch_arrivals_load(Store *s, const BatchQuestion *q, BatchArrivals callback, void *userdata,
                        StoreCall **ret) {
        PqTransaction *t = store_begin(&tick_batch_arrivals);

        if (!t)
                return -ENOMEM;
        STORE_COLUMN(t, q->n, PQ_INT8, pq_int(t, (int64_t)q->ids[i]));
        pq_time(t, q->since);
        return store_read(s, t, &arrival_reader, STORE_ANSWER(callback, userdata, ret));
}
