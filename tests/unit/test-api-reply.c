/* Problem documents and ETags. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/reply.h"

static void expect_problem(const Problem *p, const char *expected) {
        _cleanup_free_ char *text = NULL;

        assert_int_equal(problem_write(p, &text), 0);
        assert_string_equal(text, expected);
}

static void a_problem_has_type_title_and_status(void **state _unused_) {
        expect_problem(&(Problem){ .status = 404 },
                       "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404}");
}

static void a_problem_says_what_is_wrong_where(void **state _unused_) {
        expect_problem(&(Problem){ .status = 422, .detail = "No x.", .pointer = "/url" },
                       "{\"type\":\"about:blank\",\"title\":\"Unprocessable Content\","
                       "\"status\":422,\"detail\":\"No x.\","
                       "\"errors\":[{\"pointer\":\"/url\",\"detail\":\"No x.\"}]}");
        expect_problem(&(Problem){ .status = 422, .pointer = "/url" },
                       "{\"type\":\"about:blank\",\"title\":\"Unprocessable Content\","
                       "\"status\":422,"
                       "\"errors\":[{\"pointer\":\"/url\",\"detail\":\"is not valid\"}]}");
}

static void a_header_is_not_part_of_the_document(void **state _unused_) {
        expect_problem(&(Problem){ .status = 503, .header = "Retry-After: 2" },
                       "{\"type\":\"about:blank\",\"title\":\"Service "
                       "Unavailable\",\"status\":503}");
}

static void an_unlisted_status_has_a_title_too(void **state _unused_) {
        expect_problem(&(Problem){ .status = 418 },
                       "{\"type\":\"about:blank\",\"title\":\"Error\",\"status\":418}");
}

static void a_tag_is_of_the_content(void **state _unused_) {
        char a[ETAG_SIZE], b[ETAG_SIZE], c[ETAG_SIZE];

        etag_make("hello", 5, a);
        etag_make("hello", 5, b);
        etag_make("hellp", 5, c);
        assert_string_equal(a, b);
        assert_string_not_equal(a, c);
        assert_int_equal(strlen(a), ETAG_SIZE - 1);
        assert_int_equal(a[0], '"');
        assert_int_equal(a[ETAG_SIZE - 2], '"');
}

static void a_tag_is_found_in_a_list(void **state _unused_) {
        assert_true(etag_matches("\"a\"", "\"a\""));
        assert_true(etag_matches("W/\"a\"", "\"a\""));
        assert_true(etag_matches("\"b\", \"a\"", "\"a\""));
        assert_true(etag_matches("\"b\",W/\"a\" , \"c\"", "\"a\""));
        assert_true(etag_matches("*", "\"a\""));
}

static void another_tag_is_none(void **state _unused_) {
        assert_false(etag_matches(NULL, "\"a\""));
        assert_false(etag_matches("", "\"a\""));
        assert_false(etag_matches("\"ab\"", "\"a\""));
        assert_false(etag_matches("a", "\"a\""));
        assert_false(etag_matches("\"b\", \"c\"", "\"a\""));
        assert_false(etag_matches(",,,", "\"a\""));
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_problem_has_type_title_and_status),
                cmocka_unit_test(a_problem_says_what_is_wrong_where),
                cmocka_unit_test(a_header_is_not_part_of_the_document),
                cmocka_unit_test(an_unlisted_status_has_a_title_too),
                cmocka_unit_test(a_tag_is_of_the_content),
                cmocka_unit_test(a_tag_is_found_in_a_list),
                cmocka_unit_test(another_tag_is_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
