/* Where settings come from and in which order; conf-file reads files, conf-value knows the types.
 */
#include "base/conf.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/conf-file.h"
#include "base/conf-value.h"
#include "base/macro.h"

/* Goes through all sources: to fill conf, or to note where each value comes from. */
typedef struct Loader {
        const ConfField *fields;
        void *conf;
        char **origins; /* by field; then conf is NULL */
} Loader;

static const ConfField *find_field(const ConfField *fields, const char *name) {
        for (const ConfField *f = fields; f->name; f++)
                if (strcasecmp(f->name, name) == 0)
                        return f;
        return NULL;
}

static int note_origin(const Loader *l, const ConfField *f, const char *from) {
        char **origin = &l->origins[f - l->fields];

        free(*origin);
        *origin = strdup(from);
        return *origin ? 0 : -ENOMEM;
}

/* What comes later wins. `from` begins a refusal. */
static int apply(const Loader *l, const ConfField *f, const ConfSetting *s, char **error) {
        _cleanup_free_ char *reason = NULL;
        int r;

        if (l->origins)
                return note_origin(l, f, s->from);
        r = conf_value_set(f, s->value, l->conf, &reason);
        if (r == -EINVAL)
                return conf_refuse(error, "%s: %s %s", s->from, f->name, reason);
        return r;
}

static int load_defaults(const Loader *l) {
        for (const ConfField *f = l->fields; f->name; f++) {
                const ConfSetting s = { f->name, f->fallback, "default" };
                _cleanup_free_ char *error = NULL;
                int r;

                if (!f->fallback)
                        continue;
                r = apply(l, f, &s, &error);
                assert(r != -EINVAL); /* the table contradicts itself */
                if (r < 0)
                        return r;
        }
        return 0;
}

static int on_setting(void *userdata, const ConfSetting *s, char **error) {
        const Loader *l = userdata;
        const ConfField *f = find_field(l->fields, s->name);

        if (!f)
                return conf_refuse(error, "%s: unknown setting %s", s->from, s->name);
        return apply(l, f, s, error);
}

static int load_file(Loader *l, const char *path, bool optional, char **error) {
        const ConfReader reader = { .setting = on_setting, .userdata = l };

        return conf_file_read(&reader, path, optional, error);
}

static int load_environment(const Loader *l, char **error) {
        for (const ConfField *f = l->fields; f->name; f++) {
                const char *value = f->environment ? getenv(f->environment) : NULL;
                _cleanup_free_ char *from = NULL;
                int r;

                if (!value || !*value)
                        continue;
                if (asprintf(&from, "environment variable %s", f->environment) < 0) {
                        from = NULL;
                        return -ENOMEM;
                }
                r = apply(l, f, &(ConfSetting){ f->name, value, from }, error);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int load_credential(const Loader *l, const ConfField *f, char **error) {
        _cleanup_free_ char *from = NULL, *text = NULL;
        size_t n;
        int r;

        if (asprintf(&from, "credential %s", f->name) < 0) {
                from = NULL;
                return -ENOMEM;
        }
        r = conf_read_secret(f->name, NULL, &text, &n);
        if (r < 0 && r != -ENOMEM)
                return conf_refuse(error, "%s: %s", from, conf_secret_error(r));
        if (r <= 0)
                return r;
        while (n > 0 && strchr(" \t\r\n", text[n - 1])) /* an editor's last line has an end */
                text[--n] = '\0';
        r = apply(l, f, &(ConfSetting){ f->name, text, from }, error);
        explicit_bzero(text, n);
        return r;
}

static int load_credentials(const Loader *l, char **error) {
        for (const ConfField *f = l->fields; f->name; f++) {
                int r = f->type == CONF_SECRET ? load_credential(l, f, error) : 0;

                if (r < 0)
                        return r;
        }
        return 0;
}

static int load_all(Loader *l, const char *path, bool optional_file, char **error) {
        int r;

        r = load_defaults(l);
        if (r < 0)
                return r;
        if (path) {
                r = load_file(l, path, optional_file, error);
                if (r < 0)
                        return r;
        }
        r = load_environment(l, error);
        if (r < 0)
                return r;
        return load_credentials(l, error);
}

int conf_load(const ConfField *fields, const char *path, bool optional_file, void *conf,
              char **error) {
        Loader l = { .fields = fields, .conf = conf };
        int r;

        *error = NULL;
        r = load_all(&l, path, optional_file, error);
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

/* Printing --------------------------------------------------------------------------------------
 */

static int print_field(const ConfField *f, const void *conf, const char *origin, FILE *file) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *line;

        line = open_memstream(&text, &size);
        if (!line)
                return -ENOMEM;
        fprintf(line, "%s=", f->name);
        conf_value_print(f, conf, line);
        if (fclose(line) != 0)
                return -ENOMEM;
        fprintf(file, "%-40s ; %s\n", text, origin ? origin : "not set");
        return 0;
}

int conf_print(const ConfField *fields, const char *path, const void *conf, FILE *file) {
        _cleanup_free_ char *error = NULL;
        Loader l = { .fields = fields };
        size_t n = 0;
        int r;

        while (fields[n].name)
                n++;
        l.origins = calloc(n + 1, sizeof(*l.origins));
        if (!l.origins)
                return -ENOMEM;
        r = load_all(&l, path, true, &error);
        for (size_t i = 0; i < n; i++) {
                if (r >= 0)
                        r = print_field(&fields[i], conf, l.origins[i], file);
                free(l.origins[i]);
        }
        free(l.origins);
        return r;
}
