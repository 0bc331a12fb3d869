/* Against a real server: transactions, errors, arrays, notifications, loss and return. */
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <libpq-fe.h>

#include "pq-world.h"

enum {
        PATIENCE_MS = 30 * 1000
};

static const PqStatement item_put = {
        .name = "item_put",
        .sql = "INSERT INTO item (id, name, parent) VALUES ($1, $2, $3)",
        .n_params = 3,
};
static const PqStatement item_get = {
        .name = "item_get",
        .sql = "SELECT id, name, parent FROM item WHERE id >= $1 ORDER BY id",
        .n_params = 1,
};
static const PqStatement late_put = {
        .name = "late_put",
        .sql = "INSERT INTO late (id) VALUES ($1)",
        .n_params = 1,
};
static const PqStatement fail_with = {
        .name = "fail",
        .sql = "SELECT fail($1)",
        .n_params = 1,
};
static const PqStatement echo = {
        .name = "echo",
        .sql = "SELECT $1::bytea, $2::uuid, (extract(epoch FROM $3::timestamptz) * "
               "1000000)::bigint, "
               "$4::boolean, $5::double precision, $6::text, $7::bigint, $8::inet",
        .n_params = 8,
};
static const PqStatement tell = {
        .name = "tell",
        .sql = "SELECT pg_notify('Some \"Channel\"', $1)",
        .n_params = 1,
};
static const PqStatement session = {
        .name = "session",
        .sql = "SELECT pg_backend_pid(), current_setting('TimeZone'), "
               "current_setting('application_name'), current_setting('jit')",
};
static const PqStatement doze = { .name = "doze", .sql = "SELECT pg_sleep(60)" };
static const PqStatement broken = { .name = "broken", .sql = "SELECT * FROM nowhere" };

static const PqStatement *const statements[] = { &item_put, &item_get, &late_put, &fail_with, &echo,
                                                 &tell,     &session,  &doze,     NULL };
static const PqStatement *const broken_statements[] = { &session, &broken, NULL };
static const char *const channels[] = { "Some \"Channel\"", "other", NULL };

static const char schema[] = "CREATE TABLE item (id bigint PRIMARY KEY, name text NOT NULL CHECK "
                             "(name <> 'bad'), "
                             "parent bigint REFERENCES item); "
                             "CREATE TABLE late (id integer UNIQUE DEFERRABLE INITIALLY DEFERRED); "
                             "CREATE FUNCTION fail(code text) RETURNS void LANGUAGE plpgsql AS $$ "
                             "BEGIN RAISE EXCEPTION 'as asked' USING ERRCODE = code; END $$;";

static void connect_world(World *w, void **state) {
        world_init(w, *state, (PqOptions){ .statements = statements, .listen = channels });
        world_await(w, &w->ups, 1);
}

static void add_item(PqTransaction *t, int64_t id, const char *name, int64_t parent) {
        pq_add(t, &item_put);
        pq_int(t, id);
        pq_text(t, name);
        if (parent)
                pq_int(t, parent);
        else
                pq_null(t);
}

static PqTransaction *one_item(int64_t id, const char *name, int64_t parent) {
        PqTransaction *t = pq_transaction_new();

        add_item(t, id, name, parent);
        return t;
}

static void look_items(PqResult *const *results, size_t n) {
        assert_int_equal(n, 3);
        assert_int_equal(pq_changed(results[0]), 1);
        assert_int_equal(pq_rows(results[2]), 2);
        assert_int_equal(pq_get_int(results[2], 0, 0), 1);
        assert_string_equal(pq_get_text(results[2], 0, 1), "first");
        assert_true(pq_is_null(results[2], 0, 2));
        assert_false(pq_is_null(results[2], 1, 2));
        assert_int_equal(pq_get_int(results[2], 1, 2), 1);
}

static void statements_commit_together(void **state) {
        PqTransaction *t = one_item(1, "first", 0);
        World w;

        connect_world(&w, state);
        add_item(t, 2, "second", 1);
        pq_add(t, &item_get);
        pq_int(t, 1);
        w.look = look_items;
        assert_int_equal(world_answer(&w, t), 0);
        world_done(&w);
}

static void look_none(PqResult *const *results, size_t n) {
        assert_int_equal(n, 1);
        assert_int_equal(pq_rows(results[0]), 0);
}

