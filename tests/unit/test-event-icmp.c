/* Echo requests in a network of the test's own, where the kernel answers, or does not. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/capability.h>

#include "event/icmp.h"
#include "loop-turn.h"
#include "own-network.h"

#define LONG_TIME (20 * USEC_PER_SEC)

typedef struct Fixture {
        uv_loop_t loop;
        unsigned done;
        IcmpResult result;
} Fixture;

static int setup(void **state) {
        Fixture *f = calloc(1, sizeof(*f));

        assert_non_null(f);
        assert_int_equal(uv_loop_init(&f->loop), 0);
        own_network_set_range("1 0");
        own_network_set_ignored("0");
        *state = f;
        return 0;
}

static int teardown(void **state) {
        Fixture *f = *state;

        uv_run(&f->loop, UV_RUN_DEFAULT);
        assert_int_equal(uv_loop_close(&f->loop), 0);
        free(f);
        return 0;
}

static void on_done(const IcmpResult *result, void *userdata) {
        Fixture *f = userdata;

        f->result = *result;
        f->done++;
}

static IcmpCall *begin(Fixture *f, const char *address, unsigned count, usec_t timeout) {
        IcmpCall *c;
        NetAddress a;

        f->done = 0;
        assert_true(net_address_parse(address, 7, &a));
        assert_int_equal(icmp_start(&f->loop,
                                    &(IcmpRequest){ .address = &a,
                                                    .count = count,
                                                    .interval = 2 * USEC_PER_MSEC,
                                                    .timeout = timeout },
                                    on_done, f, &c),
                         0);
        assert_int_equal(f->done, 0);
        return c;
}

static IcmpError echo(Fixture *f, const char *address, unsigned count, usec_t timeout) {
        begin(f, address, count, timeout);
        TURN_UNTIL(f, f->done == 1);
        return f->result.error;
}

static void assert_all_came(const IcmpResult *r, unsigned count) {
        assert_int_equal(r->sent, count);
        assert_int_equal(r->received, count);
        assert_true(r->min > 0 && r->min <= r->average && r->average <= r->max);
        assert_true(r->max < LONG_TIME && r->jitter <= r->max - r->min);
}

static void replies_are_counted_and_measured(void **state) {
        static const char *const ranges[] = { "1 0", "0 0" }; /* raw; unprivileged */
        Fixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(ranges); i++) {
                own_network_set_range(ranges[i]);
                assert_true(icmp_is_allowed(AF_INET) && icmp_is_allowed(AF_INET6));
                assert_int_equal(echo(f, "127.0.0.1", 3, LONG_TIME), ICMP_OK);
                assert_all_came(&f->result, 3);
                assert_int_equal(echo(f, "::1", ICMP_COUNT_MAX, LONG_TIME), ICMP_OK);
                assert_all_came(&f->result, ICMP_COUNT_MAX);
                assert_int_equal(echo(f, "127.0.0.1", 1, LONG_TIME), ICMP_OK);
                assert_all_came(&f->result, 1);
                assert_int_equal(f->result.jitter, 0);
        }
}

static void what_does_not_come_is_lost(void **state) {
        Fixture *f = *state;
        usec_t before = now_boottime();

        own_network_set_ignored("1");
        assert_int_equal(echo(f, "127.0.0.1", 3, 60 * USEC_PER_MSEC), ICMP_OK);
        assert_int_equal(f->result.sent, 3);
        assert_int_equal(f->result.received, 0);
        assert_int_equal(f->result.average, 0);
        assert_in_range(now_boottime() - before, 50 * USEC_PER_MSEC, USEC_PER_SEC);
}

static void some_may_be_lost(void **state) {
        Fixture *f = *state;

        begin(f, "127.0.0.1", 2, 300 * USEC_PER_MSEC);
        uv_run(&f->loop, UV_RUN_NOWAIT);
        own_network_set_ignored("1");
        TURN_UNTIL(f, f->done == 1);
        assert_int_equal(f->result.sent, 2);
        assert_int_equal(f->result.received, 1);
        assert_true(f->result.min > 0 && f->result.min == f->result.max);
}

/* Of two the second is sent, and answered at once, when its time is over already. */
static void what_came_while_the_loop_stood_still_is_no_loss(void **state) {
        Fixture *f = *state;

        for (unsigned count = 2; count <= 3; count++) {
                begin(f, "127.0.0.1", count, 20 * USEC_PER_MSEC);
                uv_run(&f->loop, UV_RUN_NOWAIT);
                poll(NULL, 0, 40);
                TURN_UNTIL(f, f->done == 1);
                assert_int_equal(f->result.sent, 2);
                assert_int_equal(f->result.received, 2);
                assert_int_equal(f->result.error, count == 2 ? ICMP_OK : ICMP_INTERNAL);
        }
}

static void many_at_once_do_not_take_each_others(void **state) {
        Fixture *f = *state;

        for (int i = 0; i < 20; i++)
                begin(f, "127.0.0.1", 3, LONG_TIME);
        for (int i = 0; i < 5; i++)
                icmp_cancel(begin(f, "127.0.0.1", 3, LONG_TIME));
        TURN_UNTIL(f, f->done == 20);
        assert_all_came(&f->result, 3);
}

