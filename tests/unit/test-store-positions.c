/* A primary's place in its log goes on with what is committed. What a replica says is seen by
 * tests/integration/test_replica.py. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/positions.h"

static Position last;

static void on_position(int r, const Position *rows, size_t n, void *userdata) {
        (void)fixture_rows(userdata, r, n);
        assert_int_equal(r, 0);
        assert_int_equal(n, 1);
        last = rows[0];
}

static Position position_now(StoreFixture *f) {
        assert_int_equal(position_load(f->store, on_position, f, NULL), 0);
        fixture_wait(f);
        return last;
}

static void it_moves_with_every_commit(void **state) {
        StoreFixture *f = *state;
        Position before = position_now(f), after;

        assert_true(before.lsn > 0);
        assert_int_equal(before.commit_no, 0);
        fixture_sql(f, "SELECT commit_advance(1)");
        after = position_now(f);
        assert_true(after.lsn > before.lsn);
        assert_int_equal(after.commit_no, 1);
}

int main(void) {
        const struct CMUnitTest tests[] = { cmocka_unit_test(it_moves_with_every_commit) };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
