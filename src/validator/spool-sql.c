/* The SQL, and the file it lives in. Statements are prepared once. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "validator/spool-internal.h"

#define SPOOL_VERSION        "1"
#define SPOOL_VERSION_NUMBER 1

/* The lock is held as long as the file is open: two processes with one spool would sign twice. */
static const char settings[] = "PRAGMA locking_mode = EXCLUSIVE;"
                               "PRAGMA journal_mode = WAL;"
                               "PRAGMA synchronous = FULL;";

static const char schema[] =
                "BEGIN EXCLUSIVE;"
                "CREATE TABLE IF NOT EXISTS network (key BLOB NOT NULL);"
                /* opened: order of streams; receipt: the newest one */
                "CREATE TABLE IF NOT EXISTS stream (incarnation INTEGER PRIMARY KEY,"
                "  opened INTEGER NOT NULL, receipt BLOB);"
                "CREATE TABLE IF NOT EXISTS batch (incarnation INTEGER NOT NULL,"
                "  sequence INTEGER NOT NULL, hash BLOB NOT NULL, created INTEGER NOT NULL,"
                "  ticks INTEGER NOT NULL, gap INTEGER NOT NULL, frame BLOB NOT NULL,"
                "  PRIMARY KEY (incarnation, sequence, gap)) WITHOUT ROWID;"
                "CREATE TABLE IF NOT EXISTS progress (work BLOB NOT NULL, probe INTEGER NOT NULL,"
                "  number INTEGER NOT NULL, touched INTEGER NOT NULL,"
                "  PRIMARY KEY (work, probe)) WITHOUT ROWID;"
                "PRAGMA user_version = " SPOOL_VERSION ";"
                "COMMIT;";

static const char *const statements[_SPOOL_STATEMENT_MAX] = {
        [SPOOL_BEGIN] = "BEGIN IMMEDIATE",
        [SPOOL_COMMIT] = "COMMIT",
        [SPOOL_ROLLBACK] = "ROLLBACK",
        [SPOOL_PIN] = "INSERT INTO network (key) VALUES (?1)",
        [SPOOL_PINNED] = "SELECT key FROM network",
        [SPOOL_PROGRESS] = "SELECT number FROM progress WHERE work = ?1 AND probe = ?2",
        [SPOOL_PROGRESS_PUT] = "INSERT INTO progress (work, probe, number, touched) "
                               "VALUES (?1, ?2, ?3, ?4) ON CONFLICT (work, probe) "
                               "DO UPDATE SET number = max(number, ?3), touched = ?4",
        [SPOOL_PROGRESS_PRUNE] = "DELETE FROM progress WHERE touched < ?1",
        [SPOOL_PUT] = "INSERT INTO batch (incarnation, sequence, hash, created, ticks, gap, frame) "
                      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        [SPOOL_STREAM_PUT] = "INSERT INTO stream (incarnation, opened) VALUES (?1, ?2) "
                             "ON CONFLICT DO NOTHING",
        [SPOOL_NEXT] = "SELECT incarnation, sequence, hash, created, ticks, frame FROM batch "
                       "WHERE incarnation = ?1 AND sequence > ?2 ORDER BY sequence LIMIT 1",
        [SPOOL_HASH] = "SELECT hash FROM batch WHERE incarnation = ?1 AND sequence = ?2",
        [SPOOL_SIZE] = "SELECT count(*), coalesce(sum(length(frame)), 0) FROM batch "
                       "WHERE incarnation = ?1 AND sequence <= ?2",
        [SPOOL_DROP] = "DELETE FROM batch WHERE incarnation = ?1 AND sequence <= ?2",
        [SPOOL_RECEIPT_PUT] = "UPDATE stream SET receipt = ?2 WHERE incarnation = ?1",
        [SPOOL_STREAMS] =
                        "SELECT incarnation, (SELECT created FROM batch b "
                        "  WHERE b.incarnation = s.incarnation ORDER BY sequence LIMIT 1), receipt "
                        "FROM stream s ORDER BY opened LIMIT ?1",
        [SPOOL_OTHERS] = "SELECT EXISTS (SELECT 1 FROM batch WHERE incarnation < ?1) "
                         "OR EXISTS (SELECT 1 FROM batch WHERE incarnation > ?1)",
        /* A receipt outlives its batches while its stream may go on: the newest, and this one. */
        [SPOOL_STREAM_DROP] = "DELETE FROM stream WHERE incarnation <> ?1 "
                              "AND opened < (SELECT max(opened) FROM stream) AND NOT EXISTS "
                              "(SELECT 1 FROM batch b WHERE b.incarnation = stream.incarnation)",
        [SPOOL_STREAM_OLDEST] =
                        "SELECT incarnation FROM stream s WHERE EXISTS (SELECT 1 FROM batch b "
                        "WHERE b.incarnation = s.incarnation AND b.gap = 0) "
                        "ORDER BY opened LIMIT 1",
        [SPOOL_OLDEST] = "SELECT sequence, hash, created, ticks, gap, frame FROM batch "
                         "WHERE incarnation = ?1 ORDER BY sequence",
        [SPOOL_TOTALS] = "SELECT count(*), coalesce(sum(length(frame)), 0) FROM batch",
};

