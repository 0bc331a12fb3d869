/* One website's machine as a whole: outages, liars, hints, rounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hub/site-parts.h"
#include "site-fixture.h"

static void four_members_find_it_up(void **state) {
        Bench b;

        (void)state;
        bench_open(&b, 4, 4);
        assert_int_equal(b.joins, 4);
        assert_true(time_until(&b, VERDICT_UP, SEC) <= 200 * MSEC);
        assert_int_equal(b.verdict.n, 4);
        assert_int_equal(b.verdict.q, 3);
        assert_int_equal(b.verdict.assurance, ASSURANCE_FULL);
        run(&b, USEC_PER_HOUR * 3);
        assert_int_equal(b.verdicts, 1);
        assert_int_equal(b.confirms, 0);
        assert_int_equal(b.refreshes, 0);
        assert_in_range(b.epochs, 3, 5);
        assert_int_equal(b.assigned, 4); /* epochs come and go, orders stay */
        bench_close(&b);
}

static void refused_target_is_down_within_a_slice(void **state) {
        Bench b;

        (void)state;
        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        for (int i = 0; i < 20; i++) {
                usec_t begun = b.now;

                b.up = false;
                assert_true(time_until(&b, VERDICT_DOWN, 20 * SEC) <= 2500 * MSEC + 300 * MSEC);
                assert_true(b.verdict.first_evidence >= begun - RTT);
                assert_true(b.verdict.first_evidence <= b.verdict.since);
                assert_int_equal(b.verdict.error_class, 3);
                run(&b, 60 * SEC + i * 370 * MSEC);
                b.up = true;
                assert_true(time_until(&b, VERDICT_UP, 20 * SEC) <= 2500 * MSEC + 300 * MSEC);
                run(&b, 60 * SEC + i * 510 * MSEC);
        }
        assert_int_equal(b.partials + b.unknowns, 0);
        assert_int_equal(b.incidents, 20);
        assert_int_equal(b.closed, 20);
        bench_close(&b);
}

static void a_liar_changes_nothing_and_costs_little(void **state) {
        Bench b;

        (void)state;
        bench_open(&b, 4, 4);
        b.people[2].manner = MANNER_SAYS_DOWN;
        run(&b, USEC_PER_HOUR);
        assert_int_equal(b.verdicts, 1);
        assert_int_equal(site_state(b.site), VERDICT_UP);
        assert_true(b.confirms <= 12);
        b.up = false;
        assert_true(time_until(&b, VERDICT_DOWN, 20 * SEC) <= 5300 * MSEC);
        assert_true(b.verdict.first_evidence >= b.now - 6 * SEC); /* not the liar's, an hour ago */
        b.people[2].manner = MANNER_SAYS_UP;
        run(&b, USEC_PER_HOUR);
        assert_int_equal(site_state(b.site), VERDICT_DOWN);
        assert_int_equal(b.partials + b.unknowns, 0);
        bench_close(&b);
}

static void with_one_member_away_an_outage_is_still_seen(void **state) {
        Bench b;

        (void)state;
        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        connect(&b, 2, false);
        run(&b, 120 * SEC);
        assert_int_equal(site_state(b.site), VERDICT_UP);
        b.up = false;
        assert_true(time_until(&b, VERDICT_DOWN, 30 * SEC) <= 5300 * MSEC);
        assert_int_equal(b.partials + b.unknowns, 0);
        bench_close(&b);
}

static void spares_stand_in_for_the_silent(void **state) {
        Bench b;
        unsigned silenced = 0;

        (void)state;
        bench_open(&b, 6, 4);
        run(&b, 60 * SEC);
        for (uint32_t i = 0; i < 6 && silenced < 2; i++)
                if (b.people[i].seated && ++silenced)
                        b.people[i].manner = MANNER_SILENT;
        b.up = false;
        time_until(&b, VERDICT_DOWN, 40 * SEC);
        assert_int_equal(b.spares, 2);
        assert_int_equal(b.partials, 0);
        bench_close(&b);
}

static void a_hint_starts_the_round_early_and_decides_nothing(void **state) {
        Bench b;

        (void)state;
        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        site_suspect(b.site, 1, b.now);
        assert_int_equal(b.confirms, 3);
        run(&b, 5 * SEC);
        assert_int_equal(b.verdicts, 1);
        site_suspect(b.site, 1, b.now);
        run(&b, 5 * SEC);
        assert_int_equal(b.confirms, 3); /* it came to nothing before */
        b.up = false;
        site_suspect(b.site, 2, b.now);
        assert_true(time_until(&b, VERDICT_DOWN, SEC) <= 200 * MSEC);
        bench_close(&b);
}

static void an_overdue_member_is_probed_once(void **state) {
        uint32_t quiet = 0;
        Bench b;

        (void)state;
        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        b.people[quiet].manner = MANNER_SILENT;
        run(&b, 120 * SEC);
        assert_int_equal(b.refreshes, 1);
        assert_int_equal(b.verdicts, 1);
        bench_close(&b);
}

static void strangers_and_late_hangers_do_not_vote(void **state) {
        Vote v = { .outcome = VOTE_DOWN, .kind = VOTE_SCHEDULED };
        Bench b;

        (void)state;
        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        v.started = b.now;
        assert_int_equal(site_vote(b.site, (SiteVoter){ .validator = 77 }, &v, b.now), 0);
        b.up = false;
        time_until(&b, VERDICT_DOWN, 20 * SEC);
        b.people[0].manner = MANNER_SILENT;
        b.up = true;
        time_until(&b, VERDICT_UP, 20 * SEC);
        v.started = b.verdict.first_evidence - 1; /* began in the outage, hung until now */
        assert_int_equal(site_vote(b.site, (SiteVoter){ .validator = 1 }, &v, b.now), 0);
        v.started = b.verdict.first_evidence + 1;
        assert_int_equal(site_vote(b.site, (SiteVoter){ .validator = 1 }, &v, b.now), 1);
        bench_close(&b);
}

