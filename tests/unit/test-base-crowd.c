/* When memory is given back, and when not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/crowd.h"
#include "base/macro.h"

static void twice_when_half_have_left(void **state _unused_) {
        Crowd c = { 0 };

        assert_false(crowd_watch(&c, 900, 1000));
        assert_false(crowd_watch(&c, 501, 900));
        assert_true(crowd_watch(&c, 500, 501));
        assert_true(crowd_watch(&c, 400, 500));
        assert_false(crowd_watch(&c, 300, 400));
}

static void again_for_the_next_crowd(void **state _unused_) {
        Crowd c = { 0 };

        for (unsigned i = 0; i < 3; i++) {
                assert_false(crowd_watch(&c, 2000, 2000));
                assert_true(crowd_watch(&c, 10, 2000));
                assert_true(crowd_watch(&c, 10, 10));
        }
}

/* Also of one that came and went between two looks. */
static void a_few_are_no_crowd(void **state _unused_) {
        Crowd few = { 0 }, brief = { 0 };

        assert_false(crowd_watch(&few, 499, 499));
        assert_false(crowd_watch(&few, 0, 499));
        assert_true(crowd_watch(&brief, 0, 500));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(twice_when_half_have_left),
                cmocka_unit_test(again_for_the_next_crowd),
                cmocka_unit_test(a_few_are_no_crowd),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
