/* alert_outbox and alert_delivery. */
#include "store/alert-outbox.h"

#include <errno.h>
#include <string.h>

#include "store/column.h"
#include "store/read.h"

static const PqStatement remind = {
        .name = "alert_remind",
        .sql = "SELECT alert_remind($1)",
        .n_params = 1,
};

static const PqStatement take = {
        .name = "alert_take",
        .sql = "SELECT alert_take_due($1)",
        .n_params = 1,
};

/* Of each channel some, through the index by channel; then some of all. What became of an incident
 * waits for what is still to be told of it, by itself or by a digest: nobody hears last that it
 * began. */
#define DUE_OF(WHICH, MOST, MOST_CHANNEL)                                                          \
        "(SELECT o.id, o.public_id, c.public_id, o.kind, o.payload, c.kind, c.name, c.settings,"   \
        "   c.secret, coalesce(c.former_until > now(), false), o.tries, c.failures,"               \
        "   greatest(usec($1) - usec(o.taken_at), 0),"                                             \
        "   CASE WHEN c.former_until > now() THEN c.former_secret END,"                            \
        "   jsonb_build_object('to', o.served)"                                                    \
        "  FROM alert_channel c, LATERAL (SELECT * FROM alert_outbox x"                            \
        "    WHERE channel_id = c.id AND state = 'pending' AND taken_at IS NOT NULL"               \
        "      AND id <> ALL ($2::bigint[]) AND (next_try_at IS NULL OR next_try_at <= $1)"        \
        "      AND NOT alert_has_former(x)"                                                        \
        "    ORDER BY next_try_at NULLS FIRST, id LIMIT " MOST_CHANNEL ") o"                       \
        "  WHERE c.removed_at IS NULL AND c.enabled AND c.failures " WHICH                         \
        "  ORDER BY o.next_try_at NULLS FIRST, o.id LIMIT " MOST ")"

static const PqStatement due = {
        .name = "alert_due",
        .sql = DUE_OF("= 0", "$3", "$5") " UNION ALL " DUE_OF("> 0", "$4", "1"),
        .n_params = 5,
};

static const PqStatement settle = {
        .name = "alert_settle",
        .sql = "SELECT alert_settle($1, $2, $3, $4, $5, $6, $7)",
        .n_params = 7,
};

/* Of one that is to be tried again, after the above, which takes the channel's lock first. */
static const PqStatement serve = {
        .name = "alert_serve",
        .sql = "UPDATE alert_outbox SET served = served || $2::jsonb WHERE id = $1",
        .n_params = 2,
};

/* What was put at the moment at which its channel went was not seen by whoever dropped the rest. */
static const PqStatement drop_orphans = {
        .name = "alert_drop_orphans",
        .sql = "UPDATE alert_outbox SET state = 'dropped', done_at = now(),"
               "   last_error = 'the channel was removed or disabled'"
               " WHERE id IN (SELECT o.id FROM alert_channel c"
               "   JOIN alert_outbox o ON o.channel_id = c.id AND o.state = 'pending'"
               "   WHERE c.removed_at IS NOT NULL OR NOT c.enabled FOR UPDATE OF o SKIP LOCKED)",
};

static const PqStatement prune = {
        .name = "alert_prune",
        .sql = "DELETE FROM alert_outbox WHERE id IN (SELECT id FROM alert_outbox"
               "  WHERE done_at < now() - $1 * interval '1 day' ORDER BY done_at LIMIT 10000)",
        .n_params = 1,
};

static const PqStatement log_some = {
        .name = "alert_log_some",
        .sql = "SELECT o.public_id, c.name, o.kind, coalesce(o.payload->>'url', ''), o.state,"
               " CASE WHEN o.state = 'grouped' THEN 'told by ' || coalesce((SELECT public_id"
               "     FROM alert_outbox WHERE id = o.told_by)::text, 'what is gone')"
               "   ELSE o.last_error END, o.tries, usec(o.created_at),"
               " CASE WHEN o.state = 'pending' THEN usec(o.next_try_at) END, usec(o.done_at)"
               " FROM alert_outbox o JOIN alert_channel c ON c.id = o.channel_id"
               " WHERE ($1::text IS NULL OR o.state = $1)"
               " AND ($2::uuid IS NULL"
               "   OR o.id < (SELECT id FROM alert_outbox WHERE public_id = $2))"
               " ORDER BY o.id DESC LIMIT $3",
        .n_params = 3,
};

static const PqStatement test_put = {
        .name = "alert_test_put",
        .sql = "SELECT channel_test($1, $2, $4, $3)",
        .n_params = 4,
};

static const PqStatement replay = {
        .name = "alert_replay",
        .sql = "SELECT alert_again($1, $2, $3)",
        .n_params = 3,
};

const PqStatement *const alert_outbox_statements[] = {
        &remind, &take,     &due,      &settle, &serve, &drop_orphans,
        &prune,  &log_some, &test_put, &replay, NULL,
};

