/* Committees chosen once more: what agrees, and what each lie is found by. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "ctl/recount.h"
#include "wire-fixture.h"

#define CROWD 9

/* An epoch as a hub keeps to it, and the order of whoever holds seat 0. */
typedef struct Promise {
        uint8_t secret[32];
        RecountListed listed[CROWD];
        RecountEpoch epoch;
        Order order;
        uint8_t bytes[ORDER_SIZE_MAX];
        Hash path[2];
        RecountOrder told;
} Promise;

static void sort_by_score(Promise *p) {
        uint8_t scores[CROWD][32];
        RecountListed listed;
        ChoiceScore score;
        HmacSha256 keyed;

        hmac_sha256_begin(&keyed, p->secret, sizeof(p->secret));
        for (size_t i = 0; i < CROWD; i++) {
                size_t at = i;

                listed = p->listed[i];
                choice_score(&keyed, &p->epoch.website, listed.key, &score);
                for (; at > 0 && memcmp(scores[at - 1], score.bytes, 32) < 0; at--) {
                        memcpy(scores[at], scores[at - 1], 32);
                        p->listed[at] = p->listed[at - 1];
                }
                memcpy(scores[at], score.bytes, 32);
                p->listed[at] = listed;
        }
}

static void commit(Promise *p) {
        uint8_t leaves[CROWD][CHOICE_LEAF_SIZE];
        Origin o;

        hash_bytes(p->secret, 32, &p->epoch.commitment);
        for (size_t i = 0; i < CROWD; i++) {
                origin_decode(p->listed[i].origin, &o);
                choice_leaf(p->listed[i].key, p->listed[i].salt, &o, leaves[i]);
        }
        assert_int_equal(choice_root(leaves, CROWD, &p->epoch.root), 0);
}

/* In a frame of three orders, where it is the last: its path is one hash. */
static void sign_order(Promise *p, uint8_t network) {
        _cleanup_(sign_key_freep) SignKey *key = fixture_key(network);
        const SignScope scope = { p->epoch.network, p->told.validator };
        Hash leaves[3] = { { { 1 } }, { { 2 } } };
        int n = order_encode(&p->order, p->bytes, sizeof(p->bytes));

        assert_true(n > 0);
        assert_int_equal(order_leaf(&scope, p->bytes, (size_t)n, &leaves[2]), 0);
        merkle_root(leaves, 3, &p->told.root);
        p->told.n_path = (size_t)merkle_path(leaves, 3, 2, (Hash[MERKLE_PATH_MAX]){ 0 });
        assert_int_equal(p->told.n_path, 1);
        merkle_root(leaves, 2, &p->path[0]);
        assert_int_equal(sign_statement(key,
                                        &(const Statement){ DOMAIN_ORDERS, &scope,
                                                            p->told.root.bytes, 32 },
                                        &p->told.signature),
                         0);
        p->told.sent = true;
        p->told.path = p->path;
        p->told.bytes = p->bytes;
        p->told.n = (size_t)n;
}

static void give_to(Promise *p, size_t place) {
        memcpy(p->told.validator.bytes, p->listed[place].key, 32);
        sign_order(p, SEED_NETWORK);
}

static void promise_make(Promise *p) {
        *p = (Promise){ .secret = { 5 } };
        p->epoch = (RecountEpoch){ .website = { { 9 } },
                                   .network = fixture_public(SEED_NETWORK),
                                   .number = 7,
                                   .n = 4,
                                   .asked = 4,
                                   .secret = p->secret,
                                   .listed = p->listed,
                                   .n_listed = CROWD };
        for (size_t i = 0; i < CROWD; i++) {
                const Origin o = { 1 + i, 1 + i, 1 + i, 1 + (uint32_t)i, 1 + (uint32_t)i % 3 };

                p->listed[i] = (RecountListed){ .key = { (uint8_t)(40 + i) },
                                                .salt = { (uint8_t)i },
                                                .salted = true };
                origin_encode(&o, p->listed[i].origin);
        }
        sort_by_score(p);
        commit(p);
        p->order = fixture_order();
        p->order.website = p->epoch.website;
        p->order.epoch = (OrderEpoch){ 7, p->epoch.commitment, p->epoch.root };
        give_to(p, 0);
}

