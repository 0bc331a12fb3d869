/* Spans follow each other without holes, one open per website. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store-fixture.h"
#include "store/verdicts.h"

static void on_verdicts(int r, const VerdictRow *rows, size_t n, void *userdata) {
        StoreFixture *f = fixture_rows(userdata, r, n);

        for (size_t i = 0; i < n; i++)
                fixture_note(f,
                             "site %u %s %s %s since %lu seen %lu n %u commit %lu"
                             " flaps %.2f until %lu%s\n",
                             rows[i].website, rows[i].state, rows[i].assurance, rows[i].cause,
                             rows[i].started / USEC_PER_SEC, rows[i].first_evidence / USEC_PER_SEC,
                             rows[i].n, rows[i].commit_no, rows[i].flap_score,
                             rows[i].flapping_until / USEC_PER_SEC,
                             rows[i].regions ? rows[i].regions : "");
}

static void put(PqTransaction *t, uint32_t website, const char *state, usec_t at) {
        verdict_put(t, &(const VerdictRow){ .website = website,
                                            .state = state,
                                            .assurance = "full",
                                            .cause = "quorum",
                                            .started = at * USEC_PER_SEC,
                                            .first_evidence = (at - 5) * USEC_PER_SEC,
                                            .n = 4,
                                            .flap_score = 3.25,
                                            .flapping_until = (at + 7) * USEC_PER_SEC,
                                            .commit_no = at });
}

static void one_follows_the_other(void **state) {
        StoreFixture *f = *state;
        PqTransaction *t = pq_transaction_new();

        put(t, 1, "UP", 1000);
        put(t, 2, "UP", 1000);
        put(t, 1, "DOWN", 1100);
        put(t, 1, "UP", 1050); /* the clock was set back */
        verdict_put(t, &(const VerdictRow){ .website = 2,
                                            .state = "PARTIAL",
                                            .assurance = "full",
                                            .cause = "region",
                                            .started = 1060 * USEC_PER_SEC,
                                            .first_evidence = 1055 * USEC_PER_SEC,
                                            .n = 7,
                                            .regions = "[{\"region\":\"eu\"}]",
                                            .commit_no = 9 });
        assert_int_equal(fixture_commit(f, t), 0);
        fixture_expect(f,
                       "SELECT string_agg(concat_ws(' ', state, extract(epoch FROM started_at)"
                       "::integer, extract(epoch FROM ended_at)::integer), ', ' ORDER BY id)"
                       " FROM verdict_span WHERE website_id = 1",
                       "UP 1000 1100, DOWN 1100 1100, UP 1050");
        assert_int_equal(verdicts_load(f->store, on_verdicts, f, NULL), 0);
        fixture_expect_text(f, "site 1 UP full quorum since 1050 seen 1045 n 4 commit 1050 flaps "
                               "3.25 until 1057\n"
                               "site 2 PARTIAL full region since 1060 seen 1055 n 7 commit 9 flaps "
                               "0.00 until 0[{\"region\": \"eu\"}]\n");
}

static void removal_only_closes(void **state) {
        StoreFixture *f = *state;
        PqTransaction *t = pq_transaction_new();

        verdict_close(t, 2, 1200 * USEC_PER_SEC);
        assert_int_equal(fixture_commit(f, t), 0);
        fixture_expect(f, "SELECT count(*) FROM verdict_span WHERE ended_at IS NULL", "1");
}

static void unknown_states_are_refused(void **state) {
        StoreFixture *f = *state;
        PqTransaction *t = pq_transaction_new();

        put(t, 1, "ASLEEP", 2000);
        assert_int_equal(fixture_commit(f, t), -EINVAL);
        fixture_expect(f, "SELECT state FROM verdict_span WHERE ended_at IS NULL", "UP");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(one_follows_the_other),
                cmocka_unit_test(removal_only_closes),
                cmocka_unit_test(unknown_states_are_refused),
        };

        return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
