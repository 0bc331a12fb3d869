/* A balance is paid out once, however many ask, and however often that is said. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "event/pq-script.h"
#include "loop-turn.h"
#include "store-fixture.h"
#include "store/ledger.h"
#include "store/statements.h"

static void on_payout(int r, const PayoutRow *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++)
                fixture_note(f, "%u %ld %s", rows[i].id.bytes[15], (long)rows[i].lamports,
                             rows[i].status);
}

static void ask(Store *s, StoreFixture *f, uint8_t validator, uint8_t id) {
        const PayoutRequest request = { .validator_key = fixture_key(validator),
                                        .id = fixture_website(id),
                                        .actor = "token dpin_abc" };

        assert_int_equal(payout_request(s, &request, on_payout, f, NULL), 0);
}

static void nothing_owed_is_said(void **state) {
        StoreFixture *f = *state;

        ask(f->store, f, 1, 1);
        fixture_wait(f);
        assert_int_equal(f->r, -ENODATA);
        ask(f->store, f, 9, 1);
        fixture_wait(f);
        assert_int_equal(f->r, -ENOENT);
}

static void on_state(StoreState state, const char *text _unused_, void *userdata) {
        StoreFixture *f = userdata;

        f->done = state == STORE_READY;
}

static Store *open_api(StoreFixture *f) {
        Store *s = NULL;

        assert_int_equal(store_new(&s, &f->loop,
                                   &(const StoreOptions){ .dsn = f->dsn,
                                                          .role = STORE_API,
                                                          .statements = store_statements(),
                                                          .on_state = on_state,
                                                          .userdata = f }),
                         0);
        fixture_wait(f);
        return s;
}

static void note_count(const char *const *values, size_t n _unused_, void *userdata) {
        *(unsigned long *)userdata = strtoul(values[0], NULL, 10);
}

/* Until two sessions stand in line for a lock. */
static void wait_for_both(StoreFixture *f, PqScript *s) {
        unsigned long waiting = 0;

        while (waiting < 2) {
                uv_run(&f->loop, UV_RUN_NOWAIT);
                assert_int_equal(pq_script_query(s,
                                                 "SELECT count(DISTINCT pid) FROM pg_locks"
                                                 " WHERE NOT granted",
                                                 NULL, note_count, &waiting),
                                 0);
        }
}

/* The table is locked against writing until both are under way. */
static void two_at_once_get_the_same(void **state) {
        StoreFixture *f = *state, second = { 0 }; /* keeps the second answer only */
        _cleanup_(store_freep) Store *other = open_api(f);
        _cleanup_(pq_script_closep) PqScript *s = NULL;

        fixture_sql(f, "INSERT INTO ledger_entry (kind, validator_id, hour, debit, credit,"
                       " amount) VALUES ('reward', 1, now(), 'rewards', 'validator', 500)");
        assert_int_equal(pq_script_open(&s, f->dsn), 0);
        assert_int_equal(pq_script_run(s, "BEGIN; LOCK TABLE payout IN SHARE MODE"), 0);
        ask(f->store, f, 1, 7);
        ask(other, &second, 1, 8);
        wait_for_both(f, s);
        assert_int_equal(pq_script_run(s, "COMMIT"), 0);
        TURN_UNTIL(f, f->done && second.done);
        f->done = false;
        assert_int_equal(f->r, 0);
        assert_int_equal(second.r, 0);
        assert_string_equal(f->text, second.text);
        free(second.text);
        fixture_expect(f, "SELECT count(*) || ' ' || sum(amount) FROM payout", "1 500");
        fixture_expect(f, "SELECT lamports FROM validator_balance WHERE validator_id = 1", "0");
        fixture_expect(f, "SELECT actor FROM audit_log WHERE action = 'payout.request'",
                       "token dpin_abc");
}

static void what_comes_later_is_another_payout(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "UPDATE payout SET status = 'settled';"
                       "INSERT INTO ledger_entry (kind, validator_id, hour, debit, credit,"
                       " amount) VALUES ('reward', 1, now() + interval '1 hour', 'rewards',"
                       " 'validator', 30);");
        ask(f->store, f, 1, 9);
        fixture_expect_text(f, "9 30 requested");
        ask(f->store, f, 1, 6);
        fixture_expect_text(f, "9 30 requested");
}

