/* Rendezvous order, caps, fairness and movement. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "hub/committee.h"
#include "hub/votes.h"

#define NOW    (UINT64_C(1750000000) * USEC_PER_SEC)
#define CROWD  100
#define SYBILS 30

static const uint8_t secret[32] = { 42 };

typedef struct Net {
        Candidate items[CROWD];
        Roster roster;
        Uuid website;
        CommitteeRule rule;
} Net;

/* n validators, all different in everything and connected for long. */
static void net_fill(Net *net, size_t n, uint8_t seats) {
        *net = (Net){ .website = { { 1, 2, 3 } } };
        for (size_t i = 0; i < n; i++) {
                net->items[i] = (Candidate){ .validator = i + 1,
                                             .operator_id = i + 1,
                                             .prefix = i + 1,
                                             .block = i + 1,
                                             .asn = i + 1,
                                             .region = 1,
                                             .connected_since = NOW - USEC_PER_HOUR };
                net->items[i].key[0] = i;
                net->items[i].key[31] = 7;
        }
        net->roster = (Roster){ .items = net->items, .n = n };
        net->rule = (CommitteeRule){
                .roster = &net->roster, .website = &net->website, .secret = secret, .seats = seats
        };
}

static bool anybody(const Candidate *c, void *userdata) {
        const uint32_t *taken = userdata;

        for (size_t i = 0; taken[i] != 0; i++)
                if (taken[i] == c->validator)
                        return false;
        return true;
}

/* The members as if all seats were filled at once. */
static size_t choose(const Committee *c, uint32_t *ret) {
        size_t n = 0;

        memset(ret, 0, (SEATS_MAX + 1) * sizeof(*ret));
        while (n < c->n) {
                uint32_t next = committee_next(c, ret, n, anybody, ret);

                if (next == 0)
                        break;
                ret[n++] = next;
        }
        return n;
}

static void those_who_chose_from_the_same_have_one_list(void **state _unused_) {
        IdSetMemo memo = { 0 };
        Committee a, b, alone;
        Net net;

        net_fill(&net, 9, 4);
        net.roster.memo = &memo;
        assert_int_equal(committee_form(&a, &net.rule, NOW), 0);
        assert_int_equal(committee_form(&b, &net.rule, NOW), 0);
        assert_ptr_equal(b.listed, a.listed);
        net.roster.memo = NULL;
        assert_int_equal(committee_form(&alone, &net.rule, NOW), 0);
        assert_ptr_not_equal(alone.listed, a.listed);
        committee_done(&a);
        id_set_memo_done(&memo);
        assert_true(committee_lists(&b, 9));
        committee_done(&b);
        committee_done(&alone);
}

static void n_is_bounded_by_seats_and_operators(void **state) {
        Committee c;
        Net net;

        (void)state;
        net_fill(&net, 6, 4);
        assert_int_equal(committee_size(&net.rule, NOW), 4);
        for (size_t i = 0; i < 6; i++)
                net.items[i].operator_id = 1 + i % 2;
        assert_int_equal(committee_size(&net.rule, NOW), 2);
        assert_int_equal(committee_form(&c, &net.rule, NOW), 0);
        assert_int_equal(c.n, 2);
        assert_int_equal(c.n_order, 6);
        assert_int_equal(c.assurance, ASSURANCE_REDUCED);
        committee_done(&c);
}

