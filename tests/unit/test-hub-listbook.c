/* What is known of an epoch's committee: by its list, or by one of its own. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/eligible.h"
#include "hub/listbook.h"

/* 300, 301 and 302. */
static const uint8_t list[3 * ELIGIBLE_SIZE] = {
        0, 0, 1, 44, [ELIGIBLE_SIZE + 2] = 1, 45, [2 * ELIGIBLE_SIZE + 2] = 1, 46,
};
static const uint8_t ranking[2 * RANKED_SIZE] = { 0, 0, 1, 46, 0, 0, 1, 44 };

static int add(ListBook *b, uint8_t digest, size_t n) {
        return list_book_add(b, &(EligibleListRow){ { digest }, list, n * ELIGIBLE_SIZE });
}

static EpochRow epoch_of(uint8_t digest) {
        return (EpochRow){ .n = 4,
                           .list = { digest },
                           .ranking = ranking,
                           .n_ranking = sizeof(ranking),
                           .asked = 4,
                           .caps = "prefix" };
}

static void an_epoch_is_of_its_list(void **state _unused_) {
        const EpochRow first = epoch_of(1), second = epoch_of(2), unknown = epoch_of(3);
        _cleanup_(list_book_freep) ListBook *b = NULL;
        CommitteePast past = { .n = 9 };

        assert_int_equal(list_book_new(&b), 0);
        assert_int_equal(add(b, 1, 2), 0);
        assert_int_equal(add(b, 2, 3), 0);
        assert_int_equal(add(b, 2, 1), 0); /* it is there */
        assert_int_equal(list_book_recall(b, &unknown, &past), -EBADMSG);
        assert_int_equal(past.n, 9);
        assert_int_equal(list_book_recall(b, &first, &past), 0);
        assert_int_equal(past.n, 4);
        assert_int_equal(past.n_listed, 2);
        assert_int_equal(list_book_recall(b, &second, &past), 0);
        assert_int_equal(past.n_listed, 3);
        assert_memory_equal(past.listed, ((uint32_t[]){ 300, 301, 302 }), 3 * sizeof(uint32_t));
        assert_int_equal(past.n_order, 2);
        assert_memory_equal(past.order, ((uint32_t[]){ 302, 300 }), 2 * sizeof(uint32_t));
}

static void an_old_one_has_its_own(void **state _unused_) {
        const EpochRow old = { .n = 3, .caps = "", .eligible = list, .n_eligible = sizeof(list) };
        _cleanup_(list_book_freep) ListBook *b = NULL;
        CommitteePast past;

        assert_int_equal(list_book_new(&b), 0);
        assert_int_equal(list_book_recall(b, &old, &past), 0);
        assert_null(past.listed);
        assert_int_equal(past.n_order, 3);
        assert_memory_equal(past.order, ((uint32_t[]){ 300, 301, 302 }), 3 * sizeof(uint32_t));
        assert_false(past.settled);
}

static void what_was_settled_is_known(void **state _unused_) {
        _cleanup_(list_book_freep) ListBook *b = NULL;
        EpochRow e = epoch_of(1);
        CommitteePast past;

        assert_int_equal(list_book_new(&b), 0);
        assert_int_equal(add(b, 1, 3), 0);
        e.unmet = true;
        assert_int_equal(list_book_recall(b, &e, &past), 0);
        assert_true(past.settled && past.unmet);
        assert_int_equal(past.caps, CAPS_PREFIX);
        e.asked = 0; /* by a hub that did not tell */
        e.unmet = false;
        assert_int_equal(list_book_recall(b, &e, &past), 0);
        assert_false(past.settled || past.unmet);
        assert_int_equal(past.caps, CAPS_ALL);
        e.asked = 4;
        e.caps = "of a hub to come";
        assert_int_equal(list_book_recall(b, &e, &past), 0);
        assert_false(past.settled);
        assert_int_equal(past.caps, CAPS_ALL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_epoch_is_of_its_list),
                cmocka_unit_test(an_old_one_has_its_own),
                cmocka_unit_test(what_was_settled_is_known),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
