/* One query per answer. Ticks are read by (website, time), newest first and a fixed number of them,
 * so neither the number of ticks nor that of partitions matters. */
#include "store/website-views.h"

#include <errno.h>
#include <string.h>

#include "store/read.h"

/* Abstentions are not shown, hence twice the number wanted is looked at. */
static const PqStatement website_page = {
        .name = "website_page",
        .sql = "WITH page AS (SELECT * FROM website WHERE organisation_id = $1"
               "   AND public_id > $2 AND removed_at IS NULL"
               "   ORDER BY public_id LIMIT $3::integer + 1),"
               " shown AS (SELECT * FROM page ORDER BY public_id LIMIT $3)"
               " SELECT json_build_object('websites', (SELECT coalesce(json_agg(json_build_object("
               "   'id', w.public_id, 'url', w.url, 'name', w.name,"
               "   'tags', w.tags, 'state', "
               "website_state(s.state, w.paused),"
               "   'flappingUntil', rfc3339(CASE WHEN s.flapping_until > now()"
               "     THEN s.flapping_until END),"
               "   'assurance', s.assurance, 'since', rfc3339(s.started_at),"
               "   'uptime24h', (SELECT uptime FROM website_uptimes(w.id, now(),"
               "     interval '24 hours')),"
               "   'lastChecked', rfc3339(t.checked), 'latencyMs', t.latency,"
               "   'beats', coalesce(t.beats, '[]')) ORDER BY w.public_id), '[]')"
               "  FROM shown w"
               "  LEFT JOIN verdict_span s ON s.website_id = w.id AND s.ended_at IS NULL"
               "  CROSS JOIN LATERAL (SELECT max(started_at) AS checked,"
               "    (array_agg(latency ORDER BY started_at DESC) FILTER (WHERE outcome = 1))[1]"
               "      AS latency,"
               "    json_agg(json_build_object('createdAt', rfc3339(started_at),"
               "      'status', status, 'latency', latency) ORDER BY started_at)"
               "      FILTER (WHERE outcome <> 3 AND place <= 40) AS beats"
               "    FROM website_recent(w.id, 80) AS r) AS t),"
               "  'nextCursor', CASE WHEN (SELECT count(*) FROM page) > $3"
               "    THEN (SELECT public_id FROM shown ORDER BY public_id DESC LIMIT 1) END)",
        .n_params = 3,
};

static const PqStatement website_status = {
        .name = "website_status",
        .sql = "SELECT json_build_object('id', w.public_id, 'url', w.url, 'name', w.name,"
               "  'tags', w.tags, 'check', nullif(w.specification, '')::json, 'paused', w.paused,"
               "  'parentId', (SELECT public_id FROM website p WHERE p.id = w.parent_id),"
               "  'settings', json_build_object('intervalMs', w.interval_ms,"
               "    'timeoutMs', w.timeout_ms, 'slowMs', nullif(w.slow_ms, 0),"
               "    'seats', w.seats, 'family', nullif(w.family, 0), 'rules', w.rules,"
               "    'confirmDown', w.confirm_down, 'confirmUp', w.confirm_up,"
               "    'confirmDownMs', w.confirm_down_ms, 'confirmUpMs', w.confirm_up_ms,"
               "    'certificateWarnDays', w.certificate_warn_days),"
               "  'state', website_state(s.state, w.paused), 'assurance', s.assurance,"
               "  'flappingUntil', rfc3339(CASE WHEN s.flapping_until > now()"
               "    THEN s.flapping_until END),"
               "  'regions', coalesce(s.regions, '[]'), 'families', coalesce(s.families, '[]'),"
               "  'since', rfc3339(s.started_at), 'uptime', json_build_object("
               "    '24h', u.day, '7d', u.week, '30d', u.month),"
               "  'uptimeMethod', 'verdict-time',"
               "  'ticks', (SELECT coalesce(json_agg(json_build_object("
               "     'createdAt', rfc3339(r.started_at), 'status', r.status,"
               "     'latency', r.latency, 'validatorId', key_text(v.key),"
               "     'region', nullif(v.region, '')) ORDER BY r.started_at), '[]')"
               "   FROM website_recent(w.id, 200) AS r JOIN validator v ON v.id = r.validator_id"
               "   WHERE r.outcome <> 3 AND r.place <= 100))"
               " FROM website w CROSS JOIN LATERAL website_uptimes(w.id, now()) AS u"
               " LEFT JOIN verdict_span s ON s.website_id = w.id AND s.ended_at IS NULL"
               " WHERE w.organisation_id = $1 AND w.public_id = $2 AND w.removed_at IS NULL",
        .n_params = 2,
};

