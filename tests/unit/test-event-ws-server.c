/* Who is let in by the WebSocket server, and who the peer is. */
#include "ws-fixture.h"

static void wrong_requests_are_refused(void **state _unused_) {
        static const struct {
                const char *path, *headers;
                unsigned status;
        } cases[] = {
                { "/ws", PROTOCOL "Origin: https://evil.example\r\n", 403 },
                { "/other", PROTOCOL, 404 },
                { "/ws", "", 400 },
                { "/ws", "Sec-WebSocket-Protocol: dpin.v2\r\n", 400 },
                { "/ws", "Sec-WebSocket-Protocol: other, dpin.v1\r\n", 101 },
        };
        char answer[64] = "";
        Fixture f;
        int fd;

        start(&f, NULL);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                fd = dial(&f);
                assert_int_equal(upgrade(&f, fd, cases[i].path, cases[i].headers), cases[i].status);
                close(fd);
        }
        fd = dial(&f);
        assert_int_equal(send(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27, MSG_NOSIGNAL), 27);
        assert_int_equal(hear(&f, fd, answer, 12), 12);
        assert_string_equal(answer + 8, " 404");
        close(fd);
        assert_int_equal(f.opened, 1);
        assert_int_equal(ws_server_counters(f.server)->refused_origin, 1);
        assert_int_equal(ws_server_counters(f.server)->refused_protocol, 2);

        f.refuse = true;
        fd = dial(&f);
        (void)upgrade(&f, fd, "/ws", PROTOCOL);
        assert_int_equal(hear(&f, fd, answer, 1), 0);
        close(fd);
        assert_int_equal(f.opened, 1);
        stop(&f);
}

static void peers_are_counted_and_limited(void **state _unused_) {
        int one, two, three;
        Fixture f;

        start(&f, &(WsLimits){ .peers_max = 2 });
        one = dial_open(&f);
        two = dial_open(&f);
        three = dial(&f);
        assert_int_equal(upgrade(&f, three, "/ws", PROTOCOL), 503);
        close(three);
        close(one);
        TURN_UNTIL(&f, f.closed == 1);
        three = dial_open(&f);
        assert_int_equal(ws_server_counters(f.server)->refused_full, 1);
        close(two);
        close(three);
        stop(&f);
}

static void unfinished_handshake_is_ended(void **state _unused_) {
        uint8_t data[1];
        usec_t begun = now_boottime();
        Fixture f;
        int idle, slow;

        start(&f, &(WsLimits){ .handshake_max = USEC_PER_SEC });
        idle = dial(&f);
        slow = dial(&f);
        assert_int_equal(send(slow, "GET /ws HTTP/1.1\r\nHost:", 23, MSG_NOSIGNAL), 23);
        assert_int_equal(hear(&f, idle, data, 1), 0);
        assert_int_equal(hear(&f, slow, data, 1), 0);
        assert_true(now_boottime() - begun < 5 * USEC_PER_SEC);
        close(idle);
        close(slow);
        stop(&f);
}

static void trusted_proxy_names_the_peer(void **state _unused_) {
        static const char *const header = PROTOCOL "X-Forwarded-For: 1.1.1.1, 192.0.2.7\r\n";
        Fixture f;
        int fd;

        start(&f, NULL);
        fd = dial(&f);
        assert_int_equal(upgrade(&f, fd, "/ws", header), 101);
        assert_string_equal(f.address, "127.0.0.1");
        close(fd);

        assert_int_equal(ws_server_set_trusted_proxies(f.server, "nonsense"), -EINVAL);
        assert_int_equal(ws_server_set_trusted_proxies(f.server, "::1, 127.0.0.1"), 0);
        fd = dial(&f);
        assert_int_equal(upgrade(&f, fd, "/ws", header), 101);
        assert_string_equal(f.address, "192.0.2.7");
        close(fd);
        fd = dial(&f);
        assert_int_equal(upgrade(&f, fd, "/ws", PROTOCOL), 101);
        assert_string_equal(f.address, "127.0.0.1"); /* the proxy speaks for itself */
        close(fd);
        fd = dial(&f);
        assert_int_equal(upgrade(&f, fd, "/ws",
                                 PROTOCOL "X-Forwarded-For: 127.0.0.1\r\n"
                                          "X-Forwarded-For: 192.0.2.8\r\n"),
                         101);
        assert_string_equal(f.address, "192.0.2.8");
        close(fd);
        stop(&f);
}

/* Whoever can spoil the header must not pass for the proxy, which may be a neighbour. */
static void unreadable_forwarded_address_is_refused(void **state _unused_) {
        static const char *const addresses[] = { "junk", "192.0.2.7, unknown", "192.0.2.7:80",
                                                 "127.0.0.1,", "[::1]" };
        char headers[2048], spaces[1100];
        Fixture f;
        int fd;

        start(&f, NULL);
        assert_int_equal(ws_server_set_trusted_proxies(f.server, "127.0.0.1"), 0);
        for (size_t i = 0; i < ELEMENTSOF(addresses); i++) {
                snprintf(headers, sizeof(headers), PROTOCOL "X-Forwarded-For: %s\r\n",
                         addresses[i]);
                fd = dial(&f);
                assert_int_equal(upgrade(&f, fd, "/ws", headers), 400);
                close(fd);
        }
        memset(spaces, 'x', sizeof(spaces));
        snprintf(headers, sizeof(headers), PROTOCOL "X-Forwarded-For: %.1024s, 192.0.2.7\r\n",
                 spaces);
        fd = dial(&f);
        assert_int_equal(upgrade(&f, fd, "/ws", headers), 400);
        close(fd);
        assert_int_equal(ws_server_counters(f.server)->refused_address, ELEMENTSOF(addresses) + 1);
        assert_int_equal(f.opened, 0);
        stop(&f);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(wrong_requests_are_refused),
                cmocka_unit_test(peers_are_counted_and_limited),
                cmocka_unit_test(unfinished_handshake_is_ended),
                cmocka_unit_test(trusted_proxy_names_the_peer),
                cmocka_unit_test(unreadable_forwarded_address_is_refused),
        };

        signal(SIGPIPE, SIG_IGN);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
