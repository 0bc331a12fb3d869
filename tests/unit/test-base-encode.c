/* base64url, hex and UTF-8. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/encode.h"
#include "base/macro.h"

static void base64url_matches_the_rfc_without_padding(void **state _unused_) {
        static const char *const pairs[][2] = {
                { "", "" },
                { "f", "Zg" },
                { "fo", "Zm8" },
                { "foo", "Zm9v" },
                { "foob", "Zm9vYg" },
                { "fooba", "Zm9vYmE" },
                { "foobar", "Zm9vYmFy" },
                { "\xfb\xff\xbf", "-_-_" },
        };

        for (size_t i = 0; i < ELEMENTSOF(pairs); i++) {
                char text[16], bytes[16] = {};
                size_t n = strlen(pairs[i][0]);

                assert_ptr_equal(base64url_encode(pairs[i][0], n, text), text);
                assert_string_equal(text, pairs[i][1]);
                assert_int_equal(base64url_decode(text, bytes, sizeof(bytes)), n);
                assert_memory_equal(bytes, pairs[i][0], n);
        }
}

static void sizes_are_exact(void **state _unused_) {
        uint8_t bytes[70] = { 0 }, again[70];

        for (size_t n = 0; n <= sizeof(bytes); n++) {
                _cleanup_free_ char *text = malloc(BASE64URL_SIZE(n)), *hex = malloc(HEX_SIZE(n));

                bytes[n / 2] = (uint8_t)n;
                assert_int_equal(strlen(base64url_encode(bytes, n, text)), BASE64URL_SIZE(n) - 1);
                assert_int_equal(base64url_decode(text, again, n), n);
                assert_memory_equal(again, bytes, n);
                assert_int_equal(strlen(hex_encode(bytes, n, hex)), HEX_SIZE(n) - 1);
                assert_int_equal(hex_decode(hex, again, n), n);
                assert_memory_equal(again, bytes, n);
                if (n > 0) {
                        assert_int_equal(base64url_decode(text, again, n - 1), -ENOBUFS);
                        assert_int_equal(hex_decode(hex, again, n - 1), -ENOBUFS);
                }
        }
}

static void only_one_text_names_the_same_bytes(void **state _unused_) {
        uint8_t bytes[8];

        assert_int_equal(base64url_decode("Zg", bytes, 8), 1);
        assert_int_equal(base64url_decode("Zh", bytes, 8), -EINVAL);
        assert_int_equal(base64url_decode("Zm8", bytes, 8), 2);
        assert_int_equal(base64url_decode("Zm9", bytes, 8), -EINVAL);
}

static void foreign_characters_and_padding_are_refused(void **state _unused_) {
        static const char *const wrong[] = {
                "A",    "AAAAA", "Zg==",   "Zm8=", "Zm9v=",   "Zm+v",
                "Zm/v", "Zm 9v", "Zm9v\n", " Zm9", "Zm9\xc3",
        };
        uint8_t bytes[16];

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                assert_int_equal(base64url_decode(wrong[i], bytes, sizeof(bytes)), -EINVAL);
}

static void each_byte_is_a_digit_or_refused(void **state _unused_) {
        static const char letters[] =
                        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        static const char digits[] = "0123456789abcdefABCDEF";

        for (int c = 1; c < 256; c++)
                for (size_t place = 0; place < 4; place++) {
                        char text[] = "AAAA";
                        uint8_t bytes[4];

                        text[place] = (char)c;
                        assert_int_equal(base64url_decode(text, bytes, 4),
                                         strchr(letters, c) ? 3 : -EINVAL);
                        assert_int_equal(hex_decode(text, bytes, 4),
                                         strchr(digits, c) ? 2 : -EINVAL);
                }
}

static void hex_is_written_lower_and_read_in_both_cases(void **state _unused_) {
        uint8_t bytes[4];
        char text[HEX_SIZE(4)];

        assert_int_equal(hex_decode("00aBFf7f", bytes, sizeof(bytes)), 4);
        assert_string_equal(hex_encode(bytes, 4, text), "00abff7f");
        assert_int_equal(hex_decode("", bytes, 0), 0);
}

static void what_is_no_hex_is_refused(void **state _unused_) {
        static const char *const wrong[] = { "0",     "000",   "0g", "0x00",
                                             "00 00", "00:00", "-1", "\xef\xbc" };
        uint8_t bytes[8];

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                assert_int_equal(hex_decode(wrong[i], bytes, sizeof(bytes)), -EINVAL);
}

static void the_borders_of_utf8_are_valid(void **state _unused_) {
        static const char *const valid[] = {
                "",
                "plain",
                "\x7f",
                "\xc2\x80",
                "\xdf\xbf",
                "\xe0\xa0\x80",
                "\xed\x9f\xbf",
                "\xee\x80\x80",
                "\xef\xbf\xbf",
                "\xf0\x90\x80\x80",
                "\xf4\x8f\xbf\xbf",
                "a\xc3\xa4z\xf0\x9f\x98\x80",
        };

        for (size_t i = 0; i < ELEMENTSOF(valid); i++)
                assert_true(utf8_is_valid(valid[i], strlen(valid[i])));
        assert_true(utf8_is_valid("a\0b", 3));
}

static void what_only_looks_like_utf8_is_not_valid(void **state _unused_) {
        static const char *const wrong[] = {
                "\x80",
                "\xbf",
                "\xc0\xaf",
                "\xc1\xbf",
                "\xc2",
                "\xc2(",
                "\xe0\x9f\xbf",
                "\xe2\x82",
                "\xed\xa0\x80",
                "\xed\xbf\xbf",
                "\xe2\x28\xa1",
                "\xf0\x8f\xbf\xbf",
                "\xf4\x90\x80\x80",
                "\xf5\x80\x80\x80",
                "\xf0\x9f\x98",
                "\xff",
                "\xfe",
                "ok\xc3",
                "\xf0\x9f\x98\x28",
        };

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                assert_false(utf8_is_valid(wrong[i], strlen(wrong[i])));
        assert_false(utf8_is_valid("\xc3\xa4", 1)); /* the rest lies beyond the end */
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(base64url_matches_the_rfc_without_padding),
                cmocka_unit_test(sizes_are_exact),
                cmocka_unit_test(only_one_text_names_the_same_bytes),
                cmocka_unit_test(foreign_characters_and_padding_are_refused),
                cmocka_unit_test(each_byte_is_a_digit_or_refused),
                cmocka_unit_test(hex_is_written_lower_and_read_in_both_cases),
                cmocka_unit_test(what_is_no_hex_is_refused),
                cmocka_unit_test(the_borders_of_utf8_are_valid),
                cmocka_unit_test(what_only_looks_like_utf8_is_not_valid),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
