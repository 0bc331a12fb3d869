/* So many connections to one address a second, whatever else is connected to. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

#include <cmocka.h>

#include "event/throttle.h"

#define NOW (1000 * USEC_PER_SEC)

static bool take(Throttle *p, const char *text, usec_t now) {
        struct sockaddr_in v4 = { .sin_family = AF_INET };
        struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

        if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
                return throttle_take(p, (struct sockaddr *)&v4, now);
        assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
        return throttle_take(p, (struct sockaddr *)&v6, now);
}

static unsigned take_all(Throttle *p, const char *text, usec_t now) {
        unsigned n = 0;

        while (n < 1000 && take(p, text, now))
                n++;
        return n;
}

static void an_address_has_its_own_rate(void **state _unused_) {
        _cleanup_(throttle_freep) Throttle *p = NULL;

        assert_int_equal(throttle_new(&p, 5), 0);
        assert_int_equal(take_all(p, "192.0.2.1", NOW), 10);
        assert_int_equal(take_all(p, "192.0.2.2", NOW), 10);
        assert_int_equal(take_all(p, "192.0.2.1", NOW + USEC_PER_SEC), 5);
}

static void an_ipv6_address_is_its_network(void **state _unused_) {
        _cleanup_(throttle_freep) Throttle *p = NULL;

        assert_int_equal(throttle_new(&p, 5), 0);
        assert_int_equal(take_all(p, "2001:db8::1", NOW), 10);
        assert_int_equal(take_all(p, "2001:db8::2", NOW), 0);
        assert_int_equal(take_all(p, "2001:db8:0:1::1", NOW), 10);
        assert_int_equal(take_all(p, "32.1.13.184", NOW), 10); /* the same first bytes */
}

static void the_oldest_are_forgotten(void **state _unused_) {
        _cleanup_(throttle_freep) Throttle *p = NULL;
        char text[INET_ADDRSTRLEN];

        assert_int_equal(throttle_new(&p, 5), 0);
        assert_int_equal(take_all(p, "192.0.2.1", NOW), 10);
        assert_int_equal(take_all(p, "192.0.2.2", NOW), 10);
        for (uint32_t i = 0; i < THROTTLE_ADDRESSES_MAX - 1; i++) {
                struct in_addr a = { .s_addr = htonl(0x0b000000 + i) };

                assert_true(take(p, inet_ntop(AF_INET, &a, text, sizeof(text)), NOW));
                assert_false(take(p, "192.0.2.1", NOW)); /* is asked for all the time */
        }
        assert_int_equal(take_all(p, "192.0.2.2", NOW), 10);
}

static void what_is_no_ip_is_not_paced(void **state _unused_) {
        struct sockaddr_un local = { .sun_family = AF_UNIX };
        _cleanup_(throttle_freep) Throttle *p = NULL;

        assert_int_equal(throttle_new(&p, 1), 0);
        for (unsigned i = 0; i < 10; i++)
                assert_true(throttle_take(p, (struct sockaddr *)&local, NOW));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_address_has_its_own_rate),
                cmocka_unit_test(an_ipv6_address_is_its_network),
                cmocka_unit_test(the_oldest_are_forgotten),
                cmocka_unit_test(what_is_no_ip_is_not_paced),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
