/* Parameters as the server takes them: scalars, NULLs, arrays, and what is refused before. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pq-world.h"

static const PqStatement echo = {
        .name = "echo",
        .sql = "SELECT $1::bytea, $2::uuid, (extract(epoch FROM $3::timestamptz) * "
               "1000000)::bigint, "
               "$4::boolean, $5::double precision, $6::text, $7::bigint, $8::inet",
        .n_params = 8,
};
static const PqStatement spread = {
        .name = "spread",
        .sql = "SELECT a, b, c, d, e, f, (extract(epoch FROM g) * 1000000)::bigint, h "
               "FROM unnest($1::smallint[], $2::integer[], $3::bigint[], $4::text[], $5::bytea[], "
               "$6::uuid[], $7::timestamptz[], $8::boolean[]) "
               "AS t (a, b, c, d, e, f, g, h)",
        .n_params = 8,
};

static const PqStatement *const statements[] = { &echo, &spread, NULL };

static void connect_world(World *w, void **state) {
        world_init(w, *state, (PqOptions){ .statements = statements });
        world_await(w, &w->ups, 1);
}

static const Uuid some_uuid = { { 0x01, 0x9a, 0, 0xff, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 } };
static const usec_t some_time = 1767323045000006;

static void look_echo(PqResult *const *results, size_t n _unused_) {
        _cleanup_free_ uint8_t *blob = NULL;
        const PqResult *e = results[0];
        uint8_t bytes[8];
        size_t size = 0;
        Uuid uuid = {};

        assert_int_equal(pq_get_bytes(e, 0, 0, bytes, sizeof(bytes)), 4);
        assert_memory_equal(bytes, "\0\xff'\\", 4);
        assert_int_equal(pq_get_bytes(e, 0, 0, bytes, 3), -ENOBUFS);
        assert_int_equal(pq_get_blob(e, 0, 0, &blob, &size), 0);
        assert_int_equal(size, 4);
        assert_memory_equal(blob, "\0\xff'\\", 4);
        assert_int_equal(pq_get_uuid(e, 0, 1, &uuid), 0);
        assert_true(uuid_equal(&uuid, &some_uuid));
        assert_int_equal(pq_get_time(e, 0, 2), some_time);
        assert_true(pq_get_bool(e, 0, 3));
        assert_true(pq_get_real(e, 0, 4) == 0.1);
        assert_string_equal(pq_get_text(e, 0, 5), "it's \"quoted\" \\ {a,b} \u00e4");
        assert_true(pq_get_int(e, 0, 6) == INT64_MIN);
        assert_string_equal(pq_get_text(e, 0, 7), "2001:db8::1");
}

static void values_survive_the_journey(void **state) {
        PqTransaction *t = pq_transaction_new();
        World w;

        connect_world(&w, state);
        pq_add(t, &echo);
        pq_bytes(t, "\0\xff'\\", 4);
        pq_uuid(t, &some_uuid);
        pq_time(t, some_time);
        pq_bool(t, true);
        pq_real(t, 0.1);
        pq_text(t, "it's \"quoted\" \\ {a,b} \u00e4");
        pq_int(t, INT64_MIN);
        pq_text(t, "2001:db8::1");
        w.look = look_echo;
        assert_int_equal(world_answer(&w, t), 0);
        world_done(&w);
}

static void look_nulls(PqResult *const *results, size_t n _unused_) {
        const PqResult *e = results[0];
        uint8_t byte, *blob;
        size_t size = 1;
        Uuid uuid;

        assert_false(pq_is_null(e, 0, 0));
        assert_int_equal(pq_get_bytes(e, 0, 0, &byte, 1), 0);
        for (int column = 1; column < 8; column++)
                assert_true(pq_is_null(e, 0, column));
        assert_int_equal(pq_get_uuid(e, 0, 1, &uuid), -EINVAL);
        assert_true(pq_get_time(e, 0, 2) == USEC_INFINITY);
        assert_int_equal(pq_get_int(e, 0, 6), 0);
        assert_int_equal(pq_get_blob(e, 0, 1, &blob, &size), 0);
        assert_int_equal(size, 0);
        free(blob);
}

static void nulls_survive_too(void **state) {
        PqTransaction *t = pq_transaction_new();
        World w;

        connect_world(&w, state);
        pq_add(t, &echo);
        pq_bytes(t, NULL, 0); /* no bytes, but not NULL */
        pq_null(t);
        pq_time(t, USEC_INFINITY);
        pq_null(t);
        pq_null(t);
        pq_text(t, NULL);
        pq_null(t);
        pq_null(t);
        w.look = look_nulls;
        assert_int_equal(world_answer(&w, t), 0);
        world_done(&w);
}

static void add_integers(PqTransaction *t, PqArray type, int64_t a, int64_t b) {
        pq_array_open(t, type);
        pq_int(t, a);
        pq_int(t, b);
        pq_null(t);
        pq_array_close(t);
}

static void add_texts(PqTransaction *t, PqArray type, const char *a, const char *b) {
        pq_array_open(t, type);
        pq_text(t, a);
        pq_text(t, b);
        pq_text(t, NULL);
        pq_array_close(t);
}

