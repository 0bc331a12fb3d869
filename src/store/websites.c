/* website: its trigger gives every change a revision and tells the hub. */
#include "store/websites.h"

#include <errno.h>

#include "store/audit.h"
#include "store/read.h"

#define COLUMNS                                                                                    \
        "id, organisation_id, public_id, url, name, interval_ms, timeout_ms, seats, paused,"       \
        " removed_at IS NOT NULL, revision, usec(created_at), specification, family, slow_ms,"     \
        " rules, confirm_down, confirm_up, confirm_down_ms, confirm_up_ms,"                        \
        " certificate_warn_days, parent_id, array_to_string(tags, ',')"

static const PqStatement website_changes = {
        .name = "website_changes",
        .sql = "SELECT " COLUMNS ", CASE WHEN $1 > 0 THEN"
               "   (SELECT max(number) FROM epoch WHERE website_id = website.id) END"
               " FROM website WHERE revision > $1"
               " AND ($1 > 0 OR removed_at IS NULL) ORDER BY revision",
        .n_params = 1,
};

static const PqStatement website_some = {
        .name = "website_some",
        .sql = "SELECT " COLUMNS ", 0 FROM website WHERE public_id > $1 AND removed_at IS NULL"
               " ORDER BY public_id LIMIT $2",
        .n_params = 2,
};

static const PqStatement website_one = {
        .name = "website_one",
        .sql = "SELECT " COLUMNS ", 0 FROM website WHERE public_id = $1 AND removed_at IS NULL",
        .n_params = 1,
};

static const PqStatement website_put = {
        .name = "website_put",
        .sql = "INSERT INTO website (public_id, organisation_id, url, name, interval_ms,"
               " timeout_ms, seats, specification, family, slow_ms, rules, confirm_down,"
               " confirm_up, confirm_down_ms, confirm_up_ms, certificate_warn_days, tags)"
               " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,"
               "   website_tags($17))",
        .n_params = 17,
};

static const PqStatement website_end = {
        .name = "website_end",
        .sql = "WITH gone AS ("
               "  UPDATE website SET removed_at = now()"
               "   WHERE public_id = $1 AND ($2::integer = 0 OR organisation_id = $2)"
               "     AND removed_at IS NULL"
               "  RETURNING public_id, organisation_id)"
               " INSERT INTO audit_log (actor, organisation_id, action, object)"
               " SELECT $3, organisation_id, 'website.remove', public_id::text FROM gone",
        .n_params = 3,
};

/* What is so already is not changed again, and not logged. */
static const PqStatement website_halt = {
        .name = "website_halt",
        .sql = "WITH found AS (SELECT id, paused FROM website WHERE public_id = $1"
               "     AND removed_at IS NULL FOR UPDATE),"
               " changed AS (UPDATE website w SET paused = $2 FROM found"
               "   WHERE w.id = found.id AND found.paused <> $2"
               "   RETURNING w.public_id, w.organisation_id),"
               " logged AS (INSERT INTO audit_log (actor, organisation_id, action, object)"
               "   SELECT $3, organisation_id, CASE WHEN $2 THEN 'website.pause'"
               "     ELSE 'website.resume' END, public_id::text FROM changed)"
               " SELECT id FROM found",
        .n_params = 3,
};

