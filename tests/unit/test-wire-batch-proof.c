/* One tick proven without the others. */
#include <errno.h>

#include "wire-fixture.h"
#include "wire/batch-proof.h"

static Batch *sealed(uint16_t count) {
        _cleanup_(sign_key_freep) SignKey *k = fixture_key(SEED_VALIDATOR);
        PublicKey network = fixture_public(SEED_NETWORK);
        static uint8_t frame[BATCH_FRAME_MAX];
        Tick ticks[32];
        BatchDraft d = fixture_draft(ticks, count);
        Batch *b = NULL;
        Hash hash;
        int n;

        for (uint32_t i = 0; i < ELEMENTSOF(ticks); i++)
                ticks[i] = fixture_tick(i);
        n = batch_seal(&d, k, &network, frame, &hash);
        assert_true(n > 0);
        assert_int_equal(batch_parse(frame, (size_t)n, &b), 0);
        return b;
}

static void every_tick_can_be_proven(_unused_ void **state) {
        SignScope scope = fixture_scope();

        for (uint16_t count = 1; count < 20; count++) {
                _cleanup_(batch_freep) Batch *b = sealed(count);

                for (uint16_t i = 0; i < count; i++) {
                        BatchProof p;
                        Tick tick;

                        assert_int_equal(batch_prove(b, i, &p), 0);
                        assert_int_equal(batch_proof_verify(&p, &scope, &tick), 0);
                        assert_int_equal(tick.number, i + 1);
                }
        }
}

static void a_changed_proof_is_refused(_unused_ void **state) {
        _cleanup_(batch_freep) Batch *b = sealed(7);
        SignScope scope = fixture_scope();
        BatchProof p, bad;
        Tick tick;

        assert_int_equal(batch_prove(b, 4, &p), 0);
        bad = p, bad.index = 3;
        assert_int_equal(batch_proof_verify(&bad, &scope, &tick), -EBADMSG);
        bad = p, bad.tick[40] ^= 1;
        assert_int_equal(batch_proof_verify(&bad, &scope, &tick), -EBADMSG);
        bad = p, bad.salt[0] ^= 1;
        assert_int_equal(batch_proof_verify(&bad, &scope, &tick), -EBADMSG);
        bad = p, bad.header[60] ^= 1;
        assert_int_equal(batch_proof_verify(&bad, &scope, &tick), -EBADMSG);
        bad = p, bad.path_n--;
        assert_int_equal(batch_proof_verify(&bad, &scope, &tick), -EBADMSG);
        bad = p, bad.header_size = 10;
        assert_int_equal(batch_proof_verify(&bad, &scope, &tick), -EBADMSG);
        bad = p, bad.tick_size = 1 << 24;
        assert_int_equal(batch_proof_verify(&bad, &scope, &tick), -EBADMSG);
        scope.subject = fixture_public(SEED_HUB);
        assert_int_equal(batch_proof_verify(&p, &scope, &tick), -EBADMSG);
}

static void what_is_not_there_cannot_be_proven(_unused_ void **state) {
        _cleanup_(batch_freep) Batch *b = sealed(7);
        BatchProof p;

        assert_int_equal(batch_prove(b, 7, &p), -EINVAL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_tick_can_be_proven),
                cmocka_unit_test(a_changed_proof_is_refused),
                cmocka_unit_test(what_is_not_there_cannot_be_proven),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
