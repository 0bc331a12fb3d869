/* The inside of the HTTP server, shared by the httpd*.c files only. */
#pragma once

#include <microhttpd.h>

#include "event/httpd-door-internal.h"
#include "event/timer.h"

typedef enum RequestState {
        REQUEST_READING,  /* the body is still coming */
        REQUEST_WAITING,  /* the owner has it */
        REQUEST_ANSWERED, /* `response` is ready for the library */
        REQUEST_SENDING,  /* the library has the response */
} RequestState;

typedef struct HttpdArgument {
        char *name, *value; /* decoded */
} HttpdArgument;

/* Bytes from `start` to `end` are waiting to be read. */
typedef struct HttpdBuffer {
        uint8_t *bytes;
        size_t start, end, allocated;
} HttpdBuffer;

struct HttpdRequest {
        Httpd *server; /* borrowed, as line and connection */
        HttpdConnection *line;
        struct MHD_Connection *connection;
        HttpdRequest *previous, *next; /* in server->requests */
        RequestState state;
        bool suspended; /* the library waits for MHD_resume_connection() */
        char *method, *path;
        HttpdArgument *arguments;
        size_t arguments_n;
        HttpdBuffer body;
        struct MHD_Response *response; /* owned until the library has it */
        unsigned status;
        size_t answer_n; /* bytes of its body */
        bool streaming, stream_ended;
        HttpdBuffer stream;
        void *userdata;
};

struct Httpd {
        uv_loop_t *loop;
        uv_poll_t poll;
        uv_timer_t timer;
        unsigned handles; /* uv handles not yet closed; the last one frees the server */
        struct MHD_Daemon *daemon;
        HttpdLimits limits;
        HttpdOps ops;
        void *userdata;
        HttpdDoor door;
        HttpdLines lines;
        Timer *sweep; /* of deadlines, while there are connections */
        HttpdRequest *requests;
        unsigned active;
        size_t streamed; /* bytes queued to all streams */
        bool woken;      /* a connection was resumed since the last turn */
        bool draining;
};

/* NULL: the head the library read is one we would have read too. */
const HttpdRefusal *httpd_request_check(HttpdConnection *c, struct MHD_Connection *connection,
                                        const char *method, const char *version);
/* -EINVAL: a path or query with a broken escape, an encoded NUL, or too many arguments. */
int httpd_request_new(HttpdRequest **ret, struct MHD_Connection *connection, const char *method,
                      const char *raw_path);
HttpdRequest *httpd_request_free(HttpdRequest *r);
DEFINE_FREEP(HttpdRequest, httpd_request_free);

/* -ENOBUFS: more than max bytes would wait; nothing was added. */
int httpd_buffer_add(HttpdBuffer *b, const void *data, size_t n, size_t max);
size_t httpd_buffer_size(const HttpdBuffer *b);
/* Moves up to max bytes out; their number. */
size_t httpd_buffer_take(HttpdBuffer *b, void *ret, size_t max);

/* Sets r->response, and wakes the connection if it sleeps. */
void httpd_answer(HttpdRequest *r, unsigned status, struct MHD_Response *response);

int httpd_loop_attach(Httpd *h, int epoll_fd);
/* After MHD_resume_connection(). */
void httpd_loop_turn_soon(Httpd *h);
/* Closes what was attached. If that was anything, the loop frees h when it has let go of it. */
void httpd_loop_detach(Httpd *h);
/* A handle of h was closed. */
void httpd_loop_on_closed(uv_handle_t *handle);
