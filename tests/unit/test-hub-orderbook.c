/* Orders in memory, and which ticks they cover. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hub/orderbook.h"
#include "hub/website.h"

#define START    (20000 * USEC_PER_DAY)
#define INTERVAL (60 * USEC_PER_SEC)
#define KEPT     ORDER_KEPT_LEAST

static const OrderTerms terms = { .epoch = 1 };

static WorkOrder order_of(uint8_t id) {
        return (WorkOrder){
                .row = id,
                .id.bytes = { id },
                .validator = 4,
                .order = { .interval_ms = 60000,
                           .timeout_ms = 10000,
                           .start = (int64_t)START,
                           .terms = &terms },
        };
}

static void added_found_and_counted(void **state _unused_) {
        _cleanup_(order_book_freep) OrderBook *b = NULL;
        WorkOrder a = order_of(1), c = order_of(2), *found;

        assert_int_equal(order_book_new(&b, 41), 0);
        assert_int_equal(order_book_take_row(b), 42);
        assert_int_equal(order_book_take_row(b), 43);
        assert_int_equal(seen_mark(&a.slots, 1), 1);
        found = order_book_add(b, &a);
        assert_non_null(order_book_add(b, &c));
        assert_ptr_equal(order_book_find(b, &a.id), found);
        assert_int_equal(seen_mark(&found->slots, 1), 1); /* its own identities */
        assert_null(order_book_find(b, &(OrderId){ { 3 } }));
        assert_int_equal(order_book_count(b), 2);
        assert_ptr_equal(order_book_find_row(b, 1), found);
        assert_null(order_book_find_row(b, 3));
        seen_done(&a.slots);
}

/* Not in a leap. */
static void expire(OrderBook *b, usec_t now) {
        order_book_expire(b, now, NULL, NULL);
        order_book_expire(b, now, NULL, NULL);
}

static size_t count_of(const OrderBook *b, uint32_t validator) {
        WorkOrder *o = NULL;
        size_t n = 0;

        for (; (o = order_book_next_of(b, validator, o)); n++)
                assert_int_equal(o->validator, validator);
        return n;
}

static void each_validator_has_its_own(void **state _unused_) {
        _cleanup_(order_book_freep) OrderBook *b = NULL;

        assert_int_equal(order_book_new(&b, 0), 0);
        for (uint8_t i = 1; i <= 100; i++) {
                WorkOrder o = order_of(i);

                o.validator = i % 10;
                o.removed = i <= 50 ? START : 0;
                assert_non_null(order_book_add(b, &o));
        }
        for (uint32_t v = 0; v < 10; v++)
                assert_int_equal(count_of(b, v), 10);
        assert_int_equal(count_of(b, 10), 0);
        expire(b, START + KEPT + 1);
        for (uint32_t v = 0; v < 10; v++)
                assert_int_equal(count_of(b, v), 5);
}

static void removed_ones_expire(void **state _unused_) {
        _cleanup_(order_book_freep) OrderBook *b = NULL;
        WorkOrder current = order_of(1), old = order_of(2), recent = order_of(3),
                  used = order_of(4), slow = order_of(5);

        old.removed = used.removed = slow.removed = START;
        recent.removed = used.used = START + 10;
        slow.order.interval_ms = KEPT / USEC_PER_MSEC;
        assert_int_equal(order_book_new(&b, 0), 0);
        order_book_add(b, &current);
        order_book_add(b, &old);
        order_book_add(b, &recent);
        order_book_add(b, &used);
        order_book_add(b, &slow);
        expire(b, START + KEPT);
        assert_int_equal(order_book_count(b), 5);
        expire(b, START + KEPT + 10);
        assert_non_null(order_book_find(b, &current.id));
        assert_null(order_book_find(b, &old.id));
        assert_non_null(order_book_find(b, &recent.id));
        assert_non_null(order_book_find(b, &used.id));
        expire(b, START + ORDER_KEPT_INTERVALS * KEPT);
        assert_int_equal(order_book_count(b), 2);
        expire(b, START + ORDER_KEPT_INTERVALS * KEPT + 1);
        assert_int_equal(order_book_count(b), 1);
}