/* A parent that is none is 0, which its trigger refuses. */
static const PqStatement website_alter = {
        .name = "website_alter",
        .sql = "WITH found AS (SELECT * FROM website WHERE public_id = $1"
               "     AND ($2::integer = 0 OR organisation_id = $2) AND removed_at IS NULL"
               "     AND revision = $3 FOR UPDATE),"
               " wanted AS (SELECT id, paused, CASE WHEN $6::uuid IS NULL THEN parent_id"
               "     WHEN $6 <> '00000000-0000-0000-0000-000000000000' THEN coalesce("
               "       (SELECT p.id FROM website p WHERE p.public_id = $6"
               "         AND p.organisation_id = found.organisation_id"
               "         AND p.removed_at IS NULL), 0) END AS parent FROM found),"
               " changed AS (UPDATE website w SET paused = $5, parent_id = wanted.parent,"
               "     name = $7, interval_ms = $8, timeout_ms = $9, seats = $10,"
               "     specification = $11, family = $12, slow_ms = $13, rules = $14,"
               "     confirm_down = $15, confirm_up = $16, confirm_down_ms = $17,"
               "     confirm_up_ms = $18, certificate_warn_days = $19, tags = website_tags($20)"
               "   FROM wanted"
               "   WHERE w.id = wanted.id AND (w.paused, w.parent_id, w.name, w.interval_ms,"
               "       w.timeout_ms, w.seats, w.specification, w.family, w.slow_ms, w.rules,"
               "       w.confirm_down, w.confirm_up, w.confirm_down_ms, w.confirm_up_ms,"
               "       w.certificate_warn_days, w.tags)"
               "     IS DISTINCT FROM ($5, wanted.parent, $7, $8, $9, $10, $11, $12, $13, $14,"
               "       $15, $16, $17, $18, $19, website_tags($20))"
               "   RETURNING w.public_id, w.organisation_id, wanted.paused AS was_paused),"
               " logged AS (INSERT INTO audit_log (actor, organisation_id, action, object)"
               "   SELECT $4, organisation_id, CASE WHEN was_paused = $5 THEN 'website.change'"
               "     WHEN $5 THEN 'website.pause' ELSE 'website.resume' END, public_id::text"
               "     FROM changed)"
               " SELECT id FROM found",
        .n_params = 20,
};

const PqStatement *const websites_statements[] = {
        &website_alter, &website_changes, &website_some, &website_one,
        &website_put,   &website_end,     &website_halt, NULL,
};

static uint32_t get_number(const PqResult *result, size_t i, int column) {
        return (uint32_t)pq_get_int(result, i, column);
}

static void read_settings(const PqResult *result, size_t i, WebsiteSettings *ret) {
        ret->name = pq_get_text(result, i, 4);
        ret->interval_ms = get_number(result, i, 5);
        ret->timeout_ms = get_number(result, i, 6);
        ret->seats = get_number(result, i, 7);
        ret->specification = pq_get_text(result, i, 12);
        ret->family = get_number(result, i, 13);
        ret->slow_ms = get_number(result, i, 14);
        ret->rules = pq_get_text(result, i, 15);
        ret->confirm_down = get_number(result, i, 16);
        ret->confirm_up = get_number(result, i, 17);
        ret->confirm_down_ms = get_number(result, i, 18);
        ret->confirm_up_ms = get_number(result, i, 19);
        ret->certificate_warn_days = get_number(result, i, 20);
        ret->tags = pq_get_text(result, i, 22);
}

static int read_website(const PqResult *result, size_t i, void *ret) {
        WebsiteRow *row = ret;

        row->id = (uint32_t)pq_get_int(result, i, 0);
        row->organisation = (uint32_t)pq_get_int(result, i, 1);
        row->url = pq_get_text(result, i, 3);
        row->paused = pq_get_bool(result, i, 8);
        row->removed = pq_get_bool(result, i, 9);
        row->revision = (uint64_t)pq_get_int(result, i, 10);
        row->created = pq_get_time(result, i, 11);
        row->parent = (uint32_t)pq_get_int(result, i, 21);
        row->epoch = (uint64_t)pq_get_int(result, i, 23);
        read_settings(result, i, &row->settings);
        return pq_get_uuid(result, i, 2, &row->public_id);
}

STORE_READER(website_reader, WebsiteRow, WebsiteRows, read_website, NULL);

int websites_load(Store *s, uint64_t revision, WebsiteRows callback, void *userdata,
                  StoreCall **ret) {
        PqTransaction *t = store_begin(&website_changes);

        if (!t)
                return -ENOMEM;
        pq_int(t, (int64_t)revision);
        return store_read(s, t, &website_reader, STORE_ANSWER(callback, userdata, ret));
}

