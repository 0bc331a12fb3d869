/* Clause by clause. What is wrong is told by its predicate, after the clause itself. */
#include "wire/rules.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"

#define SHOWN_MAX     80 /* of a clause in a reason */
#define SEPARATORS    " \t\r\n,"
#define CLAUSE_SIZE   (RULES_SIZE + 1)
#define KEYS          "rules are about region, asn, operator and tag"
#define ASN_MAX       UINT32_MAX
#define ASN_TEXT_SIZE 11

/* What of a clause is not yet read. */
typedef struct Clause {
        const char *text, *end;
} Clause;

static const char *const key_names[_RULE_KEY_MAX] = {
        [RULE_REGION] = "region",
        [RULE_ASN] = "asn",
        [RULE_OPERATOR] = "operator",
        [RULE_TAG] = "tag",
};

static const char *const sense_names[] = {
        [RULE_IS] = "=",
        [RULE_IS_NOT] = "!=",
        [RULE_LEAST] = ">=",
};

const char *rules_value(const Rules *r, const Rule *rule, unsigned i) {
        return r->text + r->values[rule->first + i];
}

uint8_t rules_least(const Rules *r, RuleKey key) {
        for (size_t i = 0; i < r->n; i++)
                if (r->items[i].key == key && r->items[i].sense == RULE_LEAST)
                        return r->items[i].least;
        return 0;
}

static int refuse(const Clause *c, const char *predicate, char reason[static RULES_REASON_SIZE]) {
        size_t n = (size_t)(c->end - c->text);
        char shown[SHOWN_MAX + 4] = "";

        for (size_t i = 0; i < MIN(n, (size_t)SHOWN_MAX); i++)
                shown[i] = c->text[i] >= ' ' && c->text[i] <= '~' ? c->text[i] : '?';
        if (n > SHOWN_MAX)
                memcpy(shown + SHOWN_MAX, "...", 4);
        snprintf(reason, RULES_REASON_SIZE, "The rule \"%s\" %s", shown, predicate);
        return -EINVAL;
}

/* Parts of a clause: what they say is wrong, or NULL ------------------------------------------- */

static const char *take_key(Clause *c, RuleKey *ret) {
        size_t n = strcspn(c->text, "=!<>" SEPARATORS);

        for (RuleKey key = 0; key < _RULE_KEY_MAX; key++)
                if (strlen(key_names[key]) == n && strncmp(c->text, key_names[key], n) == 0) {
                        c->text += n;
                        *ret = key;
                        return NULL;
                }
        return "is about nothing known: " KEYS;
}

static const char *take_sense(Clause *c, RuleSense *ret) {
        static const RuleSense longest_first[] = { RULE_IS_NOT, RULE_LEAST, RULE_IS };

        for (size_t i = 0; i < ELEMENTSOF(longest_first); i++) {
                const char *name = sense_names[longest_first[i]];

                if (strncmp(c->text, name, strlen(name)) != 0)
                        continue;
                c->text += strlen(name);
                *ret = longest_first[i];
                return NULL;
        }
        return "has none of the operators =, != and >=";
}

/* Digits only, without overflow. 0: it is none from 1 to max. */
static uint32_t read_number(const char *text, size_t n, uint32_t max) {
        uint64_t number = 0;

        for (size_t i = 0; i < n; i++) {
                if (text[i] < '0' || text[i] > '9')
                        return 0;
                number = number * 10 + (uint64_t)(text[i] - '0');
                if (number > max)
                        return 0;
        }
        return (uint32_t)number;
}

static const char *take_least(const Clause *c, const Rules *r, Rule *rule) {
        if (rule->key == RULE_TAG)
                return "counts tags: a validator declares them itself, so they never count";
        if (rules_least(r, rule->key) > 0)
                return "says a second time how many different ones there have to be";
        rule->least = (uint8_t)read_number(c->text, (size_t)(c->end - c->text), RULES_SEATS_MAX);
        return rule->least > 0 ? NULL : "asks for no number from 1 to 16";
}

static bool is_control(char c) {
        return (unsigned char)c < ' ' || c == '\x7f';
}

/* The bytes of the next value, without its quotes; the clause stands behind it then. */
static const char *next_value(Clause *c, const char **ret, size_t *ret_n) {
        bool quoted = *c->text == '"';
        const char *end;

        c->text += quoted;
        end = quoted ? memchr(c->text, '"', (size_t)(c->end - c->text))
                     : c->text + strcspn(c->text, "|\"" SEPARATORS);
        if (!end || (end < c->end && *end == '"' && !quoted))
                return "has a quotation mark without its fellow";
        *ret = c->text;
        *ret_n = (size_t)(end - c->text);
        c->text = end + quoted;
        return c->text == c->end || *c->text == '|' ? NULL : "goes on after a quoted value";
}

static const char *judge_value(const char *value, size_t n) {
        if (n == 0)
                return "has an empty value";
        if (n >= RULES_VALUE_SIZE)
                return "has a value of more than 64 bytes";
        for (size_t i = 0; i < n; i++)
                if (is_control(value[i]))
                        return "has a control character";
        return NULL;
}

