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

static HttpError fetch(Fixture *f, unsigned port, const char *ca_file) {
        char url[64];
        const HttpRequest request = {
                .url = url,
                .timeout = 10 * USEC_PER_SEC,
                .body_max = 1 << 20,
                .ca_file = ca_file,
        };

        snprintf(url, sizeof(url), "https://127.0.0.1:%u/", port);
        f->done = false;
        assert_int_equal(http_start(f->client, &request, on_done, f, NULL), 0);
        TURN_UNTIL(f, f->done);
        return f->result.error;
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
                cmocka_unit_test_setup_teardown(expiry_of_the_certificate_is_told, set_up,
                                                tear_down),
                cmocka_unit_test_setup_teardown(authorities_are_kept, set_up, tear_down),
                cmocka_unit_test_setup_teardown(no_tls_is_a_failed_handshake, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
