/* validator: the row is made at the first join and stays. */
#include "store/validators.h"

#include <errno.h>

#include "store/read.h"

#define COLUMNS                                                                                    \
        "v.id, v.key, v.name, v.state, v.operator, v.region, v.asn, array_to_json(v.tags),"        \
        " v.version, host(v.address), v.connected, usec(v.last_connected_at), "                    \
        "usec(v.last_seen_at), usec(v.approved_at), usec(v.steady_at),"                            \
        " array_to_string(v.capabilities, ',')"

#define WITH_BALANCE                                                                               \
        COLUMNS ", coalesce(b.lamports, 0) FROM validator v"                                       \
                " LEFT JOIN validator_balance b ON b.validator_id = v.id"

static const PqStatement validator_all = {
        .name = "validator_all",
        .sql = "SELECT " COLUMNS ", 0 FROM validator v ORDER BY v.id",
        .n_params = 0,
};

static const PqStatement validator_page = {
        .name = "validator_page",
        .sql = "SELECT " WITH_BALANCE " WHERE v.key > $1 AND ($2::text IS NULL OR v.state = $2)"
               " ORDER BY v.key LIMIT $3",
        .n_params = 3,
};

static const PqStatement validator_one = {
        .name = "validator_one",
        .sql = "SELECT " WITH_BALANCE " WHERE v.key = $1",
        .n_params = 1,
};

/* Its commit is not waited for: whatever names the row is committed after it, and the log of the
 * database has one order. Else each of thousands that come back at once costs a sync of the disk.
 */
static const PqStatement validator_upsert = {
        .name = "validator_upsert",
        .sql = "INSERT INTO validator AS v (key, name, version, address, tags, state, approved_at,"
               "   connected, last_connected_at, last_seen_at, capabilities)"
               " VALUES ($1, $2, $3, $4::inet, $5::text[],"
               "   CASE WHEN $6::boolean THEN 'approved' ELSE 'pending' END,"
               "   CASE WHEN $6 THEN now() END, true, $7, $7, $8::text[])"
               " ON CONFLICT (key) DO UPDATE SET name = excluded.name, version = excluded.version,"
               "   address = excluded.address, tags = excluded.tags, connected = true,"
               "   capabilities = excluded.capabilities,"
               "   last_connected_at = excluded.last_connected_at,"
               "   last_seen_at = excluded.last_seen_at,"
               "   steady_at = validator_steady(v.last_connected_at, CASE WHEN v.connected"
               "     THEN excluded.last_connected_at ELSE v.last_seen_at END, v.steady_at)"
               " RETURNING " COLUMNS ", 0, set_config('synchronous_commit', 'off', true)",
        .n_params = 8,
};

static const PqStatement validator_update = {
        .name = "validator_update",
        .sql = "WITH changed AS ("
               "  UPDATE validator SET state = coalesce($2, state),"
               "    operator = coalesce($3, operator), region = coalesce($4, region),"
               "    asn = coalesce(nullif($5::bigint, -1), asn),"
               "    approved_at = CASE WHEN $2 = 'approved' AND state <> 'approved' THEN now()"
               "                  ELSE approved_at END"
               "   WHERE key = $1 RETURNING *),"
               " logged AS ("
               "  INSERT INTO audit_log (actor, action, object, detail)"
               "  SELECT $6, 'validator.set', key_text(key),"
               "    jsonb_build_object('state', state, 'operator', operator, 'region', region,"
               "                       'asn', asn) FROM changed)"
               " SELECT " COLUMNS ", 0 FROM changed v",
        .n_params = 6,
};

static const PqStatement validator_gone = {
        .name = "validator_gone",
        .sql = "UPDATE validator SET connected = false, last_seen_at = $2,"
               " steady_at = validator_steady(last_connected_at, $2, steady_at) WHERE id = $1",
        .n_params = 2,
};

static const PqStatement validator_disconnect_all = {
        .name = "validator_disconnect_all",
        .sql = "UPDATE validator SET connected = false,"
               "   last_seen_at = greatest(last_seen_at, $1),"
               "   steady_at = validator_steady(last_connected_at, greatest(last_seen_at, $1),"
               "     steady_at)"
               " WHERE connected",
        .n_params = 1,
};

static const PqStatement validator_json = {
        .name = "validator_json",
        .sql = "SELECT json_build_object('validators', coalesce(json_agg(json_build_object("
               "  'id', key_text(v.key), 'name', v.name, 'state', v.state,"
               "  'region', nullif(v.region, ''), 'tags', array_to_json(v.tags),"
               "  'capabilities', array_to_json(v.capabilities),"
               "  'connected', v.connected, 'lastSeen', rfc3339(CASE WHEN v.connected THEN now()"
               "    ELSE v.last_seen_at END),"
               "  'ticks24h', coalesce(h.ticks, 0),"
               "  'pendingPayouts', coalesce(b.lamports, 0)) ORDER BY v.id), '[]'))"
               " FROM validator v"
               " LEFT JOIN validator_balance b ON b.validator_id = v.id"
               " LEFT JOIN (SELECT validator_id, sum(ticks) AS ticks FROM validator_hour"
               "   WHERE hour > now() - interval '24 hours' GROUP BY validator_id) AS h"
               "   ON h.validator_id = v.id",
        .n_params = 0,
};

