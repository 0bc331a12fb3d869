/* What each operator says of each source, and in what words. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/encode.h"
#include "base/macro.h"
#include "validator/assert.h"

#define BODY "{\"status\":\"ok\",\"n\":12.50,\"list\":[1,2],\"none\":null,\"t\":\"a\\tb\"}"
#define HEADERS                                                                                    \
        "Content-Type: text/html; charset=utf-8\0"                                                 \
        "X-Age:12\0"                                                                               \
        "Set-Cookie: a=1\0"                                                                        \
        "set-cookie:   b=2\0"                                                                      \
        "X-Empty:\0"                                                                               \
        "X-Bytes: \xe4\xff"

static const AssertSeen whole = {
        .headers = { HEADERS, sizeof(HEADERS) },
        .answers = { "192.0.2.1\000192.0.2.2", 20 },
        .body = BODY,
        .body_n = sizeof(BODY) - 1,
};

static Assertion assertion(const char *source, const char *property, const char *op,
                           const char *value) {
        Assertion a = { .property = (char *)property, .value = (char *)value };
        const char *reason = NULL;

        strncpy(a.source, source, sizeof(a.source) - 1);
        strncpy(a.operator, op, sizeof(a.operator) - 1);
        if (assertion_check(&a, &reason) < 0)
                fail_msg("%s %s: %s", source, op, reason);
        return a;
}

static AssertOutcome evaluate(const Assertion *a, const AssertSeen *seen) {
        AssertOutcome o;

        assert_int_equal(assert_evaluate(a, 1, seen, &o), 0);
        return o;
}

typedef struct Row {
        const char *source, *property, *op, *value;
        AssertVerdict verdict;
} Row;

static void judge_rows(const Row *rows, size_t n, const AssertSeen *seen) {
        for (size_t i = 0; i < n; i++) {
                Assertion a = assertion(rows[i].source, rows[i].property, rows[i].op,
                                        rows[i].value);
                AssertOutcome o = evaluate(&a, seen);

                if (o.verdict != rows[i].verdict)
                        fail_msg("%s %s %s %s: %u", a.source, a.property ? a.property : "",
                                 a.operator, a.value ? a.value : "", o.verdict);
        }
}

static void each_source_and_operator(void **state _unused_) {
        static const Row rows[] = {
                { "body", NULL, "equals", BODY, VERDICT_HOLDS },
                { "body", NULL, "equals", "{", VERDICT_FAILS },
                { "body", NULL, "equals", NULL, VERDICT_FAILS },
                { "body", NULL, "not_equals", "{", VERDICT_HOLDS },
                { "body", NULL, "contains", "\"ok\"", VERDICT_HOLDS },
                { "body", NULL, "contains", "OK", VERDICT_FAILS },
                { "body", NULL, "not_contains", "OK", VERDICT_HOLDS },
                { "body", NULL, "not_contains", "ok", VERDICT_FAILS },
                { "body", NULL, "matches", "\"n\":\\d+\\.\\d", VERDICT_HOLDS },
                { "body", NULL, "matches", "^ok", VERDICT_FAILS },
                { "body", NULL, "not_matches", "^ok", VERDICT_HOLDS },
                { "body", NULL, "not_matches", "o.\"", VERDICT_FAILS },
                { "body", NULL, "less_than", "5", VERDICT_FAILS },
                { "header", "content-type", "contains", "utf-8", VERDICT_HOLDS },
                { "header", "CONTENT-TYPE", "equals", "text/html; charset=utf-8", VERDICT_HOLDS },
                { "header", "x-age", "less_than", "12.5", VERDICT_HOLDS },
                { "header", "x-age", "less_than", "12", VERDICT_FAILS },
                { "header", "x-age", "greater_than", "-1", VERDICT_HOLDS },
                { "header", "x-age", "greater_than", "12", VERDICT_FAILS },
                { "header", "content-type", "greater_than", "0", VERDICT_FAILS },
                { "header", "set-cookie", "equals", "b=2", VERDICT_HOLDS },
                { "header", "set-cookie", "not_equals", "b=2", VERDICT_FAILS },
                { "header", "set-cookie", "not_contains", "c=", VERDICT_HOLDS },
                { "header", "x-empty", "exists", NULL, VERDICT_HOLDS },
                { "header", "x-empty", "equals", "", VERDICT_HOLDS },
                { "header", "x-empty", "less_than", "1", VERDICT_FAILS },
                { "header", "x-bytes", "matches", ".", VERDICT_FAILS },
                { "header", "x", "exists", NULL, VERDICT_ABSENT },
                { "header", "x", "not_exists", NULL, VERDICT_HOLDS },
                { "header", "x-age", "not_exists", NULL, VERDICT_FAILS },
                { "header", "x", "equals", "a", VERDICT_ABSENT },
                { "header", "x", "not_contains", "a", VERDICT_HOLDS },
                { "json", "$.status", "equals", "ok", VERDICT_HOLDS },
                { "json", "$.status", "not_equals", "ok", VERDICT_FAILS },
                { "json", "$.n", "equals", "12.50", VERDICT_HOLDS },
                { "json", "$.n", "greater_than", "12.4", VERDICT_HOLDS },
                { "json", "$.n", "less_than", "1.25e1", VERDICT_FAILS },
                { "json", "$.list", "equals", "[1,2]", VERDICT_HOLDS },
                { "json", "$.list[1]", "equals", "2", VERDICT_HOLDS },
                { "json", "$.list[2]", "exists", NULL, VERDICT_ABSENT },
                { "json", "$.none", "exists", NULL, VERDICT_HOLDS },
                { "json", "$.none", "equals", "null", VERDICT_HOLDS },
                { "json", "$.t", "matches", "^a\\sb$", VERDICT_HOLDS },
                { "json", "$.x", "not_exists", NULL, VERDICT_HOLDS },
                { "json", "$.x", "not_equals", "ok", VERDICT_HOLDS },
                { "answer", NULL, "equals", "192.0.2.2", VERDICT_HOLDS },
                { "answer", NULL, "not_equals", "192.0.2.1", VERDICT_FAILS },
                { "answer", NULL, "not_matches", "^10\\.", VERDICT_HOLDS },
                { "answer", NULL, "exists", NULL, VERDICT_HOLDS },
        };

        judge_rows(rows, ELEMENTSOF(rows), &whole);
}

static void nothing_was_seen(void **state _unused_) {
        static const Row rows[] = {
                { "body", NULL, "equals", NULL, VERDICT_HOLDS },
                { "body", NULL, "contains", "a", VERDICT_FAILS },
                { "body", NULL, "matches", "^$", VERDICT_HOLDS },
                { "header", "a", "exists", NULL, VERDICT_ABSENT },
                { "json", "$.a", "equals", "a", VERDICT_NO_JSON },
                { "json", "$.a", "not_exists", NULL, VERDICT_NO_JSON },
                { "answer", NULL, "not_exists", NULL, VERDICT_HOLDS },
        };

        judge_rows(rows, ELEMENTSOF(rows), &(AssertSeen){ 0 });
}

static void what_is_no_json_holds_nothing(void **state _unused_) {
        static const Row rows[] = {
                { "json", "$.status", "equals", "ok", VERDICT_NO_JSON },
                { "json", "$.status", "not_equals", "down", VERDICT_NO_JSON },
                { "json", "$.status", "not_exists", NULL, VERDICT_NO_JSON },
        };

        judge_rows(rows, ELEMENTSOF(rows), &(AssertSeen){ .body = "<html>", .body_n = 6 });
        assert_int_equal(evaluate(&(Assertion){ "json", "equals", (char *)"$.a", (char *)"1" },
                                  &(AssertSeen){ .body = "\xef\xbb\xbf{\"a\":1}", .body_n = 10 })
                                         .verdict,
                         VERDICT_HOLDS); /* a mark of byte order is not the text's */
}

