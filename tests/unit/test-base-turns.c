/* So many at once, and the others in their order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macro.h"
#include "base/turns.h"

typedef struct Guest {
        Turn turn;
        unsigned *count, came;
        bool leaves; /* at once, when it has its turn */
} Guest;

static void on_come(void *userdata) {
        Guest *g = userdata;

        g->came = ++*g->count;
        if (g->leaves)
                turn_end(&g->turn);
}

static bool take(Turns *t, Guest *g, unsigned *count) {
        *g = (Guest){ .count = count, .leaves = g->leaves };
        return turn_take(t, &g->turn, on_come, g);
}

static void so_many_at_once(void **state _unused_) {
        Turns t = { .most = 2 };
        unsigned count = 0;
        Guest g[4];

        memset(g, 0, sizeof(g));
        assert_true(take(&t, &g[0], &count));
        assert_true(take(&t, &g[1], &count));
        assert_false(take(&t, &g[2], &count));
        assert_false(take(&t, &g[3], &count));
        turn_end(&g[1].turn);
        assert_int_equal(g[2].came, 1);
        assert_int_equal(g[3].came, 0);
        turn_end(&g[1].turn); /* once more is nothing */
        assert_int_equal(g[3].came, 0);
        turn_end(&g[0].turn);
        assert_int_equal(g[3].came, 2);
        turn_end(&g[2].turn);
        turn_end(&g[3].turn);
        assert_int_equal(t.taken, 0);
}

static void who_waits_may_leave(void **state _unused_) {
        Turns t = { .most = 1 };
        unsigned count = 0;
        Guest g[4];

        memset(g, 0, sizeof(g));
        for (size_t i = 0; i < ELEMENTSOF(g); i++)
                assert_int_equal(take(&t, &g[i], &count), i == 0);
        turn_end(&g[2].turn);
        turn_end(&g[3].turn);
        assert_int_equal(count, 0);
        assert_false(take(&t, &g[3], &count));
        turn_end(&g[0].turn);
        assert_int_equal(g[1].came, 1);
        turn_end(&g[1].turn);
        assert_int_equal(g[3].came, 2);
        assert_int_equal(g[2].came, 0);
        turn_end(&g[3].turn);
        assert_int_equal(t.taken, 0);
}

static void who_is_done_at_once_lets_the_next_in(void **state _unused_) {
        Turns t = { .most = 1 };
        unsigned count = 0;
        Guest g[4];

        memset(g, 0, sizeof(g));
        g[1].leaves = g[2].leaves = true;
        for (size_t i = 0; i < ELEMENTSOF(g); i++)
                (void)take(&t, &g[i], &count);
        turn_end(&g[0].turn);
        assert_int_equal(g[3].came, 3);
        assert_int_equal(t.taken, 1);
        turn_end(&g[3].turn);
        assert_int_equal(t.taken, 0);
        assert_null(t.first);
        assert_null(t.last);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(so_many_at_once),
                cmocka_unit_test(who_waits_may_leave),
                cmocka_unit_test(who_is_done_at_once_lets_the_next_in),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
