/* Reads of alert_channel, alert_outbox and alert_delivery. */
#include "store/alert-views.h"

#include <errno.h>

#include "store/read.h"

#define CHANNEL                                                                                    \
        "json_build_object('id', c.public_id, 'kind', c.kind, 'name', c.name,"                     \
        " 'settings', c.settings, 'sealed', c.sealed, 'filter', c.filter, 'rules', c.rules, "      \
        "'enabled', c.enabled,"                                                                    \
        " 'disabledReason', nullif(c.disabled_reason, ''), 'failures', c.failures,"                \
        " 'failingSince', rfc3339(c.failing_since),"                                               \
        " 'waiting', (SELECT count(*) FROM alert_outbox o"                                         \
        "   WHERE o.channel_id = c.id AND o.state = 'pending'),"                                   \
        " 'refused', c.refused, 'createdAt', rfc3339(c.created_at))"

static const PqStatement channel_page = {
        .name = "channel_page",
        .sql = "WITH page AS (SELECT id, public_id FROM alert_channel WHERE organisation_id = $1"
               "   AND public_id > $2 AND removed_at IS NULL"
               "   ORDER BY public_id LIMIT $3::integer + 1),"
               " shown AS (SELECT * FROM page ORDER BY public_id LIMIT $3)"
               " SELECT json_build_object('channels', (SELECT coalesce(json_agg(" CHANNEL
               "     ORDER BY c.public_id), '[]')"
               "   FROM alert_channel c JOIN shown USING (id)),"
               "  'nextCursor', CASE WHEN (SELECT count(*) FROM page) > $3"
               "     THEN (SELECT public_id FROM shown ORDER BY public_id DESC LIMIT 1) END)",
        .n_params = 3,
};

static const PqStatement channel_whole = {
        .name = "channel_whole",
        .sql = "SELECT " CHANNEL " FROM alert_channel c"
               " WHERE organisation_id = $1 AND public_id = $2 AND removed_at IS NULL",
        .n_params = 2,
};

static const PqStatement channel_kind = {
        .name = "channel_kind",
        .sql = "SELECT kind FROM alert_channel"
               " WHERE organisation_id = $1 AND public_id = $2 AND removed_at IS NULL",
        .n_params = 2,
};

#define ALERT                                                                                      \
        "'id', o.public_id, 'channelId', c.public_id, 'channelName', c.name,"                      \
        " 'type', o.kind, 'websiteId', o.payload->'websiteId', 'url', o.payload->'url',"           \
        " 'incidentId', o.payload->'incidentId', 'state', o.state,"                                \
        " 'error', nullif(o.last_error, ''), 'tries', o.tries,"                                    \
        " 'createdAt', rfc3339(o.created_at), 'nextTryAt', CASE WHEN o.state = 'pending'"          \
        "   THEN rfc3339(o.next_try_at) END, 'doneAt', rfc3339(o.done_at)"

/* Of each channel its newest, by the index of it; then the newest of all. */
static const PqStatement alert_page = {
        .name = "alert_page",
        .sql = "WITH page AS (SELECT o.* FROM alert_channel c, LATERAL ("
               "     SELECT * FROM alert_outbox WHERE channel_id = c.id"
               "       AND ($4::uuid IS NULL OR id < (SELECT id FROM alert_outbox"
               "         WHERE public_id = $4))"
               "       AND ($3::text IS NULL OR state = $3)"
               "       AND ($5::uuid IS NULL OR incident_id = (SELECT id FROM incident"
               "         WHERE public_id = $5))"
               "     ORDER BY id DESC LIMIT $6::integer + 1) o"
               "   WHERE c.organisation_id = $1 AND ($2::uuid IS NULL OR c.public_id = $2)"
               "   ORDER BY o.id DESC LIMIT $6 + 1),"
               " shown AS (SELECT * FROM page ORDER BY id DESC LIMIT $6)"
               " SELECT json_build_object('alerts', (SELECT coalesce(json_agg("
               "     json_build_object(" ALERT ") ORDER BY o.id DESC), '[]')"
               "   FROM shown o JOIN alert_channel c ON c.id = o.channel_id),"
               "  'nextCursor', CASE WHEN (SELECT count(*) FROM page) > $6"
               "     THEN (SELECT public_id FROM shown ORDER BY id LIMIT 1) END)",
        .n_params = 6,
};

