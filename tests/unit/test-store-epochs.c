/* The newest epoch of each website, and how one ends another. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/epochs.h"
#include "store/rollups.h"

/* What an epoch has of who was eligible: its own, or where it is and how it begins. */
static const char *list_text(const EpochRow *row) {
        static char text[64];

        if (row->n_ranking > 0)
                snprintf(text, sizeof(text), "list %u ranking %zu:%u own %zu", row->list[0],
                         row->n_ranking, row->ranking[0], row->n_eligible);
        else
                snprintf(text, sizeof(text), "own %zu:%u", row->n_eligible, row->eligible[0]);
        return text;
}

static void on_epochs(int r, const EpochRow *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++)
                fixture_note(f, "site %u epoch %lu %lu..%lu n %u secret %u root %u %s\n",
                             rows[i].website, rows[i].number, rows[i].starts / USEC_PER_SEC,
                             rows[i].ends / USEC_PER_SEC, rows[i].n, rows[i].secret[0],
                             rows[i].eligible_root[31], list_text(&rows[i]));
}

static void on_lists(int r, const EligibleListRow *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++)
                fixture_note(f, "list %u %zu:%u\n", rows[i].digest[0], rows[i].n, rows[i].list[0]);
}

static void put_list(PqTransaction *t, uint8_t seed, usec_t used) {
        EligibleListRow row = { .list = fixture_key(seed), .n = 12 };

        memcpy(row.digest, fixture_key(seed), 32);
        eligible_list_put(t, &row, used * USEC_PER_SEC);
}

static void put_epoch(PqTransaction *t, uint32_t website, uint64_t number, usec_t starts) {
        EpochRow row = { .website = website,
                         .number = number,
                         .starts = starts * USEC_PER_SEC,
                         .ends = (starts + 3600) * USEC_PER_SEC,
                         .n = 4,
                         .ranking = fixture_key(3),
                         .n_ranking = 8 };

        memcpy(row.list, fixture_key(4), 32);
        memcpy(row.secret, fixture_key(1), 32);
        memcpy(row.eligible_root, fixture_key(2), 32);
        epoch_put(t, &row);
}

static void a_new_epoch_ends_the_former(void **state) {
        StoreFixture *f = *state;
        PqTransaction *t = pq_transaction_new();

        put_list(t, 4, 9000);
        put_list(t, 5, 9000); /* of nobody */
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
        fixture_expect_text(f, "site 1 epoch 2 11000..14600 n 4 secret 1 root 2"
                               " list 4 ranking 8:3 own 0\n");
        assert_int_equal(eligible_lists_load(f->store, on_lists, f, NULL), 0);
        fixture_expect_text(f, "list 4 12:4\n");
}

static void a_list_is_kept_once(void **state) {
        StoreFixture *f = *state;
        PqTransaction *t = pq_transaction_new();

        put_list(t, 4, 12000);
        put_epoch(t, 3, 1, 12000);
        assert_int_equal(fixture_commit(f, t), 0);
        fixture_expect(f,
                       "SELECT string_agg(get_byte(digest, 0) || ' ' ||"
                       " extract(epoch FROM used_at)::integer, ', ' ORDER BY digest)"
                       " FROM eligible_list",
                       "4 12000, 5 9000");
        t = pq_transaction_new();
        put_epoch(t, 3, 2, 13000);
        fixture_sql(f, "DELETE FROM eligible_list WHERE get_byte(digest, 0) = 5");
        assert_int_equal(fixture_commit(f, t), 0);
}

static void an_epoch_of_before_has_its_own(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "UPDATE epoch SET eligible = '\\x0708', list = NULL, ranking = NULL"
                       " WHERE website_id = 3 AND number = 2;"
                       " UPDATE website SET removed_at = now() WHERE id = 1;");
        assert_int_equal(epochs_load(f->store, on_epochs, f, NULL), 0);
        fixture_expect_text(f, "site 3 epoch 2 13000..16600 n 4 secret 1 root 2 own 2:7\n");
        fixture_sql(f, "UPDATE website SET removed_at = NULL WHERE id = 1;");
}

static void on_epoch(int r, const EpochRow *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++)
                fixture_note(f,
                             "epoch %lu of %u, list %zu:%u, caps %s, rules %s, unmet %d, orders "
                             "%s\n",
                             rows[i].number, rows[i].asked, rows[i].n_eligible, rows[i].eligible[0],
                             rows[i].caps, rows[i].rules, rows[i].unmet, rows[i].orders);
}

static void find(StoreFixture *f, uint8_t website, uint64_t number) {
        const EpochQuery query = { fixture_website(website), number };

        assert_int_equal(epoch_find(f->store, &query, on_epoch, f, NULL), 0);
}

static void what_it_was_chosen_by_is_told(void **state) {
        StoreFixture *f = *state;
        PqTransaction *t = pq_transaction_new();
        EpochRow row = { .website = 3,
                         .number = UINT64_C(5) << 32,
                         .starts = 30000 * USEC_PER_SEC,
                         .ends = 40000 * USEC_PER_SEC,
                         .n = 2,
                         .ranking = fixture_key(3),
                         .n_ranking = 8,
                         .asked = 7,
                         .caps = "prefix",
                         .rules = "asn>=2",
                         .unmet = true };

        memcpy(row.list, fixture_key(4), 32);
        epoch_put(t, &row);
        assert_int_equal(fixture_commit(f, t), 0);
        find(f, 3, 0);
        fixture_expect_text(f, "epoch 21474836480 of 7, list 12:4, caps prefix, rules asn>=2, "
                               "unmet 1, orders"
                               " []\n");
        find(f, 3, row.number);
        fixture_expect_text(f, "epoch 21474836480 of 7, list 12:4, caps prefix, rules asn>=2, "
                               "unmet 1, orders"
                               " []\n");
        find(f, 2, 1); /* of a website that is removed, and by a hub that did not tell */
        fixture_expect_text(f, "epoch 1 of 0, list 12:4, caps , rules , unmet 0, orders []\n");
}

