/* How addresses are grouped. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "hub/prefix.h"

static struct sockaddr_storage address_of(const char *text) {
        struct sockaddr_storage s;

        assert_int_equal(prefix_parse(text, &s), 0);
        return s;
}

static uint64_t near(const char *text) {
        struct sockaddr_storage s = address_of(text);

        return prefix_of(&s);
}

static uint64_t block(const char *text) {
        struct sockaddr_storage s = address_of(text);

        return prefix_block_of(&s);
}

static bool loopback(const char *text) {
        struct sockaddr_storage s = address_of(text);

        return prefix_is_loopback(&s);
}

static void neighbours_share_a_prefix(void **state) {
        (void)state;
        assert_true(near("192.0.2.1") == near("192.0.2.254"));
        assert_true(near("192.0.2.1") == near("::ffff:192.0.2.7"));
        assert_true(near("192.0.2.1") != near("192.0.3.1"));
        assert_true(near("2001:db8:1:2::1") == near("2001:db8:1:ffff::2"));
        assert_true(near("2001:db8:1::1") != near("2001:db8:2::1"));
        assert_true(block("192.0.2.1") == block("192.0.99.1"));
        assert_true(block("192.0.2.1") != block("192.1.2.1"));
        assert_true(block("2001:db8:1::1") == block("2001:db8:2::1"));
        assert_true(block("2001:db8::1") != block("2001:db9::1"));
}

static void other_text_is_no_address(void **state) {
        static const char *const texts[] = { "", "192.0.2", "192.0.2.1/24", "example.org", "::g" };
        struct sockaddr_storage s;

        (void)state;
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
                assert_int_equal(prefix_parse(texts[i], &s), -EINVAL);
                assert_true(prefix_of(&s) == 0);
        }
}

static void lengths_and_families_are_told_apart(void **state) {
        struct sockaddr_storage none = { 0 };

        (void)state;
        assert_true(near("192.0.0.1") != block("192.0.0.1"));
        assert_true(near("2001:db8::1") != block("2001:db8::1"));
        assert_true(near("::1") != near("0.0.0.1"));
        assert_true(prefix_of(&none) == 0 && prefix_block_of(&none) == 0);
        assert_true(near("10.0.0.1") != 0 && near("::") != 0);
}

static void this_machine_is_known(void **state) {
        struct sockaddr_storage none = { 0 };

        (void)state;
        assert_true(loopback("127.0.0.1") && loopback("127.9.8.7") && loopback("::1"));
        assert_true(loopback("::ffff:127.0.0.1"));
        assert_false(loopback("128.0.0.1") || loopback("::2") || loopback("::ffff:10.0.0.1"));
        assert_false(loopback("::127.0.0.1") || prefix_is_loopback(&none));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(neighbours_share_a_prefix),
                cmocka_unit_test(other_text_is_no_address),
                cmocka_unit_test(lengths_and_families_are_told_apart),
                cmocka_unit_test(this_machine_is_known),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
