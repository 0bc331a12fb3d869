/* Whom a website lets check it: the text of its setting `rules`. Clauses are separated by blanks or
 * commas, and all of them hold:
 *
 *      region=eu|us   only of these           asn!=64500   of none of these
 *      asn>=3         three different ones in the committee, at least
 *
 * Region, asn and operator are what the administrator assigned; what is not known satisfies no
 * clause about it. A tag is what the validator declares: it filters, and never counts. A value with
 * blanks, commas or bars stands in double quotes. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define RULES_SIZE        512 /* bytes of the text, at most */
#define RULES_MAX         16  /* clauses */
#define RULES_VALUES_MAX  64  /* values of all clauses */
#define RULES_VALUE_SIZE  65  /* with the final NUL; as long as a tag */
#define RULES_SEATS_MAX   16  /* of a website */
#define RULES_REASON_SIZE 256

typedef enum RuleKey {
        RULE_REGION,
        RULE_ASN,
        RULE_OPERATOR,
        RULE_TAG,
        _RULE_KEY_MAX,
} RuleKey;

typedef enum RuleSense {
        RULE_IS,     /* one of its values */
        RULE_IS_NOT, /* none of them */
        RULE_LEAST,  /* so many different ones in the committee */
} RuleSense;

typedef struct Rule {
        RuleKey key;
        RuleSense sense;
        uint8_t least; /* of RULE_LEAST, else 0 */
        uint8_t first; /* of its values; there is none with RULE_LEAST */
        uint8_t n;     /* of them */
} Rule;

/* All zeros: everybody may. */
typedef struct Rules {
        Rule items[RULES_MAX];
        size_t n;
        uint16_t values[RULES_VALUES_MAX]; /* where in text */
        size_t n_values;
        char text[RULES_SIZE + RULES_VALUES_MAX]; /* the values, each with its NUL */
        size_t n_text;
} Rules;

/* 0; -EINVAL: reason is a sentence that names the clause, in ASCII. ret is touched on success only.
 */
int rules_parse(const char *text, Rules *ret, char reason[static RULES_REASON_SIZE]);
/* The same, and that so many seats are enough for what it asks for; ret may be NULL. */
int rules_check(const char *text, unsigned seats, Rules *ret,
                char reason[static RULES_REASON_SIZE]);
/* One spelling for all that mean the same; never longer than what was parsed. Returns ret. */
char *rules_format(const Rules *r, char ret[static RULES_SIZE + 1]);
/* i < rule->n */
const char *rules_value(const Rules *r, const Rule *rule, unsigned i);
/* How many different ones there have to be; 0: no matter. */
uint8_t rules_least(const Rules *r, RuleKey key);
