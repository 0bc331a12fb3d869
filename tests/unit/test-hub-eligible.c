/* Lists of who was eligible: as bytes, by score, and stored once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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
        *net = (Net){ .roster = { net->items, PEOPLE } };
        for (size_t i = 0; i < PEOPLE; i++)
                net->items[i] = (Candidate){ .validator = (uint32_t)(300 + 7 * i),
                                             .key = { (uint8_t)(i * 37), (uint8_t)i },
                                             .operator_id = i + 1,
                                             .region = 9,
                                             .steady_until = NOW };
}

static void a_list_is_the_same_in_whatever_order(void **state) {
        const uint32_t some[] = { 307, 300, 321, 5 }, others[] = { 321, 307, 5, 300 };
        EligibleList a, b, c;
        Net net;

        (void)state;
        net_fill(&net);
        assert_int_equal(eligible_list_make(&a, &net.roster, some, 4), 0);
        assert_int_equal(eligible_list_make(&b, &net.roster, others, 4), 0);
        assert_int_equal(eligible_list_make(&c, &net.roster, some, 2), 0);
        assert_int_equal(a.n, 3 * ELIGIBLE_SIZE); /* nobody is 5 */
        assert_int_equal(b.n, a.n);
        assert_memory_equal(a.bytes, b.bytes, a.n);
        assert_memory_equal(a.digest, b.digest, SHA256_SIZE);
        assert_memory_not_equal(a.digest, c.digest, SHA256_SIZE);
        assert_int_equal(get_u32(a.bytes + ELIGIBLE_SIZE), 307);
        assert_memory_equal(a.bytes + ELIGIBLE_SIZE + 4, net.items[1].key, 32);
        assert_int_equal(get_u64(a.bytes + ELIGIBLE_SIZE + 36), 2);    /* its operator, ... */
        assert_int_equal(get_u32(a.bytes + 2 * ELIGIBLE_SIZE - 4), 9); /* ... its region */
        eligible_list_done(&a);
        eligible_list_done(&b);
        eligible_list_done(&c);
}

static void where_somebody_is_from_makes_another_list(void **state) {
        const uint32_t all[] = { 300, 307 };
        EligibleList before, after;
        Net net;

        (void)state;
        net_fill(&net);
        assert_int_equal(eligible_list_make(&before, &net.roster, all, 2), 0);
        net.items[1].asn = 4;
        assert_int_equal(eligible_list_make(&after, &net.roster, all, 2), 0);
        assert_memory_not_equal(before.digest, after.digest, SHA256_SIZE);
        eligible_list_done(&before);
        eligible_list_done(&after);
}

static void nobody_is_a_list(void **state) {
        EligibleList l;
        uint32_t *ids;
        size_t n;
        Net net;

        (void)state;
        net_fill(&net);
        assert_int_equal(eligible_list_make(&l, &net.roster, NULL, 0), 0);
        assert_int_equal(l.n, 0);
        ids = eligible_ids(l.bytes, l.n, &n);
        assert_non_null(ids);
        assert_int_equal(n, 0);
        free(ids);
        eligible_list_done(&l);
}

/* What a committee formed of them has as its order. */
static void it_is_ranked_as_it_was(void **state) {
        const Uuid website = { { 8 } };
        const uint8_t secret[32] = { 9 };
        const uint8_t **ranked;
        EligibleList l;
        Committee c;
        uint32_t *ids;
        size_t n;
        Net net;

        (void)state;
        net_fill(&net);
        assert_int_equal(committee_form(&c,
                                        &(CommitteeRule){ .roster = &net.roster,
                                                          .website = &website,
                                                          .secret = secret,
                                                          .seats = 4 },
                                        NOW),
                         0);
        assert_int_equal(c.n_order, PEOPLE);
        assert_int_equal(eligible_list_make(&l, &net.roster, c.order, c.n_order), 0);
        ranked = eligible_by_score(l.bytes, l.n, &website, secret);
        ids = eligible_ids(l.bytes, l.n, &n);
        assert_non_null(ranked);
        assert_non_null(ids);
        assert_int_equal(n, PEOPLE);
        for (size_t i = 0; i < PEOPLE; i++) {
                assert_int_equal(get_u32(ranked[i]), c.order[i]);
                assert_int_equal(ids[i], net.items[i].validator);
        }
        free(ranked);
        free(ids);
        eligible_list_done(&l);
        committee_done(&c);
}

static bool must_store(EligibleStored *s, uint8_t digest, usec_t now) {
        return eligible_must_store(s, (const uint8_t[SHA256_SIZE]){ digest }, now);
}

static void a_list_is_stored_once_an_hour(void **state) {
        EligibleStored s = { 0 };

        (void)state;
        assert_true(must_store(&s, 0, NOW));
        assert_true(must_store(&s, 1, NOW));
        assert_false(must_store(&s, 0, NOW));
        assert_false(must_store(&s, 1, NOW + ELIGIBLE_STORED_FOR - 1));
        assert_true(must_store(&s, 1, NOW + ELIGIBLE_STORED_FOR));
        assert_false(must_store(&s, 1, NOW + ELIGIBLE_STORED_FOR + 1));
        assert_true(must_store(&s, 0, NOW + ELIGIBLE_STORED_FOR + 1));
}

static void the_oldest_are_forgotten(void **state) {
        EligibleStored s = { 0 };

        (void)state;
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
                cmocka_unit_test(it_is_ranked_as_it_was),
                cmocka_unit_test(a_list_is_stored_once_an_hour),
                cmocka_unit_test(the_oldest_are_forgotten),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