/* As letters, in the order of the checks: agrees, differs, open. */
static void expect_checks(const RecountEpoch *e, const char *expected) {
        char found[_RECOUNT_CHECK_MAX + 1] = "";
        Recount r;

        assert_int_equal(recount_epoch(e, &r), 0);
        for (int i = 0; i < _RECOUNT_CHECK_MAX; i++)
                found[i] = recount_finding_name(r.checks[i])[0];
        assert_string_equal(found, expected);
        recount_done(&r);
}

static RecountSeat expect_order(const Promise *p, RecountFinding finding, const char *words) {
        RecountSeat seat;
        Recount r;

        assert_int_equal(recount_epoch(&p->epoch, &r), 0);
        recount_order(&p->epoch, &r, &p->told, &seat);
        recount_done(&r);
        assert_int_equal(seat.finding, finding);
        assert_non_null(strstr(seat.note, words));
        return seat;
}

static void a_kept_promise_agrees(void **state _unused_) {
        RecountSeat seat;
        Promise p;

        promise_make(&p);
        expect_checks(&p.epoch, "aaaaaa");
        seat = expect_order(&p, RECOUNT_AGREES, "chosen");
        assert_true(seat.chosen);
        assert_int_equal(seat.place, 1);
        give_to(&p, 3);
        assert_int_equal(expect_order(&p, RECOUNT_AGREES, "chosen").place, 4);
        give_to(&p, 4);
        seat = expect_order(&p, RECOUNT_AGREES, "stood in");
        assert_false(seat.chosen);
        assert_int_equal(seat.place, 5);
        p.told.sent = false;
        expect_order(&p, RECOUNT_AGREES, "stood in");
}

static void every_lie_of_the_epoch_is_found(void **state _unused_) {
        Promise p;

        promise_make(&p);
        p.secret[0] = 6; /* another draw: also in another order, which fills the seats as well */
        expect_checks(&p.epoch, "dadaaa");
        promise_make(&p);
        p.epoch.n_listed--; /* somebody was left out */
        expect_checks(&p.epoch, "adaaaa");
        promise_make(&p);
        p.listed[2].origin[31] ^= 1; /* of another region */
        expect_checks(&p.epoch, "adaaaa");
        promise_make(&p);
        p.listed[2].salt[31] ^= 1;
        expect_checks(&p.epoch, "adaaaa");
        promise_make(&p);
        p.epoch.n = 3;
        expect_checks(&p.epoch, "aaadaa");
        promise_make(&p);
        p.epoch.caps = CAPS_OPERATOR;
        expect_checks(&p.epoch, "aaaada");
        promise_make(&p);
        p.epoch.unmet = true;
        expect_checks(&p.epoch, "aaaaad");
        p.epoch.minima.regions = 4; /* there are three */
        expect_checks(&p.epoch, "aaaaaa");
        p.epoch.unmet = false;
        expect_checks(&p.epoch, "aaaaad");
}

static void swap_first_two(Promise *p) {
        RecountListed first = p->listed[0];

        p->listed[0] = p->listed[1];
        p->listed[1] = first;
}

static void the_order_of_scores_is_its_own_check(void **state _unused_) {
        Promise p;

        promise_make(&p);
        swap_first_two(&p);
        expect_checks(&p.epoch, "aadaaa");
        assert_int_equal(expect_order(&p, RECOUNT_AGREES, "chosen").place, 1);
}

