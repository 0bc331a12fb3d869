/* UUIDs as bytes and text. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/id.h"
#include "base/macro.h"

#define NOW (UINT64_C(0x017f22e279b0) * USEC_PER_MSEC) /* the example of RFC 9562 */

static void text_and_bytes_agree(void **state _unused_) {
        static const uint8_t bytes[16] = { 0x01, 0x7f, 0x22, 0xe2, 0x79, 0xb0, 0x7c, 0xc3,
                                           0x98, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f };
        const char *text = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";
        char again[UUID_TEXT_SIZE];
        Uuid u;

        assert_int_equal(uuid_parse(text, &u), 0);
        assert_memory_equal(u.bytes, bytes, sizeof(bytes));
        assert_string_equal(uuid_format(&u, again), text);
}

static void upper_case_is_read_and_written_lower(void **state _unused_) {
        char text[UUID_TEXT_SIZE];
        Uuid u;

        assert_int_equal(uuid_parse("017F22E2-79B0-7CC3-98C4-DC0C0C07398F", &u), 0);
        assert_string_equal(uuid_format(&u, text), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
}

static void other_forms_are_refused_and_leave_the_result_alone(void **state _unused_) {
        static const char *const wrong[] = {
                "",
                "-",
                "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
                "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",
                "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
                "017f22e279b07cc398c4dc0c0c07398f",
                "017f22e2-79b0-7cc3-98c4dc0c0c07398f-",
                "017f22e27-9b0-7cc3-98c4-dc0c0c07398f",
                "{17f22e2-79b0-7cc3-98c4-dc0c0c07398}",
                " 17f22e2-79b0-7cc3-98c4-dc0c0c07398f",
                "017f22e2-79b0-7cc3-98c4-dc0c0c07398\n",
                "017f22e2-79b0-7cc3-98c4-dc0c0c0739-f",
                "------------------------------------",
                "017f22e2079b007cc3098c40dc0c0c07398f",
        };
        Uuid u = { { 0x55 } }, before = u;

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                assert_int_equal(uuid_parse(wrong[i], &u), -EINVAL);
        assert_true(uuid_equal(&u, &before));
}

static void a_new_one_carries_time_version_and_variant(void **state _unused_) {
        for (int i = 0; i < 64; i++) { /* the rest is random */
                Uuid u = uuid7_new(NOW + 999);
                char text[UUID_TEXT_SIZE];

                uuid_format(&u, text);
                assert_memory_equal(text, "017f22e2-79b0-7", 15);
                assert_non_null(strchr("89ab", text[19]));
        }
}

static void later_ones_sort_after_earlier_ones(void **state _unused_) {
        for (unsigned i = 0; i < 1000; i++) {
                Uuid a = uuid7_new(NOW + i * USEC_PER_MSEC);
                Uuid b = uuid7_new(NOW + (i + 1) * USEC_PER_MSEC);

                assert_true(memcmp(a.bytes, b.bytes, sizeof(a.bytes)) < 0);
        }
}

static void two_of_one_moment_differ(void **state _unused_) {
        Uuid a = uuid7_new(NOW), b = uuid7_new(NOW), c = a;

        assert_false(uuid_equal(&a, &b));
        assert_true(uuid_equal(&a, &c));
        c.bytes[15] ^= 1;
        assert_false(uuid_equal(&a, &c));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(text_and_bytes_agree),
                cmocka_unit_test(upper_case_is_read_and_written_lower),
                cmocka_unit_test(other_forms_are_refused_and_leave_the_result_alone),
                cmocka_unit_test(a_new_one_carries_time_version_and_variant),
                cmocka_unit_test(later_ones_sort_after_earlier_ones),
                cmocka_unit_test(two_of_one_moment_differ),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
