/* Each assertion is a question about values: its source brings them one after the other, its
 * operator says yes or no to each. */
#include "validator/assert.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/encode.h"
#include "base/json-path.h"
#include "base/macro.h"
#include "base/pattern.h"

typedef struct Question {
        const Assertion *assertion;
        int source, operator;
        const AssertSeen *seen;
        Pattern *pattern;
        PatternEffort *effort; /* of all questions together */
        AssertOutcome *ret;
        size_t n_values;
        bool yes; /* for one of them at least */
} Question;

/* Operators ------------------------------------------------------------------------------------ */

static bool is_equal(const Question *q, const char *value, size_t n) {
        const char *wanted = q->assertion->value ? q->assertion->value : "";

        return n == strlen(wanted) && (n == 0 || memcmp(value, wanted, n) == 0);
}

static bool contains(const Question *q, const char *value, size_t n) {
        return n > 0 && memmem(value, n, q->assertion->value, strlen(q->assertion->value));
}

static bool read_number(const char *text, double *ret) {
        char *end;

        if (!*text || text[strspn(text, "+-.0123456789eE")])
                return false;
        *ret = strtod(text, &end);
        return *end == '\0';
}

/* -1, 0, 1; -EINVAL: no two numbers. value ends in a NUL, or is a body. */
static int compare(const Question *q, const char *value, size_t n) {
        char text[64] = "";
        double a, b;

        if (n == 0 || n >= sizeof(text))
                return -EINVAL;
        memcpy(text, value, n);
        if (strlen(text) != n || !read_number(text, &a) || !read_number(q->assertion->value, &b))
                return -EINVAL;
        return (a > b) - (a < b);
}

/* 1, 0, or -E2BIG, -ENOMEM. */
static int answers(const Question *q, const char *value, size_t n) {
        switch (q->operator) {
        case ASSERT_EQUALS:
        case ASSERT_NOT_EQUALS:
                return is_equal(q, value, n);
        case ASSERT_CONTAINS:
        case ASSERT_NOT_CONTAINS:
                return contains(q, value, n);
        case ASSERT_MATCHES:
        case ASSERT_NOT_MATCHES:
                return pattern_match(q->pattern, value, n, q->effort);
        case ASSERT_LESS_THAN:
                return compare(q, value, n) == -1;
        case ASSERT_GREATER_THAN:
                return compare(q, value, n) == 1;
        default: /* exists */
                return 1;
        }
}

static bool is_negative(int operator) {
        return operator== ASSERT_NOT_EQUALS || operator== ASSERT_NOT_CONTAINS || operator==
                        ASSERT_NOT_MATCHES ||
                        operator== ASSERT_NOT_EXISTS;
}

/* Values --------------------------------------------------------------------------------------- */

static size_t character_size(const char *text, size_t n) {
        unsigned char lead = (unsigned char)*text;
        size_t size = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

        return size <= n && utf8_is_valid(text, size) ? size : 0;
}

char *assert_one_line(char *ret, size_t room, const char *text, size_t n) {
        size_t used = 0, size;

        for (size_t i = 0; i < n; i += MAX(size, 1U)) {
                size = character_size(text + i, n - i);
                if (used + MAX(size, 1U) >= room)
                        break;
                if (size == 0 || (size == 1 && ((unsigned char)text[i] < ' ' || text[i] == 0x7f)))
                        ret[used++] = size == 0 ? '?' : ' ';
                else {
                        memcpy(ret + used, text + i, size);
                        used += size;
                }
        }
        ret[used] = '\0';
        return ret;
}

/* 0 or negative. */
static int take_value(Question *q, const char *value, size_t n) {
        int r = answers(q, value, n);

        q->n_values++;
        if (q->source != ASSERT_BODY && (q->n_values == 1 || r > 0))
                assert_one_line(q->ret->seen, sizeof(q->ret->seen), value, n);
        q->yes = q->yes || r > 0;
        return MIN(r, 0);
}

static int take_json(Question *q) {
        static const char order_mark[] = "\xef\xbb\xbf"; /* which RFC 8259 lets a reader ignore */
        const char *body = q->seen->body ? q->seen->body : "";
        size_t n = q->seen->body_n;
        _cleanup_free_ char *text = NULL;
        JsonValue v;
        int r;

        if (n >= 3 && memcmp(body, order_mark, 3) == 0)
                body += 3, n -= 3;
        r = json_path_find(q->assertion->property, body, n, &v);
        if (r <= 0)
                return r;
        r = json_value_text(&v, &text);
        return r < 0 ? r : take_value(q, text, strlen(text));
}

/* The value in a line of this name; NULL: it is another one's. */
static const char *value_of(const char *line, const char *name) {
        size_t n = strlen(name);

        if (strncasecmp(line, name, n) != 0 || line[n] != ':')
                return NULL;
        return line + n + 1 + strspn(line + n + 1, " \t");
}

static int take_lines(Question *q, const AssertLines *lines, const char *name) {
        const char *line = lines->text, *end = lines->text + lines->n, *value;
        int r = 0;

        for (; line < end && r == 0; line += strlen(line) + 1) {
                value = name ? value_of(line, name) : line;
                if (value)
                        r = take_value(q, value, strlen(value));
        }
        return r;
}