/* $3: window, $4: bucket, both in minutes. Points are phases by time, lines are validators by time.
 * Buckets of whole hours come from rollups as far as hours are closed, and so do those of quarters
 * where all hours have theirs; all else is read from ticks. The JSON is put together as text: of
 * hundreds of points the functions for it are most of what the answer takes. What is no number or
 * time goes through to_json(). */
static const PqStatement website_latency = {
        .name = "website_latency",
        .sql = "WITH site AS (SELECT id FROM website WHERE organisation_id = $1"
               "   AND public_id = $2 AND removed_at IS NULL),"
               " cut AS (SELECT a, greatest((SELECT max(hour) + interval '1 hour'"
               "     FROM closed_hour), a) AS closed"
               "   FROM (SELECT now() - $3::integer * interval '1 minute' AS a) AS x),"
               " span AS (SELECT a, $4::integer * interval '1 minute' AS width,"
               "     CASE WHEN $4 < 15 OR ($4 < 60 AND EXISTS (SELECT FROM rollup_hour"
               "       WHERE website_id = (SELECT id FROM site) AND hour > a - interval '1 hour'"
               "       AND hour < closed AND quarters IS NULL)) THEN a ELSE closed END AS b"
               "   FROM cut),"
               " raw AS MATERIALIZED (SELECT validator_id,"
               "     date_bin((SELECT width FROM span), started_at, 'epoch') AS at,"
               "     dns_us, connect_us, tls_us, wait_us, transfer_us FROM website_tick"
               "   WHERE website_id = (SELECT id FROM site) AND outcome = 1"
               "     AND started_at >= (SELECT b FROM span)"
               "     AND tick_span(started_at) >= tick_span((SELECT b FROM span))"
               "     AND tick_span(started_at) >= tick_span(now() - interval '8 days')"
               "     AND tick_span(started_at) < tick_span(now() + interval '1 day')),"
               " point_parts AS (SELECT date_bin((SELECT width FROM span), hour, 'epoch') AS at,"
               "     up AS n, phase_sum_us[1] AS dns, phase_sum_us[2] AS connect,"
               "     phase_sum_us[3] AS tls, phase_sum_us[4] AS wait, phase_sum_us[5] AS transfer"
               "   FROM rollup_hour WHERE $4 >= 60 AND website_id = (SELECT id FROM site)"
               "     AND hour >= (SELECT a FROM span) AND hour < (SELECT b FROM span) AND up > 0"
               "   UNION ALL SELECT at, quarters[i][1], quarters[i][2], quarters[i][3],"
               "     quarters[i][4], quarters[i][5], quarters[i][6] FROM rollup_hour"
               "   CROSS JOIN LATERAL (SELECT i, hour + (i - 1) * interval '15 minutes' AS at"
               "     FROM generate_series(1, 4) AS i) AS quarter"
               "   WHERE $4 < 60 AND website_id = (SELECT id FROM site)"
               "     AND hour > (SELECT a FROM span) - interval '1 hour'"
               "     AND hour < (SELECT b FROM span) AND at >= (SELECT a FROM span)"
               "     AND at < (SELECT b FROM span) AND quarters[i][1] > 0"
               "   UNION ALL SELECT at, count(*), sum(dns_us), sum(connect_us), sum(tls_us),"
               "     sum(wait_us), sum(transfer_us) FROM raw GROUP BY at),"
               " points AS (SELECT at, '\"' || rfc3339(at) || '\"' AS text, sum(n) AS n,"
               "     round(sum(dns) / sum(n)::float8) / 1000 AS dns,"
               "     round(sum(connect) / sum(n)::float8) / 1000 AS connect,"
               "     round(sum(tls) / sum(n)::float8) / 1000 AS tls,"
               "     round(sum(wait) / sum(n)::float8) / 1000 AS wait,"
               "     round(sum(transfer) / sum(n)::float8) / 1000 AS transfer"
               "   FROM point_parts GROUP BY at),"
               " line_parts AS (SELECT validator_id, up AS n, total_us,"
               "     date_bin((SELECT width FROM span), hour, 'epoch') AS at"
               "   FROM rollup_validator_hour WHERE $4 >= 60"
               "     AND website_id = (SELECT id FROM site)"
               "     AND hour >= (SELECT a FROM span) AND hour < (SELECT b FROM span)"
               "   UNION ALL SELECT validator_id, quarters[i][1], quarters[i][2], at"
               "   FROM rollup_validator_hour"
               "   CROSS JOIN LATERAL (SELECT i, hour + (i - 1) * interval '15 minutes' AS at"
               "     FROM generate_series(1, 4) AS i) AS quarter"
               "   WHERE $4 < 60 AND website_id = (SELECT id FROM site)"
               "     AND hour > (SELECT a FROM span) - interval '1 hour'"
               "     AND hour < (SELECT b FROM span) AND at >= (SELECT a FROM span)"
               "     AND at < (SELECT b FROM span) AND quarters[i][1] > 0"
               "   UNION ALL SELECT validator_id, count(*), sum(dns_us::bigint + connect_us"
               "     + tls_us + wait_us + transfer_us), at FROM raw GROUP BY validator_id, at),"
               " lines AS (SELECT validator_id, string_agg('{\"at\":' || text || ',\"latency\":'"
               "       || ms || '}', ',' ORDER BY at) AS points"
               "   FROM (SELECT validator_id, at,"
               "     round(sum(total_us) / sum(n)::float8) / 1000 AS ms FROM line_parts"
               "     GROUP BY validator_id, at) AS x JOIN points USING (at)"
               "   GROUP BY validator_id)"
               " SELECT '{\"bucketMs\":' || $4 * 60000 || ',\"phases\":[' || coalesce((SELECT"
               "     string_agg('{\"at\":' || text || ',\"dns\":' || dns"
               "       || ',\"connect\":' || connect || ',\"tls\":' || tls"
               "       || ',\"wait\":' || wait || ',\"transfer\":' || transfer"
               "       || ',\"count\":' || n || '}', ',' ORDER BY at) FROM points), '')"
               "   || '],\"validators\":[' || coalesce((SELECT string_agg('{\"validatorId\":\"'"
               "       || key_text(v.key) || '\",\"name\":' || to_json(v.name)"
               "       || ',\"region\":' || coalesce(to_json(nullif(v.region, ''))::text, 'null')"
               "       || ',\"points\":[' || l.points || ']}', ',' ORDER BY v.id)"
               "     FROM lines l JOIN validator v ON v.id = l.validator_id), '')"
               "   || ']}' FROM site",
        .n_params = 4,
};

const PqStatement *const website_views_statements[] = {
        &website_page,
        &website_status,
        &website_latency,
        NULL,
};

static const struct {
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

int website_latency_json(Store *s, const WebsiteView *view, StoreJson callback, void *userdata,
                         StoreCall **ret) {
        PqTransaction *t = begin_view(&website_latency, view);

        if (!t)
                return -ENOMEM;
        pq_int(t, windows[view->window].minutes);
        pq_int(t, windows[view->window].bucket_minutes);
        return store_read_json(s, t, STORE_ANSWER(callback, userdata, ret));
}
