/* One file after the other, line by line. inih splits the lines. */
#include "base/conf-file.h"

#include <dirent.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"

/* One file being read. */
typedef struct Source {
        const ConfReader *reader;
        const char *path;
        FILE *file;
        unsigned line;
        int result;
        char *error;
} Source;

static void fclosep(FILE **f) {
        if (*f)
                fclose(*f);
}

int conf_refuse(char **error, const char *format, ...) {
        va_list ap;
        int r;

        va_start(ap, format);
        r = vasprintf(error, format, ap);
        va_end(ap);
        if (r < 0)
                *error = NULL;
        return r < 0 ? -ENOMEM : -EINVAL;
}

/* inih's reader: one line. Indented lines would continue the value before, which nobody expects of
 * a setting, so the space goes; a line inih has no room for is refused, not cut. */
static char *on_read(char *buffer, int size, void *stream) {
        Source *s = stream;
        size_t n;

        memset(buffer, ' ', (size_t)size); /* the last NUL is fgets()'s own then */
        if (s->result < 0 || !fgets(buffer, size, s->file))
                return NULL;
        s->line++;
        n = strlen(buffer);
        if (memrchr(buffer, '\0', (size_t)size) != buffer + n ||
            ((n == 0 || buffer[n - 1] != '\n') && !feof(s->file))) {
                s->result = conf_refuse(&s->error,
                                        "%s:%u: line is longer than %d characters or holds a NUL",
                                        s->path, s->line, size - 2);
                return NULL;
        }
        n = strspn(buffer, " \t");
        memmove(buffer, buffer + n, strlen(buffer + n) + 1);
        return buffer;
}

/* inih's handler: 1 to go on, 0 after an error. */
static int on_setting(void *user, _unused_ const char *section, const char *name,
                      const char *value) {
        _cleanup_free_ char *from = NULL;
        Source *s = user;

        if (asprintf(&from, "%s:%u", s->path, s->line) < 0) {
                from = NULL;
                s->result = -ENOMEM;
                return 0;
        }
        s->result = s->reader->setting(s->reader->userdata, &(ConfSetting){ name, value, from },
                                       &s->error);
        return s->result >= 0;
}

static int read_lines(Source *s) {
        int r;

        r = ini_parse_stream(on_read, s, on_setting, s);
        if (s->result < 0)
                return s->result;
        if (ferror(s->file))
                return conf_refuse(&s->error, "%s: cannot be read", s->path);
        if (r > 0)
                return conf_refuse(&s->error, "%s:%d: neither a setting nor a section", s->path, r);
        return r < 0 ? -ENOMEM : 0;
}

static int read_file(const ConfReader *reader, const char *path, bool optional, char **error) {
        _cleanup_(fclosep) FILE *file = NULL;
        Source s = { .reader = reader, .path = path };
        int r;

        file = fopen(path, "re");
        if (!file && optional && errno == ENOENT)
                return 0;
        if (!file)
                return conf_refuse(error, "%s: %s", path, strerror(errno));
        s.file = file;
        r = read_lines(&s);
        *error = s.error;
        return r;
}

static int is_drop_in(const struct dirent *entry) {
        size_t n = strlen(entry->d_name), suffix = strlen(".conf");

        return entry->d_name[0] != '.' && n > suffix &&
               strcmp(entry->d_name + n - suffix, ".conf") == 0;
}

/* Not alphasort(), whose order depends on the locale. */
static int compare_names(const struct dirent **a, const struct dirent **b) {
        return strcmp((*a)->d_name, (*b)->d_name);
}

static int read_drop_in(const ConfReader *reader, const char *directory, const char *name,
                        char **error) {
        _cleanup_free_ char *path = NULL;

        if (asprintf(&path, "%s/%s", directory, name) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        return read_file(reader, path, false, error);
}

static int read_drop_ins(const ConfReader *reader, const char *path, char **error) {
        _cleanup_free_ char *directory = NULL;
        struct dirent **entries;
        int n, r = 0;

        if (asprintf(&directory, "%s.d", path) < 0) {
                directory = NULL;
                return -ENOMEM;
        }
        n = scandir(directory, &entries, is_drop_in, compare_names);
        if (n < 0)
                return errno == ENOENT ? 0
                                       : conf_refuse(error, "%s: %s", directory, strerror(errno));
        for (int i = 0; i < n; i++) {
                if (r >= 0)
                        r = read_drop_in(reader, directory, entries[i]->d_name, error);
                free(entries[i]);
        }
        free(entries);
        return r;
}

int conf_file_read(const ConfReader *reader, const char *path, bool optional, char **error) {
        int r;

        r = read_file(reader, path, optional, error);
        return r < 0 ? r : read_drop_ins(reader, path, error);
}
