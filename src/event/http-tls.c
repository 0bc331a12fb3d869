/* What TLS says of a handshake that the HTTP library tells in words only: the alert that ended it,
 * and whether the other side was gone. */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <time.h>

#include "event/http-internal.h"

/* Of what is sent: a buffer of that size stays with a transfer that waits, once the server has sent
 * a ticket. A greeting with keys of quantum-safe sizes fits into one. */
#define RECORD_MAX 4096

#define ALERT_CLOSE_NOTIFY 0 /* the last word of a connection that went well */

/* Nothing was wrong with what came: either more of it is waited for, and this is asked again, or
 * there will be none. */
static bool is_gone(void) {
        unsigned long error = ERR_peek_last_error();

        return error == 0 || (ERR_GET_LIB(error) == ERR_LIB_SSL &&
                              ERR_GET_REASON(error) == SSL_R_UNEXPECTED_EOF_WHILE_READING);
}

/* The library would write out every member of every certificate. */
static void note_certificate(HttpCall *c, const SSL *ssl) {
        const X509 *certificate = SSL_get0_peer_certificate(ssl);
        uint32_t *first = &c->result.certificate_expiry_days;
        struct tm tm = { 0 };
        time_t expiry;

        if (!certificate || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &tm) != 1)
                return;
        expiry = timegm(&tm);
        if (expiry > 0 && (*first == 0 || expiry / 86400 < *first))
                *first = (uint32_t)(expiry / 86400);
}

static void on_state(const SSL *ssl, int where, int value) {
        HttpCall *c = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

        if (!c)
                return;
        if (where & SSL_CB_ALERT && (value & 0xff) != ALERT_CLOSE_NOTIFY)
                c->outcome.tls_alert = value & 0xff;
        else if (where == SSL_CB_CONNECT_EXIT && value <= 0)
                c->outcome.tls_gone = is_gone();
        else if (where & SSL_CB_HANDSHAKE_DONE)
                note_certificate(c, ssl);
}

void http_tls_prepare(HttpCall *c) {
        bool newest = c->request.tls_min == HTTP_TLS_1_3;

        curl_easy_setopt(c->easy, CURLOPT_SSLVERSION,
                         (long)(newest ? CURL_SSLVERSION_TLSv1_3 : CURL_SSLVERSION_TLSv1_2));
}

/* Since 8.9 the library may say good-bye on a connection after its transfer is gone. */
void http_tls_forget(HttpCall *c) {
        if (!c->tls_context)
                return;
        (void)SSL_CTX_set_app_data(c->tls_context, NULL);
        SSL_CTX_free(c->tls_context);
        c->tls_context = NULL;
}

void http_tls_watch(HttpCall *c, void *context) {
        http_tls_forget(c);
        if (SSL_CTX_up_ref(context) != 1)
                return;
        c->tls_context = context;
        (void)SSL_CTX_set_app_data(context, c);
        SSL_CTX_set_info_callback(context, on_state);
        (void)SSL_CTX_set_max_send_fragment(context, RECORD_MAX);
}
