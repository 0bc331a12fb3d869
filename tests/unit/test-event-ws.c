/* Open peers: messages, queues, pings and closes. */
#include "ws-fixture.h"

#define RAW_PEERS 200

static void two_hundred_peers_are_echoed(void **state _unused_) {
        int fds[RAW_PEERS];
        uint8_t data[64];
        size_t n;
        Fixture f;

        start(&f, NULL);
        for (unsigned i = 0; i < RAW_PEERS; i++)
                fds[i] = dial_open(&f);
        assert_int_equal(f.opened, RAW_PEERS);
        for (unsigned i = 0; i < RAW_PEERS; i++)
                say_frame(fds[i], 0x82, &i, sizeof(i));
        for (unsigned i = 0; i < RAW_PEERS; i++) {
                assert_int_equal(hear_frame(&f, fds[i], data, sizeof(data), &n), 0x82);
                assert_int_equal(n, sizeof(i));
                assert_memory_equal(data, &i, sizeof(i));
        }
        for (unsigned i = 0; i < RAW_PEERS / 2; i++)
                close(fds[i]);
        TURN_UNTIL(&f, f.closed == RAW_PEERS / 2);
        assert_int_equal(f.code, 1006);
        assert_int_equal(ws_server_counters(f.server)->opened, RAW_PEERS);
        assert_int_equal(ws_server_counters(f.server)->closed, RAW_PEERS / 2);
        stop(&f);
        assert_int_equal(f.closed, RAW_PEERS / 2); /* the others without a callback */
        for (unsigned i = RAW_PEERS / 2; i < RAW_PEERS; i++)
                close(fds[i]);
}

static void fragments_are_joined(void **state _unused_) {
        static uint8_t large[60000], data[60000];
        Fixture f;
        size_t n;
        int fd;

        memset(large, 'x', sizeof(large));
        start(&f, NULL);
        fd = dial_open(&f);
        say_frame(fd, 0x01, "one,", 4);
        say_frame(fd, 0x00, "two,", 4);
        say_frame(fd, 0x89, "?", 1); /* a ping in between */
        assert_int_equal(hear_frame(&f, fd, data, sizeof(data), &n), 0x8a);
        say_frame(fd, 0x80, "three", 5);
        assert_int_equal(hear_frame(&f, fd, data, sizeof(data), &n), 0x81);
        assert_int_equal(n, 13);
        assert_memory_equal(data, "one,two,three", 13);
        assert_int_equal(f.last_kind, WS_TEXT);

        say_frame(fd, 0x82, large, sizeof(large));
        assert_int_equal(hear_frame(&f, fd, data, sizeof(data), &n), 0x82);
        assert_int_equal(n, sizeof(large));
        assert_memory_equal(data, large, n);
        say_frame(fd, 0x82, "", 0);
        assert_int_equal(hear_frame(&f, fd, data, sizeof(data), &n), 0x82);
        assert_int_equal(n, 0);
        assert_int_equal(f.received, 3);
        close(fd);
        stop(&f);
}

static void too_long_is_closed_with_1009(void **state _unused_) {
        uint8_t data[1100] = { 0 };
        Fixture f;
        int fd;

        start(&f, &(WsLimits){ .message_max = 1000 });
        fd = dial_open(&f);
        say_frame(fd, 0x82, data, 1001);
        assert_close_frame(&f, fd, 1009);
        say_frame(fd, 0x88, "\x03\xf1", 2);
        TURN_UNTIL(&f, f.closed == 1);
        assert_int_equal(f.code, 1009);
        close(fd);

        fd = dial_open(&f);
        say_frame(fd, 0x02, data, 600);
        say_frame(fd, 0x80, data, 401);
        assert_close_frame(&f, fd, 1009);
        close(fd);
        TURN_UNTIL(&f, f.closed == 2);
        assert_int_equal(f.received, 0);
        assert_int_equal(ws_server_counters(f.server)->too_long, 2);
        stop(&f);
}