const PqStatement *const validators_statements[] = {
        &validator_all,
        &validator_page,
        &validator_one,
        &validator_upsert,
        &validator_update,
        &validator_gone,
        &validator_disconnect_all,
        &validator_json,
        NULL,
};

static int read_validator(const PqResult *result, size_t i, void *ret) {
        ValidatorRow *row = ret;

        row->id = (uint32_t)pq_get_int(result, i, 0);
        row->name = pq_get_text(result, i, 2);
        row->state = pq_get_text(result, i, 3);
        row->operator_name = pq_get_text(result, i, 4);
        row->region = pq_get_text(result, i, 5);
        row->asn = (uint32_t)pq_get_int(result, i, 6);
        row->tags = pq_get_text(result, i, 7);
        row->version = pq_get_text(result, i, 8);
        row->address = pq_is_null(result, i, 9) ? NULL : pq_get_text(result, i, 9);
        row->connected = pq_get_bool(result, i, 10);
        row->last_connected = pq_get_time(result, i, 11);
        row->last_seen = pq_get_time(result, i, 12);
        row->approved = pq_get_time(result, i, 13);
        row->steady = pq_get_time(result, i, 14);
        row->capabilities = pq_get_text(result, i, 15);
        row->lamports = pq_get_int(result, i, 16);
        return store_get_bytes(result, i, 1, row->key, sizeof(row->key));
}

STORE_READER(validator_reader, ValidatorRow, ValidatorRows, read_validator, NULL);

static void deliver_one(StoreCallback f, int r, const void *rows, size_t n, void *userdata) {
        ((ValidatorRows)f)(r == 0 && n == 0 ? -ENOENT : r, rows, n, userdata);
}

static const StoreReader one_validator_reader = {
        .size = sizeof(ValidatorRow),
        .row = read_validator,
        .deliver = deliver_one,
};

int validators_load(Store *s, ValidatorRows callback, void *userdata, StoreCall **ret) {
        return store_read(s, store_begin(&validator_all), &validator_reader,
                          STORE_ANSWER(callback, userdata, ret));
}

int validators_page(Store *s, const ValidatorPage *page, ValidatorRows callback, void *userdata,
                    StoreCall **ret) {
        PqTransaction *t = store_begin(&validator_page);

        if (!t)
                return -ENOMEM;
        pq_bytes(t, page->after, page->after ? 32 : 0);
        pq_text(t, page->state);
        pq_int(t, page->limit);
        return store_read(s, t, &validator_reader, STORE_ANSWER(callback, userdata, ret));
}

int validator_find(Store *s, const uint8_t *key, ValidatorRows callback, void *userdata,
                   StoreCall **ret) {
        PqTransaction *t = store_begin(&validator_one);

        if (!t)
                return -ENOMEM;
        pq_bytes(t, key, 32);
        return store_read(s, t, &one_validator_reader, STORE_ANSWER(callback, userdata, ret));
}

static void put_texts(PqTransaction *t, const char *const *texts, size_t n) {
        pq_array_open(t, PQ_TEXT);
        for (size_t i = 0; i < n; i++)
                pq_text(t, texts[i]);
        pq_array_close(t);
}

int validator_join(Store *s, const ValidatorJoin *join, ValidatorRows callback, void *userdata,
                   StoreCall **ret) {
        PqTransaction *t = store_begin(&validator_upsert);

        if (!t)
                return -ENOMEM;
        pq_bytes(t, join->key, 32);
        pq_text(t, join->name ? join->name : "");
        pq_text(t, join->version ? join->version : "");
        pq_text(t, join->address);
        put_texts(t, join->tags, join->n_tags);
        pq_bool(t, join->approve);
        pq_time(t, join->now);
        put_texts(t, join->capabilities, join->n_capabilities);
        return store_read(s, t, &one_validator_reader, STORE_ANSWER(callback, userdata, ret));
}

int validator_set(Store *s, const ValidatorSet *set, ValidatorRows callback, void *userdata,
                  StoreCall **ret) {
        PqTransaction *t = store_begin(&validator_update);

        if (!t)
                return -ENOMEM;
        pq_bytes(t, set->key, 32);
        pq_text(t, set->state);
        pq_text(t, set->operator_name);
        pq_text(t, set->region);
        pq_int(t, set->asn);
        pq_text(t, set->actor);
        return store_read(s, t, &one_validator_reader, STORE_ANSWER(callback, userdata, ret));
}

void validator_gone_put(PqTransaction *t, uint32_t validator, usec_t now) {
        pq_add(t, &validator_gone);
        pq_int(t, validator);
        pq_time(t, now);
}

void validators_disconnect_all(PqTransaction *t, usec_t seen) {
        pq_add(t, &validator_disconnect_all);
        pq_time(t, seen);
}

int validators_json(Store *s, StoreJson callback, void *userdata, StoreCall **ret) {
        return store_read_json(s, store_begin(&validator_json),
                               STORE_ANSWER(callback, userdata, ret));
}
