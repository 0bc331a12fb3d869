/* Which certificates the HTTP client accepts, and what it says of the others. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "event/http.h"
#include "loop-turn.h"
#include "tls-server.h"

typedef struct Fixture {
        uv_loop_t loop;
        HttpClient *client;
        bool done;
        HttpResult result;
} Fixture;

static void on_done(const HttpResult *result, void *userdata) {
        Fixture *f = userdata;

        f->done = true;
        f->result = *result;
}

static HttpError fetch_by(Fixture *f, unsigned port, HttpRequest request) {
        char url[64];

        request.url = url;
        request.timeout = 10 * USEC_PER_SEC;
        request.body_max = 1 << 20;
        snprintf(url, sizeof(url), "https://127.0.0.1:%u/", port);
        f->done = false;
        assert_int_equal(http_start(f->client, &request, on_done, f, NULL), 0);
        TURN_UNTIL(f, f->done);
        return f->result.error;
}

static HttpError fetch(Fixture *f, unsigned port, const char *ca_file) {
        return fetch_by(f, port, (HttpRequest){ .ca_file = ca_file });
}

static int set_up(void **state) {
        Fixture *f = calloc(1, sizeof(*f));

        assert_non_null(f);
        assert_int_equal(uv_loop_init(&f->loop), 0);
        assert_int_equal(http_client_new(&f->client, &f->loop), 0);
        *state = f;
        return 0;
}

static int tear_down(void **state) {
        Fixture *f = *state;

        http_client_free(f->client);
        assert_int_equal(uv_run(&f->loop, UV_RUN_DEFAULT), 0);
        assert_int_equal(uv_loop_close(&f->loop), 0);
        free(f);
        return 0;
}

static void certificates_are_verified(void **state) {
        static const struct {
                const char *name;
                int days;
                bool trusted;
                HttpError error;
        } cases[] = {
                { "IP:127.0.0.1", 10, true, HTTP_OK },
                { "IP:127.0.0.1", 10, false, HTTP_TLS_UNTRUSTED },
                { "DNS:elsewhere.example", 10, true, HTTP_TLS_NAME },
                { "IP:127.0.0.1", -1, true, HTTP_TLS_EXPIRED },
        };
        Fixture *f = *state;
        TlsServer s;

        tls_server_prepare(&s);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                tls_server_start(&s, cases[i].name, cases[i].days);
                assert_string_equal(http_error_name(fetch(f, s.port,
                                                          cases[i].trusted ? s.ca_file : NULL)),
                                    http_error_name(cases[i].error));
                tls_server_stop(&s);
                assert_true(f->result.phase[HTTP_PHASE_TLS] > 0);
        }
        tls_server_remove(&s);
}

/* The server's own library would not do these things without being told to. */
#define LOW "-www -cipher ALL:@SECLEVEL=0 "

static void old_and_weak_servers_are_told_apart(void **state) {
        static const struct {
                const char *key, *arguments;
                HttpTls tls_min;
                HttpError error;
        } cases[] = {
                { NULL, "-www -tls1_2", HTTP_TLS_1_2, HTTP_OK },
                { NULL, "-www -tls1_3", HTTP_TLS_1_3, HTTP_OK },
                { NULL, "-www -tls1_2", HTTP_TLS_1_3, HTTP_TLS_VERSION },
                { NULL, LOW "-tls1_1", HTTP_TLS_1_2, HTTP_TLS_VERSION },
                { NULL, LOW "-tls1", HTTP_TLS_1_2, HTTP_TLS_VERSION },
                { "rsa:1024", LOW, HTTP_TLS_1_2, HTTP_TLS_WEAK },
                { NULL, "-www -tls1_3 -ciphersuites TLS_AES_128_CCM_SHA256", HTTP_TLS_1_2,
                  HTTP_TLS_HANDSHAKE },
        };
        Fixture *f = *state;
        TlsServer s;

        tls_server_prepare(&s);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                s.key = cases[i].key;
                s.arguments = cases[i].arguments;
                tls_server_start(&s, "IP:127.0.0.1", 10);
                assert_string_equal(http_error_name(fetch_by(
                                                    f, s.port,
                                                    (HttpRequest){ .ca_file = s.ca_file,
                                                                   .tls_min = cases[i].tls_min })),
                                    http_error_name(cases[i].error));
                tls_server_stop(&s);
        }
        tls_server_remove(&s);
}

