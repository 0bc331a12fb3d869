/* One table of options; the first word that does not fit ends the parse with its reason. */
#include "ctl/args.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"

#define KEY_LENGTH  43 /* 32 bytes in base64url */
#define MS_PER_DAY  86400000u
#define DURATION_MS ((uint64_t)MS_PER_DAY * 36500)

static const OptionText texts[_OPTION_MAX] = {
        [OPTION_ASN] = { "asn", "NUMBER", "the network the validator is in, as you know it" },
        [OPTION_AT] = { "at", "TIME", "which is over, as 2026-01-02T03:04:05Z (now)" },
        [OPTION_AUTH] = { "auth", "FILE",
                          "USER:PASSWORD or a token of an Alertmanager; - is the standard input" },
        [OPTION_BODY] = { "body", "TEXT", "to send" },
        [OPTION_BUS] = { "bus", "ADDRESS", "of a private bus; else the system bus" },
        [OPTION_CERTIFICATE_DAYS] = { "certificate-days", "NUMBER",
                                      "left to its certificate, at least" },
        [OPTION_CERTIFICATE_WARN] = { "certificate-warn", "NUMBER",
                                      "days before its end that are an incident (14)" },
        [OPTION_CHECK] = { "check", "JSON", "what to check, and what the answer has to be like" },
        [OPTION_CONFIRM_DOWN] = { "confirm-down", "NUMBER",
                                  "judgements in a row that open an incident (1)" },
        [OPTION_CONFIRM_DOWN_FOR] = { "confirm-down-for", "TIME", "and for so long (0s)" },
        [OPTION_CONFIRM_UP] = { "confirm-up", "NUMBER",
                                "judgements in a row that close an incident (1)" },
        [OPTION_CONFIRM_UP_FOR] = { "confirm-up-for", "TIME", "and for so long (0s)" },
        [OPTION_CONTAINS] = { "contains", "TEXT", "somewhere in the body" },
        [OPTION_COUNT] = { "count", "NUMBER", "end after so many" },
        [OPTION_CRON] = { "cron", "FIELDS", "when it begins, again and again, as \"0 3 * * sun\"" },
        [OPTION_DELAY] = { "delay", "TIME", "from one look to the next (1s)" },
        [OPTION_DURATION] = { "duration", "TIME", "how long it is on each time, up to one day" },
        [OPTION_EXPIRES] = { "expires", "TIME", "after which it ends, as 12h or 30d; else never" },
        [OPTION_FAMILY] = { "family", "FAMILY", "4 or 6: only over such addresses; both: apart" },
        [OPTION_FILTER] = { "filter", "JSON", "which alerts it lets through (all)" },
        [OPTION_FROM] = { "from", "MOMENT", "when it begins, as 2026-11-29T02:00:00Z" },
        [OPTION_HEADER] = { "header", "LINE", "to send, as \"Name: value\"" },
        [OPTION_HELP] = { "help", NULL, "show this" },
        [OPTION_INTERVAL] = { "interval", "TIME", "between checks by one validator (60s)" },
        [OPTION_INVERT] = { "invert", NULL, "a failure is what is expected" },
        [OPTION_JSON] = { "json", NULL, "answer in JSON" },
        [OPTION_MATCHES] = { "matches", "REGEX",
                             "a Perl regular expression that the body matches" },
        [OPTION_METHOD] = { "method", "METHOD", "of HTTP (GET)" },
        [OPTION_NAME] = { "name", "TEXT", "for people" },
        [OPTION_NO_ASK_PASSWORD] = { "no-ask-password", NULL,
                                     "fail where polkit would ask for one" },
        [OPTION_NO_PAGER] = { "no-pager", NULL, "print long answers at once" },
        [OPTION_OPERATOR] = { "operator", "TEXT", "who runs it: one seat per operator" },
        [OPTION_PARENT] = { "parent", "ID", "of the website that it depends on; \"\" for none" },
        [OPTION_PATH] = { "path", "PATH[=VALUE]",
                          "what is there in the body's JSON, as $.a[0]=ok" },
        [OPTION_REGION] = { "region", "TEXT", "where it is, as you know it" },
        [OPTION_ROLE] = { "role", "ROLE", "viewer, editor or admin (viewer)" },
        [OPTION_RULES] = { "rules", "RULES",
                           "who may check it, as \"region=eu asn!=64500\"; or when alerts are "
                           "told, in JSON" },
        [OPTION_SCOPE] = { "scope", "LIST", "of read, write, payouts, with commas (read)" },
        [OPTION_SEATS] = { "seats", "NUMBER", "validators that check it (4)" },
        [OPTION_SETTINGS] = { "settings", "JSON", "where alerts go, as the list shows it" },
        [OPTION_SLOW] = { "slow", "TIME", "slower than this is degraded" },
        [OPTION_STATE] = { "state", "STATE", "only those in this state" },
        [OPTION_STATUS] = { "status", "CODES", "accepted, as 200-299,301 (200-399)" },
        [OPTION_SUBJECT] = { "subject", "TEXT", "for people, with {{fields}}" },
        [OPTION_TAGS] = { "tags", "LIST", "labels of your own, with commas; \"\" for none" },
        [OPTION_TEXT] = { "text", "TEXT", "for people, with {{fields}}" },
        [OPTION_TIMEOUT] = { "timeout", "TIME",
                             "of one check (10s; at most half the interval, and 1min)" },
        [OPTION_TIME_ZONE] = { "time-zone", "NAME", "of --cron, as Europe/Berlin (UTC)" },
        [OPTION_TITLE] = { "title", "TEXT", "what is done, for people" },
        [OPTION_UNTIL] = { "until", "MOMENT", "when it ends" },
        [OPTION_VERSION] = { "version", NULL, "print the version" },
        [OPTION_WEBSITES] = { "websites", "LIST", "their ids, with commas; else all" },
};

