/* Connections to a server of the test's own, which says what it is told to, and names for it. */
#include <errno.h>

#include "dns-server.h"
#include "event/tcp.h"
#include "loop-turn.h"

#define LONG_TIME (20 * USEC_PER_SEC)

typedef struct Fixture {
        uv_loop_t loop;
        DnsServer dns;
        Resolver *resolver;
        int listener, line;
        uint16_t port, refused_port;
        const char *says; /* to who comes, and then ... */
        bool closes, resets;
        char heard[64];
        char refused[64]; /* by the guard: "127.0.0.1" */
        unsigned guarded, done;
        TcpResult result;
} Fixture;

static int bind_one(uint16_t *port, bool listens) {
        struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t n = sizeof(a);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

        assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
        *port = ntohs(a.sin_port);
        if (listens)
                assert_int_equal(listen(fd, 8), 0);
        return fd;
}

static int setup(void **state) {
        Fixture *f = calloc(1, sizeof(*f));

        assert_non_null(f);
        assert_int_equal(uv_loop_init(&f->loop), 0);
        dns_server_start(&f->dns, &f->loop);
        assert_int_equal(resolver_new(&f->resolver, &f->loop,
                                      &(ResolverOptions){ .servers = f->dns.address }),
                         0);
        f->listener = bind_one(&f->port, true);
        close(bind_one(&f->refused_port, false));
        f->line = -1;
        *state = f;
        return 0;
}

static int teardown(void **state) {
        Fixture *f = *state;

        resolver_free(f->resolver);
        dns_server_stop(&f->dns);
        close(f->listener);
        if (f->line >= 0)
                close(f->line);
        uv_run(&f->loop, UV_RUN_DEFAULT);
        assert_int_equal(uv_loop_close(&f->loop), 0);
        free(f);
        return 0;
}

static void on_done(const TcpResult *result, void *userdata) {
        Fixture *f = userdata;

        f->result = *result;
        f->done++;
}

static bool guard(const struct sockaddr *address, socklen_t n, void *userdata) {
        char text[NET_ADDRESS_TEXT_SIZE];
        Fixture *f = userdata;
        NetAddress a;

        assert_true(net_address_copy(address, &a));
        assert_int_equal(n, net_address_size(&a));
        f->guarded++;
        return strcmp(net_address_text(&a, text), f->refused) != 0;
}

