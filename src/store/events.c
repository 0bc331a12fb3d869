/* event: small, and read again after every reconnect. */
#include "store/events.h"

#include <errno.h>

#include "store/read.h"

static const PqStatement event_insert = {
        .name = "event_insert",
        .sql = "INSERT INTO event (commit_no, ordinal, organisation_id, kind, payload)"
               " VALUES ($1, $2, nullif($3::integer, 0), $4, $5::jsonb)",
        .n_params = 5,
};

/* hub_state remembers how far pruning came, so that a reader knows what it can resume from. */
static const PqStatement event_prune = {
        .name = "event_prune",
        .sql = "WITH old AS (DELETE FROM event WHERE at < now() - interval '24 hours'"
               "   RETURNING commit_no)"
               " UPDATE hub_state SET pruned_no = greatest(pruned_no,"
               "   (SELECT max(commit_no) FROM old))",
        .n_params = 0,
};

static const PqStatement event_after = {
        .name = "event_after",
        .sql = "SELECT commit_no, ordinal, coalesce(organisation_id, 0), kind, payload FROM event"
               " WHERE commit_no > $1 ORDER BY commit_no, ordinal LIMIT $2",
        .n_params = 2,
};

static const PqStatement event_bounds = {
        .name = "event_bounds",
        .sql = "SELECT pruned_no, commit_no FROM hub_state",
        .n_params = 0,
};

const PqStatement *const events_statements[] = {
        &event_insert, &event_prune, &event_after, &event_bounds, NULL,
};

void event_put(PqTransaction *t, const EventRow *row) {
        pq_add(t, &event_insert);
        pq_int(t, (int64_t)row->commit_no);
        pq_int(t, row->ordinal);
        pq_int(t, row->organisation);
        pq_text(t, row->kind);
        pq_text(t, row->payload);
}

void events_prune(PqTransaction *t) {
        pq_add(t, &event_prune);
}

static int read_event(const PqResult *result, size_t i, void *ret) {
        *(EventRow *)ret = (EventRow){
                .commit_no = (uint64_t)pq_get_int(result, i, 0),
                .ordinal = (uint32_t)pq_get_int(result, i, 1),
                .organisation = (uint32_t)pq_get_int(result, i, 2),
                .kind = pq_get_text(result, i, 3),
                .payload = pq_get_text(result, i, 4),
        };
        return 0;
}

STORE_READER(event_reader, EventRow, EventRows, read_event, NULL);

int events_load(Store *s, const EventFeed *feed, EventRows callback, void *userdata,
                StoreCall **ret) {
        PqTransaction *t = store_begin(&event_after);

        if (!t)
                return -ENOMEM;
        pq_int(t, (int64_t)feed->after);
        pq_int(t, feed->limit);
        return store_read(s, t, &event_reader, STORE_ANSWER(callback, userdata, ret));
}

static int read_bounds(const PqResult *result, size_t i, void *ret) {
        *(EventBounds *)ret = (EventBounds){
                .resumable = (uint64_t)pq_get_int(result, i, 0),
                .newest = (uint64_t)pq_get_int(result, i, 1),
        };
        return 0;
}

STORE_READER(bounds_reader, EventBounds, EventBoundsRows, read_bounds, NULL);

int event_bounds_load(Store *s, EventBoundsRows callback, void *userdata, StoreCall **ret) {
        return store_read(s, store_begin(&event_bounds), &bounds_reader,
                          STORE_ANSWER(callback, userdata, ret));
}
