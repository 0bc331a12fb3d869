/* One query per answer. Ticks are read by (website, time), newest first and a fixed number of them,
 * so neither the number of ticks nor that of partitions matters. */
#include "store/website-views.h"

#include <errno.h>
#include <string.h>

#include "store/read.h"
#include "wire/tick.h"

/* Abstentions are not shown: twice or more the number wanted is looked at, then the wanted taken.
 */
#define RECENT(WEBSITE, LOOK)                                                                      \
        "(SELECT validator_id, started_at, outcome, tick_status(outcome) AS status,"               \
        "   tick_latency(outcome, dns_us, connect_us, tls_us, wait_us, transfer_us) AS latency,"   \
        "   count(*) FILTER (WHERE outcome <> 3) OVER (ORDER BY started_at DESC) AS place"         \
        " FROM (SELECT * FROM website_tick WHERE website_id = " WEBSITE                            \
        "   AND started_at > now() - interval '8 days' AND started_at < now() + interval '1 day'"  \
        "   ORDER BY started_at DESC LIMIT " LOOK ") AS newest)"

#define STATE "coalesce(s.state, CASE WHEN w.paused THEN 'PAUSED' ELSE 'UNKNOWN' END)"

static const PqStatement website_page = {
        .name = "website_page",
        .sql = "WITH page AS (SELECT * FROM website WHERE organisation_id = $1"
               "   AND public_id > $2 AND removed_at IS NULL"
               "   ORDER BY public_id LIMIT $3::integer + 1),"
               " shown AS (SELECT * FROM page ORDER BY public_id LIMIT $3)"
               " SELECT json_build_object('websites', (SELECT coalesce(json_agg(json_build_object("
               "   'id', w.public_id, 'url', w.url, 'name', w.name, 'state', " STATE ","
               "   'assurance', s.assurance, 'since', " SQL_RFC3339(
                               "s.started_at") ","
                                               "   'uptime24h', website_uptime(w.id, now(), "
                                               "interval '24 hours'),"
                                               "   'lastChecked', " SQL_RFC3339(
                                                               "t.checked") ", 'latencyMs', "
                                                                            "t.latency,"
                                                                            "   'beats', "
                                                                            "coalesce(t.beats, "
                                                                            "'[]')) ORDER BY "
                                                                            "w.public_id), '[]')"
                                                                            "  FROM shown w"
                                                                            "  LEFT JOIN "
                                                                            "verdict_span s ON "
                                                                            "s.website_id = w.id "
                                                                            "AND s.ended_at IS NULL"
                                                                            "  CROSS JOIN LATERAL "
                                                                            "(SELECT "
                                                                            "max(started_at) AS "
                                                                            "checked,"
                                                                            "    "
                                                                            "(array_agg(latency "
                                                                            "ORDER BY started_at "
                                                                            "DESC) FILTER (WHERE "
                                                                            "outcome = 1))[1]"
                                                                            "      AS latency,"
                                                                            "    "
                                                                            "json_agg(json_build_"
                                                                            "object('createdAt',"
                                                                            " " SQL_RFC3339("starte"
                                                                                            "d_at") ","
                                                                                                    "      'status', status, 'latency', latency) ORDER BY started_at)"
                                                                                                    "      FILTER (WHERE outcome <> 3 AND place <= 40) AS beats"
                                                                                                    "    FROM " RECENT(
                                                                                                                    "w.id",
                                                                                                                    "80") " AS r) AS t),"
                                                                                                                          "  'nextCursor', CASE WHEN (SELECT count(*) FROM page) > $3"
                                                                                                                          "    THEN (SELECT public_id FROM shown ORDER BY public_id DESC LIMIT 1) END)",
        .n_params = 3,
};

static const PqStatement website_status = {
        .name = "website_status",
        .sql = "SELECT json_build_object('id', w.public_id, 'url', w.url, 'name', w.name,"
               "  'state', " STATE ", 'assurance', s.assurance,"
               "  'since', " SQL_RFC3339(
                               "s.started_at") ", 'uptime', json_build_object("
                                               "    '24h', website_uptime(w.id, now(), interval "
                                               "'24 hours'),"
                                               "    '7d', website_uptime(w.id, now(), interval '7 "
                                               "days'),"
                                               "    '30d', website_uptime(w.id, now(), interval "
                                               "'30 days')),"
                                               "  'ticks', (SELECT "
                                               "coalesce(json_agg(json_build_object("
                                               "     'createdAt', " SQL_RFC3339(
                                                               "r.started_at") ", 'status', "
                                                                               "r.status,"
                                                                               "     'latency', "
                                                                               "r.latency, "
                                                                               "'validatorId', "
                                                                               "key_text(v.key),"
                                                                               "     'region', "
                                                                               "nullif(v.region, "
                                                                               "'')) ORDER BY "
                                                                               "r.started_at), "
                                                                               "'[]')"
                                                                               "   FROM " RECENT(
                                                                                               "w."
                                                                                               "id",
                                                                                               "20"
                                                                                               "0") " AS r JOIN validator v ON v.id = r.validator_id"
                                                                                                    "   WHERE r.outcome <> 3 AND r.place <= 100))"
                                                                                                    " FROM website w"
                                                                                                    " LEFT JOIN verdict_span s ON s.website_id = w.id AND s.ended_at IS NULL"
                                                                                                    " WHERE w.organisation_id = $1 AND w.public_id = $2 AND w.removed_at IS NULL",
        .n_params = 2,
};

