/* Rows by COPY, against a real server: with the statements of their transaction or not at all. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "event/pq-copy.h"
#include "pq-world.h"

static const PqStatement count_rows = {
        .name = "count_rows",
        .sql = "SELECT count(*), sum(a), min(b), max(b), min(c), bool_and(d), min(e::text),"
               " (extract(epoch FROM min(f)) * 1000000)::bigint FROM reading",
};
static const PqStatement late_put = {
        .name = "late_put",
        .sql = "INSERT INTO late (id) VALUES ($1)",
        .n_params = 1,
};
static const PqStatement tell = { .name = "tell", .sql = "SELECT pg_notify('heard', 'it')" };
static const PqStatement fail_now = { .name = "fail_now",
                                      .sql = "SELECT 1 / (count(*) - count(*)) FROM late" };
static const PqStatement doze = { .name = "doze", .sql = "SELECT pg_sleep(0.2)" };

static const PqStatement *const statements[] = { &count_rows, &late_put, &tell,
                                                 &fail_now,   &doze,     NULL };
static const char *const channels[] = { "heard", NULL };

static const char schema[] =
                "CREATE TABLE reading (a bigint CHECK (a <> 13), b integer, c smallint,"
                " d boolean, e \"char\", f timestamptz);"
                "CREATE TABLE late (id integer UNIQUE DEFERRABLE INITIALLY DEFERRED)";

static const PqCopy readings = { "COPY reading (a, b, c, d, e, f) FROM STDIN (FORMAT binary)" };
static const PqCopy nowhere = { "COPY nowhere FROM STDIN (FORMAT binary)" };

typedef struct _packed_ Reading {
        PqFields n;
        PqField8 a;
        PqField4 b;
        PqField2 c;
        PqField1 d, e;
        PqField8 f;
} Reading;

static const usec_t then = (usec_t)1700000000123456;

static void copy_rows(PqTransaction *t, const PqCopy *copy, const void *rows, size_t n) {
        void *room = pq_copy(t, copy, n);

        if (n > 0) {
                assert_non_null(room);
                memcpy(room, rows, n);
        }
}

static void add_reading(PqTransaction *t, int64_t a) {
        Reading r = {
                .n = pq_fields(6),
                .a = pq_field8(a),
                .b = pq_field4(INT32_MIN),
                .c = pq_field2(-2),
                .d = pq_field1(1),
                .e = pq_field1('x'),
                .f = pq_field_time(then),
        };

        copy_rows(t, &readings, &r, sizeof(r));
}

static PqTransaction *copying(int64_t first, int64_t n) {
        PqTransaction *t = pq_transaction_new();

        for (int64_t a = first; a < first + n; a++)
                add_reading(t, a);
        return t;
}

static PqTransaction *counting(void) {
        PqTransaction *t = pq_transaction_new();

        pq_add(t, &count_rows);
        return t;
}

static void connect_world(World *w, void **state) {
        world_init(w, *state, (PqOptions){ .statements = statements, .listen = channels });
        world_await(w, &w->ups, 1);
        assert_int_equal(postgres_psql(w->server, NULL, "-qc", "TRUNCATE reading, late"), 0);
}

static int64_t n_rows;

static void look_count(PqResult *const *results, size_t n) {
        n_rows = pq_get_int(results[n - 1], 0, 0);
}

static int64_t rows_of(World *w) {
        w->look = look_count;
        assert_int_equal(world_answer(w, counting()), 0);
        w->look = NULL;
        return n_rows;
}

static void look_values(PqResult *const *results, size_t n) {
        assert_int_equal(n, 1); /* COPY has no result of its own */
        assert_int_equal(pq_get_int(results[0], 0, 0), 3);
        assert_int_equal(pq_get_int(results[0], 0, 1), 7 + 8 + 9);
        assert_int_equal(pq_get_int(results[0], 0, 2), INT32_MIN);
        assert_int_equal(pq_get_int(results[0], 0, 4), -2);
        assert_true(pq_get_bool(results[0], 0, 5));
        assert_string_equal(pq_get_text(results[0], 0, 6), "x");
        assert_int_equal(pq_get_int(results[0], 0, 7), then);
}

static void rows_are_there_for_the_statements(void **state) {
        PqTransaction *t = copying(7, 3);
        World w;

        connect_world(&w, state);
        pq_add(t, &count_rows);
        w.look = look_values;
        assert_int_equal(world_answer(&w, t), 0);
        assert_int_equal(rows_of(&w), 3);
        world_done(&w);
}

static void rows_alone_are_a_transaction(void **state) {
        World w;

        connect_world(&w, state);
        assert_int_equal(world_answer(&w, copying(1, 2)), 0);
        assert_int_equal(world_answer(&w, copying(20, 1)), 0);
        assert_int_equal(rows_of(&w), 3);
        world_done(&w);
}

static PqTransaction *failing_rows(void) {
        return copying(12, 2); /* 13 must not be */
}

