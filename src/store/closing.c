/* Pages come as PostgreSQL has them: as text a tick would be 416 characters. */
#include "store/closing.h"

#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "base/encode.h"
#include "base/json.h"
#include "store/column.h"
#include "store/read.h"

static const PqStatement closing_hour = {
        .name = "closing_hour",
        .sql = "SELECT usec(due), coalesce((SELECT max(id) FROM website), 0)"
               " FROM hour_due($1, $2::bigint * interval '1 microsecond') AS due"
               " WHERE due IS NOT NULL",
        .n_params = 2,
};

/* Website by website: in a range of them the index has all that they ever had. */
static const PqStatement closing_spans = {
        .name = "closing_spans",
        .sql = "SELECT s.website_id, s.state, usec(s.started_at), usec(s.ended_at)"
               " FROM generate_series($2::integer, $3::integer) AS w (id)"
               " CROSS JOIN LATERAL (SELECT * FROM verdict_span WHERE website_id = w.id"
               "   AND coalesce(ended_at, 'infinity') > $1"
               "   AND started_at < $1::timestamptz + interval '2 days' OFFSET 0) AS s"
               " ORDER BY s.website_id, s.started_at, s.ended_at NULLS LAST, s.id",
        .n_params = 3,
};

/* Span by span, likewise. */
static const PqStatement closing_pages = {
        .name = "closing_pages",
        .sql = "SELECT p.website_id, p.span, p.ticks"
               " FROM generate_series($1::timestamptz, $1::timestamptz + interval '55 minutes',"
               "   interval '5 minutes') AS s (span)"
               " CROSS JOIN LATERAL (SELECT website_id, span, ticks FROM tick_page"
               "   WHERE span = s.span AND website_id BETWEEN $2 AND $3"
               "     AND span BETWEEN $1 AND $1::timestamptz + interval '55 minutes' OFFSET 0) AS "
               "p",
        .n_params = 3,
        .binary = true,
};

static const PqStatement closing_orders = {
        .name = "closing_orders",
        .sql = "SELECT id, validator_id, (interval_ms + timeout_ms)::bigint * 1000 FROM work_order"
               " WHERE id = ANY ($1::bigint[]) ORDER BY id",
        .n_params = 1,
};

static const PqStatement closing_open = {
        .name = "closing_open",
        .sql = "SELECT hour_open($1)",
        .n_params = 1,
};

static const PqStatement closing_put = {
        .name = "closing_put",
        .sql = "INSERT INTO rollup_hour (website_id, hour, up, down, abstain, classes, histogram,"
               "   phase_sum_us, phase_max_us, up_us, down_us, other_us, quarters, validators)"
               " SELECT website, $1, up, down, abstain, classes, histogram, sums, maxima, up_us,"
               "   down_us, 3600000000 - up_us - down_us, quarters, validators"
               " FROM json_to_recordset($2) AS r (website integer, up integer, down integer,"
               "   abstain integer, classes jsonb, histogram integer[], sums bigint[],"
               "   maxima integer[], up_us bigint, down_us bigint, quarters bytea,"
               "   validators integer[])"
               " ON CONFLICT (website_id, hour) DO UPDATE"
               " SET (up, down, abstain, classes, histogram, phase_sum_us, phase_max_us, up_us,"
               "   down_us, other_us, quarters, validators) ="
               " (excluded.up, excluded.down, excluded.abstain, excluded.classes,"
               "   excluded.histogram, excluded.phase_sum_us, excluded.phase_max_us,"
               "   excluded.up_us, excluded.down_us, excluded.other_us, excluded.quarters,"
               "   excluded.validators)",
        .n_params = 2,
};

static const PqStatement closing_put_validators = {
        .name = "closing_put_validators",
        .sql = "INSERT INTO rollup_validator_hour (website_id, hour, validator_id, up, total_us)"
               " SELECT website, $1, validator, up, total"
               " FROM unnest($2::integer[], $3::integer[], $4::integer[], $5::bigint[])"
               "   AS r (website, validator, up, total)"
               " ON CONFLICT (website_id, hour, validator_id) DO UPDATE"
               " SET (up, total_us) = (excluded.up, excluded.total_us)",
        .n_params = 5,
};

static const PqStatement closing_finish = {
        .name = "closing_finish",
        .sql = "SELECT hour_finish($1, $2::integer[], $3::integer[], $4)",
        .n_params = 4,
};

const PqStatement *const closing_statements[] = {
        &closing_finish,         &closing_hour,  &closing_open,
        &closing_orders,         &closing_pages, &closing_put,
        &closing_put_validators, &closing_spans, NULL,
};

/* Reading -------------------------------------------------------------------------------------- */

static int read_hour(const PqResult *result, size_t i, void *ret) {
        *(ClosingHour *)ret = (ClosingHour){ .hour = pq_get_time(result, i, 0),
                                             .last = (uint32_t)pq_get_int(result, i, 1) };
        return 0;
}

