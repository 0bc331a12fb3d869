/* Assertions as they are written: which are understood. */
#include <errno.h>

#include "wire-fixture.h"
#include "wire/assertion.h"

typedef struct Row {
        const char *source, *property, *operator, * value, *word; /* word NULL: it is fine */
} Row;

static void each_is_judged(_unused_ void **state) {
        static const Row rows[] = {
                { "body", NULL, "contains", "ok", NULL },
                { "body", NULL, "equals", NULL, NULL },
                { "body", NULL, "equals", "", NULL },
                { "header", "Content-Type", "matches", "^text/", NULL },
                { "header", "etag", "exists", NULL, NULL },
                { "json", "$.a[0]", "less_than", "-1.5e3", NULL },
                { "answer", NULL, "not_exists", NULL, NULL },
                { "", NULL, "equals", "a", "about" },
                { "body", NULL, "", "a", "operator" },
                { "body", NULL, "Contains", "a", "operator" },
                { "header", NULL, "equals", "a", "names it" },
                { "json", "", "equals", "a", "names it" },
                { "body", "a", "equals", "a", "no property" },
                { "answer", "a", "equals", "a", "no property" },
                { "header", "a b", "equals", "a", "name of a header" },
                { "body", NULL, "exists", NULL, "always" },
                { "header", "a", "exists", "x", "no value" },
                { "body", NULL, "contains", NULL, "has a value" },
                { "body", NULL, "matches", "", "has a value" },
                { "json", "$", "less_than", "1x", "number" },
                { "json", "$", "greater_than", "inf", "number" },
                { "json", "$", "greater_than", "0x10", "number" },
                { "json", "a.b", "equals", "a", "$.services[0].state" },
                { "json", "$..a", "exists", NULL, "$.services[0].state" },
                { "body", NULL, "matches", "a(b", "regular expression" },
                { "header", "a", "not_matches", "(a)\\1", "regular expression" },
                { "body", NULL, "contains", "a(b", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Assertion a = { .property = (char *)rows[i].property,
                                .value = (char *)rows[i].value };
                const char *reason = "";

                strncpy(a.source, rows[i].source, sizeof(a.source) - 1);
                strncpy(a.operator, rows[i].operator, sizeof(a.operator) - 1);
                assert_int_equal(assertion_check(&a, &reason), rows[i].word ? -EINVAL : 0);
                if (!rows[i].word)
                        assert_null(reason);
                else if (!strstr(reason, rows[i].word))
                        fail_msg("row %zu: %s", i, reason);
        }
}

static void what_is_wrong_with_an_expression_is_told(_unused_ void **state) {
        Assertion a = { .source = "body", .operator= "matches", .value = (char *)"a(b" };
        PatternFault fault = {};

        assert_true(assertion_pattern_fault(&a, &fault));
        assert_int_equal(fault.offset, 3);
        assert_non_null(strstr(fault.reason, "parenthesis"));
        a.value = (char *)"a(b)";
        assert_false(assertion_pattern_fault(&a, &fault));
        a = (Assertion){ .source = "body", .operator= "contains", .value = (char *)"a(b" };
        assert_false(assertion_pattern_fault(&a, &fault));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_is_judged),
                cmocka_unit_test(what_is_wrong_with_an_expression_is_told),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