/* Rewards of several validators in one statement, as closing an hour writes them. */
static void balances_follow_the_entries(void **state) {
        StoreFixture *f = *state;

        fixture_sql(f, "INSERT INTO ledger_entry (kind, validator_id, hour, debit, credit, amount)"
                       " SELECT 'reward', v, now() + h * interval '2 hours', 'rewards',"
                       " 'validator', v * 10 FROM generate_series(2, 3) AS v,"
                       " generate_series(1, 2) AS h");
        fixture_expect(f,
                       "SELECT string_agg(validator_id || ':' || lamports, ' ' ORDER BY"
                       " validator_id) FROM validator_balance",
                       "1:0 2:40 3:60");
        fixture_expect(f,
                       "SELECT count(*) FROM validator_balance b WHERE lamports <>"
                       " (SELECT sum(ledger_effect(debit, credit, amount)) FROM ledger_entry e"
                       "   WHERE e.validator_id = b.validator_id)",
                       "0");
}

static void expect_page(StoreFixture *f, const PayoutPage *page, const char *text) {
        assert_int_equal(payouts_load(f->store, page, on_payout, f, NULL), 0);
        fixture_expect_text(f, text);
}

static void payouts_come_in_pages(void **state) {
        StoreFixture *f = *state;
        const Uuid first = fixture_website(2);

        ask(f->store, f, 2, 2);
        fixture_expect_text(f, "2 40 requested");
        ask(f->store, f, 3, 3);
        fixture_expect_text(f, "3 60 requested");
        expect_page(f, &(const PayoutPage){ .limit = 2 }, "2 40 requested3 60 requested");
        expect_page(f, &(const PayoutPage){ .after = &first, .limit = 1 }, "3 60 requested");
        expect_page(f, &(const PayoutPage){ .status = "approved", .limit = 9 }, "");
}

static void on_step(int r, const PayoutRow *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++)
                fixture_note(f, "%s of %u %s by %s%s%s", rows[i].status, rows[i].validator_key[31],
                             rows[i].validator_name,
                             rows[i].transaction ? rows[i].transaction : "none",
                             rows[i].approved != USEC_INFINITY ? " approved" : "",
                             rows[i].settled != USEC_INFINITY ? " settled" : "");
}

static void approve(StoreFixture *f, uint8_t id) {
        const PayoutStep step = { .id = fixture_website(id), .actor = "uid 0" };

        assert_int_equal(payout_approve(f->store, &step, on_step, f, NULL), 0);
}

static void settle(StoreFixture *f, uint8_t id, const char *transaction) {
        const PayoutStep step = { .id = fixture_website(id),
                                  .transaction = transaction,
                                  .actor = "uid 0" };

        assert_int_equal(payout_settle(f->store, &step, on_step, f, NULL), 0);
}

static void steps_are_taken_in_order_and_once(void **state) {
        StoreFixture *f = *state;

        settle(f, 2, "tx1");
        fixture_expect_text(f, "requested of 2 v2 by none");
        approve(f, 2);
        fixture_expect_text(f, "approved of 2 v2 by none approved");
        approve(f, 2);
        fixture_expect_text(f, "approved of 2 v2 by none approved");
        settle(f, 2, "tx1");
        fixture_expect_text(f, "settled of 2 v2 by tx1 approved settled");
        settle(f, 2, "tx1");
        fixture_expect_text(f, "settled of 2 v2 by tx1 approved settled");
        settle(f, 2, "tx2");
        fixture_expect_text(f, "settled of 2 v2 by tx1 approved settled");
        approve(f, 2);
        fixture_expect_text(f, "settled of 2 v2 by tx1 approved settled");
        approve(f, 5);
        fixture_wait(f);
        assert_int_equal(f->r, -ENOENT);
        fixture_expect(f,
                       "SELECT string_agg(action, ' ' ORDER BY id) FROM audit_log"
                       " WHERE object LIKE '%2'",
                       "payout.request payout.approve payout.settle");
}

/* What was settled has left the books, what was asked for waits in them. */
static void the_books_say_where_it_is(void **state) {
        StoreFixture *f = *state;

        fixture_expect(f,
                       "SELECT string_agg(account || ' ' || amount, ', ' ORDER BY account) FROM"
                       " (SELECT account, sum(amount) AS amount FROM"
                       "   (SELECT debit AS account, -amount AS amount FROM ledger_entry"
                       "     WHERE validator_id IN (2, 3)"
                       "    UNION ALL SELECT credit, amount FROM ledger_entry"
                       "     WHERE validator_id IN (2, 3)) AS x GROUP BY account) AS y",
                       "outside 40, payouts 60, rewards -100, validator 0");
        fixture_expect(f,
                       "SELECT string_agg(lamports::text, ' ') FROM validator_balance"
                       " WHERE validator_id IN (2, 3)",
                       "0 0");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nothing_owed_is_said),
                cmocka_unit_test(two_at_once_get_the_same),
                cmocka_unit_test(what_comes_later_is_another_payout),
                cmocka_unit_test(balances_follow_the_entries),
                cmocka_unit_test(payouts_come_in_pages),
                cmocka_unit_test(steps_are_taken_in_order_and_once),
                cmocka_unit_test(the_books_say_where_it_is),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