static int take_values(Question *q) {
        switch (q->source) {
        case ASSERT_BODY:
                return take_value(q, q->seen->body, q->seen->body_n);
        case ASSERT_JSON:
                return take_json(q);
        case ASSERT_HEADER:
                return take_lines(q, &q->seen->headers, q->assertion->property);
        default:
                return take_lines(q, &q->seen->answers, NULL);
        }
}

/* Verdicts ------------------------------------------------------------------------------------- */

/* What was not read could still say yes; but what is longer than a value is not equal to it. */
static bool is_open(const Question *q) {
        bool of_body = q->source == ASSERT_BODY || q->source == ASSERT_JSON;

        return of_body && q->seen->cut && !q->yes && q->operator!= ASSERT_NOT_EQUALS;
}

static AssertVerdict verdict_of(const Question *q) {
        if (is_open(q))
                return VERDICT_CUT;
        if (q->yes != is_negative(q->operator))
                return VERDICT_HOLDS;
        return q->n_values == 0 ? VERDICT_ABSENT : VERDICT_FAILS;
}

static int judge(Question *q) {
        int r = take_values(q);

        if (r == -E2BIG)
                q->ret->verdict = VERDICT_LIMIT;
        else if (r == -EBADMSG)
                q->ret->verdict = q->seen->cut ? VERDICT_CUT : VERDICT_NO_JSON;
        else if (r < 0)
                return r;
        else
                q->ret->verdict = verdict_of(q);
        return 0;
}

/* An assertion was looked at when its specification was read: that its expression is one is known
 * but for a library that was changed in between. */
static int ask(const Assertion *a, const AssertSeen *seen, PatternEffort *effort,
               AssertOutcome *ret) {
        _cleanup_(pattern_freep) Pattern *pattern = NULL;
        Question q = { .assertion = a,
                       .source = assertion_source(a),
                       .operator= assertion_operator(a),
                       .seen = seen,
                       .effort = effort,
                       .ret = ret };
        int r = 0;

        *ret = (AssertOutcome){ .verdict = VERDICT_LIMIT };
        if (q.operator== ASSERT_MATCHES || q.operator== ASSERT_NOT_MATCHES)
                r = pattern_new(&pattern, a->value, NULL);
        if (r == -EINVAL)
                return 0;
        q.pattern = pattern;
        return r < 0 ? r : judge(&q);
}

int assert_evaluate(const Assertion *list, size_t n, const AssertSeen *seen, AssertOutcome *ret) {
        PatternEffort effort = { 0 };
        int r = 0;

        for (size_t i = 0; i < n && r == 0; i++)
                r = ask(&list[i], seen, &effort, &ret[i]);
        return r;
}

const AssertOutcome *assert_first_failure(const AssertOutcome *outcomes, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (outcomes[i].verdict != VERDICT_HOLDS)
                        return &outcomes[i];
        return NULL;
}

/* Words ---------------------------------------------------------------------------------------- */

static const struct {
        const char *name, *words;
} verdicts[] = {
        [VERDICT_HOLDS] = { "holds", "so it is" },
        [VERDICT_FAILS] = { "fails", "it is not so" },
        [VERDICT_ABSENT] = { "absent", "there is none" },
        [VERDICT_NO_JSON] = { "no_json", "the body is no JSON" },
        [VERDICT_CUT] = { "cut", "the body is too large to tell" },
        [VERDICT_LIMIT] = { "limit", "the expression takes too long on this text" },
};

const char *assert_verdict_name(AssertVerdict v) {
        return verdicts[v].name;
}

const char *assert_question(const Assertion *a, char ret[static ASSERT_SENTENCE_SIZE]) {
        char property[40] = "", value[60] = "";
        bool valued = a->value != NULL;

        if (a->property)
                assert_one_line(property, sizeof(property), a->property, strlen(a->property));
        if (valued)
                assert_one_line(value, sizeof(value), a->value, strlen(a->value));
        snprintf(ret, ASSERT_SENTENCE_SIZE, "%s%s%s %s%s%s%s", a->source, a->property ? " " : "",
                 property, a->operator, valued ? " \"" : "", value, valued ? "\"" : "");
        return ret;
}

const char *assert_answer(const AssertOutcome *o, char ret[static ASSERT_SENTENCE_SIZE]) {
        bool shown = o->verdict <= VERDICT_FAILS && o->seen[0];

        snprintf(ret, ASSERT_SENTENCE_SIZE, "%s%s%s",
                 shown ? "it is \"" : verdicts[o->verdict].words, shown ? o->seen : "",
                 shown ? "\"" : "");
        return ret;
}

const char *assert_sentence(const Assertion *a, const AssertOutcome *o,
                            char ret[static ASSERT_SENTENCE_SIZE]) {
        size_t n = strlen(assert_question(a, ret));
        char answer[ASSERT_SENTENCE_SIZE];

        snprintf(ret + n, ASSERT_SENTENCE_SIZE - n, ": %.90s", assert_answer(o, answer));
        return ret;
}
