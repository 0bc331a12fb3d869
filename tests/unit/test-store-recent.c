/* What votes are read from: pages of websites since a time of each, and when batches came. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/recent.h"

#define HOUR USEC_PER_HOUR

static int compare_pages(const void *x, const void *y) {
        const TickPage *a = x, *b = y;

        if (a->website != b->website)
                return COMPARE(a->website, b->website);
        return COMPARE(page_decode(a->ticks).number, page_decode(b->ticks).number);
}

/* By website and number of their first tick; they come in any order. */
static void on_pages(int r, const TickPage *found, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);
        TickPage rows[8];

        assert_in_range(n, 0, ELEMENTSOF(rows));
        if (n > 0)
                memcpy(rows, found, n * sizeof(*rows));
        qsort(rows, n, sizeof(*rows), compare_pages);
        for (size_t i = 0; i < n; i++) {
                PageTick first = page_decode(rows[i].ticks);

                assert_int_equal((rows[i].span + first.started) / PAGE_SPAN * PAGE_SPAN,
                                 rows[i].span);
                fixture_note(f, "%u: %u of %u\n", rows[i].website, rows[i].n, first.number);
        }
}

static void each_website_has_a_time_of_its_own(void **state) {
        StoreFixture *f = *state;
        usec_t until = (now_realtime() - HOUR) / PAGE_SPAN * PAGE_SPAN + PAGE_SPAN / 2;
        const RecentPages websites[] = { { 1, until - 2 * PAGE_SPAN }, { 3, until } };
        const RecentQuery q = { websites, ELEMENTSOF(websites), until };
        TickRow rows[] = {
                fixture_tick(1, 10, until - 3 * PAGE_SPAN),
                fixture_tick(1, 11, until - 2 * PAGE_SPAN - PAGE_SPAN / 2),
                fixture_tick(1, 12, until),
                fixture_tick(1, 13, until + PAGE_SPAN / 2 - 1),
                fixture_tick(1, 14, until + PAGE_SPAN / 2),
                fixture_tick(1, 15, until), /* of website 2, for which nobody asks */
                fixture_tick(1, 16, until - PAGE_SPAN),
                fixture_tick(1, 17, until),
        };

        rows[5].website = 2;
        rows[6].website = rows[7].website = 3;
        fixture_store_ticks(f, rows, ELEMENTSOF(rows));
        assert_int_equal(recent_pages_load(f->store, &q, on_pages, f, NULL), 0);
        fixture_expect_text(f, "1: 1 of 11\n1: 1 of 12\n1: 1 of 13\n3: 1 of 17\n");
}

static void on_arrivals(int r, const BatchArrival *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++)
                fixture_note(f, "%lu %lu\n", rows[i].id, rows[i].arrived % 10);
}

/* The last digit of when it came is its number. */
static void put_batch(StoreFixture *f, uint64_t id, usec_t arrived, bool unsynced) {
        fixture_store_batch(f, (BatchRow){ .id = id,
                                           .incarnation = 1,
                                           .sequence = id,
                                           .unsynced = unsynced,
                                           .arrived = arrived / 10 * 10 + id,
                                           .commit_no = id });
}

static void batches_tell_when_they_came(void **state) {
        StoreFixture *f = *state;
        usec_t now = now_realtime();
        const uint64_t ids[] = { 4, 3, 2, 1, 77 };
        const BatchQuestion q = { ids, ELEMENTSOF(ids), now - HOUR };

        put_batch(f, 1, now, false);
        put_batch(f, 2, now, true); /* its validator did not know the time */
        put_batch(f, 3, now - HOUR - USEC_PER_SEC, false);
        put_batch(f, 4, now - HOUR + USEC_PER_SEC, false);
        put_batch(f, 5, now, false);
        assert_int_equal(batch_arrivals_load(f->store, &q, on_arrivals, f, NULL), 0);
        fixture_expect_text(f, "4 4\n1 1\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_website_has_a_time_of_its_own),
                cmocka_unit_test(batches_tell_when_they_came),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