static void caps_hold_when_the_network_is_wide_enough(void **state) {
        uint32_t members[SEATS_MAX + 1];
        Committee c;
        Net net;

        (void)state;
        net_fill(&net, CROWD, 7);
        for (size_t i = 0; i < CROWD; i++) {
                net.items[i].asn = i < 12 ? 100 : 200 + i;
                net.items[i].block = i % 3 == 0 ? 50 : 60 + i;
        }
        for (uint8_t site = 0; site < 100; site++) {
                unsigned asn = 0, block = 0;

                net.website.bytes[5] = site;
                assert_int_equal(committee_form(&c, &net.rule, NOW), 0);
                assert_int_equal(c.caps, CAPS_ALL);
                assert_int_equal(c.assurance, ASSURANCE_FULL);
                assert_int_equal(choose(&c, members), 7);
                for (size_t i = 0; i < 7; i++) {
                        asn += roster_find(&net.roster, members[i])->asn == 100;
                        block += roster_find(&net.roster, members[i])->block == 50;
                }
                assert_true(asn <= 3 && block <= 3);
                committee_done(&c);
        }
}

static void one_machine_still_fills_the_seats(void **state) {
        uint32_t members[SEATS_MAX + 1];
        Committee c;
        Net net;

        (void)state;
        net_fill(&net, 4, 4);
        for (size_t i = 0; i < 4; i++) {
                net.items[i].operator_id = net.items[i].asn = 0;
                net.items[i].prefix = net.items[i].block = 9;
        }
        assert_int_equal(committee_form(&c, &net.rule, NOW), 0);
        assert_int_equal(c.n, 4);
        assert_int_equal(c.assurance, ASSURANCE_REDUCED);
        assert_int_equal(choose(&c, members), 4);
        committee_done(&c);
        net.roster.n = 1;
        assert_int_equal(committee_form(&c, &net.rule, NOW), 0);
        assert_int_equal(c.assurance, ASSURANCE_SINGLE);
        committee_done(&c);
}

/* Caps are settled by who is eligible, not by who is there: cutting off the honest relaxes nothing.
 */
static bool is_sybil(const Candidate *c, void *userdata) {
        return c->asn == 100 && anybody(c, userdata);
}

static void the_absence_of_others_relaxes_nothing(void **state) {
        uint32_t members[SEATS_MAX + 1] = { 0 };
        Committee c;
        Net net;
        size_t n = 0;

        (void)state;
        net_fill(&net, CROWD, 7);
        for (size_t i = 0; i < 12; i++)
                net.items[i].asn = 100;
        assert_int_equal(committee_form(&c, &net.rule, NOW), 0);
        while (n < c.n && (members[n] = committee_next(&c, members, n, is_sybil, members)) != 0)
                n++;
        assert_int_equal(n, 3);
        committee_done(&c);
}

/* With 10^4 websites for each of ten equal ones. */
static void load_is_fair(void **state) {
        unsigned load[CROWD + 1] = { 0 }, n = 10, sites = 10000 * n / 4, most = 0,
                              least = UINT32_MAX;
        uint32_t members[SEATS_MAX + 1];
        Committee c;
        Net net;

        (void)state;
        net_fill(&net, n, 4);
        for (unsigned site = 0; site < sites; site++) {
                net.website.bytes[6] = site & 0xff;
                net.website.bytes[7] = site >> 8;
                assert_int_equal(committee_form(&c, &net.rule, NOW), 0);
                assert_int_equal(choose(&c, members), 4);
                for (size_t i = 0; i < 4; i++)
                        load[members[i]]++;
                committee_done(&c);
        }
        for (size_t i = 1; i <= n; i++) {
                most = MAX(most, load[i]);
                least = MIN(least, load[i]);
        }
        printf("%u websites: %u to %u for each of %u, 10000 were fair\n", sites, least, most, n);
        assert_true(least >= 9700 && most <= 10300);
}

