/* tcp://host:port against listeners on loopback; phases and classes in the tick. */
#include "kind-fixture.h"

#define PLAIN "{\"type\":\"tcp\",\"url\":\"tcp://loop.test:PORT\"}"

static int listen_on(uint16_t *port, bool listens) {
        int fd = dns_socket(SOCK_STREAM, port);

        assert_true(fd >= 0);
        if (listens)
                assert_int_equal(listen(fd, 8), 0);
        return fd;
}

static void a_port_that_listens_is_up(void **state) {
        static const uint8_t address[4] = { 127, 0, 0, 1 };
        KindFixture *f = *state;
        uint16_t port = 0;
        int fd = listen_on(&port, true);
        Tick t = kind_fixture_check(f, LONG_TIME, PLAIN, port);

        assert_seen(&t, TICK_UP, TICK_ERROR_NONE);
        assert_true(t.phases.dns > 0 && t.phases.connect > 0);
        assert_int_equal(t.phases.tls + t.phases.wait + t.phases.transfer, 0);
        assert_int_equal(t.family, 4);
        assert_memory_equal(t.address, address, 4);
        assert_int_equal(t.status, 0);
        close(fd);
}

static void what_fails_has_its_class(void **state) {
        KindFixture *f = *state;
        uint16_t port = 0, closed = 0;
        int fd = listen_on(&port, true), other = listen_on(&closed, false);
        Tick t = kind_fixture_check(f, LONG_TIME, PLAIN, closed);

        assert_seen(&t, TICK_DOWN, TICK_ERROR_REFUSED);
        t = kind_fixture_check(
                        f, 100 * USEC_PER_MSEC,
                        "{\"type\":\"tcp\",\"url\":\"tcp://127.0.0.1:PORT\",\"expect\":\"x\"}",
                        port);
        assert_seen(&t, TICK_DOWN, TICK_ERROR_TIMEOUT_WAIT);
        assert_in_range(t.phases.wait, 50000, 1000000);
        t = kind_fixture_check(f, LONG_TIME, "{\"type\":\"tcp\",\"url\":\"tcp://none.test:PORT\"}",
                               port);
        assert_seen(&t, TICK_DOWN, TICK_ERROR_DNS);
        t = kind_fixture_check(f, 100 * USEC_PER_MSEC,
                               "{\"type\":\"tcp\",\"url\":\"tcp://silent.test:PORT\"}", port);
        assert_seen(&t, TICK_DOWN, TICK_ERROR_TIMEOUT_DNS);
        t = kind_fixture_check(f, LONG_TIME, /* our own DNS server closes what is no question */
                               "{\"type\":\"tcp\",\"url\":\"tcp://[::ffff:127.0.0.1]:PORT\"}",
                               port);
        assert_seen(&t, TICK_UP, TICK_ERROR_NONE);
        close(other);
        close(fd);
}

static void what_the_owner_forbids_abstains_unseen(void **state) {
        KindFixture *f = *state;
        uint16_t port = 0;
        int fd = listen_on(&port, true);
        Tick t;

        kind_fixture_allow(f, NULL, NULL);
        t = kind_fixture_check(f, LONG_TIME, PLAIN, port);
        assert_seen(&t, TICK_ABSTAIN, TICK_ERROR_GUARD);
        assert_int_equal(accept4(fd, NULL, NULL, SOCK_NONBLOCK), -1);
        close(fd);
}

/* The first time the name is elsewhere, which is refused without a route; then it is here. */
static void a_name_that_moves_does_not_pass_the_guard(void **state) {
        KindFixture *f = *state;
        uint16_t port = 0;
        int fd = listen_on(&port, true);
        Tick t;

        kind_fixture_allow(f, "127.0.0.2", NULL);
        for (int i = 0; i < 2; i++) {
                t = kind_fixture_check(f, LONG_TIME,
                                       "{\"type\":\"tcp\",\"url\":\"tcp://rebind.test:PORT\"}",
                                       port);
                assert_seen(&t, TICK_ABSTAIN, TICK_ERROR_GUARD);
        }
        assert_int_equal(accept4(fd, NULL, NULL, SOCK_NONBLOCK), -1);
        close(fd);
}

static void it_is_cancelled_at_any_time(void **state) {
        KindFixture *f = *state;
        char json[128];
        uint16_t port = 0;
        int fd = listen_on(&port, true);

        snprintf(json, sizeof(json),
                 "{\"type\":\"tcp\",\"url\":\"tcp://loop.test:%u\",\"expect\":\"x\"}", port);
        for (int turns = 0; turns < 12; turns++) {
                Check *c = kind_fixture_begin(f, json, LONG_TIME);

                for (int i = 0; i < turns; i++)
                        loop_turn(&f->loop, -1);
                check_cancel(c);
                loop_turn(&f->loop, -1);
                assert_int_equal(f->done, 0);
        }
        close(fd);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                KIND_TEST(a_port_that_listens_is_up),
                KIND_TEST(what_fails_has_its_class),
                KIND_TEST(what_the_owner_forbids_abstains_unseen),
                KIND_TEST(a_name_that_moves_does_not_pass_the_guard),
                KIND_TEST(it_is_cancelled_at_any_time),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
