/* Nothing here sleeps: the loop turns until what is awaited has come, or a guard timer fails the
 * test. */
#include "pq-world.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
        PATIENCE_MS = 30 * 1000
};

static void on_guard(uv_timer_t *timer _unused_) {
        fail_msg("The database did not answer in time.");
}

static void on_state(Pq *pq, bool connected, const char *error, void *userdata) {
        World *w = userdata;

        assert_int_equal(pq_connected(pq), connected);
        if (connected)
                w->ups++;
        else
                w->downs++;
        assert_int_equal(connected, !error);
        if (error)
                (void)snprintf(w->error, sizeof(w->error), "%s", error);
}

static void on_notify(const char *channel, const char *payload, void *userdata) {
        World *w = userdata;
        size_t n = strlen(w->notified);

        (void)snprintf(w->notified + n, sizeof(w->notified) - n, "%s=%s;", channel, payload);
}

void world_on_answer(int r, PqResult *const *results, size_t n, const char *error, void *userdata) {
        World *w = userdata;

        assert_int_equal(r >= 0, !!results);
        w->answers++;
        w->r = r;
        (void)snprintf(w->error, sizeof(w->error), "%s", error ? error : "");
        if (w->look && r >= 0)
                w->look(results, n);
}

void world_init(World *w, const Postgres *server, PqOptions options) {
        *w = (World){ .server = server };
        assert_int_equal(uv_loop_init(&w->loop), 0);
        assert_int_equal(uv_timer_init(&w->loop, &w->guard), 0);
        assert_int_equal(uv_timer_start(&w->guard, on_guard, PATIENCE_MS, 0), 0);
        if (!options.dsn)
                options.dsn = postgres_dsn(server);
        options.on_state = on_state;
        options.on_notify = on_notify;
        options.userdata = w;
        assert_int_equal(pq_new(&w->pq, &w->loop, &options), 0);
        assert_false(pq_connected(w->pq));
}

void world_done(World *w) {
        w->pq = pq_free(w->pq);
        uv_close((uv_handle_t *)&w->guard, NULL);
        (void)uv_run(&w->loop, UV_RUN_DEFAULT);
        assert_int_equal(uv_loop_close(&w->loop), 0);
}

void world_await(const World *w, const unsigned *counter, unsigned value) {
        while (*counter < value)
                (void)uv_run((uv_loop_t *)&w->loop, UV_RUN_ONCE);
}

int world_answer(World *w, PqTransaction *t) {
        unsigned before = w->answers;

        assert_int_equal(pq_submit(w->pq, t, world_on_answer, w, NULL), 0);
        assert_int_equal(w->answers, before);
        world_await(w, &w->answers, before + 1);
        return w->r;
}

int world_start_server(void **state, const char *schema) {
        Postgres *p = NULL;
        int r;

        r = postgres_start(&p);
        *state = p;
        return r < 0 ? r : postgres_psql(p, NULL, "-c", schema);
}

int world_stop_server(void **state) {
        *state = postgres_stop(*state);
        return 0;
}