static void add_other_arrays(PqTransaction *t) {
        pq_array_open(t, PQ_BYTEA);
        pq_bytes(t, "\0\"}", 3);
        pq_bytes(t, "", 0);
        pq_null(t);
        pq_array_close(t);
        pq_array_open(t, PQ_UUID);
        pq_uuid(t, &some_uuid);
        pq_null(t);
        pq_uuid(t, &some_uuid);
        pq_array_close(t);
        pq_array_open(t, PQ_TIMESTAMPTZ);
        pq_time(t, some_time);
        pq_time(t, 0);
        pq_time(t, USEC_INFINITY);
        pq_array_close(t);
        pq_array_open(t, PQ_BOOL);
        pq_bool(t, true);
        pq_bool(t, false);
        pq_null(t);
        pq_array_close(t);
}

static void look_arrays(PqResult *const *results, size_t n _unused_) {
        const PqResult *e = results[0];
        uint8_t bytes[4];
        Uuid uuid;

        assert_int_equal(pq_rows(e), 3);
        assert_int_equal(pq_get_int(e, 0, 0), INT16_MIN);
        assert_int_equal(pq_get_int(e, 1, 0), INT16_MAX);
        assert_int_equal(pq_get_int(e, 0, 1), INT32_MIN);
        assert_int_equal(pq_get_int(e, 1, 1), 5);
        assert_true(pq_get_int(e, 0, 2) == INT64_MIN);
        assert_true(pq_get_int(e, 1, 2) == INT64_MAX);
        assert_string_equal(pq_get_text(e, 0, 3), "a \"b\" \\ {c},NULL 'd'");
        assert_string_equal(pq_get_text(e, 1, 3), "");
        assert_int_equal(pq_get_bytes(e, 0, 4, bytes, sizeof(bytes)), 3);
        assert_memory_equal(bytes, "\0\"}", 3);
        assert_int_equal(pq_get_bytes(e, 1, 4, bytes, sizeof(bytes)), 0);
        assert_int_equal(pq_get_uuid(e, 2, 5, &uuid), 0);
        assert_true(uuid_equal(&uuid, &some_uuid));
        assert_true(pq_is_null(e, 1, 5));
        assert_int_equal(pq_get_time(e, 0, 6), some_time);
        assert_int_equal(pq_get_time(e, 1, 6), 0);
        assert_true(pq_get_bool(e, 0, 7));
        assert_false(pq_get_bool(e, 1, 7));
        for (int column = 0; column < 8; column++)
                assert_int_equal(pq_is_null(e, 2, column), column != 5);
}

static void arrays_hold_nulls_quotes_and_bytes(void **state) {
        PqTransaction *t = pq_transaction_new();
        World w;

        connect_world(&w, state);
        pq_add(t, &spread);
        add_integers(t, PQ_INT2, INT16_MIN, INT16_MAX);
        add_integers(t, PQ_INT4, INT32_MIN, 5);
        add_integers(t, PQ_INT8, INT64_MIN, INT64_MAX);
        add_texts(t, PQ_TEXT, "a \"b\" \\ {c},NULL 'd'", "");
        add_other_arrays(t);
        w.look = look_arrays;
        assert_int_equal(world_answer(&w, t), 0);
        world_done(&w);
}

static void look_none(PqResult *const *results, size_t n) {
        assert_int_equal(n, 1);
        assert_int_equal(pq_rows(results[0]), 0);
}

static void empty_arrays_are_empty(void **state) {
        PqTransaction *t = pq_transaction_new();
        World w;

        connect_world(&w, state);
        pq_add(t, &spread);
        for (PqArray type = PQ_INT2; type <= PQ_BOOL; type++) {
                pq_array_open(t, type);
                pq_array_close(t);
        }
        w.look = look_none;
        assert_int_equal(world_answer(&w, t), 0);
        world_done(&w);
}

static void what_does_not_fit_is_refused_early(void **state) {
        PqTransaction *t = pq_transaction_new();
        World w;

        connect_world(&w, state);
        pq_add(t, &spread);
        add_integers(t, PQ_INT2, INT16_MAX + 1, 0);
        add_texts(t, PQ_TEXT, "what follows", "is not looked at");
        assert_int_equal(pq_submit(w.pq, t, world_on_answer, &w, NULL), -ERANGE);
        assert_int_equal(pq_submit(w.pq, NULL, world_on_answer, &w, NULL), -ENOMEM);
        world_done(&w);
}

static int start_server(void **state) {
        Postgres *p = NULL;
        int r;

        r = postgres_start(&p);
        *state = p;
        return r;
}

static int stop_server(void **state) {
        *state = postgres_stop(*state);
        return 0;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(values_survive_the_journey),
                cmocka_unit_test(nulls_survive_too),
                cmocka_unit_test(arrays_hold_nulls_quotes_and_bytes),
                cmocka_unit_test(empty_arrays_are_empty),
                cmocka_unit_test(what_does_not_fit_is_refused_early),
        };

        return cmocka_run_group_tests(tests, start_server, stop_server);
}
