/* The HTTP server: a request is collected whole, given to the owner, and its connection sleeps
 * until it is answered. Routing and meaning are the owner's. */
#include "event/httpd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "event/httpd-internal.h"

#define BODY_MAX_DEFAULT         (64u * 1024)
#define CONNECTIONS_MAX_DEFAULT  10000u
#define IDLE_MAX_DEFAULT         (30 * USEC_PER_SEC)
#define STREAM_QUEUE_MAX_DEFAULT (256u * 1024)

/* Of a body that is too long so many times the limit is read, so that the client comes to read the
 * answer; then it is cut. */
#define DISCARD_FACTOR 4

static void request_link(Httpd *h, HttpdRequest *r) {
        r->server = h;
        r->next = h->requests;
        if (r->next)
                r->next->previous = r;
        h->requests = r;
        h->active++;
}

static void request_unlink(Httpd *h, HttpdRequest *r) {
        if (r->next)
                r->next->previous = r->previous;
        if (r->previous)
                r->previous->next = r->next;
        else
                h->requests = r->next;
        h->active--;
}

/* The server's own answer to what the owner never sees. */
static struct MHD_Response *problem_new(unsigned status, const char *title) {
        char body[128];
        int n = snprintf(body, sizeof(body),
                         "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%u}\n", title,
                         status);
        struct MHD_Response *response =
                        MHD_create_response_from_buffer((size_t)n, body, MHD_RESPMEM_MUST_COPY);

        if (response)
                (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                                              "application/problem+json");
        return response;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status,
                              const char *title) {
        struct MHD_Response *response = problem_new(status, title);
        enum MHD_Result result;

        if (!response)
                return MHD_NO;
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
        result = MHD_queue_response(connection, status, response);
        MHD_destroy_response(response);
        return result;
}

/* The library has checked that the number, if there is one, is a number. */
static bool announced_too_long(struct MHD_Connection *connection, size_t max) {
        const char *text = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                                       MHD_HTTP_HEADER_CONTENT_LENGTH);

        return text && strtoull(text, NULL, 10) > max;
}

static enum MHD_Result request_begin(Httpd *h, struct MHD_Connection *connection,
                                     const char *method, const char *raw_path, void **ret) {
        HttpdRequest *request;
        int r;

        if (announced_too_long(connection, h->limits.body_max))
                return refuse(connection, MHD_HTTP_CONTENT_TOO_LARGE, "Content Too Large");

        r = httpd_request_new(&request, connection, method, raw_path);
        if (r == -EINVAL)
                return refuse(connection, MHD_HTTP_BAD_REQUEST, "Bad Request");
        if (r < 0)
                return MHD_NO;

        request_link(h, request);
        *ret = request;
        return MHD_YES;
}

static enum MHD_Result request_body(HttpdRequest *request, const char *data, size_t *n) {
        size_t max = request->server->limits.body_max;
        int r = 0;

        if (request->state == REQUEST_READING)
                r = httpd_buffer_add(&request->body, data, *n, max);
        if (r == -ENOBUFS)
                request->state = REQUEST_REFUSED;
        else if (r < 0)
                return MHD_NO;

        if (request->state == REQUEST_REFUSED) {
                request->body.start = request->body.end = 0;
                request->discarded += *n;
                if (request->discarded > max * DISCARD_FACTOR)
                        return MHD_NO;
        }
        *n = 0;
        return MHD_YES;
}

/* The owner answers at once, or the connection sleeps until it does. */
static void request_deliver(HttpdRequest *request) {
        Httpd *h = request->server;

        request->state = REQUEST_WAITING;
        h->ops.request(request, h->userdata);
        if (request->state != REQUEST_WAITING)
                return;

        request->suspended = true;
        MHD_suspend_connection(request->connection);
}

static enum MHD_Result request_answer(HttpdRequest *request) {
        struct MHD_Response *response = TAKE_PTR(request->response);
        enum MHD_Result result;

        request->state = REQUEST_SENDING;
        result = MHD_queue_response(request->connection, request->status, response);
        MHD_destroy_response(response);
        return result;
}

/* The library calls this with the header, with each piece of the body, at its end, and after each
 * resumption. */
