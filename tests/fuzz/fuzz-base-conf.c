/* Any bytes as a settings file: what is accepted and printed is accepted again as the same; what is
 * refused leaves nothing behind, and the reason names the file. */
#include <errno.h>

#include "base/conf.h"
#include "property.h"

typedef struct Settings {
        bool flag;
        char *text, *secret;
        uint64_t number;
        usec_t time;
} Settings;

static const ConfField fields[] = {
        { "Flag", CONF_BOOL, 0, 0, "yes", offsetof(Settings, flag), NULL },
        { "Number", CONF_UNSIGNED, 3, 70000, "7", offsetof(Settings, number), NULL },
        { "Secret", CONF_SECRET, 0, 0, NULL, offsetof(Settings, secret), NULL },
        { "Text", CONF_STRING, 0, 0, "default", offsetof(Settings, text), NULL },
        { "Time", CONF_USEC, 5, 3 * USEC_PER_DAY, "1min", offsetof(Settings, time), NULL },
        { 0 },
};

static int load(const void *data, size_t size, Settings *ret) {
        _cleanup_free_ char *error = NULL;
        char path[32];
        int fd = input_file(data, size, path), r;

        *ret = (Settings){ 0 };
        r = conf_load(fields, path, false, ret, &error);
        PROPERTY(r == 0 || (r == -EINVAL && error && strncmp(error, path, strlen(path)) == 0));
        PROPERTY(r == 0 || (!ret->text && !ret->secret));
        close(fd);
        return r;
}

static char *print(const Settings *s) {
        char *text = NULL;
        size_t n = 0;
        FILE *file = open_memstream(&text, &n);

        PROPERTY(file != NULL);
        PROPERTY(conf_print(fields, NULL, s, file) == 0);
        PROPERTY(fclose(file) == 0);
        return text;
}

/* A line holds up to 198 characters; the name may have been written shorter around a long value. */
static bool has_long_line(const char *text) {
        for (; *text; text += strcspn(text, "\n") + 1)
                if (strcspn(text, "\n") > 198)
                        return true;
        return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *first = NULL, *second = NULL;
        Settings s;

        if (load(data, size, &s) < 0)
                return 0;
        PROPERTY(!memchr(data, '\0', size));
        PROPERTY(s.number >= 3 && s.number <= 70000 && s.time >= 5 && s.time <= 3 * USEC_PER_DAY);
        first = print(&s);
        PROPERTY(!s.secret || strstr(first, "Secret=***"));
        conf_done(fields, &s);
        if (has_long_line(first))
                return 0;
        PROPERTY(load(first, strlen(first), &s) == 0);
        second = print(&s);
        PROPERTY(strcmp(first, second) == 0);
        conf_done(fields, &s);
        return 0;
}
