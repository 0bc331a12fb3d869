/* The newest epoch of each website, and how one ends another. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/epochs.h"

static void on_epochs(int r, const EpochRow *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++)
                fixture_note(f, "site %u epoch %lu %lu..%lu n %u secret %u root %u list %zu:%u\n",
                             rows[i].website, rows[i].number, rows[i].starts / USEC_PER_SEC,
                             rows[i].ends / USEC_PER_SEC, rows[i].n, rows[i].secret[0],
                             rows[i].eligible_root[31], rows[i].n_eligible, rows[i].eligible[0]);
}

static void put_epoch(PqTransaction *t, uint32_t website, uint64_t number, usec_t starts) {
        EpochRow row = { .website = website,
                         .number = number,
                         .starts = starts * USEC_PER_SEC,
                         .ends = (starts + 3600) * USEC_PER_SEC,
                         .n = 4,
                         .eligible = fixture_key(3),
                         .n_eligible = 12 };

        memcpy(row.secret, fixture_key(1), 32);
        memcpy(row.eligible_root, fixture_key(2), 32);
        epoch_put(t, &row);
}

static void a_new_epoch_ends_the_former(void **state) {
        StoreFixture *f = *state;
        PqTransaction *t = pq_transaction_new();

        put_epoch(t, 1, 1, 10000);
        put_epoch(t, 2, 1, 10000);
        put_epoch(t, 1, 2, 11000); /* early */
        put_epoch(t, 2, 2, 20000); /* after a pause */
        assert_int_equal(fixture_commit(f, t), 0);
        fixture_expect(f,
                       "SELECT string_agg(extract(epoch FROM ends_at)::integer::text, ' '"
                       " ORDER BY website_id, number) FROM epoch",
                       "11000 14600 13600 23600");
}

static void the_newest_is_loaded(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "UPDATE website SET removed_at = now() WHERE id = 2;");
        assert_int_equal(epochs_load(f->store, on_epochs, f, NULL), 0);
        fixture_expect_text(f, "site 1 epoch 2 11000..14600 n 4 secret 1 root 2 list 12:3\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_new_epoch_ends_the_former),
                cmocka_unit_test(the_newest_is_loaded),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