static void a_silent_member_does_not_keep_the_round_open(void **state) {
        Bench b;

        (void)state;
        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        b.people[3].manner = MANNER_SILENT;
        b.up = false;
        time_until(&b, VERDICT_DOWN, 20 * SEC);
        b.up = true;
        assert_true(time_until(&b, VERDICT_UP, 20 * SEC) <= 2800 * MSEC); /* the next is honest */
        bench_close(&b);
}

static void always_slow_is_no_hint(void **state) {
        Vote v = { .outcome = VOTE_UP, .latency = 1500 * MSEC };
        Bench b;

        (void)state;
        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        v.started = b.now;
        assert_int_equal(site_vote(b.site, (SiteVoter){ .validator = 1 }, &v, b.now), 1);
        site_suspect(b.site, 1, b.now);
        assert_int_equal(b.confirms, 0);
        site_suspect(b.site, 2, b.now);
        assert_int_equal(b.confirms, 3);
        bench_close(&b);
}

/* Twins -------------------------------------------------------------------------------------- */

static void look_at_everything(Site *s) {
        s->settled = VOTE_MISSING;
}

static uint32_t random_below(uint32_t *x, uint32_t n) {
        *x = *x * 1664525u + 1013904223u;
        return (*x >> 8) % n;
}

/* Something of what happens to people and targets. */
static void disturb(Bench *b, uint32_t what, uint32_t whom) {
        if (what < 4)
                b->people[whom].manner = (Manner)what;
        else if (what < 7)
                connect(b, whom + 1, b->items[whom].connected_since == 0);
        else if (what < 9)
                b->up = !b->up;
        else if (what == 9)
                site_suspect(b->site, whom + 1, b->now);
        else
                for (uint32_t i = 0; i < PEOPLE; i++)
                        b->people[i].manner = MANNER_HONEST;
        if (what == 10)
                b->cut_region = b->cut_region ? 0 : 1 + whom % 2;
}

static void expect_twins(const Bench *a, const Bench *b) {
        assert_int_equal(site_state(a->site), site_state(b->site));
        assert_int_equal(a->verdict_at, b->verdict_at);
        assert_int_equal(a->verdict.first_evidence, b->verdict.first_evidence);
        assert_int_equal(a->verdicts, b->verdicts);
        assert_int_equal(a->incidents + a->closed, b->incidents + b->closed);
        assert_int_equal(a->confirms, b->confirms);
        assert_int_equal(a->refreshes, b->refreshes);
        assert_int_equal(a->joins, b->joins);
        assert_int_equal(a->epochs, b->epochs);
        assert_int_equal(a->spares, b->spares);
        assert_int_equal(a->assigned, b->assigned);
        assert_int_equal(a->panels, b->panels);
        assert_int_equal(a->panel_votes, b->panel_votes);
        assert_true(site_next(a->site) <= site_next(b->site));
}

static void open_twin(Bench *b, uint32_t seed) {
        bench_open(b, 1 + seed % PEOPLE, 1 + seed % 8);
        for (uint32_t i = 0; i < b->roster.n; i++)
                b->items[i].region = 1 + i % 2;
        b->conf.confirm_down = seed % 3;
        b->conf.confirm_up = seed % 4;
        assert_int_equal(site_reconfigure(b->site, &b->conf, b->now), 0);
}

static unsigned live_as_twins(uint32_t seed, unsigned *panels) {
        uint32_t x = seed;
        Bench a, b;

        open_twin(&a, seed);
        open_twin(&b, seed);
        b.before = look_at_everything;
        for (unsigned i = 0; i < 150; i++) {
                uint32_t quiet = random_below(&x, 12), what = random_below(&x, 11),
                         whom = random_below(&x, (uint32_t)a.roster.n);

                for (usec_t end = a.now + (1 + quiet * quiet) * 100 * MSEC; a.now < end;) {
                        run(&a, 10 * MSEC);
                        run(&b, 10 * MSEC);
                        expect_twins(&a, &b);
                }
                disturb(&a, what, whom);
                disturb(&b, what, whom);
        }
        bench_close(&a);
        bench_close(&b);
        *panels += a.panels;
        return a.verdicts + a.confirms + a.refreshes;
}

/* A vote that only repeats what was said is not followed by a look at everything: nobody can tell
 * the difference. */
static void a_repeated_vote_needs_no_look_at_everything(void **state) {
        unsigned effects_seen = 0, panels = 0;

        (void)state;
        for (uint32_t seed = 1; seed <= 60; seed++)
                effects_seen += live_as_twins(seed, &panels);
        assert_true(effects_seen > 2000);
        assert_true(panels > 100);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(four_members_find_it_up),
                cmocka_unit_test(refused_target_is_down_within_a_slice),
                cmocka_unit_test(a_liar_changes_nothing_and_costs_little),
                cmocka_unit_test(with_one_member_away_an_outage_is_still_seen),
                cmocka_unit_test(spares_stand_in_for_the_silent),
                cmocka_unit_test(a_hint_starts_the_round_early_and_decides_nothing),
                cmocka_unit_test(an_overdue_member_is_probed_once),
                cmocka_unit_test(strangers_and_late_hangers_do_not_vote),
                cmocka_unit_test(a_silent_member_does_not_keep_the_round_open),
                cmocka_unit_test(always_slow_is_no_hint),
                cmocka_unit_test(a_repeated_vote_needs_no_look_at_everything),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
