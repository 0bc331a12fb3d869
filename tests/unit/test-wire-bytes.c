/* Cursors stop at their end and stay stopped. */
#include <errno.h>

#include "wire-fixture.h"
#include "wire/bytes.h"

static void what_is_written_is_read(_unused_ void **state) {
        uint8_t bytes[18], expected[] = { 1, 2, 3, 4, 5, 6, 7,   0xff, 0,
                                          0, 0, 0, 0, 0, 0, 'a', 'b',  'c' };
        ByteWriter w = byte_writer(bytes, sizeof(bytes));
        ByteReader r = byte_reader(bytes, sizeof(bytes));
        char text[3];

        write_u8(&w, 1);
        write_u16(&w, 0x0203);
        write_u32(&w, 0x04050607);
        write_u64(&w, UINT64_C(0xff00000000000000));
        write_bytes(&w, "abc", 3);
        assert_int_equal(write_finish(&w), 18);
        assert_memory_equal(bytes, expected, sizeof(expected));

        assert_int_equal(read_u8(&r), 1);
        assert_int_equal(read_u16(&r), 0x0203);
        assert_int_equal(read_u32(&r), 0x04050607);
        assert_true(read_u64(&r) == UINT64_C(0xff00000000000000));
        assert_int_equal(read_left(&r), 3);
        assert_int_equal(read_finish(&r), -EBADMSG);
        read_bytes(&r, text, 3);
        assert_memory_equal(text, "abc", 3);
        assert_int_equal(read_finish(&r), 0);
}

static void a_failed_reader_gives_zeros(_unused_ void **state) {
        uint8_t bytes[] = { 1, 2, 3 }, rest[2] = { 9, 9 };
        ByteReader r = byte_reader(bytes, sizeof(bytes));

        assert_int_equal(read_u32(&r), 0);
        assert_int_equal(read_u8(&r), 0);
        read_bytes(&r, rest, 2);
        assert_int_equal(rest[0], 0);
        assert_null(read_slice(&r, 1));
        assert_int_equal(read_left(&r), 0);
        assert_int_equal(read_finish(&r), -EBADMSG);
}

static void integers_stay_below_2_63(_unused_ void **state) {
        uint8_t largest[] = { 0x7f, 255, 255, 255, 255, 255, 255, 255 }, bytes[8] = { 0x80 };
        ByteReader good = byte_reader(largest, 8), bad = byte_reader(bytes, 8);

        assert_true(read_u63(&good) == INT64_MAX);
        assert_int_equal(read_finish(&good), 0);
        assert_int_equal(read_u63(&bad), 0);
        assert_int_equal(read_finish(&bad), -EBADMSG);
}

static void a_full_writer_writes_nothing_more(_unused_ void **state) {
        uint8_t bytes[4] = {};
        ByteWriter w = byte_writer(bytes, 3);

        write_u16(&w, 0x0101);
        write_u16(&w, 0x0202);
        write_u8(&w, 3);
        assert_int_equal(write_finish(&w), -ENOBUFS);
        assert_int_equal(bytes[2], 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_written_is_read),
                cmocka_unit_test(a_failed_reader_gives_zeros),
                cmocka_unit_test(integers_stay_below_2_63),
                cmocka_unit_test(a_full_writer_writes_nothing_more),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
