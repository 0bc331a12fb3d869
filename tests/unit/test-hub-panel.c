/* Who is asked in a region, and what they say together. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hub/panel.h"

#define NOW    (UINT64_C(1750000000) * USEC_PER_SEC)
#define PEOPLE 12

/* Of region 1 but for the last two; one operator each, one network for all. */
static void gather(Candidate *items, Roster *roster, Committee *c) {
        static const Uuid website = { { 5 } };
        static const uint8_t secret[32] = { 7 };
        CommitteeRule rule = {
                .roster = roster, .website = &website, .secret = secret, .seats = 7
        };

        for (uint32_t i = 0; i < PEOPLE; i++) {
                items[i] = (Candidate){ .validator = i + 1,
                                        .operator_id = i + 1,
                                        .prefix = 9,
                                        .block = 9,
                                        .asn = 9,
                                        .region = i < PEOPLE - 2 ? 1 : 2,
                                        .connected_since = NOW - USEC_PER_MIN };
                items[i].key[0] = (uint8_t)(i + 1);
        }
        *roster = (Roster){ .items = items, .n = PEOPLE };
        assert_int_equal(committee_form(c, &rule, NOW), 0);
}

static bool has(const uint32_t *ids, uint8_t n, uint32_t validator) {
        for (uint8_t i = 0; i < n; i++)
                if (ids[i] == validator)
                        return true;
        return false;
}

static void those_without_a_say_are_asked_first(void **state _unused_) {
        static const uint32_t seated[] = { 1, 2, 3, 4, 5, 6, 7, 11 }, complaining[] = { 1, 2 };
        PanelChoice choice = { seated, 8, complaining, 2 };
        _cleanup_(committee_done) Committee c = { 0 };
        Candidate items[PEOPLE];
        uint32_t chosen[PANEL_SEATS];
        Roster roster;

        gather(items, &roster, &c);
        assert_int_equal(panel_choose(&c, 1, &choice, chosen), 4);
        for (uint32_t outside = 8; outside <= 10; outside++)
                assert_true(has(chosen, 3, outside));
        assert_true(chosen[3] >= 3 && chosen[3] <= 7); /* seated, and not of those who complain */
        items[7].connected_since = items[8].connected_since = items[9].connected_since = 0;
        for (uint32_t i = 3; i <= 5; i++)
                items[i].connected_since = 0; /* 3 and 7 are left beside who complains */
        assert_int_equal(panel_choose(&c, 1, &choice, chosen), 4);
        assert_true(has(chosen, 2, 3) && has(chosen, 2, 7));
        assert_true(has(chosen + 2, 2, 1) && has(chosen + 2, 2, 2));
}

static void nobody_sits_twice_nor_for_another_region(void **state _unused_) {
        PanelChoice nobody = { 0 };
        _cleanup_(committee_done) Committee c = { 0 };
        Candidate items[PEOPLE];
        uint32_t chosen[PANEL_SEATS];
        Roster roster;

        gather(items, &roster, &c);
        assert_int_equal(panel_choose(&c, 2, &nobody, chosen), 2);
        assert_true(has(chosen, 2, 11) && has(chosen, 2, 12));
        assert_int_equal(panel_choose(&c, 3, &nobody, chosen), 0);
        items[10].operator_id = items[11].operator_id;
        assert_int_equal(panel_choose(&c, 2, &nobody, chosen), 1);
        assert_int_equal(c.caps, CAPS_OPERATOR); /* as they are all of one network */
}

static void say(Panel *p, uint8_t place, VoteOutcome outcome, usec_t started) {
        Vote v = { .outcome = outcome, .started = started, .arrived = started };

        assert_int_equal(vote_table_put(p->votes, place, &v), 1);
}

static void its_word_is_that_of_the_verdict_rule(void **state _unused_) {
        Panel p;

        assert_int_equal(panel_init(&p, 1, 4, 10 * USEC_PER_SEC), 0);
        for (uint8_t i = 0; i < 4; i++)
                p.members[i] = i + 1u;
        assert_int_equal(panel_evidence(&p, NOW), USEC_INFINITY);
        say(&p, 0, VOTE_DOWN, NOW);
        say(&p, 1, VOTE_UP, NOW);
        say(&p, 2, VOTE_DOWN, NOW + 1);
        assert_int_equal(verdict_judge(panel_tally(&p, NOW + 2)), VERDICT_PARTIAL);
        say(&p, 3, VOTE_DOWN, NOW + 3);
        assert_int_equal(verdict_judge(panel_tally(&p, NOW + 4)), VERDICT_DOWN);
        assert_int_equal(panel_down(&p, NOW + 4), 0xd);
        assert_int_equal(panel_evidence(&p, NOW + 4), NOW);
        assert_int_equal(panel_find(&p, 3), 2);
        assert_int_equal(panel_find(&p, 5), -ENOENT);
        assert_int_equal(panel_find(&p, 0), -ENOENT);
        p.members[1] = 0; /* who is gone leaves its place, and n, as they are */
        assert_int_equal(panel_tally(&p, NOW + 4).n, 4);
        panel_done(&p);
        assert_int_equal(p.region, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(those_without_a_say_are_asked_first),
                cmocka_unit_test(nobody_sits_twice_nor_for_another_region),
                cmocka_unit_test(its_word_is_that_of_the_verdict_rule),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
