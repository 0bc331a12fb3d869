/* Batches and gaps: sealed, parsed, verified, and every changed byte noticed. */
#include <errno.h>

#include "wire-fixture.h"

static uint8_t frame[BATCH_FRAME_MAX + 1];
static Tick ticks[BATCH_TICKS_MAX + 1];

static size_t seal(const BatchDraft *d, Hash *ret_hash) {
        _cleanup_(sign_key_freep) SignKey *k = fixture_key(SEED_VALIDATOR);
        PublicKey network = fixture_public(SEED_NETWORK);
        int n;

        n = batch_seal(d, k, &network, frame, ret_hash);
        assert_true(n > 0);
        return (size_t)n;
}

static size_t seal_ticks(uint16_t count, Hash *ret_hash) {
        BatchDraft d = fixture_draft(ticks, count);

        return seal(&d, ret_hash);
}

static BatchDraft gap_draft(void) {
        BatchDraft d = fixture_draft(NULL, 0);

        d.header.type = BATCH_GAP;
        d.header.sequence = 9;
        memset(d.header.previous.bytes, 0xbb, SIGN_HASH_SIZE);
        d.gap = (BatchGap){ .from = 5, .lost = 300 };
        return d;
}

static void batches_of_all_sizes_verify(_unused_ void **state) {
        static const uint16_t counts[] = { 1, 2, 3, 719, 720 };
        SignScope scope = fixture_scope();

        for (size_t i = 0; i < ELEMENTSOF(counts); i++) {
                _cleanup_(batch_freep) Batch *b = NULL;
                Hash hash;
                size_t n = seal_ticks(counts[i], &hash);

                assert_int_equal(batch_parse(frame, n, &b), 0);
                assert_int_equal(b->header.count, counts[i]);
                assert_true(b->header.clock_offset == -250);
                assert_int_equal(b->ticks[counts[i] - 1].number, counts[i]);
                assert_int_equal(batch_verify(b, &scope), 0);
                assert_true(hash_equal(&b->hash, &hash));
                assert_int_equal(b->frame_size, n);
                assert_memory_equal(b->frame, frame, n);
        }
}

/* Root and hash once more, from the documentation instead of the code. */
static void root_and_hash_are_as_documented(_unused_ void **state) {
        _cleanup_(batch_freep) Batch *b = NULL;
        SignScope scope = fixture_scope();
        uint8_t salt[BATCH_SALT_SIZE], body[BATCH_HEADER_SIZE + SIGN_HASH_SIZE];
        Statement s = { DOMAIN_BATCH, &scope, body, sizeof(body) };
        Hash hash, root, expected;
        size_t n = seal_ticks(1, &hash), head = BATCH_HEADER_SIZE + BATCH_SECRET_SIZE + 64;

        assert_int_equal(n, head + 72);
        assert_int_equal(batch_parse(frame, n, &b), 0);
        assert_int_equal(batch_verify(b, &scope), 0);
        batch_salt(b->secret, 0, salt);
        merkle_leaf(salt, sizeof(salt), frame + head, 72, &root);
        assert_true(hash_equal(&root, &b->root));
        memcpy(body, frame, BATCH_HEADER_SIZE);
        memcpy(body + BATCH_HEADER_SIZE, root.bytes, SIGN_HASH_SIZE);
        assert_int_equal(sign_hash(&s, &expected), 0);
        assert_true(hash_equal(&hash, &expected));
}

static void no_byte_can_be_changed(_unused_ void **state) {
        SignScope scope = fixture_scope();
        Hash hash;
        size_t n = seal_ticks(3, &hash);

        for (size_t i = 0; i < n; i++) {
                _cleanup_(batch_freep) Batch *b = NULL;

                frame[i] ^= 1;
                if (batch_parse(frame, n, &b) == 0)
                        assert_int_equal(batch_verify(b, &scope), -EBADMSG);
                frame[i] ^= 1;
        }
}

static void other_keys_do_not_verify(_unused_ void **state) {
        _cleanup_(batch_freep) Batch *b = NULL;
        SignScope network = fixture_scope(), validator = network;
        Hash hash;
        size_t n = seal_ticks(2, &hash);

        network.network = fixture_public(SEED_HUB);
        validator.subject = fixture_public(SEED_HUB);
        assert_int_equal(batch_parse(frame, n, &b), 0);
        assert_int_equal(batch_verify(b, &network), -EBADMSG);
        assert_int_equal(batch_verify(b, &validator), -EBADMSG);
}

static void truncated_and_padded_frames_are_refused(_unused_ void **state) {
        Batch *b = NULL;
        Hash hash;
        size_t n = seal_ticks(3, &hash);

        assert_int_equal(batch_parse(frame, 0, &b), -EMSGSIZE);
        for (size_t i = 1; i < n; i++)
                assert_int_equal(batch_parse(frame, i, &b), -EBADMSG);
        assert_int_equal(batch_parse(frame, n + 1, &b), -EBADMSG);
        assert_int_equal(batch_parse(frame, BATCH_FRAME_MAX + 1, &b), -EMSGSIZE);
        assert_null(b);
}

static int parse_with(size_t at, uint8_t value) {
        _cleanup_(batch_freep) Batch *b = NULL;
        Hash hash;
        size_t n = seal_ticks(2, &hash);

        frame[at] = value;
        return batch_parse(frame, n, &b);
}

