/* From the library's words for a failure to ours. */
#include <errno.h>
#include <openssl/ssl.h>

#include "event/http-parts.h"

static const char *const names[_HTTP_ERROR_MAX] = {
        [HTTP_OK] = "ok",
        [HTTP_BLOCKED] = "blocked",
        [HTTP_SCHEME] = "scheme",
        [HTTP_DNS] = "dns",
        [HTTP_REFUSED] = "refused",
        [HTTP_UNREACHABLE] = "unreachable",
        [HTTP_RESET] = "reset",
        [HTTP_TIMEOUT_DNS] = "timeout_dns",
        [HTTP_TIMEOUT_CONNECT] = "timeout_connect",
        [HTTP_TIMEOUT_TLS] = "timeout_tls",
        [HTTP_TIMEOUT_WAIT] = "timeout_wait",
        [HTTP_TIMEOUT_TRANSFER] = "timeout_transfer",
        [HTTP_TLS_EXPIRED] = "tls_expired",
        [HTTP_TLS_NAME] = "tls_name",
        [HTTP_TLS_UNTRUSTED] = "tls_untrusted",
        [HTTP_TLS_HANDSHAKE] = "tls_handshake",
        [HTTP_TLS_VERSION] = "tls_version",
        [HTTP_TLS_WEAK] = "tls_weak",
        [HTTP_REDIRECTS] = "redirects",
        [HTTP_PROTOCOL] = "protocol",
        [HTTP_INTERNAL] = "internal",
};

const char *http_error_name(HttpError e) {
        return (unsigned)e < _HTTP_ERROR_MAX ? names[e] : "internal";
}

static HttpError classify_timeout(HttpPhase reached) {
        static const HttpError errors[_HTTP_PHASE_MAX] = {
                [HTTP_PHASE_DNS] = HTTP_TIMEOUT_DNS,
                [HTTP_PHASE_CONNECT] = HTTP_TIMEOUT_CONNECT,
                [HTTP_PHASE_TLS] = HTTP_TIMEOUT_TLS,
                [HTTP_PHASE_WAIT] = HTTP_TIMEOUT_WAIT,
                [HTTP_PHASE_TRANSFER] = HTTP_TIMEOUT_TRANSFER,
        };

        return errors[reached];
}

/* It had no socket, memory or port left of its own. */
static bool is_exhausted(const HttpOutcome *o) {
        return o->no_socket || o->os_errno == EADDRNOTAVAIL || o->os_errno == ENOBUFS ||
               o->os_errno == ENOMEM;
}

static HttpError classify_connect(const HttpOutcome *o) {
        if (o->blocked && !o->tried)
                return HTTP_BLOCKED;
        if (is_exhausted(o))
                return HTTP_INTERNAL;
        if (o->os_errno == ECONNREFUSED)
                return HTTP_REFUSED;
        if (o->os_errno == ETIMEDOUT)
                return HTTP_TIMEOUT_CONNECT;
        if (o->os_errno == ECONNRESET)
                return HTTP_RESET;
        return HTTP_UNREACHABLE;
}

/* The library looks at the name when the handshake is over, which a bad chain would have ended. */
static HttpError classify_certificate(long verify_result) {
        switch (verify_result) {
        case X509_V_OK:
        case X509_V_ERR_UNSPECIFIED: /* what it says before the chain was looked at as a whole */
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
                return HTTP_TLS_NAME;
        case X509_V_ERR_CERT_NOT_YET_VALID:
        case X509_V_ERR_CERT_HAS_EXPIRED:
                return HTTP_TLS_EXPIRED;
        case X509_V_ERR_EE_KEY_TOO_SMALL:
        case X509_V_ERR_CA_KEY_TOO_SMALL:
        case X509_V_ERR_CA_MD_TOO_WEAK:
                return HTTP_TLS_WEAK;
        default:
                return HTTP_TLS_UNTRUSTED;
        }
}

static HttpError classify_handshake(const HttpOutcome *o) {
        if (o->tls_alert == SSL_AD_PROTOCOL_VERSION)
                return HTTP_TLS_VERSION;
        if (o->tls_alert == SSL_AD_INSUFFICIENT_SECURITY)
                return HTTP_TLS_WEAK;
        return o->tls_gone ? HTTP_RESET : HTTP_TLS_HANDSHAKE;
}

/* The library says so, too, when one line of a header is longer than it takes. */
static HttpError classify_memory(const HttpOutcome *o) {
        return o->reached >= HTTP_PHASE_WAIT ? HTTP_PROTOCOL : HTTP_INTERNAL;
}

/* Of a line of a header that is too long; libcurl 8.6 and newer, whatever it was built with. */
#define CODE_TOO_LARGE 100

HttpError http_error_classify(const HttpOutcome *o) {
        if (o->header_too_large)
                return HTTP_PROTOCOL;
        if (o->other_version)
                return HTTP_PROTOCOL;
        if (o->cut)
                return HTTP_OK;

        if ((int)o->code == CODE_TOO_LARGE)
                return HTTP_PROTOCOL;

        switch (o->code) {
        case CURLE_OK: /* also of a server that goes in the middle of its header */
                return o->header_open ? HTTP_RESET : HTTP_OK;
        case CURLE_OPERATION_TIMEDOUT:
                return classify_timeout(o->reached);
        case CURLE_COULDNT_RESOLVE_HOST:
                return HTTP_DNS;
        case CURLE_COULDNT_CONNECT:
                return classify_connect(o);
        case CURLE_PEER_FAILED_VERIFICATION:
                return classify_certificate(o->verify_result);
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_SSL_CIPHER:
        case CURLE_SSL_INVALIDCERTSTATUS:
                return classify_handshake(o);
        case CURLE_OUT_OF_MEMORY:
                return classify_memory(o);
        case CURLE_HTTP2_STREAM: /* RFC 9113, 8.1: who has answered may want no more of a request */
                return o->answered ? HTTP_OK : HTTP_RESET;
        case CURLE_RECV_ERROR:
                return o->malformed ? HTTP_PROTOCOL : HTTP_RESET;
        case CURLE_GOT_NOTHING:
        case CURLE_PARTIAL_FILE:
        case CURLE_SEND_ERROR:
                return HTTP_RESET;
        case CURLE_BAD_CONTENT_ENCODING:
        case CURLE_HTTP2:
        case CURLE_UNSUPPORTED_PROTOCOL: /* an answer without a header; the scheme was checked */
        case CURLE_URL_MALFORMAT:
        case CURLE_WEIRD_SERVER_REPLY:
                return HTTP_PROTOCOL;
        default:
                return HTTP_INTERNAL;
        }
}