static void expiry_of_the_certificate_is_told(void **state) {
        uint64_t today = now_realtime() / USEC_PER_DAY;
        Fixture *f = *state;
        TlsServer s;

        tls_server_prepare(&s);
        tls_server_start(&s, "IP:127.0.0.1", 10);
        assert_int_equal(fetch(f, s.port, s.ca_file), HTTP_OK);
        assert_in_range(f->result.certificate_expiry_days, today + 9, today + 11);
        tls_server_stop(&s);
        tls_server_remove(&s);
}

/* The file is read once: a second server of the same authority needs it no more. */
static void authorities_are_kept(void **state) {
        Fixture *f = *state;
        TlsServer s;

        tls_server_prepare(&s);
        tls_server_start(&s, "IP:127.0.0.1", 10);
        assert_int_equal(fetch(f, s.port, s.ca_file), HTTP_OK);
        tls_server_remove(&s);
        assert_int_equal(fetch(f, s.port, s.ca_file), HTTP_OK);
        assert_int_equal(fetch(f, s.port, NULL), HTTP_TLS_UNTRUSTED);
        tls_server_stop(&s);
}

static void a_version_of_http_is_asked_for_alone(void **state) {
        Fixture *f = *state;
        TlsServer s; /* speaks HTTP/1.0 */

        tls_server_prepare(&s);
        tls_server_start(&s, "IP:127.0.0.1", 10);
        assert_int_equal(fetch_by(f, s.port,
                                  (HttpRequest){ .ca_file = s.ca_file, .version = HTTP_VERSION_2 }),
                         HTTP_PROTOCOL);
        tls_server_stop(&s);
        tls_server_remove(&s);
}

/* By a reset, and by an end. */
static void a_connection_lost_in_the_handshake_is_a_reset(void **state) {
        struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        const struct linger at_once = { .l_onoff = 1 };
        socklen_t n = sizeof(a);
        Fixture *f = *state;
        int fd = socket(AF_INET, SOCK_STREAM, 0), peer;
        char url[64], said[4096];
        HttpRequest request = { .url = url, .timeout = 10 * USEC_PER_SEC, .body_max = 1 };

        assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
        assert_int_equal(listen(fd, 1), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
        snprintf(url, sizeof(url), "https://127.0.0.1:%u/", ntohs(a.sin_port));
        for (unsigned i = 0; i < 2; i++) {
                f->done = false;
                assert_int_equal(http_start(f->client, &request, on_done, f, NULL), 0);
                loop_turn(&f->loop, fd);
                peer = accept(fd, NULL, NULL);
                if (i == 0)
                        setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
                else
                        loop_turn(&f->loop, peer); /* its hello; unread it would be a reset, too */
                while (i > 0 && recv(peer, said, sizeof(said), MSG_DONTWAIT) > 0)
                        ;
                close(peer);
                TURN_UNTIL(f, f->done);
                assert_string_equal(http_error_name(f->result.error), "reset");
        }
        close(fd);
}

static void no_tls_is_a_failed_handshake(void **state) {
        struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t n = sizeof(a);
        Fixture *f = *state;
        int fd = socket(AF_INET, SOCK_STREAM, 0), peer;
        char url[64];
        HttpRequest request = { .url = url, .timeout = 10 * USEC_PER_SEC, .body_max = 1 };

        assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
        assert_int_equal(listen(fd, 1), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
        snprintf(url, sizeof(url), "https://127.0.0.1:%u/", ntohs(a.sin_port));
        assert_int_equal(http_start(f->client, &request, on_done, f, NULL), 0);
        loop_turn(&f->loop, fd);
        peer = accept(fd, NULL, NULL);
        assert_int_equal(send(peer, "220 mail.example ESMTP\r\n", 24, MSG_NOSIGNAL), 24);
        TURN_UNTIL(f, f->done);
        assert_string_equal(http_error_name(f->result.error), "tls_handshake");
        close(peer);
        close(fd);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(certificates_are_verified, set_up, tear_down),
                cmocka_unit_test_setup_teardown(old_and_weak_servers_are_told_apart, set_up,
                                                tear_down),
                cmocka_unit_test_setup_teardown(expiry_of_the_certificate_is_told, set_up,
                                                tear_down),
                cmocka_unit_test_setup_teardown(authorities_are_kept, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_version_of_http_is_asked_for_alone, set_up,
                                                tear_down),
                cmocka_unit_test_setup_teardown(a_connection_lost_in_the_handshake_is_a_reset,
                                                set_up, tear_down),
                cmocka_unit_test_setup_teardown(no_tls_is_a_failed_handshake, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
