/* The functions of sql/022-people.sql: each takes its turn, so revisions become visible in order.
 */
#include "store/incident-deeds.h"

#include <errno.h>
#include <string.h>

#include "store/read.h"

const TextRule incident_title_rule = { "A title", 200, false };
const TextRule incident_text_rule = { "A text", 2000, true };
const TextRule incident_note_rule = { "A note", 2000, true };

static const PqStatement acknowledge = {
        .name = "incident_acknowledge",
        .sql = "SELECT outcome, $2::uuid FROM incident_acknowledge($1, $2, $3) AS outcome",
        .n_params = 3,
};

static const PqStatement note = {
        .name = "incident_note",
        .sql = "SELECT outcome, $2::uuid FROM incident_note($1, $2, $4, $3) AS outcome",
        .n_params = 4,
};

static const PqStatement assign = {
        .name = "incident_assign",
        .sql = "SELECT outcome, $2::uuid FROM incident_assign($1, $2, $4, $3) AS outcome",
        .n_params = 4,
};

static const PqStatement resolve = {
        .name = "incident_resolve",
        .sql = "SELECT outcome, $2::uuid FROM incident_resolve($1, $2, $3) AS outcome",
        .n_params = 3,
};

static const PqStatement report_put = {
        .name = "incident_report",
        .sql = "SELECT outcome, incident_id FROM incident_report($1, $2, $3, $4, $5, $6)",
        .n_params = 6,
};

/* What the incident is now, what happened, and what it says of itself. */
static const PqStatement deeds_after = {
        .name = "incident_deeds",
        .sql = "SELECT e.revision, i.organisation_id, 'incident.' || e.kind,"
               " jsonb_build_object('id', i.public_id, 'websiteId', w.public_id, 'url', w.url,"
               "   'kind', i.kind, 'cause', i.cause, 'severity', i.severity,"
               "   'summary', i.summary, 'openedAt', rfc3339(i.opened_at),"
               "   'closedAt', rfc3339(i.closed_at),"
               "   'acknowledgedAt', rfc3339(i.acknowledged_at),"
               "   'at', rfc3339(e.at), 'actor', e.actor) || e.detail,"
               " i.public_id, w.public_id, w.url, i.kind, i.cause, usec(e.at)"
               " FROM (SELECT * FROM incident_event WHERE revision > $1"
               "   ORDER BY revision LIMIT $2) e"
               " JOIN incident i ON i.id = e.incident_id"
               " JOIN website w ON w.id = i.website_id"
               " ORDER BY e.revision",
        .n_params = 2,
};

static const PqStatement deeds_mark = {
        .name = "hub_deeds_told",
        .sql = "UPDATE hub_state SET deed_revision = $1",
        .n_params = 1,
};

const PqStatement *const incident_deeds_statements[] = {
        &acknowledge, &note, &assign, &resolve, &report_put, &deeds_after, &deeds_mark, NULL,
};

/* Doing ------------------------------------------------------------------------------------------
 */

static const struct {
        const char *name, *refusal;
} outcomes[_DEED_OUTCOME_MAX] = {
        [DEED_CLOSED] = { "closed", "This incident is closed: only open ones are acknowledged" },
        [DEED_DONE] = { "done", NULL },
        [DEED_FULL] = { "full", "People wrote 1000 entries into this timeline: it takes no more" },
        [DEED_JUDGED] = { "judged",
                          "Checks opened this incident, and close it: only those that people"
                          " reported are resolved by people" },
        [DEED_OPEN] = { "open",
                        "An incident that people reported of this website is open already" },
        [DEED_SAME] = { "same", NULL },
        [DEED_STRANGER] = { "stranger", "Nobody of this organisation has this address" },
};

const char *deed_refusal(DeedOutcome o) {
        return outcomes[o].refusal;
}

