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
#include "event/resolver.h"

typedef struct HttpClient HttpClient;
typedef struct HttpCall HttpCall;

/* Why a request has no answer; HTTP_OK also for answers of status 500. */
typedef enum HttpError {
        HTTP_OK,
        HTTP_BLOCKED, /* the guard refused the address */
        HTTP_SCHEME,  /* scheme other than http and https, also in a redirect */
        HTTP_DNS,
        HTTP_REFUSED,
        HTTP_UNREACHABLE,
        HTTP_RESET, /* closed or reset before the answer was whole */
        HTTP_TIMEOUT_DNS,
        HTTP_TIMEOUT_CONNECT,
        HTTP_TIMEOUT_TLS,
        HTTP_TIMEOUT_WAIT,
        HTTP_TIMEOUT_TRANSFER,
        HTTP_TLS_EXPIRED,
        HTTP_TLS_NAME,
        HTTP_TLS_UNTRUSTED,
        HTTP_TLS_HANDSHAKE,
        HTTP_TLS_VERSION, /* the server speaks no version that is new enough */
        HTTP_TLS_WEAK,    /* its key, signature or key exchange can be broken */
        HTTP_REDIRECTS,   /* more than redirects_max */
        HTTP_PROTOCOL,    /* no HTTP, or header too large */
        HTTP_INTERNAL,
        _HTTP_ERROR_MAX,
} HttpError;
const char *http_error_name(HttpError e); /* "tls_expired" */

typedef enum HttpTls {
        HTTP_TLS_1_2,
        HTTP_TLS_1_3
} HttpTls;

typedef enum HttpVersion {
        HTTP_VERSION_1_1,
        HTTP_VERSION_2, /* and no other; without TLS it is spoken at once */
} HttpVersion;

typedef struct HttpRequest {
        const char *url, *method;   /* method NULL: GET */
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
HttpCall *http_call_cancel(HttpCall *c);
DEFINE_FREEP(HttpCall, http_call_cancel);
