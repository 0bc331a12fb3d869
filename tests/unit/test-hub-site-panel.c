/* Regional panels of a machine: when they come, what they change, what they cost, when they end. */
#include "site-fixture.h"

#define EU 1
#define US 2

/* People 1 and 2 sit for EU, 3 to 7 for US; `more` of EU have no seat. */
static void open_in_regions(Bench *b, uint32_t more) {
        uint32_t eu[PEOPLE], n = 0;

        bench_open(b, 7 + more, 7);
        run(b, 61 * SEC);
        for (uint32_t i = 0; i < b->roster.n; i++)
                if (b->people[i].seated)
                        b->items[i].region = n++ < 2 ? EU : US;
                else
                        b->items[i].region = EU;
        assert_true(n == 7);
        for (uint32_t i = n = 0; i < b->roster.n; i++)
                if (b->items[i].region == EU)
                        eu[n++] = i;
        assert_true(eu[0] < eu[1] && n == 2 + more);
        run(b, 11 * SEC);
        assert_int_equal(site_state(b->site), VERDICT_UP);
        assert_int_equal(b->verdicts, 1);
}

/* Those with a seat in EU. */
static void set_manner(Bench *b, Manner manner) {
        for (uint32_t i = 0; i < b->roster.n; i++)
                if (b->people[i].seated && b->items[i].region == EU)
                        b->people[i].manner = manner;
}

static unsigned on_panels(const Bench *b) {
        unsigned n = 0;

        for (uint32_t i = 0; i < b->roster.n; i++)
                n += b->people[i].on_panel;
        return n;
}

static void an_outage_of_a_region_is_partial_with_its_name(void **state _unused_) {
        Bench b;

        open_in_regions(&b, 4);
        b.cut_region = EU;
        assert_true(time_until(&b, VERDICT_PARTIAL, 20 * SEC) <= 20 * SEC);
        assert_int_equal(b.verdict.cause, CAUSE_REGION);
        assert_int_equal(b.verdict.n_regions, 1);
        assert_int_equal(b.regions[0].region, EU);
        assert_int_equal(b.regions[0].n, 4);
        assert_true(b.regions[0].counts && b.regions[0].down >= 3);
        assert_int_equal(roster_find(&b.roster, b.regions[0].witness)->region, EU);
        assert_true(b.verdict.first_evidence < b.verdict.since);
        assert_true(b.verdict.first_evidence + 21 * SEC > b.verdict.since);
        assert_int_equal(b.panels, 4);
        assert_int_equal(b.incident.n_regions, 1);
        assert_int_equal(b.incident_region.region, EU);
        assert_true(b.incident_region.counts && b.incident_region.down >= 3);
        run(&b, 10 * USEC_PER_MIN);
        assert_int_equal(b.verdicts, 2); /* it stands */
        assert_int_equal(b.panels, 4);
        assert_true(b.panel_votes > 4 * 59);
        b.cut_region = 0;
        time_until(&b, VERDICT_UP, 20 * SEC);
        assert_int_equal(b.verdict.n_regions, 0);
        run(&b, 11 * SEC); /* until the last has said so */
        assert_int_equal(on_panels(&b), 0);
        assert_int_equal(b.verdicts, 3);
        assert_int_equal(b.unknowns, 0);
        assert_int_equal(b.incidents, 1);
        assert_int_equal(b.closed, 1);
        assert_int_equal(b.incident.n_regions, 0);
        bench_close(&b);
}

static void two_liars_of_a_region_change_nothing_and_cost_little(void **state _unused_) {
        Bench b;

        open_in_regions(&b, 4);
        set_manner(&b, MANNER_SAYS_DOWN);
        run(&b, 40 * USEC_PER_MIN);
        assert_int_equal(b.panels, 4 * 4); /* ten minutes are an hour's worth of checks */
        assert_true(b.panel_votes <= 16);
        assert_int_equal(b.verdicts, 1);
        assert_int_equal(on_panels(&b), 0);
        bench_close(&b);
}

