/* epoch: secrets in here are revealed a day after the end, and by the hub only. */
#include "store/epochs.h"

#include <errno.h>
#include <stdlib.h>

#include "store/read.h"

static const PqStatement epoch_end = {
        .name = "epoch_end",
        .sql = "UPDATE epoch SET ends_at = $2 WHERE website_id = $1 AND number ="
               "   (SELECT max(number) FROM epoch WHERE website_id = $1)"
               " AND ends_at > $2",
        .n_params = 2,
};

static const PqStatement epoch_insert = {
        .name = "epoch_insert",
        .sql = "INSERT INTO epoch (website_id, number, starts_at, ends_at, n, secret, list,"
               " ranking, eligible_root, asked, caps, rules, unmet)"
               " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, nullif($10, 0), $11, $12, $13)",
        .n_params = 13,
};

static const PqStatement list_put = {
        .name = "eligible_list_put",
        .sql = "INSERT INTO eligible_list (digest, list, used_at) VALUES ($1, $2, $3)"
               " ON CONFLICT (digest) DO UPDATE SET used_at = excluded.used_at",
        .n_params = 3,
};

#define COLUMNS                                                                                    \
        "e.website_id, e.number, usec(e.starts_at), usec(e.ends_at), e.n, e.secret,"               \
        " e.eligible_root, coalesce(e.asked, 0), coalesce(e.caps, ''), coalesce(e.rules, ''),"     \
        " coalesce(e.unmet, false), coalesce(e.list, ''), coalesce(e.ranking, ''),"                \
        " w.public_id"

#define NEWEST(COLUMNS)                                                                            \
        "website w CROSS JOIN LATERAL (SELECT " COLUMNS " FROM epoch"                              \
        "   WHERE website_id = w.id ORDER BY number DESC LIMIT 1) AS e WHERE w.removed_at IS NULL"

static const PqStatement epoch_newest = {
        .name = "epoch_newest",
        .sql = "SELECT " COLUMNS
               ", coalesce(e.eligible, ''), '' FROM " NEWEST("*") " ORDER BY e.website_id",
        .n_params = 0,
};

static const PqStatement list_newest = {
        .name = "eligible_list_newest",
        .sql = "SELECT digest, list FROM eligible_list WHERE digest IN (SELECT list FROM " NEWEST(
                        "list") ")",
        .n_params = 0,
};

static const PqStatement epoch_shown = {
        .name = "epoch_shown",
        .sql = "SELECT " COLUMNS ", coalesce(l.list, e.eligible), coalesce((SELECT "
               "json_agg(json_build_object('seat', o.seat,"
               "   'validator', key_text(o.key), 'epoch', o.epoch::text, 'startsAt',"
               "   usec(o.starts_at)::text, 'removedAt', coalesce(usec(o.removed_at), 0)::text,"
               "   'order', key_text(o.bytes), 'root', key_text(coalesce(o.root, '')),"
               "   'signature', key_text(coalesce(o.signature, '')),"
               "   'path', key_text(coalesce(o.path, ''))) ORDER BY o.seat, o.id)"
               " FROM (SELECT o.*, v.key FROM work_order o JOIN validator v ON v.id ="
               "     o.validator_id WHERE o.website_id = e.website_id AND o.type = 1"
               "     AND o.epoch <= e.number AND (o.removed_at IS NULL OR o.removed_at >"
               "       e.starts_at) ORDER BY o.id LIMIT $3) AS o), '[]')"
               " FROM website w JOIN epoch e ON e.website_id = w.id"
               " LEFT JOIN eligible_list l ON l.digest = e.list"
               " WHERE w.public_id = $1 AND ($2::bigint = 0 OR e.number = $2)"
               " ORDER BY e.number DESC LIMIT 1",
        .n_params = 3,
};

const PqStatement *const epochs_statements[] = {
        &epoch_end, &epoch_insert, &epoch_newest, &epoch_shown, &list_put, &list_newest, NULL,
};

