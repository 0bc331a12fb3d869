/* Handshakes and joins of one network are limited, others are not concerned, and all is forgotten.
 */
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hub/sources.h"

#define START (1000 * USEC_PER_SEC)

/* Host 1 of the n-th /24. */
static struct sockaddr_storage network(uint32_t n) {
        struct sockaddr_storage s = { 0 };
        struct sockaddr_in *v4 = (struct sockaddr_in *)&s;

        v4->sin_family = AF_INET;
        v4->sin_addr.s_addr = htonl(0x0a000001 + (n << 8));
        return s;
}

static void handshakes_of_a_network_are_limited(void **state _unused_) {
        _cleanup_(sources_freep) Sources *s = NULL;
        struct sockaddr_storage one = network(1), other = network(2);

        assert_int_equal(sources_new(&s), 0);
        for (unsigned i = 0; i < SOURCES_HANDSHAKES_MAX; i++)
                assert_int_equal(sources_enter(s, &one, START), 0);
        assert_int_equal(sources_enter(s, &one, START), -EBUSY);
        assert_int_equal(sources_enter(s, &other, START), 0);
        sources_leave(s, &one, START);
        assert_int_equal(sources_enter(s, &one, START), 0);
        assert_int_equal(sources_enter(s, &one, START), -EBUSY);
}

static void joins_of_a_network_are_paced(void **state _unused_) {
        _cleanup_(sources_freep) Sources *s = NULL;
        struct sockaddr_storage one = network(1), other = network(2);
        unsigned joined = 0;

        assert_int_equal(sources_new(&s), 0);
        for (unsigned i = 0; i < 1000; i++) {
                assert_int_equal(sources_enter(s, &one, START), 0);
                joined += sources_may_join(s, &one, START);
                sources_leave(s, &one, START);
        }
        assert_int_equal(joined, SOURCES_JOINS_MAX);
        assert_int_equal(sources_enter(s, &other, START), 0);
        assert_true(sources_may_join(s, &other, START));
        assert_int_equal(sources_enter(s, &one, START + SOURCES_JOINS_INTERVAL), 0);
        assert_true(sources_may_join(s, &one, START + SOURCES_JOINS_INTERVAL));
        assert_false(sources_may_join(s, &one, START + SOURCES_JOINS_INTERVAL));
}

static void this_machine_is_not_limited(void **state _unused_) {
        _cleanup_(sources_freep) Sources *s = NULL;
        struct sockaddr_storage own = { 0 };

        ((struct sockaddr_in *)&own)->sin_family = AF_INET;
        ((struct sockaddr_in *)&own)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        assert_int_equal(sources_new(&s), 0);
        for (unsigned i = 0; i < 5 * SOURCES_JOINS_MAX; i++) {
                assert_int_equal(sources_enter(s, &own, START), 0);
                assert_true(sources_may_join(s, &own, START));
        }
        sources_leave(s, &own, START);
        assert_int_equal(sources_count(s), 0);
}

static void what_rests_is_forgotten(void **state _unused_) {
        _cleanup_(sources_freep) Sources *s = NULL;
        struct sockaddr_storage one = network(1);

        assert_int_equal(sources_new(&s), 0);
        assert_int_equal(sources_enter(s, &one, START), 0);
        sources_leave(s, &one, START);
        assert_int_equal(sources_count(s), 0);

        assert_int_equal(sources_enter(s, &one, START), 0);
        assert_true(sources_may_join(s, &one, START));
        sources_leave(s, &one, START);
        assert_int_equal(sources_count(s), 1); /* its join is not paid for */
        assert_int_equal(sources_enter(s, &one, START + USEC_PER_SEC), 0);
        sources_leave(s, &one, START + USEC_PER_SEC);
        assert_int_equal(sources_count(s), 0);
}

static void networks_are_limited_in_number(void **state _unused_) {
        _cleanup_(sources_freep) Sources *s = NULL;
        struct sockaddr_storage a;

        assert_int_equal(sources_new(&s), 0);
        for (uint32_t i = 0; i < SOURCES_MAX; i++) {
                a = network(i);
                assert_int_equal(sources_enter(s, &a, START), 0);
                assert_true(sources_may_join(s, &a, START));
                if (i > 0)
                        sources_leave(s, &a, START);
        }
        a = network(SOURCES_MAX);
        assert_int_equal(sources_enter(s, &a, START), -EBUSY);
        assert_int_equal(sources_count(s), SOURCES_MAX);
        assert_int_equal(sources_enter(s, &a, START + 2 * USEC_PER_SEC), 0);
        assert_int_equal(sources_count(s), 2); /* the one that stayed, and the new one */
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(handshakes_of_a_network_are_limited),
                cmocka_unit_test(joins_of_a_network_are_paced),
                cmocka_unit_test(this_machine_is_not_limited),
                cmocka_unit_test(what_rests_is_forgotten),
                cmocka_unit_test(networks_are_limited_in_number),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
