/* The inside of the HTTP client, shared by the http-*.c files and http.c only: calls and their
 * client. What knows of neither is in http-parts.h. */
#pragma once

#include <curl/curl.h>

#include "base/sha256.h"
#include "event/http-parts.h"

#define HTTP_SPARE_MAX 64 /* of 6 KB each */

typedef struct HttpResolve HttpResolve;

/* One request; the members below `easy` are of the running transfer, of which each redirect is a
 * new one. */
struct HttpCall {
        HttpClient *client;
        HttpCall *previous, *next; /* in client->calls */
        HttpRequest request; /* its numbers and guard; the strings are copied to the next members */
        HttpTarget *first, *target; /* asked for, and of the running transfer */
        char *method;
        char *user_agent; /* a whole header; NULL: one of `headers` says it */
        char **headers;   /* ended by NULL */
        void *body;
        const char *trust; /* PEM file of all trusted authorities, or NULL; of client->trust */
        HttpDone done;
        void *userdata;
        HttpResult result;
        uint8_t *kept;
        HttpHead head;
        HttpResolve *resolve; /* NULL: of this call no name was looked up */
        unsigned redirects;
        usec_t deadline; /* boottime */
        usec_t waits;    /* boottime: since then for http_call_follow(); 0: it does not */

        CURL *easy;
        usec_t started, handshake; /* boottime; the latter 0 without TLS */
        void *tls_context;         /* SSL_CTX of its connection, which tells of it; or NULL */
        struct curl_slist *header_list;
        Sha256 hash;
        size_t header_n;
        bool measured; /* it has ended, as `outcome` says */
        HttpOutcome outcome;
        char error[CURL_ERROR_SIZE];
};

struct HttpClient {
        uv_loop_t *loop;
        uv_timer_t timer;
        CURLM *multi;
        HttpCall *calls;
        HttpPoll *poll;
        HttpTrust *trust;
        Resolver *resolver;          /* borrowed, or NULL: the library's own */
        CURL *spare[HTTP_SPARE_MAX]; /* handles of calls that have ended */
        unsigned spare_n;
        unsigned active;
        bool dispatching; /* a done callback may run: freeing waits for its end */
        bool freed;
};

/* A call of the client, not yet linked or started. -EINVAL: what http_start() says. */
int http_call_new(HttpCall **ret, HttpClient *c, const HttpRequest *request);
HttpCall *http_call_free(HttpCall *call);
DEFINE_FREEP(HttpCall, http_call_free);

/* The least version that the next transfer speaks. */
void http_tls_prepare(HttpCall *call);
/* context: SSL_CTX of the connection that begins its handshake. */
void http_tls_watch(HttpCall *call, void *context);
/* The connection may outlive the call. */
void http_tls_forget(HttpCall *call);

/* Looks up the host of the call's URL when that is a name and the client has a resolver. 1: the
 * callback comes, not inside; 0: there is nothing to look up. */
typedef void (*HttpResolved)(HttpCall *call, HttpError error);
int http_resolve_start(HttpCall *call, HttpResolved resolved, usec_t now);
/* Options of the next transfer by which it connects to what was found. */
void http_resolve_prepare(HttpCall *call);
bool http_resolve_is_done(const HttpCall *call);
/* Before its handle is used for another call. */
void http_resolve_done(HttpCall *call);

/* Options of a new handle. */
void http_transfer_common(CURL *easy, HttpPoll *poll);
/* The handle knows nothing of the call any more. */
void http_transfer_clear(HttpCall *call);
/* Sets every option of the next transfer of the call. */
int http_transfer_prepare(HttpCall *call, usec_t now);
/* Adds the transfer's phases to the result, and what else the library knows of it. */
void http_transfer_measure(HttpCall *call, CURLcode code, usec_t now);
/* A redirect that is to be followed; its Location (borrowed), or NULL. */
const char *http_transfer_location(const HttpCall *call);
