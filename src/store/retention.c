/* organisation_retention. */
#include "store/retention.h"

#include <errno.h>

#include "store/read.h"

static const PqStatement retention_some = {
        .name = "retention_some",
        .sql = "SELECT o.public_id, o.name, coalesce(r.days_raw, 0), coalesce(r.days_hour, 0)"
               " FROM organisation o LEFT JOIN organisation_retention r ON r.organisation_id = o.id"
               " WHERE o.public_id > $2 AND (NOT $1 OR r.days_raw IS NOT NULL"
               "   OR r.days_hour IS NOT NULL)"
               " ORDER BY o.public_id LIMIT $3",
        .n_params = 3,
};

static const PqStatement retention_set = {
        .name = "retention_set",
        .sql = "WITH o AS (SELECT id, public_id FROM organisation WHERE public_id = $1),"
               " own AS (INSERT INTO organisation_retention AS r"
               "   SELECT id, CASE WHEN $2::text = 'raw' THEN nullif($3::integer, 0) END,"
               "     CASE WHEN $2 = 'hour' THEN nullif($3, 0) END FROM o"
               "   ON CONFLICT (organisation_id) DO UPDATE SET"
               "     days_raw = CASE WHEN $2 = 'raw' THEN excluded.days_raw ELSE r.days_raw END,"
               "     days_hour = CASE WHEN $2 = 'hour' THEN excluded.days_hour"
               "       ELSE r.days_hour END)"
               " INSERT INTO audit_log (actor, organisation_id, action, object, detail)"
               " SELECT $4, id, 'organisation.keep', public_id::text,"
               "   jsonb_build_object('level', $2::text, 'days', nullif($3, 0)) FROM o",
        .n_params = 4,
};

const PqStatement *const retention_statements[] = { &retention_some, &retention_set, NULL };

static int read_row(const PqResult *result, size_t i, void *ret) {
        RetentionRow *row = ret;

        row->name = pq_get_text(result, i, 1);
        row->days_raw = (uint32_t)pq_get_int(result, i, 2);
        row->days_hour = (uint32_t)pq_get_int(result, i, 3);
        return pq_get_uuid(result, i, 0, &row->organisation);
}

STORE_READER(row_reader, RetentionRow, RetentionRows, read_row, NULL);

int retention_page(Store *s, const RetentionPage *page, RetentionRows callback, void *userdata,
                   StoreCall **ret) {
        PqTransaction *t = store_begin(&retention_some);

        if (!t)
                return -ENOMEM;
        pq_bool(t, page->own);
        store_put_after(t, page->ids.after);
        pq_int(t, page->ids.limit);
        return store_read(s, t, &row_reader, STORE_ANSWER(callback, userdata, ret));
}

int retention_change(Store *s, const RetentionChange *change, StoreDone done, void *userdata,
                     StoreCall **ret) {
        PqTransaction *t = store_begin(&retention_set);

        if (!t)
                return -ENOMEM;
        pq_uuid(t, &change->organisation);
        pq_text(t, change->level);
        pq_int(t, change->days);
        pq_text(t, change->actor);
        return store_change(s, t, STORE_ANSWER(done, userdata, ret));
}
