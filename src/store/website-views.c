/* One query per answer. Ticks are read by (website, time), newest first and a fixed number of them,
 * so neither the number of ticks nor that of partitions matters. */
#include "store/website-views.h"

#include <errno.h>

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

const PqStatement *const website_views_statements[] = {
        &website_page,
        &website_status,
        NULL,
};

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

int website_status_json(Store *s, const WebsiteView *view, StoreJson callback, void *userdata,
                        StoreCall **ret) {
        PqTransaction *t = store_begin(&website_status);

        if (!t)
                return -ENOMEM;
        pq_int(t, view->organisation);
        pq_uuid(t, &view->id);
        return store_read_json(s, t, STORE_ANSWER(callback, userdata, ret));
}
