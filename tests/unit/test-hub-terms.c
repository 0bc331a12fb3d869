/* What is kept of an order is all of it, and what is common is there once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/orderbook.h"
#include "hub/terms.h"

static Order order_of(uint64_t epoch, uint8_t seat) {
        Order o = {
                .start = 20000 * (int64_t)USEC_PER_DAY + seat,
                .interval_ms = 60000,
                .timeout_ms = 10000,
                .type = ORDER_PANEL,
                .family = 6,
                .seat = seat,
                .n = 5,
                .website.bytes = { 1, 2 },
                .spec.bytes = { 3, 4 },
                .epoch = { epoch, { { 5, 6 } }, { { 7, 8 } } },
                .nonce = { 9, seat },
        };

        return o;
}

static void all_of_it_is_kept(void **state _unused_) {
        const Order order = order_of(7, 2);
        uint8_t was[WORK_ORDER_SIZE], is[WORK_ORDER_SIZE];
        OrderTerms terms;
        WorkOrder o = { .order = order_keep(&order, &terms) };

        assert_int_equal(order_encode(&order, was, sizeof(was)), WORK_ORDER_SIZE);
        work_order_encode(&o, is);
        assert_memory_equal(is, was, sizeof(was));
        assert_true(kept_order_grid(&o.order).start == order.start);
        assert_int_equal(kept_order_grid(&o.order).interval_ms, order.interval_ms);
}

static WorkOrder *add(OrderBook *b, WorkOrder **kin, uint64_t epoch, uint8_t seat) {
        const Order order = order_of(epoch, seat);
        uint64_t row = order_book_take_row(b);
        OrderTerms terms;
        WorkOrder made = { .row = row,
                           .id.bytes = { (uint8_t)row },
                           .validator = seat,
                           .kin = kin,
                           .order = order_keep(&order, &terms) };
        WorkOrder *o = order_book_add(b, &made);

        assert_non_null(o);
        assert_ptr_not_equal(o->order.terms, &terms);
        assert_true(order_terms_equal(o->order.terms, &terms));
        return o;
}

static void those_of_an_epoch_have_the_same(void **state _unused_) {
        _cleanup_(order_book_freep) OrderBook *b = NULL;
        WorkOrder *list = NULL, *other = NULL, *first, *o;
        const OrderTerms *terms;

        assert_int_equal(order_book_new(&b, 0), 0);
        first = add(b, &list, 7, 0);
        terms = first->order.terms;
        assert_ptr_not_equal(add(b, &list, 8, 0)->order.terms, terms);
        assert_ptr_equal(add(b, &list, 7, 1)->order.terms, terms);
        assert_ptr_not_equal(add(b, &other, 7, 1)->order.terms, terms);
        assert_ptr_not_equal(add(b, NULL, 7, 1)->order.terms, terms);
        o = add(b, &list, 7, 2);

        first->removed = 1;
        for (usec_t at = 0; at <= ORDER_KEPT_LEAST + ORDER_LEAP; at += ORDER_LEAP)
                order_book_expire(b, at, NULL, NULL);
        assert_int_equal(order_book_count(b), 5);
        assert_ptr_equal(o->order.terms, terms);
        assert_int_equal(terms->epoch, 7);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(all_of_it_is_kept),
                cmocka_unit_test(those_of_an_epoch_have_the_same),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