STORE_READER(hour_reader, ClosingHour, ClosingHours, read_hour, NULL);

int closing_hour_load(Store *s, const ClosingDue *due, ClosingHours callback, void *userdata,
                      StoreCall **ret) {
        PqTransaction *t = store_begin(&closing_hour);

        if (!t)
                return -ENOMEM;
        pq_time(t, due->now);
        pq_int(t, (int64_t)due->lateness);
        return store_read(s, t, &hour_reader, STORE_ANSWER(callback, userdata, ret));
}

static PqTransaction *begin_websites(const PqStatement *statement, const ClosingWebsites *which) {
        PqTransaction *t = store_begin(statement);

        if (t) {
                pq_time(t, which->hour);
                pq_int(t, which->first);
                pq_int(t, which->last);
        }
        return t;
}

static int read_span(const PqResult *result, size_t i, void *ret) {
        ClosingSpan *row = ret;

        row->website = (uint32_t)pq_get_int(result, i, 0);
        row->started = pq_get_time(result, i, 2);
        row->ended = pq_get_time(result, i, 3);
        return memccpy(row->state, pq_get_text(result, i, 1), 0, sizeof(row->state)) ? 0 : -EBADMSG;
}

STORE_READER(span_reader, ClosingSpan, ClosingSpans, read_span, NULL);

int closing_spans_load(Store *s, const ClosingWebsites *which, ClosingSpans callback,
                       void *userdata, StoreCall **ret) {
        return store_read(s, begin_websites(&closing_spans, which), &span_reader,
                          STORE_ANSWER(callback, userdata, ret));
}

static int read_page(const PqResult *result, size_t i, void *ret) {
        const uint8_t *ticks;
        int n = page_find_ticks(result, i, 2, &ticks);
        uint8_t *copy;

        if (n < 0)
                return n;
        copy = malloc((size_t)n * PAGE_TICK_SIZE + 1);
        if (!copy)
                return -ENOMEM;
        memcpy(copy, ticks, (size_t)n * PAGE_TICK_SIZE);
        *(TickPage *)ret = (TickPage){ .website = (uint32_t)pq_raw_int(result, i, 0),
                                       .n = (uint32_t)n,
                                       .span = pq_raw_time(result, i, 1),
                                       .ticks = copy };
        return 0;
}

static void free_page(void *p) {
        TickPage *row = p;

        free((void *)row->ticks);
}

STORE_READER(page_reader, TickPage, ClosingPages, read_page, free_page);

int closing_pages_load(Store *s, const ClosingWebsites *which, ClosingPages callback,
                       void *userdata, StoreCall **ret) {
        return store_read(s, begin_websites(&closing_pages, which), &page_reader,
                          STORE_ANSWER(callback, userdata, ret));
}

static int read_order(const PqResult *result, size_t i, void *ret) {
        *(ClosingOrder *)ret = (ClosingOrder){
                .id = (uint64_t)pq_get_int(result, i, 0),
                .validator = (uint32_t)pq_get_int(result, i, 1),
                .patience = (usec_t)pq_get_int(result, i, 2),
        };
        return 0;
}

STORE_READER(order_reader, ClosingOrder, ClosingOrders, read_order, NULL);

int closing_orders_load(Store *s, const ClosingIds *ids, ClosingOrders callback, void *userdata,
                        StoreCall **ret) {
        PqTransaction *t = store_begin(&closing_orders);

        if (!t)
                return -ENOMEM;
        STORE_COLUMN(t, ids->n, PQ_INT8, pq_int(t, (int64_t)ids->ids[i]));
        return store_read(s, t, &order_reader, STORE_ANSWER(callback, userdata, ret));
}

/* Writing -------------------------------------------------------------------------------------- */

struct ClosingRows {
        JsonWriter *websites;
        RollupValidator *validators;
        size_t n_validators, max;
        bool out_of_memory;
};

int closing_rows_new(ClosingRows **ret) {
        ClosingRows *r = calloc(1, sizeof(*r));

        if (!r)
                return -ENOMEM;
        *ret = r;
        return 0;
}

ClosingRows *closing_rows_free(ClosingRows *r) {
        if (!r)
                return NULL;
        json_writer_free(r->websites);
        free(r->validators);
        free(r);
        return NULL;
}

static void write_classes(JsonWriter *w, const uint32_t *classes) {
        char name[sizeof("255")];

        json_writer_open_object(w, "classes");
        for (unsigned i = 0; i < 256; i++) {
                if (classes[i] == 0)
                        continue;
                (void)snprintf(name, sizeof(name), "%u", i);
                json_writer_number(w, name, classes[i]);
        }
        json_writer_close(w);
}

