/* Migrations: read the directory, compare with what was applied, apply the rest. */
#include "store/migrate.h"

#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/macro.h"
#include "event/pq-script.h"

#define FILES_MAX     999
#define FILE_SIZE_MAX (1024 * 1024)
#define OLDEST_PREFIX "-- oldest-program: "

typedef struct Migration {
        char *name; /* "001-schema.sql" */
        char *text;
        char checksum[HEX_SIZE(crypto_hash_sha256_BYTES)];
        char oldest[32]; /* oldest program that can still run with it */
} Migration;

typedef struct Migrator {
        PqScript *script;
        Migration *files; /* by number, without holes: file i has number i + 1 */
        size_t n_files;
        size_t n_applied;
        char **error;
        FILE *progress;
        int r; /* of a row callback */
} Migrator;

static const char lock_sql[] = "SELECT pg_advisory_lock(hashtext('dpin.migrate'))";
static const char role_sql[] = "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = "
                               "'dpin') THEN SET ROLE dpin;"
                               " END IF; END $$; SET client_min_messages = warning";
static const char table_sql[] =
                "CREATE TABLE IF NOT EXISTS schema_migration ("
                "  version        integer     PRIMARY KEY,"
                "  name           text        NOT NULL,"
                "  checksum       text        NOT NULL," /* SHA-256 of the file, hex */
                "  oldest_program text        NOT NULL,"
                "  applied_at     timestamptz NOT NULL DEFAULT now())";
static const char applied_sql[] =
                "SELECT version, name, checksum FROM schema_migration ORDER BY version";
static const char record_sql[] = "INSERT INTO schema_migration (version, name, checksum, "
                                 "oldest_program) VALUES ($1, $2, $3, $4)";
/* What a program reads before it knows whether the table exists: "VERSION OLDEST_PROGRAM". */
static const char comment_sql[] =
                "DO $$ DECLARE v text; BEGIN"
                "  SELECT max(version) || ' ' || (SELECT oldest_program FROM schema_migration"
                "    ORDER BY string_to_array(oldest_program, '.')::integer[] DESC LIMIT 1)"
                "    INTO v FROM schema_migration;"
                "  EXECUTE format('COMMENT ON TABLE schema_migration IS %L', v);"
                " END $$";
/* Those of the schema that the files make which have partitions, for each day. */
static const char partitions_sql[] =
                "SELECT partition_ensure(partrelid::regclass::text, today - 2, today + 3)"
                "  FROM pg_partitioned_table, CAST(now() AT TIME ZONE 'UTC' AS date) AS today"
                "  WHERE partrelid IN (to_regclass('website_tick'), to_regclass('tick_page'),"
                "    to_regclass('tick_batch'))";

static void migrator_done(Migrator *m) {
        for (size_t i = 0; i < m->n_files; i++) {
                free(m->files[i].name);
                free(m->files[i].text);
        }
        free(m->files);
        pq_script_close(m->script);
}

_printf_(3, 4) static int fail(Migrator *m, int r, const char *format, ...) {
        va_list ap;

        free(*m->error);
        va_start(ap, format);
        if (vasprintf(m->error, format, ap) < 0)
                *m->error = NULL;
        va_end(ap);
        return r;
}

static int fail_sql(Migrator *m, int r, const char *what) {
        return fail(m, r, "%s: %s", what, pq_script_error(m->script));
}

_printf_(2, 3) static void say(const Migrator *m, const char *format, ...) {
        va_list ap;

        if (!m->progress)
                return;
        va_start(ap, format);
        vfprintf(m->progress, format, ap);
        va_end(ap);
        fputc('\n', m->progress);
}

/* "NNN-what.sql" */
static int is_migration(const struct dirent *entry) {
        const char *name = entry->d_name;
        size_t n = strlen(name);

        return n > 8 && strspn(name, "0123456789") == 3 && name[3] == '-' &&
               !strcmp(name + n - 4, ".sql");
}

static char *read_whole(const char *path, size_t *ret_n) {
        _cleanup_free_ char *text = malloc(FILE_SIZE_MAX + 1);
        FILE *f = fopen(path, "re");
        bool complete;
        size_t n;

        if (!f || !text) {
                if (f)
                        fclose(f);
                return NULL;
        }
        n = fread(text, 1, FILE_SIZE_MAX, f);
        complete = feof(f) && !ferror(f);
        fclose(f);
        if (!complete || memchr(text, 0, n))
                return NULL;
        text[n] = 0;
        *ret_n = n;
        return realloc(TAKE_PTR(text), n + 1);
}

static void read_oldest(Migration *f) {
        size_t prefix = strlen(OLDEST_PREFIX), n;
        const char *value = DPIN_VERSION;

        if (!strncmp(f->text, OLDEST_PREFIX, prefix))
                value = f->text + prefix;
        n = MIN(strspn(value, "0123456789."), sizeof(f->oldest) - 1);
        memcpy(f->oldest, value, n);
        f->oldest[n] = 0;
}

