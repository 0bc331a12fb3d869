/* What it is to read lies in memory before it starts, so nothing waits for it to be read. Somebody
 * whom it left behind in another group may hold its output open: that is waited for shortly. */
#include "event/program.h"

#include <errno.h>
#include <linux/close_range.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/memory-file.h"

#define LEFT_BEHIND (500 * USEC_PER_MSEC)
#define READ_SIZE   4096

struct Program {
        uv_process_t process;
        uv_pipe_t output;
        uv_timer_t timer;
        unsigned handles; /* not closed yet */
        bool exited, said_all, timed_out;
        usec_t grace;
        ProgramDone done; /* NULL: cancelled, and nobody is told */
        void *userdata;
        unsigned status;
        int signal;
        char line[PROGRAM_LINE_MAX + 1];
        size_t n;
        bool line_ended; /* the next character begins another one */
        char buffer[READ_SIZE];
};

/* Life ----------------------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle) {
        Program *p = handle->data;

        if (--p->handles == 0)
                free(p);
}

static void program_close(Program *p) {
        if (p->process.data) /* it was tried to start one */
                uv_close((uv_handle_t *)&p->process, on_closed);
        uv_close((uv_handle_t *)&p->output, on_closed);
        uv_close((uv_handle_t *)&p->timer, on_closed);
}

static void finish(Program *p) {
        const ProgramResult result = {
                .status = p->status, .signal = p->signal, .timed_out = p->timed_out, .line = p->line
        };

        program_close(p);
        if (p->done)
                p->done(&result, p->userdata);
}

static void kill_group(const Program *p, int signal) {
        (void)kill(-p->process.pid, signal);
}

static void on_timer(uv_timer_t *timer);

static void wait_for(Program *p, usec_t delay) {
        (void)uv_timer_start(&p->timer, on_timer, delay / USEC_PER_MSEC, 0);
}

static void on_timer(uv_timer_t *timer) {
        Program *p = timer->data;

        if (p->exited) {
                finish(p);
        } else if (p->timed_out) {
                kill_group(p, SIGKILL);
        } else {
                p->timed_out = true;
                kill_group(p, SIGTERM);
                wait_for(p, p->grace);
        }
}

static void on_ended(uv_process_t *process, int64_t status, int signal) {
        Program *p = process->data;

        p->exited = true;
        p->status = (unsigned)status;
        p->signal = signal;
        kill_group(p, SIGKILL);
        if (p->said_all || !p->done)
                finish(p);
        else
                wait_for(p, LEFT_BEHIND);
}

/* What it says --------------------------------------------------------------------------------- */

static void on_alloc(uv_handle_t *handle, size_t size _unused_, uv_buf_t *ret) {
        Program *p = handle->data;

        *ret = uv_buf_init(p->buffer, sizeof(p->buffer));
}

static void keep(Program *p, const char *bytes, size_t n) {
        for (size_t i = 0; i < n; i++) {
                char c = bytes[i];

                if (c == '\n' || c == '\r') {
                        p->line_ended = true;
                        continue;
                }
                if (p->line_ended)
                        p->n = 0;
                p->line_ended = false;
                if (p->n < PROGRAM_LINE_MAX && c != '\0')
                        p->line[p->n++] = c;
                p->line[p->n] = '\0';
        }
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer) {
        Program *p = stream->data;

        if (n > 0)
                keep(p, buffer->base, (size_t)n);
        if (n >= 0)
                return;
        (void)uv_read_stop(stream);
        p->said_all = true;
        if (p->exited)
                finish(p);
}

/* Starting ------------------------------------------------------------------------------------- */

static int spawn(Program *p, const ProgramRequest *q, int input, int output) {
        uv_stdio_container_t streams[3] = {
                { .flags = UV_INHERIT_FD, .data.fd = input },
                { .flags = UV_INHERIT_FD, .data.fd = output },
                { .flags = UV_INHERIT_FD, .data.fd = output },
        };
        const uv_process_options_t options = {
                .exit_cb = on_ended,
                .file = q->argv[0],
                .args = (char **)q->argv,
                .env = (char **)q->environment,
                .cwd = "/",
                .flags = UV_PROCESS_DETACHED, /* setsid(): a group of its own */
                .stdio_count = ELEMENTSOF(streams),
                .stdio = streams,
        };

        p->process.data = p;
        p->handles++;
        (void)close_range(3, ~0U, CLOSE_RANGE_CLOEXEC); /* whoever passed one to us */
        return uv_spawn(p->output.loop, &p->process, &options);
}

static int start(Program *p, const ProgramRequest *q, int input) {
        int output[2];
        int r = uv_pipe(output, UV_NONBLOCK_PIPE, 0);

        if (r < 0)
                return r;
        r = uv_pipe_open(&p->output, output[0]);
        if (r < 0)
                (void)close(output[0]);
        else
                r = spawn(p, q, input, output[1]);
        (void)close(output[1]);
        if (r >= 0)
                (void)uv_read_start((uv_stream_t *)&p->output, on_alloc, on_read);
        return r;
}

static Program *program_new(uv_loop_t *loop, ProgramDone done, void *userdata) {
        Program *p = calloc(1, sizeof(*p));

        if (!p)
                return NULL;
        p->done = done;
        p->userdata = userdata;
        (void)uv_pipe_init(loop, &p->output, 0);
        (void)uv_timer_init(loop, &p->timer);
        p->output.data = p->timer.data = p;
        p->handles = 2;
        return p;
}

int program_start(uv_loop_t *loop, const ProgramRequest *request, ProgramDone done, void *userdata,
                  Program **ret) {
        Program *p = program_new(loop, done, userdata);
        int input, r;

        if (!p)
                return -ENOMEM;
        p->grace = request->grace;
        input = memory_file_new("input", request->input, strlen(request->input));
        r = input < 0 ? input : start(p, request, input);
        if (input >= 0)
                (void)close(input);
        if (r < 0) {
                program_close(p);
                return r;
        }
        wait_for(p, request->timeout);
        *ret = p;
        return 0;
}

Program *program_cancel(Program *p) {
        if (!p)
                return NULL;
        p->done = NULL;
        if (p->exited)
                finish(p);
        else
                kill_group(p, SIGKILL);
        return NULL;
}
