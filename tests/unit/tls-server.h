/* A TLS server for tests: `openssl s_server -www` with a certificate of an authority made for the
 * test. */
#pragma once

#include <sys/types.h>

typedef struct TlsServer {
        char directory[64], ca_file[96];
        pid_t pid;
        unsigned port; /* on 127.0.0.1 */
        /* For the next start; NULL: as usual. */
        const char *key;       /* as `openssl req -newkey` takes it */
        const char *arguments; /* of `openssl s_server`, instead of -www */
} TlsServer;

/* Makes the authority, whose certificate is ca_file. */
void tls_server_prepare(TlsServer *s);
/* name as in subjectAltName: "IP:127.0.0.1"; valid for so many days from now, -1: expired. */
void tls_server_start(TlsServer *s, const char *name, int days);
void tls_server_stop(TlsServer *s);
void tls_server_remove(TlsServer *s);
