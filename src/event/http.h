/* HTTP requests by libcurl's multi interface on the loop: each on a connection of its own, every
 * phase timed, every limit set. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

#include "base/macro.h"
#include "base/time.h"
#include "event/http-error.h"
#include "event/resolver.h"

typedef struct HttpClient HttpClient;
typedef struct HttpCall HttpCall;

typedef enum HttpTls {
        HTTP_TLS_1_2,
        HTTP_TLS_1_3
} HttpTls;

typedef enum HttpVersion {
        HTTP_VERSION_1_1,
        HTTP_VERSION_2, /* and no other; without TLS it is spoken at once */
} HttpVersion;

/* Where requests go: an URL that is read once for all of them. Whoever makes them holds it, and so
 * does each of them while it is under way. */
typedef struct HttpTarget HttpTarget;

typedef struct HttpRequest {
        const char *url;
        HttpTarget *target;         /* instead of url, or NULL; the call holds it, too */
        const char *method;         /* NULL: GET */
        const char *const *headers; /* "Name: value", ended by NULL; or NULL */
        const void *body;
        size_t body_n;
        int family;             /* AF_UNSPEC, AF_INET, AF_INET6 */
        usec_t timeout;         /* of the whole, redirects included */
        unsigned redirects_max; /* 0: a redirect is the answer */
        size_t body_max;   /* decoded bytes read; the rest is not fetched and `truncated` is set */
        size_t keep_max;   /* bytes of the body kept for the result; 0: only counted and hashed */
        bool keep_headers; /* those of the answer, for the result */
        bool connect_only; /* nothing is said when the connection stands; its status is 0 */
        HttpTls tls_min;
        HttpVersion version;
        const char *user_agent;
        const char *ca_file; /* further trusted authorities (PEM, read once per client), or NULL */
        NetGuard guard;      /* of every redirect and address; NULL: everything is allowed */
        void *guard_userdata;
        /* Asked before a redirect is followed, with the userdata of http_start(); NULL: all are.
         * The call waits until http_call_follow(), which may come from within; its timeout does,
         * too. */
        void (*redirected)(const char *url, void *userdata);
} HttpRequest;

typedef enum HttpPhase {
        HTTP_PHASE_DNS,
        HTTP_PHASE_CONNECT,
        HTTP_PHASE_TLS,
        HTTP_PHASE_WAIT,
        HTTP_PHASE_TRANSFER,
        _HTTP_PHASE_MAX
} HttpPhase;

typedef struct HttpResult {
        HttpError error;
        const char *detail;            /* the library's sentence, or NULL; borrowed like body */
        unsigned status;               /* 0 without an answer */
        usec_t phase[_HTTP_PHASE_MAX]; /* summed over redirects; of failed requests as far as they
                                          came */
        uint64_t body_n;               /* decoded bytes read */
        uint8_t body_sha256[32];
        const void *body; /* first keep_max bytes */
        size_t kept_n;
        const char *headers; /* with keep_headers: "Name: value" lines, each ended by a NUL */
        size_t headers_n;    /* bytes in all, at most 64 KiB */
        struct sockaddr_storage address;  /* last one connected to, or tried; AF_UNSPEC: none */
        uint32_t certificate_expiry_days; /* days since 1970: the earliest of the accepted leaves
                                             of all redirects, 0: none */
        bool redirected, truncated;
} HttpResult;

/* result is borrowed for the time of the call; the HttpCall is gone after it. */
typedef void (*HttpDone)(const HttpResult *result, void *userdata);

/* -EINVAL: as http_start() says of URLs. */
int http_target_new(HttpTarget **ret, const char *url);
HttpTarget *http_target_ref(HttpTarget *t);
HttpTarget *http_target_unref(HttpTarget *t);
DEFINE_FREEP(HttpTarget, http_target_unref);

int http_client_new(HttpClient **ret, uv_loop_t *loop);
/* Open calls are dropped without callbacks; also inside of one. The loop must run on until its
 * handles are closed. */
HttpClient *http_client_free(HttpClient *c);
DEFINE_FREEP(HttpClient, http_client_free);
/* Borrowed, for the names of all requests to come, of redirects too; without one the library starts
 * a thread for each. */
void http_client_set_resolver(HttpClient *c, Resolver *resolver);
unsigned http_client_active(const HttpClient *c);

/* Strings are copied. The callback never runs inside. -EINVAL: no URL, a foreign scheme,
 * credentials in the URL, a line break in a header. ret may be NULL. */
int http_start(HttpClient *c, const HttpRequest *request, HttpDone done, void *userdata,
               HttpCall **ret);
/* refusal: a sentence, copied nowhere, with which the call ends as HTTP_BLOCKED; NULL: it goes on.
 */
void http_call_follow(HttpCall *c, const char *refusal);
HttpCall *http_call_cancel(HttpCall *c);
DEFINE_FREEP(HttpCall, http_call_cancel);
