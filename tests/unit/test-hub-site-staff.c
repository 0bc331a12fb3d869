/* Who sits where: replacement, growth, epochs, fewer seats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "site-fixture.h"

static void a_missing_member_is_missing_then_replaced(void **state) {
        Bench b;
        uint32_t gone = 0;

        (void)state;
        bench_open(&b, 5, 4);
        run(&b, 60 * SEC);
        while (!b.people[gone].seated)
                gone++;
        connect(&b, gone + 1, false);
        run(&b, 29 * SEC);
        assert_true(b.people[gone].seated);
        run(&b, 2 * SEC);
        assert_false(b.people[gone].seated);
        assert_int_equal(b.assigned, 5);
        run(&b, 60 * SEC);
        connect(&b, gone + 1, true);
        run(&b, 60 * SEC);
        assert_int_equal(b.assigned, 5); /* the seat is not given back */
        assert_int_equal(b.verdicts, 1);
        bench_close(&b);
}

static void cutting_off_the_honest_makes_no_quorum_of_a_liar(void **state) {
        Bench b;

        (void)state;
        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        b.people[3].manner = MANNER_SAYS_DOWN;
        for (uint32_t i = 1; i <= 3; i++)
                connect(&b, i, false);
        run(&b, 3 * USEC_PER_HOUR);
        assert_int_equal(b.epoch.n, 4);
        assert_int_equal(b.incidents, 0);
        assert_int_not_equal(site_state(b.site), VERDICT_DOWN);
        bench_close(&b);
}

static void the_committee_grows_and_the_verdict_stands(void **state) {
        Bench b;

        (void)state;
        bench_open(&b, 4, 4);
        site_free(b.site);
        memset(b.people, 0, sizeof(b.people));
        for (int i = 1; i < 4; i++)
                b.items[i].connected_since = 0;
        b.epochs = b.n_pending = b.joins = 0;
        make_site(&b);
        site_start(b.site, b.now);
        time_until(&b, VERDICT_UP, 30 * SEC);
        assert_int_equal(b.epoch.n, 1);
        for (uint32_t i = 2; i <= 4; i++, run(&b, 2 * SEC))
                connect(&b, i, true);
        run(&b, 7900 * MSEC); /* 9.9 s after the last */
        assert_int_equal(b.epochs, 1);
        run(&b, 300 * MSEC);
        assert_int_equal(b.epochs, 2);
        assert_int_equal(b.epoch.n, 4);
        assert_int_equal(b.joins, 4);
        assert_int_equal(b.assigned, 4 + 1 + 4); /* of before; alone; all anew */
        run(&b, 60 * SEC);
        assert_int_equal(site_state(b.site), VERDICT_UP);
        assert_int_equal(b.unknowns + b.partials, 0);
        assert_int_equal(site_assurance(b.site), ASSURANCE_FULL);
        bench_close(&b);
}

/* It keeps the one it has. */
static void an_epoch_waits_for_its_turn(void **state) {
        Bench b;
        usec_t end;

        (void)state;
        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        b.too_many = true;
        end = b.epoch.ends;
        run(&b, end - b.now + 10 * SEC);
        assert_int_equal(b.epochs, 1);
        assert_in_range(b.postponed, 5, 20);
        assert_int_equal(site_state(b.site), VERDICT_UP);
        b.conf.seats = 3; /* what the user changes does not wait */
        assert_int_equal(site_reconfigure(b.site, &b.conf, b.now), 0);
        assert_int_equal(b.epochs, 2);
        run(&b, b.epoch.ends - b.now + 10 * SEC);
        assert_int_equal(b.epochs, 2);
        b.too_many = false;
        run(&b, 2 * SEC);
        assert_int_equal(b.epochs, 3);
        assert_int_equal(site_state(b.site), VERDICT_UP);
        bench_close(&b);
}

static void the_suspended_lose_seat_and_vote(void **state) {
        SiteSeatView view[SEATS_MAX];
        Bench b;

        (void)state;
        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        b.roster.n = 3;
        site_roster_changed(b.site, b.now);
        assert_false(b.people[3].seated);
        assert_int_equal(site_view(b.site, b.now, view), 4);
        for (size_t i = 0; i < 4; i++)
                assert_int_not_equal(view[i].validator, 4);
        assert_int_equal(site_state(b.site), VERDICT_UP);
        bench_close(&b);
}