/* A tick that its order covers, and that started when that may have been freed, is asked for. */
static void what_started_lately_names_none_that_was_freed(void **state _unused_) {
        for (usec_t interval = USEC_PER_SEC; interval < USEC_PER_DAY; interval += USEC_PER_SEC) {
                usec_t kept = MAX(KEPT, ORDER_KEPT_INTERVALS * interval);
                Tick last = { .start = (int64_t)(START + 2 * interval) };

                assert_true(order_book_may_have_freed(&last, START + kept + 1));
        }
        assert_false(order_book_may_have_freed(&(const Tick){ .start = START },
                                               START + 3 * USEC_PER_MIN));
}

static bool is_needed(uint32_t validator, const void *userdata) {
        return validator == *(const uint32_t *)userdata;
}

static void what_is_borrowed_stays_and_a_leap_frees_nothing(void **state _unused_) {
        _cleanup_(order_book_freep) OrderBook *b = NULL;
        WorkOrder o = order_of(1);
        uint32_t borrower = o.validator;

        o.removed = START;
        assert_int_equal(order_book_new(&b, 0), 0);
        order_book_add(b, &o);
        order_book_expire(b, START + 2 * KEPT, NULL, NULL);
        assert_int_equal(order_book_count(b), 1);
        order_book_expire(b, START + 2 * KEPT, is_needed, &borrower);
        assert_int_equal(order_book_count(b), 1);
        borrower++;
        order_book_expire(b, START + 2 * KEPT + ORDER_LEAP, is_needed, &borrower);
        assert_int_equal(order_book_count(b), 0);
}

static void a_website_that_goes_leaves_its_orders(void **state _unused_) {
        _cleanup_(order_book_freep) OrderBook *b = NULL;
        Website going = { .id = 1 }, staying = { .id = 2 };
        WorkOrder *orders[9];

        assert_int_equal(order_book_new(&b, 0), 0);
        for (uint8_t i = 0; i < ELEMENTSOF(orders); i++) {
                WorkOrder o = order_of((uint8_t)(i + 1));

                o.website = i % 3 == 0 ? &going : i % 3 == 1 ? &staying : NULL;
                o.kin = o.website ? &o.website->all_orders : NULL;
                o.removed = i < 3 ? START : 0;
                orders[i] = order_book_add(b, &o);
                assert_non_null(orders[i]);
        }
        expire(b, START + KEPT + 1);
        work_orders_orphan(&going.all_orders);
        for (uint8_t i = 3; i < ELEMENTSOF(orders); i++)
                assert_ptr_equal(orders[i]->website, i % 3 == 1 ? &staying : NULL);
        work_orders_orphan(&going.all_orders);
        work_orders_orphan(&staying.all_orders);
        assert_null(orders[4]->website);
        assert_int_equal(order_book_count(b), 6);
}

static bool covers(const WorkOrder *o, TickKind kind, uint32_t number, usec_t start) {
        Tick t = { .kind = kind, .number = number, .start = (int64_t)start };

        return work_order_covers(o, 4, &t);
}

static void a_slot_is_covered_at_its_time(void **state _unused_) {
        WorkOrder o = order_of(1);
        Tick foreign = { .kind = TICK_SCHEDULED, .number = 0, .start = (int64_t)START };

        assert_true(covers(&o, TICK_SCHEDULED, 0, START));
        assert_true(covers(&o, TICK_SCHEDULED, 7, START + 7 * INTERVAL + INTERVAL / 2 - 1));
        assert_false(covers(&o, TICK_SCHEDULED, 7, START + 7 * INTERVAL + INTERVAL / 2));
        assert_true(covers(&o, TICK_SCHEDULED, 7, START + 7 * INTERVAL - INTERVAL / 2 + 1));
        assert_false(covers(&o, TICK_SCHEDULED, 7, START + 6 * INTERVAL));
        assert_false(work_order_covers(&o, 5, &foreign));
}