static void a_body_that_went_on_is_judged_as_far_as_it_was_read(void **state _unused_) {
        static const Row rows[] = {
                { "body", NULL, "contains", "begin", VERDICT_HOLDS },
                { "body", NULL, "contains", "end", VERDICT_CUT },
                { "body", NULL, "not_contains", "end", VERDICT_CUT }, /* it may come yet */
                { "body", NULL, "not_matches", "end$", VERDICT_CUT },
                { "body", NULL, "not_matches", "^b", VERDICT_FAILS },
                { "body", NULL, "not_equals", "end", VERDICT_HOLDS },
                { "json", "$.a", "not_exists", NULL, VERDICT_CUT },
                { "body", NULL, "not_contains", "begin", VERDICT_FAILS },
                { "body", NULL, "matches", "end$", VERDICT_CUT },
                { "json", "$.a", "equals", "a", VERDICT_CUT },
                { "header", "a", "exists", NULL, VERDICT_ABSENT },
        };

        judge_rows(rows, ELEMENTSOF(rows),
                   &(AssertSeen){ .body = "begin", .body_n = 5, .cut = true });
}

static void expressions_are_limited_together(void **state _unused_) {
        Assertion list[ASSERTIONS_MAX];
        AssertOutcome outcomes[ASSERTIONS_MAX];
        AssertSeen seen = { .body = malloc(ASSERT_BODY_MAX), .body_n = ASSERT_BODY_MAX };
        clock_t begun;

        assert_non_null(seen.body);
        memset((void *)seen.body, 'a', ASSERT_BODY_MAX);
        for (size_t i = 0; i < ASSERTIONS_MAX; i++)
                list[i] = assertion("body", NULL, i % 2 ? "not_matches" : "matches",
                                    "(?:a{0,90}){0,90}[bd]");
        begun = clock();
        assert_int_equal(assert_evaluate(list, ASSERTIONS_MAX, &seen, outcomes), 0);
        assert_in_range((clock() - begun) * 1000 / CLOCKS_PER_SEC, 0, 100);
        for (size_t i = 0; i < ASSERTIONS_MAX; i++)
                assert_int_equal(outcomes[i].verdict, VERDICT_LIMIT);
        free((void *)seen.body);
}

