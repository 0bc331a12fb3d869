/* website_tick: written by COPY, a packed struct a row; found by span of five minutes and website.
 */
#include "store/ticks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "event/pq-copy.h"
#include "store/read.h"

#define BYTE_VALUES (UINT8_MAX + 1)

static const PqCopy website_ticks_copy = {
        "COPY website_tick (started_at, order_id, batch_id, website_id, validator_id, number,"
        " dns_us, connect_us, tls_us, wait_us, transfer_us, status, outcome, error_class, kind,"
        " late) FROM STDIN (FORMAT binary)",
};

/* Of that list, in its order. */
typedef struct _packed_ TickFields {
        PqFields n;
        PqField8 started_at, order_id, batch_id;
        PqField4 website_id, validator_id, number;
        PqField4 dns_us, connect_us, tls_us, wait_us, transfer_us;
        PqField2 status, outcome, error_class;
        PqField1 kind, late;
} TickFields;

/* $1 and $2: runs of ticks of one validator. */
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
               "     WHERE tick_span(started_at) = s.span AND website_id = o.website_id"
               "       AND tick_span(started_at) >= tick_span(now() - interval '4 days')"
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
               "   WHERE tick_span(started_at) = s.span AND website_id = o.website_id"
               "     AND tick_span(started_at) >= tick_span($3)"
               "     AND tick_span(started_at) <= tick_span($4) OFFSET 0) AS t"
               " WHERE o.id = ANY ($2::bigint[]) AND t.order_id = o.id"
               " AND t.validator_id = $1 AND t.started_at >= $3 AND t.started_at <= $4",
        .n_params = 4,
};

static const PqStatement website_tick_identities_since = {
        .name = "website_tick_identities_since",
        .sql = "SELECT order_id, number, kind = 's' FROM website_tick"
               " WHERE tick_span(started_at) >= tick_span($1) AND started_at > $1"
               " ORDER BY order_id",
        .n_params = 1,
};

const PqStatement *const ticks_statements[] = {
        &validator_hour_add,
        &website_tick_votes,
        &website_tick_identities,
        &website_tick_identities_since,
        NULL,
};

/* Writing ---------------------------------------------------------------------------------------
 */

/* Columns are signed 32 bit; a phase of more than 35 minutes is a lie or a lost validator anyway.
 */
static PqField4 saturated(uint32_t v) {
        return pq_field4((int32_t)MIN(v, (uint32_t)INT32_MAX));
}

static TickFields fields_of(const TickRow *row) {
        static const char kinds[] = "scmr"; /* by TickKind */
        const Tick *tick = &row->tick;
        const TickPhases *p = &tick->phases;

        return (TickFields){
                .n = pq_fields(16),
                .started_at = pq_field_time((usec_t)tick->start),
                .order_id = pq_field8((int64_t)row->order),
                .batch_id = pq_field8((int64_t)row->batch),
                .website_id = pq_field4((int32_t)row->website),
                .validator_id = pq_field4((int32_t)row->validator),
                .number = saturated(tick->number),
                .dns_us = saturated(p->dns),
                .connect_us = saturated(p->connect),
                .tls_us = saturated(p->tls),
                .wait_us = saturated(p->wait),
                .transfer_us = saturated(p->transfer),
                .status = pq_field2((int16_t)MIN(tick->status, INT16_MAX)),
                .outcome = pq_field2(tick->outcome),
                .error_class = pq_field2(tick->error),
                .kind = pq_field1((uint8_t)kinds[tick->kind]),
                .late = pq_field1(row->late),
        };
}

/* One past the last of those from `begin` on that are of the same validator. */
static size_t run_end(const TickRow *rows, size_t n, size_t begin) {
        size_t i = begin;

        while (i < n && rows[i].validator == rows[begin].validator)
                i++;
        return i;
}

static void put_hours(PqTransaction *t, const TickRow *rows, size_t n) {
        pq_add(t, &validator_hour_add);
        pq_array_open(t, PQ_INT4);
        for (size_t i = 0; i < n; i = run_end(rows, n, i))
                pq_int(t, rows[i].validator);
        pq_array_close(t);
        pq_array_open(t, PQ_INT8);
        for (size_t i = 0; i < n; i = run_end(rows, n, i))
                pq_int(t, (int64_t)(run_end(rows, n, i) - i));
        pq_array_close(t);
}

/* Into `to` by that byte of the numbers, else in the order they have. false: it is the same in all.
 */
static bool sort_by_byte(const uint64_t *from, uint64_t *to, size_t n, unsigned shift) {
        size_t counts[BYTE_VALUES] = { 0 }, begin = 0;

        for (size_t i = 0; i < n; i++)
                counts[from[i] >> shift & UINT8_MAX]++;
        if (counts[from[0] >> shift & UINT8_MAX] == n)
                return false;
        for (size_t v = 0; v < BYTE_VALUES; v++) {
                size_t count = counts[v];

                counts[v] = begin;
                begin += count;
        }
        for (size_t i = 0; i < n; i++)
                to[counts[from[i] >> shift & UINT8_MAX]++] = from[i];
        return true;
}

/* By website, as the index has them: neighbours go to one page of it, which is found once. Of one
 * website in the order in which they came. Lowest byte first: that takes a fraction of what
 * comparing them does. both: room for twice n; where in it they are. */
static const uint64_t *order_by_website(const TickRow *rows, size_t n, uint64_t *both) {
        uint64_t *sorted = both, *other = both + n;

        for (size_t i = 0; i < n; i++)
                sorted[i] = (uint64_t)rows[i].website << 32 | i;
        for (unsigned shift = 32; shift < 64; shift += 8)
                if (sort_by_byte(sorted, other, n, shift)) {
                        uint64_t *before = sorted;

                        sorted = other;
                        other = before;
                }
        return sorted;
}

void ticks_put(PqTransaction *t, const TickRow *rows, size_t n) {
        _cleanup_free_ uint64_t *both = NULL;
        const uint64_t *places = NULL;
        TickFields *to;

        if (n == 0)
                return;
        both = calloc(2 * n, sizeof(*both));
        if (both) /* else any order will do */
                places = order_by_website(rows, n, both);
        to = pq_copy(t, &website_ticks_copy, n * sizeof(*to));
        for (size_t i = 0; to && i < n; i++)
                to[i] = fields_of(&rows[places ? (uint32_t)places[i] : i]);
        put_hours(t, rows, n);
}

/* Reading ---------------------------------------------------------------------------------------
 */

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