static int read_due(const PqResult *result, size_t i, void *ret) {
        AlertDueRow *row = ret;
        int r;

        row->row = (uint64_t)pq_get_int(result, i, 0);
        row->kind = pq_get_text(result, i, 3);
        row->payload = pq_get_text(result, i, 4);
        row->channel_kind = pq_get_text(result, i, 5);
        row->channel_name = pq_get_text(result, i, 6);
        row->settings = pq_get_text(result, i, 7);
        row->former_good = pq_get_bool(result, i, 9);
        row->tries = (unsigned)pq_get_int(result, i, 10);
        row->failures = (unsigned)pq_get_int(result, i, 11);
        row->age = (usec_t)pq_get_int(result, i, 12);
        row->served = pq_get_text(result, i, 14);
        r = pq_get_uuid(result, i, 1, &row->id);
        if (r >= 0)
                r = pq_get_uuid(result, i, 2, &row->channel);
        if (r >= 0 && !pq_is_null(result, i, 8))
                r = store_get_blob(result, i, 8, &row->secret, &row->secret_n);
        if (r >= 0 && !pq_is_null(result, i, 13))
                r = store_get_blob(result, i, 13, &row->former, &row->former_n);
        return r;
}

static void done_due(void *row) {
        free((uint8_t *)((AlertDueRow *)row)->secret);
        free((uint8_t *)((AlertDueRow *)row)->former);
}

STORE_READER(due_reader, AlertDueRow, AlertDueRows, read_due, done_due);

int alerts_due(Store *s, const AlertDue *d, AlertDueRows callback, void *userdata,
               StoreCall **ret) {
        PqTransaction *t = store_begin(d->remind ? &remind : &take);

        if (!t)
                return -ENOMEM;
        pq_time(t, d->now);
        if (d->remind) {
                pq_add(t, &take);
                pq_time(t, d->now);
        }
        pq_add(t, &due);
        pq_time(t, d->now);
        STORE_COLUMN(t, d->but_n, PQ_INT8, pq_int(t, (int64_t)d->but[i]));
        pq_int(t, d->most);
        pq_int(t, d->most_failing);
        pq_int(t, d->most_channel);
        return store_read(s, t, &due_reader, STORE_ANSWER(callback, userdata, ret));
}

bool alert_is_state(const char *name) {
        static const char *const names[] = { "pending", "delivered", "failed", "dropped",
                                             "grouped" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (strcmp(name, names[i]) == 0)
                        return true;
        return false;
}

int alert_settle(Store *s, const AlertEnd *end, StoreDone done, void *userdata, StoreCall **ret) {
        static const char *const states[] = { "pending", "delivered", "failed" };
        PqTransaction *t = store_begin(&settle);

        if (!t)
                return -ENOMEM;
        pq_int(t, (int64_t)end->row);
        pq_text(t, states[end->state]);
        pq_time(t, end->state == ALERT_PENDING ? end->next : USEC_INFINITY);
        pq_int(t, (int64_t)(end->took / USEC_PER_MSEC));
        pq_int(t, end->status);
        pq_text(t, end->error);
        pq_bool(t, end->disable);
        if (end->served) {
                pq_add(t, &serve);
                pq_int(t, (int64_t)end->row);
                pq_text(t, end->served);
        }
        return store_submit(s, t, done, userdata, ret);
}

int alerts_prune(Store *s, unsigned days, StoreDone done, void *userdata, StoreCall **ret) {
        PqTransaction *t = store_begin(&drop_orphans);

        if (!t)
                return -ENOMEM;
        pq_add(t, &prune);
        pq_int(t, days);
        return store_submit(s, t, done, userdata, ret);
}

/* What people see --------------------------------------------------------------------------------
 */

static int read_log(const PqResult *result, size_t i, void *ret) {
        AlertLogRow *row = ret;

        row->channel = pq_get_text(result, i, 1);
        row->kind = pq_get_text(result, i, 2);
        row->url = pq_get_text(result, i, 3);
        row->state = pq_get_text(result, i, 4);
        row->error = pq_get_text(result, i, 5);
        row->tries = (unsigned)pq_get_int(result, i, 6);
        row->created = pq_get_time(result, i, 7);
        row->next = pq_get_time(result, i, 8);
        row->done = pq_get_time(result, i, 9);
        return pq_get_uuid(result, i, 0, &row->id);
}

STORE_READER(log_reader, AlertLogRow, AlertLogRows, read_log, NULL);

int alert_log_page(Store *s, const AlertLogPage *page, AlertLogRows callback, void *userdata,
                   StoreCall **ret) {
        PqTransaction *t;
        Uuid after;

        if (*page->after && uuid_parse(page->after, &after) < 0)
                return -EINVAL;
        t = store_begin(&log_some);
        if (!t)
                return -ENOMEM;
        pq_text(t, page->state);
        if (*page->after)
                pq_uuid(t, &after);
        else
                pq_null(t);
        pq_int(t, page->limit);
        return store_read(s, t, &log_reader, STORE_ANSWER(callback, userdata, ret));
}

static PqTransaction *begin_deed(const PqStatement *statement, const AlertDeed *deed) {
        PqTransaction *t = store_begin(statement);

        if (!t)
                return NULL;
        pq_int(t, deed->organisation);
        pq_uuid(t, &deed->id);
        pq_text(t, deed->actor);
        return t;
}

int alert_test(Store *s, const AlertDeed *deed, StoreDone done, void *userdata, StoreCall **ret) {
        PqTransaction *t = begin_deed(&test_put, deed);

        if (!t)
                return -ENOMEM;
        pq_uuid(t, &deed->test);
        return store_change(s, t, STORE_ANSWER(done, userdata, ret));
}

int alert_replay(Store *s, const AlertDeed *deed, StoreDone done, void *userdata, StoreCall **ret) {
        return store_change(s, begin_deed(&replay, deed), STORE_ANSWER(done, userdata, ret));
}
