/* PostgreSQL finds rows and adds up what is many; it would take longer than for that to write
 * hundreds of points as text. */
#include "store/website-latency.h"

#include <errno.h>
#include <string.h>

#include "store/latency-page.h"
#include "store/read.h"

/* Columns of all rows, by the first of them, `kind`:
 * 'b' the window: begins `at`; closed hours count until `other`. The first one.
 * 'h' a closed hour `at`, its quarters.
 * 'p' points of a bucket `at`; 'l' the same of the validator `other`, which has one sum; 't' ticks
 *     of a bucket and a validator, for both. `bytes` are latency_sums().
 * 'v' the validator `other`: members that say who it is. */
enum {
        KIND,
        AT, /* µs */
        OTHER,
        BYTES,
        TEXT,
};

/* Pieces of both statements. Float and not numeric, which takes longer; whole seconds are exact. */
#define SITE                                                                                       \
        "WITH site AS MATERIALIZED (SELECT id FROM website WHERE organisation_id = $1"             \
        "   AND public_id = $2 AND removed_at IS NULL),"
#define OF_SITE    "website_id = (SELECT id FROM site)"
#define CLOSED     "greatest((SELECT max(hour) + interval '1 hour' FROM closed_hour), a)"
#define AT_SECONDS "date_part('epoch', at)::bigint * 1000000"

/* Up ticks that are in no closed hour, by bucket. Then comes the width of a bucket, then a bound
 * that skips partitions before they are opened. */
#define TICKS " ticks AS MATERIALIZED (SELECT validator_id, date_bin("
#define TICKS_SINCE                                                                                \
        ", started_at, 'epoch') AS at, latency_sums(count(*), sum(dns_us), sum(connect_us),"       \
        "     sum(tls_us), sum(wait_us), sum(transfer_us)) AS sums"                                \
        "   FROM cut CROSS JOIN LATERAL tick_spans_since(cut.b) AS s (span)"                       \
        "   CROSS JOIN LATERAL (SELECT * FROM website_tick"                                        \
        "     WHERE span = s.span AND " OF_SITE                                                    \
        "     AND span < tick_span(now() + interval '1 day')"                                      \
        "     AND span >= tick_span(now() - interval "
#define TICKS_END ") OFFSET 0) AS t WHERE outcome = 1 AND started_at >= cut.b GROUP BY 1, 2)"

#define ROWS                                                                                       \
        " SELECT 'b' AS kind, usec(a) AS at, usec(b) AS other, NULL::bytea, NULL FROM cut"         \
        " UNION ALL SELECT 't', " AT_SECONDS ", validator_id, sums, NULL FROM ticks"

/* Of all that are in the ticks or in the list that follows. */
#define VALIDATORS                                                                                 \
        " UNION ALL SELECT 'v', 0, id, NULL, '\"validatorId\":\"' || key_text(key)"                \
        "   || '\",\"name\":' || to_json(name) || ',\"region\":'"                                  \
        "   || coalesce(to_json(nullif(region, ''))::text, 'null')"                                \
        " FROM validator WHERE id = ANY(ARRAY(SELECT validator_id FROM ticks UNION SELECT "
#define VALIDATORS_END "))"

/* The last 24 hours by quarters. When one of the hours does not have its quarters, all is read from
 * ticks. */
static const PqStatement website_day = {
        .name = "website_day",
        .sql = SITE " span AS MATERIALIZED (SELECT a, " CLOSED " AS b FROM site,"
                    "   (SELECT now() - interval '24 hours' AS a) AS x),"
                    " hours AS MATERIALIZED (SELECT hour AS at, quarters, validators"
                    "   FROM rollup_hour WHERE " OF_SITE
                    "     AND hour > (SELECT a - interval '1 hour' FROM span)"
                    "     AND hour < (SELECT b FROM span)),"
                    " cut AS MATERIALIZED (SELECT a, CASE WHEN EXISTS (SELECT FROM hours"
                    "   WHERE quarters IS NULL) THEN a ELSE b END AS b FROM span)," TICKS
                    "interval '15 minutes'" TICKS_SINCE "'25 hours'" TICKS_END ROWS
                    " UNION ALL SELECT 'h', " AT_SECONDS ", 0, quarters, NULL FROM hours"
                    "   WHERE quarters IS NOT NULL" VALIDATORS
                    "unnest(validators) FROM hours" VALIDATORS_END,
        .n_params = 2,
};

/* $3: window, $4: bucket, both in minutes. Buckets of whole hours come from rollups as far as hours
 * are closed. */
