/* A question and its answer over a local socket, and all that may go wrong instead. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "event/local.h"

/* The program at the other end: it answers what it is told to, and says nothing when that is NULL.
 */
typedef struct World {
        uv_loop_t loop;
        uv_pipe_t server, peer;
        uv_write_t write;
        char folder[32], path[64], heard[256], buffer[256];
        const char *answer;
        size_t heard_n, repeat;
        bool accepted, closes;
        LocalCall *call;
        int error;
        unsigned done;
        char line[LOCAL_ANSWER_MAX];
} World;

static void on_alloc(uv_handle_t *handle, size_t size _unused_, uv_buf_t *ret) {
        World *w = handle->data;

        *ret = uv_buf_init(w->buffer, sizeof(w->buffer));
}

static void say(World *w) {
        uv_buf_t text;

        if (w->closes) {
                uv_close((uv_handle_t *)&w->peer, NULL);
                w->accepted = false;
        } else if (w->answer) {
                text = uv_buf_init((char *)w->answer, (unsigned)strlen(w->answer));
                for (size_t i = 0; i <= w->repeat; i++)
                        (void)uv_try_write((uv_stream_t *)&w->peer, &text, 1);
        }
}

static void on_heard(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer) {
        World *w = stream->data;

        if (n <= 0) {
                (void)uv_read_stop(stream);
                return;
        }
        memcpy(w->heard + w->heard_n, buffer->base, (size_t)n);
        w->heard_n += (size_t)n;
        if (strchr(w->heard, '\n'))
                say(w);
}

static void on_peer(uv_stream_t *server, int status _unused_) {
        World *w = server->data;

        assert_int_equal(uv_pipe_init(&w->loop, &w->peer, 0), 0);
        w->peer.data = w;
        assert_int_equal(uv_accept(server, (uv_stream_t *)&w->peer), 0);
        w->accepted = true;
        assert_int_equal(uv_read_start((uv_stream_t *)&w->peer, on_alloc, on_heard), 0);
}

static void open_world(World *w) {
        *w = (World){ .folder = "/tmp/dpin-local-XXXXXX" };
        assert_non_null(mkdtemp(w->folder));
        snprintf(w->path, sizeof(w->path), "%s/socket", w->folder);
        assert_int_equal(uv_loop_init(&w->loop), 0);
        assert_int_equal(uv_pipe_init(&w->loop, &w->server, 0), 0);
        w->server.data = w;
        assert_int_equal(uv_pipe_bind(&w->server, w->path), 0);
        assert_int_equal(uv_listen((uv_stream_t *)&w->server, 4, on_peer), 0);
        uv_unref((uv_handle_t *)&w->server);
}

static void close_world(World *w) {
        uv_close((uv_handle_t *)&w->server, NULL);
        if (w->accepted)
                uv_close((uv_handle_t *)&w->peer, NULL);
        assert_int_equal(uv_run(&w->loop, UV_RUN_DEFAULT), 0);
        assert_int_equal(uv_loop_close(&w->loop), 0);
        (void)unlink(w->path);
        assert_int_equal(rmdir(w->folder), 0);
}

static void on_done(int error, const char *answer, void *userdata) {
        World *w = userdata;

        w->done++;
        w->error = error;
        w->call = NULL;
        snprintf(w->line, sizeof(w->line), "%s", answer ? answer : "");
}

static int ask(World *w, const char *path) {
        const LocalQuestion q = { .path = path,
                                  .text = "how are you\n",
                                  .timeout = 200 * USEC_PER_MSEC };

        return local_ask(&w->loop, &q, on_done, w, &w->call);
}

static void run(World *w, const char *path) {
        assert_int_equal(ask(w, path), 0);
        assert_int_equal(w->done, 0);
        while (w->done == 0)
                (void)uv_run(&w->loop, UV_RUN_ONCE);
        assert_int_equal(w->done, 1);
}

static void answered(void **state _unused_) {
        World w;

        open_world(&w);
        w.answer = "fine\nand you\n";
        run(&w, w.path);
        assert_int_equal(w.error, 0);
        assert_string_equal(w.line, "fine");
        assert_string_equal(w.heard, "how are you\n");
        close_world(&w);
}

static void who_says_nothing_is_not_waited_for(void **state _unused_) {
        World w;

        open_world(&w);
        run(&w, w.path);
        assert_int_equal(w.error, -ETIMEDOUT);
        close_world(&w);
}

static void who_hangs_up_gave_no_answer(void **state _unused_) {
        World w;

        open_world(&w);
        w.closes = true;
        run(&w, w.path);
        assert_true(w.error == -ENODATA || w.error == -ECONNRESET);
        close_world(&w);
}

static void an_endless_line_is_none(void **state _unused_) {
        World w;

        open_world(&w);
        w.answer = "0123456789abcdef";
        w.repeat = LOCAL_ANSWER_MAX / 16;
        run(&w, w.path);
        assert_int_equal(w.error, -EMSGSIZE);
        close_world(&w);
}

static void nobody_is_there(void **state _unused_) {
        char path[200];
        World w;

        open_world(&w);
        run(&w, "/nonexistent/socket");
        assert_int_equal(w.error, -ENOENT);
        memset(path, 'x', sizeof(path) - 1);
        path[sizeof(path) - 1] = '\0';
        assert_int_equal(ask(&w, path), -ENAMETOOLONG);
        close_world(&w);
}

static void cancelled_nobody_is_told(void **state _unused_) {
        World w;

        open_world(&w);
        w.answer = "fine\n";
        assert_int_equal(ask(&w, w.path), 0);
        assert_null(local_cancel(w.call));
        assert_null(local_cancel(NULL));
        for (unsigned i = 0; i < 5; i++)
                (void)uv_run(&w.loop, UV_RUN_NOWAIT);
        close_world(&w);
        assert_int_equal(w.done, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(answered),
                cmocka_unit_test(who_says_nothing_is_not_waited_for),
                cmocka_unit_test(who_hangs_up_gave_no_answer),
                cmocka_unit_test(an_endless_line_is_none),
                cmocka_unit_test(nobody_is_there),
                cmocka_unit_test(cancelled_nobody_is_told),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