static void a_probe_is_covered_once_issued(void **state _unused_) {
        WorkOrder o = order_of(1);

        o.probe_last = 3;
        assert_true(covers(&o, TICK_CONFIRM, 3, START));
        assert_true(covers(&o, TICK_REFRESH, 1, START - INTERVAL)); /* before its first slot */
        assert_true(covers(&o, TICK_REFRESH, 1, work_order_earliest(&o)));
        assert_false(covers(&o, TICK_REFRESH, 1, work_order_earliest(&o) - 1));
        assert_true(work_order_earliest(&o) < START - INTERVAL); /* by a clock that is behind */
        assert_false(covers(&o, TICK_CONFIRM, 0, START));
        assert_false(covers(&o, TICK_CONFIRM, 4, START));
}

static void after_its_end_it_covers_two_intervals(void **state _unused_) {
        WorkOrder o = order_of(1);

        o.removed = START + INTERVAL;
        assert_true(covers(&o, TICK_SCHEDULED, 3, START + 3 * INTERVAL));
        assert_false(covers(&o, TICK_SCHEDULED, 3, START + 3 * INTERVAL + 1));
}

/* A tick of before what is remembered is asked for; all others are known. */
static void what_is_not_remembered_is_asked_for(void **state _unused_) {
        _cleanup_(order_book_freep) OrderBook *b = NULL;
        WorkOrder made = order_of(1), o = order_of(2);
        Tick slot = { .kind = TICK_SCHEDULED, .number = 100 };
        Tick probe = { .kind = TICK_CONFIRM, .number = 16 };

        slot.start = order_slot_time(kept_order_grid(&o.order), slot.number) +
                     (int64_t)INTERVAL / 2 - 1;
        assert_int_equal(order_book_new(&b, 0), 0);
        order_book_add(b, &made);
        assert_false(order_book_may_ask(b, &slot));
        assert_false(order_book_may_ask(b, &probe));
        assert_int_equal(work_order_needs(&made, &slot), USEC_INFINITY);
        assert_int_equal(work_order_needs(&made, &probe), USEC_INFINITY);

        o.restored = START + 200 * INTERVAL;
        o.recalled = START + 100 * INTERVAL - INTERVAL / 2 + 1; /* slot 100 may be just before */
        o.probe_restored = 16;
        order_book_add(b, &o);
        assert_true(order_book_may_ask(b, &slot));
        assert_int_equal(work_order_needs(&o, &slot), START + 100 * INTERVAL - INTERVAL / 2);
        assert_true(work_order_needs(&o, &slot) < o.recalled);
        slot.number++;
        assert_false(work_order_needs(&o, &slot) < o.recalled);
        slot.start += (int64_t)INTERVAL;
        assert_false(order_book_may_ask(b, &slot));
        assert_true(order_book_may_ask(b, &probe));
        assert_int_equal(work_order_needs(&o, &probe), work_order_earliest(&o));
        probe.number++;
        assert_int_equal(work_order_needs(&o, &probe), USEC_INFINITY);
}

static void reserved_numbers_are_good_for_what_began_before(void **state _unused_) {
        WorkOrder o = order_of(1);
        usec_t patience = 30 * USEC_PER_SEC;

        o.restored = START + 100 * INTERVAL;
        o.probe_last = o.probe_restored = 16;
        assert_true(covers(&o, TICK_CONFIRM, 16, o.restored + patience));
        assert_false(covers(&o, TICK_CONFIRM, 16, o.restored + patience + 1));
        assert_false(covers(&o, TICK_CONFIRM, 17, o.restored));
        o.probe_last = 17;
        assert_true(covers(&o, TICK_CONFIRM, 17, o.restored + patience + 1));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(added_found_and_counted),
                cmocka_unit_test(each_validator_has_its_own),
                cmocka_unit_test(removed_ones_expire),
                cmocka_unit_test(what_started_lately_names_none_that_was_freed),
                cmocka_unit_test(what_is_borrowed_stays_and_a_leap_frees_nothing),
                cmocka_unit_test(a_website_that_goes_leaves_its_orders),
                cmocka_unit_test(a_slot_is_covered_at_its_time),
                cmocka_unit_test(a_probe_is_covered_once_issued),
                cmocka_unit_test(after_its_end_it_covers_two_intervals),
                cmocka_unit_test(what_is_not_remembered_is_asked_for),
                cmocka_unit_test(reserved_numbers_are_good_for_what_began_before),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
