/* alert_channel. */
#include "store/alert-channels.h"

#include <errno.h>

#include "store/read.h"

#define COLUMNS                                                                                    \
        "c.public_id, c.kind, c.name, c.settings, c.filter, c.enabled, c.disabled_reason,"         \
        " c.failures, (SELECT count(*) FROM alert_outbox o"                                        \
        "   WHERE o.channel_id = c.id AND o.state = 'pending'), c.refused, usec(c.created_at), "   \
        "c.rules, c.operator"

static const PqStatement channel_some = {
        .name = "alert_channel_some",
        .sql = "SELECT " COLUMNS " FROM alert_channel c WHERE public_id > $1"
               " AND removed_at IS NULL ORDER BY public_id LIMIT $2",
        .n_params = 2,
};

static const PqStatement channel_one = {
        .name = "alert_channel_one",
        .sql = "SELECT " COLUMNS ", c.secret FROM alert_channel c WHERE public_id = $1"
               " AND removed_at IS NULL",
        .n_params = 1,
};

static const PqStatement channel_put = {
        .name = "alert_channel_put",
        .sql = "SELECT channel_add($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        .n_params = 9,
};

static const PqStatement channel_end = {
        .name = "alert_channel_end",
        .sql = "SELECT channel_remove($1, $2, $3)",
        .n_params = 3,
};

static const PqStatement channel_enable = {
        .name = "alert_channel_enable",
        .sql = "SELECT channel_enable($1, $2, $3)",
        .n_params = 3,
};

static const PqStatement channel_change = {
        .name = "alert_channel_change",
        .sql = "SELECT channel_change($1, $2, $4, $5, $6, $7, $8, $3)",
        .n_params = 8,
};

static const PqStatement channel_set_operator = {
        .name = "alert_channel_set_operator",
        .sql = "SELECT channel_set_operator($1, $2, $3, $4)",
        .n_params = 4,
};

static const PqStatement channel_rotate = {
        .name = "alert_channel_rotate",
        .sql = "SELECT channel_rotate($1, $2, $4, $3)",
        .n_params = 4,
};

const PqStatement *const alert_channels_statements[] = {
        &channel_some,   &channel_one,          &channel_put,    &channel_end, &channel_enable,
        &channel_change, &channel_set_operator, &channel_rotate, NULL,
};

static int read_channel(const PqResult *result, size_t i, void *ret) {
        AlertChannelRow *row = ret;

        row->kind = pq_get_text(result, i, 1);
        row->name = pq_get_text(result, i, 2);
        row->settings = pq_get_text(result, i, 3);
        row->filter = pq_get_text(result, i, 4);
        row->enabled = pq_get_bool(result, i, 5);
        row->disabled_reason = pq_get_text(result, i, 6);
        row->failures = (uint32_t)pq_get_int(result, i, 7);
        row->waiting = (uint32_t)pq_get_int(result, i, 8);
        row->refused = (uint64_t)pq_get_int(result, i, 9);
        row->created = pq_get_time(result, i, 10);
        row->rules = pq_get_text(result, i, 11);
        row->is_operator = pq_get_bool(result, i, 12);
        return pq_get_uuid(result, i, 0, &row->id);
}

static int read_one(const PqResult *result, size_t i, void *ret) {
        AlertChannelRow *row = ret;
        int r = read_channel(result, i, ret);

        if (r < 0 || pq_is_null(result, i, 13))
                return r;
        return store_get_blob(result, i, 13, &row->secret, &row->secret_n);
}

static void done_one(void *row) {
        free((uint8_t *)((AlertChannelRow *)row)->secret);
}

STORE_READER(channel_reader, AlertChannelRow, AlertChannelRows, read_channel, NULL);

static void deliver_one(StoreCallback f, int r, const void *rows, size_t n, void *userdata) {
        ((AlertChannelRows)f)(r == 0 && n == 0 ? -ENOENT : r, rows, n, userdata);
}

