/* Who is let in by the WebSocket server, and who the peer is. */
#include <netinet/tcp.h>
#include <sys/resource.h>

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
                { "/ws", PROTOCOL "Sec-WebSocket-Version: 8\r\n", 400 },
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
        assert_int_equal(ws_server_counters(f.server)->refused_protocol, 3);

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
        unsigned most;
        Fixture f;

        start(&f, &(WsLimits){ .peers_max = 2 });
        one = dial_open(&f);
        two = dial_open(&f);
        assert_int_equal(ws_server_connections(f.server, &most), 2);
        assert_int_equal(most, 2);
        three = dial(&f);
        assert_int_equal(upgrade(&f, three, "/ws", PROTOCOL), 503);
        close(three);
        close(one);
        TURN_UNTIL(&f, f.closed == 1);
        three = dial_open(&f);
        assert_int_equal(ws_server_counters(f.server)->refused_full, 1);
        close(two);
        close(three);
        TURN_UNTIL(&f, f.closed == 3);
        assert_int_equal(ws_server_connections(f.server, &most), 0);
        assert_int_equal(most, 3);
        assert_int_equal(ws_server_connections(f.server, &most), 0);
        assert_int_equal(most, 0);
        stop(&f);
}

static void no_more_are_settled_than_there_are_places_for(void **state _unused_) {
        WsPeer *first;
        Fixture f;
        int one, two;

        start(&f, &(WsLimits){ .peers_max = 1 });
        f.linger = true;
        one = dial_open(&f);
        first = f.peer;
        two = dial_open(&f);
        assert_int_equal(ws_peer_settle(first), 0);
        assert_int_equal(ws_peer_settle(first), 0);
        assert_int_equal(ws_peer_settle(f.peer), -EBUSY);
        close(one);
        TURN_UNTIL(&f, f.closed == 1);
        assert_int_equal(ws_peer_settle(f.peer), 0);
        close(two);
        stop(&f);
}

/* Takes the place of the first of n who say nothing, when that one had its time. */
static void assert_takes_the_place_of_the_first(Fixture *f, unsigned n) {
        usec_t begun = now_boottime();
        int silent[64], late;
        uint8_t data[1];

        for (unsigned i = 0; i < n; i++)
                silent[i] = i == 0 ? dial_open(f) : dial(f);
        late = dial_open(f);
        assert_true(now_boottime() - begun > 900 * USEC_PER_MSEC);
        assert_int_equal(ws_server_counters(f->server)->dropped, 1);
        while (hear(f, silent[0], data, 1) == 1) /* what it was sent before */
                ;
        TURN_UNTIL(f, f->closed == 1);
        assert_int_equal(f->code, 1006);
        for (unsigned i = 0; i < n; i++)
                close(silent[i]);
        close(late);
}

static void handshakes_have_places_and_the_oldest_goes(void **state _unused_) {
        Fixture f;

        start(&f, &(WsLimits){ .handshakes_max = 3 });
        for (unsigned i = 0; i < 5; i++)
                dial_open(&f); /* settled ones take none */
        f.linger = true;
        assert_takes_the_place_of_the_first(&f, 3);
        assert_int_equal(f.opened, 7);
        stop(&f);
}

/* When the loop is late, it is not the guest who is. */
static void guest_whose_words_were_not_read_yet_is_spared(void **state _unused_) {
        usec_t begun = now_boottime();
        Fixture f;
        int one, late;

        start(&f, &(WsLimits){ .handshakes_max = 1 });
        one = dial(&f);
        while (now_boottime() - begun < 100 * USEC_PER_MSEC)
                loop_turn(&f.loop, -1);
        poll(NULL, 0, 1100); /* the loop stands still */
        late = dial(&f);
        assert_int_equal(send(one, "GET ", 4, MSG_NOSIGNAL),
                         4); /* is read after the other is seen */
        begun = now_boottime();
        while (now_boottime() - begun < 300 * USEC_PER_MSEC)
                loop_turn(&f.loop, -1);
        assert_int_equal(ws_server_counters(f.server)->dropped, 0);
        TURN_UNTIL(&f, ws_server_counters(f.server)->dropped == 1); /* no more words came */
        assert_true(now_boottime() - begun > 900 * USEC_PER_MSEC);
        close(one);
        close(late);
        stop(&f);
}