static void an_error_in_the_middle_undoes_all(void **state) {
        PqTransaction *t = one_item(101, "before", 0);
        World w;

        connect_world(&w, state);
        add_item(t, 102, "bad", 0);
        add_item(t, 103, "after", 0);
        assert_int_equal(world_answer(&w, t), -EINVAL);
        assert_non_null(strstr(w.error, "item_name_check"));

        t = pq_transaction_new();
        pq_add(t, &item_get);
        pq_int(t, 100);
        w.look = look_none;
        assert_int_equal(world_answer(&w, t), 0);
        world_done(&w);
}

static void constraints_have_their_errors(void **state) {
        PqTransaction *t;
        World w;

        connect_world(&w, state);
        assert_int_equal(world_answer(&w, one_item(50, "new", 0)), 0);
        assert_int_equal(world_answer(&w, one_item(50, "again", 0)), -EEXIST);
        assert_int_equal(world_answer(&w, one_item(51, "orphan", 999)), -ENOENT);
        assert_int_equal(world_answer(&w, one_item(52, NULL, 0)), -EINVAL);

        /* Deferred: no statement fails, but the commit. */
        t = pq_transaction_new();
        pq_add(t, &late_put);
        pq_int(t, 7);
        pq_add(t, &late_put);
        pq_int(t, 7);
        assert_int_equal(world_answer(&w, t), -EEXIST);
        assert_int_equal(world_answer(&w, one_item(53, "still works", 0)), 0);
        world_done(&w);
}

static void sqlstates_have_their_errors(void **state) {
        static const struct {
                const char *sqlstate;
                int error;
        } cases[] = {
                { "DP001", -ESTALE }, { "40001", -EAGAIN }, { "40P01", -EAGAIN },
                { "42501", -EPERM },  { "22012", -EINVAL }, { "23514", -EINVAL },
                { "DP002", -EIO },    { "XX000", -EIO },
        };
        World w;

        connect_world(&w, state);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                PqTransaction *t = pq_transaction_new();

                pq_add(t, &fail_with);
                pq_text(t, cases[i].sqlstate);
                assert_int_equal(world_answer(&w, t), cases[i].error);
                assert_string_equal(w.error, "as asked");
        }
        world_done(&w);
}

static PqTransaction *plain(const PqStatement *s) {
        PqTransaction *t = pq_transaction_new();

        pq_add(t, s);
        return t;
}

static PqTransaction *telling(const char *payload) {
        PqTransaction *t = plain(&tell);

        pq_text(t, payload);
        return t;
}

static void notifications_come_with_their_commit(void **state) {
        PqTransaction *undone = telling("undone");
        World w;

        connect_world(&w, state);
        pq_add(undone, &fail_with);
        pq_text(undone, "DP001");
        assert_int_equal(world_answer(&w, undone), -ESTALE);
        assert_int_equal(world_answer(&w, telling("one")), 0);
        while (!strstr(w.notified, "one"))
                (void)uv_run(&w.loop, UV_RUN_ONCE);
        assert_string_equal(w.notified, "Some \"Channel\"=one;");

        /* From another session, while nothing is in flight. */
        assert_int_equal(postgres_psql(w.server, NULL, "-c", "NOTIFY other, 'two'"), 0);
        while (!strstr(w.notified, "two"))
                (void)uv_run(&w.loop, UV_RUN_ONCE);
        assert_string_equal(w.notified, "Some \"Channel\"=one;other=two;");
        world_done(&w);
}

static void look_session(PqResult *const *results, size_t n _unused_) {
        assert_string_equal(pq_get_text(results[0], 0, 1), "UTC");
        assert_string_equal(pq_get_text(results[0], 0, 3), "off");
        assert_string_equal(pq_get_text(results[0], 0, 2), "test-event-pq");
}

static void a_session_speaks_utc_under_its_name(void **state) {
        World w;

        connect_world(&w, state);
        w.look = look_session;
        assert_int_equal(world_answer(&w, plain(&session)), 0);
        world_done(&w);
}

