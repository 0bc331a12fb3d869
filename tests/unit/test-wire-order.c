/* Orders: bytes, limits, identity and slots. */
#include <errno.h>

#include "wire-fixture.h"

static size_t encode(const Order *o, uint8_t *ret) {
        int n = order_encode(o, ret, ORDER_SIZE_MAX);

        assert_true(n > 0);
        return (size_t)n;
}

static void an_order_survives_its_bytes(_unused_ void **state) {
        static const uint8_t extension[] = { 9, 0, 1, 'x' };
        uint8_t bytes[ORDER_SIZE_MAX], again[ORDER_SIZE_MAX];
        Order o = fixture_order(), read;
        size_t n;

        assert_int_equal(encode(&o, bytes), ORDER_FIXED_SIZE);
        o.extension = (Extension){ extension, sizeof(extension) };
        n = encode(&o, bytes);
        assert_int_equal(n, ORDER_FIXED_SIZE + sizeof(extension));
        assert_int_equal(order_decode(bytes, n, &read), 0);
        assert_int_equal(read.type, ORDER_SEAT);
        assert_int_equal(read.seat, 2);
        assert_int_equal(read.interval_ms, 60000);
        assert_true(read.start == o.start && read.epoch.number == 7);
        assert_true(read.extension.bytes == bytes + ORDER_FIXED_SIZE);
        assert_int_equal(encode(&read, again), n);
        assert_memory_equal(bytes, again, n);
}

static void limits_are_kept_when_writing(_unused_ void **state) {
        uint8_t bytes[ORDER_SIZE_MAX];
        Order o = fixture_order(), bad;

        assert_int_equal(order_encode(&o, bytes, ORDER_FIXED_SIZE - 1), -ENOBUFS);
        bad = o, bad.timeout_ms = 30001;
        assert_int_equal(order_encode(&bad, bytes, sizeof(bytes)), -EINVAL);
        bad = o, bad.interval_ms = ORDER_INTERVAL_MIN_MS - 1;
        assert_int_equal(order_encode(&bad, bytes, sizeof(bytes)), -EINVAL);
        bad = o, bad.seat = 4;
        assert_int_equal(order_encode(&bad, bytes, sizeof(bytes)), -EINVAL);
        bad = o, bad.family = 5;
        assert_int_equal(order_encode(&bad, bytes, sizeof(bytes)), -EINVAL);
        bad = o, bad.start = -1;
        assert_int_equal(order_encode(&bad, bytes, sizeof(bytes)), -EINVAL);
        bad = o, bad.type = 4;
        assert_int_equal(order_encode(&bad, bytes, sizeof(bytes)), -EINVAL);
}

static int decode_with(size_t at, uint8_t value) {
        uint8_t bytes[ORDER_SIZE_MAX];
        Order o = fixture_order(), read;
        size_t n = encode(&o, bytes);

        bytes[at] = value;
        return order_decode(bytes, n, &read);
}

static void what_a_later_version_may_bring_is_told_apart(_unused_ void **state) {
        assert_int_equal(decode_with(0, 2), -EPROTONOSUPPORT); /* version */
        assert_int_equal(decode_with(1, 4), -EPROTONOSUPPORT); /* type */
        assert_int_equal(decode_with(5, 1), -EPROTONOSUPPORT); /* flags */
        assert_int_equal(decode_with(2, 5), -EBADMSG);         /* family */
        assert_int_equal(decode_with(3, 4), -EBADMSG);         /* seat >= n */
        assert_int_equal(decode_with(7, 1), -EBADMSG);         /* extension that is not there */
        assert_int_equal(decode_with(60, 0xff), -EBADMSG);     /* timeout */
        assert_int_equal(decode_with(64, 0x80), -EBADMSG);     /* start >= 2^63 */
        assert_int_equal(decode_with(72, 0x80), -EBADMSG);     /* epoch >= 2^63 */
}

static void truncated_orders_are_refused(_unused_ void **state) {
        uint8_t bytes[ORDER_SIZE_MAX + 1] = {};
        Order o = fixture_order(), read;
        size_t n = encode(&o, bytes);

        for (size_t i = 0; i < n; i++)
                assert_int_equal(order_decode(bytes, i, &read), -EBADMSG);
        assert_int_equal(order_decode(bytes, n + 1, &read), -EBADMSG);
        assert_int_equal(order_decode(bytes, sizeof(bytes), &read), -EBADMSG);
}

static void an_id_hangs_on_content_and_keys(_unused_ void **state) {
        SignScope scope = fixture_scope(), other = scope;
        uint8_t bytes[ORDER_SIZE_MAX];
        Order o = fixture_order();
        OrderId id, changed;
        Hash leaf, expected;
        Statement s = { DOMAIN_ORDER, &scope, bytes, encode(&o, bytes) };

        assert_int_equal(order_id(&scope, bytes, s.n, &id), 0);
        assert_int_equal(sign_hash(&s, &expected), 0);
        assert_memory_equal(id.bytes, expected.bytes, sizeof(id.bytes));
        other.subject.bytes[0] ^= 1;
        assert_int_equal(order_id(&other, bytes, s.n, &changed), 0);
        assert_false(order_id_equal(&id, &changed));
        assert_int_equal(order_leaf(&scope, bytes, s.n, &leaf), 0);
        assert_false(hash_equal(&leaf, &expected));
        bytes[159] ^= 1;
        assert_int_equal(order_id(&scope, bytes, s.n, &changed), 0);
        assert_false(order_id_equal(&id, &changed));
        assert_int_equal(order_id(&scope, bytes, ORDER_SIZE_MAX + 1, &changed), -EMSGSIZE);
}

static void slots_lie_on_a_grid(_unused_ void **state) {
        Order o = fixture_order();
        int64_t third = o.start + 3 * INT64_C(60000000), half = 30000000;

        assert_true(order_slot_time(order_grid(&o), 3) == third);
        assert_int_equal(order_slot_matches(order_grid(&o), 3, third), 1);
        assert_int_equal(order_slot_matches(order_grid(&o), 3, third + half - 1), 1);
        assert_int_equal(order_slot_matches(order_grid(&o), 3, third - half + 1), 1);
        assert_int_equal(order_slot_matches(order_grid(&o), 3, third + half), 0);
        assert_int_equal(order_slot_matches(order_grid(&o), 3, third - half), 0);
        assert_int_equal(order_slot_matches(order_grid(&o), 3, -1), 0);
        o.interval_ms = ORDER_INTERVAL_MAX_MS;
        assert_true(order_slot_time(order_grid(&o), UINT32_MAX) == INT64_MAX);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_order_survives_its_bytes),
                cmocka_unit_test(limits_are_kept_when_writing),
                cmocka_unit_test(what_a_later_version_may_bring_is_told_apart),
                cmocka_unit_test(truncated_orders_are_refused),
                cmocka_unit_test(an_id_hangs_on_content_and_keys),
                cmocka_unit_test(slots_lie_on_a_grid),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
