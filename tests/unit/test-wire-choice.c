/* Scores, leaves, and whom caps and minima let sit beside each other. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "wire/choice.h"
#include "wire/merkle.h"

#define CROWD 40

typedef struct Crowd {
        Origin items[CROWD];
        ChoiceList list;
} Crowd;

static bool at(size_t i, Origin *ret, void *userdata) {
        const Crowd *c = userdata;

        *ret = c->items[i];
        return true;
}

/* All different in everything. */
static void crowd_fill(Crowd *c, size_t n) {
        for (size_t i = 0; i < n; i++)
                c->items[i] = (Origin){ 1 + i, 1 + i, 1 + i, 1 + i, 1 + i };
        c->list = (ChoiceList){ n, at, c };
}

static unsigned count_regions(const Settled *s) {
        unsigned n = 0;

        for (size_t i = 0; i < s->company.n; i++) {
                bool seen = s->company.members[i].region == 0;

                for (size_t k = 0; k < i; k++)
                        seen = seen || s->company.members[k].region == s->company.members[i].region;
                n += !seen;
        }
        return n;
}

static unsigned count_asns(const Settled *s) {
        unsigned n = 0;

        for (size_t i = 0; i < s->company.n; i++) {
                bool seen = s->company.members[i].asn == 0;

                for (size_t k = 0; k < i; k++)
                        seen = seen || s->company.members[k].asn == s->company.members[i].asn;
                n += !seen;
        }
        return n;
}

/* HMAC and leaf by the definition, from a program that knows nothing of this one: Python's hmac. */
static void bytes_are_as_described(void **state _unused_) {
        static const uint8_t score_expected[] = { 0x22, 0xa9, 0x26, 0xd2, 0x57, 0x8f, 0xdc, 0xf8,
                                                  0x14, 0x08, 0x67, 0x09, 0x9b, 0x27, 0x1b, 0x96,
                                                  0x9c, 0xab, 0x0d, 0xe6, 0x14, 0x39, 0x1b, 0x02,
                                                  0xb6, 0x93, 0x9e, 0x66, 0x1e, 0x5f, 0x85, 0x01 };
        static const uint8_t leaf_expected[] = { 0xb0, 0x43, 0xf0, 0x1c, 0x6a, 0xf6, 0x2a, 0xaf,
                                                 0xc9, 0x55, 0x35, 0x6a, 0xad, 0xc5, 0xf3, 0x14,
                                                 0xe2, 0xdb, 0xdd, 0xef, 0xb0, 0xac, 0xaa, 0xe2,
                                                 0x5a, 0xea, 0x50, 0x3d, 0xc5, 0x98, 0xf4, 0x5b };
        const uint8_t secret[32] = { 1 }, key[32] = { 2 }, salt[32] = { 3 };
        const Origin o = { 0x0102030405060708, 0x1112131415161718, 0x2122232425262728, 0x31323334,
                           0x41424344 };
        uint8_t leaf[CHOICE_LEAF_SIZE], bytes[CHOICE_ORIGIN_SIZE];
        Origin again = { 0 };
        ChoiceScore score;
        HmacSha256 keyed;

        hmac_sha256_begin(&keyed, secret, sizeof(secret));
        choice_score(&keyed, &(const Uuid){ { 9 } }, key, &score);
        assert_memory_equal(score.bytes, score_expected, sizeof(score_expected));
        assert_ptr_equal(score.key, key);
        choice_leaf(key, salt, &o, leaf);
        assert_memory_equal(leaf, key, 32);
        assert_memory_equal(leaf + 32, leaf_expected, 32);
        origin_encode(&o, bytes);
        origin_decode(bytes, &again);
        assert_memory_equal(&o, &again, sizeof(o));
}

