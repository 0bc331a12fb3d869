/* website_tick: ticks as rows, found by span of five minutes and website. */
#include "store/ticks.h"

#include <errno.h>
#include <string.h>

#include "store/column.h"
#include "store/read.h"

/* $1 and $2: ticks of a validator, which may be there more than once. */
static const PqStatement validator_hour_add = {
        .name = "validator_hour_add",
        .sql = "INSERT INTO validator_hour AS h (validator_id, hour, ticks)"
               " SELECT r.validator_id, date_trunc('hour', now(), 'UTC'), sum(r.n)"
               "   FROM unnest($1::integer[], $2::bigint[]) AS r (validator_id, n)"
               "   GROUP BY r.validator_id"
               " ON CONFLICT (validator_id, hour) DO UPDATE SET ticks = h.ticks + excluded.ticks",
        .n_params = 2,
};

static const PqStatement website_tick_votes = {
        .name = "website_tick_votes",
        .sql = "SELECT o.website_id, o.validator_id, t.order_id, usec(t.started_at), "
               "usec(t.arrived_at), t.dns_us::bigint + t.connect_us + t.tls_us + t.wait_us"
               "   + t.transfer_us, strpos('scmr', t.kind::text) - 1, t.outcome, t.error_class,"
               "   o.panel"
               " FROM (SELECT website_id, validator_id, type = 3 AS panel,"
               "         max(timeout_ms) AS timeout_ms,"
               "         max(vote_freshness(interval_ms, timeout_ms)) AS fresh"
               "       FROM work_order WHERE removed_at IS NULL"
               "       GROUP BY website_id, validator_id, type = 3) AS o"
               " CROSS JOIN LATERAL (SELECT t.*, b.arrived_at"
               "   FROM tick_spans_since(now() - o.fresh) AS s (span)"
               "   CROSS JOIN LATERAL (SELECT * FROM website_tick"
               "     WHERE span = s.span AND website_id = o.website_id"
               "       AND span >= tick_span(now() - interval '4 days')"
               "     OFFSET 0) AS t"
               "   CROSS JOIN LATERAL (SELECT arrived_at FROM tick_batch"
               "     WHERE id = batch_id AND NOT unsynced"
               "     AND arrived_at > now() - o.fresh - interval '1 minute' LIMIT 1) AS b"
               "   WHERE validator_id = o.validator_id"
               "     AND started_at > now() - o.fresh AND NOT late AND dns_us::bigint + connect_us"
               "       + tls_us + wait_us + transfer_us <= (o.timeout_ms + 1000) * 1000::bigint"
               "     AND coalesce((SELECT type = 3 FROM work_order WHERE id = order_id), false)"
               "       = o.panel"
               "   ORDER BY started_at DESC LIMIT 1) AS t"
               " ORDER BY o.website_id, o.validator_id, o.panel",
        .n_params = 0,
};

static const PqStatement website_tick_identities = {
        .name = "website_tick_identities",
        .sql = "SELECT t.order_id, t.number, t.kind = 's' FROM work_order o"
               " CROSS JOIN generate_series(tick_span($3), tick_span($4), interval '5 minutes')"
               "   AS s (span)"
               " CROSS JOIN LATERAL (SELECT * FROM website_tick"
               "   WHERE span = s.span AND website_id = o.website_id"
               "     AND span >= tick_span($3) AND span <= tick_span($4) OFFSET 0) AS t"
               " WHERE o.id = ANY ($2::bigint[]) AND t.order_id = o.id"
               " AND t.validator_id = $1 AND t.started_at >= $3 AND t.started_at <= $4",
        .n_params = 4,
};

static const PqStatement website_tick_identities_since = {
        .name = "website_tick_identities_since",
        .sql = "SELECT order_id, number, kind = 's' FROM tick_spans_since($1) AS s (span)"
               " CROSS JOIN LATERAL (SELECT * FROM website_tick WHERE span = s.span"
               "   AND span >= tick_span($1) OFFSET 0) AS t"
               " WHERE started_at > $1 ORDER BY order_id",
        .n_params = 1,
};

const PqStatement *const ticks_statements[] = {
        &validator_hour_add,
        &website_tick_votes,
        &website_tick_identities,
        &website_tick_identities_since,
        NULL,
};

void ticks_count(PqTransaction *t, const TickCount *counts, size_t n) {
        if (n == 0)
                return;
        pq_add(t, &validator_hour_add);
        STORE_COLUMN(t, n, PQ_INT4, pq_int(t, counts[i].validator));
        STORE_COLUMN(t, n, PQ_INT8, pq_int(t, counts[i].n));
}

static int read_vote(const PqResult *result, size_t i, void *ret) {
        *(TickVote *)ret = (TickVote){
                .website = (uint32_t)pq_get_int(result, i, 0),
                .validator = (uint32_t)pq_get_int(result, i, 1),
                .order = (uint64_t)pq_get_int(result, i, 2),
                .started = pq_get_time(result, i, 3),
                .arrived = pq_get_time(result, i, 4),
                .latency_us = (uint32_t)MIN(pq_get_int(result, i, 5), (int64_t)UINT32_MAX),
                .kind = (uint8_t)pq_get_int(result, i, 6),
                .outcome = (uint8_t)pq_get_int(result, i, 7),
                .error_class = (uint8_t)pq_get_int(result, i, 8),
                .panel = pq_get_bool(result, i, 9),
        };
        return 0;
}

STORE_READER(vote_reader, TickVote, TickVotes, read_vote, NULL);

int tick_votes_load(Store *s, TickVotes callback, void *userdata, StoreCall **ret) {
        return store_read(s, store_begin(&website_tick_votes), &vote_reader,
                          STORE_ANSWER(callback, userdata, ret));
}

static int read_identity(const PqResult *result, size_t i, void *ret) {
        *(TickIdentity *)ret = (TickIdentity){
                .order = (uint64_t)pq_get_int(result, i, 0),
                .number = (uint32_t)pq_get_int(result, i, 1),
                .scheduled = pq_get_bool(result, i, 2),
        };
        return 0;
}

STORE_READER(identity_reader, TickIdentity, TickIdentities, read_identity, NULL);

int tick_identities_load(Store *s, const TickRange *range, TickIdentities callback, void *userdata,
                         StoreCall **ret) {
        PqTransaction *t = store_begin(&website_tick_identities);

        if (!t)
                return -ENOMEM;
        pq_int(t, range->validator);
        pq_array_open(t, PQ_INT8);
        for (size_t i = 0; i < range->n; i++)
                pq_int(t, (int64_t)range->orders[i]);
        pq_array_close(t);
        pq_time(t, range->from);
        pq_time(t, range->to);
        return store_read(s, t, &identity_reader, STORE_ANSWER(callback, userdata, ret));
}

int tick_identities_load_since(Store *s, usec_t since, TickIdentities callback, void *userdata,
                               StoreCall **ret) {
        PqTransaction *t = store_begin(&website_tick_identities_since);

        if (!t)
                return -ENOMEM;
        pq_time(t, since);
        return store_read(s, t, &identity_reader, STORE_ANSWER(callback, userdata, ret));
}