static void serve(Fixture *f) {
        struct linger now = { .l_onoff = 1 };
        ssize_t n;

        if (f->line < 0) {
                f->line = accept4(f->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
                if (f->line >= 0 && f->says)
                        assert_int_equal(send(f->line, f->says, strlen(f->says), 0),
                                         strlen(f->says));
                if (f->line >= 0 && f->resets)
                        setsockopt(f->line, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
                if (f->line >= 0 && (f->closes || f->resets)) {
                        close(f->line);
                        f->line = -2;
                }
        }
        n = f->line >= 0 ? recv(f->line, f->heard, sizeof(f->heard) - 1, 0) : 0;
        if (n > 0)
                f->heard[n] = '\0';
}

static TcpError call(Fixture *f, TcpRequest request) {
        TcpCall *c;

        f->done = 0;
        if (f->line != -1 && f->line != -2)
                close(f->line);
        f->line = -1;
        request.loop = &f->loop;
        request.resolver = f->resolver;
        request.host = request.host ? request.host : "loop.test";
        request.port = request.port ? request.port : f->port;
        request.timeout = request.timeout ? request.timeout : LONG_TIME;
        request.guard = guard;
        request.guard_userdata = f;
        assert_int_equal(tcp_start(&request, on_done, f, &c), 0);
        assert_int_equal(f->done, 0);
        TURN_UNTIL(f, (serve(f), f->done == 1));
        return f->result.error;
}

static void a_port_that_listens_is_connected_to(void **state) {
        char text[NET_ADDRESS_TEXT_SIZE];
        Fixture *f = *state;
        usec_t before = now_boottime();
        TcpResult *r = &f->result;

        assert_int_equal(call(f, (TcpRequest){}), TCP_OK);
        assert_true(r->dns > 0 && r->connect > 0 && r->wait == 0);
        assert_in_range(r->dns + r->connect, 2, now_boottime() - before);
        net_address_text(&r->address, text);
        assert_string_equal(text, "127.0.0.1");
        assert_int_equal(f->guarded, 1);
        assert_int_equal(call(f, (TcpRequest){ .host = "127.0.0.1", .family = AF_INET }), TCP_OK);
        assert_int_equal(call(f, (TcpRequest){ .host = "127.0.0.1", .family = AF_INET6 }), TCP_DNS);
}

static void one_that_does_not_is_refused(void **state) {
        Fixture *f = *state;

        assert_int_equal(call(f, (TcpRequest){ .port = f->refused_port }), TCP_REFUSED);
        assert_int_equal(f->result.address.v4.sin_port, htons(f->refused_port));
}

/* That this machine has no way to one address says nothing of the target; that the other refused
 * does. */
static void an_address_without_a_way_hides_no_other(void **state) {
        Fixture *f = *state;

        assert_int_equal(call(f, (TcpRequest){ .host = "mixed.test", .port = f->refused_port }),
                         TCP_REFUSED);
        assert_int_equal(f->result.address.any.sa_family, AF_INET);
        assert_int_equal(call(f, (TcpRequest){ .host = "mixed.test" }), TCP_OK);
        assert_int_equal(call(f, (TcpRequest){ .host = "mixed.test", .family = AF_INET6 }),
                         TCP_UNREACHABLE);
        assert_int_equal(f->result.address.any.sa_family, AF_INET6);
}

static void what_is_expected_may_come_in_pieces(void **state) {
        char filler[3 * 4096 + 1];
        Fixture *f = *state;

        f->says = "220 mail.example.org ready\r\n";
        assert_int_equal(call(f, (TcpRequest){ .expect = "220 " }), TCP_OK);
        assert_true(f->result.wait > 0);
        memset(filler, 'a', sizeof(filler) - 1);
        memcpy(filler + 4096 - 4, "needle", 6); /* on both sides of a read */
        filler[sizeof(filler) - 1] = '\0';
        f->says = filler;
        assert_int_equal(call(f, (TcpRequest){ .expect = "needle" }), TCP_OK);
        memcpy(filler + 4096 - 4, "neeadl", 6);
        f->closes = true;
        assert_int_equal(call(f, (TcpRequest){ .expect = "needle" }), TCP_UNEXPECTED);
}

static void what_is_to_be_sent_is_sent(void **state) {
        Fixture *f = *state;

        f->says = "+PONG";
        assert_int_equal(call(f, (TcpRequest){ .send = "PING\r\n", .expect = "+PONG" }), TCP_OK);
        TURN_UNTIL(f, (serve(f), f->heard[0]));
        assert_string_equal(f->heard, "PING\r\n");
}

static void each_other_end_has_its_class(void **state) {
        Fixture *f = *state;

        f->closes = true;
        assert_int_equal(call(f, (TcpRequest){ .expect = "x" }), TCP_RESET);
        f->resets = true;
        f->closes = false;
        assert_int_equal(call(f, (TcpRequest){ .expect = "x" }), TCP_RESET);
        f->resets = false;
        assert_int_equal(call(f, (TcpRequest){ .expect = "x", .timeout = 50 * USEC_PER_MSEC }),
                         TCP_TIMEOUT_WAIT);
        assert_in_range(f->result.wait, 30 * USEC_PER_MSEC, USEC_PER_SEC);
        assert_int_equal(call(f, (TcpRequest){ .host = "none.test" }), TCP_DNS);
        assert_int_equal(call(f, (TcpRequest){ .host = "failed.test" }), TCP_DNS);
        assert_int_equal(f->result.address.any.sa_family, AF_UNSPEC);
        assert_int_equal(call(f,
                              (TcpRequest){ .host = "silent.test", .timeout = 50 * USEC_PER_MSEC }),
                         TCP_TIMEOUT_DNS);
        assert_in_range(f->result.dns, 30 * USEC_PER_MSEC, USEC_PER_SEC);
        assert_int_equal(f->result.connect, 0);
}

/* A listener that accepts nobody: when its queue is full, the kernel drops who comes. */
static void who_does_not_take_the_connection_is_late(void **state) {
        Fixture *f = *state;
        TcpRequest request = { .loop = &f->loop,
                               .resolver = f->resolver,
                               .host = "127.0.0.1",
                               .port = f->port,
                               .timeout = 100 * USEC_PER_MSEC };
        TcpCall *c;
        int fds[32];

        assert_int_equal(listen(f->listener, 0), 0);
        for (size_t i = 0; i < ELEMENTSOF(fds); i++) {
                struct sockaddr_in a = { .sin_family = AF_INET,
                                         .sin_port = htons(f->port),
                                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

                fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
                (void)connect(fds[i], (struct sockaddr *)&a, sizeof(a));
        }
        assert_int_equal(tcp_start(&request, on_done, f, &c), 0);
        TURN_UNTIL(f, f->done == 1);
        assert_int_equal(f->result.error, TCP_TIMEOUT_CONNECT);
        assert_in_range(f->result.connect, 80 * USEC_PER_MSEC, USEC_PER_SEC);
        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                close(fds[i]);
}

static void the_guard_decides_on_each_address(void **state) {
        char text[NET_ADDRESS_TEXT_SIZE];
        Fixture *f = *state;

        snprintf(f->refused, sizeof(f->refused), "127.0.0.1");
        assert_int_equal(call(f, (TcpRequest){}), TCP_BLOCKED);
        assert_int_equal(f->guarded, 1);
        assert_int_equal(f->result.address.any.sa_family, AF_UNSPEC);
        assert_int_equal(accept(f->listener, NULL, NULL), -1);
        assert_int_equal(call(f, (TcpRequest){ .host = "both.test" }), TCP_REFUSED);
        snprintf(f->refused, sizeof(f->refused), "127.0.0.2");
        assert_int_equal(call(f, (TcpRequest){ .host = "both.test" }), TCP_OK);
        f->refused[0] = '\0'; /* the one that refuses is tried, then the other */
        assert_int_equal(call(f, (TcpRequest){ .host = "both.test" }), TCP_OK);
        net_address_text(&f->result.address, text);
        assert_string_equal(text, "127.0.0.1");
}

static void a_name_in_the_cache_does_not_pass_the_guard(void **state) {
        Fixture *f = *state;

        assert_int_equal(call(f, (TcpRequest){}), TCP_OK);
        snprintf(f->refused, sizeof(f->refused), "127.0.0.1");
        assert_int_equal(call(f, (TcpRequest){}), TCP_BLOCKED);
        assert_int_equal(f->dns.asked, 2); /* of both families, once */
}

static void it_is_cancelled_at_any_time(void **state) {
        static const char *const hosts[] = { "loop.test", "silent.test", "127.0.0.1" };
        Fixture *f = *state;

        for (unsigned turns = 0; turns < 30; turns++) {
                TcpRequest request = { .loop = &f->loop,
                                       .resolver = f->resolver,
                                       .host = hosts[turns % 3],
                                       .port = f->port,
                                       .timeout = LONG_TIME,
                                       .expect = "x" };
                TcpCall *c;

                f->done = 0;
                assert_int_equal(tcp_start(&request, on_done, f, &c), 0);
                for (unsigned i = 0; i < turns / 3; i++)
                        uv_run(&f->loop, UV_RUN_NOWAIT);
                tcp_cancel(c);
                uv_run(&f->loop, UV_RUN_NOWAIT);
                assert_int_equal(f->done, 0);
        }
        assert_null(tcp_cancel(NULL));
}

#define TCP_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TCP_TEST(a_port_that_listens_is_connected_to),
                TCP_TEST(one_that_does_not_is_refused),
                TCP_TEST(an_address_without_a_way_hides_no_other),
                TCP_TEST(what_is_expected_may_come_in_pieces),
                TCP_TEST(what_is_to_be_sent_is_sent),
                TCP_TEST(each_other_end_has_its_class),
                TCP_TEST(who_does_not_take_the_connection_is_late),
                TCP_TEST(the_guard_decides_on_each_address),
                TCP_TEST(a_name_in_the_cache_does_not_pass_the_guard),
                TCP_TEST(it_is_cancelled_at_any_time),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