/* Thirty of a hundred come from one network, each with an operator and a prefix of its own. */
static void expect_capped(uint8_t seats, uint8_t cap, bool by_asn) {
        unsigned sites = 2000, sum = 0, most = 0;
        uint32_t members[SEATS_MAX + 1];
        Committee c;
        Net net;

        net_fill(&net, CROWD, seats);
        for (size_t i = 0; i < SYBILS; i++) {
                net.items[i].asn = by_asn ? 9999 : net.items[i].asn;
                net.items[i].block = by_asn ? net.items[i].block : 9999;
        }
        for (unsigned site = 0; site < sites; site++) {
                unsigned sybils = 0;

                net.website.bytes[6] = site & 0xff;
                net.website.bytes[7] = site >> 8;
                assert_int_equal(committee_form(&c, &net.rule, NOW), 0);
                assert_int_equal(c.caps, CAPS_ALL);
                assert_int_equal(choose(&c, members), seats);
                for (size_t i = 0; i < seats; i++)
                        sybils += members[i] <= SYBILS;
                assert_true(sybils <= cap);
                most = MAX(most, sybils);
                sum += sybils;
                committee_done(&c);
        }
        assert_int_equal(most, cap); /* they do reach it */
        printf("30 %% under one %s, %u seats: %.1f %% of the seats, at most %u\n",
               by_asn ? "ASN" : "/16", seats, 100.0 * sum / (sites * seats), most);
        assert_true(sum <= sites * seats * 3 / 10);
}

static void a_third_of_sybils_gets_its_cap(void **state) {
        (void)state;
        expect_capped(4, 2, true);
        expect_capped(4, 2, false);
        expect_capped(7, 3, true);
        expect_capped(7, 3, false);
}

/* Of 4000 websites: only who sat loses a seat, and one other takes it. */
static void one_leaving_moves_only_its_share(void **state) {
        uint32_t before[SEATS_MAX + 1], after[SEATS_MAX + 1];
        unsigned held = 0, changed = 0;
        Committee a, b;
        Net net, less;

        (void)state;
        net_fill(&net, 12, 4);
        less = net;
        less.items[11] = (Candidate){ 0 };
        less.roster = (Roster){ .items = less.items, .n = 11 };
        less.rule.roster = &less.roster;
        less.rule.website = net.rule.website = &net.website;
        for (unsigned site = 0; site < 4000; site++) {
                size_t moved = 0;
                bool was = false;

                net.website.bytes[8] = site & 0xff;
                net.website.bytes[9] = site >> 8;
                assert_int_equal(committee_form(&a, &net.rule, NOW), 0);
                assert_int_equal(committee_form(&b, &less.rule, NOW), 0);
                choose(&a, before);
                choose(&b, after);
                for (size_t i = 0; i < 4; i++) {
                        was = was || before[i] == 12;
                        moved += anybody(roster_find(&less.roster, after[i]), before);
                }
                assert_int_equal(moved, was ? 1 : 0);
                held += was;
                changed += moved;
                committee_done(&a);
                committee_done(&b);
        }
        assert_int_equal(changed, held);
        assert_in_range(held, 4000 / 3 * 95 / 100, 4000 / 3 * 105 / 100);
}

/* Whoever is of a rare region sits everywhere. */
static void a_minimum_is_met_where_it_can_be(void **state) {
        uint32_t members[SEATS_MAX + 1];
        Committee c;
        Net net;

        (void)state;
        net_fill(&net, 20, 4);
        net.rule.minima = (Minima){ .regions = 3, .asns = 2 };
        for (size_t i = 0; i < 20; i++)
                net.items[i].region = i < 2 ? 1 + i : 7; /* two of them are rare */
        for (unsigned site = 0; site < 300; site++) {
                bool rare[2] = { false, false };

                net.website.bytes[5] = site & 0xff;
                net.website.bytes[4] = site >> 8;
                assert_int_equal(committee_form(&c, &net.rule, NOW), 0);
                assert_false(c.unmet);
                assert_int_equal(c.assurance, ASSURANCE_FULL);
                assert_int_equal(choose(&c, members), 4);
                for (size_t i = 0; i < 4; i++)
                        if (members[i] <= 2)
                                rare[members[i] - 1] = true;
                assert_true(rare[0] && rare[1]);
                assert_true(committee_suffices(&c, members, 4));
                committee_done(&c);
        }
        net.items[1].region = 0;
        assert_int_equal(committee_form(&c, &net.rule, NOW), 0);
        assert_true(c.unmet);
        assert_int_equal(c.n, 4);
        assert_int_equal(c.caps, CAPS_ALL);
        assert_int_equal(c.assurance, ASSURANCE_REDUCED);
        assert_int_equal(choose(&c, members), 4);
        committee_done(&c);
}

