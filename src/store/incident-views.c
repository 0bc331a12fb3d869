/* Reads of incident and incident_event; what is shown of an incident stays when its website goes.
 */
#include "store/incident-views.h"

#include <errno.h>

#include "store/read.h"

static const PqStatement incident_whole = {
        .name = "incident_whole",
        .sql = "WITH it AS (SELECT * FROM incident WHERE public_id = $2 AND organisation_id = $1),"
               " page AS (SELECT * FROM incident_event WHERE incident_id = (SELECT id FROM it)"
               "   AND id > $3::bigint ORDER BY id LIMIT $4::integer + 1),"
               " shown AS (SELECT * FROM page ORDER BY id LIMIT $4)"
               " SELECT json_build_object('id', i.public_id, 'websiteId', w.public_id,"
               "   'url', w.url, 'name', nullif(w.name, ''),"
               "   'websiteRemoved', w.removed_at IS NOT NULL,"
               "   'kind', i.kind, 'severity', i.severity, 'cause', i.cause,"
               "   'summary', i.summary, 'regions', i.regions,"
               "   'state', CASE WHEN i.closed_at IS NULL THEN 'open' ELSE 'closed' END,"
               "   'openedAt', rfc3339(i.opened_at),"
               "   'firstEvidenceAt', rfc3339(i.first_evidence_at),"
               "   'lastEvidenceAt', rfc3339(i.last_evidence_at),"
               "   'closedAt', rfc3339(i.closed_at), 'suppressedBy', (SELECT above.public_id"
               "     FROM incident above WHERE above.id = i.suppressed_by),"
               "   'acknowledgedAt', rfc3339(i.acknowledged_at),"
               "   'acknowledgedBy', i.acknowledged_by, 'assignee', u.email,"
               "   'events', (SELECT coalesce(json_agg(json_build_object("
               "       'at', rfc3339(e.at), 'kind', e.kind, 'actor', e.actor,"
               "       'detail', e.detail) ORDER BY e.id), '[]') FROM shown e),"
               "   'nextCursor', CASE WHEN (SELECT count(*) FROM page) > $4"
               "     THEN (SELECT max(id)::text FROM shown) END)"
               " FROM it i JOIN website w ON w.id = i.website_id"
               " LEFT JOIN app_user u ON u.id = i.assignee_id",
        .n_params = 4,
};

#define ITEM                                                                                       \
        "i.public_id, w.public_id, w.url, i.kind, i.severity, i.summary, i.cause,"                 \
        " coalesce(i.acknowledged_by, ''), coalesce(u.email, ''), usec(i.opened_at),"              \
        " usec(i.first_evidence_at), usec(i.closed_at), usec(i.acknowledged_at)"
#define JOINED                                                                                     \
        " i JOIN website w ON w.id = i.website_id LEFT JOIN app_user u ON u.id = i.assignee_id"

static const PqStatement incident_some = {
        .name = "incident_some",
        .sql = "WITH page AS ("
               "   (SELECT * FROM incident WHERE $1 AND closed_at IS NULL AND public_id < $2"
               "     ORDER BY public_id DESC LIMIT $3)"
               "   UNION ALL"
               "   (SELECT * FROM incident WHERE NOT $1 AND public_id < $2"
               "     ORDER BY public_id DESC LIMIT $3))"
               " SELECT " ITEM " FROM page" JOINED " ORDER BY i.public_id DESC",
        .n_params = 3,
};

static const PqStatement incident_one = {
        .name = "incident_one",
        .sql = "SELECT " ITEM " FROM incident" JOINED " WHERE i.public_id = $1",
        .n_params = 1,
};

static const PqStatement incident_story = {
        .name = "incident_story",
        .sql = "SELECT id, usec(at), kind, coalesce(actor, ''),"
               " coalesce(detail ->> 'text', detail ->> 'assignee', detail ->> 'summary',"
               "   CASE WHEN actor IS NULL AND detail <> '{}' THEN detail::text END, '')"
               " FROM incident_event"
               " WHERE incident_id = (SELECT id FROM incident WHERE public_id = $1) AND id > $2"
               " ORDER BY id LIMIT $3",
        .n_params = 3,
};