static const PqStatement alert_whole = {
        .name = "alert_whole",
        .sql = "SELECT json_build_object(" ALERT ", 'facts', o.payload,"
               "  'deliveries', (SELECT coalesce(json_agg(json_build_object("
               "      'at', rfc3339(d.at), 'tookMs', d.took_ms, 'ok', d.ok,"
               "      'status', nullif(d.status, 0), 'error', nullif(d.error, '')) ORDER BY d.id),"
               "    '[]') FROM (SELECT * FROM alert_delivery WHERE outbox_id = o.id"
               "      ORDER BY id DESC LIMIT 100) d))"
               " FROM alert_outbox o JOIN alert_channel c ON c.id = o.channel_id"
               " WHERE c.organisation_id = $1 AND o.public_id = $2",
        .n_params = 2,
};

const PqStatement *const alert_views_statements[] = {
        &channel_page, &channel_whole, &channel_kind, &alert_page, &alert_whole, NULL,
};

int channels_page_json(Store *s, const StorePage *page, StoreJson callback, void *userdata,
                       StoreCall **ret) {
        PqTransaction *t = store_begin(&channel_page);

        if (!t)
                return -ENOMEM;
        pq_int(t, page->organisation);
        store_put_after(t, page->after);
        pq_int(t, page->limit);
        return store_read_json(s, t, STORE_ANSWER(callback, userdata, ret));
}

static PqTransaction *begin_view(const PqStatement *statement, const AlertView *view) {
        PqTransaction *t = store_begin(statement);

        if (!t)
                return NULL;
        pq_int(t, view->organisation);
        pq_uuid(t, &view->id);
        return t;
}

int channel_json(Store *s, const AlertView *view, StoreJson callback, void *userdata,
                 StoreCall **ret) {
        return store_read_json(s, begin_view(&channel_whole, view),
                               STORE_ANSWER(callback, userdata, ret));
}

int alert_json(Store *s, const AlertView *view, StoreJson callback, void *userdata,
               StoreCall **ret) {
        return store_read_json(s, begin_view(&alert_whole, view),
                               STORE_ANSWER(callback, userdata, ret));
}

static int read_kind(const PqResult *result, size_t i, void *ret) {
        ((ChannelKindRow *)ret)->kind = pq_get_text(result, i, 0);
        return 0;
}

static void deliver_one(StoreCallback f, int r, const void *rows, size_t n, void *userdata) {
        ((ChannelKindRows)f)(r == 0 && n == 0 ? -ENOENT : r, rows, n, userdata);
}

static const StoreReader kind_reader = {
        .size = sizeof(ChannelKindRow),
        .row = read_kind,
        .deliver = deliver_one,
};

int channel_kind_find(Store *s, const AlertView *view, ChannelKindRows callback, void *userdata,
                      StoreCall **ret) {
        return store_read(s, begin_view(&channel_kind, view), &kind_reader,
                          STORE_ANSWER(callback, userdata, ret));
}

static void put_id(PqTransaction *t, const Uuid *id) {
        if (id)
                pq_uuid(t, id);
        else
                pq_null(t);
}

int alerts_page_json(Store *s, const AlertPage *page, StoreJson callback, void *userdata,
                     StoreCall **ret) {
        PqTransaction *t = store_begin(&alert_page);

        if (!t)
                return -ENOMEM;
        pq_int(t, page->organisation);
        put_id(t, page->channel);
        pq_text(t, page->state);
        put_id(t, page->after);
        put_id(t, page->incident);
        pq_int(t, page->limit);
        return store_read_json(s, t, STORE_ANSWER(callback, userdata, ret));
}
