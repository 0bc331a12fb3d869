/* maintenance: functions of the database decide what may be a window and when it is on. */
#include "store/maintenance.h"

#include <errno.h>

#include "store/read.h"

/* One row a span: those of a website's own list are one, and so are those of its organisation. */
static const PqStatement maintenance_coming = {
        .name = "maintenance_coming",
        .sql = "SELECT organisation_id, website, usec(lower(span)), usec(upper(span)) FROM ("
               "  SELECT w.organisation_id, website,"
               "    unnest(range_agg(tstzrange(w.starts_at, w.ends_at))) AS span"
               "  FROM maintenance_windows($1, $2) w JOIN maintenance m ON m.id = w.maintenance_id,"
               "    unnest(coalesce(m.website_ids, '{0}')) website"
               "  GROUP BY w.organisation_id, website) AS spans"
               " ORDER BY organisation_id, website, span",
        .n_params = 2,
};

static const PqStatement maintenance_put = {
        .name = "maintenance_put",
        .sql = "SELECT maintenance_add($1, $2, $3, string_to_array($4, ',')::uuid[], $5, $6, $7,"
               " $8, $9, $10)",
        .n_params = 10,
};

static const PqStatement maintenance_end = {
        .name = "maintenance_end",
        .sql = "WITH gone AS ("
               "  DELETE FROM maintenance WHERE public_id = $1"
               "     AND ($2::integer = 0 OR organisation_id = $2)"
               "  RETURNING public_id, organisation_id)"
               " INSERT INTO audit_log (actor, organisation_id, action, object)"
               " SELECT $3, organisation_id, 'maintenance.remove', public_id::text FROM gone",
        .n_params = 3,
};

static const PqStatement maintenance_some = {
        .name = "maintenance_some",
        .sql = "SELECT m.public_id, m.title, coalesce((SELECT string_agg(w.public_id::text, ','"
               "   ORDER BY w.public_id) FROM website w WHERE w.id = ANY (m.website_ids)), ''),"
               " coalesce(m.cron, ''), coalesce(m.time_zone, ''), coalesce(m.duration_ms, 0),"
               " usec(coalesce(m.starts_at, n.starts_at)), usec(coalesce(m.ends_at, n.ends_at))"
               " FROM maintenance m"
               " LEFT JOIN LATERAL maintenance_next(m, now(), 1) n ON m.cron IS NOT NULL"
               " WHERE m.public_id > $1 ORDER BY m.public_id LIMIT $2",
        .n_params = 2,
};

/* $2: a website, or NULL for all of them; one that is not the organisation's has no answer. */
static const PqStatement maintenance_list = {
        .name = "maintenance_list",
        .sql = "SELECT json_build_object('maintenance', (SELECT coalesce(json_agg("
               "  json_build_object('id', m.public_id, 'websiteIds', CASE WHEN m.website_ids IS"
               "    NOT NULL THEN (SELECT coalesce(json_agg(w.public_id ORDER BY w.public_id),"
               "      '[]') FROM website w WHERE w.id = ANY (m.website_ids)"
               "        AND w.removed_at IS NULL) END,"
               "   'title', m.title, 'from', rfc3339(m.starts_at), 'until', rfc3339(m.ends_at),"
               "   'cron', m.cron, 'durationMs', m.duration_ms, 'timeZone', m.time_zone,"
               "   'next', (SELECT coalesce(json_agg(json_build_object("
               "       'from', rfc3339(n.starts_at), 'until', rfc3339(n.ends_at))"
               "       ORDER BY n.starts_at), '[]') FROM maintenance_next(m, now(), 3) n))"
               "   ORDER BY m.public_id), '[]')"
               "  FROM maintenance m WHERE ($1::integer = 0 OR m.organisation_id = $1)"
               "   AND ($2::uuid IS NULL OR m.organisation_id = site.organisation_id"
               "     AND (m.website_ids IS NULL OR site.id = ANY (m.website_ids)))))"
               " FROM (SELECT 1) AS one LEFT JOIN website site ON site.public_id = $2"
               "   AND ($1 = 0 OR site.organisation_id = $1) AND site.removed_at IS NULL"
               " WHERE $2 IS NULL OR site.id IS NOT NULL",
        .n_params = 2,
};

