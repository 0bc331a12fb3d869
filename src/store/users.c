/* app_user, membership and login_session. */
#include "store/users.h"

#include <errno.h>

#include "store/audit.h"
#include "store/read.h"

static const PqStatement app_user_put = {
        .name = "app_user_put",
        .sql = "WITH new AS (INSERT INTO app_user (public_id, email, password_hash)"
               "   VALUES ($1, lower($2), $3) RETURNING id)"
               " INSERT INTO membership (organisation_id, user_id, role)"
               " SELECT $4, id, $5 FROM new",
        .n_params = 5,
};

static const PqStatement app_user_page = {
        .name = "app_user_page",
        .sql = "SELECT u.public_id, u.email, m.role, u.password_hash IS NOT NULL,"
               " usec(u.created_at) FROM app_user u JOIN membership m ON m.user_id = u.id"
               " WHERE m.organisation_id = $1 AND u.public_id > $2 ORDER BY u.public_id LIMIT $3",
        .n_params = 3,
};

/* $1 organisation, $2 id or NULL, $3 address or NULL, $4 actor */
#define FOUND                                                                                      \
        "WITH found AS (SELECT u.id, u.public_id FROM app_user u"                                  \
        "   JOIN membership m ON m.user_id = u.id"                                                 \
        "   WHERE m.organisation_id = $1 AND (u.public_id = $2 OR u.email = lower($3))),"
#define LOGGED(action)                                                                             \
        " INSERT INTO audit_log (actor, organisation_id, action, object)"                          \
        " SELECT $4, $1, '" action "', public_id::text FROM found"

static const PqStatement app_user_end = {
        .name = "app_user_end",
        .sql = FOUND
        " alone AS (SELECT id FROM found WHERE NOT EXISTS (SELECT FROM membership m"
        "   WHERE m.user_id = found.id AND m.organisation_id <> $1)),"
        " unbound AS (DELETE FROM membership USING found"
        "   WHERE user_id = found.id AND organisation_id = $1),"
        " ended AS (DELETE FROM login_session USING alone WHERE user_id = alone.id),"
        " gone AS (DELETE FROM app_user u USING alone WHERE u.id = alone.id)" LOGGED("user.remove"),
        .n_params = 4,
};

static const PqStatement app_user_password = {
        .name = "app_user_password",
        .sql = FOUND " changed AS (UPDATE app_user u SET password_hash = $5 FROM found"
                     "   WHERE u.id = found.id),"
                     " ended AS (UPDATE login_session SET revoked_at = now() FROM found"
                     "   WHERE user_id = found.id AND revoked_at IS NULL)" LOGGED("user.password"),
        .n_params = 5,
};

const PqStatement *const users_statements[] = {
        &app_user_put, &app_user_page, &app_user_end, &app_user_password, NULL,
};

int user_add(Store *s, const UserAdd *add, StoreDone done, void *userdata, StoreCall **ret) {
        PqTransaction *t = store_begin(&app_user_put);
        char object[UUID_TEXT_SIZE];

        if (!t)
                return -ENOMEM;
        pq_uuid(t, &add->id);
        pq_text(t, add->email);
        pq_text(t, add->password_hash);
        pq_int(t, add->organisation);
        pq_text(t, add->role);
        audit_put(t, &(const AuditRow){ .actor = add->actor,
                                        .organisation = add->organisation,
                                        .action = "user.add",
                                        .object = uuid_format(&add->id, object) });
        return store_submit(s, t, done, userdata, ret);
}

static int read_user(const PqResult *result, size_t i, void *ret) {
        UserRow *row = ret;

        row->email = pq_get_text(result, i, 1);
        row->role = pq_get_text(result, i, 2);
        row->has_password = pq_get_bool(result, i, 3);
        row->created = pq_get_time(result, i, 4);
        return pq_get_uuid(result, i, 0, &row->id);
}

STORE_READER(user_reader, UserRow, UserRows, read_user, NULL);

int users_load(Store *s, const StorePage *page, UserRows callback, void *userdata,
               StoreCall **ret) {
        PqTransaction *t = store_begin(&app_user_page);

        if (!t)
                return -ENOMEM;
        pq_int(t, page->organisation);
        store_put_after(t, page->after);
        pq_int(t, page->limit);
        return store_read(s, t, &user_reader, STORE_ANSWER(callback, userdata, ret));
}

static PqTransaction *begin_change(const PqStatement *statement, const UserChange *change) {
        PqTransaction *t = store_begin(statement);

        if (!t)
                return NULL;
        pq_int(t, change->organisation);
        if (change->id)
                pq_uuid(t, change->id);
        else
                pq_null(t);
        pq_text(t, change->id ? NULL : change->email);
        pq_text(t, change->actor);
        return t;
}

int user_remove(Store *s, const UserChange *change, StoreDone done, void *userdata,
                StoreCall **ret) {
        return store_change(s, begin_change(&app_user_end, change),
                            STORE_ANSWER(done, userdata, ret));
}

int user_set_password(Store *s, const UserChange *change, StoreDone done, void *userdata,
                      StoreCall **ret) {
        PqTransaction *t = begin_change(&app_user_password, change);

        if (!t)
                return -ENOMEM;
        pq_text(t, change->password_hash);
        return store_change(s, t, STORE_ANSWER(done, userdata, ret));
}
