/* Which route answers which method and path. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/router.h"
#include "base/macro.h"

static void first(ApiCall *c _unused_) {
}

static void second(ApiCall *c _unused_) {
}

static const Route routes[] = {
        { "GET", "/a/b", 1, first },
        { "POST", "/a/b", 2, second },
        { "POST", "/pay/:who", 4, first },
        { "GET", "/", 0, first },
        { "GET", "/:file", 0, second },
        { "GET", "/exact", 0, first },
        { 0 },
};

static void expect_route(const char *method, const char *path, size_t index,
                         const char *parameter) {
        RouteMatch match;

        assert_int_equal(router_find(routes, method, path, &match), 0);
        assert_ptr_equal(match.route, &routes[index]);
        assert_string_equal(match.parameter, parameter);
}

static void expect_refusal(const char *method, const char *path, int r, const char *allow) {
        RouteMatch match;

        assert_int_equal(router_find(routes, method, path, &match), r);
        assert_string_equal(match.allow, allow);
}

static void method_and_path_decide(void **state _unused_) {
        expect_route("GET", "/a/b", 0, "");
        expect_route("POST", "/a/b", 1, "");
        expect_route("GET", "/", 3, "");
}

static void head_is_answered_where_get_is(void **state _unused_) {
        expect_route("HEAD", "/a/b", 0, "");
        expect_refusal("HEAD", "/pay/x", -EOPNOTSUPP, "POST, OPTIONS");
}

static void a_named_segment_stands_for_any(void **state _unused_) {
        expect_route("POST", "/pay/abc-_9", 2, "abc-_9");
        expect_refusal("POST", "/pay/", -ENOENT, "");
        expect_refusal("POST", "/pay", -EOPNOTSUPP, "GET, HEAD, OPTIONS"); /* as a file */
        expect_refusal("POST", "/pay/a/b", -ENOENT, "");
}

static void a_segment_too_long_fits_nothing(void **state _unused_) {
        char path[ROUTE_PARAMETER_SIZE + 8];

        memset(path, 'a', sizeof(path));
        path[0] = '/';
        path[ROUTE_PARAMETER_SIZE] = '\0';
        expect_route("GET", path, 4, path + 1);
        path[ROUTE_PARAMETER_SIZE] = 'a';
        path[ROUTE_PARAMETER_SIZE + 1] = '\0';
        expect_refusal("GET", path, -ENOENT, "");
}

static void the_first_route_that_fits_wins(void **state _unused_) {
        expect_route("GET", "/exact", 4, "exact");
}

static void an_unknown_path_is_told_from_an_unknown_method(void **state _unused_) {
        expect_refusal("GET", "/a/c", -ENOENT, "");
        expect_refusal("GET", "/a/b/", -ENOENT, "");
        expect_refusal("GET", "//a/b", -ENOENT, "");
        expect_refusal("GET", "", -ENOENT, "");
        expect_refusal("GET", "a/b", -ENOENT, "");
        expect_refusal("DELETE", "/a/b", -EOPNOTSUPP, "GET, HEAD, POST, OPTIONS");
        expect_refusal("get", "/a/b", -EOPNOTSUPP, "GET, HEAD, POST, OPTIONS");
        expect_refusal("POST", "/exact", -EOPNOTSUPP, "GET, HEAD, OPTIONS");
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(method_and_path_decide),
                cmocka_unit_test(head_is_answered_where_get_is),
                cmocka_unit_test(a_named_segment_stands_for_any),
                cmocka_unit_test(a_segment_too_long_fits_nothing),
                cmocka_unit_test(the_first_route_that_fits_wins),
                cmocka_unit_test(an_unknown_path_is_told_from_an_unknown_method),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
