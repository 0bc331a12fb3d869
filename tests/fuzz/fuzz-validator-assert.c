/* Source, property, operator and value in a line each, and any bytes as the body, the headers and
 * the answers: what an operator and its opposite say fits, and every sentence can be shown. */
#include "validator/assert.h"

#include "base/encode.h"
#include "property.h"

static void copy_word(char *ret, size_t size, const char *word) {
        snprintf(ret, size, "%s", word);
}

static AssertOutcome evaluate(const Assertion *a, const AssertSeen *seen) {
        char text[ASSERT_SENTENCE_SIZE];
        AssertOutcome o;

        PROPERTY(assert_evaluate(a, 1, seen, &o) == 0);
        PROPERTY(o.verdict <= VERDICT_LIMIT);
        PROPERTY(utf8_is_valid(o.seen, strlen(o.seen)));
        PROPERTY(assert_sentence(a, &o, text) == text);
        PROPERTY(utf8_is_valid(text, strlen(text)) && !strpbrk(text, "\r\n"));
        return o;
}

/* The same question the other way round; false: it has none. */
static bool turn(Assertion *a) {
        char op[sizeof(a->operator)];

        if (strstr(a->operator, "_than"))
                return false;
        copy_word(op, sizeof(op), a->operator);
        if (strncmp(op, "not_", 4) == 0)
                copy_word(a->operator, sizeof(a->operator), op + 4);
        else
                PROPERTY(snprintf(a->operator, sizeof(a->operator), "not_%s", op) < 16);
        return true;
}

static void judge(Assertion *a, const AssertSeen *seen) {
        AssertOutcome o = evaluate(a, seen), other;

        if (!turn(a))
                return;
        other = evaluate(a, seen);
        if (o.verdict == VERDICT_NO_JSON || o.verdict == VERDICT_LIMIT)
                PROPERTY(other.verdict == o.verdict);
        else if (!seen->cut)
                PROPERTY((o.verdict == VERDICT_HOLDS) != (other.verdict == VERDICT_HOLDS));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = input_text(data, size);
        AssertSeen seen = { 0 };
        const char *reason = NULL;
        Assertion a = { 0 };
        char *rest = text;

        copy_word(a.source, sizeof(a.source), input_line(&rest));
        a.property = input_line(&rest);
        copy_word(a.operator, sizeof(a.operator), input_line(&rest));
        a.value = input_line(&rest);
        a.property = *a.property ? a.property : NULL;
        a.value = *a.value ? a.value : NULL;
        if (!rest || !utf8_is_valid(text, (size_t)(rest - text)) ||
            assertion_check(&a, &reason) < 0)
                return 0;
        seen.body = rest;
        seen.body_n = (size_t)(text + size - rest);
        seen.headers = seen.answers = (AssertLines){ rest, seen.body_n + 1 };
        judge(&a, &seen);
        seen.cut = true;
        judge(&a, &seen);
        return 0;
}
