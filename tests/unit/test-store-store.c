/* The store's way to READY: schema check, writer's lock, loss and return; and its calls. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/hub-state.h"
#include "store/statements.h"

/* Another store on the fixture's loop. */
#define TEXT(x)   #x
#define DIGITS(x) TEXT(x)
#define VERSION   DIGITS(STORE_SCHEMA_VERSION)

typedef struct Other {
        StoreFixture *f;
        Store *store;
        StoreState state, wanted;
        char text[256];
        char notified[64];
} Other;

static void on_state(StoreState state, const char *text, void *userdata) {
        Other *o = userdata;

        o->state = state;
        (void)snprintf(o->text, sizeof(o->text), "%s", text);
        if (state == o->wanted)
                o->f->done = true;
}

static void on_notify(const char *channel, const char *payload, void *userdata) {
        Other *o = userdata;

        (void)snprintf(o->notified, sizeof(o->notified), "%s %s", channel, payload);
        o->f->done = true;
}

static void open_other(Other *o, StoreFixture *f, StoreRole role, const char *dsn) {
        o->f = f;
        assert_int_equal(store_new(&o->store, &f->loop,
                                   &(const StoreOptions){ .dsn = dsn,
                                                          .role = role,
                                                          .statements = store_statements(),
                                                          .on_state = on_state,
                                                          .on_notify = on_notify,
                                                          .userdata = o }),
                         0);
}

static void other_done(Other *o) {
        o->store = store_free(o->store);
}

static void second_hub_stands_by_until_the_first_goes(void **state) {
        StoreFixture *f = *state;
        _cleanup_(other_done) Other first = { .wanted = STORE_STANDBY };
        _cleanup_(other_done) Other second = { .wanted = STORE_STANDBY };

        open_other(&second, f, STORE_HUB, f->dsn);
        fixture_wait(f);
        assert_int_equal(store_state(second.store), STORE_STANDBY);
        assert_int_equal(store_submit(second.store, pq_transaction_new(), fixture_done, f, NULL),
                         -ENOTCONN);

        /* the fixture's own store lets go, the second takes over, the fixture's comes back last */
        second.wanted = STORE_READY;
        f->store = store_free(f->store);
        fixture_wait(f);
        assert_int_equal(store_state(second.store), STORE_READY);

        first.wanted = STORE_STANDBY;
        open_other(&first, f, STORE_HUB, f->dsn);
        fixture_wait(f);
        first.wanted = STORE_READY;
        other_done(&second);
        fixture_wait(f);
        f->store = TAKE_PTR(first.store);
}

static void api_needs_no_lock_and_hears_commits(void **state) {
        StoreFixture *f = *state;
        _cleanup_(other_done) Other api = { .wanted = STORE_READY };
        PqTransaction *t = pq_transaction_new();

        open_other(&api, f, STORE_API, f->dsn);
        fixture_wait(f);

        hub_commit(t, 1);
        f->r = 1;
        assert_int_equal(store_submit(f->store, t, fixture_done, f, NULL), 0);
        while (!api.notified[0] || f->r > 0)
                fixture_wait(f);
        assert_int_equal(f->r, 0);
        assert_string_equal(api.notified, "dpin_commit 1");
}

static void newer_schema_is_refused_until_it_fits(void **state) {
        StoreFixture *f = *state;
        _cleanup_(other_done) Other api = { .wanted = STORE_REFUSED };

        fixture_sql(f, "COMMENT ON TABLE schema_migration IS '99 99.0.0';");
        open_other(&api, f, STORE_API, f->dsn);
        fixture_wait(f);
        assert_string_equal(api.text, "database schema 99 is newer than this program's " VERSION);

        api.wanted = STORE_READY;
        fixture_sql(f, "COMMENT ON TABLE schema_migration IS '99 0.0.9';");
        fixture_wait(f);
        assert_int_equal(api.state, STORE_READY);
        fixture_sql(f, "COMMENT ON TABLE schema_migration IS '" VERSION " 0.1.0';");
}

static void what_the_server_objects_to_is_said(void **state) {
        StoreFixture *f = *state;
        _cleanup_(other_done) Other api = { .wanted = STORE_REFUSED };

        fixture_sql(f, "COMMENT ON TABLE schema_migration IS 'someone else''s';");
        open_other(&api, f, STORE_API, f->dsn);
        fixture_wait(f);
        assert_non_null(strstr(api.text, "the database answers: "));
        assert_non_null(strstr(api.text, "someone"));

        api.wanted = STORE_READY;
        fixture_sql(f, "COMMENT ON TABLE schema_migration IS '" VERSION " 0.1.0';");
        fixture_wait(f);
}

static void older_and_missing_schemas_ask_for_migration(void **state) {
        StoreFixture *f = *state;
        _cleanup_(other_done) Other older = { .wanted = STORE_REFUSED };
        _cleanup_(other_done) Other empty = { .wanted = STORE_REFUSED };

        fixture_sql(f, "COMMENT ON TABLE schema_migration IS '2 0.1.0';");
        open_other(&older, f, STORE_API, f->dsn);
        fixture_wait(f);
        assert_string_equal(older.text, "database schema 2 is older than this program's " VERSION
                                        ": run dpin-hub --migrate");
        other_done(&older);

        fixture_sql(f, "COMMENT ON TABLE schema_migration IS '" VERSION " 0.1.0';");
        fixture_sql(f, "ALTER TABLE schema_migration RENAME TO elsewhere;");
        open_other(&empty, f, STORE_API, f->dsn);
        fixture_wait(f);
        assert_string_equal(empty.text, "the database has no schema: run dpin-hub --migrate");
        fixture_sql(f, "ALTER TABLE elsewhere RENAME TO schema_migration;");
}