static const char *add_value(Rules *r, Rule *rule, const char *value, size_t n) {
        char number[ASN_TEXT_SIZE];
        uint32_t asn;

        if (r->n_values == RULES_VALUES_MAX)
                return "names one value too many: there may be 64 in all";
        if (rule->key == RULE_ASN) {
                asn = read_number(value, n, ASN_MAX);
                if (asn == 0)
                        return "names something that is no AS number";
                n = (size_t)snprintf(number, sizeof(number), "%u", asn);
                value = number;
        }
        r->values[r->n_values++] = (uint16_t)r->n_text;
        memcpy(r->text + r->n_text, value, n);
        r->n_text += n;
        r->text[r->n_text++] = '\0';
        rule->n++;
        return NULL;
}

static const char *take_values(Clause *c, Rules *r, Rule *rule) {
        const char *value = NULL, *wrong;
        size_t n = 0;

        rule->first = (uint8_t)r->n_values;
        for (;;) {
                wrong = next_value(c, &value, &n) ?: judge_value(value, n);
                if (!wrong)
                        wrong = add_value(r, rule, value, n);
                if (wrong || c->text == c->end)
                        return wrong;
                c->text++; /* the bar */
        }
}

static const char *take_rule(Clause *c, Rules *r) {
        const char *wrong;
        Rule rule = { 0 };

        if (r->n == RULES_MAX)
                return "is one too many: there may be 16";
        wrong = take_key(c, &rule.key) ?: take_sense(c, &rule.sense);
        if (!wrong)
                wrong = rule.sense == RULE_LEAST ? take_least(c, r, &rule)
                                                 : take_values(c, r, &rule);
        if (!wrong)
                r->items[r->n++] = rule;
        return wrong;
}

/* Clauses -------------------------------------------------------------------------------------- */

/* Ends at a separator that is not quoted, or with the text. */
static const char *end_of_clause(const char *text) {
        bool quoted = false;

        for (; *text && (quoted || !strchr(SEPARATORS, *text)); text++)
                quoted ^= *text == '"';
        return text;
}

int rules_parse(const char *text, Rules *ret, char reason[static RULES_REASON_SIZE]) {
        Rules rules = { 0 };

        if (strlen(text) > RULES_SIZE) {
                snprintf(reason, RULES_REASON_SIZE, "There may be %d bytes of rules", RULES_SIZE);
                return -EINVAL;
        }
        for (const char *at = text + strspn(text, SEPARATORS); *at; at += strspn(at, SEPARATORS)) {
                Clause whole = { at, end_of_clause(at) }, c = whole;
                const char *wrong = take_rule(&c, &rules);

                if (wrong)
                        return refuse(&whole, wrong, reason);
                at = whole.end;
        }
        *ret = rules;
        return 0;
}

int rules_check(const char *text, unsigned seats, Rules *ret,
                char reason[static RULES_REASON_SIZE]) {
        Rules rules;
        int r;

        r = rules_parse(text, &rules, reason);
        if (r < 0)
                return r;
        for (RuleKey key = 0; key < _RULE_KEY_MAX; key++)
                if (rules_least(&rules, key) > seats) {
                        snprintf(reason, RULES_REASON_SIZE,
                                 "The rule \"%s>=%u\" asks for more than the website's seats, "
                                 "which are %u",
                                 key_names[key], rules_least(&rules, key), seats);
                        return -EINVAL;
                }
        if (ret)
                *ret = rules;
        return 0;
}

/* One spelling --------------------------------------------------------------------------------- */

static int compare_texts(const void *a, const void *b) {
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Never longer than what was parsed, so there is room. */
static char *put(char *to, const char *text) {
        size_t n = strlen(text);

        memcpy(to, text, n + 1);
        return to + n;
}

static char *put_value(char *to, const char *value) {
        bool quoted = value[strcspn(value, "|" SEPARATORS)] != '\0';

        to = put(to, quoted ? "\"" : "");
        to = put(to, value);
        return put(to, quoted ? "\"" : "");
}

/* Its values sorted, each once. */
static char *put_values(char *to, const Rules *r, const Rule *rule) {
        const char *values[RULES_VALUES_MAX];

        for (unsigned i = 0; i < rule->n; i++)
                values[i] = rules_value(r, rule, i);
        qsort(values, rule->n, sizeof(*values), compare_texts);
        for (unsigned i = 0; i < rule->n; i++) {
                if (i > 0 && strcmp(values[i], values[i - 1]) == 0)
                        continue;
                to = put(to, i > 0 ? "|" : "");
                to = put_value(to, values[i]);
        }
        return to;
}

static void format_rule(const Rules *r, const Rule *rule, char ret[static CLAUSE_SIZE]) {
        char *to = put(put(ret, key_names[rule->key]), sense_names[rule->sense]);

        if (rule->sense == RULE_LEAST)
                snprintf(to, 4, "%u", rule->least);
        else
                put_values(to, r, rule);
}

char *rules_format(const Rules *r, char ret[static RULES_SIZE + 1]) {
        char clauses[RULES_MAX][CLAUSE_SIZE];
        const char *sorted[RULES_MAX];
        char *to = ret;

        *ret = '\0';
        for (size_t i = 0; i < r->n; i++) {
                format_rule(r, &r->items[i], clauses[i]);
                sorted[i] = clauses[i];
        }
        qsort(sorted, r->n, sizeof(*sorted), compare_texts);
        for (size_t i = 0; i < r->n; i++) {
                if (i > 0 && strcmp(sorted[i], sorted[i - 1]) == 0)
                        continue;
                to = put(to, i > 0 ? " " : "");
                to = put(to, sorted[i]);
        }
        return ret;
}
