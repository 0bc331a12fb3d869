/* The types a setting may have. An empty text unsets strings and is refused for everything else. */
#include "base/conf-value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/macro.h"

typedef struct Unit {
        const char *name;
        usec_t usec;
} Unit;

/* Ascending; without a unit, seconds are meant. */
static const Unit units[] = {
        { "us", 1 },
        { "ms", USEC_PER_MSEC },
        { "s", USEC_PER_SEC },
        { "min", USEC_PER_MIN },
        { "h", USEC_PER_HOUR },
        { "d", USEC_PER_DAY },
};

/* Reads digits; *end is what follows them. */
static int parse_digits(const char *text, uint64_t *ret, const char **end) {
        char *tail;
        uint64_t value;

        if (*text < '0' || *text > '9')
                return -EINVAL;
        errno = 0;
        value = strtoull(text, &tail, 10);
        if (errno != 0)
                return -EINVAL;
        *ret = value;
        *end = tail;
        return 0;
}

static int parse_unsigned(const char *text, uint64_t *ret) {
        const char *end;
        uint64_t value;
        int r;

        r = parse_digits(text, &value, &end);
        if (r < 0 || *end)
                return -EINVAL;
        *ret = value;
        return 0;
}

static int parse_usec(const char *text, uint64_t *ret) {
        const char *unit;
        uint64_t value;
        int r;

        r = parse_digits(text, &value, &unit);
        if (r < 0)
                return r;
        unit += strspn(unit, " \t");
        if (!*unit)
                unit = "s";
        for (size_t i = 0; i < ELEMENTSOF(units); i++)
                if (strcmp(unit, units[i].name) == 0)
                        return __builtin_mul_overflow(value, units[i].usec, ret) ? -EINVAL : 0;
        return -EINVAL;
}

static int parse_bool(const char *text, bool *ret) {
        static const char *const words[] = {
                "no", "yes", "false", "true", "off", "on", "0", "1",
        };

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (strcasecmp(text, words[i]) == 0) {
                        *ret = i % 2 == 1;
                        return 0;
                }
        return -EINVAL;
}

static void print_usec(usec_t value, FILE *file) {
        size_t i = ELEMENTSOF(units) - 1;

        while (value % units[i].usec || (value == 0 && i > 2))
                i--;
        fprintf(file, "%" PRIu64 "%s", value / units[i].usec, units[i].name);
}

static void print_number(const ConfField *f, uint64_t value, FILE *file) {
        if (f->type == CONF_USEC)
                print_usec(value, file);
        else
                fprintf(file, "%" PRIu64, value);
}

/* "expects a time from 10s to 1d" */
static char *expectation(const ConfField *f) {
        char *text = NULL;
        size_t size;
        FILE *file;

        file = open_memstream(&text, &size);
        if (!file)
                return NULL;
        fputs(f->type == CONF_USEC ? "expects a time such as 500ms, 10s or 2h"
                                   : "expects a whole number",
              file);
        fputs(" from ", file);
        print_number(f, f->min, file);
        if (f->max > 0) {
                fputs(" to ", file);
                print_number(f, f->max, file);
        } else
                fputs(" on", file);
        fclose(file);
        return text;
}

static int set_number(const ConfField *f, const char *text, uint64_t *member, char **reason) {
        uint64_t value;
        int r;

        r = f->type == CONF_USEC ? parse_usec(text, &value) : parse_unsigned(text, &value);
        if (r >= 0 && value >= f->min && (f->max == 0 || value <= f->max)) {
                *member = value;
                return 0;
        }
        *reason = expectation(f);
        return *reason ? -EINVAL : -ENOMEM;
}

static int set_bool(const char *text, bool *member, char **reason) {
        if (parse_bool(text, member) >= 0)
                return 0;
        *reason = strdup("expects yes or no");
        return *reason ? -EINVAL : -ENOMEM;
}

static int set_string(const char *text, char **member) {
        char *copy = NULL;

        if (*text) {
                copy = strdup(text);
                if (!copy)
                        return -ENOMEM;
        }
        free(*member);
        *member = copy;
        return 0;
}

int conf_value_set(const ConfField *f, const char *text, void *conf, char **reason) {
        void *member = (char *)conf + f->offset;

        switch (f->type) {
        case CONF_BOOL:
                return set_bool(text, member, reason);
        case CONF_SECRET:
        case CONF_STRING:
                return set_string(text, member);
        case CONF_UNSIGNED:
        case CONF_USEC:
                return set_number(f, text, member, reason);
        }
        return -EINVAL;
}

void conf_value_print(const ConfField *f, const void *conf, FILE *file) {
        const void *member = (const char *)conf + f->offset;

        switch (f->type) {
        case CONF_BOOL:
                fputs(*(const bool *)member ? "yes" : "no", file);
                break;
        case CONF_SECRET:
                fputs(*(char *const *)member ? "***" : "", file);
                break;
        case CONF_STRING:
                fputs(*(char *const *)member ?: "", file);
                break;
        case CONF_UNSIGNED:
        case CONF_USEC:
                print_number(f, *(const uint64_t *)member, file);
                break;
        }
}