static void headers_out_of_limits_are_refused(_unused_ void **state) {
        assert_int_equal(parse_with(0, 'D'), -EBADMSG);
        assert_int_equal(parse_with(4, 2), -EPROTONOSUPPORT);
        assert_int_equal(parse_with(5, 3), -EPROTONOSUPPORT);
        assert_int_equal(parse_with(7, 4), -EPROTONOSUPPORT); /* flag */
        assert_int_equal(parse_with(8, 0x81), -EBADMSG);      /* incarnation >= 2^63 */
        assert_int_equal(parse_with(23, 0), -EBADMSG);        /* sequence 0 */
        assert_int_equal(parse_with(24, 1), -EBADMSG);        /* previous at sequence 1 */
        assert_int_equal(parse_with(56, 0x80), -EBADMSG);     /* created */
        assert_int_equal(parse_with(64, 0x80), 0);            /* clock offset may be negative */
        assert_int_equal(parse_with(73, 0), -EBADMSG);        /* count 0 */
        assert_int_equal(parse_with(73, 3), -EBADMSG);
        assert_int_equal(parse_with(72, 0xff), -EBADMSG);
        assert_int_equal(parse_with(74, 0x10), -EBADMSG);     /* extension beyond the end */
        assert_int_equal(parse_with(5, BATCH_GAP), -EBADMSG); /* gap without its extension */
}

static void gaps_verify_and_bring_their_extension(_unused_ void **state) {
        _cleanup_(batch_freep) Batch *b = NULL;
        SignScope scope = fixture_scope();
        BatchDraft d = gap_draft();
        Hash hash, empty;
        size_t n = seal(&d, &hash);

        hash_bytes("", 0, &empty);
        assert_int_equal(n, BATCH_HEADER_SIZE + 15 + 64);
        assert_int_equal(batch_parse(frame, n, &b), 0);
        assert_int_equal(batch_verify(b, &scope), 0);
        assert_true(b->gap.from == 5 && b->header.sequence == 9);
        assert_int_equal(b->gap.lost, 300);
        assert_null(b->secret);
        assert_true(hash_equal(&b->root, &empty));
        assert_true(hash_equal(&b->hash, &hash));
}

static void a_gap_is_signed_as_a_gap(_unused_ void **state) {
        uint8_t body[BATCH_HEADER_SIZE + 15 + SIGN_HASH_SIZE];
        SignScope scope = fixture_scope();
        Statement s = { DOMAIN_GAP, &scope, body, sizeof(body) };
        BatchDraft d = gap_draft();
        Hash hash, expected;

        seal(&d, &hash);
        memcpy(body, frame, BATCH_HEADER_SIZE + 15);
        hash_bytes("", 0, &expected);
        memcpy(body + BATCH_HEADER_SIZE + 15, expected.bytes, SIGN_HASH_SIZE);
        assert_int_equal(sign_hash(&s, &expected), 0);
        assert_true(hash_equal(&hash, &expected));
}

static void every_leaf_has_a_salt_of_its_own(_unused_ void **state) {
        static const uint8_t secret[BATCH_SECRET_SIZE] = { 1 };
        uint8_t first[BATCH_SALT_SIZE], second[BATCH_SALT_SIZE];

        batch_salt(secret, 0, first);
        batch_salt(secret, 1, second);
        assert_memory_not_equal(first, second, BATCH_SALT_SIZE);
}

static void drafts_out_of_limits_are_refused(_unused_ void **state) {
        _cleanup_(sign_key_freep) SignKey *k = fixture_key(SEED_VALIDATOR);
        PublicKey network = fixture_public(SEED_NETWORK);
        BatchDraft d = fixture_draft(ticks, BATCH_TICKS_MAX + 1);
        Hash hash;

        assert_int_equal(batch_seal(&d, k, &network, frame, &hash), -EINVAL);
        d = fixture_draft(ticks, 1), d.header.incarnation = 0;
        assert_int_equal(batch_seal(&d, k, &network, frame, &hash), -EINVAL);
        d = fixture_draft(ticks, 1), d.header.previous.bytes[31] = 1;
        assert_int_equal(batch_seal(&d, k, &network, frame, &hash), -EINVAL);
        d = gap_draft(), d.gap.from = 10;
        assert_int_equal(batch_seal(&d, k, &network, frame, &hash), -EINVAL);
        ticks[0].outcome = 0;
        d = fixture_draft(ticks, 1);
        assert_int_equal(batch_seal(&d, k, &network, frame, &hash), -EINVAL);
        ticks[0] = fixture_tick(0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(batches_of_all_sizes_verify),
                cmocka_unit_test(root_and_hash_are_as_documented),
                cmocka_unit_test(no_byte_can_be_changed),
                cmocka_unit_test(other_keys_do_not_verify),
                cmocka_unit_test(truncated_and_padded_frames_are_refused),
                cmocka_unit_test(headers_out_of_limits_are_refused),
                cmocka_unit_test(gaps_verify_and_bring_their_extension),
                cmocka_unit_test(a_gap_is_signed_as_a_gap),
                cmocka_unit_test(every_leaf_has_a_salt_of_its_own),
                cmocka_unit_test(drafts_out_of_limits_are_refused),
        };

        for (uint32_t i = 0; i < ELEMENTSOF(ticks); i++)
                ticks[i] = fixture_tick(i);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