static void greater_scores_are_first_and_then_smaller_keys(void **state _unused_) {
        static const uint8_t keys[][32] = { { 0, 9 }, { 1 }, { 0xff }, { 2 } };
        ChoiceScore scores[] = {
                { { 7, 1 }, keys[3] }, { { 7, 1 }, keys[1] }, { { 0xff }, keys[2] },
                { { 7, 1 }, keys[0] }, { { 7, 2 }, keys[3] },
        };

        qsort(scores, ELEMENTSOF(scores), sizeof(scores[0]), choice_compare);
        assert_ptr_equal(scores[0].key, keys[2]);
        assert_int_equal(scores[1].bytes[1], 2);
        for (size_t i = 0; i < 2; i++)
                assert_ptr_equal(scores[2 + i].key, keys[i]);
        assert_ptr_equal(scores[4].key, keys[3]);
        assert_int_equal(choice_compare(&scores[4], &scores[4]), 0);
}

static void the_root_is_over_ascending_keys(void **state _unused_) {
        uint8_t leaves[3][CHOICE_LEAF_SIZE] = { { 3, 1 }, { 1, 1 }, { 2, 1 } };
        Hash hashes[3], expected, root;

        for (uint8_t i = 0; i < 3; i++)
                merkle_leaf((uint8_t[CHOICE_LEAF_SIZE]){ i + 1, 1 }, CHOICE_LEAF_SIZE, NULL, 0,
                            &hashes[i]);
        merkle_root(hashes, 3, &expected);
        assert_int_equal(choice_root(leaves, 3, &root), 0);
        assert_memory_equal(&root, &expected, sizeof(root));
        merkle_root(hashes, 0, &expected);
        assert_int_equal(choice_root(leaves, 0, &root), 0);
        assert_memory_equal(&root, &expected, sizeof(root));
}

static void caps_have_names(void **state _unused_) {
        for (int i = 0; i < _CAPS_MAX; i++)
                assert_int_equal(cap_level_from_name(cap_level_name(i)), i);
        assert_int_equal(cap_level_from_name("none"), -EINVAL);
}

static void caps_give_way_in_order(void **state _unused_) {
        const Minima none = { 0 };
        Settled s;
        Crowd c;

        crowd_fill(&c, 4);
        choice_settle(&c.list, 4, &none, &s);
        assert_int_equal(s.terms.caps, CAPS_ALL);
        assert_int_equal(s.terms.n, 4);
        for (size_t i = 0; i < 4; i++)
                c.items[i].asn = 7;
        choice_settle(&c.list, 4, &none, &s);
        assert_int_equal(s.terms.caps, CAPS_PREFIX);
        c.items[0].prefix = c.items[1].prefix;
        choice_settle(&c.list, 4, &none, &s);
        assert_int_equal(s.terms.caps, CAPS_OPERATOR);
        assert_int_equal(s.terms.n, 4);
        c.items[0].operator_id = c.items[1].operator_id;
        choice_settle(&c.list, 4, &none, &s);
        assert_int_equal(s.terms.n, 3);
        choice_settle(&(const ChoiceList){ 0, at, &c }, 4, &none, &s);
        assert_int_equal(s.terms.n, 0);
        assert_false(s.unmet);
}

/* One of another region is the last in the order; who comes before it makes room. */
static void a_minimum_is_met_by_whoever_can(void **state _unused_) {
        const Minima two = { .regions = 2 };
        Settled s;
        Crowd c;

        crowd_fill(&c, CROWD);
        for (size_t i = 0; i < CROWD; i++)
                c.items[i].region = i == CROWD - 1 ? 2 : i % 2; /* 0 is not known */
        choice_settle(&c.list, 4, &two, &s);
        assert_false(s.unmet);
        assert_int_equal(s.terms.n, 4);
        assert_int_equal(s.terms.caps, CAPS_ALL);
        assert_int_equal(count_regions(&s), 2);
        assert_int_equal(s.places[0], 0);
        assert_int_equal(s.places[3], CROWD - 1);
        c.items[CROWD - 1].region = 1;
        choice_settle(&c.list, 4, &two, &s);
        assert_true(s.unmet);
        assert_int_equal(s.terms.n, 4);
        assert_false(minima_ask(&s.terms.minima));
        assert_int_equal(s.places[3], 3);
}