/* Others of the region that were not asked, or only the two themselves. */
static void fewer_than_four_only_annotate(void **state _unused_) {
        for (uint32_t more = 0; more < 2; more++) {
                Bench b;

                open_in_regions(&b, more);
                b.cut_region = EU;
                run(&b, 3 * USEC_PER_MIN);
                assert_int_equal(site_state(b.site), VERDICT_UP);
                assert_int_equal(b.verdicts, 2);
                assert_int_equal(b.verdict.previous, VERDICT_UP);
                assert_int_equal(b.verdict.cause, CAUSE_QUORUM);
                assert_int_equal(b.verdict.n_regions, 1);
                assert_false(b.regions[0].counts);
                assert_int_equal(b.regions[0].down, 2);
                assert_int_equal(b.panels, 2 + more);
                assert_int_equal(b.panel_votes, 2 + more); /* asked once */
                assert_int_equal(on_panels(&b), 0);
                b.cut_region = 0;
                run(&b, USEC_PER_MIN);
                assert_int_equal(b.verdicts, 3);
                assert_int_equal(b.verdict.n_regions, 0);
                bench_close(&b);
        }
}

static void a_panel_that_does_not_agree_ends(void **state _unused_) {
        Bench b;

        open_in_regions(&b, 2); /* two liars, two honest */
        set_manner(&b, MANNER_SAYS_DOWN);
        while (on_panels(&b) == 0)
                run(&b, 10 * MSEC);
        run(&b, 16900 * MSEC); /* an interval, and the time of an answer */
        assert_int_equal(on_panels(&b), 4);
        run(&b, 200 * MSEC);
        assert_int_equal(on_panels(&b), 0);
        run(&b, 9 * USEC_PER_MIN);
        assert_int_equal(b.verdicts, 1);
        assert_int_equal(b.panels, 4);
        assert_true(b.panel_votes >= 4 && b.panel_votes <= 12);
        assert_int_equal(on_panels(&b), 0);
        bench_close(&b);
}

static void an_outage_everywhere_ends_it_and_starts_none(void **state _unused_) {
        Bench b;

        open_in_regions(&b, 4);
        b.up = false;
        time_until(&b, VERDICT_DOWN, 5 * SEC);
        run(&b, USEC_PER_MIN);
        b.up = true;
        time_until(&b, VERDICT_UP, 5 * SEC);
        run(&b, USEC_PER_MIN);
        assert_int_equal(b.panels + b.partials, 0);
        b.cut_region = EU;
        time_until(&b, VERDICT_PARTIAL, 20 * SEC);
        b.up = false;
        time_until(&b, VERDICT_DOWN, 20 * SEC);
        assert_int_equal(b.verdict.n_regions, 0);
        assert_int_equal(b.verdict.cause, CAUSE_QUORUM);
        assert_int_equal(on_panels(&b), 0);
        run(&b, USEC_PER_MIN);
        assert_int_equal(b.verdicts, 5); /* UP, DOWN, UP, PARTIAL, DOWN */
        bench_close(&b);
}

/* One after the other: a region whose panel was right is asked about again soon, one whose panel
 * was for nothing is not. */
static void flipping_liars_do_not_buy_panels(void **state _unused_) {
        unsigned flips = 0;
        Bench b;

        open_in_regions(&b, 4);
        for (; flips < 60; flips++) {
                set_manner(&b, flips % 2 ? MANNER_SAYS_UP : MANNER_SAYS_DOWN);
                run(&b, 10 * SEC);
        }
        assert_int_equal(b.verdicts, 1);
        assert_true(b.panels >= 4 && b.panels <= 4 * (10 * 60 / 40 + 1));
        bench_close(&b);
}

static void who_is_suspended_says_nothing_on_a_panel(void **state _unused_) {
        Bench b;

        open_in_regions(&b, 4);
        b.cut_region = EU;
        time_until(&b, VERDICT_PARTIAL, 20 * SEC);
        for (uint32_t i = 0, gone = 0; i < b.roster.n && gone < 2; i++)
                if (b.people[i].on_panel) {
                        b.items[i].region = US;
                        gone++;
                }
        site_roster_changed(b.site, b.now);
        assert_int_equal(on_panels(&b), 2);
        run(&b, 100 * MSEC); /* two of four are no quorum of it */
        assert_int_equal(site_state(b.site), VERDICT_UP);
        bench_close(&b);
}

static void epochs_that_wait_let_panels_wait(void **state _unused_) {
        Bench b;

        open_in_regions(&b, 4);
        b.too_many = true;
        b.cut_region = EU;
        run(&b, 30 * SEC);
        assert_int_equal(b.panels, 0);
        assert_true(b.postponed >= 5 && b.postponed <= 60);
        b.too_many = false;
        assert_true(time_until(&b, VERDICT_PARTIAL, 20 * SEC) <= 2 * SEC);
        bench_close(&b);
}

