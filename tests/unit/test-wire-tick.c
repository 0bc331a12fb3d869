/* Ticks: layout, limits, names. */
#include <errno.h>

#include "wire-fixture.h"

static void a_tick_survives_its_bytes(_unused_ void **state) {
        static const int sizes[] = { 72, 84, 68 };

        for (uint32_t i = 0; i < 12; i++) {
                uint8_t bytes[TICK_SIZE_MAX], again[TICK_SIZE_MAX];
                Tick t = fixture_tick(i), read;
                int n = tick_encode(&t, bytes);

                assert_int_equal(n, sizes[i % 3]);
                assert_int_equal(tick_decode(bytes, (size_t)n, &read), n);
                assert_int_equal(read.kind, t.kind);
                assert_int_equal(read.outcome, t.outcome);
                assert_int_equal(read.phases.transfer, 5000);
                assert_memory_equal(read.address, t.address, sizeof(t.address));
                assert_int_equal(tick_encode(&read, again), n);
                assert_memory_equal(bytes, again, (size_t)n);
        }
}

static void fields_stand_where_they_are_documented(_unused_ void **state) {
        uint8_t bytes[TICK_SIZE_MAX];
        Tick t = fixture_tick(1);

        assert_int_equal(tick_encode(&t, bytes), 84);
        assert_int_equal(bytes[16], TICK_CONFIRM << 4 | 6);
        assert_int_equal(bytes[17], TICK_DOWN);
        assert_int_equal(bytes[18], TICK_ERROR_TIMEOUT_WAIT);
        assert_int_equal(bytes[19], TICK_REDIRECTED);
        assert_int_equal(bytes[23], 2);
        assert_int_equal(bytes[33], 200);
        assert_int_equal(bytes[39], 1001 & 0xff);
        assert_int_equal(bytes[60], 0x88);
        assert_int_equal(bytes[83], 0x99);
}

static void truncated_ticks_are_refused(_unused_ void **state) {
        uint8_t bytes[TICK_SIZE_MAX];
        Tick t = fixture_tick(1), read;
        int n = tick_encode(&t, bytes);

        for (size_t i = 0; i < (size_t)n; i++)
                assert_int_equal(tick_decode(bytes, i, &read), -EBADMSG);
}

static int decode_with(size_t at, uint8_t value) {
        uint8_t bytes[TICK_SIZE_MAX];
        Tick t = fixture_tick(1), read;

        assert_int_equal(tick_encode(&t, bytes), 84);
        bytes[at] = value;
        return tick_decode(bytes, sizeof(bytes), &read);
}

static void values_without_meaning_are_refused(_unused_ void **state) {
        assert_int_equal(decode_with(16, 0x46), -EBADMSG); /* kind 4 */
        assert_int_equal(decode_with(16, 0x05), -EBADMSG); /* family 5 */
        assert_int_equal(decode_with(17, 0), -EBADMSG);
        assert_int_equal(decode_with(17, 4), -EBADMSG);
        assert_int_equal(decode_with(17, TICK_UP), -EBADMSG); /* up with an error */
        assert_int_equal(decode_with(18, 0), -EBADMSG);       /* down without one */
        assert_int_equal(decode_with(18, 200), 84);           /* a later class */
        assert_int_equal(decode_with(19, 4), -EBADMSG);
        assert_int_equal(decode_with(24, 0x80), -EBADMSG);
}

static void limits_are_kept_when_writing(_unused_ void **state) {
        uint8_t bytes[TICK_SIZE_MAX];
        Tick t = fixture_tick(0);

        t.error = TICK_ERROR_DNS;
        assert_int_equal(tick_encode(&t, bytes), -EINVAL);
        t = fixture_tick(0), t.start = -1;
        assert_int_equal(tick_encode(&t, bytes), -EINVAL);
        t = fixture_tick(0), t.kind = _TICK_KIND_MAX;
        assert_int_equal(tick_encode(&t, bytes), -EINVAL);
}

static void totals_do_not_wrap(_unused_ void **state) {
        Tick t = { .phases = { UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX } };

        assert_true(tick_total(&t) == UINT64_C(5) * UINT32_MAX);
}

static void everything_has_a_name(_unused_ void **state) {
        for (unsigned i = 0; i < _TICK_ERROR_MAX; i++)
                assert_string_not_equal(tick_error_name(i), "unknown");
        for (unsigned i = 1; i <= _TICK_ERROR_MAX; i++)
                assert_in_range(strlen(tick_error_text(i)), 15, 70);
        assert_string_equal(tick_error_text(TICK_ERROR_NONE), "");
        for (unsigned i = 0; i < _TICK_KIND_MAX; i++)
                assert_string_not_equal(tick_kind_name(i), "unknown");
        assert_string_equal(tick_outcome_name(TICK_DOWN), "down");
        assert_string_equal(tick_outcome_name(0), "unknown");
        assert_string_equal(tick_error_name(200), "unknown");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_tick_survives_its_bytes),
                cmocka_unit_test(fields_stand_where_they_are_documented),
                cmocka_unit_test(truncated_ticks_are_refused),
                cmocka_unit_test(values_without_meaning_are_refused),
                cmocka_unit_test(limits_are_kept_when_writing),
                cmocka_unit_test(totals_do_not_wrap),
                cmocka_unit_test(everything_has_a_name),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