/* What the owner asks for counts more than caps. */
static void caps_give_way_to_a_minimum(void **state _unused_) {
        const Minima three = { .regions = 3 };
        Settled s;
        Crowd c;

        crowd_fill(&c, CROWD);
        for (size_t i = 0; i < CROWD; i++) {
                c.items[i].region = MIN(i, (size_t)3);
                c.items[i].asn = i < 3 ? 7 : 10 + (uint32_t)i;
        }
        choice_settle(&c.list, 3, &three, &s);
        assert_false(s.unmet);
        assert_int_equal(s.terms.caps, CAPS_PREFIX); /* two of the three are in one network */
        assert_int_equal(count_regions(&s), 3);
        c.items[2].region = 1;
        choice_settle(&c.list, 3, &three, &s);
        assert_true(s.unmet);
        assert_int_equal(s.terms.caps, CAPS_ALL);
}

/* With three seats for six steps, each has to bring a region and a network. */
static void several_minima_share_seats(void **state _unused_) {
        const Minima both = { .regions = 3, .asns = 3 }, loose = { .regions = 2, .asns = 3 };
        Settled s;
        Crowd c;

        crowd_fill(&c, CROWD);
        for (size_t i = 0; i < CROWD; i++) {
                c.items[i].region = 1 + (uint32_t)i / 10;
                c.items[i].asn = 1 + (uint32_t)i / 5;
        }
        choice_settle(&c.list, 3, &both, &s);
        assert_false(s.unmet);
        assert_int_equal(count_regions(&s), 3);
        assert_int_equal(count_asns(&s), 3);
        assert_int_equal(s.places[1], 10);
        choice_settle(&c.list, 4, &loose, &s);
        assert_false(s.unmet);
        assert_true(count_regions(&s) >= 2 && count_asns(&s) >= 3);
        choice_settle(&c.list, 4, &(const Minima){ .operators = 4 }, &s);
        assert_false(s.unmet);
        c.items[0].operator_id = 0;
        choice_settle(&c.list, 4, &(const Minima){ .operators = 4 }, &s);
        assert_false(s.unmet);
        assert_int_not_equal(s.places[0], 0);
        choice_settle(&c.list, 4, &(const Minima){ .regions = 5 }, &s);
        assert_true(s.unmet);
}

/* Who sits was chosen; one seat is free. */
static void a_successor_keeps_the_minimum(void **state _unused_) {
        const ChoiceTerms t = { .n = 3, .caps = CAPS_ALL, .minima = { .regions = 2 } };
        Company company = { .members = { { 1, 1, 1, 1, 1 }, { 2, 2, 2, 2, 1 } }, .n = 2 };
        const Origin same = { 3, 3, 3, 3, 1 }, other = { 4, 4, 4, 4, 2 },
                     unknown = { 5, 5, 5, 5, 0 };

        assert_false(choice_allows(&t, &company, &same));
        assert_false(choice_allows(&t, &company, &unknown));
        assert_true(choice_allows(&t, &company, &other));
        company.members[1].region = 2;
        assert_true(choice_allows(&t, &company, &same));
        assert_true(choice_allows(&t, &company, &unknown));
        company.n = CHOICE_SEATS_MAX;
        assert_false(choice_allows(&t, &company, &other));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(bytes_are_as_described),
                cmocka_unit_test(greater_scores_are_first_and_then_smaller_keys),
                cmocka_unit_test(the_root_is_over_ascending_keys),
                cmocka_unit_test(caps_have_names),
                cmocka_unit_test(caps_give_way_in_order),
                cmocka_unit_test(a_minimum_is_met_by_whoever_can),
                cmocka_unit_test(caps_give_way_to_a_minimum),
                cmocka_unit_test(several_minima_share_seats),
                cmocka_unit_test(a_successor_keeps_the_minimum),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