static int load_file(Migrator *m, const char *directory, const char *name) {
        Migration *f = &m->files[m->n_files++];
        unsigned char hash[crypto_hash_sha256_BYTES];
        _cleanup_free_ char *path = NULL;
        size_t n;

        f->name = strdup(name);
        if (!f->name || asprintf(&path, "%s/%s", directory, name) < 0)
                return -ENOMEM;

        f->text = read_whole(path, &n);
        if (!f->text)
                return fail(m, -ENOENT, "%s cannot be read", path);

        if (strtoul(name, NULL, 10) != m->n_files)
                return fail(m, -EBADMSG, "%s: migration %03zu is missing before it", path,
                            m->n_files);

        crypto_hash_sha256(hash, (const unsigned char *)f->text, n);
        hex_encode(hash, sizeof(hash), f->checksum);
        read_oldest(f);
        return 0;
}

static int load_files(Migrator *m, const char *directory) {
        struct dirent **entries = NULL;
        int r = 0, n;

        n = scandir(directory, &entries, is_migration, alphasort);
        if (n <= 0 || n > FILES_MAX)
                r = fail(m, -ENOENT, "no migrations in %s", directory);
        else if (!(m->files = calloc((size_t)n, sizeof(Migration))))
                r = -ENOMEM;

        for (int i = 0; i < n; i++) {
                if (r == 0)
                        r = load_file(m, directory, entries[i]->d_name);
                free(entries[i]);
        }
        free(entries);
        return r;
}

static void compare_applied(const char *const *values, size_t n _unused_, void *userdata) {
        Migrator *m = userdata;
        size_t version = strtoul(values[0], NULL, 10);

        if (m->r < 0)
                return;
        if (version > m->n_files)
                m->r = fail(m, -EPROTO,
                            "the database has migration %s, which is newer than this program's %zu",
                            values[1], m->n_files);
        else if (version != m->n_applied + 1)
                m->r = fail(m, -EBADMSG, "the database lacks migration %03zu", m->n_applied + 1);
        else if (strcmp(values[2], m->files[version - 1].checksum) != 0)
                m->r = fail(m, -EBADMSG, "%s was changed after it was applied (as %s)",
                            m->files[version - 1].name, values[1]);
        else
                m->n_applied++;
}

static int prepare(Migrator *m) {
        const char *const steps[] = { lock_sql, role_sql, table_sql };
        int r;

        for (size_t i = 0; i < ELEMENTSOF(steps); i++) {
                r = pq_script_run(m->script, steps[i]);
                if (r < 0)
                        return fail_sql(m, r, "schema_migration");
        }

        r = pq_script_query(m->script, applied_sql, NULL, compare_applied, m);
        if (r < 0)
                return fail_sql(m, r, "schema_migration");
        return m->r;
}

/* In one transaction with the row that says so. */
static int apply_steps(Migrator *m, const Migration *f, const char *version) {
        const char *const values[] = { version, f->name, f->checksum, f->oldest, NULL };
        int r;

        r = pq_script_run(m->script, "BEGIN");
        if (r < 0)
                return r;

        r = pq_script_run(m->script, f->text);
        if (r < 0)
                return r;

        r = pq_script_query(m->script, record_sql, values, NULL, NULL);
        if (r < 0)
                return r;

        r = pq_script_run(m->script, comment_sql);
        if (r < 0)
                return r;

        return pq_script_run(m->script, "COMMIT");
}

static int apply(Migrator *m, const Migration *f) {
        char version[16];
        int r;

        say(m, "applying %s", f->name);
        snprintf(version, sizeof(version), "%zu", (size_t)(f - m->files) + 1);
        r = apply_steps(m, f, version);
        if (r < 0) {
                fail_sql(m, r, f->name);
                (void)pq_script_run(m->script, "ROLLBACK");
        }
        return r;
}

static int migrate(Migrator *m, const char *dsn, const char *directory) {
        int r;

        r = load_files(m, directory);
        if (r < 0)
                return r;

        r = pq_script_open(&m->script, dsn);
        if (r < 0)
                return m->script ? fail_sql(m, r, "database") : r;

        r = prepare(m);
        if (r < 0)
                return r;

        for (size_t i = m->n_applied; i < m->n_files; i++) {
                r = apply(m, &m->files[i]);
                if (r < 0)
                        return r;
        }

        r = pq_script_run(m->script, partitions_sql);
        if (r < 0)
                return fail_sql(m, r, "partitions");
        return (int)(m->n_files - m->n_applied);
}

int store_migrate(const char *dsn, const char *directory, char **error, FILE *progress) {
        _cleanup_(migrator_done) Migrator m = { .error = error, .progress = progress };
        int r;

        *error = NULL;
        r = migrate(&m, dsn, directory);
        if (r == 0)
                say(&m, "nothing to do: the schema is at version %zu", m.n_files);
        else if (r > 0)
                say(&m, "%d applied: the schema is at version %zu", r, m.n_files);
        return r;
}
