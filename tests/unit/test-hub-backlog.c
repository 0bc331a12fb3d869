/* What waits for a validator that reads slowly: in order, from nothing when it joins, and only what
 * still holds. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/backlog.h"
#include "hub/website.h"

#define ORDERS 300
#define NOW    (20000 * USEC_PER_DAY)

typedef struct Bench {
        Backlog *backlog;
        Website website;
        char spec[8];
        OrderTerms terms[ORDERS];
        WorkOrder orders[ORDERS];
        OutboxChange changes[ORDERS];
        OutboxFrame frame;
} Bench;

static int setup(void **state) {
        Bench *b = calloc(1, sizeof(*b));

        if (!b || backlog_new(&b->backlog) < 0)
                return -1;
        memcpy(b->spec, "{}", 3);
        b->website.spec = b->spec;
        for (uint32_t i = 0; i < ORDERS; i++) {
                b->terms[i].epoch = i;
                b->orders[i] = (WorkOrder){ .row = i,
                                            .order = { .type = ORDER_SEAT,
                                                       .n = 4,
                                                       .interval_ms = 60000,
                                                       .timeout_ms = 10000,
                                                       .terms = &b->terms[i] },
                                            .validator = 7,
                                            .website = &b->website };
                memcpy(b->orders[i].id.bytes, &i, sizeof(i));
                b->changes[i] = (OutboxChange){ .order = &b->orders[i] };
        }
        *state = b;
        return 0;
}

static int teardown(void **state) {
        Bench *b = *state;

        backlog_free(b->backlog);
        free(b);
        return 0;
}

static void every_change_is_in_one_frame_in_order(void **state) {
        Bench *b = *state;
        size_t seen = 0;

        assert_int_equal(backlog_add(b->backlog, 7, b->changes, 200, NOW), 0);
        assert_int_equal(backlog_add(b->backlog, 7, b->changes + 200, 100, NOW), 0);
        assert_true(backlog_has(b->backlog, 7));
        while (backlog_take(b->backlog, 7, &b->frame, NOW) > 0) {
                assert_false(b->frame.frame.orders.reset);
                for (size_t i = 0; i < b->frame.n_add; i++)
                        assert_ptr_equal(b->frame.added[i], &b->orders[seen++]);
        }
        assert_int_equal(seen, ORDERS);
        assert_false(backlog_has(b->backlog, 7));
}

static void a_join_begins_from_nothing_and_voids_what_waited(void **state) {
        Bench *b = *state;

        assert_int_equal(backlog_add(b->backlog, 7, b->changes, 100, NOW), 0);
        assert_int_equal(backlog_begin(b->backlog, 7, NOW), 0);
        assert_int_equal(backlog_add(b->backlog, 7, b->changes + 250, 2, NOW), 0);
        assert_int_equal(backlog_take(b->backlog, 7, &b->frame, NOW), 1);
        assert_true(b->frame.frame.orders.reset);
        assert_int_equal(b->frame.n_add, 2);
        assert_ptr_equal(b->frame.added[0], &b->orders[250]);
        assert_int_equal(backlog_take(b->backlog, 7, &b->frame, NOW), 0);
}

static void who_has_no_work_is_told_that(void **state) {
        Bench *b = *state;

        assert_int_equal(backlog_begin(b->backlog, 7, NOW), 0);
        assert_int_equal(backlog_add(b->backlog, 7, b->changes, 0, NOW), 0);
        assert_int_equal(backlog_take(b->backlog, 7, &b->frame, NOW), 1);
        assert_true(b->frame.frame.orders.reset);
        assert_int_equal(b->frame.n_add, 0);
        assert_int_equal(backlog_take(b->backlog, 7, &b->frame, NOW), 0);
}

static void what_came_to_nothing_while_it_waited_is_passed_over(void **state) {
        Bench *b = *state;
        OutboxChange removals[] = { { .order = &b->orders[0], .remove = true },
                                    { .order = &b->orders[9], .remove = true } };

        assert_int_equal(backlog_add(b->backlog, 7, b->changes, 3, NOW), 0);
        b->orders[0].removed = NOW; /* never told */
        b->orders[2].website = NULL;
        b->orders[9].sent = true;
        b->orders[9].removed = NOW;
        assert_int_equal(backlog_add(b->backlog, 7, removals, 2, NOW), 0);
        assert_int_equal(backlog_take(b->backlog, 7, &b->frame, NOW), 1);
        assert_int_equal(b->frame.n_add, 1);
        assert_ptr_equal(b->frame.added[0], &b->orders[1]);
        assert_int_equal(b->frame.frame.orders.removed.n, 1);
        assert_int_equal(b->frame.removed[0].order.bytes[0], 9);

        assert_int_equal(backlog_add(b->backlog, 7, b->changes, 1, NOW), 0);
        assert_int_equal(backlog_take(b->backlog, 7, &b->frame, NOW), 0);
        assert_false(backlog_has(b->backlog, 7));
}

static void spares_do_not_wait(void **state) {
        Bench *b = *state;

        b->orders[0].order.type = ORDER_SPARE;
        assert_int_equal(backlog_add(b->backlog, 7, b->changes, 1, NOW), 0);
        assert_false(backlog_has(b->backlog, 7));
}

static void who_does_not_read_is_found(void **state) {
        Bench *b = *state;

        assert_int_equal(backlog_add(b->backlog, 7, b->changes, ORDERS, NOW), 0);
        assert_int_equal(backlog_add(b->backlog, 8, b->changes, 1, NOW + 5), 0);
        assert_int_equal(backlog_stuck(b->backlog, NOW), 0);
        assert_int_equal(backlog_stuck(b->backlog, NOW + 1), 7);
        assert_int_equal(backlog_take(b->backlog, 7, &b->frame, NOW + 10), 1); /* it moves */
        assert_int_equal(backlog_stuck(b->backlog, NOW + 6), 8);
        backlog_forget(b->backlog, 8);
        assert_int_equal(backlog_stuck(b->backlog, NOW + 6), 0);
        assert_true(backlog_has(b->backlog, 7));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(every_change_is_in_one_frame_in_order, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(a_join_begins_from_nothing_and_voids_what_waited,
                                                setup, teardown),
                cmocka_unit_test_setup_teardown(who_has_no_work_is_told_that, setup, teardown),
                cmocka_unit_test_setup_teardown(what_came_to_nothing_while_it_waited_is_passed_over,
                                                setup, teardown),
                cmocka_unit_test_setup_teardown(spares_do_not_wait, setup, teardown),
                cmocka_unit_test_setup_teardown(who_does_not_read_is_found, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
