/* Epoch bounds, secrets and the root over who was eligible. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "hub/epoch.h"

#define NOW (UINT64_C(1750000000) * USEC_PER_SEC)

static const uint8_t hub_secret[32] = { 1, 2, 3 };

static void boundaries_lie_on_the_websites_own_grid(void **state) {
        Uuid a = { { 1 } }, b = { { 2 } };
        usec_t first = epoch_boundary(&a, USEC_PER_MIN, NOW);

        (void)state;
        assert_int_equal(epoch_length(USEC_PER_MIN), USEC_PER_HOUR);
        assert_int_equal(epoch_length(USEC_PER_DAY), 4 * USEC_PER_DAY);
        assert_true(first > NOW && first <= NOW + USEC_PER_HOUR);
        assert_int_equal(epoch_boundary(&a, USEC_PER_MIN, first - 1), first);
        assert_int_equal(epoch_boundary(&a, USEC_PER_MIN, first), first + USEC_PER_HOUR);
        assert_int_not_equal(epoch_boundary(&b, USEC_PER_MIN, NOW), first);
}

static void overdue_ends_are_spread(void **state) {
        unsigned late = 0;

        (void)state;
        for (uint8_t i = 0; i < 100; i++) {
                usec_t end = epoch_overdue_end(&(Uuid){ { i } }, NOW);

                assert_true(end > NOW && end <= NOW + EPOCH_OVERDUE);
                assert_int_equal(epoch_overdue_end(&(Uuid){ { i } }, end - 1), end);
                late += end > NOW + EPOCH_OVERDUE / 2;
        }
        assert_in_range(late, 30, 70);
}

static void secrets_depend_on_website_and_number(void **state) {
        Uuid a = { { 1 } }, b = { { 2 } };
        Epoch one = { .number = 1 }, again = { .number = 1 }, two = { .number = 2 }, other = one;

        uint8_t commitment[SHA256_SIZE], other_commitment[SHA256_SIZE];

        (void)state;
        epoch_derive(&one, hub_secret, &a);
        epoch_derive(&again, hub_secret, &a);
        epoch_derive(&two, hub_secret, &a);
        epoch_derive(&other, hub_secret, &b);
        assert_memory_equal(one.secret, again.secret, 32);
        assert_memory_not_equal(one.secret, two.secret, 32);
        assert_memory_not_equal(one.secret, other.secret, 32);
        epoch_commitment(&one, commitment);
        epoch_commitment(&two, other_commitment);
        assert_memory_not_equal(commitment, other_commitment, 32);
        sha256(again.secret, sizeof(again.secret), other_commitment);
        assert_memory_equal(commitment, other_commitment, 32);
}

static void root_covers_every_listed_one(void **state) {
        Candidate items[3] = { { .validator = 1, .key = { 9 } },
                               { .validator = 2, .key = { 7 } },
                               { .validator = 5, .key = { 8 }, .asn = 4 } };
        Roster roster = { .items = items, .n = 3 };
        uint32_t all[] = { 1, 2, 5 }, turned[] = { 5, 1, 2 };
        Epoch e = { .number = 1 }, same = e, fewer = e, moved = e;

        (void)state;
        assert_int_equal(epoch_commit(&e, hub_secret, &roster, all, 3), 0);
        assert_int_equal(epoch_commit(&same, hub_secret, &roster, turned, 3), 0);
        assert_memory_equal(e.eligible_root, same.eligible_root, 32);
        assert_int_equal(epoch_commit(&fewer, hub_secret, &roster, all, 2), 0);
        assert_memory_not_equal(e.eligible_root, fewer.eligible_root, 32);
        items[2].asn = 5;
        assert_int_equal(epoch_commit(&moved, hub_secret, &roster, all, 3), 0);
        assert_memory_not_equal(e.eligible_root, moved.eligible_root, 32);
}

static void leaf_shows_the_key_and_hides_the_rest(void **state) {
        Candidate c = { .validator = 1, .key = { 9 }, .operator_id = 5 };
        Epoch e = { .number = 1 };
        uint8_t leaf[EPOCH_LEAF_SIZE], other[EPOCH_LEAF_SIZE];
        static const uint8_t another_secret[32] = { 4 };

        (void)state;
        epoch_leaf(&e, hub_secret, &c, leaf);
        epoch_leaf(&e, another_secret, &c, other);
        assert_memory_equal(leaf, c.key, 32);
        assert_memory_not_equal(leaf + 32, other + 32, 32);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(boundaries_lie_on_the_websites_own_grid),
                cmocka_unit_test(overdue_ends_are_spread),
                cmocka_unit_test(secrets_depend_on_website_and_number),
                cmocka_unit_test(root_covers_every_listed_one),
                cmocka_unit_test(leaf_shows_the_key_and_hides_the_rest),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
