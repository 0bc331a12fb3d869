/* The command line of dpinctl taken apart: words and options in any order, and the numbers in them.
 * Which verb takes which option is not known here. Pure. */
#pragma once

#include <stdint.h>

#define ARGS_WORDS_MAX 16

typedef enum Option {
        OPTION_ASN,
        OPTION_AT,
        OPTION_AUTH,
        OPTION_BODY,
        OPTION_BUS,
        OPTION_CERTIFICATE_DAYS,
        OPTION_CERTIFICATE_WARN,
        OPTION_CHECK,
        OPTION_CONFIRM_DOWN,
        OPTION_CONFIRM_DOWN_FOR,
        OPTION_CONFIRM_UP,
        OPTION_CONFIRM_UP_FOR,
        OPTION_CONTAINS,
        OPTION_COUNT,
        OPTION_CRON,
        OPTION_DELAY,
        OPTION_DURATION,
        OPTION_EXPIRES,
        OPTION_FAMILY,
        OPTION_FILTER,
        OPTION_FROM,
        OPTION_HEADER,
        OPTION_HELP,
        OPTION_INTERVAL,
        OPTION_INVERT,
        OPTION_JSON,
        OPTION_MATCHES,
        OPTION_METHOD,
        OPTION_NAME,
        OPTION_NO_ASK_PASSWORD,
        OPTION_NO_PAGER,
        OPTION_OPERATOR,
        OPTION_PARENT,
        OPTION_PATH,
        OPTION_REGION,
        OPTION_ROLE,
        OPTION_RULES,
        OPTION_SCOPE,
        OPTION_SEATS,
        OPTION_SETTINGS,
        OPTION_SLOW,
        OPTION_STATE,
        OPTION_STATUS,
        OPTION_SUBJECT,
        OPTION_TAGS,
        OPTION_TEXT,
        OPTION_TIMEOUT,
        OPTION_TIME_ZONE,
        OPTION_TITLE,
        OPTION_UNTIL,
        OPTION_VERSION,
        OPTION_WEBSITES,
        _OPTION_MAX,
} Option;

/* Text is borrowed from argv. */
typedef struct Args {
        const struct Verb *verbs;         /* all there are; set by main() */
        const char *options[_OPTION_MAX]; /* NULL: not given; "": a flag that was */
        const char *words[ARGS_WORDS_MAX];
        unsigned n_words;
} Args;

#define OPTION_BIT(o) (UINT64_C(1) << (o)) /* for sets of them */

typedef struct OptionText {
        const char *name;    /* without the dashes */
        const char *metavar; /* NULL: a flag */
        const char *help;
} OptionText;

const OptionText *option_text(Option o);

/* "--name VALUE", "--name=VALUE", "-h"; all after "--" is words. 0; -EINVAL with *error a sentence,
 * freed by the caller. */
int args_parse(int argc, char *argv[], Args *ret, char **error);
/* "500ms", "30s", "5m", "12h", "7d"; without a unit: seconds. 0; -EINVAL; -ERANGE: over 100 years.
 */
int args_duration_ms(const char *text, uint64_t *ret);
/* Decimal digits only. 0; -EINVAL; -ERANGE: over max. */
int args_number(const char *text, uint32_t max, uint32_t *ret);
