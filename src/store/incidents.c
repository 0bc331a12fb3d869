/* incident and incident_event. */
#include "store/incidents.h"

#include <errno.h>

#include "store/read.h"

static const PqStatement incident_put = {
        .name = "incident_put",
        .sql = "WITH new AS ("
               "  INSERT INTO incident (public_id, organisation_id, website_id, kind, cause,"
               "    opened_at, first_evidence_at)"
               "  SELECT $1, organisation_id, id, $3, $4, $5, $6 FROM website WHERE id = $2"
               "  RETURNING id, opened_at)"
               " INSERT INTO incident_event (incident_id, at, kind, detail)"
               " SELECT id, opened_at, 'opened', $7::jsonb FROM new",
        .n_params = 7,
};

static const PqStatement incident_end = {
        .name = "incident_end",
        .sql = "WITH old AS ("
               "  UPDATE incident SET closed_at = greatest(opened_at, $2)"
               "   WHERE public_id = $1 AND closed_at IS NULL RETURNING id, closed_at)"
               " INSERT INTO incident_event (incident_id, at, kind, detail)"
               " SELECT id, closed_at, 'closed', $3::jsonb FROM old",
        .n_params = 3,
};

static const PqStatement incident_current = {
        .name = "incident_current",
        .sql = "SELECT public_id, website_id, kind, cause, usec(opened_at), "
               "usec(first_evidence_at) FROM incident WHERE closed_at IS NULL"
               " ORDER BY id",
        .n_params = 0,
};

/* Ids are of version 7, so their order is that of time. $4: a website, or NULL for all of them; one
 * that is not the organisation's has no answer at all. */
static const PqStatement incident_page = {
        .name = "incident_page",
        .sql = "WITH site AS (SELECT id FROM website WHERE public_id = $4::uuid"
               "   AND organisation_id = $1 AND removed_at IS NULL),"
               " page AS ("
               "   (SELECT * FROM incident WHERE $4 IS NULL AND organisation_id = $1"
               "     AND public_id < $2 ORDER BY public_id DESC LIMIT $3::integer + 1)"
               "   UNION ALL"
               "   (SELECT * FROM incident WHERE website_id = (SELECT id FROM site)"
               "     AND public_id < $2 ORDER BY public_id DESC LIMIT $3 + 1)),"
               " shown AS (SELECT * FROM page ORDER BY public_id DESC LIMIT $3)"
               " SELECT json_build_object('incidents', (SELECT coalesce(json_agg("
               "   json_build_object('id', i.public_id, 'websiteId', w.public_id, 'url', w.url,"
               "     'kind', i.kind, 'cause', i.cause,"
               "     'state', CASE WHEN i.closed_at IS NULL THEN 'open' ELSE 'closed' END,"
               "     'openedAt', rfc3339(i.opened_at),"
               "     'firstEvidenceAt', rfc3339(i.first_evidence_at),"
               "     'closedAt', rfc3339(i.closed_at)) ORDER BY i.public_id DESC), '[]')"
               "   FROM shown i JOIN website w ON w.id = i.website_id),"
               "  'nextCursor', CASE WHEN (SELECT count(*) FROM page) > $3"
               "     THEN (SELECT public_id FROM shown ORDER BY public_id LIMIT 1) END)"
               " WHERE $4 IS NULL OR EXISTS (SELECT FROM site)",
        .n_params = 4,
};

const PqStatement *const incidents_statements[] = {
        &incident_put, &incident_end, &incident_current, &incident_page, NULL,
};

void incident_open(PqTransaction *t, const IncidentRow *row, const char *detail) {
        pq_add(t, &incident_put);
        pq_uuid(t, &row->id);
        pq_int(t, row->website);
        pq_text(t, row->kind);
        pq_text(t, row->cause);
        pq_time(t, row->opened);
        pq_time(t, row->first_evidence);
        pq_text(t, detail ? detail : "{}");
}

void incident_close(PqTransaction *t, const Uuid *id, usec_t closed, const char *detail) {
        pq_add(t, &incident_end);
        pq_uuid(t, id);
        pq_time(t, closed);
        pq_text(t, detail ? detail : "{}");
}

static int read_incident(const PqResult *result, size_t i, void *ret) {
        IncidentRow *row = ret;

        row->website = (uint32_t)pq_get_int(result, i, 1);
        row->kind = pq_get_text(result, i, 2);
        row->cause = pq_get_text(result, i, 3);
        row->opened = pq_get_time(result, i, 4);
        row->first_evidence = pq_get_time(result, i, 5);
        return pq_get_uuid(result, i, 0, &row->id);
}

STORE_READER(incident_reader, IncidentRow, IncidentRows, read_incident, NULL);

int incidents_load(Store *s, IncidentRows callback, void *userdata, StoreCall **ret) {
        return store_read(s, store_begin(&incident_current), &incident_reader,
                          STORE_ANSWER(callback, userdata, ret));
}

int incidents_page_json(Store *s, const IncidentPage *page, StoreJson callback, void *userdata,
                        StoreCall **ret) {
        static const Uuid last = { { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
                                     255, 255, 255, 255 } };
        PqTransaction *t = store_begin(&incident_page);

        if (!t)
                return -ENOMEM;
        pq_int(t, page->organisation);
        pq_uuid(t, page->after ? page->after : &last);
        pq_int(t, page->limit);
        if (page->website)
                pq_uuid(t, page->website);
        else
                pq_null(t);
        return store_read_json(s, t, STORE_ANSWER(callback, userdata, ret));
}
