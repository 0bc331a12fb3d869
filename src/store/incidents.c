/* incident and incident_event. */
#include "store/incidents.h"

#include <errno.h>

#include "store/column.h"
#include "store/read.h"

static const PqStatement incident_put = {
        .name = "incident_put",
        .sql = "WITH new AS ("
               "  INSERT INTO incident (public_id, organisation_id, website_id, kind, cause,"
               "    opened_at, first_evidence_at, severity, summary, regions, last_evidence_at)"
               "  SELECT $1, organisation_id, id, $3, $4, $5, $6, $8, $9, $10::text[], $11"
               "   FROM website WHERE id = $2"
               "  RETURNING id, opened_at)"
               " INSERT INTO incident_event (incident_id, at, kind, detail)"
               " SELECT id, opened_at, 'opened', $7::jsonb FROM new",
        .n_params = 11,
};

static const PqStatement incident_move = {
        .name = "incident_move",
        .sql = "WITH moved AS ("
               "  UPDATE incident SET cause = $5, severity = $6, summary = $7,"
               "    regions = $8::text[], last_evidence_at = greatest(last_evidence_at, $9)"
               "   WHERE public_id = $1 AND closed_at IS NULL RETURNING id)"
               " INSERT INTO incident_event (incident_id, at, kind, detail)"
               " SELECT id, $3, $2, $4::jsonb FROM moved",
        .n_params = 9,
};

static const PqStatement incident_event_put = {
        .name = "incident_event_put",
        .sql = "INSERT INTO incident_event (incident_id, at, kind, detail)"
               " SELECT id, $3, $2, $4::jsonb FROM incident"
               "  WHERE public_id = $1 AND closed_at IS NULL",
        .n_params = 4,
};

static const PqStatement incident_end = {
        .name = "incident_end",
        .sql = "WITH old AS ("
               "  UPDATE incident SET closed_at = greatest(opened_at, $3),"
               "    last_evidence_at = greatest(last_evidence_at, $5)"
               "   WHERE public_id = $1 AND closed_at IS NULL RETURNING id, closed_at)"
               " INSERT INTO incident_event (incident_id, at, kind, detail)"
               " SELECT id, closed_at, $2, $4::jsonb FROM old",
        .n_params = 5,
};

static const PqStatement incident_current = {
        .name = "incident_current",
        .sql = "SELECT public_id, website_id, kind, cause, usec(opened_at), "
               "usec(first_evidence_at), severity FROM incident"
               " WHERE closed_at IS NULL AND kind <> 'manual'"
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
               "     'kind', i.kind, 'severity', i.severity, 'cause', i.cause,"
               "     'summary', i.summary, 'regions', to_json(i.regions),"
               "     'state', CASE WHEN i.closed_at IS NULL THEN 'open' ELSE 'closed' END,"
               "     'acknowledgedAt', rfc3339(i.acknowledged_at),"
               "     'openedAt', rfc3339(i.opened_at),"
               "     'firstEvidenceAt', rfc3339(i.first_evidence_at),"
               "     'lastEvidenceAt', rfc3339(i.last_evidence_at),"
               "     'closedAt', rfc3339(i.closed_at), 'suppressedBy', (SELECT above.public_id"
               "       FROM incident above WHERE above.id = i.suppressed_by))"
               "     ORDER BY i.public_id DESC), '[]')"
               "   FROM shown i JOIN website w ON w.id = i.website_id),"
               "  'nextCursor', CASE WHEN (SELECT count(*) FROM page) > $3"
               "     THEN (SELECT public_id FROM shown ORDER BY public_id LIMIT 1) END)"
               " WHERE $4 IS NULL OR EXISTS (SELECT FROM site)",
        .n_params = 4,
};

const PqStatement *const incidents_statements[] = {
        &incident_put,  &incident_move, &incident_event_put, &incident_end, &incident_current,
        &incident_page, NULL,
};

/* The last four parameters of who writes them. */
static void add_state(PqTransaction *t, const IncidentRow *row) {
        pq_text(t, row->severity);
        pq_text(t, row->summary ? row->summary : "");
        STORE_COLUMN(t, row->n_regions, PQ_TEXT, pq_text(t, row->regions[i]));
        pq_time(t, row->last_evidence);
}

void incident_open(PqTransaction *t, const IncidentRow *row, const char *detail) {
        pq_add(t, &incident_put);
        pq_uuid(t, &row->id);
        pq_int(t, row->website);
        pq_text(t, row->kind);
        pq_text(t, row->cause);
        pq_time(t, row->opened);
        pq_time(t, row->first_evidence);
        pq_text(t, detail ? detail : "{}");
        add_state(t, row);
}

static void add_change(PqTransaction *t, const PqStatement *statement,
                       const IncidentChange *change) {
        pq_add(t, statement);
        pq_uuid(t, change->id);
        pq_text(t, change->kind);
        pq_time(t, change->at);
        pq_text(t, change->detail ? change->detail : "{}");
}

void incident_change(PqTransaction *t, const IncidentChange *change, const IncidentRow *row) {
        add_change(t, &incident_move, change);
        pq_text(t, row->cause);
        add_state(t, row);
}

void incident_note(PqTransaction *t, const IncidentChange *change) {
        add_change(t, &incident_event_put, change);
}

void incident_close(PqTransaction *t, const IncidentChange *change, usec_t last_evidence) {
        add_change(t, &incident_end, change);
        pq_time(t, last_evidence > 0 ? last_evidence : USEC_INFINITY);
}

static int read_incident(const PqResult *result, size_t i, void *ret) {
        IncidentRow *row = ret;

        row->website = (uint32_t)pq_get_int(result, i, 1);
        row->kind = pq_get_text(result, i, 2);
        row->cause = pq_get_text(result, i, 3);
        row->opened = pq_get_time(result, i, 4);
        row->first_evidence = pq_get_time(result, i, 5);
        row->severity = pq_get_text(result, i, 6);
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