static void what_is_not_there_is_not_found(void **state) {
        StoreFixture *f = *state;

        find(f, 1, 77);
        fixture_wait(f);
        assert_int_equal(f->r, -ENOENT);
        find(f, 9, 0);
        fixture_wait(f);
        assert_int_equal(f->r, -ENOENT);
}

static void expect_seats(StoreFixture *f, uint64_t number, const char *seats) {
        char found[64] = "";

        find(f, 1, number);
        fixture_wait(f);
        assert_int_equal(f->r, 0);
        for (const char *at = f->text; (at = strstr(at, "\"seat\" : ")); at++) {
                size_t n = strlen(found);

                snprintf(found + n, sizeof(found) - n, "%c", at[9]);
        }
        assert_string_equal(found, seats);
}

/* Epoch 1 is from 10000 to 11000, epoch 2 until 14600. */
static void its_orders_are_those_that_were_in_force(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "UPDATE work_order SET epoch = 1, removed_at = to_timestamp(9000)"
                       "   WHERE seat = 0;"
                       " UPDATE work_order SET epoch = 1, removed_at = to_timestamp(10500)"
                       "   WHERE seat = 1;"
                       " UPDATE work_order SET epoch = 1, removed_at = NULL WHERE seat = 2;"
                       " UPDATE work_order SET epoch = 2, removed_at = NULL WHERE seat = 3;");
        expect_seats(f, 1, "12");
        expect_seats(f, 2, "23");
        expect_seats(f, 0, "23");
}

static void on_forgotten(int r, int64_t n, void *userdata) {
        StoreFixture *f = userdata;

        f->done = true;
        f->r = r;
        f->n = (size_t)n;
}

static size_t forget(StoreFixture *f, unsigned most) {
        assert_int_equal(choices_forget(f->store, most, on_forgotten, f, NULL), 0);
        fixture_wait(f);
        assert_int_equal(f->r, 0);
        return f->n;
}

static void expect_left(const StoreFixture *f, const char *epochs, const char *orders,
                        const char *lists) {
        fixture_expect(f,
                       "SELECT string_agg(website_id || '.' || number, ' ' ORDER BY website_id,"
                       " number) FROM epoch",
                       epochs);
        fixture_expect(f, "SELECT string_agg(id::text, ' ' ORDER BY id) FROM work_order", orders);
        fixture_expect(f,
                       "SELECT string_agg(get_byte(digest, 0)::text, ' ' ORDER BY digest)"
                       " FROM eligible_list",
                       lists);
}

/* Days begin at midnight UTC; there are partitions from the day before yesterday on, and what is
 * needed begins three days before. */
static void what_no_tick_refers_to_is_forgotten(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f,
                    "DELETE FROM epoch; DELETE FROM eligible_list;"
                    "SET timezone TO 'UTC';"
                    "CREATE TABLE m AS SELECT current_date - 5 + interval '0' AS oldest;"
                    "INSERT INTO eligible_list SELECT decode(lpad(i || '', 2, '0') ||"
                    "    repeat('00', 31), 'hex'), '', oldest + CASE i WHEN 6 THEN 1 ELSE -1 END"
                    "    * interval '1 s' FROM m, generate_series(4, 7) AS i;"
                    "INSERT INTO epoch (website_id, number, starts_at, ends_at, n, secret, list,"
                    "    ranking, eligible_root)"
                    "  SELECT w, k, oldest - interval '1 hour', oldest + e * interval '1 s', 1,"
                    "    digest, digest, '', digest"
                    "    FROM m, (VALUES (1, 1, -1, 4), (1, 2, 0, 5), (1, 3, 99, 5),"
                    "      (2, 1, -99, 5), (3, 1, -5, 4), (3, 2, -4, 4), (3, 3, -3, 5))"
                    "      AS v (w, k, e, l) JOIN eligible_list ON get_byte(digest, 0) = l;"
                    "UPDATE work_order SET removed_at = CASE id WHEN 1 THEN oldest - interval '1 s'"
                    "    WHEN 2 THEN oldest WHEN 4 THEN oldest - interval '1 s' END FROM m;");
        assert_int_equal(forget(f, 2), 2);
        fixture_expect(f, "SELECT count(*) FROM epoch", "5");
        fixture_expect(f, "SELECT count(*) FROM eligible_list", "4");
        assert_int_equal(forget(f, 2), 1);
        expect_left(f, "1.2 1.3 2.1 3.3", "2 3 4", "5 6");
        assert_int_equal(forget(f, 2), 0);
        fixture_sql(f, "SELECT partition_ensure('tick_batch', current_date - 9, current_date - 9);"
                       "UPDATE work_order SET removed_at = oldest - interval '6 days' FROM m;");
        assert_int_equal(forget(f, 9), 0);
        fixture_sql(f, "UPDATE work_order SET removed_at = oldest - interval '8 days' FROM m;");
        assert_int_equal(forget(f, 9), 2);
        expect_left(f, "1.2 1.3 2.1 3.3", "4", "5 6");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_new_epoch_ends_the_former),
                cmocka_unit_test(the_newest_is_loaded),
                cmocka_unit_test(a_list_is_kept_once),
                cmocka_unit_test(an_epoch_of_before_has_its_own),
                cmocka_unit_test(what_it_was_chosen_by_is_told),
                cmocka_unit_test(what_is_not_there_is_not_found),
                cmocka_unit_test(its_orders_are_those_that_were_in_force),
                cmocka_unit_test(what_no_tick_refers_to_is_forgotten),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