static void every_lie_of_an_order_is_found(void **state _unused_) {
        Promise p;

        promise_make(&p);
        sign_order(&p, SEED_HUB);
        expect_order(&p, RECOUNT_DIFFERS, "not signed by the network");
        promise_make(&p);
        p.path[0].bytes[3] ^= 1;
        expect_order(&p, RECOUNT_DIFFERS, "not signed by the network");
        promise_make(&p);
        p.told.n_path = RECOUNT_PATH_MAX + 1;
        expect_order(&p, RECOUNT_DIFFERS, "not signed by the network");
        promise_make(&p);
        memcpy(p.told.validator.bytes, p.listed[1].key, 32);
        expect_order(&p, RECOUNT_DIFFERS, "not signed by the network");
        promise_make(&p);
        p.told.n = 12;
        expect_order(&p, RECOUNT_DIFFERS, "not understood");
        promise_make(&p);
        p.order.website.bytes[0]++;
        give_to(&p, 0);
        expect_order(&p, RECOUNT_DIFFERS, "another website");
        promise_make(&p);
        p.order.epoch.commitment.bytes[0]++;
        give_to(&p, 0);
        expect_order(&p, RECOUNT_DIFFERS, "another secret");
        promise_make(&p);
        p.order.epoch.eligible.bytes[0]++;
        give_to(&p, 0);
        expect_order(&p, RECOUNT_DIFFERS, "another list");
        promise_make(&p);
        p.order.n = 5;
        give_to(&p, 0);
        expect_order(&p, RECOUNT_DIFFERS, "another number of seats");
        promise_make(&p);
        p.order.epoch.number = 8;
        give_to(&p, 0);
        expect_order(&p, RECOUNT_DIFFERS, "a later epoch");
        promise_make(&p);
        p.told.validator.bytes[0] = 99;
        sign_order(&p, SEED_NETWORK);
        expect_order(&p, RECOUNT_DIFFERS, "not eligible");
}

/* It commits to what was then; who is chosen now may keep it. */
static void orders_of_before_are_no_lie(void **state _unused_) {
        Promise p;

        promise_make(&p);
        p.order.epoch = (OrderEpoch){ .number = 6 };
        give_to(&p, 0);
        expect_order(&p, RECOUNT_AGREES, "with an order of before");
        give_to(&p, 7);
        expect_order(&p, RECOUNT_AGREES, "until a successor came");
        p.told.validator.bytes[0] = 99;
        sign_order(&p, SEED_NETWORK);
        expect_order(&p, RECOUNT_AGREES, "until a successor came");
}

/* Before its time: what the orders say still has to be what the hub says. */
static void without_the_secret_most_is_open(void **state _unused_) {
        Promise p;

        promise_make(&p);
        p.epoch.secret = NULL;
        p.epoch.n_listed = 0;
        expect_checks(&p.epoch, "oooooo");
        assert_int_equal(expect_order(&p, RECOUNT_OPEN, "commits to this epoch").place, 0);
        p.epoch.root.bytes[0]++;
        expect_order(&p, RECOUNT_DIFFERS, "another list");
}

/* Origins were not kept by hubs of before: their hashes make the root. */
static void without_origins_caps_are_open(void **state _unused_) {
        uint8_t leaf[CHOICE_LEAF_SIZE];
        Promise p;
        Origin o;

        promise_make(&p);
        for (size_t i = 0; i < CROWD; i++) {
                origin_decode(p.listed[i].origin, &o);
                choice_leaf(p.listed[i].key, p.listed[i].salt, &o, leaf);
                memcpy(p.listed[i].origin, leaf + 32, 32);
                p.listed[i].salted = false;
        }
        p.epoch.asked = 0;
        expect_checks(&p.epoch, "aaaooo");
        assert_int_equal(expect_order(&p, RECOUNT_OPEN, "caps").place, 1);
}

static void nobody_is_a_list_too(void **state _unused_) {
        Promise p;

        promise_make(&p);
        p.epoch.n_listed = 0;
        p.epoch.n = 0;
        merkle_root(NULL, 0, &p.epoch.root);
        expect_checks(&p.epoch, "aaaaaa");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_kept_promise_agrees),
                cmocka_unit_test(every_lie_of_the_epoch_is_found),
                cmocka_unit_test(the_order_of_scores_is_its_own_check),
                cmocka_unit_test(every_lie_of_an_order_is_found),
                cmocka_unit_test(orders_of_before_are_no_lie),
                cmocka_unit_test(without_the_secret_most_is_open),
                cmocka_unit_test(without_origins_caps_are_open),
                cmocka_unit_test(nobody_is_a_list_too),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