#define RULE                                                                                       \
        "CASE WHEN k.n > 0 THEN format('DOWN when at least %s of %s seats say down; UP when at"    \
        " least %s say up and at most %s say down; PARTIAL when more than %s say down; else"       \
        " UNKNOWN', k.q, k.n, k.q, k.f, k.f) END"

/* $3: names of error classes, the one of class 0 first. */
static const PqStatement
                website_verdict = {
                        .name = "website_verdict",
                        .sql = "SELECT json_build_object('state', " STATE
                               ", 'assurance', s.assurance,"
                               "  'since', " SQL_RFC3339(
                                               "s.started_at") ","
                                                               "  'firstEvidenceAt', " SQL_RFC3339(
                                                                               "s.first_evidence_"
                                                                               "at") ","
                                                                                     "  'n', k.n, "
                                                                                     "'f', k.f, "
                                                                                     "'q', k.q, "
                                                                                     "'rule', " RULE
                                                                                     ","
                                                                                     "  'seats', "
                                                                                     "(SELECT "
                                                                                     "coalesce("
                                                                                     "json_agg("
                                                                                     "json_build_"
                                                                                     "object('seat'"
                                                                                     ", place,"
                                                                                     "     "
                                                                                     "'validatorId'"
                                                                                     ", "
                                                                                     "key_text(v."
                                                                                     "key), "
                                                                                     "'validatorNam"
                                                                                     "e', v.name,"
                                                                                     "     "
                                                                                     "'region', "
                                                                                     "nullif(v."
                                                                                     "region, ''),"
                                                                                     "     'vote', "
                                                                                     "CASE "
                                                                                     "t.outcome "
                                                                                     "WHEN 1 THEN "
                                                                                     "'up' WHEN 2 "
                                                                                     "THEN 'down'"
                                                                                     "             "
                                                                                     "WHEN 3 THEN "
                                                                                     "'abstain' "
                                                                                     "ELSE "
                                                                                     "'missing' "
                                                                                     "END,"
                                                                                     "     "
                                                                                     "'at',"
                                                                                     " " SQL_RFC3339("t.started_at") ","
                                                                                                                     "     'latencyMs', tick_latency(t.outcome, t.dns_us, t.connect_us, t.tls_us,"
                                                                                                                     "                               t.wait_us, t.transfer_us),"
                                                                                                                     "     'error', CASE WHEN t.error_class > 0"
                                                                                                                     "        THEN coalesce(($3::text[])[t.error_class + 1], 'unknown') END)"
                                                                                                                     "     ORDER BY place), '[]')"
                                                                                                                     "   FROM generate_series(0, k.n - 1) AS place"
                                                                                                                     "   LEFT JOIN LATERAL (SELECT * FROM work_order WHERE website_id = w.id"
                                                                                                                     "     AND removed_at IS NULL AND type = 1 AND seat = place"
                                                                                                                     "     ORDER BY id DESC LIMIT 1) AS o ON true"
                                                                                                                     "   LEFT JOIN validator v ON v.id = o.validator_id"
                                                                                                                     "   LEFT JOIN LATERAL (SELECT * FROM website_tick WHERE website_id = w.id"
                                                                                                                     "     AND validator_id = o.validator_id AND NOT late AND started_at"
                                                                                                                     "       > now() - vote_freshness(o.interval_ms, o.timeout_ms)"
                                                                                                                     "     AND started_at < now() + interval '1 day'"
                                                                                                                     "     ORDER BY started_at DESC LIMIT 1) AS t ON true))"
                                                                                                                     " FROM website w"
                                                                                                                     " LEFT JOIN verdict_span s ON s.website_id = w.id AND s.ended_at IS NULL"
                                                                                                                     " CROSS JOIN LATERAL (SELECT n, f, (n + f) / 2 + 1 AS q FROM ("
                                                                                                                     "   SELECT n, greatest(n - 1, 0) / 3 AS f FROM ("
                                                                                                                     "     SELECT coalesce((SELECT max(n)::integer FROM work_order"
                                                                                                                     "       WHERE website_id = w.id AND removed_at IS NULL AND type = 1),"
                                                                                                                     "       s.n::integer, 0) AS n) AS a) AS b) AS k"
                                                                                                                     " WHERE w.organisation_id = $1 AND w.public_id = $2 AND w.removed_at IS NULL",
                        .n_params = 3,
                };

