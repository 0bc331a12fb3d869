/* website_tick: written by columns. Functions in a list of results are stepped through together,
 * and nothing is kept in between; as one function of the FROM clause each column would be stored
 * first. */
#include "store/ticks.h"

#include <errno.h>
#include <string.h>

#include "store/read.h"

static const PqStatement website_ticks_put = {
        .name = "website_ticks_put",
        .sql = "INSERT INTO website_tick (website_id, validator_id, started_at, order_id,"
               "   batch_id, body_length, commit_no, number, dns_us, connect_us, tls_us, wait_us,"
               "   transfer_us, batch_index, status, expiry_days, kind, family, outcome,"
               "   error_class, late, body_hash, address)"
               " SELECT unnest($1::integer[]), unnest($2::integer[]), unnest($3::timestamptz[]),"
               "   unnest($4::bigint[]), unnest($5::bigint[]), unnest($6::bigint[]),"
               "   unnest($7::bigint[]), unnest($8::integer[]), unnest($9::integer[]),"
               "   unnest($10::integer[]), unnest($11::integer[]), unnest($12::integer[]),"
               "   unnest($13::integer[]), unnest($14::smallint[]), unnest($15::smallint[]),"
               "   unnest($16::integer[]), unnest($17::smallint[]), unnest($18::smallint[]),"
               "   unnest($19::smallint[]), unnest($20::smallint[]), unnest($21::boolean[]),"
               "   unnest($22::bytea[]), unnest($23::inet[])",
        .n_params = 23,
};

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
               "   + t.transfer_us, t.kind, t.outcome, t.error_class"
               " FROM (SELECT website_id, validator_id, max(timeout_ms) AS timeout_ms,"
               "         max(vote_freshness(interval_ms, timeout_ms)) AS fresh"
               "       FROM work_order WHERE removed_at IS NULL"
               "       GROUP BY website_id, validator_id) AS o"
               " CROSS JOIN LATERAL (SELECT website_tick.*, b.arrived_at FROM website_tick"
               "   CROSS JOIN LATERAL (SELECT arrived_at FROM tick_batch"
               "     WHERE id = batch_id AND NOT unsynced"
               "     AND arrived_at > now() - o.fresh - interval '1 minute' LIMIT 1) AS b"
               "   WHERE website_id = o.website_id AND validator_id = o.validator_id"
               "     AND started_at > now() - o.fresh AND NOT late AND dns_us::bigint + connect_us"
               "       + tls_us + wait_us + transfer_us <= (o.timeout_ms + 1000) * 1000::bigint"
               "   ORDER BY started_at DESC LIMIT 1) AS t"
               " ORDER BY o.website_id, o.validator_id",
        .n_params = 0,
};

static const PqStatement website_tick_identities = {
        .name = "website_tick_identities",
        .sql = "SELECT t.order_id, t.number, t.kind = 0 FROM website_tick t"
               " JOIN work_order o ON o.id = t.order_id"
               " WHERE o.id = ANY ($2::bigint[]) AND t.website_id = o.website_id"
               " AND t.validator_id = $1 AND t.started_at >= $3 AND t.started_at <= $4",
        .n_params = 4,
};

static const PqStatement website_tick_identities_since = {
        .name = "website_tick_identities_since",
        .sql = "SELECT t.order_id, t.number, t.kind = 0 FROM website w CROSS JOIN LATERAL"
               " (SELECT order_id, number, kind FROM website_tick"
               "   WHERE website_id = w.id AND started_at > $1) AS t ORDER BY t.order_id",
        .n_params = 1,
};

/* Late history may be a day old, hence two days of partitions. */
static const PqStatement website_ticks_live = {
        .name = "website_ticks_live",
        .sql = "SELECT w.organisation_id, t.commit_no, json_build_object('websiteId', w.public_id,"
               "  'createdAt', rfc3339(t.started_at), 'status', tick_status(t.outcome),"
               "  'latency', tick_latency(t.outcome, t.dns_us, t.connect_us, t.tls_us, t.wait_us,"
               "                          t.transfer_us),"
               "  'validatorId', key_text(v.key), 'region', nullif(v.region, ''))"
               " FROM (SELECT * FROM website_tick WHERE commit_no > $1 AND commit_no <= $2"
               "        AND started_at > now() - interval '2 days' AND outcome <> 3"
               "        ORDER BY commit_no LIMIT $3) AS t"
               " JOIN website w ON w.id = t.website_id JOIN validator v ON v.id = t.validator_id"
               " ORDER BY t.commit_no, t.started_at",
        .n_params = 3,
};

const PqStatement *const ticks_statements[] = {
        &website_ticks_put,
        &validator_hour_add,
        &website_tick_votes,
        &website_tick_identities,
        &website_tick_identities_since,
        &website_ticks_live,
        NULL,
};

/* Writing ---------------------------------------------------------------------------------------
 */

typedef int64_t (*TickNumber)(const TickRow *row);

/* Columns are signed 32 bit; a phase of more than 35 minutes is a lie or a lost validator anyway.
 */
static int64_t saturated(uint32_t v) {
        return MIN(v, (uint32_t)INT32_MAX);
}

#define TICK_NUMBER(NAME, EXPRESSION)                                                              \
        static int64_t NAME(const TickRow *row) {                                                  \
                return (int64_t)(EXPRESSION);                                                      \
        }

