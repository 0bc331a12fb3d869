/* Addresses and their texts. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "event/address.h"

static void an_address_is_read_and_written(void **state) {
        char text[NET_ADDRESS_TEXT_SIZE];
        NetAddress a;

        (void)state;
        assert_true(net_address_parse("192.0.2.7", 53, &a));
        assert_int_equal(a.any.sa_family, AF_INET);
        assert_int_equal(net_address_size(&a), sizeof(struct sockaddr_in));
        assert_string_equal(net_address_text(&a, text), "192.0.2.7");
        assert_string_equal(net_address_text_port(&a, text), "192.0.2.7:53");
        assert_true(net_address_parse("2001:db8::1", 65535, &a));
        assert_int_equal(net_address_size(&a), sizeof(struct sockaddr_in6));
        assert_string_equal(net_address_text(&a, text), "2001:db8::1");
        assert_string_equal(net_address_text_port(&a, text), "[2001:db8::1]:65535");
        net_address_set_port(&a, 1);
        assert_string_equal(net_address_text_port(&a, text), "[2001:db8::1]:1");
}

static void what_is_none_is_refused(void **state) {
        static const char *const texts[] = { "",         "example.org", "1.2.3",    "0x7f.0.0.1",
                                             "[::1]",    "::1%lo",      "1.2.3.4 ", "01.2.3.4",
                                             "1.2.3.4.", "::ffff:1.2.3" };
        NetAddress a = { .any.sa_family = 99 };

        (void)state;
        for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
                assert_false(net_address_parse(texts[i], 1, &a));
        assert_int_equal(a.any.sa_family, 99);
}

static void a_port_may_stand_behind_it(void **state) {
        static const char *const good[] = { "192.0.2.7", "192.0.2.7:5353", "2001:db8::1",
                                            "[2001:db8::1]:5353" };
        static const char *const texts[] = { "192.0.2.7:53", "192.0.2.7:5353", "[2001:db8::1]:53",
                                             "[2001:db8::1]:5353" };
        static const char *const bad[] = {
                "",           "[::1]",       "192.0.2.7:", "1.2.3.4:0", "1.2.3.4:65536",
                "1.2.3.4:5x", "[1.2.3.4]:5", "a:5",        "[::1:53",   ":53",
                "1.2.3.4: 5", "[]:5"
        };
        char text[NET_ADDRESS_TEXT_SIZE];
        NetAddress a;

        (void)state;
        for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
                assert_true(net_address_parse_port(good[i], 53, &a));
                assert_string_equal(net_address_text_port(&a, text), texts[i]);
        }
        for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
                assert_false(net_address_parse_port(bad[i], 53, &a));
}

static void other_families_are_not_copied(void **state) {
        struct sockaddr_storage s = { .ss_family = AF_UNIX };
        NetAddress a, b;

        (void)state;
        assert_false(net_address_copy((struct sockaddr *)&s, &a));
        assert_true(net_address_parse("::1", 7, &a));
        memcpy(&s, &a.v6, sizeof(a.v6));
        assert_true(net_address_copy((struct sockaddr *)&s, &b));
        assert_memory_equal(&a.v6, &b.v6, sizeof(a.v6));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_address_is_read_and_written),
                cmocka_unit_test(what_is_none_is_refused),
                cmocka_unit_test(a_port_may_stand_behind_it),
                cmocka_unit_test(other_families_are_not_copied),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
