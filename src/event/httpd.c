/* The HTTP server: a request is collected whole, given to the owner, and its connection sleeps
 * until it is answered. Routing and meaning are the owner's. */
#include "event/httpd.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>

#include "event/httpd-internal.h"

#define BODY_MAX_DEFAULT          (64u * 1024)
#define GUESTS_MAX_DEFAULT        1024u
#define CONNECTIONS_MAX_DEFAULT   10000u
#define HEAD_TIME_DEFAULT         (10 * USEC_PER_SEC)
#define BODY_TIME_DEFAULT         (20 * USEC_PER_SEC)
#define ANSWER_TIME_DEFAULT       (20 * USEC_PER_SEC)
#define IDLE_MAX_DEFAULT          (30 * USEC_PER_SEC)
#define STREAM_QUEUE_MAX_DEFAULT  (256u * 1024)
#define STREAMS_QUEUE_MAX_DEFAULT ((size_t)64 * 1024 * 1024)

#define ANSWER_RATE          (16u * 1024) /* bytes a second that a client takes at least */
#define LIBRARY_MEMORY       (32u * 1024) /* of a connection: a head, its fields, and an answer's */
#define ENDED_MAX            512u         /* connections that are shut down, not yet let go */
#define LIBRARY_SPARE        (2 * ENDED_MAX)
#define DESCRIPTORS_RESERVED 128u /* for the database, the bus and files */

#if MHD_VERSION >= 0x00097701
#define STRICTNESS MHD_OPTION_CLIENT_DISCIPLINE_LVL, 2
#else
#define STRICTNESS MHD_OPTION_STRICT_FOR_CLIENT, 0 /* httpd_request_check() is stricter */
#endif

static const HttpdRefusal bad_escape = { 400, "escape",
                                         "An escape in path or query is broken, or there are more "
                                         "than 64 arguments." };

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
static enum MHD_Result refuse(struct MHD_Connection *connection, HttpdConnection *c,
                              const HttpdRefusal *refusal) {
        char body[HTTPD_PROBLEM_SIZE];
        size_t n = httpd_problem(refusal, body);
        struct MHD_Response *response =
                        MHD_create_response_from_buffer(n, body, MHD_RESPMEM_MUST_COPY);
        enum MHD_Result result;

        c->reading = false;
        httpd_connection_move(c, CONNECTION_BUSY, c->server->limits.answer_time);
        if (c->server->ops.refused)
                c->server->ops.refused(refusal, &c->address.any, c->server->userdata);
        if (!response)
                return MHD_NO;
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                                      "application/problem+json");
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
        (void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
        result = MHD_queue_response(connection, refusal->status, response);
        MHD_destroy_response(response);
        return result;
}

static HttpdConnection *connection_of(struct MHD_Connection *connection) {
        return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
                        ->socket_context;
}

static enum MHD_Result request_begin(struct MHD_Connection *connection, const char *method,
                                     const char *raw_path, const char *version, void **ret) {
        HttpdConnection *c = connection_of(connection);
        Httpd *h = c->server;
        const HttpdRefusal *refusal = httpd_request_check(c, connection, method, version);
        HttpdRequest *request;
        int r;

        if (!refusal && c->head.length > h->limits.body_max)
                refusal = &httpd_too_long;
        if (refusal)
                return refuse(connection, c, refusal);

        r = httpd_request_new(&request, connection, method, httpd_target_path(raw_path));
        if (r == -EINVAL)
                return refuse(connection, c, &bad_escape);
        if (r < 0)
                return MHD_NO;

        request->line = c;
        request_link(h, request);
        httpd_connection_move(c, CONNECTION_BUSY, h->limits.body_time);
        c->reading = true;
        *ret = request;
        return MHD_YES;
}

static enum MHD_Result request_body(HttpdRequest *request, const char *data, size_t *n) {
        if (httpd_buffer_add(&request->body, data, *n, request->server->limits.body_max) < 0)
                return MHD_NO;
        *n = 0;
        return MHD_YES;
}

/* The owner answers at once, or the connection sleeps until it does. */
static void request_deliver(HttpdRequest *request) {
        Httpd *h = request->server;

        request->state = REQUEST_WAITING;
        request->line->reading = false;
        request->line->deadline = USEC_INFINITY;
        h->ops.request(request, h->userdata);
        if (request->state != REQUEST_WAITING)
                return;

        request->suspended = true;
        MHD_suspend_connection(request->connection);
}