static void fragments_without_end_are_closed_with_1008(void **state _unused_) {
        uint8_t data[64];
        Fixture f;
        size_t n;
        int fd;

        start(&f, &(WsLimits){ .fragments_max = 5 });
        fd = dial_open(&f);
        for (unsigned i = 0; i < 4; i++)
                say_frame(fd, i == 0 ? 0x02 : 0x00, "", 0);
        say_frame(fd, 0x80, "all", 3); /* the fifth, and the last */
        assert_int_equal(hear_frame(&f, fd, data, sizeof(data), &n), 0x82);
        assert_int_equal(n, 3);
        for (unsigned i = 0; i < 5; i++)
                say_frame(fd, i == 0 ? 0x01 : 0x00, "x", 1);
        assert_close_frame(&f, fd, 1008);
        close(fd);
        TURN_UNTIL(&f, f.closed == 1);
        assert_int_equal(f.received, 1);
        assert_int_equal(ws_server_counters(f.server)->too_fragmented, 1);
        stop(&f);
}

/* A byte now and then keeps a peer from being silent, but not for ever. */
static void message_without_end_is_closed_with_1008(void **state _unused_) {
        usec_t begun;
        Fixture f;
        int fd;

        start(&f, &(WsLimits){ .message_time_max = 300 * USEC_PER_MSEC });
        fd = dial_open(&f);
        begun = now_boottime();
        assert_int_equal(send(fd, "\x82\xe4\0\0\0\0", 6, MSG_NOSIGNAL), 6); /* 100 bytes */
        for (unsigned i = 0; i < TURNS_MAX && f.server && f.closed == 0 &&
                             ws_server_counters(f.server)->too_slow == 0;
             i++) {
                if (i % 20 == 0)
                        assert_int_equal(send(fd, "x", 1, MSG_NOSIGNAL), 1);
                loop_turn(&f.loop, -1);
        }
        assert_true(now_boottime() - begun >= 300 * USEC_PER_MSEC);
        assert_close_frame(&f, fd, 1008);
        close(fd);
        TURN_UNTIL(&f, f.closed == 1);
        assert_int_equal(f.received, 0);
        assert_int_equal(ws_server_counters(f.server)->too_slow, 1);
        stop(&f);
}

static void slow_reader_fills_a_bounded_queue(void **state _unused_) {
        static uint8_t block[10000], data[10000];
        unsigned sent = 0, heard = 0;
        Fixture f;
        size_t n;
        int fd, r;

        start(&f, &(WsLimits){ .queue_max = 100000 });
        fd = dial_open(&f);
        while ((r = ws_peer_send(f.peer, WS_BINARY, block, sizeof(block))) >= 0) {
                sent++;
                assert_true(sent < 10000);
        }
        assert_int_equal(r, -ENOBUFS);
        assert_true(ws_peer_queued(f.peer) <= 100000);
        assert_int_equal(f.drained, 0);
        assert_int_equal(ws_server_counters(f.server)->send_refused, 1);
        while (heard < sent) {
                assert_int_equal(hear_frame(&f, fd, data, sizeof(data), &n), 0x82);
                assert_int_equal(n, sizeof(block));
                heard++;
        }
        TURN_UNTIL(&f, f.drained == 1);
        assert_int_equal(ws_peer_queued(f.peer), 0);
        close(fd);
        stop(&f);
}

static void close_codes_travel_both_ways(void **state _unused_) {
        uint8_t data[64];
        size_t n;
        Fixture f;
        int fd;

        start(&f, NULL);
        fd = dial_open(&f);
        say_frame(fd, 0x88, "\x0f\xa2gone", 6); /* 4002 */
        assert_close_frame(&f, fd, 4002);
        TURN_UNTIL(&f, f.closed == 1);
        assert_int_equal(f.code, 4002);
        close(fd);

        fd = dial_open(&f);
        f.close_on_message = true;
        assert_int_equal(send(fd, "\x81\x81\0\0\0\0x\x81\x81\0\0\0\0y", 14, MSG_NOSIGNAL), 14);
        assert_int_equal(hear_frame(&f, fd, data, sizeof(data), &n), 0x88);
        assert_memory_equal(data,
                            "\x0f\xa1"
                            "enough",
                            8);
        say_frame(fd, 0x88, data, 2);
        TURN_UNTIL(&f, f.closed == 2);
        assert_int_equal(f.code, 4001);
        assert_int_equal(f.received, 1);
        close(fd);
        stop(&f);
}

