/* Options of one word each; whoever wants more of a kind writes JSON. */
#include "ctl/ask.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/macro.h"

#define DAYS_MAX 365

static const Option parts[] = {
        OPTION_BODY,    OPTION_CERTIFICATE_DAYS, OPTION_CONTAINS, OPTION_HEADER, OPTION_INVERT,
        OPTION_MATCHES, OPTION_METHOD,           OPTION_PATH,     OPTION_STATUS,
};

_printf_(2, 3) static int refuse(char **error, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        if (vasprintf(error, format, ap) < 0)
                *error = NULL;
        va_end(ap);
        return -EINVAL;
}

static bool asks(const Args *args) {
        for (size_t i = 0; i < ELEMENTSOF(parts); i++)
                if (args->options[parts[i]])
                        return true;
        return false;
}

/* What is before the separator, as a text of its own; NULL: there is none. */
static char *before(const char *text, char separator) {
        const char *end = strchr(text, separator);

        return end && end > text ? strndup(text, (size_t)(end - text)) : NULL;
}

static void write_plain(JsonWriter *w, const Args *args) {
        static const struct {
                Option option;
                const char *member;
        } plain[] = {
                { OPTION_METHOD, "method" },
                { OPTION_STATUS, "status" },
                { OPTION_BODY, "body" },
        };

        for (size_t i = 0; i < ELEMENTSOF(plain); i++)
                if (args->options[plain[i].option])
                        json_writer_string(w, plain[i].member, args->options[plain[i].option]);
        if (args->options[OPTION_INVERT])
                json_writer_bool(w, "invert", true);
}

static int write_days(JsonWriter *w, const char *days, char **error) {
        uint32_t n;

        if (!days)
                return 0;
        if (args_number(days, DAYS_MAX, &n) < 0 || n == 0)
                return refuse(error, "--certificate-days: \"%s\" is no number from 1 to 365", days);
        json_writer_number(w, "certificateDays", n);
        return 0;
}

static int write_header(JsonWriter *w, const char *header, char **error) {
        _cleanup_free_ char *name = NULL;
        const char *value;

        if (!header)
                return 0;
        name = before(header, ':');
        if (!name)
                return refuse(error, "--header: \"%s\" is not written like Name: value", header);
        value = header + strlen(name) + 1;
        json_writer_open_array(w, "headers");
        json_writer_open_object(w, NULL);
        json_writer_string(w, "name", name);
        json_writer_string(w, "value", value + strspn(value, " "));
        json_writer_close(w);
        json_writer_close(w);
        return 0;
}

static void write_assertion(JsonWriter *w, const char *source, const char *property,
                            const char *operator, const char * value) {
        json_writer_open_object(w, NULL);
        json_writer_string(w, "source", source);
        if (property)
                json_writer_string(w, "property", property);
        json_writer_string(w, "operator", operator);
        if (value)
                json_writer_string(w, "value", value);
        json_writer_close(w);
}

/* $.a=b, or $.a for whatever is there. */
static void write_path(JsonWriter *w, const char *text) {
        _cleanup_free_ char *path = before(text, '=');

        if (path)
                write_assertion(w, "json", path, "equals", text + strlen(path) + 1);
        else
                write_assertion(w, "json", text, "exists", NULL);
}

static void write_assertions(JsonWriter *w, const Args *args) {
        const char *contains = args->options[OPTION_CONTAINS];
        const char *matches = args->options[OPTION_MATCHES];
        const char *path = args->options[OPTION_PATH];

        if (!contains && !matches && !path)
                return;
        json_writer_open_array(w, "assertions");
        if (contains)
                write_assertion(w, "body", NULL, "contains", contains);
        if (matches)
                write_assertion(w, "body", NULL, "matches", matches);
        if (path)
                write_path(w, path);
        json_writer_close(w);
}

static int write_parts(const Args *args, char **ret, char **error) {
        _cleanup_(json_writer_freep) JsonWriter *w = NULL;
        int r;

        r = json_writer_new(&w);
        if (r < 0)
                return r;
        json_writer_open_object(w, NULL);
        write_plain(w, args);
        r = write_header(w, args->options[OPTION_HEADER], error);
        if (r == 0)
                r = write_days(w, args->options[OPTION_CERTIFICATE_DAYS], error);
        if (r < 0)
                return r;
        write_assertions(w, args);
        json_writer_close(w);
        r = json_writer_take(w, ret);
        return r == -EINVAL ? refuse(error, "what is asked for is no text in UTF-8") : r;
}

int ask_write(const Args *args, char **ret, char **error) {
        const char *check = args->options[OPTION_CHECK];

        *error = NULL;
        if (asks(args)) {
                if (check)
                        return refuse(error, "--check says it all: no other option goes with it");
                return write_parts(args, ret, error);
        }
        *ret = strdup(check ? check : "");
        return *ret ? 0 : -ENOMEM;
}

CtlExit ask_read(const Args *args, char **ret) {
        _cleanup_free_ char *error = NULL;

        if (ask_write(args, ret, &error) == 0)
                return CTL_OK;
        fprintf(stderr, "dpinctl: %s\n", error ? error : "out of memory");
        return error ? CTL_USAGE : CTL_FAILED;
}