static enum MHD_Result on_access(void *userdata, struct MHD_Connection *connection,
                                 const char *raw_path, const char *method,
                                 const char *version _unused_, const char *data, size_t *n,
                                 void **request_place) {
        HttpdRequest *request = *request_place;

        if (!request)
                return request_begin(userdata, connection, method, raw_path, request_place);
        if (*n > 0)
                return request_body(request, data, n);
        if (request->state == REQUEST_REFUSED)
                return refuse(connection, MHD_HTTP_CONTENT_TOO_LARGE, "Content Too Large");
        if (request->state == REQUEST_READING)
                request_deliver(request);
        if (request->state == REQUEST_ANSWERED)
                return request_answer(request);
        return MHD_YES;
}

static void on_completed(void *userdata, struct MHD_Connection *connection _unused_,
                         void **request_place, enum MHD_RequestTerminationCode why _unused_) {
        HttpdRequest *request = TAKE_PTR(*request_place);
        Httpd *h = userdata;

        if (!request)
                return;

        request_unlink(h, request);
        if (request->state >= REQUEST_WAITING)
                h->ops.finished(request, h->userdata);
        httpd_request_free(request);
}

/* Decoding is done later and strictly (httpd-request.c); the library's own would cut at an encoded
 * NUL. */
static size_t on_unescape(void *userdata _unused_, struct MHD_Connection *connection _unused_,
                          char *text) {
        return strlen(text);
}

static int start_library(Httpd *h, int fd) {
        const union MHD_DaemonInfo *info;
        unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;

        h->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_access, h, MHD_OPTION_LISTEN_SOCKET,
                                     fd, MHD_OPTION_CONNECTION_LIMIT, h->limits.connections_max,
                                     MHD_OPTION_PER_IP_CONNECTION_LIMIT, h->limits.per_address_max,
                                     MHD_OPTION_CONNECTION_TIMEOUT,
                                     (unsigned)MAX(h->limits.idle_max / USEC_PER_SEC, (usec_t)1),
                                     MHD_OPTION_NOTIFY_COMPLETED, on_completed, h,
                                     MHD_OPTION_UNESCAPE_CALLBACK, on_unescape, NULL,
                                     MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
        if (!h->daemon)
                return -EIO;

        info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
        return info ? info->epoll_fd : -ENOTSUP;
}

static void apply_defaults(HttpdLimits *l) {
        if (l->body_max == 0)
                l->body_max = BODY_MAX_DEFAULT;
        if (l->connections_max == 0)
                l->connections_max = CONNECTIONS_MAX_DEFAULT;
        if (l->idle_max == 0)
                l->idle_max = IDLE_MAX_DEFAULT;
        if (l->stream_queue_max == 0)
                l->stream_queue_max = STREAM_QUEUE_MAX_DEFAULT;
}

int httpd_new(Httpd **ret, uv_loop_t *loop, const HttpdOptions *options, const HttpdOps *ops,
              void *userdata) {
        _cleanup_(httpd_freep) Httpd *h = calloc(1, sizeof(*h));
        int r;

        if (!h)
                return -ENOMEM;

        *h = (Httpd){ .loop = loop, .ops = *ops, .userdata = userdata };
        h->limits = options->limits;
        apply_defaults(&h->limits);

        r = start_library(h, options->fd);
        if (r < 0)
                return r;

        r = httpd_loop_attach(h, r);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(h);
        return 0;
}

void httpd_drain(Httpd *h) {
        int fd;

        if (h->draining)
                return;

        h->draining = true;
        fd = MHD_quiesce_daemon(h->daemon);
        if (fd >= 0)
                close(fd);
        for (HttpdRequest *r = h->requests; r; r = r->next)
                httpd_stream_close(r);
}

unsigned httpd_active(const Httpd *h) {
        return h->active;
}

/* The library must not be stopped while a connection sleeps. */
static void stop_library(Httpd *h) {
        for (HttpdRequest *r = h->requests; r; r = r->next) {
                if (r->suspended)
                        MHD_resume_connection(r->connection);
                r->suspended = false;
        }
        MHD_stop_daemon(h->daemon);
}

Httpd *httpd_free(Httpd *h) {
        if (!h)
                return NULL;

        httpd_loop_detach(h);
        if (h->daemon)
                stop_library(h);
        if (h->handles == 0)
                free(h);
        return NULL;
}
