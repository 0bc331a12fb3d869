/* Every code has a name of its own, and the way back. */
#include "wire-fixture.h"
#include "wire/code.h"

static void names_lead_back_to_their_codes(_unused_ void **state) {
        for (Code c = CODE_UNKNOWN + 1; c < _CODE_MAX; c++) {
                assert_non_null(code_name(c));
                assert_true(strlen(code_name(c)) < 32);
                assert_int_equal(code_from_name(code_name(c)), c);
        }
}

static void what_is_unknown_is_said_so(_unused_ void **state) {
        assert_null(code_name(CODE_UNKNOWN));
        assert_null(code_name(_CODE_MAX));
        assert_int_equal(code_from_name("no_such_code"), CODE_UNKNOWN);
        assert_int_equal(code_from_name(""), CODE_UNKNOWN);
}

static void close_codes_have_names(_unused_ void **state) {
        for (unsigned c = CLOSE_PROTOCOL; c <= CLOSE_BAD_SIGNATURE; c++)
                assert_string_not_equal(close_code_name(c), "unknown");
        assert_string_equal(close_code_name(CLOSE_TOO_LARGE), "too_large");
        assert_string_equal(close_code_name(4999), "unknown");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(names_lead_back_to_their_codes),
                cmocka_unit_test(what_is_unknown_is_said_so),
                cmocka_unit_test(close_codes_have_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
