/* Answers: whole ones, and endless streams fed from a bounded queue. */
#include "event/httpd-internal.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define STREAM_BLOCK_SIZE  4096
#define STREAM_CLOSE_TIME  (5 * USEC_PER_SEC) /* a slower reader loses what was still queued */
#define STREAM_SOCKET_SIZE (64 * 1024)        /* the kernel's part of its queue */

typedef struct MHD_Response MhdResponse;

static MhdResponse *response_free(MhdResponse *response) {
        if (response)
                MHD_destroy_response(response);
        return NULL;
}
DEFINE_FREEP(MhdResponse, response_free);

/* The connection goes on in the library's next turn. */
static void wake(HttpdRequest *r) {
        if (!r->suspended)
                return;
        r->suspended = false;
        MHD_resume_connection(r->connection);
        httpd_loop_turn_soon(r->server);
}

void httpd_answer(HttpdRequest *r, unsigned status, struct MHD_Response *response) {
        r->status = status;
        r->response = response;
        r->state = REQUEST_ANSWERED;
        wake(r);
}

static int add_header(MhdResponse *response, const char *line) {
        _cleanup_free_ char *name = NULL;
        const char *colon = strchr(line, ':');

        if (!colon)
                return -EINVAL;
        name = strndup(line, (size_t)(colon - line));
        if (!name)
                return -ENOMEM;

        colon += 1 + strspn(colon + 1, " ");
        return MHD_add_response_header(response, name, colon) == MHD_YES ? 0 : -EINVAL;
}

static int add_headers(HttpdRequest *r, MhdResponse *response, const char *content_type,
                       const char *const *headers) {
        int e;

        if (content_type && MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                                                    content_type) != MHD_YES)
                return -EINVAL;

        if (r->server->draining &&
            MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close") != MHD_YES)
                return -EINVAL;

        for (; headers && *headers; headers++) {
                e = add_header(response, *headers);
                if (e < 0)
                        return e;
        }
        return 0;
}

int httpd_reply(HttpdRequest *r, const HttpdReply *reply) {
        _cleanup_(response_freep) MhdResponse *response = NULL;
        int e;

        if (r->state != REQUEST_WAITING)
                return -EALREADY;

        response = MHD_create_response_from_buffer(reply->body_n, (void *)reply->body,
                                                   reply->body_static ? MHD_RESPMEM_PERSISTENT
                                                                      : MHD_RESPMEM_MUST_COPY);
        if (!response)
                return -ENOMEM;

        e = add_headers(r, response, reply->content_type, reply->headers);
        if (e < 0)
                return e;

        r->answer_n = reply->body_n;
        httpd_answer(r, reply->status, TAKE_PTR(response));
        return 0;
}

static size_t stream_take(HttpdRequest *r, char *ret, size_t max) {
        size_t n = httpd_buffer_take(&r->stream, ret, max);

        r->server->streamed -= n;
        return n;
}

/* The library wants more of the stream. Without any the connection sleeps until there is. */
static ssize_t on_stream_read(void *userdata, uint64_t position _unused_, char *ret, size_t max) {
        HttpdRequest *r = userdata;

        if (httpd_buffer_size(&r->stream) > 0)
                return (ssize_t)stream_take(r, ret, max);
        if (r->stream_ended)
                return MHD_CONTENT_READER_END_OF_STREAM;

        r->suspended = true;
        MHD_suspend_connection(r->connection);
        return 0;
}

int httpd_stream_open(HttpdRequest *r, const char *content_type, const char *const *headers) {
        _cleanup_(response_freep) MhdResponse *response = NULL;
        int e;

        if (r->state != REQUEST_WAITING)
                return -EALREADY;

        response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK_SIZE,
                                                     on_stream_read, r, NULL);
        if (!response)
                return -ENOMEM;

        e = add_headers(r, response, content_type, headers);
        if (e < 0)
                return e;

        /* HEAD gets no body, but the library sends the end of one when it comes in chunks. */
        if (strcmp(r->method, MHD_HTTP_METHOD_HEAD) == 0)
                (void)MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT,
                                               MHD_RO_END);
        r->streaming = true;
        (void)setsockopt(r->line->fd, SOL_SOCKET, SO_SNDBUF, &(int){ STREAM_SOCKET_SIZE },
                         sizeof(int));
        httpd_answer(r, MHD_HTTP_OK, TAKE_PTR(response));
        return 0;
}

/* When all streams together have too much queued, those that keep up go on. */
static bool is_behind(const HttpdRequest *r, size_t n) {
        return httpd_buffer_size(&r->stream) > 0 &&
               r->server->streamed + n > r->server->limits.streams_queue_max;
}

int httpd_stream_write(HttpdRequest *r, const void *data, size_t n) {
        int e;

        if (!r->streaming || r->stream_ended)
                return -ENOTCONN;

        if (is_behind(r, n))
                return -ENOBUFS;
        e = httpd_buffer_add(&r->stream, data, n, r->server->limits.stream_queue_max);
        if (e < 0)
                return e;

        r->server->streamed += n;
        wake(r);
        return 0;
}

void httpd_stream_close(HttpdRequest *r) {
        if (!r->streaming || r->stream_ended)
                return;

        r->stream_ended = true;
        httpd_connection_move(r->line, CONNECTION_BUSY, STREAM_CLOSE_TIME);
        wake(r);
}
