/* As many as come are found, those that went are not, also where many look for the same place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/idtable.h"

#define MANY 5000u

/* crowd: how many ids look for one place. */
static OrderId id_of(uint32_t i, uint32_t crowd) {
        OrderId id = { 0 };
        uint64_t head = UINT64_C(0x9e3779b97f4a7c15) * (i / crowd);

        memcpy(id.bytes, &head, sizeof(head));
        memcpy(id.bytes + sizeof(head), &i, sizeof(i));
        return id;
}

static void expect(const IdTable *t, OrderId *ids, uint32_t i, bool there) {
        OrderId id = ids[i];

        assert_ptr_equal(id_table_find(t, &id), there ? &ids[i] : NULL);
}

static void go_and_come(uint32_t crowd) {
        _cleanup_(id_table_freep) IdTable *t = NULL;
        static OrderId ids[MANY];

        assert_int_equal(id_table_new(&t), 0);
        for (uint32_t i = 0; i < MANY; i++) {
                ids[i] = id_of(i, crowd);
                expect(t, ids, i, false);
                assert_int_equal(id_table_put(t, &ids[i]), 0);
        }
        for (uint32_t i = 0; i < MANY; i += 3)
                id_table_remove(t, &ids[i]);
        for (uint32_t i = 0; i < MANY; i++)
                expect(t, ids, i, i % 3 > 0);
        for (uint32_t i = 0; i < MANY; i += 3)
                assert_int_equal(id_table_put(t, &ids[i]), 0);
        for (uint32_t i = 0; i < MANY; i++)
                expect(t, ids, i, true);
        for (uint32_t i = 0; i < MANY; i++)
                id_table_remove(t, &ids[i]);
        for (uint32_t i = 0; i < MANY; i++)
                expect(t, ids, i, false);
}

static void all_are_found_until_they_go(void **state _unused_) {
        go_and_come(1);
}

static void those_that_look_alike_are_told_apart(void **state _unused_) {
        go_and_come(7);
}

static void removing_what_is_not_there_changes_nothing(void **state _unused_) {
        _cleanup_(id_table_freep) IdTable *t = NULL;
        OrderId here = id_of(1, 2), other = id_of(0, 2);

        assert_int_equal(id_table_new(&t), 0);
        id_table_remove(t, &other);
        assert_int_equal(id_table_put(t, &here), 0);
        id_table_remove(t, &other);
        assert_ptr_equal(id_table_find(t, &here), &here);
}

static void a_guess_is_right_or_looks_alike(void **state _unused_) {
        _cleanup_(id_table_freep) IdTable *t = NULL;
        OrderId here = id_of(5, 2), alike = id_of(4, 2), other = id_of(6, 2);

        assert_int_equal(id_table_new(&t), 0);
        assert_int_equal(id_table_put(t, &here), 0);
        id_table_fetch(t, &here);
        assert_ptr_equal(id_table_guess(t, &here), &here);
        assert_ptr_equal(id_table_guess(t, &alike), &here);
        assert_null(id_table_guess(t, &other));
        assert_null(id_table_find(t, &alike));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(all_are_found_until_they_go),
                cmocka_unit_test(those_that_look_alike_are_told_apart),
                cmocka_unit_test(removing_what_is_not_there_changes_nothing),
                cmocka_unit_test(a_guess_is_right_or_looks_alike),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
