/* heartbeat: the function heartbeat_take() decides what a call changes, and tells the hub. */
#include "store/heartbeats.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "base/encode.h"
#include "store/read.h"

static const PqStatement heartbeat_changes = {
        .name = "heartbeat_changes",
        .sql = "SELECT website_id, greatest(usec(clock_timestamp()) - usec(seen_at), 0), ok, "
               "revision"
               " FROM heartbeat WHERE revision > $1"
               " ORDER BY revision LIMIT $2",
        .n_params = 2,
};

static const PqStatement heartbeat_call = {
        .name = "heartbeat_call",
        .sql = "SELECT 1 WHERE heartbeat_take($1, $2)",
        .n_params = 2,
};

static const PqStatement heartbeat_renew = {
        .name = "heartbeat_renew",
        .sql = "WITH found AS (SELECT id, organisation_id, public_id FROM website"
               "   WHERE public_id = $1 AND ($2::integer = 0 OR organisation_id = $2)"
               "     AND removed_at IS NULL AND lower(url) LIKE 'push:%'),"
               " renewed AS (INSERT INTO heartbeat (website_id, token_sha256)"
               "   SELECT id, $3 FROM found"
               "   ON CONFLICT (website_id) DO UPDATE SET token_sha256 = excluded.token_sha256)"
               " INSERT INTO audit_log (actor, organisation_id, action, object)"
               " SELECT $4, organisation_id, 'website.heartbeat', public_id::text FROM found",
        .n_params = 4,
};

const PqStatement *const heartbeats_statements[] = {
        &heartbeat_changes,
        &heartbeat_call,
        &heartbeat_renew,
        NULL,
};

void heartbeat_secret_new(char ret[static HEARTBEAT_SECRET_SIZE], uint8_t ret_sha256[static 32]) {
        uint8_t bytes[32];

        randombytes_buf(bytes, sizeof(bytes));
        base64url_encode(bytes, sizeof(bytes), ret);
        crypto_hash_sha256(ret_sha256, bytes, sizeof(bytes));
        explicit_bzero(bytes, sizeof(bytes));
}

int heartbeat_secret_hash(const char *secret, uint8_t ret_sha256[static 32]) {
        uint8_t bytes[32];

        if (base64url_decode(secret, bytes, sizeof(bytes)) != sizeof(bytes))
                return -EINVAL;
        crypto_hash_sha256(ret_sha256, bytes, sizeof(bytes));
        explicit_bzero(bytes, sizeof(bytes));
        return 0;
}

static int read_heartbeat(const PqResult *result, size_t i, void *ret) {
        *(HeartbeatRow *)ret = (HeartbeatRow){
                .website = (uint32_t)pq_get_int(result, i, 0),
                .age = (usec_t)pq_get_int(result, i, 1),
                .ok = pq_get_bool(result, i, 2),
                .revision = (uint64_t)pq_get_int(result, i, 3),
        };
        return 0;
}

STORE_READER(heartbeat_reader, HeartbeatRow, HeartbeatRows, read_heartbeat, NULL);

int heartbeats_load(Store *s, uint64_t revision, HeartbeatRows callback, void *userdata,
                    StoreCall **ret) {
        PqTransaction *t = store_begin(&heartbeat_changes);

        if (!t)
                return -ENOMEM;
        pq_int(t, (int64_t)revision);
        pq_int(t, HEARTBEATS_PAGE);
        return store_read(s, t, &heartbeat_reader, STORE_ANSWER(callback, userdata, ret));
}

int heartbeat_take(Store *s, const HeartbeatCall *call, StoreDone done, void *userdata,
                   StoreCall **ret) {
        PqTransaction *t = store_begin(&heartbeat_call);

        if (!t)
                return -ENOMEM;
        pq_bytes(t, call->token_sha256, 32);
        pq_bool(t, call->ok);
        return store_change(s, t, STORE_ANSWER(done, userdata, ret));
}

int heartbeat_address(Store *s, const HeartbeatAddress *address, StoreDone done, void *userdata,
                      StoreCall **ret) {
        PqTransaction *t = store_begin(&heartbeat_renew);

        if (!t)
                return -ENOMEM;
        pq_uuid(t, &address->website);
        pq_int(t, address->organisation);
        pq_bytes(t, address->token_sha256, 32);
        pq_text(t, address->actor);
        return store_change(s, t, STORE_ANSWER(done, userdata, ret));
}
