/* From the database's row to the order in memory. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/order-row.h"
#include "hub/website.h"

#define NOW (20000 * USEC_PER_DAY)

static const OrderTerms terms = { .epoch = 1 };

static OrderRow row_of(uint64_t id, uint8_t bytes[static WORK_ORDER_SIZE]) {
        const WorkOrder made = {
                .order = { .type = ORDER_SEAT,
                           .n = 3,
                           .interval_ms = 60000,
                           .timeout_ms = 10000,
                           .start = (int64_t)NOW,
                           .terms = &terms },
        };
        OrderRow row = { .id = id,
                         .public_id = { (uint8_t)id, 7 },
                         .website = 1,
                         .validator = 4,
                         .bytes = bytes,
                         .n_bytes = WORK_ORDER_SIZE,
                         .probes = 64,
                         .removed = NOW + 5,
                         .sent = true };

        work_order_encode(&made, bytes);
        return row;
}

static void what_the_row_has_is_in_the_book(void **state _unused_) {
        _cleanup_(order_book_freep) OrderBook *b = NULL;
        uint8_t bytes[WORK_ORDER_SIZE];
        OrderRow row = row_of(9, bytes);
        Website website = { .id = 1 };
        WorkOrder *o = NULL;

        assert_int_equal(order_book_new(&b, 100), 0);
        assert_int_equal(order_row_read(b, &row, &(const OrderRead){ &website, NOW + 7, NOW + 8 },
                                        &o),
                         0);
        assert_ptr_equal(order_book_find(b, &(OrderId){ { 9, 7 } }), o);
        assert_ptr_equal(order_book_find_row(b, 9), o);
        assert_ptr_equal(website.all_orders, o);
        assert_int_equal(o->order.interval_ms, 60000);
        assert_int_equal(o->validator, 4);
        assert_int_equal(o->removed, NOW + 5);
        assert_int_equal(o->restored, NOW + 7);
        assert_int_equal(o->recalled, NOW + 8);
        assert_int_equal(o->probe_last, 64);
        assert_int_equal(o->probe_restored, 64);
        assert_true(o->sent);

        row = row_of(10, bytes);
        row.removed = USEC_INFINITY;
        assert_int_equal(order_row_read(b, &row, &(const OrderRead){ NULL, NOW, NOW }, &o), 0);
        assert_int_equal(o->removed, 0);
        assert_null(o->website);
        work_orders_orphan(&website.all_orders);
}

static void what_is_no_order_is_refused(void **state _unused_) {
        _cleanup_(order_book_freep) OrderBook *b = NULL;
        uint8_t bytes[WORK_ORDER_SIZE];
        OrderRow row = row_of(9, bytes);
        WorkOrder *o = NULL;

        assert_int_equal(order_book_new(&b, 100), 0);
        row.n_bytes--;
        assert_int_equal(order_row_read(b, &row, &(const OrderRead){ NULL, NOW, NOW }, &o),
                         -EBADMSG);
        row.n_bytes++;
        bytes[0] ^= 0xff;
        assert_int_equal(order_row_read(b, &row, &(const OrderRead){ NULL, NOW, NOW }, &o),
                         -EBADMSG);
        assert_int_equal(order_book_count(b), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_the_row_has_is_in_the_book),
                cmocka_unit_test(what_is_no_order_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