static int read_result(const PqResult *result, size_t i, void *ret) {
        DeedResult *row = ret;
        const char *name = pq_get_text(result, i, 0);

        for (int o = 0; o < _DEED_OUTCOME_MAX; o++)
                if (strcmp(outcomes[o].name, name) == 0) {
                        row->outcome = (DeedOutcome)o;
                        return pq_get_uuid(result, i, 1, &row->incident);
                }
        return -EBADMSG;
}

static void deliver_one(StoreCallback f, int r, const void *rows, size_t n, void *userdata) {
        ((DeedResults)f)(r == 0 && n == 0 ? -ENOENT : r, rows, n, userdata);
}

static const StoreReader result_reader = {
        .size = sizeof(DeedResult),
        .row = read_result,
        .deliver = deliver_one,
};

static PqTransaction *begin(const PqStatement *statement, const IncidentDeed *deed) {
        PqTransaction *t = store_begin(statement);

        if (!t)
                return NULL;
        pq_int(t, deed->organisation);
        pq_uuid(t, &deed->incident);
        pq_text(t, deed->actor);
        if (statement->n_params > 3)
                pq_text(t, deed->text);
        return t;
}

int deed_acknowledge(Store *s, const IncidentDeed *deed, DeedResults callback, void *userdata,
                     StoreCall **ret) {
        return store_read(s, begin(&acknowledge, deed), &result_reader,
                          STORE_ANSWER(callback, userdata, ret));
}

int deed_note(Store *s, const IncidentDeed *deed, DeedResults callback, void *userdata,
              StoreCall **ret) {
        return store_read(s, begin(&note, deed), &result_reader,
                          STORE_ANSWER(callback, userdata, ret));
}

int deed_assign(Store *s, const IncidentDeed *deed, DeedResults callback, void *userdata,
                StoreCall **ret) {
        return store_read(s, begin(&assign, deed), &result_reader,
                          STORE_ANSWER(callback, userdata, ret));
}

int deed_resolve(Store *s, const IncidentDeed *deed, DeedResults callback, void *userdata,
                 StoreCall **ret) {
        return store_read(s, begin(&resolve, deed), &result_reader,
                          STORE_ANSWER(callback, userdata, ret));
}

int deed_report(Store *s, const IncidentReport *report, DeedResults callback, void *userdata,
                StoreCall **ret) {
        PqTransaction *t = store_begin(&report_put);

        if (!t)
                return -ENOMEM;
        pq_int(t, report->organisation);
        pq_uuid(t, &report->incident);
        pq_uuid(t, &report->website);
        pq_text(t, report->title);
        pq_text(t, report->text);
        pq_text(t, report->actor);
        return store_read(s, t, &result_reader, STORE_ANSWER(callback, userdata, ret));
}

/* Telling ----------------------------------------------------------------------------------------
 */

static int read_deed(const PqResult *result, size_t i, void *ret) {
        *(DeedRow *)ret = (DeedRow){
                .revision = (uint64_t)pq_get_int(result, i, 0),
                .organisation = (uint32_t)pq_get_int(result, i, 1),
                .event = pq_get_text(result, i, 2),
                .payload = pq_get_text(result, i, 3),
                .incident = pq_get_text(result, i, 4),
                .website = pq_get_text(result, i, 5),
                .url = pq_get_text(result, i, 6),
                .kind = pq_get_text(result, i, 7),
                .cause = pq_get_text(result, i, 8),
                .at = pq_get_time(result, i, 9),
        };
        return 0;
}

STORE_READER(deed_reader, DeedRow, DeedRows, read_deed, NULL);

int deeds_load(Store *s, uint64_t revision, DeedRows callback, void *userdata, StoreCall **ret) {
        PqTransaction *t = store_begin(&deeds_after);

        if (!t)
                return -ENOMEM;
        pq_int(t, (int64_t)revision);
        pq_int(t, DEEDS_PAGE);
        return store_read(s, t, &deed_reader, STORE_ANSWER(callback, userdata, ret));
}

void deeds_told(PqTransaction *t, uint64_t revision) {
        pq_add(t, &deeds_mark);
        pq_int(t, (int64_t)revision);
}
