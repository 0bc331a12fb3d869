/* Assertions as they are written; see assertion.h. Who evaluates them is the validator. */
#include "wire/assertion.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json-path.h"

#define FIXED(m) .offset = offsetof(Assertion, m), .size = sizeof(((Assertion *)0)->m)

const JsonField assertion_fields[] = {
        { .name = "source", JSON_STRING, FIXED(source) },
        { .name = "property",
          JSON_TEXT,
          .optional = true,
          .offset = offsetof(Assertion, property),
          .size = 128 },
        { .name = "operator", JSON_STRING, FIXED(operator) },
        { .name = "value",
          JSON_TEXT,
          .optional = true,
          .offset = offsetof(Assertion, value),
          .size = 512 },
        {},
};

static const char *const source_names[_ASSERTION_SOURCE_MAX] = {
        [ASSERT_BODY] = "body",
        [ASSERT_HEADER] = "header",
        [ASSERT_JSON] = "json",
        [ASSERT_ANSWER] = "answer",
};

static const char *const operator_names[_ASSERTION_OPERATOR_MAX] = {
        [ASSERT_EQUALS] = "equals",       [ASSERT_NOT_EQUALS] = "not_equals",
        [ASSERT_CONTAINS] = "contains",   [ASSERT_NOT_CONTAINS] = "not_contains",
        [ASSERT_MATCHES] = "matches",     [ASSERT_NOT_MATCHES] = "not_matches",
        [ASSERT_EXISTS] = "exists",       [ASSERT_NOT_EXISTS] = "not_exists",
        [ASSERT_LESS_THAN] = "less_than", [ASSERT_GREATER_THAN] = "greater_than",
};

static int find(const char *const *names, int n, const char *name) {
        for (int i = 0; i < n; i++)
                if (strcmp(names[i], name) == 0)
                        return i;
        return -EINVAL;
}

int assertion_source(const Assertion *a) {
        return find(source_names, _ASSERTION_SOURCE_MAX, a->source);
}

int assertion_operator(const Assertion *a) {
        return find(operator_names, _ASSERTION_OPERATOR_MAX, a->operator);
}

static bool is_number(const char *text) {
        char *end;

        if (text[strspn(text, "+-.0123456789eE")] || !*text)
                return false;
        (void)strtod(text, &end);
        return *end == '\0';
}

bool assertion_is_header_name(const char *name) {
        return *name && name[strspn(name, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                          "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] == '\0';
}

static const char *check_property(const Assertion *a, int source) {
        bool wanted = source == ASSERT_HEADER || source == ASSERT_JSON;

        if (wanted != ((a->property && *a->property)))
                return wanted ? "an assertion about a header or JSON names it as its property"
                              : "an assertion about body or answer has no property";
        if (source == ASSERT_HEADER && !assertion_is_header_name(a->property))
                return "this is no name of a header";
        if (source == ASSERT_JSON && json_path_check(a->property, NULL) < 0)
                return "a path in JSON is written like $.services[0].state";
        return NULL;
}

bool assertion_pattern_fault(const Assertion *a, PatternFault *ret) {
        _cleanup_(pattern_freep) Pattern *p = NULL;
        int operator= assertion_operator(a);

        if (operator!= ASSERT_MATCHES && operator!= ASSERT_NOT_MATCHES)
                return false;
        return pattern_new(&p, a->value ? a->value : "", ret) == -EINVAL;
}

static const char *check_value(const Assertion *a, int source, int operator) {
        bool unary = operator== ASSERT_EXISTS || operator== ASSERT_NOT_EXISTS;

        if (unary && source == ASSERT_BODY)
                return "whether a body exists is not asked: there always is one";
        if (unary && a->value)
                return "exists and not_exists have no value";
        if (!unary &&
            (!a->value || !*a->value) && operator!= ASSERT_EQUALS && operator!= ASSERT_NOT_EQUALS)
                return "this operator has a value";
        if ((operator== ASSERT_LESS_THAN || operator== ASSERT_GREATER_THAN) && !is_number(a->value))
                return "less_than and greater_than compare with a number";
        if (assertion_pattern_fault(a, NULL))
                return "the value is no regular expression";
        return NULL;
}

int assertion_check(const Assertion *a, const char **reason) {
        int source = assertion_source(a), operator= assertion_operator(a);
        const char *error = NULL;

        if (source < 0)
                error = "an assertion is about body, header, json or answer";
        else if (operator<0)
                error = "this operator of an assertion is not known";
        else
                error = check_property(a, source) ?: check_value(a, source, operator);
        *reason = error;
        return error ? -EINVAL : 0;
}
