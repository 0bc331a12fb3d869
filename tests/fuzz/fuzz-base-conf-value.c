/* Any text as a setting of every type: what is accepted is within the table's limits, and printed
 * it is accepted again as the same; what is refused leaves the member alone and says why. */
#include <errno.h>

#include "base/conf-value.h"
#include "property.h"

typedef struct Settings {
        bool flag;
        char *text;
        uint64_t number, any;
        usec_t time;
} Settings;

static const ConfField fields[] = {
        { "Flag", CONF_BOOL, 0, 0, NULL, offsetof(Settings, flag), NULL },
        { "Text", CONF_STRING, 0, 0, NULL, offsetof(Settings, text), NULL },
        { "Number", CONF_UNSIGNED, 3, 70000, NULL, offsetof(Settings, number), NULL },
        { "Any", CONF_UNSIGNED, 0, 0, NULL, offsetof(Settings, any), NULL },
        { "Time", CONF_USEC, 5, 3 * USEC_PER_DAY, NULL, offsetof(Settings, time), NULL },
};

static char *print(const ConfField *f, const Settings *s) {
        char *text = NULL;
        size_t n = 0;
        FILE *file = open_memstream(&text, &n);

        PROPERTY(file != NULL);
        conf_value_print(f, s, file);
        PROPERTY(fclose(file) == 0);
        return text;
}

static void check_limits(const Settings *s) {
        PROPERTY(s->number == 0 || (s->number >= 3 && s->number <= 70000));
        PROPERTY(s->time == 0 || (s->time >= 5 && s->time <= 3 * USEC_PER_DAY));
}

static void check_field(const ConfField *f, const char *text) {
        _cleanup_free_ char *reason = NULL, *first = NULL, *second = NULL;
        Settings s = { 0 };
        int r;

        r = conf_value_set(f, text, &s, &reason);
        check_limits(&s);
        if (r < 0) {
                PROPERTY(r == -EINVAL && reason);
                PROPERTY(s.number == 0 && s.any == 0 && s.time == 0 && !s.flag && !s.text);
                return;
        }
        first = print(f, &s);
        PROPERTY(f->type != CONF_STRING || strcmp(first, text) == 0);
        PROPERTY(conf_value_set(f, first, &s, &reason) == 0);
        second = print(f, &s);
        PROPERTY(strcmp(first, second) == 0);
        free(s.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = input_text(data, size);

        for (size_t i = 0; i < ELEMENTSOF(fields); i++)
                check_field(&fields[i], text);
        return 0;
}
