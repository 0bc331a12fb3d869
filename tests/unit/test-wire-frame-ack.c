/* An ack lets the validator compute the receipt's disposition hash again. */
#include <errno.h>

#include "wire-fixture.h"
#include "wire/frame-ack.h"

static void dispositions_are_those_of_the_codes(_unused_ void **state) {
        static const uint8_t first[] = { 0, 1, 0 }, second[] = { 5, 3 };
        _cleanup_(disposition_hash_freep) DispositionHash *d = NULL;
        FrameArrival batches[] = { { 8, 100, 3, DISPOSITION_ACCEPTED },
                                   { 9, 200, 2, DISPOSITION_EXPIRED } };
        FrameException exceptions[] = { { 8, 1, DISPOSITION_LATE },
                                        { 9, 1, DISPOSITION_DUPLICATE } };
        FrameAck f = { .batches = { batches, 2 }, .exceptions = { exceptions, 2 } };
        Hash hash, expected;

        assert_int_equal(disposition_hash_new(&d), 0);
        disposition_hash_add(d, 8, 100, first, 3);
        disposition_hash_add(d, 9, 200, second, 2);
        disposition_hash_take(d, &expected);
        assert_int_equal(frame_ack_dispositions(&f, &hash), 0);
        assert_true(hash_equal(&hash, &expected));
}

static void an_ack_without_batches_hashes_nothing(_unused_ void **state) {
        Hash hash, expected;
        FrameAck f = {};

        hash_bytes("", 0, &expected);
        assert_int_equal(frame_ack_dispositions(&f, &hash), 0);
        assert_true(hash_equal(&hash, &expected));
}

static int dispositions(FrameArrival a, FrameArrival b, FrameException x, FrameException y) {
        FrameArrival batches[] = { a, b };
        FrameException exceptions[] = { x, y };
        FrameAck f = { .batches = { batches, 2 }, .exceptions = { exceptions, 2 } };
        Hash hash;

        return frame_ack_dispositions(&f, &hash);
}

static void what_does_not_fit_together_is_refused(_unused_ void **state) {
        FrameArrival a = { 8, 1, 3, 0 }, b = { 9, 1, 3, 0 }, none = { 9, 1, 0, 0 };
        FrameException x = { 8, 1, 1 }, y = { 9, 1, 1 }, high = { 9, 3, 1 }, other = { 7, 0, 1 };

        assert_int_equal(dispositions(a, b, x, y), 0);
        assert_int_equal(dispositions(b, a, x, y), -EBADMSG);
        assert_int_equal(dispositions(a, a, x, x), -EBADMSG);
        assert_int_equal(dispositions(a, b, y, x), -EBADMSG);
        assert_int_equal(dispositions(a, b, x, x), -EBADMSG);
        assert_int_equal(dispositions(a, b, x, high), -EBADMSG);
        assert_int_equal(dispositions(a, b, other, x), -EBADMSG);
        assert_int_equal(dispositions(a, none, x, x), -EBADMSG);
}

static void batches_must_ascend(_unused_ void **state) {
        FrameArrival batches[] = { { 9, 1, 3, 0 }, { 8, 1, 3, 0 } };
        FrameAck f = { .batches = { batches, 2 } };
        Hash hash;

        assert_int_equal(frame_ack_dispositions(&f, &hash), -EBADMSG);
        batches[0].sequence = 8;
        assert_int_equal(frame_ack_dispositions(&f, &hash), -EBADMSG);
        batches[0].sequence = 7;
        assert_int_equal(frame_ack_dispositions(&f, &hash), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(dispositions_are_those_of_the_codes),
                cmocka_unit_test(an_ack_without_batches_hashes_nothing),
                cmocka_unit_test(batches_must_ascend),
                cmocka_unit_test(what_does_not_fit_together_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