static void terminate_backends(const World *w) {
        assert_int_equal(postgres_psql(w->server, NULL, "-o/dev/null",
                                       "-cSELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                       "WHERE application_name = 'test-event-pq'"),
                         0);
}

static void a_lost_connection_comes_back(void **state) {
        World w;

        connect_world(&w, state);
        assert_int_equal(pq_submit(w.pq, plain(&doze), world_on_answer, &w, NULL), 0);
        assert_int_equal(pq_submit(w.pq, plain(&session), world_on_answer, &w, NULL), 0);
        terminate_backends(&w);
        world_await(&w, &w.answers, 2);
        assert_int_equal(w.r, -ENOTCONN);
        world_await(&w, &w.downs, 1);
        assert_int_equal(pq_submit(w.pq, plain(&session), world_on_answer, &w, NULL), -ENOTCONN);

        world_await(&w, &w.ups, 2);
        assert_int_equal(world_answer(&w, plain(&session)), 0);
        assert_int_equal(world_answer(&w, telling("again")), 0);
        while (!strstr(w.notified, "again"))
                (void)uv_run(&w.loop, UV_RUN_ONCE);
        assert_int_equal(w.downs, 1);
        world_done(&w);
}

static const char doze_begins[] = "DO $$ BEGIN "
                                  "FOR i IN 1..3000 LOOP "
                                  "PERFORM pg_stat_clear_snapshot(); "
                                  "IF EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = "
                                  "'PgSleep' AND application_name = 'test-event-pq') THEN RETURN; "
                                  "END IF; "
                                  "PERFORM pg_sleep(0.01); "
                                  "END LOOP; "
                                  "RAISE EXCEPTION 'nobody dozes'; END $$";

/* The server leaves what it was sent unread: that resets the connection instead of ending it. */
static void a_reset_connection_comes_back(void **state) {
        World w;

        connect_world(&w, state);
        assert_int_equal(pq_submit(w.pq, plain(&doze), world_on_answer, &w, NULL), 0);
        assert_int_equal(postgres_psql(w.server, NULL, "-c", doze_begins), 0);
        assert_int_equal(pq_submit(w.pq, plain(&session), world_on_answer, &w, NULL), 0);
        terminate_backends(&w);
        world_await(&w, &w.downs, 1);
        assert_int_equal(w.answers, 2);
        world_await(&w, &w.ups, 2);
        assert_int_equal(world_answer(&w, plain(&session)), 0);
        world_done(&w);
}

static void an_absent_server_is_tried_again(void **state) {
        World w;

        world_init(&w, *state,
                   (PqOptions){ .statements = statements, .dsn = "host=/nonexistent dbname=none" });
        world_await(&w, &w.downs, 3);
        assert_non_null(strstr(w.error, "/nonexistent"));
        assert_int_equal(pq_submit(w.pq, plain(&session), world_on_answer, &w, NULL), -ENOTCONN);
        world_done(&w);

        world_init(&w, *state, (PqOptions){ .statements = statements, .dsn = "nosuch=thing" });
        world_await(&w, &w.downs, 1);
        assert_non_null(strstr(w.error, "such"));
        world_done(&w);
}

static void a_bad_statement_is_no_connection(void **state) {
        World w;

        world_init(&w, *state, (PqOptions){ .statements = broken_statements });
        world_await(&w, &w.downs, 2);
        assert_non_null(strstr(w.error, "nowhere"));
        assert_int_equal(w.ups, 0);
        world_done(&w);
}

static void the_queue_is_bounded(void **state) {
        World w;

        world_init(&w, *state, (PqOptions){ .statements = statements, .queue_max = 3 });
        world_await(&w, &w.ups, 1);
        for (unsigned i = 0; i < 3; i++)
                assert_int_equal(pq_submit(w.pq, plain(&session), world_on_answer, &w, NULL), 0);
        assert_int_equal(pq_submit(w.pq, plain(&session), world_on_answer, &w, NULL), -ENOBUFS);
        world_await(&w, &w.answers, 3);
        assert_int_equal(world_answer(&w, plain(&session)), 0);
        world_done(&w);
}

static void a_cancelled_call_is_silent_but_done(void **state) {
        PqCall *call = NULL;
        World w;

        connect_world(&w, state);
        assert_int_equal(pq_submit(w.pq, telling("silent"), world_on_answer, &w, &call), 0);
        assert_non_null(call);
        assert_null(pq_call_cancel(call));
        assert_int_equal(world_answer(&w, plain(&session)), 0);
        assert_int_equal(w.answers, 1);
        assert_string_equal(w.notified, "Some \"Channel\"=silent;");
        world_done(&w);
}

static void on_answer_free(int r _unused_, PqResult *const *results _unused_, size_t n _unused_,
                           const char *error _unused_, void *userdata) {
        World *w = userdata;

        w->answers++;
        w->pq = pq_free(w->pq);
}

static void a_callback_may_free_the_connection(void **state) {
        World w;

        connect_world(&w, state);
        for (unsigned i = 0; i < 3; i++)
                assert_int_equal(pq_submit(w.pq, plain(&session), on_answer_free, &w, NULL), 0);
        world_await(&w, &w.answers, 1);
        assert_null(w.pq);
        world_done(&w);
        assert_int_equal(w.answers, 1);
}

enum {
        LARGE = 1024 * 1024,
        LARGE_CALLS = 24
};

static void look_large(PqResult *const *results, size_t n _unused_) {
        _cleanup_free_ uint8_t *blob = NULL;
        size_t size;

        assert_int_equal(pq_get_blob(results[0], 0, 0, &blob, &size), 0);
        assert_int_equal(size, LARGE);
        assert_int_equal(blob[LARGE - 1], 0x5a);
}

/* More than sockets buffer in either direction: neither side may wait for the other for ever. */
static void much_at_once_flows(void **state) {
        _cleanup_free_ char *bytes = malloc(LARGE);
        World w;

        assert_non_null(bytes);
        memset(bytes, 0x5a, LARGE);
        connect_world(&w, state);
        w.look = look_large;
        for (unsigned i = 0; i < LARGE_CALLS; i++) {
                PqTransaction *t = plain(&echo);

                pq_bytes(t, bytes, LARGE);
                for (unsigned k = 1; k < 8; k++)
                        pq_null(t);
                assert_int_equal(pq_submit(w.pq, t, world_on_answer, &w, NULL), 0);
        }
        world_await(&w, &w.answers, LARGE_CALLS);
        assert_int_equal(w.r, 0);
        world_done(&w);
}

enum {
        MANY = 20000
};

static PqTransaction *many_items(int64_t first, int64_t bad) {
        PqTransaction *t = pq_transaction_new();
        char name[257];

        memset(name, 'n', sizeof(name) - 1);
        name[sizeof(name) - 1] = '\0';
        for (int64_t i = 0; i < MANY; i++)
                add_item(t, first + i, i == bad ? "bad" : name, 0);
        assert_int_equal(pq_transaction_count(t), MANY);
        return t;
}

static void look_many(PqResult *const *results, size_t n) {
        if (!results)
                return;
        if (n == MANY)
                assert_int_equal(pq_changed(results[MANY - 1]), 1);
        else
                assert_int_equal(pq_rows(results[0]), MANY); /* it comes after all of them */
}

static uint64_t cpu_time(void) {
        struct timespec t;

        assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t), 0);
        return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* libpq would hold what the socket does not take yet, and move all of it at every part it takes. */
