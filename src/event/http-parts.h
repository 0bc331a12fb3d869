/* Parts of the HTTP client that know of no call: the library's descriptors, trusted authorities, an
 * answer's header, URLs, and what its words for a failure mean. Inside of it only. */
#pragma once

#include <curl/curl.h>

#include "event/http.h"

typedef struct HttpPoll HttpPoll;

/* Waits for the descriptors of multi. `polled` is called when the library has seen to all that were
 * ready; the poll may be freed in it. */
typedef void (*HttpPolled)(void *userdata);
int http_poll_new(HttpPoll **ret, uv_loop_t *loop, CURLM *multi, HttpPolled polled, void *userdata);
/* CURLOPT_CLOSESOCKETFUNCTION of every handle of the multi; userdata: the HttpPoll. */
int http_poll_close(void *userdata, curl_socket_t fd);
/* After the multi. */
HttpPoll *http_poll_free(HttpPoll *p);

typedef struct HttpTrust HttpTrust;

/* The path of a PEM file with the system's authorities and those of ca_file, read once per client.
 */
int http_trust_get(HttpTrust **list, const char *ca_file, const char **ret);
HttpTrust *http_trust_free(HttpTrust *list);

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
        bool no_socket;     /* and this machine had no descriptor or memory for one */
        bool cut;           /* ended by us, because enough of the body was read */
        bool header_too_large;
        bool answered; /* the stream ended while the request was sent, after an answer's header */
        bool header_open; /* it has begun and has no end yet */
} HttpOutcome;

/* Which HttpError a failed or finished transfer is. */
HttpError http_error_classify(const HttpOutcome *outcome);

/* Lines of an answer's header, each ended by a NUL. */
typedef struct HttpHead {
        char *lines;
        size_t n, room;
        bool whole; /* what comes now is no part of it */
} HttpHead;

/* Keeps a line as the library tells them. 0, -ENOMEM. */
int http_head_add(HttpHead *h, const char *line, size_t n);
void http_head_done(HttpHead *h);

struct HttpTarget {
        unsigned references;
        CURLU *parsed; /* what is connected to */
        char *text;
        char *origin; /* "https://example.org:443" */
        bool tls;
};

/* Also -EPROTONOSUPPORT: neither http nor https. */
int http_target_read(HttpTarget **ret, const char *url);
/* Where a redirect leads to. Errors as of http_target_read(). */
int http_target_resolve(HttpTarget **ret, const HttpTarget *base, const char *location);