static void protocol_errors_end_the_connection(void **state _unused_) {
        static const unsigned heads[] = {
                0xc2, /* compressed, which was not negotiated */
                0x83, /* unknown opcode */
                0x80, /* continues nothing */
                0x09, /* fragmented ping */
        };
        Fixture f;

        start(&f, NULL);
        for (unsigned i = 0; i < ELEMENTSOF(heads); i++) {
                int fd = dial_open(&f);

                say_frame(fd, heads[i], "x", 1);
                assert_close_frame(&f, fd, 1002);
                close(fd);
                TURN_UNTIL(&f, f.closed == i + 1);
        }
        assert_int_equal(f.received, 0);
        stop(&f);
}

static void silent_peer_is_pinged_then_dropped(void **state _unused_) {
        uint8_t data[64];
        size_t n;
        Fixture f;
        int fd;

        start(&f, &(WsLimits){ .ping_interval = 100 * USEC_PER_MSEC });
        fd = dial_open(&f);
        for (unsigned i = 0; i < 4; i++) {
                assert_int_equal(hear_frame(&f, fd, data, sizeof(data), &n), 0x89);
                say_frame(fd, 0x8a, data, n);
        }
        assert_int_equal(f.closed, 0);
        assert_int_equal(hear_frame(&f, fd, data, sizeof(data), &n), 0x89);
        assert_int_equal(hear(&f, fd, data, 1), 0); /* unanswered */
        assert_int_equal(f.closed, 1);
        assert_int_equal(f.code, 1006);
        close(fd);
        stop(&f);
}

static void a_peer_is_pinged_when_it_is_asked_for(void **state _unused_) {
        uint8_t data[64];
        size_t n;
        Fixture f;
        int fd;

        start(&f, &(WsLimits){ .ping_interval = USEC_PER_HOUR });
        fd = dial_open(&f);
        uv_sleep(20);
        uv_update_time(&f.loop);
        for (unsigned i = 0; i < 3; i++)
                assert_true(ws_peer_ping(f.peer) >= 20 * USEC_PER_MSEC);
        assert_int_equal(hear_frame(&f, fd, data, sizeof(data), &n), 0x89);
        for (unsigned i = 0; i < 5; i++)
                loop_turn(&f.loop, -1);
        assert_int_equal(recv(fd, data + n, 1, MSG_DONTWAIT), -1); /* once is enough */
        say_frame(fd, 0x8a, data, n);
        TURN_UNTIL(&f, ws_peer_ping(f.peer) < 20 * USEC_PER_MSEC);
        assert_int_equal(hear_frame(&f, fd, data, sizeof(data), &n), 0x89); /* it was heard since */
        close(fd);
        stop(&f);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(two_hundred_peers_are_echoed),
                cmocka_unit_test(fragments_are_joined),
                cmocka_unit_test(too_long_is_closed_with_1009),
                cmocka_unit_test(fragments_without_end_are_closed_with_1008),
                cmocka_unit_test(message_without_end_is_closed_with_1008),
                cmocka_unit_test(slow_reader_fills_a_bounded_queue),
                cmocka_unit_test(close_codes_travel_both_ways),
                cmocka_unit_test(protocol_errors_end_the_connection),
                cmocka_unit_test(silent_peer_is_pinged_then_dropped),
                cmocka_unit_test(a_peer_is_pinged_when_it_is_asked_for),
        };

        signal(SIGPIPE, SIG_IGN);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