static void many_statements_are_sent_as_the_socket_takes_them(void **state) {
        uint64_t began = cpu_time(), made, submitted;
        PqTransaction *many = many_items(1000000, -1), *t = plain(&item_get);
        World w;

        made = cpu_time() - began;
        connect_world(&w, state);
        w.look = look_many;
        began = cpu_time();
        assert_int_equal(pq_submit(w.pq, many, world_on_answer, &w, NULL), 0);
        submitted = cpu_time() - began;
        assert_in_range(submitted, 0, made / 2); /* of most of them it was the beginning only */
        pq_int(t, 1000000);
        assert_int_equal(pq_submit(w.pq, t, world_on_answer, &w, NULL), 0);
        world_await(&w, &w.answers, 1);
        assert_int_equal(w.r, 0);
        world_await(&w, &w.answers, 2);
        assert_int_equal(w.r, 0);
        world_done(&w);
}

static bool server_hurries;
static unsigned hurries;

/* libpq's, but of a server that takes all there is once libpq has found the socket full. */
int PQflush(PGconn *conn) {
        int (*flush)(PGconn *) = (int (*)(PGconn *))dlsym(RTLD_NEXT, "PQflush");
        struct pollfd p = { .fd = PQsocket(conn), .events = POLLOUT };
        int r = flush(conn);

        if (r != 1 || !server_hurries)
                return r;
        hurries++;
        while (flush(conn) == 1)
                assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
        return 1;
}