const PqStatement *const incident_views_statements[] = {
        &incident_whole, &incident_some, &incident_one, &incident_story, NULL,
};

int incident_json(Store *s, const IncidentQuery *view, StoreJson callback, void *userdata,
                  StoreCall **ret) {
        PqTransaction *t = store_begin(&incident_whole);

        if (!t)
                return -ENOMEM;
        pq_int(t, view->organisation);
        pq_uuid(t, &view->id);
        pq_int(t, (int64_t)view->after);
        pq_int(t, view->limit);
        return store_read_json(s, t, STORE_ANSWER(callback, userdata, ret));
}

/* Rows -------------------------------------------------------------------------------------------
 */

static int read_item(const PqResult *result, size_t i, void *ret) {
        IncidentItem *row = ret;
        int r;

        row->url = pq_get_text(result, i, 2);
        row->kind = pq_get_text(result, i, 3);
        row->severity = pq_get_text(result, i, 4);
        row->summary = pq_get_text(result, i, 5);
        row->cause = pq_get_text(result, i, 6);
        row->acknowledged_by = pq_get_text(result, i, 7);
        row->assignee = pq_get_text(result, i, 8);
        row->opened = pq_get_time(result, i, 9);
        row->first_evidence = pq_get_time(result, i, 10);
        row->closed = pq_get_time(result, i, 11);
        row->acknowledged = pq_get_time(result, i, 12);
        r = pq_get_uuid(result, i, 0, &row->id);
        return r < 0 ? r : pq_get_uuid(result, i, 1, &row->website);
}

STORE_READER(item_reader, IncidentItem, IncidentItems, read_item, NULL);

int incidents_some(Store *s, const IncidentList *list, IncidentItems callback, void *userdata,
                   StoreCall **ret) {
        static const Uuid last = { { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
                                     255, 255, 255, 255 } };
        PqTransaction *t = store_begin(&incident_some);

        if (!t)
                return -ENOMEM;
        pq_bool(t, list->open);
        pq_uuid(t, list->page.after ? list->page.after : &last);
        pq_int(t, list->page.limit);
        return store_read(s, t, &item_reader, STORE_ANSWER(callback, userdata, ret));
}

static void deliver_one(StoreCallback f, int r, const void *rows, size_t n, void *userdata) {
        ((IncidentItems)f)(r == 0 && n == 0 ? -ENOENT : r, rows, n, userdata);
}

static const StoreReader one_item_reader = {
        .size = sizeof(IncidentItem),
        .row = read_item,
        .deliver = deliver_one,
};

int incident_find(Store *s, const Uuid *id, IncidentItems callback, void *userdata,
                  StoreCall **ret) {
        PqTransaction *t = store_begin(&incident_one);

        if (!t)
                return -ENOMEM;
        pq_uuid(t, id);
        return store_read(s, t, &one_item_reader, STORE_ANSWER(callback, userdata, ret));
}

static int read_entry(const PqResult *result, size_t i, void *ret) {
        *(IncidentEntry *)ret = (IncidentEntry){
                .number = (uint64_t)pq_get_int(result, i, 0),
                .at = pq_get_time(result, i, 1),
                .kind = pq_get_text(result, i, 2),
                .actor = pq_get_text(result, i, 3),
                .text = pq_get_text(result, i, 4),
        };
        return 0;
}

STORE_READER(entry_reader, IncidentEntry, IncidentEntries, read_entry, NULL);

int incident_entries(Store *s, const IncidentQuery *view, IncidentEntries callback, void *userdata,
                     StoreCall **ret) {
        PqTransaction *t = store_begin(&incident_story);

        if (!t)
                return -ENOMEM;
        pq_uuid(t, &view->id);
        pq_int(t, (int64_t)view->after);
        pq_int(t, view->limit);
        return store_read(s, t, &entry_reader, STORE_ANSWER(callback, userdata, ret));
}