static const StoreReader one_reader = {
        .size = sizeof(AlertChannelRow),
        .row = read_one,
        .done = done_one,
        .deliver = deliver_one,
};

int alert_channels_page(Store *s, const StorePage *page, AlertChannelRows callback, void *userdata,
                        StoreCall **ret) {
        PqTransaction *t = store_begin(&channel_some);

        if (!t)
                return -ENOMEM;
        store_put_after(t, page->after);
        pq_int(t, page->limit);
        return store_read(s, t, &channel_reader, STORE_ANSWER(callback, userdata, ret));
}

int alert_channel_find(Store *s, const Uuid *id, AlertChannelRows callback, void *userdata,
                       StoreCall **ret) {
        PqTransaction *t = store_begin(&channel_one);

        if (!t)
                return -ENOMEM;
        pq_uuid(t, id);
        return store_read(s, t, &one_reader, STORE_ANSWER(callback, userdata, ret));
}

static void put_blob(PqTransaction *t, const uint8_t *bytes, size_t n) {
        if (bytes)
                pq_bytes(t, bytes, n);
        else
                pq_null(t);
}

static PqTransaction *begin_deed(const PqStatement *statement, const AlertChannelDeed *deed) {
        PqTransaction *t = store_begin(statement);

        if (!t)
                return NULL;
        pq_int(t, deed->organisation);
        pq_uuid(t, &deed->id);
        pq_text(t, deed->actor);
        return t;
}

int alert_channel_add(Store *s, const AlertChannelAdd *add, StoreDone done, void *userdata,
                      StoreCall **ret) {
        PqTransaction *t = begin_deed(&channel_put,
                                      &(AlertChannelDeed){ .organisation = add->organisation,
                                                           .id = add->id,
                                                           .actor = add->actor });

        if (!t)
                return -ENOMEM;
        pq_text(t, add->kind);
        pq_text(t, add->name);
        pq_text(t, add->settings);
        pq_text(t, add->filter);
        pq_text(t, add->rules);
        put_blob(t, add->secret, add->secret_n);
        return store_change(s, t, STORE_ANSWER(done, userdata, ret));
}

int alert_channel_remove(Store *s, const AlertChannelDeed *deed, StoreDone done, void *userdata,
                         StoreCall **ret) {
        return store_change(s, begin_deed(&channel_end, deed), STORE_ANSWER(done, userdata, ret));
}

int alert_channel_enable(Store *s, const AlertChannelDeed *deed, StoreDone done, void *userdata,
                         StoreCall **ret) {
        return store_change(s, begin_deed(&channel_enable, deed),
                            STORE_ANSWER(done, userdata, ret));
}

int alert_channel_change(Store *s, const AlertChannelChange *change, StoreDone done, void *userdata,
                         StoreCall **ret) {
        PqTransaction *t = begin_deed(&channel_change, &change->deed);

        if (!t)
                return -ENOMEM;
        pq_text(t, change->name);
        pq_text(t, change->settings);
        pq_text(t, change->filter);
        pq_text(t, change->rules);
        put_blob(t, change->sealed, change->sealed_n);
        return store_change(s, t, STORE_ANSWER(done, userdata, ret));
}

int alert_channel_set_operator(Store *s, const AlertChannelOperator *change, StoreDone done,
                               void *userdata, StoreCall **ret) {
        PqTransaction *t = begin_deed(&channel_set_operator, &change->deed);

        if (!t)
                return -ENOMEM;
        pq_bool(t, change->is_operator);
        return store_change(s, t, STORE_ANSWER(done, userdata, ret));
}

int alert_channel_rotate(Store *s, const AlertChannelSecret *change, StoreDone done, void *userdata,
                         StoreCall **ret) {
        PqTransaction *t = begin_deed(&channel_rotate, &change->deed);

        if (!t)
                return -ENOMEM;
        pq_bytes(t, change->secret, change->secret_n);
        return store_change(s, t, STORE_ANSWER(done, userdata, ret));
}
