/* Sets of ids: dense, with gaps, and empty. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macro.h"
#include "hub/idset.h"

static void has_what_it_was_made_of(void **state _unused_) {
        const uint32_t dense[] = { 9, 3, 0, 16, 7 }, apart[] = { 4000000000, 70000, 5, 900000 };
        IdSet s;

        assert_int_equal(id_set_make(&s, dense, ELEMENTSOF(dense)), 0);
        assert_true(s.as_bits);
        for (size_t i = 0; i < ELEMENTSOF(dense); i++)
                assert_true(id_set_has(&s, dense[i]));
        assert_false(id_set_has(&s, 1));
        assert_false(id_set_has(&s, 17));
        assert_false(id_set_has(&s, 24)); /* in no byte of it */
        assert_false(id_set_has(&s, UINT32_MAX));
        id_set_done(&s);

        assert_int_equal(id_set_make(&s, apart, ELEMENTSOF(apart)), 0);
        assert_false(s.as_bits);
        for (size_t i = 0; i < ELEMENTSOF(apart); i++) {
                assert_true(id_set_has(&s, apart[i]));
                assert_false(id_set_has(&s, apart[i] + 1));
        }
        id_set_done(&s);
}

/* 32 ids of 4 bytes each: as many bits are in 128 bytes. */
static void what_is_shorter_is_kept(void **state _unused_) {
        uint32_t ids[32];
        IdSet s;

        for (uint32_t i = 0; i < ELEMENTSOF(ids); i++)
                ids[i] = i;
        ids[7] = 8 * sizeof(ids) - 1;
        assert_int_equal(id_set_make(&s, ids, ELEMENTSOF(ids)), 0);
        assert_true(s.as_bits);
        assert_int_equal(s.n, sizeof(ids));
        id_set_done(&s);
        ids[7]++;
        assert_int_equal(id_set_make(&s, ids, ELEMENTSOF(ids)), 0);
        assert_false(s.as_bits);
        assert_true(id_set_has(&s, ids[7]));
        id_set_done(&s);
}

static void nobody_is_in_the_empty_one(void **state _unused_) {
        IdSet s;

        assert_int_equal(id_set_make(&s, NULL, 0), 0);
        assert_false(id_set_has(&s, 0));
        id_set_done(&s);
        assert_false(id_set_has(&s, 0));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(has_what_it_was_made_of),
                cmocka_unit_test(what_is_shorter_is_kept),
                cmocka_unit_test(nobody_is_in_the_empty_one),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