static void a_changed_website_asks_its_region_anew(void **state _unused_) {
        Bench b;

        open_in_regions(&b, 4);
        b.cut_region = EU;
        time_until(&b, VERDICT_PARTIAL, 20 * SEC);
        b.conf.target = 7;
        b.cut_region = 0;
        assert_int_equal(site_reconfigure(b.site, &b.conf, b.now), 0);
        assert_int_equal(on_panels(&b), 0);
        time_until(&b, VERDICT_UP, 20 * SEC);
        bench_close(&b);
}

/* The hub restarts: what its database knows is what the bench has heard. */
static void restart(Bench *b, bool knows_votes) {
        SitePanelHeld panel[4];
        SiteHeld held[7];
        SiteRestore r = {
                .epoch = b->epoch.number,
                .starts = b->epoch.starts,
                .ends = b->epoch.ends,
                .committee = { .order = b->eligible, .n_order = b->n_eligible, .n = b->epoch.n },
                .seats = held,
                .panel = panel,
                .state = b->verdict.state,
                .cause = b->verdict.cause,
                .regions_told = b->verdict.n_regions > 0,
                .assurance = b->verdict.assurance,
                .since = b->verdict.since,
                .first_evidence = b->verdict.first_evidence,
                .heartbeat = b->now
        };

        for (uint32_t i = 0; i < b->roster.n; i++) {
                Person *p = &b->people[i];

                if (p->seated)
                        held[r.n_seats++] = (SiteHeld){ p->seat, i + 1, p->last };
                if (p->on_panel) {
                        panel[r.n_panel] = (SitePanelHeld){ .n = 4 };
                        panel[r.n_panel].held = (SiteHeld){ .seat = (uint8_t)r.n_panel,
                                                            .validator = i + 1 };
                        if (knows_votes)
                                panel[r.n_panel].held.vote = p->last;
                        r.n_panel++;
                }
        }
        site_free(b->site);
        make_site(b);
        b->n_pending = 0;
        assert_int_equal(site_restore(b->site, &r, b->now), 0);
        site_start(b->site, b->now);
}

static void a_panel_stands_over_a_restart(void **state _unused_) {
        for (unsigned knows_votes = 0; knows_votes < 2; knows_votes++) {
                Bench b;

                open_in_regions(&b, 4);
                b.cut_region = EU;
                time_until(&b, VERDICT_PARTIAL, 20 * SEC);
                run(&b, 15 * SEC);
                restart(&b, knows_votes > 0);
                assert_int_equal(site_state(b.site), VERDICT_PARTIAL);
                run(&b, 2 * USEC_PER_MIN);
                assert_int_equal(b.verdicts, 2);
                assert_int_equal(b.panels, 4);
                b.cut_region = 0;
                time_until(&b, VERDICT_UP, 20 * SEC);
                assert_int_equal(on_panels(&b), 0);
                bench_close(&b);
        }
}

static void what_a_restart_finds_of_no_panel_is_taken_back(void **state _unused_) {
        Bench b;

        open_in_regions(&b, 4);
        b.cut_region = EU;
        time_until(&b, VERDICT_PARTIAL, 20 * SEC);
        for (uint32_t i = 0; i < b.roster.n; i++)
                if (b.people[i].on_panel)
                        b.items[i].region = 0; /* the admin took it back meanwhile */
        b.cut_region = 0;
        restart(&b, true);
        assert_int_equal(on_panels(&b), 0);
        run(&b, USEC_PER_MIN);
        assert_int_equal(site_state(b.site), VERDICT_UP);
        assert_int_equal(b.verdict.n_regions, 0);
        bench_close(&b);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_outage_of_a_region_is_partial_with_its_name),
                cmocka_unit_test(two_liars_of_a_region_change_nothing_and_cost_little),
                cmocka_unit_test(fewer_than_four_only_annotate),
                cmocka_unit_test(a_panel_that_does_not_agree_ends),
                cmocka_unit_test(an_outage_everywhere_ends_it_and_starts_none),
                cmocka_unit_test(flipping_liars_do_not_buy_panels),
                cmocka_unit_test(who_is_suspended_says_nothing_on_a_panel),
                cmocka_unit_test(epochs_that_wait_let_panels_wait),
                cmocka_unit_test(a_changed_website_asks_its_region_anew),
                cmocka_unit_test(a_panel_stands_over_a_restart),
                cmocka_unit_test(what_a_restart_finds_of_no_panel_is_taken_back),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
