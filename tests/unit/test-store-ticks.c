/* Ticks are counted. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/ticks.h"

static void what_came_is_counted_by_validator(void **state) {
        const TickCount counts[] = { { 1, 3 }, { 2, 1 }, { 1, 4 } };
        PqTransaction *t = pq_transaction_new();
        StoreFixture *f = *state;

        ticks_count(t, counts, ELEMENTSOF(counts));
        ticks_count(t, NULL, 0);
        ticks_count(t, counts, 1);
        assert_int_equal(fixture_commit(f, t), 0);
        fixture_expect(f,
                       "SELECT string_agg(concat_ws(' ', validator_id, ticks), ', '"
                       "   ORDER BY validator_id) FROM validator_hour",
                       "1 10, 2 1");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_came_is_counted_by_validator),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