static void who_never_voted_is_probed_as_it_returns(void **state) {
        Bench b;

        (void)state;
        bench_open(&b, 4, 4);
        b.people[0].manner = MANNER_SILENT;
        run(&b, 20 * SEC);
        connect(&b, 1, false);
        b.people[0].manner = MANNER_HONEST;
        connect(&b, 1, true);
        assert_int_equal(b.joins, 5);
        bench_close(&b);
}

static void an_epoch_changes_a_seat_at_a_time(void **state) {
        unsigned before = 0;
        Bench b;

        (void)state;
        bench_open(&b, 8, 4);
        run(&b, 60 * SEC);
        for (unsigned epoch = 2; epoch < 8; epoch++) {
                while (b.epochs < epoch) {
                        before = b.assigned;
                        run(&b, 10 * MSEC);
                }
                assert_true(b.assigned <= before + 1);
                run(&b, 5 * SEC);
        }
        assert_true(b.assigned >= 4 + 6); /* two of four move on average */
        assert_int_equal(b.verdicts, 1);
        bench_close(&b);
}

static void fewer_seats_keep_the_votes_of_who_stays(void **state) {
        for (uint8_t id = 0; id < 16; id++) {
                SiteSeatView view[SEATS_MAX];
                SiteConf conf;
                Bench b;

                (void)state;
                bench_open(&b, 4, 4);
                run(&b, 30 * SEC);
                conf = b.conf;
                conf.seats = b.conf.seats = 2;
                b.now += id * 1111 * SEC; /* other epochs, other choices */
                run(&b, 60 * SEC);
                b.emptied = 0;
                assert_int_equal(site_reconfigure(b.site, &conf, b.now), 0);
                assert_int_equal(b.epoch.n, 2);
                assert_int_equal(b.emptied & 12, 12);
                assert_int_equal(b.people[0].seated + b.people[1].seated + b.people[2].seated +
                                                 b.people[3].seated,
                                 2);
                assert_int_equal(site_view(b.site, b.now, view), 2);
                assert_int_equal(view[0].outcome, VOTE_UP);
                assert_int_equal(view[1].outcome, VOTE_UP);
                assert_int_equal(b.joins, 4);
                run(&b, 30 * SEC);
                assert_int_equal(site_assurance(b.site), ASSURANCE_REDUCED);
                bench_close(&b);
        }
}

static void nothing_moves_while_a_round_is_open(void **state) {
        SiteConf conf;
        Bench b;

        (void)state;
        bench_open(&b, 4, 4);
        run(&b, 60 * SEC);
        conf = b.conf;
        conf.interval = b.conf.interval = 20 * SEC;
        site_suspect(b.site, 1, b.now);
        assert_int_equal(site_reconfigure(b.site, &conf, b.now), 0);
        assert_int_equal(b.epochs, 1);
        run(&b, SEC);
        assert_int_equal(b.epochs, 2);
        bench_close(&b);
}

/* It declares less when it joins again: what it holds is of no use to it. */
static void who_cannot_do_it_any_more_gives_up_its_seat(void **state _unused_) {
        unsigned seated = 0, holder = PEOPLE, other = PEOPLE;
        Bench b;

        bench_open(&b, 6, 4);
        run(&b, 60 * SEC);
        for (unsigned i = 0; i < 6; i++)
                *(b.people[i].seated ? &holder : &other) = i;
        b.unable = UINT64_C(1) << holder | UINT64_C(1) << other;
        b.people[holder].manner = b.people[other].manner = MANNER_SILENT;
        connect(&b, other + 1, false);
        connect(&b, other + 1, true);
        connect(&b, holder + 1, false);
        connect(&b, holder + 1, true);
        run(&b, 30 * SEC);
        for (unsigned i = 0; i < 6; i++)
                seated += b.people[i].seated;
        assert_false(b.people[holder].seated || b.people[other].seated);
        assert_int_equal(seated, 4);
        assert_int_equal(b.epochs, 1);
        assert_int_equal(b.verdicts, 1);
        bench_close(&b);
}

static unsigned count_seated(const Bench *b) {
        unsigned n = 0;

        for (size_t i = 0; i < PEOPLE; i++)
                n += b->people[i].seated;
        return n;
}

