/* Lists of who was eligible: as bytes, by score, and stored once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "hub/committee.h"
#include "hub/eligible.h"
#include "wire/bytes.h"

#define NOW    (UINT64_C(1750000000) * USEC_PER_SEC)
#define PEOPLE 50

typedef struct Net {
        Candidate items[PEOPLE];
        Roster roster;
} Net;

static void net_fill(Net *net) {
        *net = (Net){ .roster = { .items = net->items, .n = PEOPLE } };
        for (size_t i = 0; i < PEOPLE; i++)
                net->items[i] = (Candidate){ .validator = (uint32_t)(300 + 7 * i),
                                             .key = { (uint8_t)(i * 37), (uint8_t)i },
                                             .operator_id = i + 1,
                                             .region = 9,
                                             .steady_until = NOW };
}

static void a_list_is_the_same_in_whatever_order(void **state _unused_) {
        const uint32_t some[] = { 307, 300, 321, 5 }, others[] = { 321, 307, 5, 300 };
        _cleanup_free_ uint8_t *a = NULL, *b = NULL;
        size_t n_a, n_b;
        Net net;

        net_fill(&net);
        a = eligible_list(&net.roster, some, 4, &n_a);
        b = eligible_list(&net.roster, others, 4, &n_b);
        assert_non_null(a);
        assert_non_null(b);
        assert_int_equal(n_a, 3 * ELIGIBLE_SIZE); /* nobody is 5 */
        assert_int_equal(n_b, n_a);
        assert_memory_equal(a, b, n_a);
        assert_int_equal(get_u32(a + ELIGIBLE_SIZE), 307);
        assert_memory_equal(a + ELIGIBLE_SIZE + 4, net.items[1].key, 32);
        assert_int_equal(get_u64(a + ELIGIBLE_SIZE + 36), 2);    /* its operator, ... */
        assert_int_equal(get_u32(a + 2 * ELIGIBLE_SIZE - 4), 9); /* ... its region */
}

static void where_somebody_is_from_makes_another_list(void **state _unused_) {
        const uint32_t all[] = { 300, 307 };
        _cleanup_free_ uint8_t *before = NULL, *after = NULL;
        size_t n_before, n_after;
        Net net;

        net_fill(&net);
        before = eligible_list(&net.roster, all, 2, &n_before);
        net.items[1].asn = 4;
        after = eligible_list(&net.roster, all, 2, &n_after);
        assert_non_null(before);
        assert_non_null(after);
        assert_int_equal(n_before, n_after);
        assert_memory_not_equal(before, after, n_before);
}

static void nobody_is_a_list(void **state _unused_) {
        _cleanup_free_ uint8_t *list = NULL, *ranking = NULL;
        _cleanup_free_ uint32_t *ids = NULL;
        size_t n, n_ids;
        Net net;

        net_fill(&net);
        list = eligible_list(&net.roster, NULL, 0, &n);
        assert_non_null(list);
        assert_int_equal(n, 0);
        ids = eligible_ids(list, n, ELIGIBLE_SIZE, &n_ids);
        assert_non_null(ids);
        assert_int_equal(n_ids, 0);
        ranking = eligible_ranking(ids, n_ids, &n);
        assert_non_null(ranking);
        assert_int_equal(n, 0);
}

static void a_ranking_keeps_its_order(void **state _unused_) {
        const uint32_t order[] = { 307, 300, 70000 };
        _cleanup_free_ uint8_t *ranking = NULL;
        _cleanup_free_ uint32_t *ids = NULL;
        size_t n, n_ids;

        ranking = eligible_ranking(order, ELEMENTSOF(order), &n);
        assert_non_null(ranking);
        assert_int_equal(n, 3 * RANKED_SIZE);
        assert_memory_equal(ranking, "\0\0\1\63\0\0\1\54\0\1\21\160", n);
        ids = eligible_ids(ranking, n, RANKED_SIZE, &n_ids);
        assert_non_null(ids);
        assert_int_equal(n_ids, ELEMENTSOF(order));
        assert_memory_equal(ids, order, sizeof(order));
}

/* What a committee formed of them has as its order. */
static void it_is_ranked_as_it_was(void **state _unused_) {
        const Uuid website = { { 8 } };
        const uint8_t secret[32] = { 9 };
        _cleanup_(committee_done) Committee c = { 0 };
        _cleanup_free_ const uint8_t **ranked = NULL;
        _cleanup_free_ uint8_t *list = NULL;
        _cleanup_free_ uint32_t *ids = NULL;
        size_t n, n_ids;
        Net net;

        net_fill(&net);
        assert_int_equal(committee_form(&c,
                                        &(CommitteeRule){ .roster = &net.roster,
                                                          .website = &website,
                                                          .secret = secret,
                                                          .seats = 4 },
                                        NOW),
                         0);
        assert_int_equal(c.n_order, PEOPLE);
        list = eligible_list(&net.roster, c.order, c.n_order, &n);
        assert_non_null(list);
        ranked = eligible_by_score(list, n, &website, secret);
        ids = eligible_ids(list, n, ELIGIBLE_SIZE, &n_ids);
        assert_non_null(ranked);
        assert_non_null(ids);
        assert_int_equal(n_ids, PEOPLE);
        for (size_t i = 0; i < PEOPLE; i++) {
                assert_int_equal(get_u32(ranked[i]), c.order[i]);
                assert_int_equal(ids[i], net.items[i].validator);
        }
}

static bool must_store(EligibleStored *s, uint8_t digest, usec_t now) {
        return eligible_must_store(s, (const uint8_t[SHA256_SIZE]){ digest }, now);
}

static void a_list_is_stored_once_an_hour(void **state _unused_) {
        EligibleStored s = { 0 };

        assert_true(must_store(&s, 0, NOW));
        assert_true(must_store(&s, 1, NOW));
        assert_false(must_store(&s, 0, NOW));
        assert_false(must_store(&s, 1, NOW + ELIGIBLE_STORED_FOR - 1));
        assert_true(must_store(&s, 1, NOW + ELIGIBLE_STORED_FOR));
        assert_false(must_store(&s, 1, NOW + ELIGIBLE_STORED_FOR + 1));
        assert_true(must_store(&s, 0, NOW + ELIGIBLE_STORED_FOR + 1));
}

static void the_oldest_are_forgotten(void **state _unused_) {
        EligibleStored s = { 0 };

        for (uint8_t i = 0; i <= ELIGIBLE_STORED_MAX; i++)
                assert_true(must_store(&s, i, NOW));
        assert_false(must_store(&s, 1, NOW));
        assert_false(must_store(&s, ELIGIBLE_STORED_MAX, NOW));
        assert_true(must_store(&s, 0, NOW));
        assert_true(must_store(&s, 1, NOW));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_list_is_the_same_in_whatever_order),
                cmocka_unit_test(where_somebody_is_from_makes_another_list),
                cmocka_unit_test(nobody_is_a_list),
                cmocka_unit_test(a_ranking_keeps_its_order),
                cmocka_unit_test(it_is_ranked_as_it_was),
                cmocka_unit_test(a_list_is_stored_once_an_hour),
                cmocka_unit_test(the_oldest_are_forgotten),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
