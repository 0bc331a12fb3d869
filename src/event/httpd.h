/* HTTP server by libmicrohttpd on the loop: whole requests in, answers now or later, event streams
 * with bounded queues. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

#include "base/macro.h"
#include "base/time.h"
#include "event/httpd-head.h"

typedef struct Httpd Httpd;
typedef struct HttpdRequest HttpdRequest;

typedef struct HttpdOps {
        /* The request is complete, body included. Answer with httpd_reply() or httpd_stream_open(),
         * now or later; until then the request is suspended and costs no CPU. */
        void (*request)(HttpdRequest *r, void *userdata);
        /* r is gone after this call, which comes exactly once for every request: its answer is
         * sent, its stream has ended, its client is away (noticed at the next write), or
         * httpd_free(). */
        void (*finished)(HttpdRequest *r, void *userdata);
        /* What the owner never sees was answered, or cut, by the server itself. peer: NULL when it
         * is not known. May be NULL, as unlimited(): per_address_max does not hold for this one. */
        void (*refused)(const HttpdRefusal *refusal, const struct sockaddr *peer, void *userdata);
        bool (*unlimited)(const struct sockaddr *peer, void *userdata);
} HttpdOps;

/* Zeros are defaults. Connections whose first request has not come are guests: the oldest makes
 * room for the next. Of the others the one that is idle for longest does. */
typedef struct HttpdLimits {
        size_t body_max;          /* default 64 KiB */
        unsigned guests_max;      /* default 1,024 */
        unsigned connections_max; /* default 10,000; guests are not among them */
        unsigned per_address_max; /* default: none; an IPv6 address is its /64 */
        usec_t head_time;         /* until the first head is whole; default 10 s */
        usec_t body_time;         /* from there until the body is; default 20 s */
        usec_t answer_time;      /* to take an answer, and a second for each 16 KiB; default 20 s */
        usec_t idle_max;         /* until the next head is whole; default 30 s */
        size_t stream_queue_max; /* bytes queued to one stream; default 256 KiB */
        size_t streams_queue_max; /* to all streams; default 64 MiB */
} HttpdLimits;

typedef struct HttpdOptions {
        int fd;             /* a listening socket; the server owns it when httpd_new() succeeded */
        HttpdLimits limits; /* zeros: defaults */
} HttpdOptions;

int httpd_new(Httpd **ret, uv_loop_t *loop, const HttpdOptions *options, const HttpdOps *ops,
              void *userdata);
/* Stops accepting; open requests go on. Streams are ended. */
void httpd_drain(Httpd *h);
/* Requests that are not finished. */
unsigned httpd_active(const Httpd *h);
/* Connections to which an answer is owed, or may be: a request is being read or answered, or they
 * are new. */
unsigned httpd_guests(const Httpd *h);
/* Guests included. ret_most, which may be NULL: the most there were since that was asked before. */
unsigned httpd_connections(Httpd *h, unsigned *ret_most);
/* Not inside a callback. The loop must run on until its handles are closed. */
Httpd *httpd_free(Httpd *h);
DEFINE_FREEP(Httpd, httpd_free);

const char *httpd_method(const HttpdRequest *r);
const char *httpd_path(const HttpdRequest *r); /* decoded, without query */
/* First of its name, decoded; "" possible; NULL: absent. */
const char *httpd_query(const HttpdRequest *r, const char *name);
/* The name in any case; NULL: absent. */
const char *httpd_header(const HttpdRequest *r, const char *name);
const void *httpd_body(const HttpdRequest *r, size_t *ret_n); /* never NULL */
const struct sockaddr *httpd_peer(const HttpdRequest *r);
void httpd_set_userdata(HttpdRequest *r, void *userdata);
void *httpd_get_userdata(const HttpdRequest *r);

typedef struct HttpdReply {
        unsigned status;
        const char *content_type;   /* NULL: none */
        const char *const *headers; /* "Name: value", ended by NULL; or NULL */
        const void *body;           /* copied; HEAD sends only its length */
        size_t body_n;
        bool body_static; /* not copied: lives as long as the server */
} HttpdReply;

/* Once per request. -EALREADY: answered before. */
int httpd_reply(HttpdRequest *r, const HttpdReply *reply);
/* Starts an endless answer. Then write as often as wanted. */
int httpd_stream_open(HttpdRequest *r, const char *content_type, const char *const *headers);
/* 0; -ENOBUFS: the reader is too slow, nothing was queued; close it then. */
int httpd_stream_write(HttpdRequest *r, const void *data, size_t n);
void httpd_stream_close(HttpdRequest *r);