/* What both kinds of latency answers are made of: points (at, dns ... count) and lines (validator,
 * at, latency). $3: window in minutes, $4: bucket in minutes. */
#define LATENCY_SITE                                                                               \
        "WITH site AS (SELECT id FROM website WHERE organisation_id = $1 AND public_id = $2"       \
        "   AND removed_at IS NULL),"                                                              \
        " span AS (SELECT now() - $3::integer * interval '1 minute' AS a,"                         \
        "   $4::integer * interval '1 minute' AS width),"

#define LATENCY_JSON                                                                               \
        " SELECT json_build_object('bucketMs', $4::integer * 60000,"                               \
        "  'phases', (SELECT coalesce(json_agg(json_build_object('at', " SQL_RFC3339(              \
                        "at") ","                                                                  \
                              "     'dns', dns / 1000.0::float8, 'connect', connect / "            \
                              "1000.0::float8,"                                                    \
                              "     'tls', tls / 1000.0::float8, 'wait', wait / 1000.0::float8,"   \
                              "     'transfer', transfer / 1000.0::float8, 'count', n) ORDER BY "  \
                              "at), '[]')"                                                         \
                              "    FROM points),"                                                  \
                              "  'validators', (SELECT coalesce(json_agg(json_build_object("       \
                              "     'validatorId', key_text(v.key), 'name', v.name, 'region', "    \
                              "nullif(v.region, ''),"                                              \
                              "     'points', l.points) ORDER BY v.id), '[]')"                     \
                              "    FROM (SELECT validator_id, "                                    \
                              "json_agg(json_build_object('at', " SQL_RFC3339(                     \
                                              "at") ","                                            \
                                                    "       'latency', latency / 1000.0::float8) " \
                                                    "ORDER BY at) AS points"                       \
                                                    "      FROM lines GROUP BY validator_id) AS l" \
                                                    "    JOIN validator v ON v.id = "              \
                                                    "l.validator_id)) FROM site"

#define LATENCY_RAW(FROM)                                                                          \
        " raw AS MATERIALIZED (SELECT validator_id,"                                               \
        "   date_bin((SELECT width FROM span), started_at, 'epoch') AS at,"                        \
        "   dns_us, connect_us, tls_us, wait_us, transfer_us FROM website_tick"                    \
        "   WHERE website_id = (SELECT id FROM site) AND started_at >= " FROM                      \
        "   AND started_at > now() - interval '8 days' AND started_at < now() + interval '1 day'"  \
        "   AND outcome = 1),"

/* Short windows: from ticks. */
static const PqStatement website_latency_short = {
        .name = "website_latency_short",
        .sql = LATENCY_SITE LATENCY_RAW(
                        "(SELECT a FROM span)") " points AS (SELECT at, avg(dns_us) AS dns, "
                                                "avg(connect_us) AS connect,"
                                                "   avg(tls_us) AS tls, avg(wait_us) AS wait, "
                                                "avg(transfer_us) AS transfer,"
                                                "   count(*) AS n FROM raw GROUP BY at),"
                                                " lines AS (SELECT validator_id, at, "
                                                "avg(dns_us::bigint + connect_us + tls_us"
                                                "   + wait_us + transfer_us) AS latency FROM raw "
                                                "GROUP BY validator_id, at)" LATENCY_JSON,
        .n_params = 4,
};

