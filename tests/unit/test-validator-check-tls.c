/* tls://host:port against openssl's server: the certificate, and every way to have no good one. */
#include "kind-fixture.h"
#include "tls-server.h"

#define HERE "{\"type\":\"tls\",\"url\":\"tls://127.0.0.1:PORT\"}"
#define DAYS 30

static TlsServer server;

static int prepare(void **state) {
        (void)state;
        tls_server_prepare(&server);
        return 0;
}

static int clean(void **state) {
        (void)state;
        tls_server_remove(&server);
        return 0;
}

static Tick check(KindFixture *f, const char *name, int days, const char *spec) {
        Tick t;

        tls_server_start(&server, name, days);
        t = kind_fixture_check(f, LONG_TIME, spec, server.port);
        tls_server_stop(&server);
        return t;
}

static void a_good_certificate_is_up(void **state) {
        static const uint8_t address[4] = { 127, 0, 0, 1 };
        unsigned today = (unsigned)(now_realtime() / USEC_PER_DAY);
        KindFixture *f = *state;
        Tick t;

        kind_fixture_allow(f, "127.0.0.0/8", server.ca_file);
        t = check(f, "IP:127.0.0.1", DAYS, HERE);
        assert_seen(&t, TICK_UP, TICK_ERROR_NONE);
        assert_in_range(t.expiry_days, today + DAYS - 1, today + DAYS + 1);
        assert_true(t.phases.connect > 0 && t.phases.tls > 0);
        assert_int_equal(t.status, 0);
        assert_int_equal(t.body_length, 0);
        assert_int_equal(t.family, 4);
        assert_memory_equal(t.address, address, 4);
        t = check(f, "DNS:loop.test", DAYS,
                  "{\"type\":\"tls\",\"url\":\"tls://127.0.0.1:PORT\",\"tlsMin\":\"1.3\"}");
        assert_seen(&t, TICK_DOWN, TICK_ERROR_TLS_NAME);
}

static void a_bad_one_has_its_class(void **state) {
        KindFixture *f = *state;
        Tick t = check(f, "IP:127.0.0.1", DAYS, HERE);

        assert_seen(&t, TICK_DOWN, TICK_ERROR_TLS_UNTRUSTED);
        kind_fixture_allow(f, "127.0.0.0/8", server.ca_file);
        t = check(f, "IP:127.0.0.1", -1, HERE);
        assert_seen(&t, TICK_DOWN, TICK_ERROR_TLS_EXPIRED);
        t = check(f, "IP:127.0.0.1", DAYS,
                  "{\"type\":\"tls\",\"url\":\"tls://127.0.0.1:PORT\",\"certificateDays\":20}");
        assert_seen(&t, TICK_UP, TICK_ERROR_NONE);
        t = check(f, "IP:127.0.0.1", DAYS,
                  "{\"type\":\"tls\",\"url\":\"tls://127.0.0.1:PORT\",\"certificateDays\":40}");
        assert_seen(&t, TICK_DOWN, TICK_ERROR_TLS_EXPIRING);
        assert_non_null(strstr(f->story.detail, "wanted: 40"));
}

static void where_is_no_tls_there_is_no_certificate(void **state) {
        KindFixture *f = *state;
        uint16_t port = 0;
        int fd = dns_socket(SOCK_STREAM, &port);
        Tick t = kind_fixture_check(f, LONG_TIME, HERE, port);

        assert_seen(&t, TICK_DOWN, TICK_ERROR_REFUSED);
        assert_int_equal(listen(fd, 4), 0);
        t = kind_fixture_check(f, 100 * USEC_PER_MSEC, HERE, port);
        assert_seen(&t, TICK_DOWN, TICK_ERROR_TIMEOUT_TLS);
        kind_fixture_allow(f, NULL, NULL);
        t = kind_fixture_check(f, LONG_TIME, HERE, port);
        assert_seen(&t, TICK_ABSTAIN, TICK_ERROR_GUARD);
        close(fd);
}

static void it_is_cancelled_at_any_time(void **state) {
        KindFixture *f = *state;
        char json[128];

        kind_fixture_allow(f, "127.0.0.0/8", server.ca_file);
        tls_server_start(&server, "IP:127.0.0.1", DAYS);
        snprintf(json, sizeof(json), "{\"type\":\"tls\",\"url\":\"tls://127.0.0.1:%u\"}",
                 server.port);
        for (int turns = 0; turns < 12; turns++) {
                Check *c = kind_fixture_begin(f, json, LONG_TIME);

                for (int i = 0; i < turns && f->done == 0; i++)
                        uv_run(&f->loop, UV_RUN_NOWAIT);
                if (f->done == 0)
                        check_cancel(c);
        }
        tls_server_stop(&server);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                KIND_TEST(a_good_certificate_is_up),
                KIND_TEST(a_bad_one_has_its_class),
                KIND_TEST(where_is_no_tls_there_is_no_certificate),
                KIND_TEST(it_is_cancelled_at_any_time),
        };

        return cmocka_run_group_tests(tests, prepare, clean);
}