/* More seats than there are validators, more regions than there are seats. */
static void what_is_impossible_is_reduced(void **state) {
        Committee c;
        Net net;

        (void)state;
        net_fill(&net, 5, 16);
        net.rule.minima = (Minima){ .regions = 16, .operators = 9 };
        assert_int_equal(committee_form(&c, &net.rule, NOW), 0);
        assert_int_equal(c.n, 5);
        assert_true(c.unmet);
        assert_int_equal(c.assurance, ASSURANCE_REDUCED);
        committee_done(&c);
        net.roster.n = 0;
        assert_int_equal(committee_form(&c, &net.rule, NOW), 0);
        assert_int_equal(c.n, 0);
        assert_int_equal(c.assurance, ASSURANCE_SINGLE);
        committee_done(&c);
}

static void a_restored_list_gives_the_same_choice(void **state) {
        uint32_t before[SEATS_MAX + 1], after[SEATS_MAX + 1];
        CommitteePast past;
        Committee a, b;
        Net net;

        (void)state;
        net_fill(&net, 12, 5);
        assert_int_equal(committee_form(&a, &net.rule, NOW), 0);
        past = (CommitteePast){ .order = a.order, .n_order = a.n_order, .n = a.n };
        assert_int_equal(committee_restore(&b, &net.rule, &past), 0);
        assert_int_equal(a.caps, b.caps);
        assert_int_equal(choose(&a, before), choose(&b, after));
        assert_memory_equal(before, after, sizeof(before));
        assert_true(committee_lists(&b, 12));
        committee_done(&b);
        net.roster.n = 3; /* the others were suspended since: n stays what it was */
        assert_int_equal(committee_restore(&b, &net.rule, &past), 0);
        assert_int_equal(b.n, 5);
        assert_false(committee_lists(&b, 13));
        committee_done(&a);
        committee_done(&b);
}

static void what_was_settled_is_not_settled_again(void **state) {
        const uint32_t order[] = { 3, 1, 2 };
        CommitteePast past = { .order = order,
                               .n_order = 3,
                               .n = 2,
                               .settled = true,
                               .caps = CAPS_PREFIX,
                               .unmet = true };
        Committee c;
        Net net;

        (void)state;
        net_fill(&net, 12, 5);
        net.rule.minima.operators = 2;
        assert_int_equal(committee_restore(&c, &net.rule, &past), 0);
        assert_int_equal(c.caps, CAPS_PREFIX);
        assert_true(c.unmet);
        assert_int_equal(c.minima.operators, 0);
        committee_done(&c);
        past.unmet = false;
        assert_int_equal(committee_restore(&c, &net.rule, &past), 0);
        assert_int_equal(c.minima.operators, 2);
        committee_done(&c);
        past.settled = false;
        assert_int_equal(committee_restore(&c, &net.rule, &past), 0);
        assert_int_equal(c.caps, CAPS_ALL);
        committee_done(&c);
}

/* As it is stored: the beginning of the order, and all in another. */
static void restore_of(Committee *ret, const Net *net, const Committee *whole) {
        uint32_t listed[CROWD];
        const CommitteePast past = { .order = whole->order,
                                     .n_order = committee_known(CROWD, 4),
                                     .listed = listed,
                                     .n_listed = CROWD,
                                     .n = 4,
                                     .settled = true,
                                     .caps = whole->caps,
                                     .unmet = whole->unmet };

        for (size_t i = 0; i < CROWD; i++)
                listed[i] = whole->order[CROWD - 1 - i];
        assert_int_equal(committee_restore(ret, &net->rule, &past), 0);
        assert_int_equal(ret->caps, whole->caps);
        assert_memory_equal(&ret->minima, &whole->minima, sizeof(whole->minima));
}