/* {bucket, ticks} of those that have any. */
static void write_histogram(JsonWriter *w, const uint32_t *histogram) {
        json_writer_open_array(w, "histogram");
        for (unsigned i = 0; i < CLOSING_BUCKETS; i++) {
                if (histogram[i] == 0)
                        continue;
                json_writer_open_array(w, NULL);
                json_writer_number(w, NULL, i);
                json_writer_number(w, NULL, histogram[i]);
                json_writer_close(w);
        }
        json_writer_close(w);
}

static void write_phases(JsonWriter *w, const RollupWebsite *row) {
        json_writer_open_array(w, "sums");
        for (unsigned i = 0; i < CLOSING_PHASES; i++)
                json_writer_number(w, NULL, (int64_t)row->phase_sum[i]);
        json_writer_close(w);
        json_writer_open_array(w, "maxima");
        for (unsigned i = 0; i < CLOSING_PHASES; i++)
                json_writer_number(w, NULL, row->phase_max[i]);
        json_writer_close(w);
}

/* As PostgreSQL reads bytea: "\x" and the digits. */
static int write_quarters(JsonWriter *w, const RollupWebsite *row) {
        _cleanup_free_ char *text = malloc(2 + HEX_SIZE(row->n_quarters));

        if (!text)
                return -ENOMEM;
        memcpy(text, "\\x", 2);
        hex_encode(row->quarters, row->n_quarters, text + 2);
        json_writer_string(w, "quarters", text);
        return 0;
}

static void write_validators(JsonWriter *w, const RollupWebsite *row) {
        json_writer_open_array(w, "validators");
        for (size_t i = 0; i < row->n_validators; i++)
                json_writer_number(w, NULL, row->validators[i]);
        json_writer_close(w);
}

static void write_website(JsonWriter *w, const RollupWebsite *row) {
        json_writer_open_object(w, NULL);
        json_writer_number(w, "website", row->website);
        json_writer_number(w, "up", row->up);
        json_writer_number(w, "down", row->down);
        json_writer_number(w, "abstain", row->abstain);
        write_classes(w, row->classes);
        write_histogram(w, row->histogram);
        write_phases(w, row);
        json_writer_number(w, "up_us", (int64_t)row->up_us);
        json_writer_number(w, "down_us", (int64_t)row->down_us);
        write_validators(w, row);
}

/* NULL: out of memory. */
static JsonWriter *open_websites(ClosingRows *r) {
        if (!r->websites && json_writer_new(&r->websites) >= 0)
                json_writer_open_array(r->websites, NULL);
        return r->websites;
}

void closing_rows_add(ClosingRows *r, const RollupWebsite *row) {
        JsonWriter *w = open_websites(r);

        if (!w) {
                r->out_of_memory = true;
                return;
        }
        write_website(w, row);
        if (write_quarters(w, row) < 0)
                r->out_of_memory = true;
        json_writer_close(w);
}

void closing_rows_add_validator(ClosingRows *r, const RollupValidator *row) {
        if (array_reserve(&r->validators, &r->max, r->n_validators + 1, sizeof(*row)) < 0)
                r->out_of_memory = true;
        else
                r->validators[r->n_validators++] = *row;
}

static void put_validators(PqTransaction *t, usec_t hour, const RollupValidator *rows, size_t n) {
        pq_add(t, &closing_put_validators);
        pq_time(t, hour);
        STORE_COLUMN(t, n, PQ_INT4, pq_int(t, rows[i].website));
        STORE_COLUMN(t, n, PQ_INT4, pq_int(t, rows[i].validator));
        STORE_COLUMN(t, n, PQ_INT4, pq_int(t, rows[i].up));
        STORE_COLUMN(t, n, PQ_INT8, pq_int(t, (int64_t)rows[i].total_us));
}

/* What was added, as JSON; NULL: none was. */
static int take_websites(ClosingRows *r, char **ret) {
        _cleanup_(json_writer_freep) JsonWriter *w = TAKE_PTR(r->websites);

        if (r->out_of_memory)
                return -ENOMEM;
        if (!w)
                return 0;
        json_writer_close(w);
        return json_writer_take(w, ret);
}

int closing_rows_put(ClosingRows *r, PqTransaction *t, usec_t hour) {
        _cleanup_free_ char *websites = NULL;
        size_t n = r->n_validators;
        int e;

        r->n_validators = 0;
        e = take_websites(r, &websites);
        if (e < 0)
                return e;
        if (!websites)
                return 0;
        pq_add(t, &closing_open);
        pq_time(t, hour);
        pq_add(t, &closing_put);
        pq_time(t, hour);
        pq_text(t, websites);
        if (n > 0)
                put_validators(t, hour, r->validators, n);
        return 0;
}

void closing_end(PqTransaction *t, const ClosingEnd *end) {
        pq_add(t, &closing_finish);
        pq_time(t, end->hour);
        STORE_COLUMN(t, end->n_rewards, PQ_INT4, pq_int(t, end->rewards[i].validator));
        STORE_COLUMN(t, end->n_rewards, PQ_INT4, pq_int(t, end->rewards[i].ticks));
        pq_int(t, end->lamports);
}