TICK_NUMBER(get_website, row->website)
TICK_NUMBER(get_validator, row->validator)
TICK_NUMBER(get_order, row->order)
TICK_NUMBER(get_batch, row->batch)
TICK_NUMBER(get_body_length, row->tick.body_length)
TICK_NUMBER(get_commit_no, row->commit_no)
TICK_NUMBER(get_number, saturated(row->tick.number))
TICK_NUMBER(get_dns, saturated(row->tick.phases.dns))
TICK_NUMBER(get_connect, saturated(row->tick.phases.connect))
TICK_NUMBER(get_tls, saturated(row->tick.phases.tls))
TICK_NUMBER(get_wait, saturated(row->tick.phases.wait))
TICK_NUMBER(get_transfer, saturated(row->tick.phases.transfer))
TICK_NUMBER(get_index, row->index)
TICK_NUMBER(get_status, MIN(row->tick.status, INT16_MAX))
TICK_NUMBER(get_expiry, row->tick.expiry_days)
TICK_NUMBER(get_kind, row->tick.kind)
TICK_NUMBER(get_family, row->tick.family)
TICK_NUMBER(get_outcome, row->tick.outcome)
TICK_NUMBER(get_error, row->tick.error)

typedef struct TickColumn {
        PqArray type;
        TickNumber get;
} TickColumn;

/* $4 to $20 of the statement. */
static const TickColumn number_columns[] = {
        { PQ_INT8, get_order },     { PQ_INT8, get_batch },  { PQ_INT8, get_body_length },
        { PQ_INT8, get_commit_no }, { PQ_INT4, get_number }, { PQ_INT4, get_dns },
        { PQ_INT4, get_connect },   { PQ_INT4, get_tls },    { PQ_INT4, get_wait },
        { PQ_INT4, get_transfer },  { PQ_INT2, get_index },  { PQ_INT2, get_status },
        { PQ_INT4, get_expiry },    { PQ_INT2, get_kind },   { PQ_INT2, get_family },
        { PQ_INT2, get_outcome },   { PQ_INT2, get_error },
};

static void put_numbers(PqTransaction *t, const TickColumn *column, const TickRow *rows, size_t n) {
        pq_array_open(t, column->type);
        for (size_t i = 0; i < n; i++)
                pq_int(t, column->get(&rows[i]));
        pq_array_close(t);
}

static void put_starts(PqTransaction *t, const TickRow *rows, size_t n) {
        pq_array_open(t, PQ_TIMESTAMPTZ);
        for (size_t i = 0; i < n; i++)
                pq_time(t, (usec_t)rows[i].tick.start);
        pq_array_close(t);
}

static void put_late(PqTransaction *t, const TickRow *rows, size_t n) {
        pq_array_open(t, PQ_BOOL);
        for (size_t i = 0; i < n; i++)
                pq_bool(t, rows[i].late);
        pq_array_close(t);
}

static void put_body_hashes(PqTransaction *t, const TickRow *rows, size_t n) {
        static const uint8_t none[sizeof(rows->tick.body_hash)];

        pq_array_open(t, PQ_BYTEA);
        for (size_t i = 0; i < n; i++) {
                const uint8_t *hash = rows[i].tick.body_hash;

                if (memcmp(hash, none, sizeof(none)) != 0)
                        pq_bytes(t, hash, sizeof(none));
                else
                        pq_null(t);
        }
        pq_array_close(t);
}

static void put_addresses(PqTransaction *t, const TickRow *rows, size_t n) {
        pq_array_open(t, PQ_INET);
        for (size_t i = 0; i < n; i++) {
                const Tick *tick = &rows[i].tick;

                pq_address(t, tick->address, tick->family == 6 ? 16 : tick->family);
        }
        pq_array_close(t);
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

void ticks_put(PqTransaction *t, const TickRow *rows, size_t n) {
        if (n == 0)
                return;

        pq_add(t, &website_ticks_put);
        put_numbers(t, &(const TickColumn){ PQ_INT4, get_website }, rows, n);
        put_numbers(t, &(const TickColumn){ PQ_INT4, get_validator }, rows, n);
        put_starts(t, rows, n);
        for (size_t i = 0; i < ELEMENTSOF(number_columns); i++)
                put_numbers(t, &number_columns[i], rows, n);
        put_late(t, rows, n);
        put_body_hashes(t, rows, n);
        put_addresses(t, rows, n);
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

static int read_live(const PqResult *result, size_t i, void *ret) {
        *(TickLive *)ret = (TickLive){
                .organisation = (uint32_t)pq_get_int(result, i, 0),
                .commit_no = (uint64_t)pq_get_int(result, i, 1),
                .json = pq_get_text(result, i, 2),
        };
        return 0;
}

STORE_READER(live_reader, TickLive, TickLives, read_live, NULL);

int ticks_live_load(Store *s, const TickFeed *feed, TickLives callback, void *userdata,
                    StoreCall **ret) {
        PqTransaction *t = store_begin(&website_ticks_live);

        if (!t)
                return -ENOMEM;
        pq_int(t, (int64_t)feed->after);
        pq_int(t, feed->until ? (int64_t)feed->until : INT64_MAX);
        pq_int(t, feed->limit);
        return store_read(s, t, &live_reader, STORE_ANSWER(callback, userdata, ret));
}
