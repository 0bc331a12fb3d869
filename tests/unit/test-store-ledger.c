/* A balance is paid out once, however many ask. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "event/pq-script.h"
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
        while (!f->done || !second.done)
                uv_run(&f->loop, UV_RUN_ONCE);
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

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nothing_owed_is_said),
                cmocka_unit_test(two_at_once_get_the_same),
                cmocka_unit_test(what_comes_later_is_another_payout),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