static uint64_t seated_bits(const Bench *b) {
        uint64_t bits = 0;

        for (size_t i = 0; i < PEOPLE; i++)
                bits |= (uint64_t)b->people[i].seated << i;
        return bits;
}

/* The rules are others now; nothing else is asked for. */
static void change_rules(Bench *b, uint64_t unable) {
        b->unable = unable;
        assert_int_equal(site_reconfigure(b->site, &b->conf, b->now), 0);
}

static void new_rules_take_only_the_seats_of_whom_they_refuse(void **state _unused_) {
        unsigned assigned, first = 0;
        uint64_t before;
        Bench b;

        bench_open(&b, 8, 4);
        run(&b, 60 * SEC);
        before = seated_bits(&b);
        assigned = b.assigned;
        while (!b.people[first].seated)
                first++;
        change_rules(&b, UINT64_C(1) << first);
        run(&b, 40 * SEC);
        assert_int_equal(b.epochs, 1);
        assert_false(b.people[first].seated);
        assert_int_equal(count_seated(&b), 4);
        assert_int_equal(b.assigned, assigned + 1); /* the orders of the others stay in force */
        assert_int_equal(__builtin_popcountll(before & seated_bits(&b)), 3);
        assert_int_equal(b.verdicts, 1);

        change_rules(&b, 0); /* who may again waits for the next epoch: all seats are taken */
        run(&b, 40 * SEC);
        assert_int_equal(b.epochs, 1);
        assert_int_equal(b.assigned, assigned + 1);

        assigned = b.assigned;
        before = seated_bits(&b);
        b.conf.minima.operators = 2; /* another choice: who is chosen again keeps its order */
        change_rules(&b, 0);
        run(&b, 60 * SEC);
        assert_int_equal(b.epochs, 2);
        assert_int_equal(b.assigned, assigned + __builtin_popcountll(seated_bits(&b) & ~before));
        bench_close(&b);
}

/* Seats for whom nobody is left make no quorum impossible. */
static void rules_that_admit_fewer_make_a_smaller_committee(void **state _unused_) {
        Bench b;

        bench_open(&b, 8, 7);
        run(&b, 60 * SEC);
        assert_int_equal(b.verdict.assurance, ASSURANCE_FULL);
        change_rules(&b, 0xf8);
        run(&b, 60 * SEC);
        assert_int_equal(b.epoch.n, 3);
        assert_int_equal(seated_bits(&b), 7);
        assert_int_equal(site_state(b.site), VERDICT_UP);
        assert_int_equal(site_assurance(b.site), ASSURANCE_REDUCED);
        assert_int_equal(b.partials + b.unknowns, 0);
        change_rules(&b, 0);
        run(&b, 60 * SEC);
        assert_int_equal(b.epoch.n, 7);
        assert_int_equal(site_assurance(b.site), ASSURANCE_FULL);
        assert_int_equal(b.partials + b.unknowns, 0);
        bench_close(&b);
}

static void rules_that_admit_nobody_leave_nobody(void **state _unused_) {
        Bench b;

        bench_open(&b, 5, 4);
        run(&b, 60 * SEC);
        assert_int_equal(b.verdict.state, VERDICT_UP);
        assert_int_equal(b.verdict.assurance, ASSURANCE_FULL);
        change_rules(&b, 0xff);
        assert_int_equal(count_seated(&b), 0);
        assert_int_equal(b.lack, LACK_ANYBODY);
        assert_int_equal(b.lacks, 1);
        run(&b, 200 * SEC);
        assert_int_equal(site_state(b.site), VERDICT_UNKNOWN);
        assert_int_equal(b.verdict.assurance, ASSURANCE_SINGLE);
        assert_int_equal(b.lacks, 1);
        assert_int_equal(b.epochs, 1);

        change_rules(&b, 1);
        run(&b, 20 * SEC);
        assert_int_equal(site_state(b.site), VERDICT_UP);
        assert_int_equal(b.verdict.assurance, ASSURANCE_FULL);
        assert_int_equal(count_seated(&b), 4);
        assert_int_equal(b.lack, LACK_NOTHING);
        bench_close(&b);
}