static void lost_connection_comes_back(void **state) {
        StoreFixture *f = *state;
        _cleanup_(other_done) Other api = { .wanted = STORE_READY };

        open_other(&api, f, STORE_API, f->dsn);
        fixture_wait(f);

        api.wanted = STORE_AWAY;
        fixture_sql(f, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                       " WHERE query LIKE '%dpin_token%' AND pid <> pg_backend_pid()");
        fixture_wait(f);
        api.wanted = STORE_READY;
        fixture_wait(f);
        assert_int_equal(store_state(api.store), STORE_READY);
}

/* Its connection was lost before it was ready, so it has more time to come back by itself. */
static void standby_comes_back_too(void **state) {
        StoreFixture *f = *state;
        _cleanup_(other_done) Other second = { .wanted = STORE_STANDBY };

        open_other(&second, f, STORE_HUB, f->dsn);
        fixture_wait(f);

        second.wanted = STORE_AWAY;
        fixture_sql(f, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                       " WHERE query LIKE '%pg_try_advisory_lock%' AND pid NOT IN"
                       " (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted)"
                       " AND pid <> pg_backend_pid()");
        fixture_wait(f);
        second.wanted = STORE_STANDBY;
        fixture_wait(f);
        assert_int_equal(store_state(second.store), STORE_STANDBY);
        assert_int_equal(store_state(f->store), STORE_READY);
}

static void one_that_does_not_answer_is_renewed(void **state) {
        StoreFixture *f = *state;
        _cleanup_(other_done) Other reader = { .wanted = STORE_READY };
        PqTransaction *t = pq_transaction_new();

        open_other(&reader, f, STORE_READER, f->dsn);
        fixture_wait(f);
        hub_heartbeat_put(t, &(const HubHeartbeat){ .now = USEC_PER_SEC });
        assert_int_equal(store_submit(reader.store, t, fixture_done, f, NULL), 0);

        store_renew(reader.store, "it does not answer");
        assert_true(f->done); /* what was open has ended */
        assert_int_equal(f->r, -ENOTCONN);
        assert_int_equal(store_state(reader.store), STORE_AWAY);
        assert_string_equal(reader.text, "it does not answer");
        f->done = false;
        fixture_wait(f);
        assert_int_equal(store_state(reader.store), STORE_READY);
}

static void refuse_callback(int r, const char *error, void *userdata) {
        (void)r, (void)error, (void)userdata;
        fail_msg("a cancelled call must not come back");
}

static void cancelled_calls_do_not_come_back(void **state) {
        StoreFixture *f = *state;
        PqTransaction *t = pq_transaction_new(), *u = pq_transaction_new();
        StoreCall *call = NULL;

        hub_heartbeat_put(t, &(const HubHeartbeat){ .now = USEC_PER_SEC });
        assert_int_equal(store_submit(f->store, t, refuse_callback, NULL, &call), 0);
        assert_null(store_call_cancel(call));

        hub_heartbeat_put(u, &(const HubHeartbeat){ .now = USEC_PER_SEC }); /* comes after it */
        assert_int_equal(fixture_commit(f, u), 0);
}

static void freeing_forgets_open_calls(void **state) {
        StoreFixture *f = *state;
        _cleanup_(other_done) Other api = { .wanted = STORE_READY };
        PqTransaction *t = pq_transaction_new();

        open_other(&api, f, STORE_API, f->dsn);
        fixture_wait(f);
        hub_heartbeat_put(t, &(const HubHeartbeat){ .now = USEC_PER_SEC });
        assert_int_equal(store_submit(api.store, t, refuse_callback, NULL, NULL), 0);
}

static void missing_memory_is_reported(void **state) {
        StoreFixture *f = *state;

        assert_int_equal(store_submit(f->store, NULL, refuse_callback, NULL, NULL), -ENOMEM);
}

static void states_have_names(void **state) {
        (void)state;
        assert_string_equal(store_state_name(STORE_AWAY), "away");
        assert_string_equal(store_state_name(STORE_READY), "ready");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(api_needs_no_lock_and_hears_commits),
                cmocka_unit_test(second_hub_stands_by_until_the_first_goes),
                cmocka_unit_test(newer_schema_is_refused_until_it_fits),
                cmocka_unit_test(what_the_server_objects_to_is_said),
                cmocka_unit_test(older_and_missing_schemas_ask_for_migration),
                cmocka_unit_test(lost_connection_comes_back),
                cmocka_unit_test(standby_comes_back_too),
                cmocka_unit_test(one_that_does_not_answer_is_renewed),
                cmocka_unit_test(cancelled_calls_do_not_come_back),
                cmocka_unit_test(freeing_forgets_open_calls),
                cmocka_unit_test(missing_memory_is_reported),
                cmocka_unit_test(states_have_names),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