static PqTransaction *failing_statement(void) {
        PqTransaction *t = copying(1, 2);

        pq_add(t, &tell);
        pq_add(t, &fail_now);
        pq_add(t, &tell);
        return t;
}

static PqTransaction *failing_commit(void) {
        PqTransaction *t = copying(1, 2);

        for (unsigned i = 0; i < 2; i++) {
                pq_add(t, &late_put);
                pq_int(t, 5);
        }
        return t;
}

static PqTransaction *failing_table(void) {
        PqTransaction *t = counting();

        copy_rows(t, &nowhere, "", 0);
        return t;
}

static PqTransaction *failing_form(void) {
        PqTransaction *t = counting();

        copy_rows(t, &readings, "\0\7", 2); /* seven columns, and then the end */
        return t;
}

static void what_fails_undoes_all(void **state) {
        static const struct {
                PqTransaction *(*make)(void);
                int error;
        } cases[] = {
                { failing_rows, -EINVAL },   { failing_statement, -EINVAL },
                { failing_commit, -EEXIST }, { failing_table, -EIO },
                { failing_form, -EINVAL },
        };
        World w;

        connect_world(&w, state);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                unsigned answered = w.answers;

                /* What is behind it is another transaction. */
                assert_int_equal(pq_submit(w.pq, cases[i].make(), world_on_answer, &w, NULL), 0);
                assert_int_equal(pq_submit(w.pq, copying(100, 1), NULL, NULL, NULL), 0);
                world_await(&w, &w.answers, answered + 1);
                assert_int_equal(w.r, cases[i].error);
                assert_true(strlen(w.error) > 0);
                assert_int_equal(rows_of(&w), i + 1);
        }
        assert_int_equal(w.downs, 0);
        assert_string_equal(w.notified, "");
        world_done(&w);
}

static char order[64];

static void note(int r, PqResult *const *results _unused_, size_t n, const char *error _unused_,
                 void *userdata) {
        World *w = userdata;

        (void)snprintf(order + strlen(order), sizeof(order) - strlen(order), "%s%zu ",
                       r == 0 ? "" : "!", n);
        w->answers++;
}

static void answers_come_in_order(void **state) {
        World w;

        connect_world(&w, state);
        order[0] = '\0';
        for (unsigned i = 0; i < 3; i++) {
                PqTransaction *t = pq_transaction_new();

                pq_add(t, &doze);
                assert_int_equal(pq_submit(w.pq, t, note, &w, NULL), 0);
                assert_int_equal(pq_submit(w.pq, copying(1, 3), note, &w, NULL), 0);
        }
        assert_int_equal(pq_submit(w.pq, counting(), note, &w, NULL), 0);
        world_await(&w, &w.answers, 7);
        assert_string_equal(order, "1 0 1 0 1 0 1 ");
        assert_int_equal(rows_of(&w), 9);
        world_done(&w);
}

enum {
        MANY = 200 * 1000 /* more than sockets and libpq buffer */
};

static void many_rows_flow(void **state) {
        World w;

        connect_world(&w, state);
        assert_int_equal(world_answer(&w, copying(1000, MANY)), 0);
        assert_int_equal(rows_of(&w), MANY);
        world_done(&w);
}

static void a_lost_connection_answers_all(void **state) {
        World w;

        connect_world(&w, state);
        for (unsigned i = 0; i < 3; i++)
                assert_int_equal(pq_submit(w.pq, copying(1000, MANY / 10), world_on_answer, &w,
                                           NULL),
                                 0);
        assert_int_equal(postgres_psql(w.server, NULL, "-o/dev/null",
                                       "-cSELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                       "WHERE application_name = 'test-event-pq-copy'"),
                         0);
        world_await(&w, &w.downs, 1);
        assert_int_equal(w.answers, 3);
        assert_int_equal(w.r, -ENOTCONN);
        world_await(&w, &w.ups, 2);
        assert_int_equal(world_answer(&w, copying(1, 1)), 0);
        world_done(&w);
}

static void freeing_at_any_moment_is_safe(void **state) {
        for (unsigned turns = 0; turns < 10; turns++) {
                World w;

                connect_world(&w, state);
                for (unsigned i = 0; i < 3; i++)
                        assert_int_equal(pq_submit(w.pq, copying(1, 5), world_on_answer, &w, NULL),
                                         0);
                for (unsigned i = 0; i < turns; i++)
                        (void)uv_run(&w.loop, UV_RUN_NOWAIT);
                world_done(&w);
        }
}

static int start_server(void **state) {
        return world_start_server(state, schema);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(rows_are_there_for_the_statements),
                cmocka_unit_test(rows_alone_are_a_transaction),
                cmocka_unit_test(what_fails_undoes_all),
                cmocka_unit_test(answers_come_in_order),
                cmocka_unit_test(many_rows_flow),
                cmocka_unit_test(a_lost_connection_answers_all),
                cmocka_unit_test(freeing_at_any_moment_is_safe),
        };

        return cmocka_run_group_tests(tests, start_server, world_stop_server);
}