static const PqStatement website_latency = {
        .name = "website_latency",
        .sql = SITE
        " cut AS MATERIALIZED (SELECT a, CASE WHEN $4::integer < 60 THEN a"
        "     ELSE " CLOSED " END AS b, $4 * interval '1 minute' AS width FROM site,"
        "   (SELECT now() - $3::integer * interval '1 minute' AS a) AS x)," TICKS
        "(SELECT width FROM cut)" TICKS_SINCE "'1 minute' * $3" TICKS_END ","
        " points AS (SELECT date_bin((SELECT width FROM cut), hour, 'epoch') AS at,"
        "     latency_sums(sum(up), sum(phase_sum_us[1])::bigint,"
        "       sum(phase_sum_us[2])::bigint, sum(phase_sum_us[3])::bigint,"
        "       sum(phase_sum_us[4])::bigint, sum(phase_sum_us[5])::bigint) AS sums"
        "   FROM rollup_hour WHERE $4 >= 60 AND " OF_SITE " AND up > 0"
        "     AND hour >= (SELECT a FROM cut) AND hour < (SELECT b FROM cut)"
        "   GROUP BY 1),"
        " lines AS MATERIALIZED (SELECT validator_id,"
        "     date_bin((SELECT width FROM cut), hour, 'epoch') AS at,"
        "     latency_sums(sum(up), sum(total_us)::bigint) AS sums"
        "   FROM rollup_validator_hour WHERE $4 >= 60 AND " OF_SITE
        "     AND hour >= (SELECT a FROM cut) AND hour < (SELECT b FROM cut)"
        "   GROUP BY 1, 2)" ROWS " UNION ALL SELECT 'p', " AT_SECONDS ", 0, sums, NULL FROM points"
        " UNION ALL SELECT 'l', " AT_SECONDS ", validator_id, sums, NULL FROM lines" VALIDATORS
        "validator_id FROM lines" VALIDATORS_END,
        .n_params = 4,
};

const PqStatement *const website_latency_statements[] = {
        &website_day,
        &website_latency,
        NULL,
};

static const struct Window {
        const char *name;
        int minutes, bucket_minutes;
} windows[_LATENCY_WINDOW_MAX] = {
        [LATENCY_1H] = { "1h", 60, 1 },
        [LATENCY_24H] = { "24h", 24 * 60, 15 },
        [LATENCY_7D] = { "7d", 7 * 24 * 60, 60 },
        [LATENCY_30D] = { "30d", 30 * 24 * 60, 6 * 60 },
};

int latency_window_from_name(const char *name) {
        for (int i = 0; i < _LATENCY_WINDOW_MAX; i++) {
                if (!strcmp(windows[i].name, name))
                        return i;
        }
        return -EINVAL;
}

/* Reading ---------------------------------------------------------------------------------------
 */

/* bytea_output is hex, set at connect: "\x" and the digits. */
static const char *digits_at(const PqResult *rows, size_t i) {
        const char *text = pq_get_text(rows, i, BYTES);

        return text[0] == '\\' && text[1] == 'x' ? text + 2 : "";
}

static int add_row(LatencyPage *p, const PqResult *rows, size_t i) {
        usec_t at = (usec_t)pq_get_int(rows, i, AT);
        uint32_t validator = (uint32_t)pq_get_int(rows, i, OTHER);

        switch (pq_get_text(rows, i, KIND)[0]) {
        case 'h':
                return latency_page_add_hour(p, at, digits_at(rows, i));
        case 'p':
                return latency_page_add_points(p, at, digits_at(rows, i));
        case 'l':
                return latency_page_add_line(p, validator, at, digits_at(rows, i));
        case 't':
                return latency_page_add_ticks(p, validator, at, digits_at(rows, i));
        case 'v':
                return latency_page_name(p, validator, pq_get_text(rows, i, TEXT));
        default:
                return -EBADMSG;
        }
}

static int write_page(const struct Window *window, const PqResult *rows, char **ret,
                      size_t *ret_n) {
        const LatencySpan span = { .begin = (usec_t)pq_get_int(rows, 0, AT),
                                   .end = (usec_t)pq_get_int(rows, 0, OTHER),
                                   .window = (usec_t)window->minutes * USEC_PER_MIN,
                                   .width = (usec_t)window->bucket_minutes * USEC_PER_MIN };
        _cleanup_(latency_page_freep) LatencyPage *p = NULL;
        int r;

        r = latency_page_new(&p, &span);
        for (size_t i = 1; r == 0 && i < pq_rows(rows); i++)
                r = add_row(p, rows, i);
        return r < 0 ? r : latency_page_write(p, ret, ret_n);
}

static void finish_page(const StoreCall *c, int r, const PqResult *last,
                        const char *error _unused_) {
        _cleanup_free_ char *json = NULL;
        size_t n = 0;

        if (r == 0)
                r = pq_rows(last) > 0 ? write_page(c->reader, last, &json, &n) : -ENOENT;
        ((StoreJson)c->callback)(r, json, n, c->userdata);
}

int website_latency_json(Store *s, const LatencyView *view, StoreJson callback, void *userdata,
                         StoreCall **ret) {
        const struct Window *window = &windows[view->window];
        PqTransaction *t =
                        store_begin(view->window == LATENCY_24H ? &website_day : &website_latency);

        if (!t)
                return -ENOMEM;
        pq_int(t, view->organisation);
        pq_uuid(t, &view->id);
        if (view->window != LATENCY_24H) {
                pq_int(t, window->minutes);
                pq_int(t, window->bucket_minutes);
        }
        return store_call(s, t,
                          &(const StoreCall){ .finish = finish_page,
                                              .reader = window,
                                              .callback = (StoreCallback)callback,
                                              .userdata = userdata },
                          ret);
}
