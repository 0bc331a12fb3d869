/* Whether an answer is as its specification wants it; wire/assertion.h says what that can be. Pure:
 * what was seen is passed in. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "wire/assertion.h"

#define ASSERT_BODY_MAX (1024u * 1024) /* bytes of a body worth keeping for this */

/* Texts, each with its NUL, one after the other. */
typedef struct AssertLines {
        const char *text;
        size_t n;
} AssertLines;

typedef struct AssertSeen {
        AssertLines headers; /* "Name: value" */
        AssertLines answers;
        const void *body;
        size_t body_n;
        bool cut; /* the body went on */
} AssertSeen;

typedef enum AssertVerdict {
        VERDICT_HOLDS,
        VERDICT_FAILS,
        VERDICT_ABSENT,  /* there is nothing of that name */
        VERDICT_NO_JSON, /* the body is none */
        VERDICT_CUT,     /* not so as far as the body was read, and it went on */
        VERDICT_LIMIT,   /* the expression asks for more than pattern.h allows */
} AssertVerdict;

typedef struct AssertOutcome {
        AssertVerdict verdict;
        char seen[64]; /* beginning of what was there, on one line; "" for a body */
} AssertOutcome;

/* 0; -ENOMEM. ret has an element for each assertion. */
int assert_evaluate(const Assertion *list, size_t n, const AssertSeen *seen, AssertOutcome *ret);
/* The first that does not hold; NULL: all do. */
const AssertOutcome *assert_first_failure(const AssertOutcome *outcomes, size_t n);

/* As much of a stranger's text as there is room for, in UTF-8 on one line: what would leave it is a
 * blank, what is no character a question mark. Returns ret. */
char *assert_one_line(char *ret, size_t room, const char *text, size_t n);

const char *assert_verdict_name(AssertVerdict v); /* "holds", "no_json" */

#define ASSERT_SENTENCE_SIZE 256
/* What was asserted: `header Server equals "a"`. What became of it: `it is "b"`, `there is none`.
 * Both: `header Server equals "a": it is "b"`. All return ret. */
const char *assert_question(const Assertion *a, char ret[static ASSERT_SENTENCE_SIZE]);
const char *assert_answer(const AssertOutcome *o, char ret[static ASSERT_SENTENCE_SIZE]);
const char *assert_sentence(const Assertion *a, const AssertOutcome *o,
                            char ret[static ASSERT_SENTENCE_SIZE]);