static void places_are_no_more_than_descriptors(void **state _unused_) {
        struct rlimit before, low;
        Fixture f;

        assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
        low = (struct rlimit){ .rlim_cur = 328, .rlim_max = before.rlim_max };
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
        start(&f, NULL);
        f.linger = true;
        assert_takes_the_place_of_the_first(&f, 50); /* a quarter of what is not reserved */
        stop(&f);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void whoever_does_not_settle_is_dropped(void **state _unused_) {
        uint8_t data[1];
        Fixture f;
        int fd;

        start(&f, &(WsLimits){ .handshake_max = 100 * USEC_PER_MSEC });
        f.linger = true;
        fd = dial_open(&f);
        assert_int_equal(hear(&f, fd, data, 1), 0);
        assert_int_equal(ws_server_counters(f.server)->dropped, 1);
        close(fd);
        stop(&f);
}

/* The accepted end of a connection of this very process. */
static int other_end(int fd) {
        struct sockaddr_in own, peer;
        socklen_t n = sizeof(own);

        assert_int_equal(getsockname(fd, (struct sockaddr *)&own, &n), 0);
        for (int other = 3; other < 1024; other++) {
                n = sizeof(peer);
                if (getpeername(other, (struct sockaddr *)&peer, &n) == 0 &&
                    peer.sin_family == AF_INET && peer.sin_port == own.sin_port)
                        return other;
        }
        return -1;
}

static void small_messages_do_not_wait_for_each_other(void **state _unused_) {
        socklen_t n = sizeof(int);
        int fd, on = 0;
        Fixture f;

        start(&f, NULL);
        fd = dial_open(&f);
        assert_int_equal(getsockopt(other_end(fd), IPPROTO_TCP, TCP_NODELAY, &on, &n), 0);
        assert_int_equal(on, 1);
        close(fd);
        stop(&f);
}

static void no_tunnel_is_made(void **state _unused_) {
        static const char request[] = "CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n";
        uint8_t data[1];
        Fixture f;
        int fd;

        start(&f, &(WsLimits){ .handshake_max = 60 * USEC_PER_SEC });
        fd = dial(&f);
        assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
        assert_int_equal(hear(&f, fd, data, 1), 0);
        close(fd);
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
                                          "X-Forwarded-For: \t::ffff:192.0.2.8 \r\n"),
                         101);
        assert_string_equal(f.address, "192.0.2.8");
        close(fd);
        stop(&f);
}

/* Whoever can spoil the header must not pass for the proxy, which may be a neighbour. */
static void unreadable_forwarded_address_is_refused(void **state _unused_) {
        static const char *const addresses[] = { "junk",         "192.0.2.7, unknown",
                                                 "192.0.2.7:80", "127.0.0.1,",
                                                 "[::1]",        "127.0.0.1 x" };
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
                cmocka_unit_test(no_more_are_settled_than_there_are_places_for),
                cmocka_unit_test(handshakes_have_places_and_the_oldest_goes),
                cmocka_unit_test(guest_whose_words_were_not_read_yet_is_spared),
                cmocka_unit_test(places_are_no_more_than_descriptors),
                cmocka_unit_test(whoever_does_not_settle_is_dropped),
                cmocka_unit_test(small_messages_do_not_wait_for_each_other),
                cmocka_unit_test(no_tunnel_is_made),
                cmocka_unit_test(unfinished_handshake_is_ended),
                cmocka_unit_test(trusted_proxy_names_the_peer),
                cmocka_unit_test(unreadable_forwarded_address_is_refused),
        };

        signal(SIGPIPE, SIG_IGN);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
