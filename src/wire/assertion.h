/* What an answer has to be like, in a specification:
 *
 *      {"source":"json","property":"$.status","operator":"equals","value":"ok"}
 *
 * source    body      the decoded body, as far as it was read
 *           header    the value of the response header `property`; of several, each
 *           json      the value at the path `property` in the body, as text; base/json-path.h has
 *                     what a path is
 *           answer    the records of a DNS answer, each as text
 * operator  equals, not_equals, contains, not_contains: byte by byte
 *           matches, not_matches: PCRE2, unanchored; base/pattern.h has its limits
 *           exists, not_exists: of header, json and answer; without a value
 *           less_than, greater_than: both sides are decimal numbers
 *
 * A positive operator holds when any of several values has it, a negative one when none has what it
 * forbids. Pure. */
#pragma once

#include "base/json.h"
#include "base/pattern.h"

#define ASSERTIONS_MAX 16

typedef struct Assertion {
        char source[8], operator[16];
        char *property, *value; /* NULL: it has none */
} Assertion;

typedef enum AssertionSource {
        ASSERT_BODY,
        ASSERT_HEADER,
        ASSERT_JSON,
        ASSERT_ANSWER,
        _ASSERTION_SOURCE_MAX,
} AssertionSource;

typedef enum AssertionOperator {
        ASSERT_EQUALS,
        ASSERT_NOT_EQUALS,
        ASSERT_CONTAINS,
        ASSERT_NOT_CONTAINS,
        ASSERT_MATCHES,
        ASSERT_NOT_MATCHES,
        ASSERT_EXISTS,
        ASSERT_NOT_EXISTS,
        ASSERT_LESS_THAN,
        ASSERT_GREATER_THAN,
        _ASSERTION_OPERATOR_MAX,
} AssertionOperator;

/* Of one Assertion, for base/json. */
extern const JsonField assertion_fields[];

/* -EINVAL: no such name. */
int assertion_source(const Assertion *a);
int assertion_operator(const Assertion *a);
/* What is wrong with the value of matches or not_matches; false: nothing, or it is none of these.
 */
bool assertion_pattern_fault(const Assertion *a, PatternFault *ret);
/* Whether a header can have this name: a token of RFC 9110. */
bool assertion_is_header_name(const char *name);
/* 0; -EINVAL with *reason a sentence. */
int assertion_check(const Assertion *a, const char **reason);
