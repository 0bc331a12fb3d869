/* Only the hub's word for this validator and this content trims. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spool-fixture.h"
#include "validator/receipts.h"

#define INCARNATION 7

/* Three batches wait; *ret receipts up to the second. */
static Receipt waiting(SpoolFixture *f) {
        Chain c = { .incarnation = INCARNATION };
        Receipt r = { .incarnation = INCARNATION, .from = 1, .to = 2, .commit_no = 1 };

        chain_put(f, &c, 1);
        chain_put(f, &c, 1);
        r.hash = c.hash;
        chain_put(f, &c, 1);
        return r;
}

typedef struct Signed {
        uint8_t bytes[RECEIPT_SIZE_MAX];
        size_t n;
} Signed;

static Signed sign_by(const Receipt *r, const SignKey *by, const SignScope *scope) {
        Signed s;
        int n = receipt_seal(r, by, scope, s.bytes);

        assert_true(n > 0);
        s.n = (size_t)n;
        return s;
}

static int apply(SpoolFixture *f, Signed *s) {
        Receipt ret = { 0 };

        return receipt_apply(f->spool, &(JsonBytes){ s->bytes, s->n }, sign_key_public(f->hub),
                             &f->scope, &ret);
}

static uint64_t left(SpoolFixture *f) {
        SpoolStats stats;

        spool_stats(f->spool, &stats);
        return stats.batches;
}

static void a_true_receipt_trims(void **state) {
        SpoolFixture *f = *state;
        Receipt r = waiting(f), told = { 0 };
        Signed s = sign_by(&r, f->hub, &f->scope);

        assert_int_equal(receipt_apply(f->spool, &(JsonBytes){ s.bytes, s.n },
                                       sign_key_public(f->hub), &f->scope, &told),
                         0);
        assert_int_equal(told.to, 2);
        assert_int_equal(told.incarnation, INCARNATION);
        assert_int_equal(left(f), 1);
        assert_int_equal(spool_after(f->spool, INCARNATION, 0), 3);
}

static void a_forged_one_does_not(void **state) {
        SpoolFixture *f = *state;
        Receipt r = waiting(f);
        Signed s = sign_by(&r, f->key, &f->scope);

        assert_int_equal(apply(f, &s), -EBADMSG);
        s = sign_by(&r, f->hub, &f->scope);
        for (size_t i = 0; i < s.n; i++) {
                s.bytes[i] ^= 1;
                assert_int_equal(apply(f, &s), -EBADMSG);
                s.bytes[i] ^= 1;
        }
        while (s.n-- > 0)
                assert_int_equal(apply(f, &s), -EBADMSG);
        assert_int_equal(left(f), 3);
}

static void one_for_another_validator_or_network_does_not(void **state) {
        SpoolFixture *f = *state;
        Receipt r = waiting(f);
        SignScope other = f->scope;
        Signed s;

        other.subject = fixture_public(SEED_HUB);
        s = sign_by(&r, f->hub, &other);
        assert_int_equal(apply(f, &s), -EBADMSG);
        other = f->scope;
        other.network = fixture_public(SEED_VALIDATOR);
        s = sign_by(&r, f->hub, &other);
        assert_int_equal(apply(f, &s), -EBADMSG);
        assert_int_equal(left(f), 3);
}

static void one_of_other_content_does_not(void **state) {
        SpoolFixture *f = *state;
        Receipt r = waiting(f);
        Signed s;

        r.hash.bytes[31] ^= 1;
        s = sign_by(&r, f->hub, &f->scope);
        assert_int_equal(apply(f, &s), -ESTALE);
        r.hash.bytes[31] ^= 1;
        r.to = 3;
        s = sign_by(&r, f->hub, &f->scope);
        assert_int_equal(apply(f, &s), -ESTALE);
        assert_int_equal(left(f), 3);
}

static void one_of_what_is_not_here_changes_nothing(void **state) {
        SpoolFixture *f = *state;
        Receipt r = waiting(f);
        Signed s;

        r.to = 4;
        s = sign_by(&r, f->hub, &f->scope);
        assert_int_equal(apply(f, &s), 0);
        r.to = 2;
        r.incarnation++;
        s = sign_by(&r, f->hub, &f->scope);
        assert_int_equal(apply(f, &s), 0);
        assert_int_equal(left(f), 3);
}

static void an_old_one_replayed_changes_nothing(void **state) {
        SpoolFixture *f = *state;
        Receipt r = waiting(f);
        Signed first = sign_by(&r, f->hub, &f->scope), second;
        SpoolStream stream;

        assert_int_equal(apply(f, &first), 0);
        r.to = 3;
        assert_int_equal(spool_hash(f->spool, INCARNATION, 3, &r.hash), 1);
        second = sign_by(&r, f->hub, &f->scope);
        assert_int_equal(apply(f, &second), 0);
        assert_int_equal(apply(f, &first), 0);
        assert_int_equal(left(f), 0);
        assert_int_equal(spool_streams(f->spool, &stream, 1), 1);
        assert_int_equal(stream.n_receipt, second.n);
        assert_memory_equal(stream.receipt, second.bytes, second.n);
}

#define RECEIPT_TEST(f)                                                                            \
        cmocka_unit_test_setup_teardown(f, spool_fixture_setup, spool_fixture_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                RECEIPT_TEST(a_true_receipt_trims),
                RECEIPT_TEST(a_forged_one_does_not),
                RECEIPT_TEST(one_for_another_validator_or_network_does_not),
                RECEIPT_TEST(one_of_other_content_does_not),
                RECEIPT_TEST(one_of_what_is_not_here_changes_nothing),
                RECEIPT_TEST(an_old_one_replayed_changes_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
