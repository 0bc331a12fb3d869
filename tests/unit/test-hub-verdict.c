/* The verdict rule, by enumeration of everything up to seven seats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hub/verdict.h"

static void faults_and_quorum_follow_n(void **state) {
        static const uint8_t f[] = { 0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3 };
        static const uint8_t q[] = { 1, 1, 2, 2, 3, 4, 4, 5, 6, 6, 7 };

        (void)state;
        for (uint8_t n = 0; n <= 10; n++) {
                assert_int_equal(verdict_faults(n), f[n]);
                assert_int_equal(verdict_quorum(n), q[n]);
        }
}

/* Each of n seats says up, down or nothing: all 3^n, the first `liars` of them being faulty. */
static Tally tally_of(uint8_t n, unsigned code, uint8_t liars, unsigned honest_says) {
        Tally t = { .n = n };

        for (uint8_t i = 0; i < n; i++) {
                unsigned says = i < liars ? code % 3 : honest_says;

                code = i < liars ? code / 3 : code;
                t.up += says == 0;
                t.down += says == 1;
        }
        return t;
}

static unsigned power3(uint8_t n) {
        unsigned p = 1;

        while (n-- > 0)
                p *= 3;
        return p;
}

static void liars_neither_fake_nor_hide(void **state) {
        (void)state;
        for (uint8_t n = 1; n <= 7; n++)
                for (uint8_t k = 0; k <= verdict_faults(n); k++)
                        for (unsigned code = 0; code < power3(k); code++) {
                                assert_int_equal(verdict_judge(tally_of(n, code, k, 0)),
                                                 VERDICT_UP);
                                assert_int_equal(verdict_judge(tally_of(n, code, k, 1)),
                                                 VERDICT_DOWN);
                        }
}

/* One more than tolerated cannot make DOWN of an up site either, once there are two seats. */
static void one_liar_too_many_is_not_down(void **state) {
        (void)state;
        for (uint8_t n = 2; n <= 7; n++) {
                uint8_t k = verdict_faults(n) + 1;

                if (k >= verdict_quorum(n))
                        continue;
                for (unsigned code = 0; code < power3(k); code++)
                        assert_int_not_equal(verdict_judge(tally_of(n, code, k, 0)), VERDICT_DOWN);
        }
}

static void assert_one_verdict(Tally t) {
        uint8_t f = verdict_faults(t.n), q = verdict_quorum(t.n);
        VerdictState s = verdict_judge(t);

        assert_false(t.up >= q && t.down >= q);
        assert_true((s == VERDICT_DOWN) == (t.down >= q));
        assert_true((s == VERDICT_UP) == (t.up >= q && t.down <= f));
        if (s == VERDICT_PARTIAL)
                assert_true(t.down > f);
}

static void rule_is_total_and_exclusive(void **state) {
        (void)state;
        for (uint8_t n = 0; n <= 7; n++)
                for (uint8_t up = 0; up <= n; up++)
                        for (uint8_t down = 0; up + down <= n; down++)
                                assert_one_verdict((Tally){ n, up, down });
        assert_int_equal(verdict_judge((Tally){ 0 }), VERDICT_UNKNOWN);
}

static void half_against_half_never_flips(void **state) {
        (void)state;
        for (uint8_t n = 2; n <= 10; n += 2) {
                Tally half = { n, n / 2, n / 2 };

                assert_int_equal(verdict_judge(half), VERDICT_PARTIAL);
                assert_int_equal(verdict_decide(VERDICT_UP, half, true, false), VERDICT_UP);
                assert_int_equal(verdict_decide(VERDICT_DOWN, half, true, false), VERDICT_DOWN);
        }
}

static void decisions_come_at_once_doubts_wait(void **state) {
        Tally down = { 4, 1, 3 }, up = { 4, 3, 1 }, silent = { 4, 2, 0 };

        (void)state;
        assert_int_equal(verdict_decide(VERDICT_UP, down, true, false), VERDICT_DOWN);
        assert_int_equal(verdict_decide(VERDICT_DOWN, up, true, false), VERDICT_UP);
        assert_int_equal(verdict_decide(VERDICT_UP, silent, true, false), VERDICT_UP);
        assert_int_equal(verdict_decide(VERDICT_UP, silent, false, false), VERDICT_UNKNOWN);
}

static void a_single_seat_is_heard_twice(void **state) {
        Tally down = { 1, 0, 1 }, up = { 1, 1, 0 };

        (void)state;
        assert_int_equal(verdict_decide(VERDICT_UP, down, false, false), VERDICT_UP);
        assert_int_equal(verdict_decide(VERDICT_UP, down, false, true), VERDICT_DOWN);
        assert_int_equal(verdict_decide(VERDICT_DOWN, up, false, false), VERDICT_DOWN);
        assert_int_equal(verdict_decide(VERDICT_DOWN, up, false, true), VERDICT_UP);
        assert_int_equal(verdict_decide(VERDICT_UNKNOWN, up, false, false), VERDICT_UP);
        assert_int_equal(verdict_decide(VERDICT_UNKNOWN, down, false, false), VERDICT_UNKNOWN);
}

static void names_go_both_ways(void **state) {
        (void)state;
        for (VerdictState s = 0; s < _VERDICT_MAX; s++)
                assert_int_equal(verdict_state_from_name(verdict_state_name(s)), s);
        assert_int_equal(verdict_state_from_name("sideways"), VERDICT_UNKNOWN);
        assert_string_equal(verdict_cause_name(verdict_cause(VERDICT_DOWN)), "quorum");
        assert_string_equal(verdict_cause_name(verdict_cause(VERDICT_PARTIAL)), "split");
        assert_string_equal(verdict_cause_name(verdict_cause(VERDICT_UNKNOWN)), "silence");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(faults_and_quorum_follow_n),
                cmocka_unit_test(liars_neither_fake_nor_hide),
                cmocka_unit_test(one_liar_too_many_is_not_down),
                cmocka_unit_test(rule_is_total_and_exclusive),
                cmocka_unit_test(half_against_half_never_flips),
                cmocka_unit_test(decisions_come_at_once_doubts_wait),
                cmocka_unit_test(a_single_seat_is_heard_twice),
                cmocka_unit_test(names_go_both_ways),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
