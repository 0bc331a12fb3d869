/* Connected, written, read, closed; whatever goes wrong first is the outcome. */
#include "event/local.h"

#include <errno.h>
#include <string.h>
#include <sys/un.h>

struct LocalCall {
        uv_pipe_t pipe;
        uv_timer_t timer;
        uv_connect_t connect;
        uv_write_t write;
        unsigned handles;
        LocalDone done; /* NULL: it is over */
        void *userdata;
        char *text;
        size_t n;
        char answer[LOCAL_ANSWER_MAX];
};

static void forget(LocalCall *c) {
        if (c->text)
                explicit_bzero(c->text, strlen(c->text));
        free(c->text);
        c->text = NULL;
}

static void on_closed(uv_handle_t *handle) {
        LocalCall *c = handle->data;

        if (--c->handles > 0)
                return;
        forget(c);
        free(c);
}

static LocalDone close_call(LocalCall *c) {
        LocalDone done = c->done;

        if (!done)
                return NULL;
        c->done = NULL;
        uv_close((uv_handle_t *)&c->pipe, on_closed);
        uv_close((uv_handle_t *)&c->timer, on_closed);
        return done;
}

static void finish(LocalCall *c, int error) {
        LocalDone done = close_call(c);

        if (done)
                done(error, error < 0 ? NULL : c->answer, c->userdata);
}

static void on_timer(uv_timer_t *timer) {
        finish(timer->data, -ETIMEDOUT);
}

static void on_alloc(uv_handle_t *handle, size_t size _unused_, uv_buf_t *ret) {
        LocalCall *c = handle->data;

        *ret = uv_buf_init(c->answer + c->n, (unsigned)(sizeof(c->answer) - c->n));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer) {
        LocalCall *c = stream->data;
        char *end;

        if (n < 0) {
                finish(c, n == UV_EOF ? -ENODATA : n == UV_ENOBUFS ? -EMSGSIZE : (int)n);
                return;
        }
        end = n > 0 ? memchr(buffer->base, '\n', (size_t)n) : NULL;
        c->n += (size_t)n;
        if (end) {
                *end = '\0';
                finish(c, 0);
        } else if (c->n == sizeof(c->answer)) {
                finish(c, -EMSGSIZE);
        }
}

static void on_written(uv_write_t *write, int status) {
        LocalCall *c = write->data;

        forget(c);
        if (status < 0)
                finish(c, status);
}

static void on_connected(uv_connect_t *connect, int status) {
        LocalCall *c = connect->data;
        uv_buf_t text;

        if (!c->done)
                return;
        if (status >= 0) {
                text = uv_buf_init(c->text, (unsigned)strlen(c->text));
                status = uv_write(&c->write, (uv_stream_t *)&c->pipe, &text, 1, on_written);
        }
        if (status >= 0)
                status = uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read);
        if (status < 0)
                finish(c, status);
}

int local_ask(uv_loop_t *loop, const LocalQuestion *question, LocalDone done, void *userdata,
              LocalCall **ret) {
        LocalCall *c;

        if (strlen(question->path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
                return -ENAMETOOLONG;
        c = calloc(1, sizeof(*c));
        if (!c)
                return -ENOMEM;
        c->text = strdup(question->text);
        if (!c->text) {
                free(c);
                return -ENOMEM;
        }
        c->done = done;
        c->userdata = userdata;
        c->handles = 2;
        (void)uv_pipe_init(loop, &c->pipe, 0);
        (void)uv_timer_init(loop, &c->timer);
        c->pipe.data = c->timer.data = c->connect.data = c->write.data = c;
        (void)uv_timer_start(&c->timer, on_timer, question->timeout / USEC_PER_MSEC, 0);
        uv_pipe_connect(&c->connect, &c->pipe, question->path, on_connected);
        *ret = c;
        return 0;
}

LocalCall *local_cancel(LocalCall *call) {
        if (call)
                (void)close_call(call);
        return NULL;
}