static usec_t answer_time(const HttpdRequest *r) {
        return r->streaming ? USEC_INFINITY
                            : r->server->limits.answer_time +
                                               r->answer_n / ANSWER_RATE * USEC_PER_SEC;
}

static enum MHD_Result request_answer(HttpdRequest *request) {
        struct MHD_Response *response = TAKE_PTR(request->response);
        enum MHD_Result result;

        httpd_connection_move(request->line, CONNECTION_BUSY, answer_time(request));
        request->state = REQUEST_SENDING;
        result = MHD_queue_response(request->connection, request->status, response);
        MHD_destroy_response(response);
        return result;
}

/* The library calls this with the header, with each piece of the body, at its end, and after each
 * resumption. */
static enum MHD_Result on_access(void *userdata _unused_, struct MHD_Connection *connection,
                                 const char *raw_path, const char *method, const char *version,
                                 const char *data, size_t *n, void **request_place) {
        HttpdRequest *request = *request_place;

        if (!request)
                return request_begin(connection, method, raw_path, version, request_place);
        if (*n > 0)
                return request_body(request, data, n);
        if (request->state == REQUEST_READING)
                request_deliver(request);
        if (request->state == REQUEST_ANSWERED)
                return request_answer(request);
        return MHD_YES;
}

static void on_completed(void *userdata, struct MHD_Connection *connection, void **request_place,
                         enum MHD_RequestTerminationCode why _unused_) {
        HttpdRequest *request = TAKE_PTR(*request_place);
        HttpdConnection *c = connection_of(connection);
        Httpd *h = userdata;

        c->reading = false;
        if (c->phase == CONNECTION_BUSY)
                httpd_connection_move(c, CONNECTION_IDLE, h->limits.idle_max);
        if (!request)
                return;

        request_unlink(h, request);
        h->streamed -= httpd_buffer_size(&request->stream);
        if (request->state >= REQUEST_WAITING)
                h->ops.finished(request, h->userdata);
        httpd_request_free(request);
}

/* A request line has come: its target as it is, before it is taken apart. */
static void *on_target(void *userdata _unused_, const char *target,
                       struct MHD_Connection *connection) {
        HttpdConnection *c = connection_of(connection);

        c->head = (HttpdHead){ 0 };
        c->target = (HttpdText){ target, strlen(target) };
        c->refusal = httpd_head_target(&c->head, &c->target);
        httpd_connection_move(c, CONNECTION_BUSY, c->server->limits.head_time);
        c->reading = true;
        return NULL;
}

static void connection_begin(Httpd *h, struct MHD_Connection *connection, void **ret) {
        int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        HttpdConnection *c = httpd_connection_settling(h, fd);

        assert(c);
        /* Its first head is whole, and read by the next turn. */
        httpd_connection_move(c, CONNECTION_BUSY, h->limits.head_time);
        *ret = c;
}

static void on_connection(void *userdata, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code) {
        if (code == MHD_CONNECTION_NOTIFY_STARTED)
                connection_begin(userdata, connection, socket_context);
        else
                httpd_connection_free(TAKE_PTR(*socket_context));
}

/* What the library refuses by itself, it only tells in words. */
static void on_words(void *userdata, const char *format, va_list arguments) {
        HttpdRefusal refusal = { .code = "malformed", .detail = "" };
        Httpd *h = userdata;

        if (!strstr(format, "HTTP response code is %u") || !h->ops.refused)
                return;
        refusal.status = va_arg(arguments, unsigned);
        h->ops.refused(&refusal, NULL, h->userdata);
}

/* Decoding is done later and strictly (httpd-request.c); the library's own would cut at an encoded
 * NUL. */
static size_t on_unescape(void *userdata _unused_, struct MHD_Connection *connection _unused_,
                          char *text) {
        return strlen(text);
}

static int start_library(Httpd *h) {
        const union MHD_DaemonInfo *info;
        unsigned flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME |
                         MHD_USE_ERROR_LOG;

        h->daemon = MHD_start_daemon(
                        flags, 0, NULL, NULL, on_access, h, MHD_OPTION_EXTERNAL_LOGGER, on_words, h,
                        MHD_OPTION_CONNECTION_LIMIT, h->limits.connections_max + LIBRARY_SPARE,
                        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)LIBRARY_MEMORY,
                        MHD_OPTION_NOTIFY_COMPLETED, on_completed, h, MHD_OPTION_NOTIFY_CONNECTION,
                        on_connection, h, MHD_OPTION_URI_LOG_CALLBACK, on_target, h,
                        MHD_OPTION_UNESCAPE_CALLBACK, on_unescape, NULL, STRICTNESS,
                        MHD_OPTION_END);
        if (!h->daemon)
                return -EIO;

        info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
        return info ? info->epoll_fd : -ENOTSUP;
}

