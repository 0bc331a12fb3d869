/* Any text as rules: what is accepted has one spelling that means the same, and is never longer. */
#include <errno.h>

#include "property.h"
#include "wire/rules.h"

static void check_limits(const Rules *r) {
        PROPERTY(r->n <= RULES_MAX && r->n_values <= RULES_VALUES_MAX);
        for (size_t i = 0; i < r->n; i++) {
                const Rule *rule = &r->items[i];

                PROPERTY(rule->key < _RULE_KEY_MAX && rule->sense <= RULE_LEAST);
                PROPERTY((rule->sense == RULE_LEAST) == (rule->n == 0));
                PROPERTY((rule->sense == RULE_LEAST) == (rule->least > 0));
                PROPERTY(rule->least <= RULES_SEATS_MAX);
                PROPERTY(rule->sense != RULE_LEAST || rule->key != RULE_TAG);
                for (unsigned v = 0; v < rule->n; v++) {
                        size_t n = strlen(rules_value(r, rule, v));

                        PROPERTY(n > 0 && n < RULES_VALUE_SIZE);
                }
        }
}

static void check_spelling(const Rules *r, size_t size) {
        char once[RULES_SIZE + 1], twice[RULES_SIZE + 1], reason[RULES_REASON_SIZE];
        Rules again;

        rules_format(r, once);
        PROPERTY(strlen(once) <= size);
        PROPERTY(rules_parse(once, &again, reason) == 0);
        check_limits(&again);
        PROPERTY(strcmp(once, rules_format(&again, twice)) == 0);
        for (RuleKey key = 0; key < _RULE_KEY_MAX; key++)
                PROPERTY(rules_least(r, key) == rules_least(&again, key));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = input_text(data, size);
        char reason[RULES_REASON_SIZE] = "";
        Rules r = { .n = 99 };
        int k;

        k = rules_parse(text, &r, reason);
        PROPERTY(k == 0 || k == -EINVAL);
        PROPERTY((k < 0) == (*reason != '\0'));
        PROPERTY(k == 0 || r.n == 99);
        for (const char *c = reason; *c; c++)
                PROPERTY(*c >= ' ' && *c <= '~');
        if (k < 0)
                return 0;
        check_limits(&r);
        check_spelling(&r, strlen(text));
        k = rules_check(text, 2, NULL, reason);
        PROPERTY((k < 0) == (rules_least(&r, RULE_REGION) > 2 || rules_least(&r, RULE_ASN) > 2 ||
                             rules_least(&r, RULE_OPERATOR) > 2));
        return 0;
}
