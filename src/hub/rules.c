/* Names become the numbers that candidates have, once. What is not known of a candidate satisfies
 * no clause about it; its tags are known in full, as it declares them itself. */
#include "hub/rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wire/sign.h"

typedef struct Clause {
        RuleKey key;
        bool is_not;
        uint8_t first, n; /* its values */
} Clause;

struct RuleSet {
        Minima minima;
        Clause clauses[RULES_MAX];
        size_t n;
        char *text;
        uint64_t values[];
};

uint64_t text_id(const char *text) {
        Hash h;
        uint64_t id;

        if (!*text)
                return 0;
        hash_bytes(text, strlen(text), &h);
        memcpy(&id, h.bytes, sizeof(id));
        return id | 1;
}

static uint64_t value_id(RuleKey key, const char *value) {
        if (key == RULE_ASN)
                return strtoul(value, NULL, 10); /* digits: rules_parse() has seen to it */
        return key == RULE_REGION ? (uint32_t)text_id(value) : text_id(value);
}

int rule_set_new(RuleSet **ret, const Rules *rules) {
        _cleanup_(rule_set_freep) RuleSet *s = NULL;
        char text[RULES_SIZE + 1];

        *ret = NULL;
        if (rules->n == 0)
                return 0;
        s = calloc(1, sizeof(*s) + rules->n_values * sizeof(s->values[0]));
        if (!s)
                return -ENOMEM;
        s->text = strdup(rules_format(rules, text));
        if (!s->text)
                return -ENOMEM;
        s->minima = (Minima){ .regions = rules_least(rules, RULE_REGION),
                              .asns = rules_least(rules, RULE_ASN),
                              .operators = rules_least(rules, RULE_OPERATOR) };
        for (size_t i = 0; i < rules->n; i++) {
                const Rule *rule = &rules->items[i];

                if (rule->sense == RULE_LEAST)
                        continue;
                s->clauses[s->n++] = (Clause){ rule->key, rule->sense == RULE_IS_NOT, rule->first,
                                               rule->n };
                for (unsigned v = 0; v < rule->n; v++)
                        s->values[rule->first + v] =
                                        value_id(rule->key, rules_value(rules, rule, v));
        }
        *ret = TAKE_PTR(s);
        return 0;
}

RuleSet *rule_set_free(RuleSet *s) {
        if (!s)
                return NULL;
        free(s->text);
        free(s);
        return NULL;
}

const char *rule_set_text(const RuleSet *s) {
        return s ? s->text : "";
}

Minima rule_set_minima(const RuleSet *s) {
        return s ? s->minima : (Minima){ 0 };
}

static bool lists(const RuleSet *s, const Clause *clause, uint64_t value) {
        for (unsigned i = 0; i < clause->n; i++)
                if (s->values[clause->first + i] == value)
                        return true;
        return false;
}

static bool takes_tags(const RuleSet *s, const Clause *clause, const Candidate *c) {
        for (unsigned i = 0; i < c->n_tags; i++)
                if (lists(s, clause, c->tags[i]))
                        return !clause->is_not;
        return clause->is_not;
}

static uint64_t value_of(const Candidate *c, RuleKey key) {
        if (key == RULE_ASN)
                return c->asn;
        return key == RULE_REGION ? c->region : c->operator_id;
}

static bool takes(const RuleSet *s, const Clause *clause, const Candidate *c) {
        uint64_t value;

        if (clause->key == RULE_TAG)
                return takes_tags(s, clause, c);
        value = value_of(c, clause->key);
        return value != 0 && lists(s, clause, value) != clause->is_not;
}

bool rule_set_admits(const RuleSet *s, const Candidate *c) {
        for (size_t i = 0; s && i < s->n; i++)
                if (!takes(s, &s->clauses[i], c))
                        return false;
        return true;
}