/* Long windows: closed hours from rollups, the rest from ticks. */
static const PqStatement website_latency_long = {
        .name = "website_latency_long",
        .sql = LATENCY_SITE
        " live AS (SELECT greatest((SELECT max(hour) + interval '1 hour' FROM closed_hour),"
        "   a) AS b FROM span)," LATENCY_RAW(
                        "(SELECT b FROM live)") " parts AS (SELECT date_bin((SELECT width FROM "
                                                "span), hour, 'epoch') AS at, up AS n,"
                                                "     phase_sum_us AS sums FROM rollup_hour"
                                                "   WHERE website_id = (SELECT id FROM site) AND "
                                                "hour >= (SELECT a FROM span)"
                                                "     AND hour < (SELECT b FROM live) AND up > 0"
                                                "   UNION ALL SELECT at, count(*), "
                                                "ARRAY[sum(dns_us), sum(connect_us), sum(tls_us),"
                                                "     sum(wait_us), sum(transfer_us)] FROM raw "
                                                "GROUP BY at),"
                                                " points AS (SELECT at, sum(sums[1])::float8 / "
                                                "sum(n) AS dns,"
                                                "   sum(sums[2])::float8 / sum(n) AS connect, "
                                                "sum(sums[3])::float8 / sum(n) AS tls,"
                                                "   sum(sums[4])::float8 / sum(n) AS wait,"
                                                "   sum(sums[5])::float8 / sum(n) AS transfer, "
                                                "sum(n) AS n FROM parts GROUP BY at),"
                                                " line_parts AS (SELECT validator_id,"
                                                "     date_bin((SELECT width FROM span), hour, "
                                                "'epoch') AS at, up AS n, total_us"
                                                "   FROM rollup_validator_hour WHERE website_id = "
                                                "(SELECT id FROM site)"
                                                "     AND hour >= (SELECT a FROM span) AND hour < "
                                                "(SELECT b FROM live)"
                                                "   UNION ALL SELECT validator_id, at, count(*), "
                                                "sum(dns_us::bigint + connect_us"
                                                "     + tls_us + wait_us + transfer_us) FROM raw "
                                                "GROUP BY validator_id, at),"
                                                " lines AS (SELECT validator_id, at, "
                                                "sum(total_us)::float8 / sum(n) AS latency"
                                                "   FROM line_parts GROUP BY validator_id, "
                                                "at)" LATENCY_JSON,
        .n_params = 4,
};

const PqStatement *const website_views_statements[] = {
        &website_page,          &website_status,       &website_verdict,
        &website_latency_short, &website_latency_long, NULL,
};

static const struct {
        const char *name;
        const PqStatement *statement;
        int minutes, bucket_minutes;
} windows[_LATENCY_WINDOW_MAX] = {
        [LATENCY_1H] = { "1h", &website_latency_short, 60, 1 },
        [LATENCY_24H] = { "24h", &website_latency_short, 24 * 60, 15 },
        [LATENCY_7D] = { "7d", &website_latency_long, 7 * 24 * 60, 60 },
        [LATENCY_30D] = { "30d", &website_latency_long, 30 * 24 * 60, 6 * 60 },
};

int latency_window_from_name(const char *name) {
        for (int i = 0; i < _LATENCY_WINDOW_MAX; i++) {
                if (!strcmp(windows[i].name, name))
                        return i;
        }
        return -EINVAL;
}

int websites_page_json(Store *s, const WebsitePage *page, StoreJson callback, void *userdata,
                       StoreCall **ret) {
        static const Uuid first = { { 0 } };
        PqTransaction *t = store_begin(&website_page);

        if (!t)
                return -ENOMEM;
        pq_int(t, page->organisation);
        pq_uuid(t, page->after ? page->after : &first);
        pq_int(t, page->limit);
        return store_read_json(s, t, STORE_ANSWER(callback, userdata, ret));
}

static PqTransaction *begin_view(const PqStatement *statement, const WebsiteView *view) {
        PqTransaction *t = store_begin(statement);

        if (t) {
                pq_int(t, view->organisation);
                pq_uuid(t, &view->id);
        }
        return t;
}

int website_status_json(Store *s, const WebsiteView *view, StoreJson callback, void *userdata,
                        StoreCall **ret) {
        return store_read_json(s, begin_view(&website_status, view),
                               STORE_ANSWER(callback, userdata, ret));
}

int website_verdict_json(Store *s, const WebsiteView *view, StoreJson callback, void *userdata,
                         StoreCall **ret) {
        PqTransaction *t = begin_view(&website_verdict, view);

        if (!t)
                return -ENOMEM;
        pq_array_open(t, PQ_TEXT);
        for (unsigned i = 0; i < _TICK_ERROR_MAX; i++)
                pq_text(t, tick_error_name(i));
        pq_array_close(t);
        return store_read_json(s, t, STORE_ANSWER(callback, userdata, ret));
}

int website_latency_json(Store *s, const WebsiteView *view, StoreJson callback, void *userdata,
                         StoreCall **ret) {
        PqTransaction *t = begin_view(windows[view->window].statement, view);

        if (!t)
                return -ENOMEM;
        pq_int(t, windows[view->window].minutes);
        pq_int(t, windows[view->window].bucket_minutes);
        return store_read_json(s, t, STORE_ANSWER(callback, userdata, ret));
}