/* What comes from the right address, in the right form, and is no reply to it. */
static void forged_replies_are_not_counted(void **state) {
        IcmpEcho echo = { .sequence = 0 };
        struct sockaddr_in here = { .sin_family = AF_INET,
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
        uint8_t bytes[ICMP_ECHO_SIZE];
        Fixture *f = *state;

        assert_true(fd >= 0);
        own_network_set_ignored("1");
        begin(f, "127.0.0.1", 1, 200 * USEC_PER_MSEC);
        loop_turn(&f->loop, -1);
        loop_turn(&f->loop, -1);
        icmp_echo_write(&echo, AF_INET, bytes);
        bytes[0] = 0, bytes[2] += 8; /* a reply, and its checksum */
        assert_int_equal(
                        sendto(fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&here, sizeof(here)),
                        sizeof(bytes));
        TURN_UNTIL(f, f->done == 1);
        assert_int_equal(f->result.sent, 1);
        assert_int_equal(f->result.received, 0);
        close(fd);
}

static void nowhere_is_unreachable(void **state) {
        Fixture *f = *state;

        assert_int_equal(echo(f, "192.0.2.1", 3, LONG_TIME), ICMP_UNREACHABLE);
        assert_int_equal(echo(f, "2001:db8::1", 3, LONG_TIME), ICMP_UNREACHABLE);
        assert_int_equal(f->result.received, 0);
}

/* In a process of its own, since capabilities do not come back. */
static void without_permission_it_says_so(void **state) {
        struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct none[2] = {};
        Fixture *f = *state;
        int status;
        pid_t pid = fork();

        if (pid == 0) {
                bool right;

                if (syscall(SYS_capset, &head, none) < 0)
                        _exit(2);
                right = !icmp_is_allowed(AF_INET) && !icmp_is_allowed(AF_INET6);
                uv_loop_fork(&f->loop);
                _exit(right && echo(f, "127.0.0.1", 3, LONG_TIME) == ICMP_NOT_ALLOWED ? 0 : 1);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

/* Bytes ---------------------------------------------------------------------------------------- */

static void bytes_are_rfc_792s(void **state _unused_) {
        static const uint8_t type[2] = { 8, 0 }, names[4] = { 1, 2, 0, 3 };
        IcmpEcho echo = { .sequence = 3, .nonce = { 1, 2, 3, 4, 5, 6, 7 } }, back;
        uint8_t bytes[20 + ICMP_ECHO_SIZE] = { 0x45 }, *at = bytes + 20;
        uint32_t sum = 0;

        icmp_echo_write(&echo, AF_INET, at);
        for (int i = 0; i < ICMP_ECHO_SIZE; i += 2)
                sum += at[i] * 256u + at[i + 1];
        assert_int_equal((sum & 0xffff) + (sum >> 16), 0xffff);
        assert_memory_equal(at, type, 2);
        assert_memory_equal(at + 4, names, 4);
        assert_false(icmp_reply_read(at, ICMP_ECHO_SIZE, AF_INET, false, &back)); /* a request */
        at[0] = 0;
        assert_true(icmp_reply_read(at, ICMP_ECHO_SIZE, AF_INET, false, &back));
        assert_int_equal(back.sequence, 3);
        assert_memory_equal(back.nonce, echo.nonce, ICMP_NONCE_SIZE);
        assert_true(icmp_reply_read(bytes, sizeof(bytes), AF_INET, true, &back));
        for (size_t n = 0; n < sizeof(bytes); n++)
                assert_false(icmp_reply_read(bytes, n, AF_INET, true, &back));
        bytes[0] = 0x44; /* shorter than a header is */
        assert_false(icmp_reply_read(bytes, sizeof(bytes), AF_INET, true, &back));
        at[0] = 129;
        assert_true(icmp_reply_read(at, ICMP_ECHO_SIZE, AF_INET6, true, &back));
        at[1] = 1;
        assert_false(icmp_reply_read(at, ICMP_ECHO_SIZE, AF_INET6, true, &back));
}

#define ICMP_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest pure[] = {
                cmocka_unit_test(bytes_are_rfc_792s),
        };
        const struct CMUnitTest tests[] = {
                ICMP_TEST(replies_are_counted_and_measured),
                ICMP_TEST(what_does_not_come_is_lost),
                ICMP_TEST(some_may_be_lost),
                ICMP_TEST(what_came_while_the_loop_stood_still_is_no_loss),
                ICMP_TEST(many_at_once_do_not_take_each_others),
                ICMP_TEST(forged_replies_are_not_counted),
                ICMP_TEST(nowhere_is_unreachable),
                ICMP_TEST(without_permission_it_says_so),
        };
        int failed = cmocka_run_group_tests(pure, NULL, NULL);

        if (!own_network_enter()) {
                print_message("this machine allows no network of one's own\n");
                return failed;
        }
        return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
