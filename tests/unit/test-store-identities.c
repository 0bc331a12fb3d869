/* What is stored already is found, by order and time. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/identities.h"

static int compare_identities(const void *a, const void *b) {
        const TickIdentity *x = a, *y = b;

        return (int)x->number - (int)y->number;
}

/* They come in any order. */
static void on_identities(int r, const TickIdentity *found, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);
        TickIdentity rows[8];

        assert_in_range(n, 0, ELEMENTSOF(rows));
        if (n > 0)
                memcpy(rows, found, n * sizeof(*rows));
        qsort(rows, n, sizeof(*rows), compare_identities);
        for (size_t i = 0; i < n; i++)
                fixture_note(f, "%lu %s %u\n", rows[i].order, rows[i].scheduled ? "slot" : "probe",
                             rows[i].number);
}

/* Each order has a time of its own. */
static void identities_of_some_orders(void **state) {
        StoreFixture *f = *state;
        usec_t from = now_realtime() - 91 * USEC_PER_MIN, to = from + USEC_PER_MIN;
        const TickQuestion questions[] = {
                { 1, from, to },
                { 2, from, to },
                { 3, from - USEC_PER_HOUR, from - USEC_PER_HOUR },
                { 77, from, to },
        };
        const TickQuestions q = { 2, questions, ELEMENTSOF(questions) };
        TickRow rows[4] = { fixture_tick(2, 8, from + USEC_PER_SEC),
                            fixture_tick(2, 9, from - USEC_PER_SEC),
                            fixture_tick(1, 7, from + USEC_PER_SEC),
                            fixture_tick(2, 6, from + USEC_PER_SEC) };

        rows[0].tick.kind = TICK_CONFIRM;
        rows[3].website = 3; /* that of nobody who is asked for at that time */
        fixture_store_ticks(f, rows, ELEMENTSOF(rows));
        assert_int_equal(tick_identities_load(f->store, &q, on_identities, f, NULL), 0);
        fixture_expect_text(f, "2 probe 8\n");
}

/* Also where they lie on one page, and days apart. */
static void a_page_has_many(void **state) {
        StoreFixture *f = *state;
        usec_t from = (now_realtime() - USEC_PER_DAY) / PAGE_SPAN * PAGE_SPAN;
        const TickQuestion questions[] = { { 2, from + 1, from + 1 },
                                           { 3, from - 2 * USEC_PER_DAY, from + USEC_PER_MIN } };
        uint8_t bytes[4 * PAGE_TICK_SIZE];
        PqTransaction *t = pq_transaction_new();

        for (uint32_t i = 0; i < 4; i++) {
                TickRow row = fixture_tick(2, 30 + i, from + i);

                row.order = i < 3 ? 2 : 3;
                page_encode(&row, bytes + i * PAGE_TICK_SIZE);
        }
        page_put(t, &(const TickPage){ .website = 1, .n = 4, .span = from, .ticks = bytes });
        assert_int_equal(fixture_commit(f, t), 0);
        assert_int_equal(tick_identities_load(f->store, &(TickQuestions){ 2, questions, 2 },
                                              on_identities, f, NULL),
                         0);
        fixture_expect_text(f, "2 slot 31\n2 slot 32\n3 slot 33\n");
        assert_int_equal(tick_identities_load(f->store, &(TickQuestions){ 1, questions, 2 },
                                              on_identities, f, NULL),
                         0);
        fixture_expect_text(f, "");
}

/* From then on, and to the end of the five minutes in which the other end is: whatever the
 * database's clock says. */
static void identities_of_all_orders(void **state) {
        StoreFixture *f = *state;
        usec_t to = (now_realtime() + 3 * USEC_PER_DAY) / PAGE_SPAN * PAGE_SPAN;
        TickQuestion q = { .from = to - 4 * USEC_PER_SEC, .to = to };
        TickRow rows[5] = { fixture_tick(4, 21, q.from - 1), fixture_tick(3, 22, q.from),
                            fixture_tick(3, 23, q.from + USEC_PER_SEC),
                            fixture_tick(4, 24, to + PAGE_SPAN - 1),
                            fixture_tick(4, 25, to + PAGE_SPAN) };

        rows[2].tick.kind = TICK_REFRESH;
        fixture_store_ticks(f, rows, ELEMENTSOF(rows));
        assert_int_equal(tick_identities_load_all(f->store, &q, on_identities, f, NULL), 0);
        fixture_expect_text(f, "3 slot 22\n3 probe 23\n4 slot 24\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(identities_of_some_orders),
                cmocka_unit_test(a_page_has_many),
                cmocka_unit_test(identities_of_all_orders),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
