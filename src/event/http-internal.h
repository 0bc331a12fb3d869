/* The inside of the HTTP client, shared by the http-*.c files and http.c only. */
#pragma once

#include <curl/curl.h>

#include "base/sha256.h"
#include "event/http.h"

#define HTTP_SPARE_MAX 64 /* of 6 KB each */

typedef struct HttpPoll HttpPoll;
typedef struct HttpTrust HttpTrust;
typedef struct HttpResolve HttpResolve;

/* How a transfer ended, in the library's words, for http_error_classify(). */
typedef struct HttpOutcome {
        CURLcode code;
        long verify_result; /* X509_V_ERR_*, 0: the chain is good */
        int os_errno;
        HttpPhase reached;  /* the phase it was in */
        int tls_alert;      /* of RFC 8446, that ended the handshake; 0: none */
        bool tls_gone;      /* the connection ended in the middle of it */
        bool malformed;     /* in the library's words: the framing of the body */
        bool other_version; /* of HTTP than was asked for */
        bool blocked;       /* the guard refused an address */
        bool tried;         /* at least one address was allowed */
        bool cut;           /* ended by us, because enough of the body was read */
        bool header_too_large;
        bool header_open; /* it has begun and has no end yet */
} HttpOutcome;

/* Lines of an answer's header, each ended by a NUL. */
typedef struct HttpHead {
        char *lines;
        size_t n, room;
        bool whole; /* what comes now is no part of it */
} HttpHead;

/* One request; the members below `easy` are of the running transfer, of which each redirect is a
 * new one. */
struct HttpCall {
        HttpClient *client;
        HttpCall *previous, *next; /* in client->calls */
        HttpRequest request; /* its numbers and guard; the strings are copied to the next members */
        char *url, *method, *user_agent, *origin;
        char **headers; /* ended by NULL */
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

        CURL *easy;
        usec_t started, handshake; /* boottime; the latter 0 without TLS */
        struct curl_slist *header_list;
        Sha256 hash;
        size_t header_n;
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
        Resolver *resolver; /* borrowed, or NULL: the library's own */
        CURL *spare[HTTP_SPARE_MAX]; /* handles of calls that have ended */
        unsigned spare_n;
        unsigned active;
        bool dispatching; /* a done callback may run: freeing waits for its end */
        bool freed;
};

/* Waits for the descriptors of multi. `polled` is called when the library has seen to all that were
 * ready; the poll may be freed in it. */
typedef void (*HttpPolled)(void *userdata);
int http_poll_new(HttpPoll **ret, uv_loop_t *loop, CURLM *multi, HttpPolled polled, void *userdata);
/* After the multi. */
HttpPoll *http_poll_free(HttpPoll *p);

/* A call of the client, not yet linked or started. -EINVAL: what http_start() says. */
int http_call_new(HttpCall **ret, HttpClient *c, const HttpRequest *request);
HttpCall *http_call_free(HttpCall *call);
DEFINE_FREEP(HttpCall, http_call_free);

/* Which HttpError a failed or finished transfer is. */
HttpError http_error_classify(const HttpOutcome *outcome);

/* The path of a PEM file with the system's authorities and those of ca_file, read once per client.
 */
int http_trust_get(HttpTrust **list, const char *ca_file, const char **ret);
HttpTrust *http_trust_free(HttpTrust *list);

/* Keeps a line as the library tells them. 0, -ENOMEM. */
int http_head_add(HttpHead *h, const char *line, size_t n);
void http_head_done(HttpHead *h);

/* The least version that the next transfer speaks. */
void http_tls_prepare(HttpCall *call);
/* context: SSL_CTX of the connection that begins its handshake. */
void http_tls_watch(HttpCall *call, void *context);

/* 0, -EINVAL: not an URL or with credentials, -EPROTONOSUPPORT: neither http nor https. */
int http_url_origin(const char *url, char **ret);
int http_url_resolve(const char *base, const char *location, char **ret);

/* Looks up the host of the call's URL when that is a name and the client has a resolver. 1: the
 * callback comes, not inside; 0: there is nothing to look up. */
typedef void (*HttpResolved)(HttpCall *call, HttpError error);
int http_resolve_start(HttpCall *call, HttpResolved resolved, usec_t now);
/* Options of the next transfer by which it connects to what was found. */
void http_resolve_prepare(HttpCall *call);
bool http_resolve_is_done(const HttpCall *call);
HttpResolve *http_resolve_free(HttpResolve *r);

/* Sets every option of the next transfer of the call. */
int http_transfer_prepare(HttpCall *call, usec_t now);
/* Adds the transfer's phases to the result, and what else the library knows of it. */
void http_transfer_measure(HttpCall *call, CURLcode code, usec_t now);
/* A redirect that is to be followed; its Location (borrowed), or NULL. */
const char *http_transfer_location(const HttpCall *call);
