/* Extension areas: ascending, whole, and nothing critical that is unknown. */
#include <errno.h>

#include "wire-fixture.h"
#include "wire/extension.h"

static int check(const void *bytes, size_t n, uint8_t known) {
        Extension e = { .bytes = bytes, .n = n };

        return extension_check(&e, known);
}

static void well_formed_areas_pass(_unused_ void **state) {
        static const uint8_t two[] = { 1, 0, 2, 'a', 'b', 127, 0, 0 }, gap[] = { 128, 0, 1, 7 };
        static const uint8_t full[EXTENSION_MAX] = { 5, (EXTENSION_MAX - 3) >> 8,
                                                     (EXTENSION_MAX - 3) & 255 };

        assert_int_equal(check(NULL, 0, 0), 0);
        assert_int_equal(check(two, sizeof(two), 0), 0);
        assert_int_equal(check(gap, sizeof(gap), 128), 0);
        assert_int_equal(check(full, sizeof(full), 0), 0);
}

static void unknown_critical_types_are_refused(_unused_ void **state) {
        static const uint8_t gap[] = { 128, 0, 1, 7 }, other[] = { 129, 0, 0 };

        assert_int_equal(check(gap, sizeof(gap), 0), -EPROTONOSUPPORT);
        assert_int_equal(check(other, sizeof(other), 128), -EPROTONOSUPPORT);
}

static void malformed_areas_are_refused(_unused_ void **state) {
        static const uint8_t descending[] = { 2, 0, 0, 1, 0, 0 }, twice[] = { 2, 0, 0, 2, 0, 0 };
        static const uint8_t truncated[] = { 1, 0, 2, 'a' }, headless[] = { 1, 0 };
        static const uint8_t long_area[EXTENSION_MAX + 1] = { 5, (EXTENSION_MAX - 2) >> 8,
                                                              (EXTENSION_MAX - 2) & 255 };

        assert_int_equal(check(descending, sizeof(descending), 0), -EBADMSG);
        assert_int_equal(check(twice, sizeof(twice), 0), -EBADMSG);
        assert_int_equal(check(truncated, sizeof(truncated), 0), -EBADMSG);
        assert_int_equal(check(headless, sizeof(headless), 0), -EBADMSG);
        assert_int_equal(check(long_area, sizeof(long_area), 0), -EBADMSG);
}

static void values_are_found_by_type(_unused_ void **state) {
        static const uint8_t two[] = { 1, 0, 2, 'a', 'b', 127, 0, 0 };
        Extension e = { .bytes = two, .n = sizeof(two) }, value = {};

        assert_int_equal(extension_find(&e, 1, &value), 1);
        assert_int_equal(value.n, 2);
        assert_memory_equal(value.bytes, "ab", 2);
        assert_int_equal(extension_find(&e, 127, &value), 1);
        assert_int_equal(value.n, 0);
        assert_int_equal(extension_find(&e, 2, &value), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(well_formed_areas_pass),
                cmocka_unit_test(unknown_critical_types_are_refused),
                cmocka_unit_test(malformed_areas_are_refused),
                cmocka_unit_test(values_are_found_by_type),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
