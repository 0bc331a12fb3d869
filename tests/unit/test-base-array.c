/* Arrays that grow. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/array.h"
#include "base/macro.h"

/* With sanitizers, too, what is too much is NULL. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) {
        return "allocator_may_return_null=1";
}

static void there_is_room_and_what_was_there_stays(void **state _unused_) {
        _cleanup_free_ unsigned *items = NULL;
        size_t max = 0;

        for (unsigned i = 0; i < 1000; i++) {
                assert_int_equal(array_reserve(&items, &max, i + 1, sizeof(*items)), 0);
                assert_true(max > i);
                items[i] = i;
        }
        for (unsigned i = 0; i < 1000; i++)
                assert_int_equal(items[i], i);
}

/* One more costs nothing most of the time. */
static void it_doubles(void **state _unused_) {
        _cleanup_free_ uint64_t *items = NULL;
        size_t max = 0, before, grown = 0;

        for (size_t n = 1; n <= 1 << 16; n++) {
                before = max;
                assert_int_equal(array_reserve(&items, &max, n, sizeof(*items)), 0);
                grown += max != before;
        }
        assert_in_range(grown, 2, 16);
}

static void many_at_once(void **state _unused_) {
        _cleanup_free_ char *items = NULL;
        size_t max = 0;

        assert_int_equal(array_reserve(&items, &max, 0, 1), 0);
        assert_null(items);
        assert_int_equal(array_reserve(&items, &max, 12345, 1), 0);
        assert_int_equal(max, 12345);
}

static void what_cannot_be_changes_nothing(void **state _unused_) {
        _cleanup_free_ uint64_t *items = NULL;
        size_t max = 0;

        assert_int_equal(array_reserve(&items, &max, 3, sizeof(*items)), 0);
        items[2] = 7;
        assert_int_equal(array_reserve(&items, &max, SIZE_MAX / 4, sizeof(*items)), -ENOMEM);
        assert_in_range(max, 3, 64);
        assert_int_equal(items[2], 7);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(there_is_room_and_what_was_there_stays),
                cmocka_unit_test(it_doubles),
                cmocka_unit_test(many_at_once),
                cmocka_unit_test(what_cannot_be_changes_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
