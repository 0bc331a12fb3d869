/* organisation and api_token. */
#include "store/accounts.h"

#include <errno.h>

#include "store/audit.h"
#include "store/read.h"

static const PqStatement organisation_default = {
        .name = "organisation_default",
        .sql = "INSERT INTO organisation (public_id, name) SELECT $1, 'default'"
               " WHERE NOT EXISTS (SELECT FROM organisation) ON CONFLICT DO NOTHING",
        .n_params = 1,
};

static const PqStatement organisation_first = {
        .name = "organisation_first",
        .sql = "SELECT id, public_id, name FROM organisation ORDER BY id LIMIT 1",
        .n_params = 0,
};

static const PqStatement api_token_put = {
        .name = "api_token_put",
        .sql = "INSERT INTO api_token (public_id, organisation_id, name, prefix, secret_sha256,"
               " scopes, expires_at) VALUES ($1, $2, $3, $4, $5, $6::text[], $7)",
        .n_params = 7,
};

#define TOKEN_COLUMNS                                                                              \
        "id, organisation_id, public_id, name, prefix, 'read' = ANY (scopes),"                     \
        " 'write' = ANY (scopes), 'payouts' = ANY (scopes), usec(created_at), usec(expires_at), "  \
        "usec(last_used_at), usec(revoked_at)"

static const PqStatement api_token_page = {
        .name = "api_token_page",
        .sql = "SELECT " TOKEN_COLUMNS " FROM api_token WHERE organisation_id = $1"
               " AND public_id > $2 ORDER BY public_id LIMIT $3",
        .n_params = 3,
};

static const PqStatement api_token_find = {
        .name = "api_token_find",
        .sql = "SELECT " TOKEN_COLUMNS ", CASE WHEN last_used_at IS NULL"
               "   OR last_used_at < now() - interval '1 minute' THEN api_token_used(id) END"
               " FROM api_token WHERE secret_sha256 = $1 AND revoked_at IS NULL"
               "   AND (expires_at IS NULL OR expires_at > now())",
        .n_params = 1,
};

static const PqStatement api_token_revoke = {
        .name = "api_token_revoke",
        .sql = "WITH gone AS (UPDATE api_token SET revoked_at = now() WHERE public_id = $1"
               "   AND organisation_id = $2 AND revoked_at IS NULL"
               "   RETURNING id, public_id, organisation_id)"
               " INSERT INTO audit_log (actor, organisation_id, action, object)"
               " SELECT $3, organisation_id, 'token.revoke', public_id::text"
               " FROM gone, pg_notify('" STORE_CHANNEL_TOKEN "', gone.id::text)",
        .n_params = 3,
};

const PqStatement *const accounts_statements[] = {
        &organisation_default, &organisation_first, &api_token_put, &api_token_page,
        &api_token_find,       &api_token_revoke,   NULL,
};

static int read_organisation(const PqResult *result, size_t i, void *ret) {
        OrganisationRow *row = ret;

        row->id = (uint32_t)pq_get_int(result, i, 0);
        row->name = pq_get_text(result, i, 2);
        return pq_get_uuid(result, i, 1, &row->public_id);
}

STORE_READER(organisation_reader, OrganisationRow, OrganisationRows, read_organisation, NULL);

int organisation_ensure(Store *s, const Uuid *id, OrganisationRows callback, void *userdata,
                        StoreCall **ret) {
        PqTransaction *t = store_begin(&organisation_default);

        if (!t)
                return -ENOMEM;
        pq_uuid(t, id);
        pq_add(t, &organisation_first);
        return store_read(s, t, &organisation_reader, STORE_ANSWER(callback, userdata, ret));
}

static const struct {
        unsigned scope;
        const char *name;
} scope_names[] = {
        { TOKEN_READ, "read" },
        { TOKEN_WRITE, "write" },
        { TOKEN_PAYOUTS, "payouts" },
};

static void put_scopes(PqTransaction *t, unsigned scopes) {
        pq_array_open(t, PQ_TEXT);
        for (size_t i = 0; i < ELEMENTSOF(scope_names); i++) {
                if (scopes & scope_names[i].scope)
                        pq_text(t, scope_names[i].name);
        }
        pq_array_close(t);
}

int token_add(Store *s, const TokenAdd *add, StoreDone done, void *userdata, StoreCall **ret) {
        PqTransaction *t = store_begin(&api_token_put);
        char object[UUID_TEXT_SIZE];

        if (!t)
                return -ENOMEM;
        pq_uuid(t, &add->id);
        pq_int(t, add->organisation);
        pq_text(t, add->name);
        pq_text(t, add->prefix);
        pq_bytes(t, add->secret_sha256, 32);
        put_scopes(t, add->scopes);
        pq_time(t, add->expires);
        audit_put(t, &(const AuditRow){ .actor = add->actor,
                                        .organisation = add->organisation,
                                        .action = "token.create",
                                        .object = uuid_format(&add->id, object) });
        return store_submit(s, t, done, userdata, ret);
}

static int read_token(const PqResult *result, size_t i, void *ret) {
        TokenRow *row = ret;

        row->id = (uint32_t)pq_get_int(result, i, 0);
        row->organisation = (uint32_t)pq_get_int(result, i, 1);
        row->name = pq_get_text(result, i, 3);
        row->prefix = pq_get_text(result, i, 4);
        for (size_t k = 0; k < ELEMENTSOF(scope_names); k++) {
                if (pq_get_bool(result, i, 5 + (int)k))
                        row->scopes |= scope_names[k].scope;
        }
        row->created = pq_get_time(result, i, 8);
        row->expires = pq_get_time(result, i, 9);
        row->last_used = pq_get_time(result, i, 10);
        row->revoked = pq_get_time(result, i, 11);
        return pq_get_uuid(result, i, 2, &row->public_id);
}

STORE_READER(token_reader, TokenRow, TokenRows, read_token, NULL);

int tokens_load(Store *s, const StorePage *page, TokenRows callback, void *userdata,
                StoreCall **ret) {
        PqTransaction *t = store_begin(&api_token_page);

        if (!t)
                return -ENOMEM;
        pq_int(t, page->organisation);
        store_put_after(t, page->after);
        pq_int(t, page->limit);
        return store_read(s, t, &token_reader, STORE_ANSWER(callback, userdata, ret));
}

int token_find(Store *s, const uint8_t *secret_sha256, TokenRows callback, void *userdata,
               StoreCall **ret) {
        PqTransaction *t = store_begin(&api_token_find);

        if (!t)
                return -ENOMEM;
        pq_bytes(t, secret_sha256, 32);
        return store_read(s, t, &token_reader, STORE_ANSWER(callback, userdata, ret));
}

int token_revoke(Store *s, const TokenRevoke *revoke, StoreDone done, void *userdata,
                 StoreCall **ret) {
        PqTransaction *t = store_begin(&api_token_revoke);

        if (!t)
                return -ENOMEM;
        pq_uuid(t, &revoke->id);
        pq_int(t, revoke->organisation);
        pq_text(t, revoke->actor);
        return store_change(s, t, STORE_ANSWER(done, userdata, ret));
}
