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
        IdSet *s = id_set_new(dense, ELEMENTSOF(dense));

        assert_non_null(s);
        for (size_t i = 0; i < ELEMENTSOF(dense); i++)
                assert_true(id_set_has(s, dense[i]));
        assert_false(id_set_has(s, 1));
        assert_false(id_set_has(s, 17));
        assert_false(id_set_has(s, 24)); /* in no byte of it */
        assert_false(id_set_has(s, UINT32_MAX));
        id_set_unref(s);

        s = id_set_new(apart, ELEMENTSOF(apart));
        assert_non_null(s);
        for (size_t i = 0; i < ELEMENTSOF(apart); i++) {
                assert_true(id_set_has(s, apart[i]));
                assert_false(id_set_has(s, apart[i] + 1));
        }
        id_set_unref(s);
}

/* 32 ids of 4 bytes each: as many bits are in 128 bytes. */
static void what_is_shorter_is_kept(void **state _unused_) {
        uint32_t ids[32];
        IdSet *bits, *sorted;

        for (uint32_t i = 0; i < ELEMENTSOF(ids); i++)
                ids[i] = i;
        ids[7] = 79;
        bits = id_set_new(ids, ELEMENTSOF(ids));
        ids[7] = 8 * sizeof(ids);
        sorted = id_set_new(ids, ELEMENTSOF(ids));
        assert_true(id_set_has(bits, 79));
        assert_true(id_set_has(sorted, ids[7]));
        assert_int_equal(id_set_size(sorted) - id_set_size(bits), sizeof(ids) - 10);
        id_set_unref(bits);
        id_set_unref(sorted);
}

static void nobody_is_in_the_empty_one(void **state _unused_) {
        IdSet *s = id_set_new(NULL, 0);

        assert_non_null(s);
        assert_false(id_set_has(s, 0));
        id_set_unref(s);
        assert_false(id_set_has(NULL, 0));
}

static IdSet *share(IdSetMemo *m, uint32_t first) {
        const uint32_t ids[] = { first, first + 1 };
        IdSet *s = id_set_memo_share(m, id_set_new(ids, ELEMENTSOF(ids)));

        assert_true(id_set_has(s, first));
        assert_true(id_set_has(s, first + 1));
        assert_false(id_set_has(s, first + 2));
        return s;
}

static void the_same_is_there_once(void **state _unused_) {
        IdSetMemo m = { 0 };
        IdSet *first = share(&m, 5), *same = share(&m, 5), *other = share(&m, 6);

        assert_ptr_equal(same, first);
        assert_ptr_not_equal(other, first);
        for (uint32_t i = 0; i < 4; i++)
                id_set_unref(share(&m, 20 + i));
        id_set_unref(other); /* the last that has it */
        id_set_unref(same);
        assert_true(id_set_has(first, 5));
        same = share(&m, 5);
        assert_ptr_not_equal(same, first); /* forgotten */
        id_set_memo_done(&m);
        assert_true(id_set_has(same, 6));
        id_set_unref(same);
        id_set_unref(first);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(has_what_it_was_made_of),
                cmocka_unit_test(what_is_shorter_is_kept),
                cmocka_unit_test(nobody_is_in_the_empty_one),
                cmocka_unit_test(the_same_is_there_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
