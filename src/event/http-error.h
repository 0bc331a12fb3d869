/* Classes of what can become of a request over HTTP. */
#pragma once

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
