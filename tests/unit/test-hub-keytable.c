/* As many as come are found, those that went are not, also where many have the same key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hub/keytable.h"

#define MANY 5000u

/* crowd: how many items have the same key. */
static uint64_t key_of(uint32_t i, uint32_t crowd) {
        return UINT64_C(0x9e3779b97f4a7c15) * (i / crowd);
}

static void expect(const KeyTable *t, uint32_t crowd, const uint32_t *item, bool there) {
        const uint32_t *found = NULL;
        uint32_t times = 0, others = 0;

        while ((found = key_table_next(t, key_of(*item, crowd), found))) {
                times += found == item;
                others += *found / crowd != *item / crowd;
        }
        assert_int_equal(times, there ? 1 : 0);
        assert_int_equal(others, 0);
}

static void go_and_come(uint32_t crowd) {
        _cleanup_(key_table_freep) KeyTable *t = NULL;
        static uint32_t items[MANY];

        assert_int_equal(key_table_new(&t), 0);
        for (uint32_t i = 0; i < MANY; i++) {
                items[i] = i;
                expect(t, crowd, &items[i], false);
                assert_int_equal(key_table_put(t, key_of(i, crowd), &items[i]), 0);
        }
        for (uint32_t i = 0; i < MANY; i += 3)
                key_table_remove(t, key_of(i, crowd), &items[i]);
        for (uint32_t i = 0; i < MANY; i++)
                expect(t, crowd, &items[i], i % 3 > 0);
        for (uint32_t i = 0; i < MANY; i += 3)
                assert_int_equal(key_table_put(t, key_of(i, crowd), &items[i]), 0);
        for (uint32_t i = 0; i < MANY; i++)
                expect(t, crowd, &items[i], true);
        for (uint32_t i = 0; i < MANY; i++)
                key_table_remove(t, key_of(i, crowd), &items[i]);
        for (uint32_t i = 0; i < MANY; i++)
                expect(t, crowd, &items[i], false);
}

static void all_are_found_until_they_go(void **state _unused_) {
        go_and_come(1);
}

static void those_with_the_same_key_are_told_apart(void **state _unused_) {
        go_and_come(7);
}

static void removing_what_is_not_there_changes_nothing(void **state _unused_) {
        _cleanup_(key_table_freep) KeyTable *t = NULL;
        uint32_t here = 1, other = 0;

        assert_int_equal(key_table_new(&t), 0);
        key_table_remove(t, 5, &other);
        assert_int_equal(key_table_put(t, 5, &here), 0);
        key_table_remove(t, 5, &other);
        key_table_fetch(t, 5);
        assert_ptr_equal(key_table_next(t, 5, NULL), &here);
        assert_null(key_table_next(t, 5, &here));
        assert_null(key_table_next(t, 6, NULL));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(all_are_found_until_they_go),
                cmocka_unit_test(those_with_the_same_key_are_told_apart),
                cmocka_unit_test(removing_what_is_not_there_changes_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