void epoch_put(PqTransaction *t, const EpochRow *row) {
        pq_add(t, &epoch_end);
        pq_int(t, row->website);
        pq_time(t, row->starts);

        pq_add(t, &epoch_insert);
        pq_int(t, row->website);
        pq_int(t, (int64_t)row->number);
        pq_time(t, row->starts);
        pq_time(t, row->ends);
        pq_int(t, row->n);
        pq_bytes(t, row->secret, sizeof(row->secret));
        pq_bytes(t, row->list, sizeof(row->list));
        pq_bytes(t, row->ranking, row->n_ranking);
        pq_bytes(t, row->eligible_root, sizeof(row->eligible_root));
        pq_int(t, row->asked);
        pq_text(t, row->caps);
        pq_text(t, row->rules);
        pq_bool(t, row->unmet);
}

void eligible_list_put(PqTransaction *t, const EligibleListRow *row, usec_t used) {
        pq_add(t, &list_put);
        pq_bytes(t, row->digest, sizeof(row->digest));
        pq_bytes(t, row->list, row->n);
        pq_time(t, used);
}

/* Of an epoch of before there is none. */
static int read_list(const PqResult *result, size_t i, EpochRow *row) {
        int r = store_get_blob(result, i, 12, &row->ranking, &row->n_ranking);

        if (r >= 0 && row->n_ranking > 0)
                r = store_get_bytes(result, i, 11, row->list, sizeof(row->list));
        if (r >= 0)
                r = store_get_blob(result, i, 14, &row->eligible, &row->n_eligible);
        return r;
}

static int read_epoch(const PqResult *result, size_t i, void *ret) {
        EpochRow *row = ret;
        int r;

        row->website = (uint32_t)pq_get_int(result, i, 0);
        row->number = (uint64_t)pq_get_int(result, i, 1);
        row->starts = pq_get_time(result, i, 2);
        row->ends = pq_get_time(result, i, 3);
        row->n = (uint8_t)pq_get_int(result, i, 4);
        row->asked = (uint8_t)pq_get_int(result, i, 7);
        row->caps = pq_get_text(result, i, 8);
        row->rules = pq_get_text(result, i, 9);
        row->unmet = pq_get_bool(result, i, 10);
        row->orders = pq_get_text(result, i, 15);

        r = pq_get_uuid(result, i, 13, &row->public_id);
        if (r >= 0)
                r = store_get_bytes(result, i, 5, row->secret, sizeof(row->secret));
        if (r >= 0)
                r = store_get_bytes(result, i, 6, row->eligible_root, sizeof(row->eligible_root));
        return r < 0 ? r : read_list(result, i, row);
}

static void free_epoch(void *p) {
        EpochRow *row = p;

        free((void *)row->ranking);
        free((void *)row->eligible);
}

STORE_READER(epoch_reader, EpochRow, EpochRows, read_epoch, free_epoch);

/* The one that was asked for. */
static void one_epoch_deliver(StoreCallback f, int r, const void *rows, size_t n, void *userdata) {
        ((EpochRows)f)(r == 0 && n == 0 ? -ENOENT : r, rows, n, userdata);
}

static const StoreReader one_epoch_reader = { sizeof(EpochRow), read_epoch, free_epoch,
                                              one_epoch_deliver };

int epoch_find(Store *s, const EpochQuery *query, EpochRows callback, void *userdata,
               StoreCall **ret) {
        PqTransaction *t = store_begin(&epoch_shown);

        if (t) {
                pq_uuid(t, &query->website);
                pq_int(t, (int64_t)query->number);
                pq_int(t, EPOCH_ORDERS_MAX);
        }
        return store_read(s, t, &one_epoch_reader, STORE_ANSWER(callback, userdata, ret));
}

int epochs_load(Store *s, EpochRows callback, void *userdata, StoreCall **ret) {
        return store_read(s, store_begin(&epoch_newest), &epoch_reader,
                          STORE_ANSWER(callback, userdata, ret));
}

static int read_eligible_list(const PqResult *result, size_t i, void *ret) {
        EligibleListRow *row = ret;
        int r = store_get_bytes(result, i, 0, row->digest, sizeof(row->digest));

        return r < 0 ? r : store_get_blob(result, i, 1, &row->list, &row->n);
}

static void free_eligible_list(void *p) {
        EligibleListRow *row = p;

        free((void *)row->list);
}

STORE_READER(list_reader, EligibleListRow, EligibleListRows, read_eligible_list,
             free_eligible_list);

int eligible_lists_load(Store *s, EligibleListRows callback, void *userdata, StoreCall **ret) {
        return store_read(s, store_begin(&list_newest), &list_reader,
                          STORE_ANSWER(callback, userdata, ret));
}