static void the_first_failure_is_found(void **state _unused_) {
        AssertOutcome o[3] = { 0 };

        assert_null(assert_first_failure(o, 3));
        o[1].verdict = o[2].verdict = VERDICT_ABSENT;
        assert_ptr_equal(assert_first_failure(o, 3), &o[1]);
        assert_null(assert_first_failure(o, 1));
        assert_null(assert_first_failure(NULL, 0));
}

static void sentences_are_short_and_whole(void **state _unused_) {
        static const struct {
                const char *source, *property, *op, *value, *sentence;
        } rows[] = {
                { "json", "$.status", "equals", "up", "json $.status equals \"up\": it is \"ok\"" },
                { "json", "$.t", "exists", NULL, "json $.t exists: it is \"a b\"" },
                { "json", "$.x", "exists", NULL, "json $.x exists: there is none" },
                { "body", NULL, "contains", "up", "body contains \"up\": it is not so" },
                { "body", NULL, "contains", "ok", "body contains \"ok\": so it is" },
                { "header", "x-bytes", "equals", "a", "header x-bytes equals \"a\": it is \"??\"" },
                { "header", "set-cookie", "not_equals", "b=2",
                  "header set-cookie not_equals \"b=2\": it is \"b=2\"" },
        };
        char text[ASSERT_SENTENCE_SIZE], value[301];
        AssertOutcome o;
        Assertion a;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                a = assertion(rows[i].source, rows[i].property, rows[i].op, rows[i].value);
                o = evaluate(&a, &whole);
                assert_string_equal(assert_sentence(&a, &o, text), rows[i].sentence);
        }
        for (size_t i = 0; i + 2 < sizeof(value); i += 2)
                memcpy(value + i, "\xc3\xa4", 3);
        a = assertion("answer", NULL, "equals", value);
        o = evaluate(&a, &(AssertSeen){ .answers = { value, sizeof(value) } });
        assert_int_equal(o.verdict, VERDICT_HOLDS);
        assert_string_equal(o.seen, "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3"
                                    "\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
                                    "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3"
                                    "\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
                                    "\xc3\xa4");
        assert_true(utf8_is_valid(text, strlen(assert_sentence(&a, &o, text))));
        assert_string_equal(assert_verdict_name(VERDICT_LIMIT), "limit");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_source_and_operator),
                cmocka_unit_test(nothing_was_seen),
                cmocka_unit_test(what_is_no_json_holds_nothing),
                cmocka_unit_test(a_body_that_went_on_is_judged_as_far_as_it_was_read),
                cmocka_unit_test(expressions_are_limited_together),
                cmocka_unit_test(the_first_failure_is_found),
                cmocka_unit_test(sentences_are_short_and_whole),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