/* It declares what is asked for when it comes again: as a newcomer, though it was on the list. */
static void who_is_admitted_after_all_is_a_newcomer(void **state _unused_) {
        Bench b;

        bench_open(&b, 5, 4);
        run(&b, 60 * SEC);
        change_rules(&b, 0xff);
        run(&b, 5 * SEC);
        b.unable = 0xfe;
        connect(&b, 1, false);
        connect(&b, 1, true);
        run(&b, 15 * SEC); /* it would be tried again in a minute anyway */
        assert_int_equal(b.epochs, 2);
        assert_int_equal(seated_bits(&b), 1);
        bench_close(&b);
}

/* From the start; it is tried again, and who comes later is taken. */
static void a_website_that_admits_nobody_yet(void **state _unused_) {
        Bench b;

        bench_prepare(&b, 4, 4);
        b.unable = 0xff;
        make_site(&b);
        site_start(b.site, b.now);
        run(&b, 30 * SEC);
        assert_int_equal(site_state(b.site), VERDICT_UNKNOWN);
        assert_int_equal(site_assurance(b.site), ASSURANCE_SINGLE);
        assert_int_equal(b.epochs, 0);
        assert_int_equal(b.lack, LACK_ANYBODY);
        b.unable = 0;
        site_roster_changed(b.site, b.now);
        run(&b, 20 * SEC);
        assert_int_equal(site_state(b.site), VERDICT_UP);
        assert_int_equal(count_seated(&b), 4);
        bench_close(&b);
}

static unsigned count_regions(const Bench *b) {
        uint64_t regions = 0;

        for (size_t i = 0; i < PEOPLE; i++)
                if (b->people[i].seated && b->items[i].region != 0)
                        regions |= UINT64_C(1) << b->items[i].region;
        return (unsigned)__builtin_popcountll(regions);
}

static void a_minimum_holds_over_absence(void **state _unused_) {
        Bench b;

        bench_prepare(&b, 8, 4);
        for (size_t i = 0; i < 8; i++)
                b.items[i].region = i < 2 ? 2 : 1;
        b.conf.minima.regions = 2;
        make_site(&b);
        site_start(b.site, b.now);
        run(&b, 60 * SEC);
        assert_int_equal(count_seated(&b), 4);
        assert_int_equal(count_regions(&b), 2);
        assert_int_equal(b.lacks, 0);
        /* Nobody of the other region is there: its seat stays empty. */
        connect(&b, 1, false);
        connect(&b, 2, false);
        run(&b, 120 * SEC);
        assert_int_equal(b.verdict.state, VERDICT_UP);
        assert_int_equal(__builtin_popcountll(seated_bits(&b) & ~UINT64_C(3)), 3);
        connect(&b, 2, true);
        run(&b, 60 * SEC);
        assert_int_equal(count_regions(&b), 2);
        assert_int_equal(count_seated(&b), 4);
        bench_close(&b);
}

static void prepare_one_region(Bench *b) {
        bench_prepare(b, 7, 4);
        for (size_t i = 0; i < 7; i++)
                b->items[i].region = 1;
        b->conf.minima.regions = 2;
}

static void a_minimum_that_cannot_be_met_is_told(void **state _unused_) {
        Bench b;

        prepare_one_region(&b);
        make_site(&b);
        site_start(b.site, b.now);
        run(&b, 60 * SEC);
        assert_int_equal(b.verdict.state, VERDICT_UP);
        assert_int_equal(b.verdict.assurance, ASSURANCE_REDUCED);
        assert_int_equal(count_seated(&b), 4);
        assert_int_equal(b.lack, LACK_DIFFERENT);
        assert_int_equal(b.lacks, 1);

        /* Where it is was found out: the committee is chosen anew. */
        b.items[6].region = 2;
        site_roster_changed(b.site, b.now);
        run(&b, 60 * SEC);
        assert_int_equal(b.epochs, 2);
        assert_int_equal(count_regions(&b), 2);
        assert_int_equal(b.lack, LACK_NOTHING);
        assert_int_equal(site_assurance(b.site), ASSURANCE_FULL);
        bench_close(&b);
}

/* One that joins does not wait for the next epoch. */
static void who_makes_up_for_a_lack_is_taken_when_it_joins(void **state _unused_) {
        Bench b;

        prepare_one_region(&b);
        b.items[6].region = 2;
        b.items[6].connected_since = 0;
        make_site(&b);
        site_start(b.site, b.now);
        run(&b, 60 * SEC);
        assert_int_equal(b.lack, LACK_DIFFERENT);
        connect(&b, 7, true);
        run(&b, 60 * SEC);
        assert_true(b.people[6].seated);
        assert_int_equal(b.lack, LACK_NOTHING);
        assert_int_equal(b.epochs, 2);
        bench_close(&b);
}