static const struct {
        const char *suffix;
        uint64_t ms;
} units[] = {
        { "", 1000 },   { "ms", 1 },      { "s", 1000 },
        { "m", 60000 }, { "h", 3600000 }, { "d", MS_PER_DAY },
};

const OptionText *option_text(Option o) {
        return &texts[o];
}

_printf_(2, 3) static int refuse(char **error, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        if (vasprintf(error, format, ap) < 0)
                *error = NULL;
        va_end(ap);
        return -EINVAL;
}

static int find_option(const char *name, size_t n) {
        for (int i = 0; i < _OPTION_MAX; i++)
                if (strlen(texts[i].name) == n && strncmp(texts[i].name, name, n) == 0)
                        return i;
        return -ENOENT;
}

/* 1: the next word was its value; 0: it was not. */
static int parse_option(const char *word, const char *next, Args *args, char **error) {
        const char *name = word + strspn(word, "-"), *value;
        size_t n = strcspn(name, "=");
        int o = name == word + 2 ? find_option(name, n) : -ENOENT;

        value = name[n] ? name + n + 1 : NULL;
        if (strcmp(word, "-h") == 0)
                o = OPTION_HELP;
        if (o < 0)
                return refuse(error, "there is no option %.*s", (int)strcspn(word, "="), word);
        if (args->options[o])
                return refuse(error, "--%s is given twice", texts[o].name);
        if (!texts[o].metavar) {
                if (value)
                        return refuse(error, "--%s takes no value", texts[o].name);
                args->options[o] = "";
                return 0;
        }
        if (!value && !next)
                return refuse(error, "--%s needs a value: --%s=%s", texts[o].name, texts[o].name,
                              texts[o].metavar);
        args->options[o] = value ? value : next;
        return value ? 0 : 1;
}

/* One in 64 keys of validators begins with a dash. No option is this long without a "=". */
static bool is_key(const char *word) {
        return strlen(word) == KEY_LENGTH &&
               strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
                               KEY_LENGTH;
}

static bool is_option(const char *word) {
        return word[0] == '-' && word[1] && !is_key(word);
}

int args_parse(int argc, char *argv[], Args *ret, char **error) {
        bool only_words = false;
        Args args = { 0 };
        int r;

        for (int i = 1; i < argc; i++) {
                if (!only_words && strcmp(argv[i], "--") == 0) {
                        only_words = true;
                } else if (!only_words && is_option(argv[i])) {
                        r = parse_option(argv[i], argv[i + 1], &args, error);
                        if (r < 0)
                                return r;
                        i += r;
                } else if (args.n_words == ARGS_WORDS_MAX) {
                        return refuse(error, "too many words: %s", argv[i]);
                } else {
                        args.words[args.n_words++] = argv[i];
                }
        }
        *ret = args;
        return 0;
}

/* Digits at the front; *end is what follows. */
static int parse_digits(const char *text, const char **end, uint64_t *ret) {
        size_t n = strspn(text, "0123456789");

        if (n == 0)
                return -EINVAL;
        if (n > 18)
                return -ERANGE;
        *ret = strtoull(text, NULL, 10);
        *end = text + n;
        return 0;
}

int args_duration_ms(const char *text, uint64_t *ret) {
        const char *suffix;
        uint64_t value;
        int r;

        r = parse_digits(text, &suffix, &value);
        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(units); i++) {
                if (strcmp(suffix, units[i].suffix) != 0)
                        continue;
                if (value > DURATION_MS / units[i].ms)
                        return -ERANGE;
                *ret = value * units[i].ms;
                return 0;
        }
        return -EINVAL;
}

int args_number(const char *text, uint32_t max, uint32_t *ret) {
        const char *end;
        uint64_t value;
        int r;

        r = parse_digits(text, &end, &value);
        if (r < 0)
                return r;
        if (*end)
                return -EINVAL;
        if (value > max)
                return -ERANGE;
        *ret = (uint32_t)value;
        return 0;
}