static void apply_defaults(HttpdLimits *l) {
        l->body_max = l->body_max ? l->body_max : BODY_MAX_DEFAULT;
        l->guests_max = l->guests_max ? l->guests_max : GUESTS_MAX_DEFAULT;
        l->connections_max = l->connections_max ? l->connections_max : CONNECTIONS_MAX_DEFAULT;
        l->head_time = l->head_time ? l->head_time : HEAD_TIME_DEFAULT;
        l->body_time = l->body_time ? l->body_time : BODY_TIME_DEFAULT;
        l->answer_time = l->answer_time ? l->answer_time : ANSWER_TIME_DEFAULT;
        l->idle_max = l->idle_max ? l->idle_max : IDLE_MAX_DEFAULT;
        l->stream_queue_max = l->stream_queue_max ? l->stream_queue_max : STREAM_QUEUE_MAX_DEFAULT;
        l->streams_queue_max =
                        l->streams_queue_max ? l->streams_queue_max : STREAMS_QUEUE_MAX_DEFAULT;
}

/* Within the descriptors this process may have: an eighth each for those that are leaving or going,
 * a quarter for guests, and the rest. */
static void fit(Httpd *h) {
        HttpdLimits *l = &h->limits;
        struct rlimit limit;
        rlim_t most;

        h->lines.ended_max = ENDED_MAX;
        if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur <= 2 * DESCRIPTORS_RESERVED)
                return;
        most = limit.rlim_cur - DESCRIPTORS_RESERVED;
        h->lines.ended_max = (unsigned)MIN((rlim_t)ENDED_MAX, most / 8);
        l->guests_max = (unsigned)MIN((rlim_t)l->guests_max, most / 4);
        most -= 2 * h->lines.ended_max + l->guests_max;
        l->connections_max = (unsigned)MIN((rlim_t)l->connections_max, most);
}

int httpd_new(Httpd **ret, uv_loop_t *loop, const HttpdOptions *options, const HttpdOps *ops,
              void *userdata) {
        _cleanup_(httpd_freep) Httpd *h = calloc(1, sizeof(*h));
        int r;

        if (!h)
                return -ENOMEM;

        *h = (Httpd){ .loop = loop, .ops = *ops, .userdata = userdata };
        h->limits = options->limits;
        h->door.fd = h->door.epoll_fd = -1;
        apply_defaults(&h->limits);
        fit(h);

        r = timer_new(&h->sweep, loop, httpd_connections_sweep, h);
        if (r < 0)
                return r;

        r = start_library(h);
        if (r < 0)
                return r;

        r = httpd_loop_attach(h, r);
        if (r < 0)
                return r;

        r = httpd_door_open(h, options->fd);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(h);
        return 0;
}

void httpd_drain(Httpd *h) {
        if (h->draining)
                return;

        h->draining = true;
        httpd_door_stop_accepting(h);
        for (HttpdRequest *r = h->requests; r; r = r->next)
                httpd_stream_close(r);
}

unsigned httpd_active(const Httpd *h) {
        return h->active;
}

unsigned httpd_guests(const Httpd *h) {
        return h->lines.n[CONNECTION_GUEST] + h->lines.n[CONNECTION_SETTLING] +
               h->lines.n[CONNECTION_BUSY];
}

unsigned httpd_connections(Httpd *h, unsigned *ret_most) {
        unsigned n = 0;

        for (ConnectionPhase phase = 0; phase < _CONNECTION_PHASE_MAX; phase++)
                n += h->lines.n[phase];
        if (ret_most) {
                *ret_most = MAX(h->lines.most, n);
                h->lines.most = n;
        }
        return n;
}

/* The library must not be stopped while a connection sleeps. */
static void stop_library(Httpd *h) {
        for (HttpdRequest *r = h->requests; r; r = r->next) {
                if (r->suspended)
                        MHD_resume_connection(r->connection);
                r->suspended = false;
        }
        MHD_stop_daemon(h->daemon);
        httpd_connections_settled(h);
}

Httpd *httpd_free(Httpd *h) {
        if (!h)
                return NULL;

        httpd_door_close(h);
        httpd_loop_detach(h);
        if (h->daemon)
                stop_library(h);
        timer_free(h->sweep);
        if (h->handles == 0)
                free(h);
        return NULL;
}