int websites_page(Store *s, const StorePage *page, WebsiteRows callback, void *userdata,
                  StoreCall **ret) {
        PqTransaction *t = store_begin(&website_some);

        if (!t)
                return -ENOMEM;
        store_put_after(t, page->after);
        pq_int(t, page->limit);
        return store_read(s, t, &website_reader, STORE_ANSWER(callback, userdata, ret));
}

static void deliver_one(StoreCallback f, int r, const void *rows, size_t n, void *userdata) {
        ((WebsiteRows)f)(r == 0 && n == 0 ? -ENOENT : r, rows, n, userdata);
}

static const StoreReader one_website_reader = {
        .size = sizeof(WebsiteRow),
        .row = read_website,
        .deliver = deliver_one,
};

int website_find(Store *s, const Uuid *id, WebsiteRows callback, void *userdata, StoreCall **ret) {
        PqTransaction *t = store_begin(&website_one);

        if (!t)
                return -ENOMEM;
        pq_uuid(t, id);
        return store_read(s, t, &one_website_reader, STORE_ANSWER(callback, userdata, ret));
}

static void add_audit(PqTransaction *t, const WebsiteAdd *add) {
        char object[UUID_TEXT_SIZE];

        audit_put(t, &(const AuditRow){ .actor = add->actor,
                                        .organisation = add->organisation,
                                        .action = "website.add",
                                        .object = uuid_format(&add->id, object) });
}

static void put_settings(PqTransaction *t, const WebsiteSettings *s) {
        pq_text(t, s->name);
        pq_int(t, s->interval_ms);
        pq_int(t, website_settings_timeout(s));
        pq_int(t, s->seats);
        pq_text(t, s->specification);
        pq_int(t, s->family);
        pq_int(t, s->slow_ms);
        pq_text(t, s->rules);
        pq_int(t, s->confirm_down);
        pq_int(t, s->confirm_up);
        pq_int(t, s->confirm_down_ms);
        pq_int(t, s->confirm_up_ms);
        pq_int(t, s->certificate_warn_days);
        pq_text(t, s->tags);
}

int website_add(Store *s, const WebsiteAdd *add, StoreDone done, void *userdata, StoreCall **ret) {
        PqTransaction *t = store_begin(&website_put);

        if (!t)
                return -ENOMEM;
        pq_uuid(t, &add->id);
        pq_int(t, add->organisation);
        pq_text(t, add->url);
        put_settings(t, &add->settings);
        add_audit(t, add);
        return store_submit(s, t, done, userdata, ret);
}

int website_remove(Store *s, const WebsiteRemove *remove, StoreDone done, void *userdata,
                   StoreCall **ret) {
        PqTransaction *t = store_begin(&website_end);

        if (!t)
                return -ENOMEM;
        pq_uuid(t, &remove->id);
        pq_int(t, remove->organisation);
        pq_text(t, remove->actor);
        return store_change(s, t, STORE_ANSWER(done, userdata, ret));
}

int website_pause(Store *s, const WebsitePause *pause, StoreDone done, void *userdata,
                  StoreCall **ret) {
        PqTransaction *t = store_begin(&website_halt);

        if (!t)
                return -ENOMEM;
        pq_uuid(t, &pause->id);
        pq_bool(t, pause->paused);
        pq_text(t, pause->actor);
        return store_change(s, t, STORE_ANSWER(done, userdata, ret));
}

int website_edit(Store *s, const WebsiteEdit *edit, StoreDone done, void *userdata,
                 StoreCall **ret) {
        PqTransaction *t = store_begin(&website_alter);

        if (!t)
                return -ENOMEM;
        pq_uuid(t, &edit->id);
        pq_int(t, edit->organisation);
        pq_int(t, (int64_t)edit->revision);
        pq_text(t, edit->actor);
        pq_bool(t, edit->paused);
        if (edit->parent)
                pq_uuid(t, edit->parent);
        else
                pq_null(t);
        put_settings(t, &edit->settings);
        return store_change(s, t, STORE_ANSWER(done, userdata, ret));
}