const PqStatement *const maintenance_statements[] = {
        &maintenance_coming, &maintenance_put, &maintenance_end, &maintenance_some, NULL,
};

const PqStatement *const maintenance_views_statements[] = { &maintenance_list, NULL };

static int read_span(const PqResult *result, size_t i, void *ret) {
        *(MaintenanceSpan *)ret = (MaintenanceSpan){
                .organisation = (uint32_t)pq_get_int(result, i, 0),
                .website = (uint32_t)pq_get_int(result, i, 1),
                .from = (usec_t)pq_get_int(result, i, 2),
                .until = (usec_t)pq_get_int(result, i, 3),
        };
        return 0;
}

STORE_READER(span_reader, MaintenanceSpan, MaintenanceSpans, read_span, NULL);

int maintenance_load(Store *s, const MaintenancePeriod *period, MaintenanceSpans callback,
                     void *userdata, StoreCall **ret) {
        PqTransaction *t = store_begin(&maintenance_coming);

        if (!t)
                return -ENOMEM;
        pq_time(t, period->from);
        pq_time(t, period->until);
        return store_read(s, t, &span_reader, STORE_ANSWER(callback, userdata, ret));
}

int maintenance_add(Store *s, const MaintenanceAdd *add, StoreDone done, void *userdata,
                    StoreCall **ret) {
        PqTransaction *t = store_begin(&maintenance_put);

        if (!t)
                return -ENOMEM;
        pq_int(t, add->organisation);
        pq_uuid(t, &add->id);
        pq_text(t, add->title ? add->title : "");
        pq_text(t, add->websites);
        pq_text(t, add->from);
        pq_text(t, add->until);
        pq_text(t, add->cron);
        if (add->duration_ms > 0)
                pq_int(t, (int64_t)add->duration_ms);
        else
                pq_null(t);
        pq_text(t, add->time_zone);
        pq_text(t, add->actor);
        return store_submit(s, t, done, userdata, ret);
}

int maintenance_remove(Store *s, const MaintenanceRemove *remove, StoreDone done, void *userdata,
                       StoreCall **ret) {
        PqTransaction *t = store_begin(&maintenance_end);

        if (!t)
                return -ENOMEM;
        pq_uuid(t, &remove->id);
        pq_int(t, remove->organisation);
        pq_text(t, remove->actor);
        return store_change(s, t, STORE_ANSWER(done, userdata, ret));
}

static int read_row(const PqResult *result, size_t i, void *ret) {
        MaintenanceRow *row = ret;

        row->title = pq_get_text(result, i, 1);
        row->websites = pq_get_text(result, i, 2);
        row->cron = pq_get_text(result, i, 3);
        row->time_zone = pq_get_text(result, i, 4);
        row->duration_ms = (uint64_t)pq_get_int(result, i, 5);
        row->from = pq_get_time(result, i, 6);
        row->until = pq_get_time(result, i, 7);
        return pq_get_uuid(result, i, 0, &row->id);
}

STORE_READER(row_reader, MaintenanceRow, MaintenanceRows, read_row, NULL);

int maintenance_page(Store *s, const StorePage *page, MaintenanceRows callback, void *userdata,
                     StoreCall **ret) {
        PqTransaction *t = store_begin(&maintenance_some);

        if (!t)
                return -ENOMEM;
        store_put_after(t, page->after);
        pq_int(t, page->limit);
        return store_read(s, t, &row_reader, STORE_ANSWER(callback, userdata, ret));
}

int maintenance_json(Store *s, const MaintenanceView *view, StoreJson callback, void *userdata,
                     StoreCall **ret) {
        PqTransaction *t = store_begin(&maintenance_list);

        if (!t)
                return -ENOMEM;
        pq_int(t, view->organisation);
        if (view->website)
                pq_uuid(t, view->website);
        else
                pq_null(t);
        return store_read_json(s, t, STORE_ANSWER(callback, userdata, ret));
}
