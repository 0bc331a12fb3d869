/* From the library's words for a failure to ours. */
#include <errno.h>

#include "event/http-internal.h"

/* Of <openssl/x509_vfy.h>, which is not worth a dependency. */
enum {
        VERIFY_OK = 0,
        VERIFY_UNKNOWN = 1, /* what it says before the chain was looked at as a whole */
        VERIFY_NOT_YET_VALID = 9,
        VERIFY_EXPIRED = 10,
        VERIFY_NAME = 62,
        VERIFY_ADDRESS = 64,
};

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

static HttpError classify_connect(const HttpOutcome *o) {
        if (o->blocked && !o->tried)
                return HTTP_BLOCKED;
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
        case VERIFY_OK:
        case VERIFY_UNKNOWN:
        case VERIFY_NAME:
        case VERIFY_ADDRESS:
                return HTTP_TLS_NAME;
        case VERIFY_NOT_YET_VALID:
        case VERIFY_EXPIRED:
                return HTTP_TLS_EXPIRED;
        default:
                return HTTP_TLS_UNTRUSTED;
        }
}

HttpError http_error_classify(const HttpOutcome *o) {
        if (o->header_too_large)
                return HTTP_PROTOCOL;
        if (o->cut)
                return HTTP_OK;

        switch (o->code) {
        case CURLE_OK:
                return HTTP_OK;
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
                return HTTP_TLS_HANDSHAKE;
        case CURLE_GOT_NOTHING:
        case CURLE_PARTIAL_FILE:
        case CURLE_RECV_ERROR:
        case CURLE_SEND_ERROR:
                return HTTP_RESET;
        case CURLE_BAD_CONTENT_ENCODING:
        case CURLE_UNSUPPORTED_PROTOCOL: /* an answer without a header; the scheme was checked */
        case CURLE_URL_MALFORMAT:
        case CURLE_WEIRD_SERVER_REPLY:
                return HTTP_PROTOCOL;
        default:
                return HTTP_INTERNAL;
        }
}