/* Ids that are `apart` from each other. */
static void expect_the_same_choice(uint32_t apart) {
        uint32_t away[CROWD + 1] = { 0 }, seated[3] = { 0 };
        Committee whole, compact, restored;
        Net net;

        net_fill(&net, CROWD, 4);
        for (size_t i = 0; i < CROWD; i++) {
                net.items[i].validator *= apart;
                net.items[i].operator_id = 1 + i % 13;
        }
        assert_int_equal(committee_form(&whole, &net.rule, NOW), 0);
        assert_int_equal(committee_form(&compact, &net.rule, NOW), 0);
        committee_compact(&compact);
        restore_of(&restored, &net, &whole);
        assert_int_equal(compact.n_order, 32);
        assert_int_equal(restored.n_order, 32);
        assert_int_equal(whole.n_order, CROWD);
        for (size_t n = 0; n < CROWD; n++) {
                uint32_t next = committee_next(&whole, seated, 2, anybody, away);

                assert_int_equal(committee_next(&compact, seated, 2, anybody, away), next);
                assert_int_equal(committee_next(&restored, seated, 2, anybody, away), next);
                if (next == 0)
                        break;
                away[n] = next;
                if (n % 5 == 0)
                        seated[n / 5 % 2] = whole.order[CROWD - 1 - n];
        }
        assert_true(away[40] != 0);
        for (uint32_t v = 0; v <= CROWD + 8; v++) {
                assert_int_equal(committee_lists(&compact, v * apart), v >= 1 && v <= CROWD);
                assert_false(apart > 1 && committee_lists(&compact, v * apart + 1));
        }
        committee_done(&whole);
        committee_done(&compact);
        committee_done(&restored);
}

/* By the order and without it, whoever is away: also when nobody of its beginning is there. */
static void a_compacted_order_goes_on_as_before(void **state) {
        (void)state;
        expect_the_same_choice(1);
        expect_the_same_choice(100000);
}

static bool even(const Candidate *c, void *userdata) {
        (void)userdata;
        return c->validator % 2 == 0;
}

static void tags_filter(void **state) {
        Committee c;
        Net net;

        (void)state;
        net_fill(&net, 6, 6);
        net.rule.admits = even;
        assert_int_equal(committee_form(&c, &net.rule, NOW), 0);
        assert_int_equal(c.n, 3);
        assert_false(committee_lists(&c, 3));
        committee_done(&c);
}

static void an_assurance_has_a_name(void **state _unused_) {
        for (Assurance a = 0; a < _ASSURANCE_MAX; a++)
                assert_int_equal(assurance_from_name(assurance_name(a)), a);
        assert_int_equal(assurance_from_name("of a hub to come"), ASSURANCE_REDUCED);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_assurance_has_a_name),
                cmocka_unit_test(those_who_chose_from_the_same_have_one_list),
                cmocka_unit_test(n_is_bounded_by_seats_and_operators),
                cmocka_unit_test(caps_hold_when_the_network_is_wide_enough),
                cmocka_unit_test(one_machine_still_fills_the_seats),
                cmocka_unit_test(the_absence_of_others_relaxes_nothing),
                cmocka_unit_test(load_is_fair),
                cmocka_unit_test(one_leaving_moves_only_its_share),
                cmocka_unit_test(a_third_of_sybils_gets_its_cap),
                cmocka_unit_test(a_minimum_is_met_where_it_can_be),
                cmocka_unit_test(what_is_impossible_is_reduced),
                cmocka_unit_test(a_restored_list_gives_the_same_choice),
                cmocka_unit_test(what_was_settled_is_not_settled_again),
                cmocka_unit_test(a_compacted_order_goes_on_as_before),
                cmocka_unit_test(tags_filter),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
