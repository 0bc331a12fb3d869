/* Where settings come from and in which order; conf-value knows their types. inih reads the lines.
 */
#include "base/conf.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/conf-value.h"
#include "base/macro.h"

/* One file being read. */
typedef struct Source {
        const ConfField *fields;
        void *conf;
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

static int refuse(char **error, const char *format, ...) _printf_(2, 3);
static int refuse(char **error, const char *format, ...) {
        va_list ap;
        int r;

        va_start(ap, format);
        r = vasprintf(error, format, ap);
        va_end(ap);
        if (r < 0)
                *error = NULL;
        return r < 0 ? -ENOMEM : -EINVAL;
}

static const ConfField *find_field(const ConfField *fields, const char *name) {
        for (const ConfField *f = fields; f->name; f++)
                if (strcasecmp(f->name, name) == 0)
                        return f;
        return NULL;
}

/* inih's reader: one line. Indented lines would continue the value before, which nobody expects of
 * a setting, so the space goes; a line inih has no room for is refused, not cut. */
static char *on_read(char *buffer, int size, void *stream) {
        Source *s = stream;
        size_t n;

        if (s->result < 0 || !fgets(buffer, size, s->file))
                return NULL;
        s->line++;
        n = strlen(buffer);
        if ((n == 0 || buffer[n - 1] != '\n') && !feof(s->file)) {
                s->result = refuse(&s->error,
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
        _cleanup_free_ char *reason = NULL;
        Source *s = user;
        const ConfField *f;
        int r;

        f = find_field(s->fields, name);
        if (!f) {
                s->result = refuse(&s->error, "%s:%u: unknown setting %s", s->path, s->line, name);
                return 0;
        }
        r = conf_value_set(f, value, s->conf, &reason);
        if (r == -EINVAL)
                r = refuse(&s->error, "%s:%u: %s %s", s->path, s->line, f->name, reason);
        s->result = r;
        return r >= 0;
}

static int load_file(Source *s) {
        int r;

        r = ini_parse_stream(on_read, s, on_setting, s);
        if (s->result < 0)
                return s->result;
        if (ferror(s->file))
                return refuse(&s->error, "%s: cannot be read", s->path);
        if (r > 0)
                return refuse(&s->error, "%s:%d: neither a setting nor a section", s->path, r);
        return r < 0 ? -ENOMEM : 0;
}

static int load_path(const ConfField *fields, const char *path, bool optional, void *conf,
                     char **error) {
        _cleanup_(fclosep) FILE *file = NULL;
        Source s = { .fields = fields, .conf = conf, .path = path };
        int r;

        file = fopen(path, "re");
        if (!file && optional && errno == ENOENT)
                return 0;
        if (!file)
                return refuse(error, "%s: %s", path, strerror(errno));
        s.file = file;
        r = load_file(&s);
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

static int load_drop_in(const ConfField *fields, const char *directory, const char *name,
                        void *conf, char **error) {
        _cleanup_free_ char *path = NULL;

        if (asprintf(&path, "%s/%s", directory, name) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        return load_path(fields, path, false, conf, error);
}

static int load_drop_ins(const ConfField *fields, const char *path, void *conf, char **error) {
        _cleanup_free_ char *directory = NULL;
        struct dirent **entries;
        int n, r = 0;

        if (asprintf(&directory, "%s.d", path) < 0) {
                directory = NULL;
                return -ENOMEM;
        }
        n = scandir(directory, &entries, is_drop_in, compare_names);
        if (n < 0)
                return errno == ENOENT ? 0 : refuse(error, "%s: %s", directory, strerror(errno));
        for (int i = 0; i < n; i++) {
                if (r >= 0)
                        r = load_drop_in(fields, directory, entries[i]->d_name, conf, error);
                free(entries[i]);
        }
        free(entries);
        return r;
}

static int load_defaults(const ConfField *fields, void *conf) {
        for (const ConfField *f = fields; f->name; f++) {
                _cleanup_free_ char *reason = NULL;
                int r;

                if (!f->fallback)
                        continue;
                r = conf_value_set(f, f->fallback, conf, &reason);
                assert(r != -EINVAL); /* the table contradicts itself */
                if (r < 0)
                        return r;
        }
        return 0;
}

static int load_environment(const ConfField *fields, void *conf, char **error) {
        for (const ConfField *f = fields; f->name; f++) {
                const char *value = f->environment ? getenv(f->environment) : NULL;
                _cleanup_free_ char *reason = NULL;
                int r;

                if (!value || !*value)
                        continue;
                r = conf_value_set(f, value, conf, &reason);
                if (r == -EINVAL)
                        return refuse(error, "environment variable %s %s", f->environment, reason);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int load_all(const ConfField *fields, const char *path, bool optional_file, void *conf,
                    char **error) {
        int r;

        r = load_defaults(fields, conf);
        if (r < 0)
                return r;
        if (path) {
                r = load_path(fields, path, optional_file, conf, error);
                if (r < 0)
                        return r;
                r = load_drop_ins(fields, path, conf, error);
                if (r < 0)
                        return r;
        }
        return load_environment(fields, conf, error);
}

int conf_load(const ConfField *fields, const char *path, bool optional_file, void *conf,
              char **error) {
        int r;

        *error = NULL;
        r = load_all(fields, path, optional_file, conf, error);
        if (r < 0)
                conf_done(fields, conf);
        return r;
}

void conf_done(const ConfField *fields, void *conf) {
        for (const ConfField *f = fields; f->name; f++) {
                char **member = (char **)((char *)conf + f->offset);

                if (f->type != CONF_STRING && f->type != CONF_SECRET)
                        continue;
                if (f->type == CONF_SECRET && *member)
                        explicit_bzero(*member, strlen(*member));
                free(*member);
                *member = NULL;
        }
}

void conf_print(const ConfField *fields, const void *conf, FILE *file) {
        for (const ConfField *f = fields; f->name; f++) {
                fprintf(file, "%s=", f->name);
                conf_value_print(f, conf, file);
                fputc('\n', file);
        }
}
