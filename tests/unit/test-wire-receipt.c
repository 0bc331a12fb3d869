/* Receipts and the disposition hash. */
#include <errno.h>

#include "wire-fixture.h"

static Receipt fixture_receipt(void) {
        Receipt r = {
                .incarnation = 0x0123456789abcdef,
                .from = 3,
                .to = 5,
                .commit_no = 42,
                .commit_time = FIXTURE_TIME,
                .counts = { 1, 2, 3, 4, 5, 6 },
        };

        memset(r.hash.bytes, 0xcc, SIGN_HASH_SIZE);
        memset(r.dispositions.bytes, 0xdd, SIGN_HASH_SIZE);
        return r;
}

static size_t seal(const Receipt *r, uint8_t *ret) {
        _cleanup_(sign_key_freep) SignKey *hub = fixture_key(SEED_NETWORK);
        SignScope scope = fixture_scope();
        int n;

        n = receipt_seal(r, hub, &scope, ret);
        assert_true(n > 0);
        return (size_t)n;
}

static void a_receipt_survives_its_bytes(_unused_ void **state) {
        static const uint8_t extension[] = { 9, 0, 1, 'x' };
        SignScope scope = fixture_scope();
        uint8_t bytes[RECEIPT_SIZE_MAX];
        Receipt r = fixture_receipt(), read;
        size_t n;

        assert_int_equal(seal(&r, bytes), RECEIPT_FIXED_SIZE);
        r.extension = (Extension){ extension, sizeof(extension) };
        n = seal(&r, bytes);
        assert_int_equal(receipt_parse(bytes, n, &read), 0);
        assert_int_equal(receipt_verify(bytes, n, &scope.network, &scope), 0);
        assert_true(read.incarnation == r.incarnation && read.from == 3 && read.to == 5);
        assert_true(read.commit_no == 42 && read.commit_time == FIXTURE_TIME);
        assert_memory_equal(read.counts, r.counts, sizeof(r.counts));
        assert_true(hash_equal(&read.dispositions, &r.dispositions));
        assert_int_equal(read.extension.n, sizeof(extension));
}

static void no_byte_can_be_changed(_unused_ void **state) {
        SignScope scope = fixture_scope();
        uint8_t bytes[RECEIPT_SIZE_MAX];
        Receipt r = fixture_receipt();
        size_t n = seal(&r, bytes);

        for (size_t i = 0; i < n; i++) {
                bytes[i] ^= 1;
                assert_int_equal(receipt_verify(bytes, n, &scope.network, &scope), -EBADMSG);
                bytes[i] ^= 1;
        }
        scope.subject = fixture_public(SEED_HUB);
        assert_int_equal(receipt_verify(bytes, n, &scope.network, &scope), -EBADMSG);
}

static int parse_with(size_t at, uint8_t value) {
        uint8_t bytes[RECEIPT_SIZE_MAX];
        Receipt r = fixture_receipt(), read;
        size_t n = seal(&r, bytes);

        bytes[at] = value;
        return receipt_parse(bytes, n, &read);
}

static void malformed_receipts_are_refused(_unused_ void **state) {
        uint8_t bytes[RECEIPT_SIZE_MAX] = {};
        Receipt r = fixture_receipt(), read;
        SignScope scope = fixture_scope();
        size_t n = seal(&r, bytes);

        for (size_t i = 0; i < n; i++)
                assert_int_equal(receipt_parse(bytes, i, &read), -EBADMSG);
        assert_int_equal(receipt_parse(bytes, n + 1, &read), -EBADMSG);
        assert_int_equal(receipt_verify(bytes, 63, &scope.network, &scope), -EBADMSG);
        assert_int_equal(parse_with(0, 2), -EPROTONOSUPPORT);
        assert_int_equal(parse_with(1, 2), -EPROTONOSUPPORT);
        assert_int_equal(parse_with(4, 0x80), -EBADMSG); /* incarnation >= 2^63 */
        assert_int_equal(parse_with(19, 6), -EBADMSG);   /* from > to */
        assert_int_equal(parse_with(19, 0), -EBADMSG);
        assert_int_equal(parse_with(68, 0x80), -EBADMSG);
}

static void limits_are_kept_when_sealing(_unused_ void **state) {
        _cleanup_(sign_key_freep) SignKey *hub = fixture_key(SEED_NETWORK);
        SignScope scope = fixture_scope();
        uint8_t bytes[RECEIPT_SIZE_MAX];
        Receipt r = fixture_receipt();

        r.from = 6;
        assert_int_equal(receipt_seal(&r, hub, &scope, bytes), -EINVAL);
        r.from = 0;
        assert_int_equal(receipt_seal(&r, hub, &scope, bytes), -EINVAL);
}

static void dispositions_hash_as_documented(_unused_ void **state) {
        static const uint8_t codes[] = { DISPOSITION_ACCEPTED, DISPOSITION_LATE };
        static const uint8_t bytes[] = { 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 7, 0, 1,
                                         0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 8, 0 };
        _cleanup_(disposition_hash_freep) DispositionHash *d = NULL;
        Hash hash, expected;

        assert_int_equal(disposition_hash_new(&d), 0);
        disposition_hash_add(d, 3, 7, codes, 2);
        disposition_hash_add(d, 4, 8, codes, 1);
        disposition_hash_take(d, &hash);
        hash_bytes(bytes, sizeof(bytes), &expected);
        assert_true(hash_equal(&hash, &expected));
        disposition_hash_take(d, &hash);
        hash_bytes("", 0, &expected);
        assert_true(hash_equal(&hash, &expected));
}

static void every_disposition_has_a_name(_unused_ void **state) {
        for (unsigned i = 0; i < _DISPOSITION_MAX; i++)
                assert_string_not_equal(disposition_name(i), "unknown");
        assert_string_equal(disposition_name(_DISPOSITION_MAX), "unknown");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_receipt_survives_its_bytes),
                cmocka_unit_test(no_byte_can_be_changed),
                cmocka_unit_test(malformed_receipts_are_refused),
                cmocka_unit_test(limits_are_kept_when_sealing),
                cmocka_unit_test(dispositions_hash_as_documented),
                cmocka_unit_test(every_disposition_has_a_name),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