/* Few statements, of which the server says too little to send it before their sync. */
static PqTransaction *large_items(int64_t first) {
        _cleanup_free_ char *name = malloc(LARGE);
        PqTransaction *t = pq_transaction_new();

        assert_non_null(name);
        memset(name, 'n', LARGE - 1);
        name[LARGE - 1] = '\0';
        for (int64_t i = 0; i < LARGE_CALLS; i++)
                add_item(t, first + i, name, 0);
        return t;
}

static void a_server_that_hurries_gets_all_of_it(void **state) {
        World w;

        connect_world(&w, state);
        server_hurries = true;
        assert_int_equal(world_answer(&w, large_items(500000)), 0);
        server_hurries = false;
        assert_true(hurries > 0);
        world_done(&w);
}

static void an_error_before_all_is_sent_undoes_all(void **state) {
        PqTransaction *t = plain(&item_get);
        World w;

        connect_world(&w, state);
        pq_int(t, 2000000);
        assert_int_equal(world_answer(&w, many_items(2000000, 5)), -EINVAL);
        assert_int_equal(world_answer(&w, plain(&session)), 0);
        w.look = look_none;
        assert_int_equal(world_answer(&w, t), 0);
        world_done(&w);
}

static void a_loss_before_all_is_sent_is_told(void **state) {
        World w;

        connect_world(&w, state);
        assert_int_equal(pq_submit(w.pq, many_items(3000000, -1), world_on_answer, &w, NULL), 0);
        terminate_backends(&w);
        world_await(&w, &w.answers, 1);
        assert_int_equal(w.r, -ENOTCONN);
        world_await(&w, &w.ups, 2);
        assert_int_equal(world_answer(&w, plain(&session)), 0);
        assert_int_equal(pq_submit(w.pq, many_items(3000000, -1), world_on_answer, &w, NULL), 0);
        world_done(&w); /* while it is being sent */
}

static void freeing_at_any_moment_is_safe(void **state) {
        for (unsigned turns = 0; turns < 12; turns++) {
                World w;

                world_init(&w, *state, (PqOptions){ .statements = statements, .listen = channels });
                for (unsigned i = 0; i < turns && !pq_connected(w.pq); i++)
                        (void)uv_run(&w.loop, UV_RUN_ONCE);
                if (pq_connected(w.pq))
                        (void)pq_submit(w.pq, plain(&doze), world_on_answer, &w, NULL);
                world_done(&w);
                assert_int_equal(w.answers, 0);
        }
        assert_null(pq_free(NULL));
        assert_null(pq_transaction_free(NULL));
        assert_null(pq_call_cancel(NULL));
}

static int start_server(void **state) {
        return world_start_server(state, schema);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(statements_commit_together),
                cmocka_unit_test(an_error_in_the_middle_undoes_all),
                cmocka_unit_test(constraints_have_their_errors),
                cmocka_unit_test(sqlstates_have_their_errors),
                cmocka_unit_test(notifications_come_with_their_commit),
                cmocka_unit_test(a_session_speaks_utc_under_its_name),
                cmocka_unit_test(a_lost_connection_comes_back),
                cmocka_unit_test(a_reset_connection_comes_back),
                cmocka_unit_test(an_absent_server_is_tried_again),
                cmocka_unit_test(a_bad_statement_is_no_connection),
                cmocka_unit_test(the_queue_is_bounded),
                cmocka_unit_test(a_cancelled_call_is_silent_but_done),
                cmocka_unit_test(a_callback_may_free_the_connection),
                cmocka_unit_test(much_at_once_flows),
                cmocka_unit_test(many_statements_are_sent_as_the_socket_takes_them),
                cmocka_unit_test(a_server_that_hurries_gets_all_of_it),
                cmocka_unit_test(an_error_before_all_is_sent_undoes_all),
                cmocka_unit_test(a_loss_before_all_is_sent_is_told),
                cmocka_unit_test(freeing_at_any_moment_is_safe),
        };

        return cmocka_run_group_tests(tests, start_server, world_stop_server);
}