static int to_errno(int code) {
        switch (code & 0xff) {
        case SQLITE_OK:
        case SQLITE_ROW:
        case SQLITE_DONE:
                return 0;
        case SQLITE_FULL:
                return -ENOSPC;
        case SQLITE_NOMEM:
                return -ENOMEM;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
                return -EBUSY;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
                return -EUCLEAN;
        case SQLITE_CONSTRAINT:
                return -EEXIST;
        default:
                return -EIO;
        }
}

/* Statements and values ------------------------------------------------------------------------ */

sqlite3_stmt *spool_use(Spool *s, SpoolStatement which) {
        sqlite3_reset(s->statements[which]);
        sqlite3_clear_bindings(s->statements[which]);
        return s->statements[which];
}

void spool_bind_int(sqlite3_stmt *q, int i, uint64_t v) {
        sqlite3_bind_int64(q, i, (sqlite3_int64)v);
}

void spool_bind_blob(sqlite3_stmt *q, int i, const void *p, size_t n) {
        sqlite3_bind_blob(q, i, p, (int)n, SQLITE_STATIC);
}

int spool_step(sqlite3_stmt *q) {
        int code = sqlite3_step(q);

        return code == SQLITE_ROW ? 1 : to_errno(code);
}

int spool_run(sqlite3_stmt *q) {
        int r = spool_step(q);

        sqlite3_reset(q);
        return r < 0 ? r : 0;
}

static int execute(Spool *s, const char *sql) {
        return to_errno(sqlite3_exec(s->db, sql, NULL, NULL, NULL));
}

static int begin(Spool *s, bool relaxed) {
        int r = 0;

        if (s->relaxed != relaxed)
                r = execute(s,
                            relaxed ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL");
        if (r < 0)
                return r;
        s->relaxed = relaxed;
        return spool_run(spool_use(s, SPOOL_BEGIN));
}

int spool_begin(Spool *s) {
        return begin(s, false);
}

int spool_begin_relaxed(Spool *s) {
        return begin(s, true);
}

int spool_end(Spool *s, int r) {
        if (r >= 0)
                r = spool_run(spool_use(s, SPOOL_COMMIT));
        if (r < 0)
                (void)spool_run(spool_use(s, SPOOL_ROLLBACK));
        return r;
}

int spool_count(sqlite3_stmt *q, SpoolStats *ret) {
        int r = spool_step(q);

        if (r > 0) {
                ret->batches = (uint64_t)sqlite3_column_int64(q, 0);
                ret->bytes = (uint64_t)sqlite3_column_int64(q, 1);
        }
        sqlite3_reset(q);
        return r < 0 ? r : 0;
}

/* Life ----------------------------------------------------------------------------------------- */

static int make_file(const char *path) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        int r = 0;

        if (fd < 0)
                return -errno;
        if (fchmod(fd, 0600) < 0)
                r = -errno;
        close(fd); /* before SQLite opens it: closing drops all locks of the process */
        return r;
}

/* A file of a later version stays as it is. */
static int check_version(Spool *s) {
        sqlite3_stmt *q = NULL;
        int version = 0, r;

        r = to_errno(sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &q, NULL));
        if (r < 0)
                return r;
        r = spool_step(q);
        if (r > 0)
                version = sqlite3_column_int(q, 0);
        sqlite3_finalize(q);
        if (r < 0)
                return r;
        return version == 0 || version == SPOOL_VERSION_NUMBER ? 0 : -EPROTONOSUPPORT;
}

static int prepare(Spool *s) {
        for (int i = 0; i < _SPOOL_STATEMENT_MAX; i++) {
                int code = sqlite3_prepare_v3(s->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
                                              &s->statements[i], NULL);

                if (code != SQLITE_OK)
                        return to_errno(code);
        }
        return 0;
}

static Spool *make(uint64_t max_bytes) {
        Spool *s = calloc(1, sizeof(*s));

        if (s && uv_mutex_init_recursive(&s->lock) < 0) {
                free(s);
                return NULL;
        }
        if (s)
                s->max_bytes = max_bytes;
        return s;
}

int spool_new(Spool **ret, const char *path, uint64_t max_bytes) {
        _cleanup_(spool_freep) Spool *s = make(max_bytes);
        int r;

        if (!s)
                return -ENOMEM;

        r = make_file(path);
        if (r < 0)
                return r;

        r = to_errno(sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE, NULL));
        if (r < 0)
                return r;

        r = execute(s, settings);
        if (r < 0)
                return r;

        r = check_version(s);
        if (r < 0)
                return r;

        r = execute(s, schema);
        if (r < 0)
                return r;

        r = prepare(s);
        if (r < 0)
                return r;

        r = spool_count(spool_use(s, SPOOL_TOTALS), &s->stats);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(s);
        return 0;
}

Spool *spool_free(Spool *s) {
        if (!s)
                return NULL;
        spool_settle(s);
        for (int i = 0; i < _SPOOL_STATEMENT_MAX; i++)
                sqlite3_finalize(s->statements[i]);
        sqlite3_close(s->db);
        uv_mutex_destroy(&s->lock);
        free(s);
        return NULL;
}