/* What the admin says of a member may break what the rules ask for. */
static void a_member_of_another_region_makes_an_epoch(void **state _unused_) {
        unsigned epochs;
        Bench b;

        bench_prepare(&b, 8, 4);
        for (size_t i = 0; i < 8; i++)
                b.items[i].region = i < 2 ? 2 : 1;
        b.conf.minima.regions = 2;
        make_site(&b);
        site_start(b.site, b.now);
        run(&b, 60 * SEC);
        epochs = b.epochs;
        for (size_t i = 2; i < 8; i++)
                b.items[i].asn = 50; /* of no matter to it */
        site_roster_changed(b.site, b.now);
        assert_int_equal(b.epochs, epochs);
        b.items[b.people[0].seated ? 0 : 1].region = 1;
        site_roster_changed(b.site, b.now);
        assert_true(count_regions(&b) == 2 || b.epochs == epochs + 1);
        run(&b, 60 * SEC);
        assert_int_equal(count_regions(&b), 2);
        bench_close(&b);
}

static uint32_t holder_of(const Bench *b, uint8_t seat) {
        for (uint32_t i = 0; i < b->roster.n; i++)
                if (b->people[i].seated && b->people[i].seat == seat)
                        return i + 1;
        return 0;
}

/* One stands in for the silent one, and then takes the seat of one that is away. */
static void who_stood_in_has_one_vote_when_it_sits_elsewhere(void **state _unused_) {
        SiteSeatView seats[4];
        uint32_t away;
        Bench b;

        bench_prepare(&b, 5, 4);
        make_site(&b);
        site_start(b.site, b.now);
        b.people[holder_of(&b, 0) - 1].manner = MANNER_SILENT;
        run(&b, 30 * SEC);
        away = holder_of(&b, 1);
        connect(&b, away, false);
        b.people[holder_of(&b, 2) - 1].manner = MANNER_SAYS_DOWN;
        run(&b, 25 * SEC);
        assert_true(b.spares > 0);
        assert_int_equal(site_view(b.site, b.now, seats), 4);
        assert_int_equal(seats[0].outcome, VOTE_UP);
        for (int i = 0; i < 1500 && holder_of(&b, 1) == away; i++)
                run(&b, 10 * MSEC);
        assert_true(holder_of(&b, 1) != away);
        assert_int_equal(site_view(b.site, b.now, seats), 4);
        assert_int_equal(seats[0].outcome, VOTE_MISSING);
        bench_close(&b);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_missing_member_is_missing_then_replaced),
                cmocka_unit_test(cutting_off_the_honest_makes_no_quorum_of_a_liar),
                cmocka_unit_test(the_committee_grows_and_the_verdict_stands),
                cmocka_unit_test(an_epoch_waits_for_its_turn),
                cmocka_unit_test(the_suspended_lose_seat_and_vote),
                cmocka_unit_test(who_never_voted_is_probed_as_it_returns),
                cmocka_unit_test(an_epoch_changes_a_seat_at_a_time),
                cmocka_unit_test(fewer_seats_keep_the_votes_of_who_stays),
                cmocka_unit_test(nothing_moves_while_a_round_is_open),
                cmocka_unit_test(who_cannot_do_it_any_more_gives_up_its_seat),
                cmocka_unit_test(new_rules_take_only_the_seats_of_whom_they_refuse),
                cmocka_unit_test(rules_that_admit_fewer_make_a_smaller_committee),
                cmocka_unit_test(rules_that_admit_nobody_leave_nobody),
                cmocka_unit_test(who_is_admitted_after_all_is_a_newcomer),
                cmocka_unit_test(a_website_that_admits_nobody_yet),
                cmocka_unit_test(a_minimum_holds_over_absence),
                cmocka_unit_test(a_minimum_that_cannot_be_met_is_told),
                cmocka_unit_test(who_makes_up_for_a_lack_is_taken_when_it_joins),
                cmocka_unit_test(who_stood_in_has_one_vote_when_it_sits_elsewhere),
                cmocka_unit_test(a_member_of_another_region_makes_an_epoch),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
